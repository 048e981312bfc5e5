"""The normal-theory discrepancy, its gradient and its expected Hessian.

F = log|Sigma| - log|S| + tr(S Sigma^-1) - p + (m - mu)' Sigma^-1 (m - mu).

References
----------
Joereskog, K. G. (1969). A general approach to confirmatory maximum likelihood factor analysis.
Psychometrika, 34, 183-202. doi:10.1007/BF02289343
Lee, S.-Y., & Jennrich, R. I. (1979). A study of algorithms for covariance structure analysis with
specific comparisons using factor analysis. Psychometrika, 44, 99-113. doi:10.1007/BF02293789
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.ram import Array, Cells, Point, Ram, evaluate


@dataclass(frozen=True)
class Sample:
    """What the normal likelihood needs of a sample.

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


def cholesky(matrix: Array) -> Array | None:
    """Return the lower Cholesky factor, or None where the matrix is not positive definite."""
    factor, failed = lapack.dpotrf(matrix, lower=1, clean=1)
    return None if failed else factor


def log_det(factor: Array) -> float:
    """Return the log-determinant of the matrix whose Cholesky factor this is."""
    return 2.0 * float(np.log(factor.diagonal()).sum())


def inverse_from(factor: Array) -> Array:
    """Return the full symmetric inverse of the matrix whose Cholesky factor this is."""
    lower, _ = lapack.dpotri(factor, lower=1)
    # dpotri fills one triangle and leaves the zeros of the factor in the other.
    full: Array = lower + lower.T
    np.fill_diagonal(full, lower.diagonal())
    return full


@dataclass(frozen=True)
class Evaluation:
    """The discrepancy at one theta, with what its derivatives need.

    Attributes
    ----------
    f : float
        Value of the discrepancy.
    precision : ndarray of shape (p, p)
        P = Sigma^-1.
    deviation : ndarray of shape (p,)
        d = m - mu; zero without a mean structure.
    """

    f: float
    point: Point
    precision: Array
    deviation: Array


def discrepancy(model: Ram, sample: Sample, theta: Array) -> Evaluation | None:
    """Return F at theta, or None where Sigma is not positive definite."""
    point = evaluate(model, theta)
    if point is None:
        return None
    factor = cholesky(point.sigma)
    if factor is None:
        return None
    precision = inverse_from(factor)
    f = log_det(factor) - sample.log_det + float(np.vdot(precision, sample.cov)) - len(precision)
    if model.has_means:
        d = sample.mean - point.mu
        f += float(d @ precision @ d)
    else:
        d = np.zeros(model.n_observed)
    return Evaluation(f, point, precision, d) if np.isfinite(f) else None


def cell_gradient(sample: Sample, at: Evaluation, cells: Cells) -> Array:
    """Return dF for any cells, free or not."""
    uv, precision = at.point.uv, at.precision
    w = precision - precision @ sample.cov @ precision
    if not at.deviation.any():
        return 2.0 * cells.c * (uv.T @ w @ uv)[cells.x, cells.y]
    pd = precision @ at.deviation
    w -= pd[:, None] * pd
    by_mean = cells.h(at.point.nu) * (uv.T @ pd)[cells.x]
    return 2.0 * (cells.c * (uv.T @ w @ uv)[cells.x, cells.y] - by_mean)


def gram(at: Evaluation) -> Array:
    """Return [U V]' Sigma^-1 [U V] (2m x 2m), from which all information is gathered."""
    uv = at.point.uv
    g: Array = uv.T @ at.precision @ uv
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


def gradient(model: Ram, sample: Sample, at: Evaluation) -> Array:
    """Return dF / dtheta."""
    by_cell = cell_gradient(sample, at, model.cells)
    k = model.collapse
    return by_cell if k is None else by_cell @ k


def hessian(model: Ram, at: Evaluation) -> Array:
    """Return the expected Hessian of F (q x q); times n/2 it is the expected information."""
    by_cell = cell_hessian(gram(at), at.point.nu, model.cells, model.cells)
    k = model.collapse
    return by_cell if k is None else k.T @ by_cell @ k
