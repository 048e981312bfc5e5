"""The reticular action model with a leading batch axis: many theta, one set of array operations.

The mathematics is that of :mod:`clustersem.engine.ram`. A structure that never changes is laid out
once as places: every cell of A, S and a is an entry of theta, a moment of the sample (for fixed
covariates) or a constant, so that a batch of matrices is one gather from [theta, moments,
constants].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from array_api_compat import device as device_of_array

from clustersem.engine.arrays import Batch, Device, Namespace, gathered, solved, transposed
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Cells, Index, Ram


@dataclass(frozen=True, eq=False)
class BatchedRam:
    """A structure laid out for batches on one device; made by :func:`batched_ram`.

    Attributes
    ----------
    model : Ram
        The structure of one group; it has no ordinal items.
    device : Device
        Where batches live.
    n_causes : int
        Number c of variables that others depend on.
    constants : array of shape (1, k)
        The values that fixed cells have.
    moments : array of int
        Which of the sample's [covariances, means], flat, the structure takes over.
    a_columns, a_causes, s, m : array of int
        Where in [theta, moments, constants] the cells are: those of the columns of A that have
        effects (m x c), of their square (c x c), of S and of a.
    select : array of shape (c, m)
        Puts columns of causes among those of all variables.
    gradient : array of int
        Where in U' W [U V], flat, the derivative by each free cell is found.
    x, y : array of int
        Columns of [U V] that are the factors of each cell's derivative.
    two_c : array
        Twice the weight of each cell's derivative.
    cause : array of int
        Cause of each path; 0 for other cells.
    is_path, is_intercept : array
        1 or 0 for each cell.
    collapse : array of shape (cells, q) or None
        From cells to theta; None where each cell has a parameter of its own.
    """

    model: Ram
    device: Device
    n_causes: int
    constants: Batch
    moments: Batch
    a_columns: Batch
    a_causes: Batch
    s: Batch
    m: Batch
    select: Batch
    gradient: Batch
    x: Batch
    y: Batch
    two_c: Batch
    cause: Batch
    is_path: Batch
    is_intercept: Batch
    collapse: Batch | None


@dataclass(frozen=True, eq=False)
class BatchedPoint:
    """A structure at a batch of theta; see :class:`clustersem.engine.ram.Point`.

    Attributes
    ----------
    e, s : array of shape (B, m, m)
    m, nu : array of shape (B, m)
    uv : array of shape (B, p, 2 m)
    """

    e: Batch
    s: Batch
    m: Batch
    uv: Batch
    nu: Batch

    @property
    def sigma(self) -> Batch:
        """Implied covariance matrices (B x p x p) of the observed variables."""
        p, m = self.uv.shape[1], self.nu.shape[1]
        return self.uv[:, :, m : m + p]

    @property
    def mu(self) -> Batch:
        """Implied means (B x p) of the observed variables."""
        return self.nu[:, : self.uv.shape[1]]

    def some(self, xp: Namespace, which: Batch) -> BatchedPoint:
        """Return the points of some of the theta."""
        parts = (self.e, self.s, self.m, self.uv, self.nu)
        return BatchedPoint(*(xp.take(part, which, axis=0) for part in parts))


def batched_ram(model: Ram, sampled: Cells, device: Device) -> BatchedRam:
    """Lay a structure out for batches.

    Parameters
    ----------
    model : Ram
        The structure of one group, without ordinal items.
    sampled : Cells
        Fixed cells whose values are moments of the sample.
    device : Device
        Where batches live.
    """
    p, q, m = model.n_observed, model.n_free, model.n_variables
    fixed = np.concatenate([model.a0.ravel(), model.s0.ravel(), model.m0])
    constants, inverse = np.unique(fixed, return_inverse=True)
    places = inverse.ravel().astype(np.int64) + q + len(sampled)
    a = places[: m * m].reshape(m, m)
    s = places[m * m : 2 * m * m].reshape(m, m)
    means = places[2 * m * m :]
    cells = model.cells
    _put(a, s, means, cells, model.parameter)
    _put(a, s, means, sampled, q + np.arange(len(sampled)))
    c = model.causes
    select = np.zeros((len(c), m))
    select[np.arange(len(c)), c] = 1.0
    of_mean = sampled.kind == INTERCEPT
    on = device.asarray
    return BatchedRam(
        model=model,
        device=device,
        n_causes=len(c),
        constants=on(constants[None, :]),
        moments=on(np.where(of_mean, p * p + sampled.row, sampled.row * p + sampled.other)),
        a_columns=on(a[:, c].ravel()),
        a_causes=on(a[np.ix_(c, c)].ravel()),
        s=on(s.ravel()),
        m=on(means),
        select=on(select),
        gradient=on(cells.x * 2 * m + cells.y),
        x=on(cells.x),
        y=on(cells.y),
        two_c=on(2.0 * cells.c),
        cause=on(np.where(cells.kind == PATH, cells.col, 0)),
        is_path=on(np.where(cells.kind == PATH, 1.0, 0.0)),
        is_intercept=on(np.where(cells.kind == INTERCEPT, 1.0, 0.0)),
        collapse=None if model.collapse is None else on(model.collapse),
    )


def _put(a: Index, s: Index, means: Index, cells: Cells, places: Index) -> None:
    """Write the places of some cells into those of the matrices."""
    on = [np.flatnonzero(cells.kind == kind) for kind in (PATH, COVARIANCE, INTERCEPT)]
    paths, covariances, intercepts = on
    a[cells.row[paths], cells.col[paths]] = places[paths]
    s[cells.row[covariances], cells.col[covariances]] = places[covariances]
    s[cells.col[covariances], cells.row[covariances]] = places[covariances]
    means[cells.row[intercepts]] = places[intercepts]


def evaluate(batched: BatchedRam, theta: Batch, moments: Batch) -> BatchedPoint:
    """Return the structure at a batch of theta (B x q) and of samples' moments (B x (p p + p))."""
    xp, m, c = batched.device.xp, batched.model.n_variables, batched.n_causes
    size = theta.shape[0]
    parts = [theta, xp.take(moments, batched.moments, axis=1)]
    parts.append(xp.broadcast_to(batched.constants, (size, batched.constants.shape[1])))
    values = xp.concat(parts, axis=1)
    s = gathered(xp, values, batched.s, (m, m))
    eye = xp.eye(m, dtype=theta.dtype, device=device_of_array(theta))
    e = xp.broadcast_to(eye[None, :, :], (size, m, m))
    if c:
        # Only variables that have effects need inverting: v_c = (I - A_cc)^-1 u_c, v = A_c v_c + u.
        columns = gathered(xp, values, batched.a_columns, (m, c))
        causes = gathered(xp, values, batched.a_causes, (c, c))
        ones = xp.broadcast_to(eye[None, :c, :c], (size, c, c))
        e = e + (columns @ solved(xp, ones - causes, ones)) @ batched.select
    u = e[:, : batched.model.n_observed, :]
    means = xp.take(values, batched.m, axis=1)
    uv = xp.concat([u, u @ s @ transposed(e)], axis=2)
    return BatchedPoint(e, s, means, uv, (e @ means[:, :, None])[:, :, 0])
