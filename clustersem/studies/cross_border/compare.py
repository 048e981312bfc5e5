"""Printed numbers beside reproduced ones, with a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clustersem.studies.cross_border.contradiction import Contradiction
from clustersem.studies.cross_border.paper import DECIMALS, Published

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
    "latent scale": "printed covariances and correlations fit no one set of latent variances",
    "rmsea": "the printed chi2/df and n give another RMSEA",
    "incremental fit": "the printed NFI and chi2/df give another value",
    "one null model": "the two printed NFI do not share a null model",
    "parsimony": "the printed PGFI and GFI give other degrees of freedom",
    "two-item alpha": "the printed loadings do not allow so large an alpha",
    "explained variance": "the printed alphas need more explained variance",
}


@dataclass(frozen=True)
class Comparison:
    """One printed number and what came out.

    Attributes
    ----------
    table : str
        Where it is printed.
    quantity : str
    printed, reproduced : float
    decimals : int
        With how many decimals it is printed.
    near : float
        Largest difference that is still called near.
    because : str
        Why it cannot agree, where the printed numbers contradict each other.
    """

    table: str
    quantity: str
    printed: float
    reproduced: float
    decimals: int = DECIMALS
    near: float = NEAR_COEFFICIENT
    because: str = ""

    @property
    def difference(self) -> float:
        """Reproduced minus printed."""
        return self.reproduced - self.printed

    @property
    def verdict(self) -> str:
        """``"agrees to the printed digit"``, ``"near"``, ``"differs"`` or ``"cannot agree: ..."``.

        Examples
        --------
        >>> Comparison("Table 7", "H1", 0.239, 0.23949).verdict
        'agrees to the printed digit'
        >>> Comparison("Table 7", "H1", 0.239, 0.2396).verdict
        'near'
        """
        distance = abs(self.difference)
        # Half a unit of the last digit, and the error of writing 0.239 in binary.
        if distance <= 0.5 * 10.0**-self.decimals + 1e-9:
            return AGREES
        if distance <= self.near:
            return NEAR
        return f"{CANNOT}: {self.because}" if self.because else DIFFERS


def comparison_frame(rows: Iterable[Comparison]) -> pd.DataFrame:
    """Set comparisons as a table.

    Returns
    -------
    DataFrame
        Columns table, quantity, printed, reproduced, difference, verdict.
    """
    import pandas as pd

    columns = ["table", "quantity", "printed", "reproduced", "difference", "verdict"]
    return pd.DataFrame(
        [[getattr(row, column) for column in columns] for row in rows], columns=columns
    )


def compare_sample(
    distributed: int | None, returned: int, valid: int, paper: Published
) -> Iterator[Comparison]:
    """Compare the flow of the questionnaires."""
    found = {"distributed": distributed or 0, "returned": returned, "valid": valid}
    for name, count in found.items():
        yield Comparison(
            "Section 3.2.1, questionnaires", name, paper.sample[name], count, decimals=0, near=0.0
        )


def compare_scale(
    loadings: Mapping[str, float],
    cumulative_variance: Mapping[str, float],
    alphas: Mapping[str, float],
    paper: Published,
    findings: Sequence[Contradiction] = (),
) -> Iterator[Comparison]:
    """Compare the reliability and validity tables.

    Parameters
    ----------
    loadings : mapping of item to float
        On the rotated component of its construct, after purification.
    cumulative_variance : mapping of subsystem to float
        Share of variance, from 0 to 1; printed in per cent.
    alphas : mapping of construct to float
    paper : Published
    findings : sequence of Contradiction
    """
    tables = dict(zip(paper.cumulative_variance, ("Table 3", "Table 4", "Table 5"), strict=True))
    impossible = {
        finding.place.partition(", ")[2]: _BECAUSE[finding.rule]
        for finding in findings
        if finding.rule in ("two-item alpha", "explained variance")
    }
    for subsystem, share in paper.cumulative_variance.items():
        table = f"{tables[subsystem]}, {subsystem}"
        members = [c for c in paper.constructs.values() if c.subsystem == subsystem]
        for construct in members:
            for item in construct.items:
                if item in paper.efa_loadings:
                    yield Comparison(
                        table,
                        f"{item} loading",
                        paper.efa_loadings[item],
                        loadings[item],
                        near=NEAR_SCALE,
                    )
        for construct in members:
            yield Comparison(
                table,
                f"{construct.name} alpha",
                paper.alphas[construct.name],
                alphas[construct.name],
                near=NEAR_SCALE,
                because=impossible.get(construct.name, ""),
            )
        yield Comparison(
            table,
            "cumulative variance, %",
            share,
            100.0 * cumulative_variance[subsystem],
            near=100.0 * NEAR_SCALE,
            because=impossible.get(subsystem, ""),
        )


def compare_fit(
    measures: Mapping[str, float],
    printed: Mapping[str, float],
    table: str,
    findings: Sequence[Contradiction] = (),
) -> Iterator[Comparison]:
    """Compare the fit indices of one model.

    Parameters
    ----------
    measures : mapping
        ``fit.measures``.
    printed : mapping
        ``fit_initial`` or ``fit_revised`` of the paper.
    table : str
        ``"Table 6"`` or ``"section 4.2, initial model"``, as the findings name it.
    findings : sequence of Contradiction
    """
    because = {
        finding.quantity.lower(): _BECAUSE[finding.rule]
        for finding in findings
        if finding.place == table and finding.rule in _BECAUSE
    }
    for name, value in printed.items():
        yield Comparison(
            table,
            "chi2/df" if name == "cmin_df" else name.upper(),
            value,
            float(measures[name]),
            near=NEAR_CMIN_DF if name == "cmin_df" else NEAR_COEFFICIENT,
            because=because.get(name, ""),
        )


def compare_paths(
    estimates: pd.DataFrame, paper: Published, findings: Sequence[Contradiction] = ()
) -> Iterator[Comparison]:
    """Compare Table 7: standardised, unstandardised, S.E., C.R. of the sixteen hypotheses.

    Parameters
    ----------
    estimates : DataFrame
        ``fit.estimates`` of the revised model.
    paper : Published
    findings : sequence of Contradiction
    """
    found = _by_path(estimates)
    rules = {finding.rule for finding in findings}
    ratios = {f.place.rpartition(": ")[2] for f in findings if f.rule == "critical ratio"}
    for row in sorted(paper.paths, key=lambda path: int(path.id[1:])):
        ratio = _BECAUSE["critical ratio"] if row.path in ratios else ""
        scale = _BECAUSE["latent scale"] if row.op == "~~" and "latent scale" in rules else ""
        yield from _coefficient(
            "Table 7",
            f"{row.id}: {row.path}",
            (row.std, row.est, row.se, row.cr),
            found[_key(row.lhs, row.op, row.rhs)],
            (scale, ratio),
        )


def compare_loadings(
    estimates: pd.DataFrame, paper: Published, findings: Sequence[Contradiction] = ()
) -> Iterator[Comparison]:
    """Compare Table 9: standardised, unstandardised, S.E., C.R. of the 26 items.

    Parameters
    ----------
    estimates : DataFrame
        ``fit.estimates`` of the revised model.
    paper : Published
    findings : sequence of Contradiction
    """
    found = _by_path(estimates)
    ratios = {f.place.rpartition(" ")[2] for f in findings if f.rule == "critical ratio"}
    for row in paper.loadings:
        ratio = _BECAUSE["critical ratio"] if row.item in ratios else ""
        yield from _coefficient(
            "Table 9",
            f"{row.construct} =~ {row.item}",
            (row.std, None if row.is_marker else row.est, row.se, row.cr),
            found[_key(row.construct, "=~", row.item)],
            ("", ratio),
        )


def impossible_entries(findings: Sequence[Contradiction]) -> tuple[tuple[str, str], ...]:
    """Return what cannot come out, and why, with one entry for each long list of a kind.

    Parameters
    ----------
    findings : sequence of Contradiction

    Returns
    -------
    tuple of (str, str)
        What is printed, and a sentence.
    """
    entries = []
    ratios = [finding for finding in findings if finding.rule == "critical ratio"]
    if ratios:
        first = ratios[0]
        entries.append(
            (
                f"C.R. in {len(ratios)} of 34 rows of Tables 7 and 9",
                f"{first.sentence} So it is, beyond rounding, in {len(ratios)} rows.",
            )
        )
    entries += [
        (f"{finding.place}: {finding.quantity} {finding.printed}", finding.sentence)
        for finding in findings
        if finding.rule != "critical ratio"
    ]
    return tuple(entries)


def _coefficient(
    table: str,
    name: str,
    printed: tuple[float | None, ...],
    found: Mapping[str, float],
    because: tuple[str, str],
) -> Iterator[Comparison]:
    scale, ratio = because
    kinds = (
        ("standardised", "std_all", ""),
        ("unstandardised", "est", scale),
        ("S.E.", "se", ratio),
        ("C.R.", "z", ratio),
    )
    for (label, column, reason), value in zip(kinds, printed, strict=True):
        if value is not None:
            yield Comparison(f"{table}, {label}", name, value, float(found[column]), because=reason)


def _by_path(estimates: pd.DataFrame) -> dict[tuple[str, str, str], Mapping[str, float]]:
    numbers = estimates[["std_all", "est", "se", "z"]].to_dict(orient="records")
    paths = zip(estimates["lhs"], estimates["op"], estimates["rhs"], strict=True)
    return {
        _key(*path): {str(name): float(value) for name, value in row.items()}
        for path, row in zip(paths, numbers, strict=True)
    }


def _key(lhs: str, op: str, rhs: str) -> tuple[str, str, str]:
    return (min(lhs, rhs), op, max(lhs, rhs)) if op == "~~" else (lhs, op, rhs)
