"""What every case adds to the gradient of the normal log-likelihood.

For a case with deviations z, P = Sigma^-1 and r = [U V]' P z, the derivative of its log-likelihood
by a cell with factors (x, y, c, h) is c (r_x r_y - x' P y) + h r_x: products of two columns of one
matrix, for all cases at once.
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import Array, Cells, Point
from clustersem.moments.gamma import empirical_gamma
from clustersem.moments.order import Index


def casewise_scores(point: Point, precision: Array, cells: Cells, deviations: Array) -> Array:
    """Return the derivatives of every case's log-likelihood by cells.

    Parameters
    ----------
    point : Point
        The model at one theta.
    precision : ndarray of shape (p, p)
        Inverse of its covariance matrix.
    cells : Cells
        Any cells, free or not.
    deviations : ndarray of shape (n, p)
        Data less the implied means; less the sample means where means are no part of the model.

    Returns
    -------
    ndarray of shape (n, len(cells))
        Without weights. Their mean is minus half the gradient of F.
    """
    uv = point.uv
    by_p = precision @ uv
    r = deviations @ by_p
    expected = np.einsum("ij,ij->j", uv.take(cells.x, axis=1), by_p.take(cells.y, axis=1))
    first = r.take(cells.x, axis=1)
    factor = r.take(cells.y, axis=1)
    factor *= cells.c
    h = cells.h(point.nu)
    if h.any():
        factor += h
    factor *= first
    factor -= cells.c * expected
    return factor


def cross_products(
    scores: Array, *, weights: Array | None = None, cluster: Index | None = None
) -> Array:
    """Return the mean outer product of scores: the first-order information of one case.

    Parameters
    ----------
    scores : ndarray of shape (n, q)
        Casewise scores, by cells or by parameters.
    weights : ndarray of shape (n,), optional
        Sampling weights; they multiply the scores, and the divisor is their sum.
    cluster : ndarray of int, shape (n,), optional
        Cluster of every case, 0-based; scores are summed within clusters, and the result is
        multiplied by C / (C - 1) for C clusters.

    References
    ----------
    Skinner, C. J. (1989). Domain means, regression and multivariate analysis. In Analysis of
    complex surveys (pp. 59-87). Wiley.
    """
    # The covariance matrix of any casewise contributions.
    return empirical_gamma(scores, weights=weights, cluster=cluster)
