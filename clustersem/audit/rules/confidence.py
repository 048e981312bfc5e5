"""95 % intervals against estimate and standard error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published
from clustersem.audit.ratio import half_widths
from clustersem.audit.tested import TestedRow, concerned, tested_rows

#: A row shows how its table's intervals were made where rounding leaves their half-width this sure.
_SHARP = 0.02
#: So many such rows that agree with estimate +- 1.96 S.E. make a table of such intervals.
_ENOUGH = 3
#: No bootstrap whose interval is symmetric is this far from 1.96 standard errors.
_FAR = Interval(0.6, 1.6)


@dataclass(frozen=True)
class _Interval95:
    tested: TestedRow
    lower: Interval
    upper: Interval
    est: Interval
    se: Interval

    @property
    def offset(self) -> Interval:
        """How far the middle of the interval is from the estimate."""
        return 0.5 * (self.lower + self.upper) - self.est

    @property
    def half_width(self) -> Interval:
        return 0.5 * (self.upper - self.lower)

    @property
    def wald(self) -> Interval:
        return self.se * half_widths(self.tested.df)

    @property
    def is_wald(self) -> bool:
        """Whether the row can be estimate +- 1.96 S.E."""
        step = self.wald
        return self.lower.overlaps(self.est - step) and self.upper.overlaps(self.est + step)

    @property
    def is_sharp(self) -> bool:
        size = self.half_width.middle
        return (
            size > 0.0
            and max(self.offset.width, self.half_width.width, self.wald.width) < 2 * _SHARP * size
        )


def intervals(paper: Published) -> Iterator[Outcome]:
    """Check the ends of the 95 % intervals.

    Bootstrap intervals follow no formula. Rows that agree with estimate +- 1.96 S.E. more closely
    than a bootstrap's would show that a table's do, and then every row must; otherwise only a
    symmetric interval far from it counts.
    """
    tables: dict[int, list[_Interval95]] = {}
    for tested in tested_rows(paper):
        row = tested.row
        if row.ci_lower is None or row.ci_upper is None:
            continue
        lower, upper = row.ci_lower.interval, row.ci_upper.interval
        if lower.lower > upper.upper:
            yield _finding(
                tested,
                None,
                "the lower end first",
                "the lower end is above the upper one: these cannot both be right",
            )
            continue
        if row.est is None or row.se is None:
            continue
        se = row.se.interval.clipped(0.0, float("inf"))
        made = _Interval95(tested, lower, upper, row.est.interval, se)
        tables.setdefault(id(tested.structure), []).append(made)
    for table in tables.values():
        yield from _check(table)


def _check(table: list[_Interval95]) -> Iterator[Outcome]:
    off = [one for one in table if not one.is_wald]
    sharp = sum(one.is_wald and one.is_sharp for one in table)
    by_formula = sharp >= _ENOUGH and len(off) <= max(1, len(table) // 4)
    for one in table:
        row = one.tested.row
        if one.is_wald:
            yield Held("confidence interval", row.place)
            continue
        if row.est is None or row.se is None:
            continue
        symmetric = 0.0 in one.offset
        far = symmetric and not one.half_width.overlaps(one.wald * _FAR)
        if not by_formula and not far:
            continue
        lower, upper = one.est - one.wald, one.est + one.wald
        digits = 3 if row.ci_lower is None else max(row.ci_lower.decimals, 1)
        required = f"[{lower.text(digits)}, {upper.text(digits)}]"
        why = (
            f"of the table's {len(table)} intervals {len(table) - len(off)} are estimate +- 1.96 "
            "S.E.; "
            if by_formula
            else ""
        )
        yield _finding(
            one.tested,
            Interval(lower.lower, upper.upper),
            required,
            f"{why}{row.est.text} with a standard error of {row.se.text} gives {required}: these "
            f"cannot all be right{'' if by_formula else ' unless both are of other samples'}",
            certain=by_formula,
        )


def _finding(
    tested: TestedRow,
    required: Interval | None,
    required_text: str,
    why: str,
    *,
    certain: bool = True,
) -> Finding:
    row = tested.row
    lower = row.ci_lower.text if row.ci_lower else ""
    upper = row.ci_upper.text if row.ci_upper else ""
    return Finding(
        "confidence interval",
        row.place,
        "95 % interval",
        f"[{lower}, {upper}]",
        required,
        required_text,
        f"{tested.label} is printed with the 95 % interval [{lower}, {upper}]; {why}.",
        certainty="impossible" if certain else "implausible",
        severity="serious" if row.id else "minor",
        concerns=concerned(row),
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "confidence interval",
        "A 95 % interval that is made of the standard error is the estimate plus and minus 1.96 "
        "standard errors (the quantile of t where t is used).",
        "Bollen, K. A. (1989). Structural equations with latent variables. Wiley (p. 132). "
        "doi:10.1002/9781118619179",
        "estimate, S.E. and both ends of the 95 % interval of a row",
        intervals,
    ),
)
