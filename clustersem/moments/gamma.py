"""The asymptotic covariance matrix Gamma of sample moments, and the weights that it implies.

Gamma is the covariance matrix of sqrt(n) times the moments, in the order of
:class:`~clustersem.moments.order.MomentOrder`. Everything here is for continuous variables.

References
----------
Browne, M. W. (1984). Asymptotically distribution-free methods for the analysis of covariance
structures. British Journal of Mathematical and Statistical Psychology, 37, 62-83.
doi:10.1111/j.2044-8317.1984.tb00789.x
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersem.moments.order import Index, MomentOrder

Array = NDArray[np.float64]


def moment_contributions(
    data: Array,
    order: MomentOrder,
    *,
    weights: Array | None = None,
    covariates: Index | None = None,
) -> Array:
    """Return what every case adds to the moments, as deviations from the moments.

    The mean of the products of two columns is their entry of Gamma.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Complete observations of continuous variables.
    order : MomentOrder
        An order without thresholds.
    weights : ndarray of shape (n,), optional
        Sampling weights. Deviations are from the weighted moments, but are not
        multiplied by the weights themselves.
    covariates : ndarray of int, optional
        Places of exogenous covariates that are fixed at their values. Their own moments then have
        no sampling variance, and deviations are from what the covariates predict.

    Returns
    -------
    ndarray of shape (n, k)
        Columns with (weighted) mean zero.
    """
    z = data - _mean(data, weights)
    rows = np.concatenate([np.arange(order.n_observed), order.rows])
    cols = np.concatenate([np.arange(order.n_observed), order.cols])
    products = z.take(rows, axis=1) * z.take(cols, axis=1)
    if covariates is not None and len(covariates):
        root = np.ones(len(z)) if weights is None else np.sqrt(weights)
        x = z[:, covariates]
        slopes = np.linalg.lstsq(x * root[:, None], z * root[:, None], rcond=None)[0]
        predicted = x @ slopes
        products -= predicted.take(rows, axis=1) * predicted.take(cols, axis=1)
        z = z - predicted
        z[:, covariates] = 0.0  # without what rounding leaves
    products -= _mean(products, weights)
    if covariates is not None and len(covariates):
        products[:, np.isin(rows, covariates) & np.isin(cols, covariates)] = 0.0
    return np.hstack([z, products]) if order.has_means else products


def _mean(columns: Array, weights: Array | None) -> Array:
    mean: Array = columns.mean(axis=0) if weights is None else weights @ columns / weights.sum()
    return mean


def empirical_gamma(
    contributions: Array, *, weights: Array | None = None, cluster: Index | None = None
) -> Array:
    """Return the distribution-free Gamma, with divisor n or what the weights sum to.

    Parameters
    ----------
    contributions : ndarray of shape (n, k)
        What :func:`moment_contributions` returns.
    weights : ndarray of shape (n,), optional
        Sampling weights.
    cluster : ndarray of int, shape (n,), optional
        Cluster of every case, 0-based; cases of one cluster may depend on each other.

    Returns
    -------
    ndarray of shape (k, k)
        Positive semidefinite, and singular where there are fewer cases than moments.
    """
    summed = summed_by_cluster(contributions, weights=weights, cluster=cluster)
    gamma: Array = summed.T @ summed / (len(contributions) if weights is None else weights.sum())
    return gamma


def summed_by_cluster(
    contributions: Array, *, weights: Array | None = None, cluster: Index | None = None
) -> Array:
    """Return weighted contributions, summed within clusters where there are any.

    Clusters are a sample of C clusters: their sums are multiplied by sqrt(C / (C - 1)).
    """
    weighted = contributions if weights is None else contributions * weights[:, None]
    if cluster is None:
        return weighted
    n_clusters = int(cluster.max()) + 1
    sums = np.zeros((n_clusters, weighted.shape[1]))
    np.add.at(sums, cluster, weighted)
    sums *= np.sqrt(n_clusters / (n_clusters - 1.0))
    return sums


def normal_gamma(sigma: Array, order: MomentOrder) -> Array:
    """Return Gamma of a normal population: sigma_ik sigma_jl + sigma_il sigma_jk.

    Parameters
    ----------
    sigma : ndarray of shape (p, p)
        Covariance matrix of the population.
    order : MomentOrder
        An order without thresholds.
    """
    return _pair_matrix(sigma, order, np.ones(order.n_moments - order.means.stop))


def normal_weight(precision: Array, order: MomentOrder) -> Array:
    """Return the weights V = 0.5 D'(P x P) D of the normal-theory quadratic form, P for means.

    V is the inverse of :func:`normal_gamma`, from P = Sigma^-1 and without an inversion.

    Parameters
    ----------
    precision : ndarray of shape (p, p)
        P.
    order : MomentOrder
        An order without thresholds.

    Returns
    -------
    ndarray of shape (k, k)
    """
    c = np.ones(order.n_moments - order.means.stop)
    c[: order.n_observed] = 0.5
    return _pair_matrix(precision, order, c)


def _pair_matrix(matrix: Array, order: MomentOrder, c: Array) -> Array:
    """Return c_a c_b (m_ik m_jl + m_il m_jk) for pairs a = (i, j), b = (k, l), after the means."""
    own = np.arange(order.n_observed)
    i, j = np.concatenate([own, order.rows]), np.concatenate([own, order.cols])
    by_i, by_j = matrix.take(i, axis=0), matrix.take(j, axis=0)
    block = by_i.take(i, axis=1) * by_j.take(j, axis=1)
    block += by_i.take(j, axis=1) * by_j.take(i, axis=1)
    block *= c[:, None] * c
    if not order.has_means:
        return block
    k, p = order.n_moments, order.n_observed
    result = np.zeros((k, k))
    result[:p, :p] = matrix
    result[p:, p:] = block
    return result
