"""Fit indices against their standards, checks, hypotheses and estimates."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pandas as pd

from clustersem.fit.preferred import SUFFIXES, preferred
from clustersem.report.document import Band, Cell, Column, Style, Table
from clustersem.report.formats import number, p_value
from clustersem.report.tables.frames import plain_value
from clustersem.report.tables.sample import label_of


@dataclass(frozen=True)
class FitStandard:
    """What an index should be: its key in ``fit.measures``, its name, a sign and a bound.

    Examples
    --------
    >>> FitStandard("rmsea", "RMSEA", "<", 0.1).met(0.093)
    True
    """

    key: str
    name: str
    sign: Literal["<", ">"]
    bound: float

    def met(self, value: float) -> bool:
        """Whether a value is on the right side of the bound."""
        return value < self.bound if self.sign == "<" else value > self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


STANDARDS = (
    FitStandard("cmin_df", "χ²/df", "<", 5.0),
    FitStandard("gfi", "GFI", ">", 0.9),
    FitStandard("rmsea", "RMSEA", "<", 0.1),
    FitStandard("cfi", "CFI", ">", 0.9),
    FitStandard("nfi", "NFI", ">", 0.9),
    FitStandard("ifi", "IFI", ">", 0.9),
    FitStandard("pgfi", "PGFI", ">", 0.5),
)
"""The reference standards of Wang et al. (2022), Table 6 (doi:10.3390/su14063576)."""

STRICT_STANDARDS = (
    FitStandard("cmin_df", "χ²/df", "<", 3.0),
    FitStandard("cfi", "CFI", ">", 0.95),
    FitStandard("tli", "TLI", ">", 0.95),
    FitStandard("rmsea", "RMSEA", "<", 0.06),
    FitStandard("srmr", "SRMR", "<", 0.08),
)
"""The stricter cut-offs after Hu and Bentler (1999, doi:10.1080/10705519909540118)."""


def fit_index_table(
    models: Mapping[str, Mapping[str, float]] | Mapping[str, float],
    standards: Sequence[FitStandard] = STANDARDS,
    *,
    caption: str = "Fit indices against their reference standards",
) -> Table:
    """Index, standard, value and verdict, for one model or several side by side.

    Parameters
    ----------
    models : mapping
        The measures of one fit, or several mappings of measures by the name of their model. The
        verdict is on the last. Where its test is corrected, robust indices are shown where there
        are such, and scaled ones else; the index's name says which.
    """
    sets: dict[str, Mapping[str, float]] = {}
    if all(isinstance(value, Mapping) for value in models.values()):
        sets = dict(models)  # type: ignore[arg-type]
    else:
        sets = {"Value": models}  # type: ignore[dict-item]
    rows = []
    last = list(sets.values())[-1]
    for standard in standards:
        key = preferred(last, standard.key)
        values = [float(measures.get(key, math.nan)) for measures in sets.values()]
        met = standard.met(values[-1])
        verdict = (
            Cell(None)
            if math.isnan(values[-1])
            else Cell("✓ meets it" if met else "✗ misses it", "good" if met else "bad")
        )
        name = _variant(standard.name, key.removeprefix(standard.key))
        rows.append((Cell(name), Cell(str(standard)), *map(Cell, values), verdict))
    return Table(
        caption,
        (
            Column("Index"),
            Column("Standard"),
            *(Column(name, "number") for name in sets),
            Column("Verdict" if len(sets) == 1 else f"Verdict on {list(sets)[-1].lower()}"),
        ),
        tuple(rows),
        "Whether the model reproduces the covariances of the answers well enough to be read.",
        _CORRECTED if any(f"cfi{suffix}" in last for suffix in _VARIANTS) else "",
    )


_VARIANTS = ("_scaled", "_robust")
_CORRECTED = (
    "Scaled: of the χ² that is corrected for the distribution of the answers; robust: an estimate "
    "of the index with normal, complete, continuous answers, for which the cut-offs were found."
)


def _variant(name: str, suffix: str) -> str:
    """Return the name of an index with the variant that it is."""
    return f"{name} ({SUFFIXES[suffix]})" if suffix else name


def fit_summary_table(models: Mapping[str, Mapping[str, float]]) -> Table:
    """Return the test of the model and the usual indices, a column for each model.

    Where the test is corrected, scaled and robust variants stand below the plain ones.
    """
    lines: tuple[tuple[str, str, int], ...] = (
        ("chisq", "χ²", 2),
        ("df", "df", 0),
        ("pvalue", "p", -1),
        ("cmin_df", "χ²/df", 3),
        ("cfi", "CFI", 3),
        ("tli", "TLI", 3),
        ("ifi", "IFI", 3),
        ("nfi", "NFI", 3),
        ("gfi", "GFI", 3),
        ("agfi", "AGFI", 3),
        ("pgfi", "PGFI", 3),
        ("rmsea", "RMSEA", 3),
        ("srmr", "SRMR", 3),
        ("wrmr", "WRMR", 3),
        ("aic", "AIC", 1),
        ("bic", "BIC", 1),
    )
    rows = []
    for key, name, digits in _with_variants(lines):
        values = [float(m.get(key, math.nan)) for m in models.values()]
        if all(math.isnan(v) for v in values):
            continue
        places = 3 if digits == 0 and not all(v.is_integer() for v in values) else digits
        written = [p_value(v) if digits < 0 else number(v, places) for v in values]
        if key.startswith("rmsea"):
            suffix = key.removeprefix("rmsea")
            written = [
                text + _interval(m, suffix)
                for text, m in zip(written, models.values(), strict=True)
            ]
        rows.append((Cell(name), *map(Cell, written)))
    return Table(
        "Overall fit",
        (Column("Index"), *(Column(name, "number") for name in models)),
        tuple(rows),
        "The test of the model against the sample covariances, and the indices that qualify it.",
        "RMSEA with its 90 % confidence interval.",
    )


def _with_variants(lines: Sequence[tuple[str, str, int]]) -> Iterator[tuple[str, str, int]]:
    """Yield every line with those of its variants: of the whole test, then of each index."""
    n_test = [key for key, _, _ in lines].index("cfi")
    yield from lines[:n_test]
    yield from ((f"{key}_scaled", f"{name} (scaled)", d) for key, name, d in lines[:n_test])
    yield "chisq_scaling_factor", "Scaling factor", 3
    yield "chisq_shift_parameter", "Shift", 3
    for key, name, digits in lines[n_test:]:
        yield key, name, digits
        yield from ((f"{key}{suffix}", _variant(name, suffix), digits) for suffix in _VARIANTS)


def _interval(measures: Mapping[str, float], suffix: str) -> str:
    """RMSEA's interval, where it is known."""
    ends = [
        float(measures.get(f"rmsea_ci_{side}{suffix}", math.nan)) for side in ("lower", "upper")
    ]
    return "" if any(map(math.isnan, ends)) else f" [{number(ends[0])}, {number(ends[1])}]"


