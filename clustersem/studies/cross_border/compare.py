"""Printed numbers beside reproduced ones, with a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from clustersem.audit import Published
from clustersem.audit.finding import Finding
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, PrintedModel
from clustersem.studies.cross_border.paper import loadings, paths

if TYPE_CHECKING:
    import pandas as pd

AGREES = "agrees to the printed digit"
NEAR = "near"
DIFFERS = "differs"
CANNOT = "cannot agree"

NEAR_COEFFICIENT = 0.02
"""Coefficients and indices of the model that differ by no more are called near."""

NEAR_SCALE = 0.05
"""The same for component loadings and alphas, which the model's estimates bind loosely."""

NEAR_CMIN_DF = 0.15

_BECAUSE = {
    "critical ratio": "estimate, S.E. and C.R. are printed with a C.R. that is not their ratio",
    "one set of variances": "printed raw and standardised values fit no one set of variances",
    "rmsea": "the printed chi2/df and n give another RMSEA",
    "incremental fit": "the printed NFI and chi2/df give another value",
    "one null model": "the two printed NFI do not share a null model",
    "parsimony": "the printed PGFI and GFI give other degrees of freedom",
    "gfi and chi2": "the printed chi2/df does not allow so small a GFI",
    "alpha and loadings": "the printed loadings do not allow so large an alpha",
    "explained variance": "the printed alphas need more explained variance",
}

#: Why a printed number cannot come out, by its place and by what it is. Estimates of hypotheses
#: that share a contradiction with others stand under the id of the hypothesis.
Reasons = Mapping[tuple[str, str], str]

_NO_REASONS: Reasons = MappingProxyType({})


@dataclass(frozen=True)
class Comparison:
    """One printed number and what came out.

    Attributes
    ----------
    table : str
        Where it is printed.
    quantity : str
    printed : Printed
    reproduced : float
    near : float
        Largest difference that is still called near.
    because : str
        Why it cannot agree, where the printed numbers contradict each other.
    """

    table: str
    quantity: str
    printed: Printed
    reproduced: float
    near: float = NEAR_COEFFICIENT
    because: str = ""

    @property
    def difference(self) -> float:
        """Reproduced minus printed."""
        return self.reproduced - self.printed.value

    @property
    def verdict(self) -> str:
        """``"agrees to the printed digit"``, ``"near"``, ``"differs"`` or ``"cannot agree: ..."``.

        Examples
        --------
        >>> Comparison("Table 7", "H1", Printed.read("0.239"), 0.23949).verdict
        'agrees to the printed digit'
        >>> Comparison("Table 7", "H1", Printed.read("0.239"), 0.2396).verdict
        'near'
        """
        if self.reproduced in self.printed.interval:
            return AGREES
        if abs(self.difference) <= self.near:
            return NEAR
        return f"{CANNOT}: {self.because}" if self.because else DIFFERS


def comparison_frame(rows: Iterable[Comparison]) -> pd.DataFrame:
    """Set comparisons as a table.

    Returns
    -------
    DataFrame
        Columns table, quantity, printed, reproduced, difference, verdict; the rows of each table
        together.
    """
    import pandas as pd

    columns = ["table", "quantity", "printed", "reproduced", "difference", "verdict"]
    return pd.DataFrame(
        [
            (
                row.table,
                row.quantity,
                row.printed.value,
                row.reproduced,
                row.difference,
                row.verdict,
            )
            for row in _by_table(rows)
        ],
        columns=columns,
    )


def _by_table(rows: Iterable[Comparison]) -> list[Comparison]:
    tables: dict[str, list[Comparison]] = {}
    for row in rows:
        tables.setdefault(row.table, []).append(row)
    return [row for table in tables.values() for row in table]


def reasons(findings: Iterable[Finding]) -> Reasons:
    """Say of which printed numbers an audit finds that they cannot come out, and why.

    Parameters
    ----------
    findings : iterable of Finding
        Of the printed tables. Where several are of one number, the first tells the reason.
    """
    found: dict[tuple[str, str], str] = {}
    for finding in findings:
        because = _BECAUSE.get(finding.rule, f"see {finding.rule!r} of the audit")
        if finding.rule == "one set of variances":  # of many rows, none of which stands out
            for hypothesis in finding.concerns:
                found.setdefault((hypothesis, "estimate"), because)
        else:
            found.setdefault((finding.place, finding.quantity), because)
    return MappingProxyType(found)


def compare_sample(
    distributed: int | None, returned: int, valid: int, paper: Published
) -> Iterator[Comparison]:
    """Compare the flow of the questionnaires."""
    sample = paper.sample
    for name, printed, count in (
        ("distributed", sample.distributed, distributed or 0),
        ("returned", sample.returned, returned),
        ("valid", sample.n, valid),
    ):
        if printed is not None:
            yield Comparison("Section 3.2.1, questionnaires", name, printed, count, near=0.0)


