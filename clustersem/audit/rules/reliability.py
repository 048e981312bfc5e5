"""Composite reliability and average variance extracted against each other and the loadings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np

from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.measurement import Measured, by_likelihood, measured_constructs
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedCoefficient,
    PrintedConstruct,
    PrintedModel,
    Published,
)

# What reliability and AVE can be times for the variances of the sample, by which semTools divides,
# in place of those that the model implies. By maximum likelihood the two differ by some per cent;
# generalised least squares implies variances that are too small by up to a third.
_OBSERVED_SUM = {"likelihood": Interval(1 / 1.15, 1.15), "any": Interval(1 / 1.5, 1.15)}
_OBSERVED_VARIANCES = {"likelihood": Interval(1 / 1.05, 1.05), "any": Interval(1 / 1.3, 1.1)}
_ABOVE, _BELOW = 1.1, 1 / 1.5
# Where this many other constructs of three items or more, and all with fewer, have what loadings
# give by the formula for standardised ones to three decimals, that is the column's formula; another
# one would move a construct by more than this only where its items' variances differ and no others.
_OTHERS = 3
_APART = 0.02
# Standard deviations of items answered on one scale differ by less than this factor.
_THREEFOLD = 3.0
_UNIT = Interval(0.0, 1.0)
_MOST_CORNERS = 10


def composite_reliabilities(paper: Published) -> Iterator[Outcome]:
    """Check composite reliabilities against the loadings."""
    yield from _against_loadings(
        paper,
        COMPOSITE,
        "composite reliability",
        lambda construct: construct.composite_reliability,
        _composite,
    )


def average_variances(paper: Published) -> Iterator[Outcome]:
    """Check AVE against the loadings."""
    yield from _against_loadings(
        paper, AVERAGE, "AVE", lambda construct: construct.ave, _average, tied_counts=False
    )


def roots_of_average_variances(paper: Published) -> Iterator[Outcome]:
    """Check the diagonal of a Fornell-Larcker table against the loadings."""
    yield from _against_loadings(
        paper,
        ROOT,
        "root of AVE",
        lambda construct: construct.sqrt_ave,
        lambda rows, model: tuple(one.sqrt() for one in _average(rows, model)),
        tied_counts=False,
    )


def average_and_its_root(paper: Published) -> Iterator[Outcome]:
    """Check AVE against the diagonal of a Fornell-Larcker table."""
    known: dict[str, list[Interval]] = {}
    for each in measured_constructs(paper):
        root = _average(each.rows, None)[0].sqrt()
        known.setdefault(each.construct.name, []).append(root)
    both = [one for one in paper.constructs if one.ave is not None and one.sqrt_ave is not None]
    apart = {one.name: _root_apart(one) for one in both}
    for construct in both:
        assert construct.ave is not None
        assert construct.sqrt_ave is not None
        root = construct.sqrt_ave.interval
        # The root of standardised loadings may stand beside an AVE that weighs items by variances.
        standard = any(one.overlaps(root) for one in known.get(construct.name, []))
        others = [gap for name, gap in apart.items() if name != construct.name]
        column = len(others) >= _OTHERS - 1 and all(gap <= 0.0 for gap in others)
        odd = construct.name in known or (column and apart[construct.name] > _APART / 2)
        wide = (construct.ave.interval * Interval(1 / 1.3, 1.3)).sqrt()
        if apart[construct.name] <= 0.0 or standard or not (odd or not wide.overlaps(root)):
            yield Held(AVERAGE_ROOT.name, construct.place)
            continue
        yield Finding(
            AVERAGE_ROOT.name,
            construct.place,
            "root of AVE",
            construct.sqrt_ave.text,
            construct.ave.interval.sqrt(),
            construct.ave.interval.sqrt().text(construct.sqrt_ave.decimals),
            f"The AVE of {construct.name} is {construct.ave.text}, of which the root is "
            f"{construct.ave.interval.sqrt().text(construct.sqrt_ave.decimals)}, not "
            f"{construct.sqrt_ave.text}: these cannot both be right, unless one is of standardised "
            "loadings and the other weighs the items by their variances.",
            certainty="implausible",
            concerns=("validity",),
        )


def _root_apart(construct: PrintedConstruct) -> float:
    assert construct.ave is not None
    assert construct.sqrt_ave is not None
    return _apart(construct.ave.interval.sqrt(), construct.sqrt_ave.interval)


def within_bounds(paper: Published) -> Iterator[Outcome]:
    """Check that alpha, CR and AVE do not exceed one, and CR and AVE are not negative."""
    for construct in paper.constructs:
        for quantity, value, allowed in (
            ("alpha", construct.alpha, Interval(float("-inf"), 1.0)),
            ("composite reliability", construct.composite_reliability, _UNIT),
            ("AVE", construct.ave, _UNIT),
            ("root of AVE", construct.sqrt_ave, _UNIT),
        ):
            if value is None:
                continue
            place = value.place or construct.place
            if value.interval.overlaps(allowed):
                yield Held(BOUNDS.name, place)
                continue
            alpha = quantity == "alpha"
            yield Finding(
                BOUNDS.name,
                place,
                quantity,
                value.text,
                allowed,
                "at most 1" if alpha else "0 to 1",
                f"{quantity[0].upper()}{quantity[1:]} of {construct.name} is printed as "
                f"{value.text}; "
                + (
                    "no answers have an alpha above 1: it cannot be right."
                    if alpha
                    else "a share of variance lies between 0 and 1, unless the solution has a "
                    "negative residual variance."
                ),
                certainty="impossible" if alpha else "implausible",
                concerns=("reliability",),
            )


def reliability_and_average(paper: Published) -> Iterator[Outcome]:
    """Check CR against AVE and the number of items: AVE <= CR <= k AVE / (1 + (k - 1) AVE)."""
    # Where loadings are printed each is compared with them.
    known = {row.lhs for row in paper.coefficients if row.op == "=~" and row.std is not None}
    scaled = any(model.scaled for model in paper.models)
    likely = bool(paper.models) and all(by_likelihood(model) for model in paper.models)
    room = _OBSERVED_VARIANCES["likelihood" if likely else "any"]
    for construct in paper.constructs:
        cr, ave, k = construct.composite_reliability, construct.ave, len(construct.items)
        if cr is None or ave is None or k < 2 or construct.name in known:
            continue
        if not (cr.interval.overlaps(_UNIT) and ave.interval.overlaps(_UNIT)):
            continue  # said of the number itself
        a = (ave.interval / room).clipped(0.0, 1.0)
        bounds = Interval(
            0.0 if scaled else a.lower * _BELOW,
            min(1.0, k * a.upper / (1 + (k - 1) * a.upper) * _ABOVE),
        )
        place = cr.place or construct.place
        if cr.interval.overlaps(bounds):
            yield Held(ORDER.name, place)
            continue
        yield Finding(
            ORDER.name,
            place,
            "composite reliability",
            cr.text,
            bounds,
            bounds.text(max(cr.decimals, 2)),
            f"{k} items with an AVE of {ave.text} have a composite reliability of "
            f"{bounds.text(max(cr.decimals, 2))} whatever their loadings, not {cr.text}: these "
            "cannot both be right for loadings of one sign and uncorrelated residuals.",
            certainty="implausible",
            concerns=("reliability",),
        )


Formula = Callable[[Sequence[PrintedCoefficient], PrintedModel | None], tuple[Interval, ...]]


def _against_loadings(
    paper: Published,
    rule: Rule,
    quantity: str,
    printed: Callable[[PrintedConstruct], Printed | None],
    formula: Formula,
    *,
    tied_counts: bool = True,
) -> Iterator[Outcome]:
    """Compare a printed number of each construct with what its loadings give.

    It may be of any model whose loadings are printed, or of the items' own ones; where it agrees
    with one of them it holds.
    """
    sources: dict[str, list[Measured]] = {}
    for each in measured_constructs(paper):
        sources.setdefault(each.construct.name, []).append(each)
    item_loadings = {item.name: item.loading for item in paper.items if item.loading is not None}
    for construct in paper.constructs:
        value, models = printed(construct), sources.get(construct.name, [])
        if value is None or not models or any(each.tied and tied_counts for each in models):
            continue
        ranges = [Interval.hull(formula(each.rows, each.model)) for each in models]
        if any(each.crossed for each in models):
            ranges = [one for one in ranges if one.overlaps(value.interval)]
        if not ranges:
            continue
        own = [item_loadings[item] for item in construct.items if item in item_loadings]
        if own and len(own) == len(construct.items):
            rows = [PrintedCoefficient(construct.name, "=~", "", one.place, std=one) for one in own]
            ranges.append(Interval.hull(formula(rows, None)))
        place = value.place or construct.place
        standards = [formula(each.rows, None)[0] for each in models]
        inside = any(one.overlaps(value.interval) for one in ranges)
        alone = all(_apart(value.interval, one) > _APART for one in standards)
        if inside and not (alone and _others_agree(construct, sources, printed, formula)):
            yield Held(rule.name, place)
            continue
        yield _finding(construct, value, rule.name, quantity, models[-1].rows, formula, inside)


def _apart(one: Interval, other: Interval) -> float:
    return max(one.lower - other.upper, other.lower - one.upper)


def _others_agree(
    construct: PrintedConstruct,
    sources: dict[str, list[Measured]],
    printed: Callable[[PrintedConstruct], Printed | None],
    formula: Formula,
) -> bool:
    """Whether the other constructs of the table have what standardised loadings give."""
    agree = 0
    for name, models in sources.items():
        other = models[0].construct
        value = printed(other)
        if name == construct.name or value is None or any(each.tied for each in models):
            continue
        standards = [formula(each.rows, None)[0] for each in models]
        if value.decimals < 3 or not any(one.overlaps(value.interval) for one in standards):
            return False
        agree += len(models[0].rows) > 2
    return agree >= _OTHERS


def _finding(
    construct: PrintedConstruct,
    value: Printed,
    rule: str,
    quantity: str,
    rows: Sequence[PrintedCoefficient],
    formula: Formula,
    inside: bool,
) -> Finding:
    standard = formula(rows, None)[0]
    text = standard.text(max(value.decimals, 2))
    loadings = ", ".join(row.std.text for row in rows if row.std is not None)
    if inside:
        why = "; the other constructs of the table have what their standardised loadings give"
    elif _metric(rows) is not None:
        why = ", nor do they where items are weighed by the variances that est gives them"
    else:
        why = (
            "; by another formula than that of standardised loadings the standard deviations of "
            f"the items would have to differ more than {_THREEFOLD:.0f}-fold"
        )
    article = "an" if quantity[0] in "aA" else "a"
    return Finding(
        rule,
        value.place or construct.place,
        quantity,
        value.text,
        standard,
        text,
        f"Loadings of {loadings} give {construct.name} {article} {quantity} of {text}, not "
        f"{value.text}{why}: these cannot all be right.",
        certainty="implausible",
        concerns=("reliability",) if "reliab" in quantity else ("validity",),
    )


def _average(
    rows: Sequence[PrintedCoefficient], model: PrintedModel | None
) -> tuple[Interval, ...]:
    """AVE by the formulas that programs use; that of standardised loadings first."""
    loadings = [row.std.interval for row in rows if row.std is not None]
    squares = [one.square() for one in loadings]
    standard = _sum(squares) / float(len(squares))
    metric = _metric(rows)
    if metric is None:
        low = [one.lower for one in squares]
        high = [one.upper for one in squares]
        corners = _corners(len(rows), np.argsort(low))
        shares = [np.average(low, weights=w**2) for w in corners]
        more = [np.average(high, weights=w**2) for w in corners]
        return standard, Interval(float(min(shares)), float(max(more))) * _OBSERVED_VARIANCES[
            _estimator(model)
        ]
    est, variances = metric
    explained, total = _sum(one.square() for one in est), _sum(variances)
    return standard, _ratio(explained, total) * _OBSERVED_VARIANCES[_estimator(model)]


def _composite(
    rows: Sequence[PrintedCoefficient], model: PrintedModel | None
) -> tuple[Interval, ...]:
    """Composite reliability by the formulas that programs use."""
    loadings = [row.std.interval for row in rows if row.std is not None]
    errors = _sum(1.0 - one.square() for one in loadings)
    found = [
        _reliability(_sum(abs(one) for one in loadings), errors),
        _reliability(_sum(loadings), errors),
    ]
    metric = _metric(rows)
    if metric is not None:
        est, variances = metric
        raw_errors = _sum(v - e.square() for v, e in zip(variances, est, strict=True))
        for total in (_sum(est), _sum(abs(one) for one in est)):
            found.append(_reliability(total, raw_errors) * _OBSERVED_SUM[_estimator(model)])
    else:
        found.append(_any_metric(loadings) * _OBSERVED_SUM[_estimator(model)])
    scaled = model is not None and model.scaled
    if scaled or min(one.lower for one in loadings) < 0.0 < max(one.upper for one in loadings):
        # Items that run against the others take from the sum's variance more than from its error.
        # Of ordered answers the sum is less reliable than that of the responses behind them.
        found.append(Interval(0.0, found[0].upper))
    return tuple(found)


def _estimator(model: PrintedModel | None) -> str:
    return "likelihood" if by_likelihood(model) else "any"


def _any_metric(loadings: Sequence[Interval]) -> Interval:
    """CR of items whose standard deviations differ up to threefold, whatever they are."""
    size = [abs(one) for one in loadings]
    low = np.array([one.lower for one in size])
    shares = []
    for weights in _corners(len(low), np.argsort(low)):
        total = float(weights @ low) ** 2
        shares.append(total / (total + float(weights**2 @ (1.0 - low**2))))
    # No weights are more reliable than the best ones (coefficient H).
    best = 0.0
    for one in size:
        if one.upper >= 1.0:
            best = float("inf")
            break
        best += one.upper**2 / (1.0 - one.upper**2)
    upper = 1.0 if best == float("inf") else best / (1.0 + best)
    return Interval(min(*shares, upper), upper)


def _corners(
    k: int, order: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return weights of one or three, where the extremes of a ratio lie."""
    if k <= _MOST_CORNERS:
        return [np.array(one) for one in product((1.0, _THREEFOLD), repeat=k)]
    found = []
    for count in range(k + 1):
        for heavy in (order[:count], order[count:]):
            weights = np.ones(k)
            weights[heavy] = _THREEFOLD
            found.append(weights)
    return found


