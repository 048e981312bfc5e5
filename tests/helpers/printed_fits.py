"""Fits as a paper would print them, for the rules of the audit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedModel, PrintedSample, Published

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
