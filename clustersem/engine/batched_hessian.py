"""Expected and exact Hessians of the normal-theory discrepancy, with a leading batch axis.

With P = Sigma^-1, K = P S* P and W = P - K, where S* = S + d d', the exact Hessian by cells is

    tr(K Sigma_a K Sigma_b) - tr(W Sigma_a W Sigma_b) + tr(W Sigma_ab) + what means add,

which is that of :meth:`clustersem.engine.likelihood.MaximumLikelihood.exact`, as K = P - W. The
curvature tr(W Sigma_ab) is explained in :mod:`clustersem.engine.curvature`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Batch, Namespace, Pairs, gathered, pairs, transposed
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

    Hessians are symmetric, so only pairs of cells (a, b) with a >= b are computed.

    Attributes
    ----------
    xx, xy, yx, yy : array of int
        For every pair the product of factors of the first derivatives, in flat Gram matrices of
        [U V].
    a, b : array of int
        The cells of every pair.
    weight : array
        2 c_a c_b of every pair.
    full : array of int
        For every entry of the flat Hessian its pair.
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
    curved : array of int
        For every pair where its curvature stands among 0 and that between paths, and of paths with
        covariances and with intercepts.
    """

    xx: Batch
    xy: Batch
    yx: Batch
    yy: Batch
    a: Batch
    b: Batch
    weight: Batch
    full: Batch
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
    curved: Batch


def hessian_places(batched: BatchedRam) -> HessianPlaces:
    """Lay the Hessians of a structure out."""
    device, cells = batched.device, batched.model.cells
    on, m, x, y = device.asarray, cells.n_variables, cells.x, cells.y
    kinds = [np.flatnonzero(cells.kind == kind) for kind in (PATH, COVARIANCE, INTERCEPT)]
    paths, covariances, intercepts = kinds
    i, j = cells.row[paths], cells.col[paths]
    k, other = cells.row[covariances], cells.col[covariances]
    a, b = np.tril_indices(len(cells))
    pair = np.zeros((len(cells), len(cells)), dtype=np.int64)
    pair[a, b] = pair[b, a] = np.arange(len(a))
    curved = np.zeros_like(pair)
    first = 1
    for others in kinds:
        block = first + np.arange(len(paths) * len(others)).reshape(len(paths), len(others))
        curved[paths[:, None], others] = block
        curved[others[:, None], paths] = block.T
        first += block.size
    return HessianPlaces(
        xx=on(x[a] * 2 * m + x[b]),
        xy=on(x[a] * 2 * m + y[b]),
        yx=on(y[a] * 2 * m + x[b]),
        yy=on(y[a] * 2 * m + y[b]),
        a=on(a),
        b=on(b),
        weight=on(2.0 * cells.c[a] * cells.c[b]),
        full=on(pair.ravel()),
        e_ji=pairs(device, j, i, m),
        e_jk=pairs(device, j, k, m),
        e_jo=pairs(device, j, other, m),
        e_jt=pairs(device, j, cells.row[intercepts], m),
        t_jj=pairs(device, j, j, m),
        q_ij=pairs(device, i, m + j, 2 * m),
        q_ii=pairs(device, i, i, 2 * m),
        q_ik=pairs(device, i, k, 2 * m),
        q_io=pairs(device, i, other, 2 * m),
        cause=on(j),
        effect=on(i),
        two_c=on(2.0 * cells.c[covariances]),
        curved=on(curved[a, b]),
    )


class _Gram:
    """[U V]' X [U V] of a batch, flat."""

    def __init__(self, xp: Namespace, uv: Batch, middle: Batch) -> None:
        self._xp = xp
        self.whole = transposed(uv) @ middle @ uv
        self._flat = xp.reshape(self.whole, (self.whole.shape[0], -1))

    def at(self, places: Batch) -> Batch:
        """Return its entries at some places (B x places)."""
        return self._xp.take(self._flat, places, axis=1)

    def products(self, places: HessianPlaces) -> Batch:
        """Return tr(X Sigma_a X Sigma_b) of every pair, but for the weight."""
        crossed = self.at(places.xy) * self.at(places.yx)
        return self.at(places.xx) * self.at(places.yy) + crossed


