"""Standardised and unstandardised values are those of one set of variances."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from clustersem.audit.feasible import MARGIN, common_slack, implied, irreducible, total_slack
from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.log_scales import Relation, by_total_variances, relations
from clustersem.audit.published import Published
from clustersem.audit.std_lv import only_constructs_standardised
from clustersem.audit.structure import structures

#: A ratio of standard deviations whose logarithm is above this is any large number.
_LARGEST = 50.0


def one_set_of_variances(paper: Published) -> Iterator[Outcome]:
    """Check that some standard deviations give every row its two values.

    In logarithms a linear programme. Where it has no solution, a smallest set of rows that has none
    is reported; the row of it without which the rest comes nearest to a solution is then set
    aside, until what is left has one.
    """
    for structure in structures(paper):
        if not structure.is_one_solution:
            continue
        system = list(relations(paper, structure))
        told = [relation for relation in system if relation.row is not None]
        involved: set[str] = set()
        if common_slack(system)[0] > MARGIN and (
            common_slack(by_total_variances(system))[0] <= MARGIN
            or only_constructs_standardised(paper, structure)
        ):
            system = []  # all agree by another convention of standardising
        while few := irreducible(system):
            rows = [k for k in few if system[k].row is not None]
            involved.update(row.place for k in rows if (row := system[k].row) is not None)
            aside = min(rows, key=lambda k: total_slack([*system[:k], *system[k + 1 :]]))
            yield _finding([system[k] for k in few], system[aside])
            del system[aside]
        for relation in told:
            if relation.row is not None and relation.row.place not in involved:
                yield Held("one set of variances", relation.row.place)


def _finding(few: Sequence[Relation], one: Relation) -> Finding:
    others = [relation for relation in few if relation is not one]
    left = implied(others, one)
    here, there = _exp(one.bounds), _exp(left)
    digits = _digits(here, there)
    by_row, by_others = _spelled(here, digits), _spelled(there, digits)
    told = [relation for relation in few if relation.row is not None]
    reasons = "; ".join(_with_ratio(relation) for relation in others)
    ids = tuple(dict.fromkeys(name for relation in told for name in relation.concerns))
    places = dict.fromkeys(relation.row.place for relation in told if relation.row is not None)
    return Finding(
        "one set of variances",
        "; ".join(places),
        one.quantity,
        by_row,
        there,
        by_others,
        f"An unstandardised value over its standardised one is a ratio or product of standard "
        f"deviations. {one.reason[0].upper()}{one.reason[1:]}, so {one.quantity} is "
        f"{by_row}; but it is {by_others} by these: {reasons}. These cannot all be right.",
        severity="serious" if ids else "minor",
        concerns=ids,
    )


def _with_ratio(relation: Relation) -> str:
    if relation.row is None and math.isinf(relation.bounds.lower):
        return relation.reason
    ratio = _exp(relation.bounds)
    return f"{relation.reason} ({relation.quantity} = {_spelled(ratio, _digits(ratio))})"


def _spelled(ratio: Interval, digits: int) -> str:
    """Write a positive ratio; one that may be as small as it likes only by its upper end."""
    if ratio.lower == 0.0 and math.isfinite(ratio.upper):
        return f"at most {ratio.upper:.{digits}f}"
    return ratio.text(digits)


def _exp(log: Interval) -> Interval:
    upper = math.exp(log.upper) if log.upper < _LARGEST else math.inf
    return Interval(math.exp(log.lower), upper)


def _digits(*intervals: Interval) -> int:
    """So many decimals that three digits of the smallest print, and intervals apart print apart."""
    ends = [abs(end) for one in intervals for end in (one.lower, one.upper)]
    smallest = min((end for end in ends if 0.0 < end < math.inf), default=1.0)
    digits = max(2, 2 - math.floor(math.log10(smallest)))
    while digits < 7 and len({f"{end:.{digits}f}" for end in ends}) < len(set(ends)):
        digits += 1
    return digits


RULES: tuple[Rule, ...] = (
    Rule(
        "one set of variances",
        "Every estimate over its standardised value is a ratio (paths, loadings) or a product "
        "(covariances) of standard deviations, of which each variable has one; a disturbance's is "
        "sqrt(1 - R2) times its variable's.",
        "Bollen, K. A. (1989). Structural equations with latent variables. Wiley (pp. 123-126). "
        "doi:10.1002/9781118619179. Chinneck, J. W., & Dravnieks, E. W. (1991). Locating minimal "
        "infeasible constraint sets in linear programs. ORSA Journal on Computing, 3(2), 157-168. "
        "doi:10.1287/ijoc.3.2.157",
        "estimates and standardised values of at least two rows that have variables in common",
        one_set_of_variances,
    ),
)
