"""Is there a correlation matrix with these cells? An answer with its proof, either way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

Array = npt.NDArray[np.float64]

# A certificate must miss zero by more than this share of its trace, far above what the
# arithmetic of a 40 x 40 matrix loses.
_MARGIN = 1e-9
_NEWTON_STEPS = 60
_BARRIER_STEPS = 24
_BARRIER_FACTOR = 8.0


@dataclass(frozen=True, eq=False)
class Inequality:
    """``constant + sum of the cells of weights * R >= 0`` for a correlation matrix R.

    Attributes
    ----------
    constant : float
        What is added.
    weights : ndarray, shape (p, p)
        Symmetric; both triangles and the diagonal count, so that ``b' R b`` has ``outer(b, b)``.
    """

    constant: float
    weights: Array


@dataclass(frozen=True, eq=False)
class Certificate:
    """Why no matrix of the box is positive semidefinite.

    For a positive semidefinite `dual` W, tr(W R) is not negative of any positive semidefinite R;
    here it is negative of every R in the box.

    Attributes
    ----------
    dual : ndarray, shape (p, p)
        W, positive semidefinite.
    multipliers : ndarray, shape (q,)
        Of the inequalities, not negative; traces and multipliers sum to one.
    largest : float
        The largest tr(W R) plus multipliers times inequalities over the box: below zero.
    shift : float
        Every cell whose ends are closer than two would have to lie at least so far outside.
    """

    dual: Array
    multipliers: Array
    largest: float
    shift: float


@dataclass(frozen=True, eq=False)
class Search:
    """What was found in a box of correlation matrices.

    Attributes
    ----------
    matrix : ndarray, shape (p, p)
        The best matrix found; positive semidefinite where `certificate` is None and
        `smallest` is not negative.
    smallest : float
        Its smallest eigenvalue, or the smallest value of an inequality if that is less.
    certificate : Certificate or None
        The proof that there is none. Neither this nor a positive semidefinite matrix may have been
        found where the two are closer than the arithmetic can tell.
    """

    matrix: Array
    smallest: float
    certificate: Certificate | None


def find_correlation_matrix(
    lower: Array, upper: Array, *, inequalities: Sequence[Inequality] = ()
) -> Search:
    """Look for a positive semidefinite correlation matrix within cell-wise bounds.

    The smallest eigenvalue (or inequality) t is maximised over the box by following the central
    path of the logarithmic barriers; the inverse on that path is a dual matrix, which proves that
    there is no such matrix as soon as its bound falls below zero.

    Parameters
    ----------
    lower, upper : ndarray, shape (p, p)
        Symmetric; ends of the cells off the diagonal. A cell about which nothing is known lies
        between -1 and 1.
    inequalities : sequence of Inequality
        Further conditions, linear in the cells.

    References
    ----------
    Vandenberghe, L., & Boyd, S. (1996). Semidefinite programming. *SIAM Review*, 38(1), 49-95.
    https://doi.org/10.1137/1038003

    Examples
    --------
    >>> ends = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, -0.5], [0.9, -0.5, 1.0]])
    >>> find_correlation_matrix(ends - 0.005, ends + 0.005).certificate is None
    False
    >>> ends[1, 2] = ends[2, 1] = 0.7
    >>> find_correlation_matrix(ends - 0.005, ends + 0.005).certificate is None
    True
    """
    problem = _Problem(lower, upper, tuple(inequalities))
    z = np.zeros(problem.n_free)
    t = problem.smallest(z) - 1.0
    best = Search(problem.matrix(z), problem.smallest(z), None)
    if best.smallest >= 0.0:
        return best
    weight = 1.0
    for _ in range(_BARRIER_STEPS):
        for _ in range(_NEWTON_STEPS):
            moved = problem.newton(z, t, weight)
            if moved is None:
                break
            z, t, decrement = moved
            smallest = problem.smallest(z)
            if smallest > best.smallest:
                best = Search(problem.matrix(z), smallest, None)
            if smallest >= 0.0:
                return best
            if decrement < 1e-3:
                break
        certificate = problem.certificate(z, t)
        if certificate is not None:
            return Search(best.matrix, best.smallest, certificate)
        weight *= _BARRIER_FACTOR
    return best


class _Problem:
    """The box in coordinates z of [-1, 1], its barriers and their derivatives."""

    def __init__(self, lower: Array, upper: Array, inequalities: tuple[Inequality, ...]) -> None:
        self.size = len(lower)
        rows, cols = np.triu_indices(self.size, 1)
        middle = 0.5 * (lower + upper)[rows, cols]
        half = 0.5 * (upper - lower)[rows, cols]
        free = half > 0.0
        self.fixed = np.eye(self.size)
        self.fixed[rows, cols] = self.fixed[cols, rows] = middle
        self.rows, self.cols, self.half = rows[free], cols[free], half[free]
        self.n_free = len(self.half)
        # Value of an inequality: offset + slopes @ z.
        weights = np.array([one.weights for one in inequalities]).reshape(-1, self.size, self.size)
        constants = np.array([one.constant for one in inequalities])
        self.offsets = constants + np.einsum("qij,ij->q", weights, self.fixed)
        self.slopes = 2.0 * weights[:, self.rows, self.cols] * self.half

    def matrix(self, z: Array) -> Array:
        out = self.fixed.copy()
        out[self.rows, self.cols] += self.half * z
        out[self.cols, self.rows] = out[self.rows, self.cols]
        return out

    def values(self, z: Array) -> Array:
        return np.asarray(self.offsets + self.slopes @ z, dtype=np.float64)

    def smallest(self, z: Array) -> float:
        least = float(linalg.eigvalsh(self.matrix(z))[0])
        return min(least, float(self.values(z).min(initial=np.inf)))

    def inverse(self, z: Array, t: float) -> Array | None:
        """Inverse of R - t I; None outside of the cone."""
        if np.any(self.values(z) <= t) or np.any(np.abs(z) >= 1.0):
            return None
        try:
            factor = linalg.cho_factor(self.matrix(z) - t * np.eye(self.size), lower=True)
        except linalg.LinAlgError:
            return None
        inverse = linalg.cho_solve(factor, np.eye(self.size))
        return np.asarray(0.5 * (inverse + inverse.T), dtype=np.float64)

    def newton(self, z: Array, t: float, weight: float) -> tuple[Array, float, float] | None:
        """One damped Newton step of ``-weight t`` plus the barriers."""
        s = self.inverse(z, t)
        if s is None:
            return None
        i, j, h = self.rows, self.cols, self.half
        gap = 1.0 / (self.values(z) - t)
        below, above = 1.0 / (1.0 + z), 1.0 / (1.0 - z)
        n = self.n_free
        gradient = np.empty(n + 1)
        gradient[:n] = -2.0 * h * s[i, j] - self.slopes.T @ gap - below + above
        gradient[n] = -weight + np.trace(s) + gap.sum()
        square = s @ s
        hessian = np.empty((n + 1, n + 1))
        cells = s[np.ix_(i, i)] * s[np.ix_(j, j)] + s[np.ix_(i, j)] * s[np.ix_(j, i)]
        hessian[:n, :n] = 2.0 * np.outer(h, h) * cells
        hessian[:n, :n] += (self.slopes.T * gap**2) @ self.slopes
        hessian[np.arange(n), np.arange(n)] += below**2 + above**2
        hessian[:n, n] = hessian[n, :n] = -2.0 * h * square[i, j] - self.slopes.T @ gap**2
        hessian[n, n] = np.trace(square) + np.sum(gap**2)
        move = -linalg.solve(hessian, gradient, assume_a="pos")
        decrement = float(np.sqrt(max(-(gradient @ move), 0.0)))
        step = 1.0 if decrement < 0.25 else 1.0 / (1.0 + decrement)
        while step > 1e-12:
            ahead, further = z + step * move[:n], t + step * float(move[n])
            if self.inverse(ahead, further) is not None:
                return ahead, further, decrement
            step *= 0.5
        return None

    def certificate(self, z: Array, t: float) -> Certificate | None:
        """Return the dual of a point near the central path, if it proves the box empty."""
        s = self.inverse(z, t)
        if s is None:
            return None
        multipliers = 1.0 / (self.values(z) - t)
        total = float(np.trace(s) + multipliers.sum())
        dual, multipliers = s / total, multipliers / total
        # Linear in z, so that the largest value lies in a corner.
        constant = float(np.sum(dual * self.fixed) + multipliers @ self.offsets)
        slopes = 2.0 * dual[self.rows, self.cols] * self.half + self.slopes.T @ multipliers
        largest = constant + float(np.abs(slopes).sum())
        if largest >= -_MARGIN or float(linalg.eigvalsh(dual)[0]) < 0.0:
            return None
        known = self.half < 1.0
        pull = float(np.sum(np.abs(slopes[known]) / self.half[known]))
        return Certificate(dual, multipliers, largest, -largest / pull if pull else float("inf"))
