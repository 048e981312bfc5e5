"""Misfit that leaves the estimates where they are.

A covariance matrix Sigma + E, with Sigma on the model, is fitted by the model with the estimates
of Sigma wherever the gradient of the ML discrepancy vanishes there: where W = Sigma^-1 E Sigma^-1
is orthogonal to every derivative of Sigma. With p(p+1)/2 moments and q parameters such E form a
space of p(p+1)/2 - q dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from clustersem.studies.cross_border.populations import SUBSYSTEMS, Matrix, Population


def tangents(source: Population, freed: Sequence[tuple[str, str]]) -> Matrix:
    """Compute the derivatives of the model's correlation matrix in its free parameters.

    The scale of each latent variable is fixed by its own (residual) variance, which spans the
    same space as markers do.

    Parameters
    ----------
    source : Population
        Where to differentiate.
    freed : sequence of (item, item)
        The residual covariances that the model frees.

    Returns
    -------
    ndarray, shape (q, p, p)
        Symmetric matrices.
    """
    p = len(source.items)
    effects = source.loadings @ source.total_effects
    carried = source.loadings @ source.latent_correlation
    owner = np.abs(source.loadings).argmax(axis=1)
    unit = np.eye(p)
    exogenous = [source.constructs.index(name) for group in SUBSYSTEMS for name in group]
    outcomes = [k for k in range(len(source.constructs)) if k not in exogenous]
    cells = [(unit[i], carried[:, owner[i]]) for i in range(p)]
    cells += [
        (effects[:, row], carried[:, column]) for row, column in np.argwhere(source.regressions)
    ]
    for group in (exogenous, outcomes):
        cells += [(effects[:, a], effects[:, b]) for i, a in enumerate(group) for b in group[:i]]
    cells += [(unit[i], unit[i] / 2.0) for i in range(p)]
    for left, right in freed:
        cells.append((unit[source.items.index(left)], unit[source.items.index(right)]))
    return np.array([np.outer(u, v) + np.outer(v, u) for u, v in cells])


@dataclass(frozen=True)
class MisfitSpace:
    """All E that leave the ML estimates in place, around one Sigma = C C'.

    Attributes
    ----------
    root : ndarray, shape (p, p)
        C, lower triangular.
    whitened : ndarray, shape (d, p, p)
        Orthonormal symmetric matrices X; E = C X C'. Their coefficients v measure misfit:
        the discrepancy is |v|^2 / 2 to second order.
    """

    root: Matrix
    whitened: Matrix

    @property
    def directions(self) -> Matrix:
        """The same basis as moments, C X C', shape (d, p, p)."""
        return np.asarray(self.root @ self.whitened @ self.root.T)

    def inner(self, coefficients: Matrix) -> Matrix:
        """Return I + X, whose eigenvalues are those of Sigma^-1 S."""
        return np.asarray(
            np.eye(len(self.root)) + np.tensordot(coefficients, self.whitened, axes=1)
        )

    def moments(self, coefficients: Matrix) -> Matrix:
        """Return S = Sigma + E."""
        return np.asarray(self.root @ self.inner(coefficients) @ self.root.T)

    def discrepancy(self, coefficients: Matrix) -> float:
        """Return the ML discrepancy F between S and Sigma; infinite where S is not definite."""
        eigenvalues = linalg.eigvalsh(self.inner(coefficients))
        if eigenvalues[0] <= 0.0:
            return float("inf")
        return float(np.sum(eigenvalues - 1.0 - np.log(eigenvalues)))


def misfit_space(source: Population, freed: Sequence[tuple[str, str]]) -> MisfitSpace:
    """Find all perturbations of a population that leave the ML estimates in place.

    Parameters
    ----------
    source : Population
        A population on the model.
    freed : sequence of (item, item)
        The residual covariances that the model frees.

    Returns
    -------
    MisfitSpace

    References
    ----------
    Cudeck, R., & Browne, M. W. (1992). Constructing a covariance matrix that yields a specified
    minimizer and a specified minimum discrepancy function value. *Psychometrika*, 57(3), 357-369.
    https://doi.org/10.1007/BF02295424
    """
    root = linalg.cholesky(source.correlation, lower=True)
    half = linalg.solve_triangular(root, np.eye(len(root)), lower=True)
    rows, columns = np.tril_indices(len(root))
    # Off-diagonal cells count twice in the trace product; weighting by sqrt(2) makes the
    # half-vectorisation an isometry.
    weight = np.where(rows == columns, 1.0, np.sqrt(2.0))
    white = half @ tangents(source, freed) @ half.T
    basis = linalg.null_space(white[:, rows, columns] * weight).T / weight
    whitened = np.zeros((len(basis), len(root), len(root)))
    whitened[:, rows, columns] = basis
    whitened[:, columns, rows] = basis
    return MisfitSpace(root=root, whitened=whitened)
