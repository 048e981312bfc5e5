"""Conditional means of a model's variables given what was observed of a respondent.

With nu and T the implied means and covariance matrix of all variables, and o the observed variables
that a respondent answered, the conditional mean of variables t is nu_t + T_to T_oo^-1 (y_o - nu_o):
regression scores, if they are latent. Rows with the same gaps share their weights.

References
----------
Lawley, D. N., & Maxwell, A. E. (1971). Factor analysis as a statistical method (2nd ed.,
chapter 8). Butterworths.
de Rooij, M., Karch, J. D., Fokkema, M., Bakk, Z., Pratiwi, B. C., & Kelderman, H. (2023). SEM-based
out-of-sample predictions. Structural Equation Modeling, 30, 132-148.
doi:10.1080/10705511.2022.2061494
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from clustersem.engine.ram import Array, Index, Point

# Of the information on a latent variable less than this share is rounding.
_NOTHING = 1e-10


def conditional_means(
    point: Point, nu: Array, targets: Index, given: Index, values: Array, *, incomplete: bool
) -> Array:
    """Return conditional means of some variables (n x targets).

    Parameters
    ----------
    point : Point
        The fitted model.
    nu : ndarray of shape (m,)
        Means of all variables.
    targets, given : ndarray of int
        Places of the variables to predict and of those to predict them from.
    values : ndarray of shape (n, given)
        Values of the latter, NaN where one is missing.
    incomplete : bool
        Whether rows with some answers missing are predicted from the others, or are NaN.
    """
    covariance = point.covariance

    def weights(answered: Index) -> Array:
        of = given[answered]
        cross = covariance[np.ix_(of, targets)]
        return np.asarray(np.linalg.solve(covariance[np.ix_(of, of)], cross).T, dtype=np.float64)

    return nu[targets] + _weighted(values - nu[given], len(targets), weights, incomplete)


def bartlett_scores(point: Point, nu: Array, values: Array, *, incomplete: bool) -> Array:
    """Return Bartlett's scores, (L' U^-1 L)^-1 L' U^-1 (y - nu) with latent means added.

    L are the effects of latent variables on observed ones other than through latent variables, and
    U is what of the covariance matrix is not due to latent variables.

    Parameters
    ----------
    point : Point
        The fitted model.
    nu : ndarray of shape (m,)
        Means of all variables.
    values : ndarray of shape (n, p)
        Answers, NaN where one is missing.
    incomplete : bool
        Whether rows with some answers missing are scored from the others, or are NaN. A latent
        variable on which the answers that are there say nothing is NaN.

    Returns
    -------
    ndarray of shape (n, latent)

    Raises
    ------
    numpy.linalg.LinAlgError
        Where not even complete answers determine the scores.
    """
    p = values.shape[1]
    loadings, unique = reduced_form(point, p)
    if not _estimable(loadings, unique, np.arange(p))[1].all():
        raise np.linalg.LinAlgError("latent variables without items of their own")

    def weights(answered: Index) -> Array:
        inverse, determined = _estimable(loadings, unique, answered)
        rows = loadings[answered]
        found = inverse @ np.linalg.solve(unique[np.ix_(answered, answered)], rows).T
        found[~determined] = np.nan
        return np.asarray(found)

    latent_mean = nu[p:]
    deviation = values - (nu[:p] - loadings @ latent_mean)
    return _weighted(deviation, len(latent_mean), weights, incomplete)


def reduced_form(point: Point, n_observed: int) -> tuple[Array, Array]:
    """Return effects of latent variables on observed ones, and what is not due to them.

    Returns
    -------
    loadings : ndarray of shape (p, latent)
        (I - A_oo)^-1 A_ol, o being observed variables and l latent ones.
    unique : ndarray of shape (p, p)
        (I - A_oo)^-1 S_oo (I - A_oo)'^-1.
    """
    p = n_observed
    inside = np.linalg.inv(np.eye(p) - point.a[:p, :p])
    return inside @ point.a[:p, p:], inside @ point.s[:p, :p] @ inside.T


def measurement_given(
    point: Point, nu: Array, items: Index, covariates: Index, values: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Return the measurement model of some items, given exogenous covariates.

    Disturbances of the covariates covary with no others, so what is known of them moves the means
    of all variables by their total effects, and leaves the rest of the model as it is.

    Parameters
    ----------
    point : Point
        The fitted model.
    nu : ndarray of shape (m,)
        Means of all variables.
    items, covariates : ndarray of int
        Places of the observed variables; items do not act on latent variables.
    values : ndarray of shape (n, covariates)
        The covariates.

    Returns
    -------
    loadings, residual_cov, latent_mean, latent_cov, intercepts : ndarray
        As in :class:`clustersem.engine.eap.Measurement`; means by respondent.
    """
    p = len(point.uv)
    s = point.s.copy()
    s[covariates] = s[:, covariates] = 0.0
    inside = np.linalg.inv(np.eye(p) - point.a[:p, :p])[items]
    loadings = inside @ point.a[:p, p:]
    mean = nu + (values - nu[covariates]) @ point.e[:, covariates].T
    latent_mean = mean[:, p:]
    return (
        loadings,
        inside @ s[:p, :p] @ inside.T,
        latent_mean,
        (point.e @ s @ point.e.T)[p:, p:],
        mean[:, items] - latent_mean @ loadings.T,
    )


