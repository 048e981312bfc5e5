"""The normal-theory discrepancy, its gradient and its Hessians.

F = log|Sigma| - log|S| + tr(S Sigma^-1) - p + (m - mu)' Sigma^-1 (m - mu).

References
----------
Efron, B., & Hinkley, D. V. (1978). Assessing the accuracy of the maximum likelihood estimator:
Observed versus expected Fisher information. Biometrika, 65, 457-483. doi:10.1093/biomet/65.3.457
Joereskog, K. G. (1969). A general approach to confirmatory maximum likelihood factor analysis.
Psychometrika, 34, 183-202. doi:10.1007/BF02289343
Lee, S.-Y., & Jennrich, R. I. (1979). A study of algorithms for covariance structure analysis with
specific comparisons using factor analysis. Psychometrika, 44, 99-113. doi:10.1007/BF02293789
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.curvature import curvature
from clustersem.engine.discrepancy import cholesky, inverse_from, log_det
from clustersem.engine.ram import Array, Cells, Point, Ram, evaluate, gather


@dataclass(frozen=True)
class NormalEvaluation:
    """The normal-theory discrepancy at one theta.

    Attributes
    ----------
    f : float
        Value of the discrepancy.
    point : Point
        The model there.
    precision : ndarray of shape (p, p)
        P = Sigma^-1.
    deviation : ndarray of shape (p,)
        d = m - mu; zero without a mean structure.
    """

    f: float
    point: Point
    precision: Array
    deviation: Array


@dataclass(frozen=True)
class MaximumLikelihood:
    """The normal-theory discrepancy of complete data.

    Attributes
    ----------
    cov : ndarray of shape (p, p)
        Covariance matrix, in the divisor of the likelihood in use.
    mean : ndarray of shape (p,)
        Means.
    log_det : float
        log|cov|.
    """

    cov: Array
    mean: Array
    log_det: float

    def at(self, model: Ram, theta: Array) -> NormalEvaluation | None:
        """Return F at theta, or None where Sigma is not positive definite."""
        point = evaluate(model, theta)
        if point is None:
            return None
        factor = cholesky(point.sigma)
        if factor is None:
            return None
        precision = inverse_from(factor)
        f = log_det(factor) - self.log_det + float(np.vdot(precision, self.cov)) - len(precision)
        if model.has_means:
            d = self.mean - point.mu
            f += float(d @ precision @ d)
        else:
            d = np.zeros(model.n_observed)
        return NormalEvaluation(f, point, precision, d) if np.isfinite(f) else None

    def gradient(self, at: NormalEvaluation, cells: Cells) -> Array:
        """Return dF for any cells, free or not."""
        uv, precision = at.point.uv, at.precision
        w = precision - precision @ self.cov @ precision
        if not at.deviation.any():
            return 2.0 * cells.c * (uv.T @ w @ uv)[cells.x, cells.y]
        pd = precision @ at.deviation
        w -= pd[:, None] * pd
        by_mean = cells.h(at.point.nu) * (uv.T @ pd)[cells.x]
        return 2.0 * (cells.c * (uv.T @ w @ uv)[cells.x, cells.y] - by_mean)

    def expected(self, at: NormalEvaluation, rows: Cells, cols: Cells) -> Array:
        """Return the expected Hessian of F between cells."""
        return cell_hessian(gram(at.point.uv, at.precision), at.point.nu, rows, cols)

    def expected_diagonal(self, at: NormalEvaluation, cells: Cells) -> Array:
        """Return its diagonal."""
        return cell_hessian_diagonal(gram(at.point.uv, at.precision), at.point.nu, cells)

    def exact(self, at: NormalEvaluation, cells: Cells) -> Array:
        """Return the exact Hessian of F between cells.

        With K = P S* P, S* = S + d d' and r = P d it is

            2 tr(P Sigma_a K Sigma_b) - tr(P Sigma_a P Sigma_b) + 2 mu_a' P mu_b
            + 2 mu_a' P Sigma_b r + 2 mu_b' P Sigma_a r
            + tr((P - K) Sigma_ab) - 2 r' mu_ab.
        """
        uv, p, nu = at.point.uv, at.precision, at.point.nu
        r = p @ at.deviation
        k = p @ self.cov @ p + np.outer(r, r)
        gram_p, gram_k = uv.T @ p @ uv, uv.T @ k @ uv
        h = weighted_products(gram_p, gram_k, cells)
        uv_r = uv.T @ r
        has_means = bool(cells.h(nu).any())
        if has_means:
            h += mean_products(gram_p, uv_r, nu, cells)
        h += curvature(at.point, gram_p - gram_k, -2.0 * uv_r if has_means else None, cells)
        return h


def gram(uv: Array, precision: Array) -> Array:
    """Return [U V]' P [U V] (2m x 2m), from which all information is gathered."""
    g: Array = uv.T @ precision @ uv
    return g


