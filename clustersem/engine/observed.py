"""The exact Hessian of the normal-theory discrepancy.

With M = P - P S* P, K = P S* P and S* = S + d d', where P = Sigma^-1 and d = m - mu,

    F_ab = 2 tr(P Sigma_a K Sigma_b) - tr(P Sigma_a P Sigma_b) + tr(M Sigma_ab)
         + 2 mu_a' P mu_b + 2 mu_a' P Sigma_b P d + 2 mu_b' P Sigma_a P d - 2 mu_ab' P d.

First derivatives are of rank two (see :mod:`clustersem.engine.ram`), and so are second ones, with
factors that are entries of E and T: du_i / dA[k,l] = u_k E[l,i] and
dt_j / dA[k,l] = u_k T[l,j] + t_l E[j,k]. Everything is gathered from Gram matrices of [U V].

References
----------
Efron, B., & Hinkley, D. V. (1978). Assessing the accuracy of the maximum likelihood estimator:
Observed versus expected Fisher information. Biometrika, 65, 457-483. doi:10.1093/biomet/65.3.457
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.likelihood import Evaluation, Sample
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Array, Cells, Ram, gather


def observed_hessian(model: Ram, sample: Sample, at: Evaluation) -> Array:
    """Return the exact Hessian of F (q x q); times n/2 it is the observed information."""
    uv, p, nu = at.point.uv, at.precision, at.point.nu
    r = p @ at.deviation
    k = p @ sample.cov @ p + np.outer(r, r)
    gram_p, gram_k = uv.T @ p @ uv, uv.T @ k @ uv
    cells = model.cells
    h = _products(gram_p, gram_k, cells)
    h += _curvature(gram_p - gram_k, at, cells)
    if model.has_means:
        h += _means(gram_p, uv.T @ r, nu, at.point.e, cells)
    c = model.collapse
    return h if c is None else c.T @ h @ c


def _products(gram_p: Array, gram_k: Array, cells: Cells) -> Array:
    """Return 2 tr(P Sigma_a K Sigma_b) - tr(P Sigma_a P Sigma_b)."""
    x, y = cells.x, cells.y
    px, py = gram_p.take(x, axis=0), gram_p.take(y, axis=0)
    kx, ky = gram_k.take(x, axis=0), gram_k.take(y, axis=0)
    pxx, pxy, pyy = px.take(x, axis=1), px.take(y, axis=1), py.take(y, axis=1)
    kxx, kxy, kyy = kx.take(x, axis=1), kx.take(y, axis=1), ky.take(y, axis=1)
    both = pxx * kyy + pyy * kxx + pxy * kxy.T + pxy.T * kxy
    both -= pxx * pyy + pxy * pxy.T
    both *= (2.0 * cells.c)[:, None] * cells.c
    return both


def _curvature(gram_m: Array, at: Evaluation, cells: Cells) -> Array:
    """Return tr(M Sigma_ab): zero between two covariances."""
    e, t = at.point.e, at.point.covariance
    m = cells.n_variables
    result = np.zeros((len(cells), len(cells)))
    paths = np.flatnonzero(cells.kind == PATH)
    if not len(paths):
        return result
    i, j = cells.row[paths], cells.col[paths]
    # Rows are the path A[i, j], columns the path A[k, l] with (k, l) = (i, j) of the column.
    e_jk, q_i = gather(e, j, i), gram_m.take(i, axis=0)
    q_it = q_i.take(m + j, axis=1)
    between = e_jk.T * q_it.T  # E[l, i] Q[k, t_j]
    between += gather(t, j, j) * q_i.take(i, axis=1)
    between += e_jk * q_it
    result[paths[:, None], paths] = 2.0 * between
    covariances = np.flatnonzero(cells.kind == COVARIANCE)
    k, other = cells.row[covariances], cells.col[covariances]
    mixed = gather(e, j, other) * q_i.take(k, axis=1)
    mixed += gather(e, j, k) * q_i.take(other, axis=1)
    mixed *= 2.0 * cells.c[covariances]
    result[paths[:, None], covariances] = mixed
    result[covariances[:, None], paths] = mixed.T
    return result


def _means(gram_p: Array, uv_r: Array, nu: Array, e: Array, cells: Cells) -> Array:
    """Return the terms of the mean structure."""
    x, y, c, h = cells.x, cells.y, cells.c, cells.h(nu)
    to_x, to_y = gather(gram_p, x, x), gather(gram_p, x, y)
    # Row a: mu_a = h_a u_a; column b: Sigma_b P d = c_b (x_b (y_b' P d) + y_b (x_b' P d)).
    slope = 2.0 * h[:, None] * c * (to_x * uv_r[y] + to_y * uv_r[x])
    result = 2.0 * h[:, None] * h * to_x + slope + slope.T
    paths = np.flatnonzero(cells.kind == PATH)
    intercepts = np.flatnonzero(cells.kind == INTERCEPT)
    i, j = cells.row[paths], cells.col[paths]
    # mu_ab = u_k E[l, i] nu_j + u_i E[j, k] nu_l for paths (i, j) and (k, l).
    half = nu[j][:, None] * gather(e, j, i).T * uv_r[i]
    result[np.ix_(paths, paths)] -= 2.0 * (half + half.T)
    mixed = 2.0 * uv_r[i][:, None] * gather(e, j, cells.row[intercepts])
    result[np.ix_(paths, intercepts)] -= mixed
    result[np.ix_(intercepts, paths)] -= mixed.T
    return result
