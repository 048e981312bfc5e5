"""Inference under restrictions: covariances, modification indices, and tests of the restrictions.

With J the Jacobian of what holds with equality and K a basis of its null space, every inverse of an
information matrix I becomes

    V = K (K'I K)^-1 K'.

So estimates have the covariance matrix V / n, a sandwich is V B V, and I need not be invertible by
itself: constraints may be what identifies a model.

References
----------
Silvey, S. D. (1959). The Lagrangian multiplier test. Annals of Mathematical Statistics, 30,
389-407. doi:10.1214/aoms/1177706259
Bentler, P. M., & Chou, C.-P. (1992). Some new covariance structure model improvement statistics.
Sociological Methods & Research, 21, 259-282. doi:10.1177/0049124192021002006
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from clustersem.engine.identification import INVOLVED, RANK
from clustersem.engine.objective import Objective, State
from clustersem.engine.ram import Array, Index
from clustersem.engine.restrictions import independent_rows

# Variance, as a share of the least that a free parameter can have, below which there is none.
NO_VARIANCE = 1e-12


def restriction_rank(jacobian: Array, information: Array) -> int:
    """Return how many independent restrictions there are: the degrees of freedom they add.

    Parameters
    ----------
    jacobian : ndarray of shape (r, q)
        Rows of the equalities. Inequalities add none, whether they bind or not.
    information : ndarray of shape (q, q)
        For the units of the parameters: rank is judged in theirs.
    """
    return len(independent_rows(jacobian / _scale(information)))


def null_basis(jacobian: Array, information: Array) -> Array:
    """Return K (q x (q - rank)): the directions in which the restrictions let theta move.

    Parameters
    ----------
    jacobian : ndarray of shape (r, q)
        Rows may depend on each other.
    information : ndarray of shape (q, q)
        For the units of the parameters: the columns of K have length one in units of its diagonal.
        With the matrix from theta to cells C, C K takes the place of C wherever a model with equal
        parameters is computed with.
    """
    scale = _scale(information)
    return _orthonormal(jacobian / scale) / scale[:, None]


def restricted_inverse(information: Array, jacobian: Array) -> tuple[Array, Index]:
    """Return V = K (K'I K)^-1 K' and the places of parameters that are not identified.

    Parameters
    ----------
    information : ndarray of shape (q, q)
        Of the parameters as though they were free; in any multiple.
    jacobian : ndarray of shape (r, q)
        Rows of what holds with equality: all equalities, and the inequalities that bind, which
        lavaan takes as equalities, too. Bounds are not among them: as in lavaan, the standard
        errors of a solution on a bound are those of the unbounded parameter.

    Returns
    -------
    inverse : ndarray of shape (q, q)
        Its rank is q less that of the Jacobian; a parameter that is held at a value has zeros.
        NaN in the rows and columns of parameters that are not identified.
    involved : ndarray of int
        Those parameters; empty as a rule.

    Examples
    --------
    >>> inverse, involved = restricted_inverse(np.diag([1.0, 3.0]), np.array([[1.0, -1.0]]))
    >>> inverse
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    known = _directions(information, jacobian)
    inverse = (known.seen / known.values) @ known.seen.T
    # What the restrictions hold at a value has no variance, only rounding.
    held = inverse.diagonal() * known.scale**2 < NO_VARIANCE
    inverse[held] = 0.0
    inverse[:, held] = 0.0
    involved = known.involved
    inverse[involved] = np.nan
    inverse[:, involved] = np.nan
    return inverse, involved


@dataclass(frozen=True)
class _Directions:
    """The directions that restrictions leave: those that the data see, and those that they do not.

    Columns of `seen` have information `values`; both are in the units of the parameters.
    """

    scale: Array
    seen: Array
    values: Array
    unseen: Array

    @property
    def involved(self) -> Index:
        """Parameters that take part in directions that the data do not see."""
        weight = np.abs(self.unseen * self.scale[:, None]).max(axis=1, initial=0.0)
        return np.flatnonzero(weight > INVOLVED * max(float(weight.max(initial=0.0)), 1e-300))


def _directions(information: Array, jacobian: Array) -> _Directions:
    scale = _scale(information)
    z = _orthonormal(jacobian / scale)
    values, vectors = np.linalg.eigh(z.T @ (information / np.outer(scale, scale)) @ z)
    seen = values > RANK
    spread = (z @ vectors) / scale[:, None]
    return _Directions(scale, spread[:, seen], values[seen], spread[:, ~seen])


@dataclass(frozen=True)
class Release:
    """What letting go of one restriction would do.

    Attributes
    ----------
    statistic : float
        Expected drop of chi2.
    df : int
        Its degrees of freedom: by how many directions that the data see theta is freer. 0 where
        other restrictions say the same, or where the data could not tell.
    gap : ndarray
        Expected value of the released restrictions' left sides, h(theta): how far apart parameters
        would be that are now equal. NaN where the data could not tell.
    change : ndarray of shape (q,)
        Expected change of every parameter; NaN of those that would not be identified.
    """

    statistic: float
    df: int
    gap: Array
    change: Array


def release_test(
    gradient: Array, hessian: Array, jacobian: Array, released: Sequence[int], multiplier: float
) -> Release:
    """Return the score test of some restrictions, together.

    Parameters
    ----------
    gradient : ndarray of shape (q,)
        dF at the restricted estimates.
    hessian : ndarray of shape (q, q)
        Expected Hessian of F there.
    jacobian : ndarray of shape (r, q)
        Rows of all restrictions.
    released : sequence of int
        Which rows to release; the others go on holding.
    multiplier : float
        N in chi2 = N F.

    Returns
    -------
    Release
        With K of the rows that stay and V = K (K'H K)^-1 K', the statistic is N/2 g'V g and the
        change -V g. lavaan's lavTestScore gives the same statistics; its degrees of freedom are the
        number of rows even where the data cannot tell that many directions apart.
    """
    stays = np.setdiff1d(np.arange(len(jacobian)), np.asarray(released, dtype=np.intp))
    rows = jacobian[list(released)]
    before, after = (_directions(hessian, r) for r in (jacobian, jacobian[stays]))
    df = len(after.values) - len(before.values)
    if df == 0:
        return Release(0.0, 0, np.zeros(len(rows)), np.zeros(len(gradient)))
    # Along directions that the data do not see, F does not change and the gradient is zero.
    change = -(after.seen / after.values) @ (after.seen.T @ gradient)
    statistic = -0.5 * multiplier * float(gradient @ change)
    gap = rows @ change
    gap[_moved(rows, after)] = np.nan
    change[after.involved] = np.nan
    return Release(statistic, df, gap, change)


def _moved(rows: Array, known: _Directions) -> NDArray[np.bool_]:
    """Return which rows a direction that the data do not see would move, by more than rounding."""
    length = np.linalg.norm(rows / known.scale, axis=1)
    length[length == 0] = 1.0
    along = np.abs((rows / length[:, None]) @ known.unseen).max(axis=1, initial=0.0)
    return np.asarray(along > INVOLVED)


def release_tests(
    gradient: Array, hessian: Array, jacobian: Array, multiplier: float
) -> tuple[Release, ...]:
    """Return the score test of every restriction by itself; see :func:`release_test`."""
    return tuple(
        release_test(gradient, hessian, jacobian, [row], multiplier) for row in range(len(jacobian))
    )


def cell_derivatives(objective: Objective, state: State) -> tuple[Index, Array, Array]:
    """Return the free cells of all groups, each as a parameter of its own.

    Returns
    -------
    parameter : ndarray of int of shape (c,)
        For every cell its place in theta, group by group.
    gradient : ndarray of shape (c,)
        dF by cell.
    hessian : ndarray of shape (c, c)
        Expected Hessian of F by cell: zero between groups.
    """
    parameter = np.concatenate([block.model.parameter for block in objective.blocks])
    gradient = np.empty(len(parameter))
    hessian = np.zeros((len(parameter), len(parameter)))
    start = 0
    for block, at in zip(objective.blocks, state.groups, strict=True):
        cells = block.model.cells
        own = slice(start, start + len(cells))
        gradient[own] = block.share * block.discrepancy.gradient(at, cells)
        hessian[own, own] = block.share * block.discrepancy.expected(at, cells, cells)
        start = own.stop
    return parameter, gradient, hessian


def equal_cells(parameter: Index) -> Index:
    """Return the pairs of cells that share a parameter: the first of them with each other one.

    Parameters
    ----------
    parameter : ndarray of int of shape (c,)
        For every cell its place in theta.

    Returns
    -------
    ndarray of int of shape (pairs, 2)
        In the order of theta.

    Examples
    --------
    >>> equal_cells(np.array([0, 1, 0, 2, 1, 0]))
    array([[0, 2],
           [0, 5],
           [1, 4]])
    """
    first: dict[int, int] = {}
    pairs: list[tuple[int, int, int]] = []
    for cell, place in enumerate(parameter.tolist()):
        if place in first:
            pairs.append((place, first[place], cell))
        else:
            first[place] = cell
    pairs.sort()
    return np.array([pair[1:] for pair in pairs], dtype=np.intp).reshape(-1, 2)


def cell_restrictions(parameter: Index, jacobian: Array) -> Array:
    """Return restrictions of cells, each as a parameter of its own.

    Parameters
    ----------
    parameter : ndarray of int of shape (c,)
        For every cell its place in theta.
    jacobian : ndarray of shape (r, q)
        Restrictions of theta.

    Returns
    -------
    ndarray of shape (pairs + r, c)
        First one row a pair of :func:`equal_cells`, first cell less other cell; then those of
        theta, on the first cell of every parameter. With the gradient and the expected Hessian by
        cell, :func:`release_tests` tests equal parameters, too: which equality to release.
    """
    pairs = equal_cells(parameter)
    rows = np.zeros((len(pairs) + len(jacobian), len(parameter)))
    rows[np.arange(len(pairs)), pairs[:, 0]] = 1.0
    rows[np.arange(len(pairs)), pairs[:, 1]] = -1.0
    places, first = np.unique(parameter, return_index=True)
    rows[len(pairs) :, first] = jacobian[:, places]
    return rows


def _orthonormal(rows: Array) -> Array:
    """Return an orthonormal basis of the null space of some rows."""
    kept = rows[independent_rows(rows)]
    if not len(kept):
        return np.eye(rows.shape[1])
    basis: Array = qr(kept.T)[0][:, len(kept) :]
    return basis


def _scale(information: Array) -> Array:
    scale = np.sqrt(np.maximum(information.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    return scale