def item_means(point: Point, nu: Array, values: Array, scores: Array) -> Array:
    """Return what the paths to observed variables predict of them (n x p).

    Parameters
    ----------
    point : Point
        The fitted model.
    nu : ndarray of shape (m,)
        Means of all variables.
    values : ndarray of shape (n, p)
        Answers; used of those variables that others depend on.
    scores : ndarray of shape (n, latent)
        Scores on the latent variables.
    """
    p = values.shape[1]
    causes = np.hstack([values, scores]) - nu
    used = np.flatnonzero((point.a[:p] != 0).any(axis=0))
    paths = point.a[:p].take(used, axis=1)
    # Zero times a missing value is zero: only an answer that is used may be missed.
    deviation = np.zeros((len(values), p))
    for row, of in zip(*np.nonzero(paths), strict=True):
        deviation[:, row] += paths[row, of] * causes[:, used[of]]
    return nu[:p] + deviation


def patterns_of(observed: NDArray[np.bool_]) -> Iterator[tuple[Index, Index]]:
    """Yield for every pattern of what is observed the rows that show it and the columns."""
    patterns, which = np.unique(observed, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(which.ravel(), minlength=len(patterns)))
    for pattern, rows in zip(patterns, np.split(order, ends[:-1]), strict=True):
        yield rows, np.flatnonzero(pattern)


def _weighted(
    deviation: Array, n_scores: int, weights: Callable[[Index], Array], incomplete: bool
) -> Array:
    """Return every row's deviations times the weights of its pattern; NaN without any answer."""
    scores = np.full((len(deviation), n_scores), np.nan)
    for rows, answered in patterns_of(~np.isnan(deviation)):
        if len(answered) == deviation.shape[1] or (incomplete and len(answered)):
            scores[rows] = deviation[np.ix_(rows, answered)] @ weights(answered).T
    return scores


def _estimable(loadings: Array, unique: Array, answered: Index) -> tuple[Array, NDArray[np.bool_]]:
    """Return (L' U^-1 L)^+ and which latent variables the answers determine."""
    rows = loadings[answered]
    information = rows.T @ np.linalg.solve(unique[np.ix_(answered, answered)], rows)
    scale = np.sqrt(np.maximum(information.diagonal(), 0.0))
    unit = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(information / np.outer(unit, unit))
    kept = values > _NOTHING
    # A latent variable is determined where nothing of it lies in the null space.
    determined = (scale > 0) & ((vectors[:, ~kept] ** 2).sum(axis=1) < _NOTHING)
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse / np.outer(unit, unit), determined
