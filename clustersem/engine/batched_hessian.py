"""Expected and exact Hessians of the normal-theory discrepancy, with a leading batch axis.

With P = Sigma^-1, K = P S* P and W = P - K, where S* = S + d d', the exact Hessian by cells is

    tr(K Sigma_a K Sigma_b) - tr(W Sigma_a W Sigma_b) + tr(W Sigma_ab) + what means add,

which is that of :meth:`clustersem.engine.likelihood.MaximumLikelihood.exact`, as K = P - W. The
curvature tr(W Sigma_ab) is explained in :mod:`clustersem.engine.curvature`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Batch, Pairs, pairs, transposed
from clustersem.engine.batched_likelihood import (
    BatchedEvaluation,
    BatchedSamples,
    mean_weights,
)
from clustersem.engine.batched_ram import BatchedPoint, BatchedRam
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH


@dataclass(frozen=True, eq=False)
class HessianPlaces:
    """Where the entries of a structure's Hessians are found; made by :func:`hessian_places`.

    Attributes
    ----------
    xx, xy, yy : Pairs
        Factors of the first derivatives, in Gram matrices of [U V].
    weight : array of shape (cells, cells)
        2 c_a c_b.
    e_ji, e_jk, e_jo, e_jt : Pairs
        In E: from causes of paths to effects of paths, to both variables of covariances, and to
        variables with intercepts.
    t_jj : Pairs
        In T, between causes of paths.
    q_ij, q_ii, q_ik, q_io : Pairs
        In [U V]' W [U V]: from effects of paths.
    cause, effect : array of int
        Of every path.
    two_c : array
        2 c of the covariances.
    back : Pairs or None
        From cells sorted by kind to the cells as they are; None where these are sorted.
    """

    xx: Pairs
    xy: Pairs
    yy: Pairs
    weight: Batch
    e_ji: Pairs
    e_jk: Pairs
    e_jo: Pairs
    e_jt: Pairs
    t_jj: Pairs
    q_ij: Pairs
    q_ii: Pairs
    q_ik: Pairs
    q_io: Pairs
    cause: Batch
    effect: Batch
    two_c: Batch
    back: Pairs | None


def hessian_places(batched: BatchedRam) -> HessianPlaces:
    """Lay the Hessians of a structure out."""
    device, cells = batched.device, batched.model.cells
    m, x, y = cells.n_variables, cells.x, cells.y
    kinds = [np.flatnonzero(cells.kind == kind) for kind in (PATH, COVARIANCE, INTERCEPT)]
    paths, covariances, intercepts = kinds
    i, j = cells.row[paths], cells.col[paths]
    k, other = cells.row[covariances], cells.col[covariances]
    order = np.concatenate(kinds)
    back = np.argsort(order)
    is_sorted = np.array_equal(order, np.arange(len(order)))
    return HessianPlaces(
        xx=pairs(device, x, x, 2 * m),
        xy=pairs(device, x, y, 2 * m),
        yy=pairs(device, y, y, 2 * m),
        weight=device.asarray(2.0 * cells.c[:, None] * cells.c),
        e_ji=pairs(device, j, i, m),
        e_jk=pairs(device, j, k, m),
        e_jo=pairs(device, j, other, m),
        e_jt=pairs(device, j, cells.row[intercepts], m),
        t_jj=pairs(device, j, j, m),
        q_ij=pairs(device, i, m + j, 2 * m),
        q_ii=pairs(device, i, i, 2 * m),
        q_ik=pairs(device, i, k, 2 * m),
        q_io=pairs(device, i, other, 2 * m),
        cause=device.asarray(j),
        effect=device.asarray(i),
        two_c=device.asarray(2.0 * cells.c[covariances]),
        back=None if is_sorted else pairs(device, back, back, len(order)),
    )


def expected(batched: BatchedRam, places: HessianPlaces, at: BatchedEvaluation) -> Batch:
    """Return the expected Hessian of F (B x q x q): tr(P dSigma P dSigma) + 2 dmu' P dmu."""
    xp, uv = batched.device.xp, at.point.uv
    g = transposed(uv) @ at.precision @ uv
    xx, xy = places.xx.of(xp, g), places.xy.of(xp, g)
    h = (xx * places.yy.of(xp, g) + xy * transposed(xy)) * places.weight
    if batched.model.has_means:
        slope = mean_weights(batched, at.point)
        h = h + 2.0 * slope[:, :, None] * slope[:, None, :] * xx
    return _by_theta(batched, h)


