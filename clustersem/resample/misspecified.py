"""Levels of misspecification: what a model that is a little wrong would leave out.

With several factors each level adds a cross-loading that the model does not have; with one factor,
correlations of .3 among residuals. The items keep their variances, and paths among factors stay
as they were fitted: misfit is put into the measurement, where the published levels are defined.

References
----------
McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for confirmatory factor analysis
models. Psychological Methods, 28, 61-88. doi:10.1037/met0000425
McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for one-factor models. Behavior
Research Methods, 55, 1157-1174. doi:10.3758/s13428-022-01847-y
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import Array, Point
from clustersem.resample.measurement import Measurement, coefficient_h

#: The correlation of residuals that a one-factor model leaves out.
RESIDUAL_CORRELATION = 0.3

#: Share of the largest possible cross-loading that is used at most, so that some residual variance
#: is left.
ROOM = 0.95


@dataclass(frozen=True)
class Addition:
    """A parameter that the true model has and the fitted one has not.

    Attributes
    ----------
    lhs, op, rhs : str
        The parameter.
    value : float
        Its standardised value.
    """

    lhs: str
    op: str
    rhs: str
    value: float

    def __str__(self) -> str:
        return f"{self.lhs} {self.op} {self.rhs} ({self.value:.3f})"


@dataclass(frozen=True)
class Levels:
    """The levels of misspecification of a model.

    Attributes
    ----------
    added : tuple of tuple of Addition
        For every level what it adds to the one before.
    why_none : str
        Why there is no level, in a sentence; empty where there are some.
    """

    added: tuple[tuple[Addition, ...], ...] = ()
    why_none: str = ""


def levels_of(measurement: Measurement) -> Levels:
    """Return the levels of misspecification that are defined for a model."""
    if not measurement.factors:
        return Levels(
            why_none="the model has no latent variable that items measure, and the levels of"
            " misspecification of dynamic cutoffs are defined for such models only"
        )
    if len(measurement.factors) == 1:
        return _residual_correlations(measurement)
    return _cross_loadings(measurement)


def _residual_correlations(measurement: Measurement) -> Levels:
    """Return pairs of items, weakest first: a third, two thirds and all of them (one factor)."""
    items = measurement.free_items()
    if len(items) < 4:
        return Levels(
            why_none=f"of the {len(measurement.items)} items {len(items)} could get a residual"
            " correlation that the model leaves out, and the levels of misspecification of a"
            " one-factor model need four"
        )
    n_pairs = {4: 1, 5: 2}.get(len(items), len(items) // 2)
    pairs = [(items[2 * k], items[2 * k + 1]) for k in range(n_pairs)]
    additions = [_residual_correlation(measurement, i, j) for i, j in pairs]
    # With four or five items there is one pair a level; else levels have a third of the pairs.
    ends = range(1, n_pairs + 1)
    if len(items) > 5:
        ends_of_thirds = (n_pairs // 3, 2 * n_pairs // 3, n_pairs)
        starts = (0, *ends_of_thirds[:-1])
        return Levels(
            tuple(tuple(additions[a:b]) for a, b in zip(starts, ends_of_thirds, strict=True))
        )
    return Levels(tuple((additions[end - 1],) for end in ends))


def _residual_correlation(measurement: Measurement, i: int, j: int) -> Addition:
    # Signs follow the keying, so that turning an item's answers round changes no cutoff.
    sign = math.copysign(1.0, measurement.loadings[i, 0] * measurement.loadings[j, 0])
    return Addition(measurement.items[i], "~~", measurement.items[j], sign * RESIDUAL_CORRELATION)


def _cross_loadings(measurement: Measurement) -> Levels:
    """Return a cross-loading of the weakest item of each factor but one.

    Each goes to the most reliable of the other factors (coefficient H) that have an item without
    residual covariance, and no pair of factors is used twice. Items of factors with three or more
    come first.
    """
    n_factors = len(measurement.factors)
    weakest: dict[int, int] = {}
    for item in measurement.free_items():
        weakest.setdefault(int(np.argmax(np.abs(measurement.loadings[item]))), item)
    size = {item: float(np.abs(measurement.loadings[item]).max()) for item in weakest.values()}
    few = {factor: len(measurement.of(factor)) < 3 for factor in weakest}
    chosen = sorted(weakest, key=lambda factor: (few[factor], size[weakest[factor]]))
    chosen = chosen[: n_factors - 1]
    h = [_reliability(measurement, factor) for factor in range(n_factors)]
    # A factor whose items all share residual covariances is hardly determined by them: a model that
    # leaves out one of its loadings would have no minimum.
    sound = set(weakest) if len(weakest) > 1 else set(range(n_factors))
    used: set[frozenset[int]] = set()
    found: dict[int, Addition] = {}
    for own in sorted(chosen, key=lambda factor: size[weakest[factor]]):
        others = [g for g in sound if g != own and frozenset((own, g)) not in used]
        if not others:
            continue
        other = max(others, key=lambda g: h[g])
        used.add(frozenset((own, other)))
        item = weakest[own]
        value = cross_loading(
            float(measurement.loadings[item, own]), float(measurement.correlations[own, other])
        )
        found[own] = Addition(measurement.factors[other], "=~", measurement.items[item], value)
    if not found:
        return Levels(
            why_none="no item could get a cross-loading that the model leaves out: each measures"
            " several factors, shares a residual covariance, or has no residual variance"
        )
    return Levels(tuple((found[factor],) for factor in chosen if factor in found))


def _reliability(measurement: Measurement, factor: int) -> float:
    items = measurement.of(factor)
    return coefficient_h(
        measurement.loadings[items, factor], measurement.residuals[np.ix_(items, items)]
    )


def cross_loading(loading: float, correlation: float) -> float:
    """Return the standardised cross-loading that a model leaves out.

    As large as the item's own loading, but no larger than 95 % of what its residual variance
    allows: c^2 + 2 c |loading correlation| = 1 - loading^2.

    Parameters
    ----------
    loading : float
        The item's own standardised loading.
    correlation : float
        Of its factor with the other one.

    Returns
    -------
    float
        With the sign that makes the two loadings work together, so that turning the answers to an
        item round, or a factor, changes no cutoff.

    Examples
    --------
    >>> cross_loading(0.424, 0.459), round(cross_loading(0.9, 0.5), 3)
    (0.424, 0.168)
    """
    shared = abs(loading * correlation)
    most = ROOM * (math.sqrt(shared**2 + 1.0 - loading**2) - shared)
    return math.copysign(min(abs(loading), most), loading * correlation)


def true_covariance(at: Point, index: dict[str, int], added: Sequence[Addition]) -> Array | None:
    """Return the covariances of all variables where the truth has what the model leaves out.

    Parameters
    ----------
    at : Point
        The fitted model.
    index : dict
        Every variable's place.
    added : sequence of Addition
        All that the truth has beside it.

    Returns
    -------
    ndarray of shape (m, m) or None
        In the units of the model, variances as fitted; None where no such population exists.
    """
    a, s = at.a.copy(), at.s.copy()
    before = at.covariance
    sd = np.sqrt(before.diagonal())
    for one in added:
        i, j = index[one.lhs], index[one.rhs]
        if one.op == "~~":
            s[i, j] = s[j, i] = one.value * math.sqrt(s[i, i] * s[j, j])
            continue
        a[j, i] = one.value * sd[j] / sd[i]
        causes = np.flatnonzero(a[j])
        explained = a[j, causes] @ before[np.ix_(causes, causes)] @ a[j, causes]
        s[j, j] = before[j, j] - explained
    if (s.diagonal() < 0).any():
        return None
    e = np.linalg.inv(np.eye(len(a)) - a)
    covariance: Array = e @ s @ e.T
    p = len(at.uv)
    return None if cholesky(covariance[:p, :p]) is None else covariance
