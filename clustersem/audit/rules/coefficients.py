"""A row of a table of coefficients against itself: ratio, signs, bounds, markers."""

from __future__ import annotations

from collections.abc import Iterator

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, Published
from clustersem.audit.ratio import p_text
from clustersem.audit.std_lv import only_constructs_standardised
from clustersem.audit.structure import Structure, is_fixed, structures
from clustersem.audit.tested import TestedRow, concerned, tested_rows, weight


def critical_ratios(paper: Published) -> Iterator[Outcome]:
    """Check C.R. = estimate / S.E. in every row; signs are left to :func:`signs`."""
    for tested in tested_rows(paper):
        row, ratio = tested.row, tested.ratio
        if row.cr is None or ratio is None:
            continue
        if tested.ratio_agrees:
            yield Held("critical ratio", row.place)
            continue
        yield _unequal_ratio(tested, row.cr, ratio)


def _unequal_ratio(tested: TestedRow, cr: Printed, ratio: Interval) -> Finding:
    row = tested.row
    by_parts, by_ratio = tested.p_of(ratio), tested.p_of(cr.interval)
    severity = weight(row, by_parts, by_ratio)
    digits = max(cr.decimals, 1)
    consequence = ""
    if severity == "decisive":
        by_two, by_third = p_text(by_parts), p_text(by_ratio)
        consequence = f" It matters: p {by_two} by the first two, p {by_third} by the third."
    return Finding(
        "critical ratio",
        row.place,
        "C.R.",
        cr.text,
        ratio,
        ratio.text(digits),
        f"A critical ratio is the estimate over its standard error; {tested.ratio_text} is "
        f"{_apart(ratio, cr)}, not {cr.text}: these three cannot all be right.{consequence}",
        severity=severity,
        concerns=concerned(row),
    )


def _apart(ratio: Interval, cr: Printed) -> str:
    """Write a ratio with two decimals, or as many as set it off from the printed one."""
    for digits in range(2, 7):
        if f"{cr.value:.{digits}f}" not in ratio.text(digits).split(" to "):
            return ratio.text(digits)
    return ratio.text(6)


def signs(paper: Published) -> Iterator[Outcome]:
    """Check that estimate, standardised estimate and C.R. of a row have one sign.

    Some programs print the absolute value of the ratio; a positive one beside a negative estimate
    counts only where the same table prints negative ones.
    """
    for structure in structures(paper):
        signed = any(row.cr is not None and row.cr.interval.upper < 0 for row in structure.rows)
        for row in structure.rows:
            found = {
                name: number
                for name, number in (("estimate", row.est), ("standardised", row.std))
                if number is not None and 0.0 not in number.interval
            }
            cr = row.cr
            if cr is not None and 0.0 not in cr.interval and (signed or cr.value < 0.0):
                found["C.R."] = cr
            if len(found) < 2:
                continue
            if len({number.value > 0.0 for number in found.values()}) == 1:
                yield Held("sign", row.place)
                continue
            printed = ", ".join(f"{name} {number.text}" for name, number in found.items())
            yield Finding(
                "sign",
                row.place,
                " and ".join(found),
                ", ".join(number.text for number in found.values()),
                None,
                "one sign",
                f"{row.id or row.path} is printed with {printed}. Standardising divides and "
                "multiplies by standard deviations and a C.R. divides by a standard error, which "
                "are positive, so the sign stays: these cannot all be right.",
                severity="decisive" if row.expect else "serious" if row.id else "minor",
                concerns=concerned(row),
            )


