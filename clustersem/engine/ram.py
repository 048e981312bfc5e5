"""The reticular action model: implied moments and their derivatives.

With all m variables, observed first and latent last, v = A v + u and cov(u) = S. Then
E = (I - A)^-1, T = E S E', Sigma = T[observed, observed] and mu = (E a)[observed].

Every derivative of Sigma is a symmetric matrix of rank two at most, c (x y' + y x'), whose x and y
are columns of [U V], U = E[observed, :] and V = T[observed, :]:

* ``A[i, j]``: x = u_i, y = t_j, c = 1;
* ``S[i, j]``: x = u_i, y = u_j, c = 1, or 1/2 on the diagonal;
* ``a[i]``:    c = 0.

The derivative of mu is h u_i, with h = nu_j for ``A[i, j]``, 1 for ``a[i]`` and 0 for ``S[i, j]``,
where nu = E a. So a cell of the model is four numbers (x, y, c, h), and no Jacobian is ever formed.

An ordinal item is the response v_i cut at thresholds tau, after a scale delta_i. Either delta is a
parameter and the residual variance S_ii follows from it, so that the scaled response has variance
one (the delta parameterisation), or S_ii is a parameter and delta_i follows (theta).

Where moments are those given covariates x, their rows of S and entries of a are left out of Sigma
and mu, which are then those of the residuals and at x = 0; E[i, x] is the slope of variable i. The
scaled response has variance one given x.

References
----------
McArdle, J. J., & McDonald, R. P. (1984). Some algebraic properties of the reticular action model
for moment structures. British Journal of Mathematical and Statistical Psychology, 37, 234-251.
doi:10.1111/j.2044-8317.1984.tb00802.x
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Array = NDArray[np.float64]
Index = NDArray[np.intp]

PATH, COVARIANCE, INTERCEPT, THRESHOLD, SCALE = range(5)

Parameterization = Literal["delta", "theta"]


def gather(matrix: Array, rows: Index, cols: Index) -> Array:
    """Return matrix[rows][:, cols]; two takes are three times faster than np.ix_."""
    return matrix.take(rows, axis=0).take(cols, axis=1)


@dataclass(frozen=True)
class Cells:
    """Cells of A (`kind` 0), S (1), a (2), tau (3) and delta (4) of a model with m variables.

    For a covariance `row` and `col` stand for both symmetric cells; for an intercept and a scale
    `col` is ignored; for a threshold `row` is the item and `col` the place in tau.
    """

    kind: Index
    row: Index
    col: Index
    n_variables: int

    @cached_property
    def x(self) -> Index:
        """Column of [U V] of the first factor."""
        return self.row

    @cached_property
    def y(self) -> Index:
        """Column of [U V] of the second factor."""
        other = np.where(self.kind == COVARIANCE, self.col, self.row)
        return np.where(self.kind == PATH, self.n_variables + self.col, other)

    @cached_property
    def other(self) -> Index:
        """The second variable of a path or covariance; the one there is of other cells."""
        return np.where(self.kind <= COVARIANCE, self.col, self.row)

    @cached_property
    def c(self) -> Array:
        """Weight of the rank-two matrix in the derivative of Sigma."""
        diagonal = (self.kind == COVARIANCE) & (self.row == self.col)
        return np.where(self.kind >= INTERCEPT, 0.0, np.where(diagonal, 0.5, 1.0))

    @cached_property
    def paths(self) -> Index:
        """Which cells are of A."""
        return np.flatnonzero(self._is_path)

    @cached_property
    def covariances(self) -> Index:
        """Which cells are of S."""
        return np.flatnonzero(self.kind == COVARIANCE)

    def h(self, nu: Array) -> Array:
        """Weight of u_row in the derivative of mu."""
        return np.where(self._is_path, nu[self._cause], self._is_intercept)

    @cached_property
    def of_kind(self) -> tuple[Index, ...]:
        """For every kind its cells, by their numbers."""
        return tuple(np.flatnonzero(self.kind == kind) for kind in range(5))

    def put(self, values: Array, a: Array, s: Array, m: Array) -> None:
        """Write the values (... x cells) of paths, covariances and intercepts into A, S and a."""
        in_a, in_s, in_m, _, _ = self.of_kind
        row, col = self.row, self.col
        a[..., row[in_a], col[in_a]] = values[..., in_a]
        s[..., row[in_s], col[in_s]] = values[..., in_s]
        s[..., col[in_s], row[in_s]] = values[..., in_s]
        m[..., row[in_m]] = values[..., in_m]

    @cached_property
    def _is_path(self) -> NDArray[np.bool_]:
        return np.equal(self.kind, PATH)

    @cached_property
    def _is_intercept(self) -> Array:
        return np.where(self.kind == INTERCEPT, 1.0, 0.0)

    @cached_property
    def _cause(self) -> Index:
        # The place in tau of a threshold may be no variable's place.
        return np.where(self._is_path, self.col, 0)

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.row)

    def take(self, which: slice | Index) -> Cells:
        """Return some of the cells."""
        return Cells(self.kind[which], self.row[which], self.col[which], self.n_variables)


@dataclass(frozen=True)
class Ram:
    """One group's structure: which cells are free, and the values of those that are not.

    Attributes
    ----------
    n_observed : int
        Number p of observed variables; they come first.
    n_free : int
        Length q of the parameter vector theta.
    cells : Cells
        The free cells.
    parameter : ndarray of int
        For every free cell its place in theta. Cells that share a place are equal.
    a0, s0, m0 : ndarray
        A (m x m), S (m x m) and a (m) with the fixed values in place and zero elsewhere.
    has_means : bool
        Whether the mean vector is part of the model.
    tau0, delta0 : ndarray
        Thresholds, item by item, and scales (p) with the fixed values in place.
    ordinal : ndarray of int
        Places of the ordinal items.
    parameterization : str
        ``"delta"`` or ``"theta"``; of no account without ordinal items.
    given : ndarray of int
        Places of the covariates given which the moments are.
    """

    n_observed: int
    n_free: int
    cells: Cells
    parameter: Index
    a0: Array
    s0: Array
    m0: Array
    has_means: bool
    tau0: Array = field(default_factory=lambda: np.empty(0))
    delta0: Array = field(default_factory=lambda: np.empty(0))
    ordinal: Index = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    parameterization: Parameterization = "delta"
    given: Index = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    @property
    def n_variables(self) -> int:
        """Number m of variables, observed and latent."""
        return len(self.m0)

    @cached_property
    def collapse(self) -> Array | None:
        """The 0/1 matrix (cells x q) from theta to cells; None where it is the identity."""
        if len(self.parameter) == self.n_free and np.array_equal(
            self.parameter, np.arange(self.n_free)
        ):
            return None
        k = np.zeros((len(self.parameter), self.n_free))
        k[np.arange(len(self.parameter)), self.parameter] = 1.0
        return k

    def by_theta(self, by_cell: Array) -> Array:
        """Return derivatives by theta (... x q) of what has derivatives by cell (... x cells)."""
        k = self.collapse
        return by_cell if k is None else np.asarray(by_cell @ k)

    def hessian_by_theta(self, by_cell: Array) -> Array:
        """Return a Hessian by theta (q x q) from that by cell: K' H K, reading H once."""
        if self.collapse is None:
            return by_cell
        q, parameter = self.n_free, self.parameter
        places = parameter[:, None] * q + parameter
        total = np.bincount(places.ravel(), weights=by_cell.ravel(), minlength=q * q)
        return total.astype(np.float64, copy=False).reshape(q, q)

    @cached_property
    def causes(self) -> Index:
        """Variables that others depend on: the columns of A that are not empty."""
        used = (self.a0 != 0).any(axis=0)
        used[self.cells.col[self.cells.kind == PATH]] = True
        return np.flatnonzero(used)

    def matrices(self, theta: Array) -> tuple[Array, Array, Array]:
        """Return A, S and a at theta."""
        a, s, m = self.a0.copy(), self.s0.copy(), self.m0.copy()
        for target, (places, sources) in zip((a, s, m), self._filled, strict=True):
            target.put(places, theta.take(sources))
        return a, s, m

    @cached_property
    def _filled(self) -> tuple[tuple[Index, Index], ...]:
        """Where in A, S and a, read row by row, which parameters stand."""
        in_a, in_s, in_m, _, _ = self.cells.of_kind
        row, col, size = self.cells.row, self.cells.col, self.n_variables
        both_row = np.concatenate([row[in_s], col[in_s]])
        both_col = np.concatenate([col[in_s], row[in_s]])
        return (
            (row[in_a] * size + col[in_a], self.parameter[in_a]),
            (both_row * size + both_col, np.tile(self.parameter[in_s], 2)),
            (row[in_m], self.parameter[in_m]),
        )

    @cached_property
    def identity(self) -> Array:
        """The identity matrix (m x m), not to be written to."""
        return np.eye(self.n_variables)

    def cuts(self, theta: Array) -> tuple[Array, Array]:
        """Return the thresholds and the scales at theta (... x q)."""
        values = theta[..., self.parameter]
        _, _, _, in_tau, in_delta = self.cells.of_kind
        tau, delta = (_repeated(part, theta.shape[:-1]) for part in (self.tau0, self.delta0))
        tau[..., self.cells.col[in_tau]] = values[..., in_tau]
        delta[..., self.cells.row[in_delta]] = values[..., in_delta]
        return tau, delta


