"""What the curvature of the moments adds to the Hessian of any discrepancy.

Where F is a function of Sigma and mu with dF = tr(W dSigma) + w' dmu, its exact Hessian is that of
F as if the moments were linear in the parameters, plus tr(W Sigma_ab) + w' mu_ab. First derivatives
are of rank two (see :mod:`clustersem.engine.ram`), and so are second ones, with factors that are
entries of E and T: du_i / dA[k,l] = u_k E[l,i] and dt_j / dA[k,l] = u_k T[l,j] + t_l E[j,k].
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import INTERCEPT, Array, Cells, Point, gather


def curvature(point: Point, gram_w: Array, uv_w: Array | None, cells: Cells) -> Array:
    """Return tr(W Sigma_ab) + w' mu_ab for all pairs of cells.

    Parameters
    ----------
    point : Point
        The model.
    gram_w : ndarray of shape (2 m, 2 m)
        [U V]' W [U V].
    uv_w : ndarray of shape (2 m,) or None
        [U V]' w; None without a mean structure.
    cells : Cells
        Any cells, free or not.
    """
    result = _of_covariances(point, gram_w, cells)
    if uv_w is not None:
        _add_means(result, point, uv_w, cells)
    return result


def _of_covariances(point: Point, gram_w: Array, cells: Cells) -> Array:
    """Return tr(W Sigma_ab): zero between two covariances."""
    e, t = point.e, point.covariance
    m = cells.n_variables
    result = np.zeros((len(cells), len(cells)))
    paths = cells.paths
    if not len(paths):
        return result
    i, j = cells.row[paths], cells.col[paths]
    # Rows are the path A[i, j], columns the path A[k, l] with (k, l) = (i, j) of the column.
    e_jk, q_i = gather(e, j, i), gram_w.take(i, axis=0)
    turned = e_jk * q_i.take(m + j, axis=1)
    between = gather(t, j, j)
    between *= q_i.take(i, axis=1)
    between += turned
    between += turned.T  # E[l, i] Q[k, t_j]
    result[paths[:, None], paths] = 2.0 * between
    covariances = cells.covariances
    k, other = cells.row[covariances], cells.col[covariances]
    mixed = gather(e, j, other) * q_i.take(k, axis=1)
    mixed += gather(e, j, k) * q_i.take(other, axis=1)
    mixed *= 2.0 * cells.c[covariances]
    result[paths[:, None], covariances] = mixed
    result[covariances[:, None], paths] = mixed.T
    return result


def _add_means(result: Array, point: Point, uv_w: Array, cells: Cells) -> None:
    """Add w' mu_ab: not zero between two paths, and between a path and an intercept."""
    e, nu = point.e, point.nu
    paths = cells.paths
    intercepts = np.flatnonzero(cells.kind == INTERCEPT)
    i, j = cells.row[paths], cells.col[paths]
    # mu_ab = u_k E[l, i] nu_j + u_i E[j, k] nu_l for paths (i, j) and (k, l).
    half = nu[j][:, None] * gather(e, j, i).T * uv_w[i]
    result[np.ix_(paths, paths)] += half + half.T
    mixed = uv_w[i][:, None] * gather(e, j, cells.row[intercepts])
    result[np.ix_(paths, intercepts)] += mixed
    result[np.ix_(intercepts, paths)] += mixed.T