def expected(batched: BatchedRam, places: HessianPlaces, at: BatchedEvaluation) -> Batch:
    """Return the expected Hessian of F (B x q x q): tr(P dSigma P dSigma) + 2 dmu' P dmu."""
    xp = batched.device.xp
    gram = _Gram(xp, at.point.uv, at.precision)
    h = gram.products(places) * places.weight
    if batched.model.has_means:
        slope = mean_weights(batched, at.point)
        both = xp.take(slope, places.a, axis=1) * xp.take(slope, places.b, axis=1)
        h = h + 2.0 * both * gram.at(places.xx)
    return _whole(batched, places, h)


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
    of_k, of_w = _Gram(xp, uv, k), _Gram(xp, uv, p - k)
    h = (of_k.products(places) - of_w.products(places)) * places.weight
    uv_r = None
    if has_means:
        uv_r = xp.sum(uv * r[:, :, None], axis=1)
        h = h + _of_means(batched, places, at.point, of_k, of_w, uv_r)
        uv_r = -2.0 * uv_r
    h = h + _curvature(batched, places, at.point, of_w.whole, uv_r)
    return _whole(batched, places, h)


def _whole(batched: BatchedRam, places: HessianPlaces, of_pairs: Batch) -> Batch:
    """Return Hessians by theta from those of pairs of cells: K' H K."""
    n, k = len(batched.model.cells), batched.collapse
    by_cell = gathered(batched.device.xp, of_pairs, places.full, (n, n))
    return by_cell if k is None else transposed(k[None, :, :]) @ by_cell @ k


def _of_means(
    batched: BatchedRam,
    places: HessianPlaces,
    point: BatchedPoint,
    of_k: _Gram,
    of_w: _Gram,
    uv_r: Batch,
) -> Batch:
    """Return 2 mu_a' P mu_b + 2 mu_a' P Sigma_b r + 2 mu_b' P Sigma_a r of every pair."""
    xp, h = batched.device.xp, mean_weights(batched, point)
    x_r, y_r = xp.take(uv_r, batched.x, axis=1), xp.take(uv_r, batched.y, axis=1)
    pxx, pxy, pyx = (of_k.at(part) + of_w.at(part) for part in (places.xx, places.xy, places.yx))

    def of(values: Batch, cells: Batch) -> Batch:
        return xp.take(values, cells, axis=1)

    a, b = places.a, places.b
    scaled_x, scaled_y = batched.two_c * x_r, batched.two_c * y_r
    slope = of(h, a) * (pxx * of(scaled_y, b) + pxy * of(scaled_x, b))
    slope = slope + of(h, b) * (pxx * of(scaled_y, a) + pyx * of(scaled_x, a))
    return 2.0 * of(h, a) * of(h, b) * pxx + slope


def _curvature(
    batched: BatchedRam,
    places: HessianPlaces,
    point: BatchedPoint,
    gram_w: Batch,
    uv_w: Batch | None,
) -> Batch:
    """Return tr(W Sigma_ab) + w' mu_ab of every pair of free cells.

    `gram_w` is [U V]' W [U V], `uv_w` [U V]' w, or None without a mean structure.
    """
    xp, e = batched.device.xp, point.e
    e_ji = places.e_ji.of(xp, e)
    once = e_ji * places.q_ij.of(xp, gram_w)
    t_jj = places.t_jj.of(xp, e @ point.s @ transposed(e))
    among = 2.0 * (once + transposed(once) + t_jj * places.q_ii.of(xp, gram_w))
    mixed = places.e_jo.of(xp, e) * places.q_ik.of(xp, gram_w)
    mixed = (mixed + places.e_jk.of(xp, e) * places.q_io.of(xp, gram_w)) * places.two_c
    parts = [xp.zeros_like(e[:, :1, :1]), among, mixed]
    if uv_w is not None:
        w_i = xp.take(uv_w, places.effect, axis=1)
        nu_j = xp.take(point.nu, places.cause, axis=1)
        half = nu_j[:, :, None] * transposed(e_ji) * w_i[:, None, :]
        parts[1] = among + half + transposed(half)
        parts.append(w_i[:, :, None] * places.e_jt.of(xp, e))
    size = e.shape[0]
    flat = [xp.reshape(part, (size, -1)) for part in parts]
    return xp.take(xp.concat(flat, axis=1), places.curved, axis=1)