def _metric(
    rows: Sequence[PrintedCoefficient],
) -> tuple[list[Interval], list[Interval]] | None:
    """Return raw loadings and item variances in units of the construct, where est is printed."""
    est, variances = [], []
    for row in rows:
        if row.est is None or row.std is None:
            return None
        ends = row.std.interval.intersection(Interval(-1.0, 1.0))
        if ends is None or 0.0 in ends or 0.0 in row.est.interval:
            return None
        est.append(row.est.interval)
        variances.append((row.est.interval / ends).square())
    return est, variances


def _sum(intervals: Iterator[Interval] | Sequence[Interval]) -> Interval:
    total = Interval.exact(0.0)
    for one in intervals:
        total = total + one
    return total


def _ratio(part: Interval, whole: Interval) -> Interval:
    if whole.lower <= 0.0:
        return _UNIT
    return part / whole


def _reliability(total: Interval, errors: Interval) -> Interval:
    explained = total.square()
    if explained.lower <= 0.0 or (1.0 + errors / explained).lower <= 0.0:
        return Interval(0.0, 1.0)
    return 1.0 / (1.0 + errors / explained)


_FORNELL = (
    "Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with unobservable "
    "variables and measurement error. Journal of Marketing Research, 18(1), 39-50. "
    "doi:10.1177/002224378101800104"
)
_NEEDS = "standardised loadings of all items of a construct"

