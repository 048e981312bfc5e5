"""95 % intervals against estimate and standard error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published
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
    def multiplier(self) -> Interval | None:
        """What the standard error was multiplied with; None where the two ends differ in that."""
        ranges = []
        for step in (self.est - self.lower, self.upper - self.est):
            if step.upper < 0.0 or self.se.upper <= 0.0:
                return None
            most = step.upper / self.se.lower if self.se.lower > 0.0 else math.inf
            ranges.append(Interval(max(step.lower, 0.0) / self.se.upper, most))
        return ranges[0].intersection(ranges[1])

    def agrees(self, convention: Interval) -> bool:
        """Whether the row can be estimate +- multiplier S.E., for a multiplier of these."""
        return self.multiplier is not None and self.multiplier.overlaps(convention)

    @property
    def is_sharp(self) -> bool:
        made = self.multiplier
        return made is not None and made.width < 2.0 * _SHARP * made.middle


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
    conventions = table[0].tested.half_widths
    widest = Interval.hull(conventions)
    adopted = next((one for one in conventions if _is_shown(one, table, conventions)), None)
    by_formula = adopted is not None or _is_formula(widest, table)
    multiplier = adopted or widest
    agreeing = sum(one.agrees(multiplier) for one in table)
    for one in table:
        row = one.tested.row
        if one.agrees(multiplier):
            yield Held("confidence interval", row.place)
            continue
        if row.est is None or row.se is None or row.ci_lower is None:
            continue
        step = one.se * multiplier
        far = 0.0 in one.offset and not one.half_width.overlaps(step * _FAR)
        if not by_formula and not far:
            continue
        lower, upper = one.est - step, one.est + step
        digits = max(row.ci_lower.decimals, 1)
        required = f"[{lower.text(digits)}, {upper.text(digits)}]"
        why = (
            f"of the table's {len(table)} intervals {agreeing} are estimate +- "
            f"{multiplier.text(2)} S.E.; "
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


def _is_formula(convention: Interval, table: list[_Interval95]) -> bool:
    """Whether a table's intervals are estimate +- multiplier S.E., by most of its sharp rows."""
    off = sum(not one.agrees(convention) for one in table)
    sharp = sum(one.agrees(convention) and one.is_sharp for one in table)
    return sharp >= _ENOUGH and off <= max(1, len(table) // 4)


def _is_shown(
    convention: Interval, table: list[_Interval95], conventions: tuple[Interval, ...]
) -> bool:
    """Whether the rows show one convention and rule the others out."""
    gaps = [
        max(convention.lower - other.upper, other.lower - convention.upper)
        for other in conventions
        if other is not convention
    ]
    if not gaps or min(gaps) <= 0.0 or not _is_formula(convention, table):
        return False
    telling = sum(
        one.multiplier is not None
        and one.multiplier.overlaps(convention)
        and one.multiplier.width < 0.5 * min(gaps)
        for one in table
    )
    return telling >= _ENOUGH


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
