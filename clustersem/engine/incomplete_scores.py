"""What every incomplete case adds to the gradient of the log-likelihood.

With z = P_i x (see :mod:`clustersem.moments.incomplete`) and r = [U V]' z, the derivative of a
case's log-likelihood by a cell with factors (x, y, c, h) is c (r_x r_y - x' P_i y) + h r_x. The
part without r depends on the pattern only: x' P y less the products of x' W and y' W over its gaps
(see :mod:`clustersem.engine.fiml`).

References
----------
Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
structure analysis with nonnormal missing data. Sociological Methodology, 30, 165-200.
doi:10.1111/0081-1750.00078
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.fiml import FullInformation, IncompleteEvaluation
from clustersem.engine.ram import Array, Cells
from clustersem.engine.unrestricted import unrestricted_model, unrestricted_theta
from clustersem.moments.incomplete import Incomplete


def incomplete_scores(rows: Incomplete, at: IncompleteEvaluation, cells: Cells) -> Array:
    """Return the derivatives of every case's log-likelihood by cells.

    Parameters
    ----------
    rows : Incomplete
        The data, every case for itself (:func:`clustersem.moments.incomplete.arrange_rows`).
    at : IncompleteEvaluation
        The model at one theta.
    cells : Cells
        Any cells, free or not.

    Returns
    -------
    ndarray of shape (n, len(cells))
        In the order of the data, without weights. Their mean is minus half the gradient of F.
    """
    point = at.point
    done = rows.complete(point.mu, point.sigma)
    assert done is not None, "the covariance matrix was positive definite a moment ago"
    here = IncompleteEvaluation(at.f, point, done)
    uv = point.uv
    r = done.scores @ uv
    by_p = done.precision @ uv
    whole = np.einsum("ij,ij->j", uv.take(cells.x, axis=1), by_p.take(cells.y, axis=1))
    expected = np.repeat(whole[None], len(rows.patterns.observed), axis=0)
    for block, table in zip(rows.blocks, here.gaps, strict=True):
        for gap in range(table.shape[1]):
            turned = table[:, gap]
            expected[block.patterns] -= (
                turned.take(cells.x, axis=0) * turned.take(cells.y, axis=0)
            ).T
    first = r.take(cells.x, axis=1)
    scores = r.take(cells.y, axis=1)
    scores *= cells.c
    h = cells.h(point.nu)
    if h.any():
        scores += h
    scores *= first
    expected *= cells.c
    scores -= expected[rows.pattern]
    return scores


def unrestricted_scores(rows: Incomplete, mean: Array, cov: Array) -> Array:
    """Return the casewise scores of the unrestricted model, by moment.

    Parameters
    ----------
    rows : Incomplete
        The data, every case for itself.
    mean, cov : ndarray
        Where to evaluate: the saturated estimates, or what a model implies.

    Returns
    -------
    ndarray of shape (n, k)
        Derivatives of each case's log-likelihood by means, variances and covariances in the order
        of :class:`clustersem.moments.MomentOrder`.
    """
    model = unrestricted_model(len(mean))
    at = _evaluated(rows, mean, cov)
    return incomplete_scores(rows, at, model.cells)


def observed_information(data: Incomplete, mean: Array, cov: Array) -> Array:
    """Return the observed information of one case on the moments, averaged over cases (k x k)."""
    cells = unrestricted_model(len(mean)).cells
    return 0.5 * FullInformation(data, 0.0).exact(_evaluated(data, mean, cov), cells)


def _evaluated(data: Incomplete, mean: Array, cov: Array) -> IncompleteEvaluation:
    model = unrestricted_model(len(mean))
    at = FullInformation(data, 0.0).at(model, unrestricted_theta(mean, cov))
    if at is None:
        raise np.linalg.LinAlgError("the covariance matrix is not positive definite")
    return at
