"""A model's moments as one vector, and its Jacobian by cell.

The order is that of :class:`clustersem.moments.MomentOrder`. Ordinal items enter by their
thresholds delta (tau - mu) and their scaled covariances delta_i Sigma_ij delta_j, where delta is a
parameter (delta parameterisation) or Sigma_ii^-1/2 (theta). Given covariates, their slopes
delta_i E[i, x] are among the moments.

References
----------
Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and
continuous latent variable indicators. Psychometrika, 49, 115-132. doi:10.1007/BF02294210
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import (
    COVARIANCE,
    PATH,
    SCALE,
    THRESHOLD,
    Array,
    Cells,
    Index,
    Point,
    Ram,
    gather,
)
from clustersem.moments.order import MomentOrder


def implied_moments(point: Point, order: MomentOrder) -> Array:
    """Return the moment vector (k) that a model implies."""
    sigma, mu = point.sigma, point.mu
    rows, cols, continuous = order.rows, order.cols, order.continuous
    result = np.empty(order.n_moments)
    result[order.variances] = sigma[continuous, continuous]
    result[order.covariances] = sigma[rows, cols]
    if order.has_means:
        result[order.means] = mu[continuous]
    result[order.slopes] = point.e[order.slope_rows, order.slope_cols]
    if len(order.ordinal):
        items = order.threshold_item
        result[order.thresholds] = point.delta[items] * (point.tau - mu[items])
        result[order.slopes] *= point.delta[order.slope_rows]
        result[order.covariances] *= point.delta[rows] * point.delta[cols]
    return result


def moment_jacobian(model: Ram, point: Point, order: MomentOrder, cells: Cells) -> Array:
    """Return the derivatives (k x cells) of the implied moments by any cells, free or not."""
    cuts = np.flatnonzero(cells.kind == THRESHOLD)
    if not len(cuts):
        return _jacobian(model, point, order, cells)
    # Of a threshold nothing depends but its own moment; there are often more of them than others.
    others = np.flatnonzero(cells.kind != THRESHOLD)
    result = np.zeros((order.n_moments, len(cells)))
    result[cells.col[cuts], cuts] = point.delta[cells.row[cuts]]
    result[:, others] = _jacobian(model, point, order, cells.take(others))
    return result


def _jacobian(model: Ram, point: Point, order: MomentOrder, cells: Cells) -> Array:
    """Return the derivatives by cells none of which is a threshold."""
    uv, p = point.uv, model.n_observed
    x, y = uv.take(cells.x, axis=1), uv.take(cells.y, axis=1)
    rows, cols, continuous = order.rows, order.cols, order.continuous
    variance = 2.0 * cells.c * x * y
    covariance = x.take(rows, axis=0) * y.take(cols, axis=0)
    covariance += y.take(rows, axis=0) * x.take(cols, axis=0)
    covariance *= cells.c
    result = np.empty((order.n_moments, len(cells)))
    mean = cells.h(point.nu) * x
    if order.has_means:
        result[order.means] = mean[continuous]
    slope = _slope_derivatives(point, order, cells)
    if len(order.ordinal):
        ordinal = order.ordinal
        scale = np.zeros((p, len(cells)))
        in_scale = np.flatnonzero(cells.kind == SCALE)
        if model.parameterization == "theta":
            scale[ordinal] = -0.5 * point.delta[ordinal, None] ** 3 * variance[ordinal]
        else:
            scale[cells.row[in_scale], in_scale] = 1.0
            _compensate(covariance, variance, scale, point, order)
        by_row, by_col = point.delta[rows, None], point.delta[cols, None]
        sigma = point.sigma[rows, cols][:, None]
        covariance *= by_row * by_col
        covariance += sigma * (
            by_col * scale.take(rows, axis=0) + by_row * scale.take(cols, axis=0)
        )
        on = order.slope_rows
        slope *= point.delta[on, None]
        slope += point.e[on, order.slope_cols][:, None] * scale.take(on, axis=0)
        items = order.threshold_item
        cut = (point.tau - point.mu[items])[:, None] * scale.take(items, axis=0)
        cut -= point.delta[items, None] * mean.take(items, axis=0)
        result[order.thresholds] = cut
    result[order.slopes] = slope
    result[order.variances] = variance[continuous]
    result[order.covariances] = covariance
    return result


def _slope_derivatives(point: Point, order: MomentOrder, cells: Cells) -> Array:
    """Return the derivatives of E[i, x] by any cells: E[i, row] E[col, x] for a path."""
    result = np.zeros((len(order.slope_rows), len(cells)))
    if len(result):
        path = np.flatnonzero(cells.kind == PATH)
        by_effect = gather(point.e, order.slope_rows, cells.row[path])
        result[:, path] = by_effect * gather(point.e, cells.col[path], order.slope_cols).T
    return result


def parameter_jacobian(model: Ram, point: Point, order: MomentOrder) -> Array:
    """Return Delta (k x q), the derivatives of the implied moments by theta."""
    return model.by_theta(moment_jacobian(model, point, order, model.cells))


def variance_derivatives(model: Ram, point: Point, cells: Cells) -> tuple[Array, Array]:
    """Return the derivatives (m x cells) of all variables' total and disturbance variances.

    d T_vv = 2 c E[v, x] Y[v, y] for a cell with x, y and c as in :mod:`clustersem.engine.ram`,
    there with all variables in the place of the observed ones.
    """
    both = np.hstack([point.e, point.covariance])
    total = 2.0 * cells.c * both[:, cells.x] * both[:, cells.y]
    disturbance = np.zeros(total.shape)
    own = np.flatnonzero((cells.kind == COVARIANCE) & (cells.row == cells.col))
    disturbance[cells.row[own], own] = 1.0
    o = model.ordinal
    if len(o) and model.parameterization == "delta":
        wanted = -given_variance_derivatives(point, cells, o)
        scale = np.flatnonzero(cells.kind == SCALE)
        place = np.searchsorted(o, cells.row[scale])
        wanted[place, scale] -= 2.0 / point.delta[cells.row[scale]] ** 3
        change = np.linalg.solve(gather(point.e, o, o) ** 2, wanted)
        total += point.e[:, o] ** 2 @ change
        disturbance[o] += change
    return total, disturbance


def given_variance_derivatives(point: Point, cells: Cells, rows: Index) -> Array:
    """Return the derivatives of some observed variables' entries of Sigma's diagonal.

    What residual variances of ordinal items add where they follow the parameters is left out.
    """
    uv = point.uv.take(rows, axis=0)
    result: Array = 2.0 * cells.c * uv.take(cells.x, axis=1) * uv.take(cells.y, axis=1)
    return result


def _compensate(
    covariance: Array, variance: Array, scale: Array, point: Point, order: MomentOrder
) -> None:
    """Add what the residual variances of ordinal items pass on as they follow the parameters."""
    o = order.ordinal
    p = len(point.uv)
    on_observed = point.e[:p, o]
    if np.count_nonzero(on_observed) == len(o):
        return  # no ordinal item has an effect on another variable
    wanted = -2.0 / point.delta[o, None] ** 3 * scale[o] - variance[o]
    change = np.linalg.solve(gather(point.e, o, o) ** 2, wanted)
    covariance += (on_observed[order.rows] * on_observed[order.cols]) @ change
    variance += on_observed**2 @ change


def is_linear_in_moments(model: Ram) -> bool:
    """Whether the moments are entries of Sigma and mu, so that their curvature is known.

    Slopes on covariates are not.
    """
    if not len(model.ordinal):
        return True
    rescaled = model.parameterization == "theta" or bool((model.cells.kind == SCALE).any())
    if rescaled or len(model.given):
        return False
    effects = model.a0[:, model.ordinal].any()
    paths = np.isin(model.cells.col[model.cells.kind < COVARIANCE], model.ordinal).any()
    return not (effects or paths or (model.delta0[model.ordinal] != 1.0).any())
