"""The Jacobian of the implied moments by the cells of the model.

Every derivative of Sigma is c (x y' + y x') with columns x, y of [U V], and that of mu is h u (see
:mod:`clustersem.engine.ram`), so the Jacobian is a gather of rows and columns of [U V].
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import Array, Cells, Point
from clustersem.moments.order import MomentOrder


def moment_jacobian(point: Point, cells: Cells, order: MomentOrder) -> Array:
    """Return the derivatives of means, variances and covariances by cells.

    Parameters
    ----------
    point : Point
        The model at one theta.
    cells : Cells
        Any cells of A, S and a, free or not.
    order : MomentOrder
        Which moments, in which order. Thresholds are no function of these cells: zero rows.

    Returns
    -------
    ndarray of shape (k, len(cells))
        Delta. Times the 0/1 matrix from theta to cells it is the Jacobian by theta.
    """
    x = point.uv.take(cells.x, axis=1)
    y = point.uv.take(cells.y, axis=1)
    y *= cells.c
    delta = np.zeros((order.n_moments, len(cells)))
    if order.has_means:
        delta[order.means] = x[order.continuous] * cells.h(point.nu)
    own = order.continuous
    delta[order.variances] = 2.0 * x[own] * y[own]
    covariances = delta[order.covariances]
    np.multiply(x.take(order.rows, axis=0), y.take(order.cols, axis=0), out=covariances)
    covariances += x.take(order.cols, axis=0) * y.take(order.rows, axis=0)
    return delta


def moment_vector(cov: Array, mean: Array, order: MomentOrder) -> Array:
    """Return means, variances and covariances in the order of moments; thresholds are zero.

    Parameters
    ----------
    cov : ndarray of shape (p, p)
        Sample or implied covariance matrix.
    mean : ndarray of shape (p,)
        Means; not used where the order has none.
    """
    values = np.zeros(order.n_moments)
    if order.has_means:
        values[order.means] = mean[order.continuous]
    values[order.variances] = cov.diagonal()[order.continuous]
    values[order.covariances] = cov[order.rows, order.cols]
    return values