def exact(
    batched: BatchedRam, places: HessianPlaces, samples: BatchedSamples, at: BatchedEvaluation
) -> Batch:
    """Return the exact Hessian of F (B x q x q)."""
    xp, p, uv = batched.device.xp, at.precision, at.point.uv
    k = p @ samples.cov @ p
    has_means = batched.model.has_means
    if has_means:
        r = xp.sum(p * at.deviation[:, None, :], axis=-1)
        k = k + r[:, :, None] * r[:, None, :]
    left = transposed(uv)
    gram_k, gram_w = left @ k @ uv, left @ (p - k) @ uv
    kxx, kxy = places.xx.of(xp, gram_k), places.xy.of(xp, gram_k)
    wxx, wxy = places.xx.of(xp, gram_w), places.xy.of(xp, gram_w)
    h = kxx * places.yy.of(xp, gram_k) + kxy * transposed(kxy)
    h = (h - wxx * places.yy.of(xp, gram_w) - wxy * transposed(wxy)) * places.weight
    uv_r = None
    if has_means:
        uv_r = xp.sum(uv * r[:, :, None], axis=1)
        h = h + _of_means(batched, at.point, kxx + wxx, kxy + wxy, uv_r)
        uv_r = -2.0 * uv_r
    return _by_theta(batched, h + _curvature(batched, places, at.point, gram_w, uv_r))


def _by_theta(batched: BatchedRam, by_cell: Batch) -> Batch:
    """Return Hessians by theta from those by cell: K' H K."""
    k = batched.collapse
    return by_cell if k is None else k.T @ by_cell @ k


def _of_means(
    batched: BatchedRam, point: BatchedPoint, pxx: Batch, pxy: Batch, uv_r: Batch
) -> Batch:
    """Return 2 mu_a' P mu_b + 2 mu_a' P Sigma_b r + 2 mu_b' P Sigma_a r."""
    xp, h = batched.device.xp, mean_weights(batched, point)
    x_r, y_r = xp.take(uv_r, batched.x, axis=1), xp.take(uv_r, batched.y, axis=1)
    slope = pxx * y_r[:, None, :] + pxy * x_r[:, None, :]
    slope = h[:, :, None] * batched.two_c * slope
    return 2.0 * h[:, :, None] * h[:, None, :] * pxx + slope + transposed(slope)


def _curvature(
    batched: BatchedRam,
    places: HessianPlaces,
    point: BatchedPoint,
    gram_w: Batch,
    uv_w: Batch | None,
) -> Batch:
    """Return tr(W Sigma_ab) + w' mu_ab for all pairs of free cells (B x cells x cells).

    `gram_w` is [U V]' W [U V], `uv_w` [U V]' w, or None without a mean structure.
    """
    xp, n = batched.device.xp, len(batched.model.cells)
    e = point.e
    e_ji = places.e_ji.of(xp, e)
    once = e_ji * places.q_ij.of(xp, gram_w)
    t_jj = places.t_jj.of(xp, e @ point.s @ transposed(e))
    among = 2.0 * (once + transposed(once) + t_jj * places.q_ii.of(xp, gram_w))
    mixed = places.e_jo.of(xp, e) * places.q_ik.of(xp, gram_w)
    mixed = mixed + places.e_jk.of(xp, e) * places.q_io.of(xp, gram_w)
    row = [among, mixed * places.two_c]
    if uv_w is not None:
        w_i = xp.take(uv_w, places.effect, axis=1)
        nu_j = xp.take(point.nu, places.cause, axis=1)
        half = nu_j[:, :, None] * transposed(e_ji) * w_i[:, None, :]
        row = [among + half + transposed(half), row[1], w_i[:, :, None] * places.e_jt.of(xp, e)]
    top = xp.concat(row, axis=2)
    others = n - top.shape[1]
    nothing = xp.zeros((top.shape[0], others, others), dtype=top.dtype, device=top.device)
    below = xp.concat([transposed(top[:, :, n - others :]), nothing], axis=2)
    by_kind = xp.concat([top, below], axis=1)
    return by_kind if places.back is None else places.back.of(xp, by_kind)
