"""How a least squares solution on polychoric correlations would fare under maximum likelihood.

CFI and RMSEA of least squares fits say little, for their populations depend on the weights. The
robust ones take the normal-theory discrepancy between the polychoric and the implied correlations
at the least squares estimates, and the expectation that it has in a sample from a true model: with
residuals (I - Delta H) (r - rho), H = (Delta' W Delta)^-1 Delta' W,

    E[N F] = tr(V (I - Delta H) Gamma (I - Delta H)'),

V the normal-theory weight of correlations.

References
----------
Savalei, V. (2021). Improving fit indices in structural equation modeling with categorical data.
Multivariate Behavioral Research, 56, 390-407. doi:10.1080/00273171.2020.1717922
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.corrections import TestStatistic, satorra_bentler
from clustersem.engine.discrepancy import cholesky, inverse_from, log_det
from clustersem.engine.ram import Array
from clustersem.engine.scaled_inverse import scaled_inverse
from clustersem.moments.order import MomentOrder


@dataclass(frozen=True, eq=False)
class OrdinalTerms:
    """One group of ordinal variables at a least squares solution.

    Attributes
    ----------
    correlations : ndarray of shape (p, p)
        Polychoric correlations.
    implied : ndarray of shape (p, p)
        Implied correlations.
    jacobian : ndarray of shape (k, q)
        Delta of thresholds and correlations, by parameters.
    weight : ndarray of shape (k, k) or (k,)
        W, or its diagonal where it has nothing else.
    gamma : ndarray of shape (k, k)
        Covariance matrix of sqrt(n_g) times thresholds and correlations.
    order : MomentOrder
        Where they stand; without continuous variables.
    n_obs : float
        n_g.
    """

    correlations: Array
    implied: Array
    jacobian: Array
    weight: Array
    gamma: Array
    order: MomentOrder
    n_obs: float


def catml_statistic(
    groups: Sequence[OrdinalTerms], df: int, *, basis: Array | None = None
) -> TestStatistic:
    """Return N F of the solution and the factor that its expectation has beyond df.

    Parameters
    ----------
    groups : sequence of OrdinalTerms
        One a group, all in the same theta.
    df : int
        Degrees of freedom of the model.
    basis : ndarray of shape (q, r), optional
        Columns that span the directions in which equality constraints let theta move.

    Returns
    -------
    TestStatistic
        ``chisq`` is N F divided by ``scaling_factor``, as with Satorra and Bentler. NaN where a
        correlation matrix is not positive definite.
    """
    total = sum(group.n_obs for group in groups)
    chisq = expected = 0.0
    bread: Array | float = 0.0
    meat: Array | float = 0.0
    curvature: Array | float = 0.0
    crossed: Array | float = 0.0
    for group in groups:
        share, at = group.n_obs / total, group.order.covariances
        precision = _precision(group.implied)
        if precision is None:
            return TestStatistic("catml", np.nan, df, np.nan)
        chisq += group.n_obs * _discrepancy(group.correlations, group.implied, precision)
        v = _weight(precision, group.order)
        delta = group.jacobian if basis is None else group.jacobian @ basis
        slopes = _weighted(group.weight, delta)
        spread = group.gamma @ slopes
        by_v = v @ delta[at]
        bread = bread + share * (delta.T @ slopes)
        meat = meat + share * (slopes.T @ spread)
        curvature = curvature + share * (delta[at].T @ by_v)
        crossed = crossed + share * (by_v.T @ spread[at])
        expected += float(np.vdot(v, group.gamma[at, at]))
    inverse = scaled_inverse(np.asarray(bread))
    if inverse is None or np.isnan(chisq):
        return TestStatistic("catml", np.nan, df, np.nan)
    expected -= 2.0 * inverse.trace(np.asarray(crossed))
    expected += float(np.vdot(np.asarray(curvature), inverse.sandwich(np.asarray(meat))))
    return satorra_bentler(chisq, df, expected, name="catml")


def catml_baseline(groups: Sequence[OrdinalTerms]) -> TestStatistic:
    """Return the same of the model without correlations, whose implied matrix is the identity."""
    chisq = expected = 0.0
    df = 0
    for group in groups:
        factor = cholesky(group.correlations)
        chisq += np.nan if factor is None else -group.n_obs * log_det(factor)
        expected += float(group.gamma.diagonal()[group.order.covariances].sum())
        df += len(group.order.rows)
    return satorra_bentler(chisq, df, expected, name="catml")


def _precision(matrix: Array) -> Array | None:
    factor = cholesky(matrix)
    return None if factor is None else inverse_from(factor)


def _discrepancy(correlations: Array, implied: Array, precision: Array) -> float:
    of_sample, of_model = cholesky(correlations), cholesky(implied)
    if of_sample is None or of_model is None:
        return float("nan")
    fit = float(np.vdot(precision, correlations)) - len(precision)
    return log_det(of_model) - log_det(of_sample) + fit


def _weight(precision: Array, order: MomentOrder) -> Array:
    """Return the normal-theory weight of the correlations alone."""
    i, j = order.rows, order.cols
    by_i, by_j = precision.take(i, axis=0), precision.take(j, axis=0)
    weight = by_i.take(i, axis=1) * by_j.take(j, axis=1)
    weight += by_i.take(j, axis=1) * by_j.take(i, axis=1)
    return weight


def _weighted(weight: Array, matrix: Array) -> Array:
    if weight.ndim == 1:
        return weight[:, None] * matrix
    product: Array = weight @ matrix
    return product