def bounds(paper: Published) -> Iterator[Outcome]:
    """Check that correlations, and loadings that are correlations, do not exceed 1.

    A standardised path or a loading of an item of several constructs may exceed 1 (Joereskog,
    1999).
    """
    for structure in structures(paper):
        own_units: bool | None = None
        for row in structure.rows:
            if row.se is not None and row.se.interval.upper < 0.0:
                yield Finding(
                    "bounds",
                    row.place,
                    "S.E.",
                    row.se.text,
                    Interval(0.0, float("inf")),
                    "at least 0",
                    f"A standard error is never negative; {row.se.text} cannot be right.",
                    concerns=concerned(row),
                )
            what = _correlation(row, structure)
            if row.std is None or not what:
                continue
            if not abs(row.std.interval).lower > 1.0:
                yield Held("bounds", row.place)
                continue
            if row.op == "=~":
                if own_units is None:
                    own_units = only_constructs_standardised(paper, structure)
                if own_units:
                    continue
            yield Finding(
                "bounds",
                row.place,
                "standardised",
                row.std.text,
                Interval(-1.0, 1.0),
                "-1 to 1",
                f"The standardised value of {row.path} is {what} and lies between -1 and 1; "
                f"{row.std.text} is printed. Programs print such a number only for an improper "
                "solution (a negative variance, a Heywood case), whose other numbers should not be "
                "interpreted either.",
                certainty="implausible",
                concerns=concerned(row),
            )


def _correlation(row: PrintedCoefficient, structure: Structure) -> str:
    """In words what correlation a standardised value is; empty where it is none."""
    if row.op == "~~":
        if row.lhs == row.rhs:
            return ""
        dependent = structure.is_dependent(row.lhs) or structure.is_dependent(row.rhs)
        return "a correlation of disturbances" if dependent else "a correlation"
    if row.op == "=~" and structure.parents.get(row.rhs) == (row.lhs,):
        return "the correlation of an item with its only construct"
    return ""


def markers(paper: Published) -> Iterator[Outcome]:
    """Check that a loading that was fixed to 1 carries no test."""
    for structure in structures(paper):
        for row in structure.rows:
            if row.op != "=~" or row.est is None or row.est.value != 1.0:
                continue
            if is_fixed(row, structure.rows):
                yield Held("marker", row.place)
                continue
            others = [one for one in structure.rows if one.op == "=~" and one is not row]
            test = row.cr or row.p
            if row.se is not None or test is None or not all(one.se for one in others):
                continue
            yield Finding(
                "marker",
                row.place,
                "C.R." if row.cr else "p",
                test.text,
                None,
                "none, or a S.E.",
                f"The loading of {row.rhs} is {row.est.text} and has no standard error while all "
                "others have one, as a loading that was fixed to set the scale of "
                f"{row.lhs}; but a fixed loading has no test, and {test.text} is printed.",
                certainty="implausible",
                severity="minor",
                concerns=concerned(row),
            )


_BOLLEN = "Bollen, K. A. (1989). Structural equations with latent variables. Wiley"
RULES: tuple[Rule, ...] = (
    Rule(
        "critical ratio",
        "A critical ratio is the estimate divided by its standard error.",
        f"{_BOLLEN} (p. 132). doi:10.1002/9781118619179",
        "estimate, S.E. and C.R. of a row",
        critical_ratios,
    ),
    Rule(
        "sign",
        "Estimate, standardised estimate and critical ratio of a parameter have one sign.",
        f"{_BOLLEN} (pp. 123-126). doi:10.1002/9781118619179",
        "two of estimate, standardised estimate and C.R. of a row",
        signs,
    ),
    Rule(
        "bounds",
        "A correlation, and the standardised loading of an item of one construct, is at most 1 in "
        "size; a standard error is not negative.",
        "Joereskog, K. G. (1999). How large can a standardized coefficient be? Scientific Software "
        "International. Chen, F., Bollen, K. A., Paxton, P., Curran, P. J., & Kirby, J. B. (2001). "
        "Improper solutions in structural equation models. Sociological Methods & Research, 29, "
        "468-508. doi:10.1177/0049124101029004003",
        "a standardised loading or a correlation",
        bounds,
    ),
    Rule(
        "marker",
        "A loading that is fixed to 1 to set the scale of its construct has no test.",
        f"{_BOLLEN} (p. 183). doi:10.1002/9781118619179",
        "a loading of 1 without S.E., in a table that has them",
        markers,
    ),
)