def compare_scale(
    component_loadings: Mapping[str, float],
    cumulative_variance: Mapping[str, float],
    alphas: Mapping[str, float],
    paper: Published,
    because: Reasons = _NO_REASONS,
) -> Iterator[Comparison]:
    """Compare the reliability and validity tables.

    Parameters
    ----------
    component_loadings : mapping of item to float
        On the rotated component of its construct, after purification.
    cumulative_variance : mapping of subsystem to float
        Share of variance, from 0 to 1; printed in per cent.
    alphas : mapping of construct to float
    paper : Published
    because : mapping
        As `reasons` returns it.
    """
    items = {item.name: item for item in paper.items}
    for share, number in zip(paper.variance, (3, 4, 5), strict=True):
        subsystem = share.subsystem
        table = f"Table {number}, {subsystem}"
        members = [one for one in paper.constructs if one.subsystem == subsystem]
        for name in (name for construct in members for name in construct.items):
            printed = items[name].loading
            if printed is not None:
                yield Comparison(
                    table, f"{name} loading", printed, component_loadings[name], NEAR_SCALE
                )
        for construct in members:
            alpha = construct.alpha
            if alpha is not None:
                yield Comparison(
                    table,
                    f"{construct.name} alpha",
                    alpha,
                    alphas[construct.name],
                    NEAR_SCALE,
                    because.get((alpha.place, "alpha"), ""),
                )
        what = "cumulative variance, %"
        yield Comparison(
            table,
            what,
            share.percent,
            100.0 * cumulative_variance[subsystem],
            100.0 * NEAR_SCALE,
            because.get((f"{share.place}, {subsystem}", what), ""),
        )


def compare_fit(
    measures: Mapping[str, float], printed: PrintedModel, because: Reasons = _NO_REASONS
) -> Iterator[Comparison]:
    """Compare the fit indices of one model.

    Parameters
    ----------
    measures : mapping
        ``fit.measures``.
    printed : PrintedModel
        The initial or the revised model of the paper.
    because : mapping
        As `reasons` returns it.
    """
    for name, number in printed.indices.items():
        is_ratio = name == "cmin_df"
        quantity = "chi2/df" if is_ratio else name.upper()
        yield Comparison(
            printed.place,
            quantity,
            number,
            float(measures[name]),
            NEAR_CMIN_DF if is_ratio else NEAR_COEFFICIENT,
            because.get((number.place, quantity), ""),
        )


def compare_paths(
    estimates: pd.DataFrame, paper: Published, because: Reasons = _NO_REASONS
) -> Iterator[Comparison]:
    """Compare Table 7: standardised, unstandardised, S.E., C.R. of the sixteen hypotheses.

    Parameters
    ----------
    estimates : DataFrame
        ``fit.estimates`` of the revised model.
    paper : Published
    because : mapping
        As `reasons` returns it.
    """
    found = _by_path(estimates)
    for row in sorted(paths(paper), key=lambda row: int(row.id[1:])):
        yield from _coefficient("Table 7", f"{row.id}: {row.path}", row, found, because)


def compare_loadings(
    estimates: pd.DataFrame, paper: Published, because: Reasons = _NO_REASONS
) -> Iterator[Comparison]:
    """Compare Table 9: standardised, unstandardised, S.E., C.R. of the 26 items.

    Parameters
    ----------
    estimates : DataFrame
        ``fit.estimates`` of the revised model.
    paper : Published
    because : mapping
        As `reasons` returns it.
    """
    found = _by_path(estimates)
    for row in loadings(paper):
        yield from _coefficient("Table 9", row.path, row, found, because)


def _coefficient(
    table: str,
    name: str,
    row: PrintedCoefficient,
    found: Mapping[tuple[str, str, str], Mapping[str, float]],
    because: Reasons,
) -> Iterator[Comparison]:
    numbers = found[_key(row.lhs, row.op, row.rhs)]
    scale = because.get((row.id, "estimate"), "")
    ratio = because.get((row.place, "C.R."), "")
    is_marker = row.op == "=~" and row.se is None
    for label, printed, column, reason in (
        ("standardised", row.std, "std_all", ""),
        ("unstandardised", None if is_marker else row.est, "est", scale),
        ("S.E.", row.se, "se", ratio),
        ("C.R.", row.cr, "z", ratio),
    ):
        if printed is not None:
            yield Comparison(f"{table}, {label}", name, printed, numbers[column], because=reason)


def _by_path(estimates: pd.DataFrame) -> dict[tuple[str, str, str], Mapping[str, float]]:
    numbers = estimates[["std_all", "est", "se", "z"]].to_dict(orient="records")
    rows = zip(estimates["lhs"], estimates["op"], estimates["rhs"], strict=True)
    return {
        _key(*row): {str(name): float(number) for name, number in record.items()}
        for row, record in zip(rows, numbers, strict=True)
    }


def _key(lhs: str, op: str, rhs: str) -> tuple[str, str, str]:
    return (min(lhs, rhs), op, max(lhs, rhs)) if op == "~~" else (lhs, op, rhs)