@dataclass(frozen=True)
class Point:
    """A model evaluated at one theta, or at many: then all arrays have a leading axis.

    Attributes
    ----------
    a, s : ndarray of shape (m, m)
        The matrices of the model; `s` holds covariates given which the moments are, too.
    m : ndarray of shape (m,)
        The vector of the model, means of covariates in place.
    e : ndarray of shape (m, m)
        (I - A)^-1: the total effects, plus the identity.
    uv : ndarray of shape (p, 2 m)
        [U V].
    nu : ndarray of shape (m,)
        Implied means of all variables; at covariates of zero, if the moments are given these.
    tau : ndarray
        Thresholds, item by item; empty without ordinal items.
    delta : ndarray of shape (p,)
        Scales, one for a continuous variable; empty without ordinal items.
    """

    a: Array
    s: Array
    m: Array
    e: Array
    uv: Array
    nu: Array
    tau: Array
    delta: Array

    @property
    def sigma(self) -> Array:
        """Implied covariance matrix (p x p) of the observed variables, or of their residuals."""
        p, m = self.uv.shape[-2], self.nu.shape[-1]
        return self.uv[..., m : m + p]

    @property
    def scaled_sigma(self) -> Array:
        """The same in the units of the sample's moments: ordinal variables times their scales."""
        if not len(self.delta):
            return self.sigma
        scaled: Array = self.delta[:, None] * self.sigma * self.delta
        return scaled

    @property
    def scaled_cov(self) -> Array:
        """The same with what covariates explain, if the moments are given these."""
        p = len(self.uv)
        cov = self.covariance[:p, :p]
        if not len(self.delta):
            return cov
        scaled: Array = self.delta[:, None] * cov * self.delta
        return scaled

    @property
    def mu(self) -> Array:
        """Implied means of the observed variables."""
        return self.nu[: len(self.uv)]

    def one(self, number: int) -> Point:
        """Return the model at one theta of many."""
        parts = (self.a, self.s, self.m, self.e, self.uv, self.nu, self.tau, self.delta)
        return Point(*(part[number] for part in parts))

    @cached_property
    def covariance(self) -> Array:
        """Implied covariance matrix T (m x m) of all variables."""
        t: Array = self.e @ self.s @ self.e.swapaxes(-1, -2)
        t.setflags(write=False)
        return t

    @cached_property
    def mean(self) -> Array:
        """Implied means (m) of all variables, at the means of covariates."""
        mean: Array = self.e @ self.m
        mean.setflags(write=False)
        return mean