class CheckLike(Protocol):
    """One check of a diagnosis."""

    @property
    def name(self) -> str:
        """What is checked."""

    @property
    def passed(self) -> bool:
        """Whether nothing offends."""

    @property
    def detail(self) -> str:
        """What was found."""


def checks_table(checks: Sequence[CheckLike], *, caption: str = "Offending estimates") -> Table:
    """Return the checks to pass before any index is read: could the solution be real."""
    rows = tuple(
        (
            Cell(check.name),
            Cell("✓ passed" if check.passed else "✗ failed", "good" if check.passed else "bad"),
            Cell(check.detail),
        )
        for check in checks
    )
    return Table(
        caption,
        (Column("Check"), Column("Result"), Column("Found")),
        rows,
        "Estimates that no population could have (negative variances, correlations above one) "
        "would make every index meaningless.",
    )


def hypotheses_table(
    hypotheses: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    errors: str = "",
) -> Table:
    """Return the hypotheses and what became of them, as in Table 7 of Wang et al. (2022).

    Parameters
    ----------
    hypotheses : DataFrame
        Columns id, path, expect, est, se, z, p_value, std_all, verdict, and if known strength and
        group, under which the hypotheses stand where there are several.
    labels : mapping, optional
        What the constructs stand for; explained below the table.
    errors : str
        What the standard errors are, as ``"robust (Huber-White)"``; empty for the usual ones.
    """
    strength = "strength" in hypotheses
    columns = [
        Column("Hypothesis"),
        Column("Path"),
        Column("Expected"),
        Column("Std.", "number"),
        Column("Unstd.", "number"),
        Column("S.E.", "number"),
        Column("C.R.", "number"),
        Column("p", "p"),
        Column("Verdict"),
    ]
    if strength:
        columns.append(Column("Strength"))
    rows: list[tuple[Cell, ...] | Band] = []
    groups = list(dict.fromkeys(hypotheses["group"])) if "group" in hypotheses else [None]
    of_group = [(g, r) for g in groups for r in hypotheses.to_dict("records") if _is_of(r, g)]
    previous: object = groups[0] if len(groups) == 1 else object()
    for group, record in of_group:
        if group != previous:
            # Group 0 is that of defined parameters, which belong to none.
            rows.append(Band(f"group {group}" if group else "all groups"))
            previous = group
        verdict = str(record["verdict"])
        cells = [
            Cell(str(record["id"])),
            Cell(path_text(str(record["path"]))),
            Cell(str(record.get("expect", "")).replace("-", "−")),
            *(Cell(plain_value(record[k])) for k in ("std_all", "est", "se", "z", "p_value")),
            Cell(*_verdict(verdict)),
        ]
        if strength:
            cells.append(Cell(plain_value(record["strength"])))
        rows.append(tuple(cells))
    return Table(
        "Hypotheses",
        tuple(columns),
        tuple(rows),
        "Each hypothesis with its estimate and whether the answers support it.",
        "Std., Unstd., standardised and unstandardised estimate; S.E., standard error"
        f"{f', {errors}' if errors else ''}; C.R., "
        "critical ratio (Unstd. / S.E.); ← is a regression, ↔ a "
        "covariance, whose standardised value is a correlation. A significant estimate of the "
        "unexpected sign contradicts its hypothesis." + _legend(labels),
    )


