"""Cronbach's alpha against the loadings of a fitted model."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from clustersem.audit.alpha_discrepancy import (
    Array,
    implied_alpha,
    least_discrepancy,
    scale_bounds,
)
from clustersem.audit.finding import Finding, Held, Outcome, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.measurement import Measured, by_likelihood, measured_constructs
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedModel, Published

# chi2 with one df beyond which a model's miss of a few items is absurd: p = 1e-4 of a pair, whose
# one correlation a model is free to follow, and p = 1e-6 of more items, for which it is multiplied
# by chi2 / df, as a model that misses everything misses them too.
_PAIR = 15.14
_SEVERAL = 23.93
_UNKNOWN_RATIO = 5.0
# A pair's correlation must be off by this much to be worth a sentence.
_NOTICEABLE = 0.1
_THREEFOLD = 0.5 * math.log(3.0)


def alphas_and_loadings(paper: Published) -> Iterator[Outcome]:
    """Check whether answers with the printed alpha could give the printed loadings."""
    for each in measured_constructs(paper):
        alpha, model = each.construct.alpha, each.model
        if alpha is None or each.tied or each.crossed or (model is not None and model.scaled):
            continue
        signs = {row.std.interval.lower > 0.0 for row in each.rows if row.std is not None}
        if len(signs) > 1:
            continue  # whether items were recoded before is not printed
        n = (model.n if model is not None and model.n is not None else None) or paper.sample.n
        if n is None or not alpha.interval.lower < 1.0 or alpha.interval.lower < -1.0:
            continue
        place = alpha.place or each.construct.place
        outcome = _compare(each, alpha, n.interval.lower - 1.0)
        yield outcome if outcome is not None else Held(ALPHA.name, place)


def _compare(each: Measured, alpha: Printed, n: float) -> Finding | None:
    k = len(each.rows)
    each_end = np.array(
        [[abs(row.std.interval).lower, abs(row.std.interval).upper] for row in each.rows if row.std]
    )
    if np.any(each_end >= 1.0):
        return None
    chi2, ratio = _misfit(each.model)
    limit = _PAIR if k == 2 else _SEVERAL * max(1.0, ratio)
    low, high = _matrix(each_end[:, 0]), _matrix(each_end[:, 1])
    flat = np.zeros(k)
    metrics = _metrics(each, limit / n)
    implied = Interval.hull(
        Interval.exact(implied_alpha(matrix, np.exp(end)))
        for matrix in (low, high)
        for metric in metrics
        for end in (flat, *metric)
    )
    if alpha.interval.overlaps(implied):
        return None
    above = alpha.interval.lower > implied.upper
    # Loadings of a categorical estimator are those of the responses behind the answers, whose own
    # correlations may be much lower, but not higher; so may alpha be of items whose standard
    # deviations differ, of which est tells.
    known = _own_metric(each) is not None
    if not above and not (known and by_likelihood(each.model)):
        return None
    wanted = alpha.interval.lower if above else alpha.interval.upper
    matrix = high if above else low
    least = min(least_discrepancy(matrix, wanted, log_sd=metric) for metric in metrics)
    if n * least <= limit:
        return None
    if k == 2 and above:
        needed = wanted / (2.0 - wanted)
        if needed - matrix[0, 1] < _NOTICEABLE:
            return None
    return _finding(each, alpha, n * least, chi2, above, _range(each))


def _finding(
    each: Measured,
    alpha: Printed,
    missed: float,
    chi2: Interval | None,
    above: bool,
    implied: Interval,
) -> Finding:
    loadings = " and ".join(row.std.text for row in each.rows if row.std is not None)
    name = each.construct.name
    decimals = max(alpha.decimals, 2)
    certain = by_likelihood(each.model) and (len(each.rows) == 2 or _own_metric(each) is not None)
    impossible = certain and chi2 is not None and missed > chi2.upper
    items = (
        " and ".join(row.rhs for row in each.rows) if len(each.rows) == 2 else f"items of {name}"
    )
    if len(each.rows) == 2:
        a = alpha.interval
        r = Interval(a.lower / (2.0 - a.lower), a.upper / (2.0 - a.upper))
        product_of = _matrix_range(each)
        needs = (
            f"An alpha of {alpha.text} needs {items} to correlate at least {r.lower:.3f}; the "
            f"loadings {loadings} imply {product_of.text(3)}"
            if above
            else f"{items} with loadings of {loadings} correlate {product_of.text(3)}"
        )
        sentence = f"{needs}, and an alpha of {implied.text(decimals)}, not {alpha.text}. "
    else:
        sentence = (
            f"Items with loadings of {loadings} have an alpha of {implied.text(decimals)} where "
            f"the model fits them, not {alpha.text}. "
        )
    if impossible:
        assert chi2 is not None
        sentence += (
            f"By maximum likelihood these items alone would add {missed:.0f} to chi2, which is "
            f"{chi2.text(0)} for the whole model: these cannot all be right."
        )
    else:
        of = f" of {chi2.text(0)}" if chi2 is not None else ""
        sentence += (
            f"A model fitted to answers with that alpha would miss these {len(each.rows)} items "
            f"alone by {missed:.0f} of its chi2{of}: these cannot all be right for a model that "
            "fits its own indicators."
        )
    return Finding(
        ALPHA.name,
        alpha.place or each.construct.place,
        "alpha",
        alpha.text,
        implied,
        implied.text(decimals),
        sentence,
        certainty="impossible" if impossible else "implausible",
        concerns=("reliability",),
    )


def _matrix(loadings: Array) -> Array:
    out = np.outer(loadings, loadings)
    np.fill_diagonal(out, 1.0)
    return out


def _matrix_range(each: Measured) -> Interval:
    ends = [abs(row.std.interval) for row in each.rows if row.std is not None]
    return ends[0] * ends[1]


def _range(each: Measured) -> Interval:
    """Alpha by the loadings, of items with equal variances and with those that est gives them."""
    ends = [abs(row.std.interval) for row in each.rows if row.std is not None]
    flat = np.zeros(len(ends))
    metrics = [(flat, flat)]
    own = _own_metric(each)
    if own is not None:
        metrics.append(own)
    return Interval.hull(
        Interval.exact(implied_alpha(_matrix(np.array(side)), np.exp(0.5 * (low + high))))
        for side in ([one.lower for one in ends], [one.upper for one in ends])
        for low, high in metrics
    )


def _metrics(each: Measured, discrepancy: float) -> list[tuple[Array, Array]]:
    """Bounds of the logarithms of the items' standard deviations, one pair for each alpha.

    Alpha of standardised items has those of the answers, which cannot be far from the model's at
    the discrepancy that is asked about; alpha of the items as they are has the model's, or any up
    to threefold where est is not printed.
    """
    k = len(each.rows)
    low, high = scale_bounds(discrepancy)
    found = [(np.full(k, low), np.full(k, high))]
    own = _own_metric(each)
    found.append(own if own is not None else (np.full(k, -_THREEFOLD), np.full(k, _THREEFOLD)))
    return found


def _own_metric(each: Measured) -> tuple[Array, Array] | None:
    ends = []
    for row in each.rows:
        if row.est is None or row.std is None or 0.0 in row.std.interval or 0.0 in row.est.interval:
            return None
        ends.append(abs(row.est.interval / row.std.interval).log())
    centre = sum(one.middle for one in ends) / len(ends)
    return (
        np.array([one.lower - centre for one in ends]),
        np.array([one.upper - centre for one in ends]),
    )


def _misfit(model: PrintedModel | None) -> tuple[Interval | None, float]:
    """chi2 as printed or as chi2/df times df, and the ratio of the two."""
    if model is None:
        return None, _UNKNOWN_RATIO
    chi2, ratio = model.indices.get("chisq"), model.indices.get("cmin_df")
    df = model.indices.get("df")
    free = df.interval if df is not None else _drawn_df(model)
    if chi2 is not None:
        per = chi2.interval.upper / free.lower if free is not None and free.lower > 0 else None
        if per is None:
            per = ratio.interval.upper if ratio is not None else _UNKNOWN_RATIO
        return chi2.interval, per
    if ratio is None:
        return None, _UNKNOWN_RATIO
    if free is None or not math.isfinite(ratio.interval.lower):
        return None, ratio.interval.upper
    return ratio.interval * free, ratio.interval.upper


def _drawn_df(model: PrintedModel) -> Interval | None:
    """Degrees of freedom of the model as drawn, where no label or constraint takes some away."""
    spec = model.spec
    if spec is None or spec.constraints or any(row.label for row in spec.parameters):
        return None
    if spec.exogenous_observed or spec.n_groups > 1:
        return None
    p = len(spec.observed)
    free = sum(row.free for row in spec.parameters if row.op != "~1")
    return Interval.exact(float(p * (p + 1) // 2 - free))


ALPHA = Rule(
    "alpha and loadings",
    "Of all covariance matrices of a construct's items with the printed alpha, even the one that "
    "is closest to what the loadings imply adds n F to chi2, and the whole model has no more.",
    "Kullback, S., & Leibler, R. A. (1951). On information and sufficiency. Annals of Mathematical "
    "Statistics, 22(1), 79-86. doi:10.1214/aoms/1177729694",
    "alpha, n and standardised loadings of all items of a construct, each on one construct and "
    "without residual covariances",
    alphas_and_loadings,
)

RULES: tuple[Rule, ...] = (ALPHA,)
