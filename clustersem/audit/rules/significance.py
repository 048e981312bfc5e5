"""p-values and stars against the row's test, and verdicts against both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, Published
from clustersem.audit.ratio import p_text
from clustersem.audit.structure import NO_TEST
from clustersem.audit.tested import TestedRow, concerned, tested_rows, weight

_ONE_SIDED = re.compile(r"\b(one|1)[- ](sided|tailed)\b", re.IGNORECASE)
#: No field calls a result significant above this.
_HIGHEST_LEVEL = 0.10


def p_of_critical_ratio(paper: Published) -> Iterator[Outcome]:
    """Check p, or stars, against the C.R. of the row.

    Where the C.R. is estimate over S.E., what both leave is taken.
    """
    for tested in tested_rows(paper):
        cr = tested.row.cr
        if cr is None:
            continue
        size = abs(cr.interval)
        if tested.ratio is not None and tested.ratio_agrees:
            size = size.intersection(abs(tested.ratio)) or size
        yield from _compare(paper, "p of C.R.", tested, size, f"its C.R. of {cr.text}")


def p_of_estimate(paper: Published) -> Iterator[Outcome]:
    """Check p, or stars, against estimate / S.E., where no C.R. says the same."""
    for tested in tested_rows(paper):
        if tested.ratio is None or tested.ratio_agrees:
            continue
        yield from _compare(paper, "p of estimate / S.E.", tested, tested.ratio, tested.ratio_text)


def _compare(
    paper: Published, rule: str, tested: TestedRow, ratio: Interval, origin: str
) -> Iterator[Outcome]:
    row, printed = tested.row, tested.row.p
    if printed is None or printed.value >= NO_TEST:
        return
    required = tested.p_of(ratio)
    one_sided = required * 0.5
    if _says_one_sided(paper):
        required = Interval.hull((required, one_sided))
    if printed.interval.overlaps(required):
        yield Held(rule, row.place)
        return
    unless = ""
    if printed.interval.overlaps(one_sided):
        unless = " unless the test was one-sided, which the paper would have to say"
    elif _is_lopsided(row):
        unless = " unless p is of the resamples that gave the interval, not of the ratio"
    yield Finding(
        rule,
        row.place,
        "p",
        printed.text,
        required,
        required.text(3),
        f"{tested.label} is printed with {_as_p(printed)}, but {origin} gives p "
        f"{p_text(required)}: these cannot all be right{unless}.",
        certainty="implausible" if unless else "impossible",
        severity=weight(row, printed.interval, required),
        concerns=concerned(row),
    )


def _as_p(printed: Printed) -> str:
    if re.fullmatch(r"\D+", printed.text.strip()):  # stars, letters: what they stand for
        return f"{printed.text} (p {p_text(printed.interval)})"
    return f"p {printed.text}"


def _says_one_sided(paper: Published) -> bool:
    said = (*paper.notes, *(claim.words for claim in paper.claims))
    return any(_ONE_SIDED.search(words) for words in said)


def _is_lopsided(row: PrintedCoefficient) -> bool:
    """Whether the interval is not symmetric about the estimate, as of a bootstrap."""
    if row.est is None or row.ci_lower is None or row.ci_upper is None:
        return False
    return 0.0 not in row.ci_lower.interval + row.ci_upper.interval - 2.0 * row.est.interval


def verdicts(paper: Published) -> Iterator[Outcome]:
    """Check what the paper concludes against the sign that it expects, and against p.

    A level of significance is the paper's choice, so p counts where no usual level gives the
    verdict (supported above .10, not supported below .001), or where a hypothesis is not supported
    though its p is smaller than that of one that is.
    """
    rows = [one for one in tested_rows(paper) if one.row.supported is not None]
    held = [p.lower for one in rows if one.row.supported and (p := _p(one)) is not None]
    highest = min(max([*held, 0.001]), _HIGHEST_LEVEL)
    for tested in rows:
        row, p, sign = tested.row, _p(tested), _sign(tested.row)
        against = bool(row.expect and sign and sign != row.expect)
        as_expected = bool(row.expect) and sign == row.expect
        if p is None and not (row.expect and sign):
            continue
        said = "supported" if row.supported else "not supported"
        reason = ""
        if row.supported and against:
            reason = f"expects the sign {row.expect}, and its estimate has the other sign"
        elif row.supported and p is not None and p.lower > _HIGHEST_LEVEL:
            reason = f"has p {p_text(p)}, above every usual level of significance"
        elif row.supported is False and p is not None and as_expected and p.upper < highest:
            other = "every usual level" if p.upper < 0.001 else "that of others that are supported"
            reason = f"has p {p_text(p)}, below {other}, and the expected sign"
        if not reason:
            yield Held("verdict", row.place)
            continue
        yield Finding(
            "verdict",
            row.place,
            "conclusion",
            said,
            None,
            "not supported" if row.supported else "supported",
            f"{tested.label} is concluded to be {said}, but it {reason}: these cannot both be "
            "right.",
            certainty="impossible" if row.supported else "implausible",
            severity="decisive",
            concerns=concerned(row),
        )


def _p(tested: TestedRow) -> Interval | None:
    """Return the p-value of a row: as printed, else of the C.R., else of estimate / S.E."""
    row = tested.row
    if row.p is not None:
        return row.p.interval
    ratio = tested.ratio if row.cr is None else row.cr.interval
    return None if ratio is None else tested.p_of(ratio)


def _sign(row: PrintedCoefficient) -> str:
    for number in (row.est, row.std, row.cr):
        if number is not None and 0.0 not in number.interval:
            return "+" if number.value > 0.0 else "-"
    return ""


_NUIJTEN = (
    "Nuijten, M. B., Hartgerink, C. H. J., van Assen, M. A. L. M., Epskamp, S., & Wicherts, J. M. "
    "(2016). The prevalence of statistical reporting errors in psychology (1985-2013). Behavior "
    "Research Methods, 48, 1205-1226. doi:10.3758/s13428-015-0664-2"
)
RULES: tuple[Rule, ...] = (
    Rule(
        "p of C.R.",
        "The p-value is the two-sided tail of the critical ratio, of the normal distribution or of "
        "t; stars say where it lies.",
        _NUIJTEN,
        "C.R. and p, or stars with their key, of a row",
        p_of_critical_ratio,
    ),
    Rule(
        "p of estimate / S.E.",
        "The p-value is the two-sided tail of estimate over standard error.",
        _NUIJTEN,
        "estimate, S.E. and p, or stars with their key, of a row",
        p_of_estimate,
    ),
    Rule(
        "verdict",
        "A hypothesis is supported where its estimate has the expected sign and its p-value lies "
        "below the level of significance, one level for all.",
        _NUIJTEN,
        "the verdict on a hypothesis, with its estimate or its p-value",
        verdicts,
    ),
)
