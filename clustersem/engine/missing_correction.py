"""Fit of a model to incomplete data, as complete data would have shown it.

The FIML discrepancy of a wrong model falls with the share of missing answers, so RMSEA and CFI
computed from it flatter. Zhang and Savalei (2023) take the complete-data discrepancy F_c of the
FIML estimates from the saturated ones instead. Of a correct model n F_c is

    k = tr(R' W R Gamma),    R = I - D (D' A D)^-1 D' A

on average, where D is the Jacobian of the moments, W the information of complete data and A the
observed one of incomplete data on the moments, and Gamma the covariance matrix of root n times the
saturated estimates: A^-1, or A^-1 B A^-1 with B the mean outer product of casewise scores. So
n F_c - k takes the place of chi2 - df, and c = k / df that of a scaling factor: RMSEA is the root
of F_c / df - c / n.

As Gamma enters with the projection of its own weight, k is, without B,

    tr(W A^-1) - tr((D' A D)^-1 D' W D).

References
----------
Zhang, X., & Savalei, V. (2023). New computations for RMSEA and CFI following FIML and TS estimation
with missing data. Psychological Methods, 28, 263-283. doi:10.1037/met0000445
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.discrepancy import cholesky, inverse_from, log_det
from clustersem.engine.likelihood import cell_hessian, gram
from clustersem.engine.ram import Array, Index
from clustersem.engine.unrestricted import unrestricted_model

# The root of the share of a moment's information in complete data below which there is none.
SMALLEST_ROOT = 1e-6


@dataclass(frozen=True, eq=False)
class MissingDataWeights:
    """What the correction needs of one group, whatever the model.

    Attributes
    ----------
    incomplete : ndarray of shape (k, k)
        A, the observed information of one incomplete case on the moments.
    complete : ndarray of shape (k, k)
        W, the information of one complete case on the moments.
    total : float
        tr(W Gamma).
    first_order : ndarray of shape (k, k) or None
        B; None where Gamma is A^-1.
    turned : ndarray of shape (k, k) or None
        B A^-1 W; None where Gamma is A^-1.
    """

    incomplete: Array
    complete: Array
    total: float
    first_order: Array | None
    turned: Array | None


@dataclass(frozen=True, eq=False)
class GroupJacobian:
    """One group's part in a model: its weights, its Jacobian, its share of the observations.

    Attributes
    ----------
    weights : MissingDataWeights
        Of the group.
    jacobian : ndarray of shape (k, q)
        D, the derivatives of its means, variances and covariances by all parameters.
    share : float
        n_g / N.
    """

    weights: MissingDataWeights
    jacobian: Array
    share: float = 1.0


def missing_data_weights(
    observed: Array,
    mean: Array,
    cov: Array,
    *,
    varying: Index | None = None,
    first_order: Array | None = None,
) -> MissingDataWeights | None:
    """Return the weights at the saturated estimates.

    Parameters
    ----------
    observed : ndarray of shape (k, k)
        A (of :func:`clustersem.engine.incomplete_scores.observed_information`).
    mean, cov : ndarray
        Saturated estimates.
    varying : ndarray of int, optional
        The moments that vary: all but those of covariates that are fixed at their values.
    first_order : ndarray of shape (k, k), optional
        B, the mean outer product of the casewise scores there (of
        :func:`clustersem.engine.incomplete_scores.unrestricted_scores`): makes the correction
        robust to nonnormality.

    Returns
    -------
    MissingDataWeights or None
        None where the moments are not identified, as where two variables are never observed
        together: there is no correction then.
    """
    kept = slice(None) if varying is None else np.ix_(varying, varying)
    a = observed[kept]
    sample = cholesky(cov)
    assert sample is not None, "saturated estimates are positive definite"
    uv = np.hstack([np.eye(len(mean)), cov])
    cells = unrestricted_model(len(mean)).cells
    w = 0.5 * cell_hessian(gram(uv, inverse_from(sample)), mean, cells, cells)[kept]
    # Information counts as none beside that of complete data: by itself it is rounding at most.
    scale = np.sqrt(w.diagonal())
    factor = cholesky(a / np.outer(scale, scale))
    if factor is None or factor.diagonal().min() < SMALLEST_ROOT:
        return None
    inverse = inverse_from(factor) / np.outer(scale, scale)
    if first_order is None:
        return MissingDataWeights(a, w, float(np.vdot(inverse, w)), None, None)
    first_order = first_order[kept]
    turned = first_order @ (inverse @ w)
    return MissingDataWeights(a, w, float(np.vdot(inverse, turned)), first_order, turned)


def correction(groups: Sequence[GroupJacobian]) -> float | None:
    """Return k, what N F_c of a correct model is on average; divided by df it is c.

    Parameters
    ----------
    groups : sequence of GroupJacobian
        All groups of a model; all with B, or all without.

    Returns
    -------
    float or None
        None where the parameters are not identified.
    """
    total = sum(group.weights.total for group in groups)
    ada = _summed([(g.share, g.jacobian, g.weights.incomplete) for g in groups])
    wdw = _summed([(g.share, g.jacobian, g.weights.complete) for g in groups])
    scale = np.sqrt(np.maximum(ada.diagonal(), 0.0))
    if not scale.all() or cholesky(ada / np.outer(scale, scale)) is None:
        return None
    half = np.linalg.solve(ada, wdw)
    if groups[0].weights.first_order is None:
        return float(total - np.trace(half))
    bdb = _summed([(g.share, g.jacobian, g.weights.first_order) for g in groups])
    turned = _summed([(g.share, g.jacobian, g.weights.turned) for g in groups])
    solve = np.linalg.solve
    return float(total - 2.0 * np.trace(solve(ada, turned)) + np.vdot(solve(ada, bdb).T, half))


def _summed(parts: Sequence[tuple[float, Array, Array | None]]) -> Array:
    """Return the sum over groups of share D' M D."""
    total: Array | None = None
    for share, d, matrix in parts:
        assert matrix is not None, "groups must all be robust, or none"
        part = share * (d.T @ matrix @ d)
        total = part if total is None else total + part
    assert total is not None, "a model has a group"
    return total


def complete_data_discrepancy(
    mean: Array, cov: Array, model_mean: Array, model_cov: Array
) -> float:
    """Return F_c, the complete-data discrepancy of what a model implies from given moments.

    Parameters
    ----------
    mean, cov : ndarray
        Saturated estimates.
    model_mean, model_cov : ndarray
        What the model implies at its FIML estimates.
    """
    factor, sample = cholesky(model_cov), cholesky(cov)
    assert factor is not None, "estimates imply a positive definite matrix"
    assert sample is not None, "saturated estimates are positive definite"
    ratio = np.linalg.solve(factor, np.column_stack([sample, mean - model_mean]))
    trace = float(np.vdot(ratio, ratio))
    return log_det(factor) - log_det(sample) + trace - len(mean)