def cell_hessian(g: Array, nu: Array, rows: Cells, cols: Cells) -> Array:
    """Return the expected Hessian of F between cells: tr(P dSigma P dSigma) + 2 dmu' P dmu.

    Parameters
    ----------
    g : ndarray
        What :func:`gram` returns.
    nu : ndarray
        Implied means of all variables.
    rows, cols : Cells
        Any cells, free or not.

    Returns
    -------
    ndarray of shape (len(rows), len(cols))
        Times n/2 it is the expected information.
    """
    gx, gy = g.take(rows.x, axis=0), g.take(rows.y, axis=0)
    h = gx.take(cols.x, axis=1) * gy.take(cols.y, axis=1)
    h += gx.take(cols.y, axis=1) * gy.take(cols.x, axis=1)
    h *= (2.0 * rows.c)[:, None] * cols.c
    h_rows, h_cols = rows.h(nu), cols.h(nu)
    if h_rows.any() and h_cols.any():
        h += 2.0 * h_rows[:, None] * h_cols * gx.take(cols.x, axis=1)
    return h


def cell_hessian_diagonal(g: Array, nu: Array, cells: Cells) -> Array:
    """Return the diagonal of :func:`cell_hessian` of cells with themselves."""
    gxx, gyy, gxy = g[cells.x, cells.x], g[cells.y, cells.y], g[cells.x, cells.y]
    return 2.0 * cells.c**2 * (gxx * gyy + gxy**2) + 2.0 * cells.h(nu) ** 2 * gxx


def weighted_products(gram_p: Array, gram_k: Array, cells: Cells) -> Array:
    """Return 2 tr(P Sigma_a K Sigma_b) - tr(P Sigma_a P Sigma_b) from two Gram matrices.

    That is 2 tr(P Sigma_a L Sigma_b) with L = K - P / 2.
    """
    x, y = cells.x, cells.y
    gram_l = gram_k - 0.5 * gram_p
    px, lx = gram_p.take(x, axis=0), gram_l.take(x, axis=0)
    mixed = px.take(y, axis=1)
    mixed *= lx.take(y, axis=1).T
    both = px.take(x, axis=1)
    both *= gather(gram_l, y, y)
    both += lx.take(x, axis=1) * gather(gram_p, y, y)
    both += mixed
    both += mixed.T
    both *= (2.0 * cells.c)[:, None] * cells.c
    return both


def mean_products(gram_p: Array, uv_r: Array, nu: Array, cells: Cells) -> Array:
    """Return 2 mu_a' P mu_b + 2 mu_a' P Sigma_b r + 2 mu_b' P Sigma_a r."""
    x, y, c, h = cells.x, cells.y, cells.c, cells.h(nu)
    to_x, to_y = gram_p.take(x, axis=0).take(x, axis=1), gram_p.take(x, axis=0).take(y, axis=1)
    # Row a: mu_a = h_a u_a; column b: Sigma_b r = c_b (x_b (y_b' r) + y_b (x_b' r)).
    slope = 2.0 * h[:, None] * c * (to_x * uv_r[y] + to_y * uv_r[x])
    result: Array = 2.0 * h[:, None] * h * to_x + slope + slope.T
    return result
