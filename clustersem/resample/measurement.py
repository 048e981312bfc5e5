"""What of a fitted model can be misspecified: factors, their items and what these share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import Array, Point
from clustersem.fit import Fit


@dataclass(frozen=True, eq=False)
class Measurement:
    """The measurement part of a model, standardised.

    Attributes
    ----------
    factors : tuple of str
        Latent variables that observed ones measure.
    items : tuple of str
        What measures them, in the order of the model.
    loadings : ndarray, items x factors
        Standardised; zero where an item does not measure a factor.
    residuals : ndarray, items x items
        Covariances of the items' residuals, where items have variance one.
    correlations : ndarray, factors x factors
        Implied correlations of the factors, whatever paths these come from.
    free : tuple of bool
        Which items measure one factor only, depend on nothing else, share no residual covariance
        and have residual variance left: those to which a misspecification can be added.
    """

    factors: tuple[str, ...]
    items: tuple[str, ...]
    loadings: Array
    residuals: Array
    correlations: Array
    free: tuple[bool, ...]

    def of(self, factor: int) -> list[int]:
        """Return the places of a factor's items."""
        return np.flatnonzero(self.loadings[:, factor]).tolist()

    def free_items(self) -> list[int]:
        """Return the places of the items that can be misspecified, weakest loading first."""
        size = np.abs(self.loadings).max(axis=1, initial=0.0)
        places = [i for i, free in enumerate(self.free) if free]
        return sorted(places, key=lambda i: float(size[i]))


def measurement_of(fit: Fit) -> Measurement:
    """Return the measurement part of a fit with one group."""
    at, index = fit.point, fit.layout.index()
    p = len(fit.spec.observed)
    measured: dict[str, list[str]] = {}
    for row in fit.spec.parameters:
        if row.op == "=~" and index[row.rhs] < p:
            measured.setdefault(row.lhs, []).append(row.rhs)
    factors = tuple(measured)
    items = tuple(dict.fromkeys(item for members in measured.values() for item in members))
    f = np.array([index[name] for name in factors], dtype=np.intp)
    i = np.array([index[name] for name in items], dtype=np.intp)
    covariance = at.covariance
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(covariance.diagonal())
        loadings = at.a[np.ix_(i, f)] * sd[f] / sd[i][:, None]
        correlations = covariance[np.ix_(f, f)] / np.outer(sd[f], sd[f])
    residuals = at.s[np.ix_(i, i)] / np.outer(sd[i], sd[i])
    others = _has_company(at, range(len(fit.spec.target), p))
    # A loading that is fixed at zero is a statement of the model, too.
    times = Counter(row.rhs for row in fit.spec.parameters if row.op == "=~")
    free = tuple(
        bool(
            times[item] == np.count_nonzero(at.a[place]) == 1
            and own > SMALLEST_SHARE
            and not others[place]
        )
        for item, place, own in zip(items, i, residuals.diagonal(), strict=True)
    )
    return Measurement(factors, items, loadings, residuals, correlations, free)


#: An item with less residual variance than this (of one) has no room for another cause.
SMALLEST_SHARE = 1e-3


def _has_company(at: Point, auxiliary: range) -> np.ndarray:
    """Whether each variable's residual covaries with that of another variable of the model."""
    off = at.s.copy()
    np.fill_diagonal(off, 0.0)
    off[:, auxiliary] = 0.0
    return np.asarray((off != 0).any(axis=1))


def coefficient_h(loadings: Array, residuals: Array) -> float:
    """Return the reliability of a factor's best composite (coefficient H).

    Parameters
    ----------
    loadings : ndarray of shape (k,)
        Standardised loadings of its items.
    residuals : ndarray of shape (k, k)
        Covariances of their residuals; with a diagonal matrix it is the formula of the reference.

    References
    ----------
    Hancock, G. R., & Mueller, R. O. (2001). Rethinking construct reliability within latent variable
    systems. In R. Cudeck, S. du Toit, & D. Soerbom (Eds.), Structural equation modeling: Present
    and future (pp. 195-216). Scientific Software International.

    Examples
    --------
    >>> loadings = np.array([0.8, 0.7, 0.6])
    >>> round(coefficient_h(loadings, np.diag(1.0 - loadings**2)), 3)
    0.767
    """
    factor = cholesky(residuals)
    if factor is None:
        return 1.0  # an item without residual is the factor itself
    signal = float(np.square(linalg.solve_triangular(factor, loadings, lower=True)).sum())
    return signal / (1.0 + signal)