def equivalents_table(hypotheses: pd.DataFrame) -> Table:
    """Return the hypotheses whose relation another model turns that fits exactly as well.

    Parameters
    ----------
    hypotheses : DataFrame
        Columns id, path, and equivalent, what these models make of it; empty for none.
    """
    rows = [
        (
            Cell(str(record["id"])),
            Cell(path_text(str(record["path"]))),
            Cell(str(record["verdict"])),
            Cell(str(record["equivalent"])),
        )
        for record in hypotheses.to_dict("records")
        if record["equivalent"]
    ]
    none = "No hypothesis is turned by an equivalent model that is near the final one."
    return Table(
        "Models that fit as well",
        (Column("Hypothesis"), Column("Path"), Column("Verdict"), Column("In equivalent models")),
        tuple(rows),
        "No data could tell these models from the final one: what theory says of the arrows is all"
        " that speaks for one of them."
        if rows
        else none,
        "By the replacing rules of Lee and Hershberger (1990, doi:10.1207/s15327906mbr2503_4), "
        "each model verified by its fit; in brackets its number in result.equivalent_models."
        " Hypotheses that stand in no row keep their arrow in all of them.",
    )


def _is_of(record: Mapping[Hashable, object], group: object) -> bool:
    """Whether a hypothesis is about a group; all are where no groups are told."""
    return group is None or record["group"] == group


def _verdict(verdict: str) -> tuple[str, Style]:
    """Return a verdict with a sign, so that colour is not all that tells it."""
    if verdict.startswith("supported"):
        return f"✓ {verdict}", "good"
    if verdict.startswith("contradicted"):
        return f"✗ {verdict}", "bad"
    return verdict, "plain"