COMPOSITE = Rule(
    "composite reliability",
    "Composite reliability is (sum l)^2 / ((sum l)^2 + sum (1 - l^2)) of the standardised "
    "loadings l, or the same with the items weighed by their standard deviations.",
    _FORNELL,
    f"composite reliability and {_NEEDS}; no free residual covariance among them",
    composite_reliabilities,
)
AVERAGE = Rule(
    "average variance extracted",
    "AVE is the mean of the squared standardised loadings, or that mean weighed by the variances "
    "of the items.",
    _FORNELL,
    f"AVE and {_NEEDS}",
    average_variances,
)
ROOT = Rule(
    "root of AVE and loadings",
    "The diagonal of a Fornell-Larcker table is the root of the mean squared loading.",
    _FORNELL,
    f"the root of AVE and {_NEEDS}",
    roots_of_average_variances,
)
AVERAGE_ROOT = Rule(
    "AVE and its root",
    "The diagonal of a Fornell-Larcker table is the root of AVE.",
    _FORNELL,
    "AVE and its root",
    average_and_its_root,
)
BOUNDS = Rule(
    "reliability bounds",
    "Alpha is at most one; composite reliability and AVE lie between zero and one.",
    "Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika, "
    "16(3), 297-334. doi:10.1007/BF02310555",
    "alpha, composite reliability or AVE",
    within_bounds,
)
ORDER = Rule(
    "reliability and AVE",
    "Composite reliability C of k items with loadings of one sign and AVE A: "
    "A <= C <= k A / (1 + (k - 1) A), by Cauchy's inequality for sum l and sum l^2.",
    _FORNELL,
    "composite reliability, AVE and the items of a construct",
    reliability_and_average,
)

RULES: tuple[Rule, ...] = (
    BOUNDS,
    COMPOSITE,
    AVERAGE,
    ROOT,
    AVERAGE_ROOT,
    ORDER,
)