def evaluate(model: Ram, theta: Array) -> Point | None:
    """Return the model at theta, or None where I - A is singular."""
    a, s, m = model.matrices(theta)
    # Only variables that have effects need inverting: v_c = (I - A_cc)^-1 u_c, v = A_c v_c + u.
    c = model.causes
    e = model.identity.copy()
    if len(c):
        factor, pivots, singular = lapack.dgetrf(
            model.identity[: len(c), : len(c)] - gather(a, c, c)
        )
        if singular:
            return None
        e[:, c] += a.take(c, axis=1) @ lapack.dgetri(factor, pivots)[0]
    if len(model.ordinal):
        return _with_ordinal(model, theta, a, s, m, e)
    p = model.n_observed
    u = e[:p]
    uv = np.empty((p, 2 * len(m)))
    uv[:, : len(m)] = u
    np.matmul(u @ s, e.T, out=uv[:, len(m) :])
    return Point(a, s, m, e, uv, e @ m, model.tau0, model.delta0)


def evaluate_many(model: Ram, theta: Array, given: Cells, values: Array) -> Point | None:
    """Return the model at many theta, or None where I - A is singular at one of them.

    Parameters
    ----------
    model : Ram
        The structure.
    theta : ndarray of shape (B, q)
        Where it is evaluated.
    given : Cells
        Fixed cells that differ: moments of covariates, which come from every sample.
    values : ndarray of shape (B, cells)
        Their values.
    """
    size = theta.shape[:-1]
    a, s, m = (_repeated(part, size) for part in (model.a0, model.s0, model.m0))
    given.put(values, a, s, m)
    model.cells.put(theta[..., model.parameter], a, s, m)
    c = model.causes
    e = _repeated(np.eye(len(model.m0)), size)
    try:
        inverse = np.linalg.inv(np.eye(len(c)) - a[..., c[:, None], c])
    except np.linalg.LinAlgError:
        return None
    e[..., c] += a[..., c] @ inverse
    if len(model.ordinal):
        return _with_ordinal(model, theta, a, s, m, e)
    u = e[..., : model.n_observed, :]
    uv = np.concatenate([u, u @ s @ e.swapaxes(-1, -2)], axis=-1)
    return Point(a, s, m, e, uv, (e @ m[..., None])[..., 0], *model.cuts(theta))


