"""Fits as a paper would print them, for the rules of the audit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedModel, PrintedSample, Published
from clustersem.spec import ModelSpec, build_spec, options_for
from clustersem.studies.cross_border.models import INITIAL_MODEL, REVISED_MODEL
from clustersem.studies.cross_border.paper import published

#: Printed without decimals, whatever the rest has.
COUNTS = ("df", "npar", "baseline_df", "ntotal", "n")


def one(
    n: int | None = 300, *, name: str = "model", place: str = "Table 1", **indices: str | int
) -> Published:
    """Return a paper of one model: ``one(300, chisq="85.306", df=24)``."""
    return Published(
        sample=PrintedSample(n=None if n is None else Printed.count(n)),
        models=(PrintedModel(name, place, indices=as_printed(indices)),),
    )


def as_printed(indices: Mapping[str, str | int]) -> dict[str, Printed]:
    return {k: Printed.count(v) if isinstance(v, int) else Printed.read(v)
            for k, v in indices.items()}  # fmt: skip


def rounded(measures: Mapping[str, float], decimals: int) -> dict[str, Printed]:
    """Return what is finite of a fit's measures, rounded."""
    found = {}
    for name, value in measures.items():
        if value is None or not math.isfinite(value):
            continue
        is_count = name in COUNTS and float(value).is_integer()
        found[name] = (
            Printed.count(int(value)) if is_count else Printed.read(f"{value:.{decimals}f}")
        )
    return found


def home_study() -> Published:
    """Return the fit indices of Wang et al. (2022)."""
    paper = published()
    specs = [build_spec(text, options_for("sem")) for text in (INITIAL_MODEL, REVISED_MODEL)]
    freed = tuple((a, "~~", b) for a, b in paper.modifications)

    def model(name: str, place: str, spec: ModelSpec, fit: Mapping[str, float]) -> PrintedModel:
        return PrintedModel(
            name,
            place,
            {key: Printed.read(f"{x:.3f}", place) for key, x in fit.items()},
            {"rmsea": Printed.read("<0.1"), "cmin_df": Printed.read("<5"),
             **{k: Printed.read(">0.9") for k in ("gfi", "cfi", "nfi", "ifi")},
             "pgfi": Printed.read(">0.5")},
            spec=spec,
            nested_in="revised" if name == "initial" else "",
            freed=freed if name == "revised" else (),
        )  # fmt: skip

    return Published(
        sample=PrintedSample(n=Printed.count(int(paper.sample["valid"]))),
        models=(
            model("initial", "section 4.2, initial model", specs[0], paper.fit_initial),
            model("revised", "Table 6", specs[1], paper.fit_revised),
        ),
    )
