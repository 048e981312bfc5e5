"""Which printed numbers a test is made of: conventions of a table, found from its own rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clustersem.audit.finding import Severity
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, Published
from clustersem.audit.ratio import FEWEST, critical_ratio, half_widths, stars, two_sided_p
from clustersem.audit.structure import NO_TEST, Structure, is_fixed, structures


@dataclass(frozen=True)
class TestedRow:
    """A row that tests a parameter.

    Attributes
    ----------
    row : PrintedCoefficient
        As printed.
    structure : Structure
        The model that it is of.
    ratio : Interval or None
        Estimate over standard error, where both are printed.
    ratio_text : str
        The same as printed, ``"0.144 / 0.031"``.
    df : int
        The fewest degrees of freedom that a t test could have had.
    half_widths : tuple of Interval
        By what its standard error may be multiplied for a 95 % interval.
    """

    __test__ = False  # no test class of pytest

    row: PrintedCoefficient
    structure: Structure
    ratio: Interval | None
    ratio_text: str
    df: int
    half_widths: tuple[Interval, ...]

    @property
    def label(self) -> str:
        """The hypothesis, or the row."""
        return self.row.id or self.row.path

    def p_of(self, ratio: Interval) -> Interval:
        """Return the two-sided p-values of a ratio."""
        return two_sided_p(ratio, self.df)

    @property
    def ratio_agrees(self) -> bool:
        """Whether the C.R. is printed and is estimate over standard error, but for its sign."""
        if self.row.cr is None or self.ratio is None:
            return False
        return abs(self.row.cr.interval).overlaps(abs(self.ratio))


def tested_rows(paper: Published) -> Iterator[TestedRow]:
    """Yield the rows of all models but those of fixed parameters."""
    for structure in structures(paper):
        n = _respondents(paper, structure)
        df = _fewest_df(n, structure)
        widths = half_widths(df, n)
        for loadings in (True, False):
            rows = tuple(row for row in structure.rows if (row.op == "=~") == loadings)
            standardised = _is_error_of_standardised(rows, df)
            for row in rows:
                if is_fixed(row, structure.rows) or (row.cr and row.cr.value >= NO_TEST):
                    continue
                top = row.std if standardised and row.std else row.est
                ratio, text = None, ""
                if top is not None and row.se is not None:
                    ratio = critical_ratio(top.interval, row.se.interval)
                    text = f"{top.text} / {row.se.text}"
                yield TestedRow(row, structure, ratio, text, df, widths)


def concerned(row: PrintedCoefficient) -> tuple[str, ...]:
    """Return what rests on a row: its hypothesis, or the validity of the scale for a loading."""
    if row.id:
        return (row.id,)
    return ("validity",) if row.op == "=~" else ()


def weight(row: PrintedCoefficient, *ps: Interval) -> Severity:
    """How serious it is that a row's numbers give different p-values.

    Decisive where stars, significance or a verdict rests on the row and would change.
    """
    classes = [stars(p) for p in ps]
    if not frozenset.intersection(*classes) and (row.id or row.p or row.supported is not None):
        return "decisive"
    return "serious" if row.id else "minor"


def _respondents(paper: Published, structure: Structure) -> int | None:
    model = structure.model
    n = paper.sample.n if model is None else paper.n_of(model)
    return None if n is None else int(n.interval.lower)


def _fewest_df(n: int | None, structure: Structure) -> int:
    if n is None:
        return FEWEST
    causes = max((len(some) for some in structure.parents.values()), default=0)
    return max(1, n - 1 - causes)


def _is_error_of_standardised(rows: tuple[PrintedCoefficient, ...], df: int) -> bool:
    """Whether a table tests its standardised estimates, so that its S.E. are theirs.

    It is so where every row agrees with that, and not every row with the usual layout.
    """

    def agrees(row: PrintedCoefficient, top: Printed | None) -> bool:
        if top is None or row.se is None:
            return False
        ratio = critical_ratio(top.interval, row.se.interval)
        if ratio is None:
            return False
        if row.cr is not None:
            return abs(ratio).overlaps(abs(row.cr.interval))
        return row.p is None or two_sided_p(ratio, df).overlaps(row.p.interval)

    tests = [
        row
        for row in rows
        if row.est and row.std and row.se and (row.cr or row.p) and not is_fixed(row, rows)
    ]
    return (
        bool(tests)
        and all(agrees(row, row.std) for row in tests)
        and not all(agrees(row, row.est) for row in tests)
    )