def _repeated(part: Array, size: tuple[int, ...]) -> Array:
    """Return a copy for every theta."""
    if not size:
        return part.copy()
    return np.broadcast_to(part, size + part.shape).copy()


def _with_ordinal(model: Ram, theta: Array, a: Array, s: Array, m: Array, e: Array) -> Point | None:
    """Return a model with ordinal items at one theta or many, given A, S, a and (I - A)^-1."""
    tau, delta = model.cuts(theta)
    o, x, p = model.ordinal, model.given, model.n_observed
    residual, at_zero = s, m
    if len(x):
        residual, at_zero = s.copy(), m.copy()
        residual[..., x, :] = residual[..., x] = at_zero[..., x] = 0.0
    if model.parameterization == "delta":
        own = residual[..., o, o] + _residual_variances(e, residual, o, delta)
        s[..., o, o] = residual[..., o, o] = own
    u = e[..., :p, :]
    v = u @ residual @ e.swapaxes(-1, -2)
    if model.parameterization == "theta":
        variance = v[..., o, o]
        if not (variance > 0).all():
            return None
        delta[..., o] = 1.0 / np.sqrt(variance)
    nu = (e @ at_zero[..., None])[..., 0]
    return Point(a, s, m, e, np.concatenate([u, v], axis=-1), nu, tau, delta)


def _residual_variances(e: Array, s: Array, o: Index, delta: Array) -> Array:
    """Return what to add to S_oo so that the ordinal items' variances are 1 / delta^2."""
    rows = e[..., o, :]
    partial = np.einsum("...ij,...ij->...i", rows @ s, rows)
    effects = rows[..., o] ** 2
    lacking = 1.0 / delta[..., o] ** 2 - partial
    if np.count_nonzero(effects) == lacking.size:
        return np.asarray(lacking)  # no ordinal item has an effect on another
    return np.asarray(np.linalg.solve(effects, lacking[..., None])[..., 0])