def _legend(labels: Mapping[str, str] | None) -> str:
    """Return what the constructs stand for, in one sentence."""
    told = [f"{name}, {label}" for name, label in (labels or {}).items() if label != name]
    return f" {'; '.join(told)}." if told else ""


def path_text(path: str) -> str:
    """Return a path in lavaan's syntax with arrows in place of operators.

    Examples
    --------
    >>> path_text("A1 ~ B1"), path_text("A2 ~~ A1"), path_text("B1 =~ C1")
    ('A1 ← B1', 'A2 ↔ A1', 'C1 ← B1')
    """
    if "=~" in path:
        left, right = path.split("=~", 1)
        return f"{right.strip()} ← {left.strip()}"
    for sign, arrow in (("~~", "↔"), ("~", "←")):
        if sign in path:
            left, right = path.split(sign, 1)
            return f"{left.strip()} {arrow} {right.strip()}"
    return path


class EstimatesLike(Protocol):
    """A fit, of which only the estimates are read."""

    @property
    def estimates(self) -> pd.DataFrame:
        """One row a parameter."""


def measurement_table(fit: EstimatesLike, *, labels: Mapping[str, str] | None = None) -> Table:
    """Return the loadings of the items on their constructs, as in Table 9 of Wang et al. (2022)."""
    rows = _parameter_rows(fit.estimates, ("=~", "<~"), bands=True, labels=labels)
    return Table(
        "Measurement model",
        (Column("Path"), *_NUMBERS),
        rows,
        "How strongly each construct shows in its items.",
        "A loading fixed at 1 gives its construct the scale and has no standard error.",
    )


def estimates_table(
    fit: EstimatesLike,
    ops: Sequence[str] = ("~", "~~"),
    *,
    caption: str = "Structural model",
    variances: bool = False,
) -> Table:
    """Regressions, covariances and, if wanted, variances, in the order of the model."""
    estimates = getattr(fit, "own_estimates", fit.estimates)
    rows = _parameter_rows(estimates, tuple(ops), bands=False, variances=variances)
    return Table(
        caption,
        (Column("Path"), *_NUMBERS),
        rows,
        "Every relation of the model, whether or not a hypothesis is about it.",
        "← is a regression, ↔ a covariance (between explained variables: of their disturbances). "
        "Fixed parameters have no standard error.",
    )


_NUMBERS = (
    Column("Standardised", "number"),
    Column("Unstandardised", "number"),
    Column("S.E.", "number"),
    Column("C.R.", "number"),
    Column("p", "p"),
)


def _parameter_rows(
    estimates: pd.DataFrame,
    ops: tuple[str, ...],
    *,
    bands: bool,
    variances: bool = True,
    labels: Mapping[str, str] | None = None,
) -> tuple[tuple[Cell, ...] | Band, ...]:
    """Return the rows of a table of parameters, under a band for each left-hand side if wanted."""
    rows: list[tuple[Cell, ...] | Band] = []
    several = "group" in estimates and estimates["group"].nunique() > 1
    previous: Any = None
    for record in estimates.to_dict("records"):
        lhs, op, rhs = (str(record[k]) for k in ("lhs", "op", "rhs"))
        if op not in ops or (lhs == rhs and not variances):
            continue
        group = f"group {record['group']}" if several else ""
        head = ", ".join(filter(None, [group, label_of(lhs, labels or {}) if bands else ""]))
        if head and head != previous:
            rows.append(Band(head))
            previous = head
        fixed = not float(record["se"] or 0) > 0
        keys = ("std_all", "est") if fixed else ("std_all", "est", "se", "z", "p_value")
        cells = [Cell(plain_value(record[key])) for key in keys]
        cells += [Cell(None)] * (5 - len(cells))
        rows.append((Cell(path_text(f"{lhs} {op} {rhs}")), *cells))
    return tuple(rows)
