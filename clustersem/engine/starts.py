"""Starting values from the data: a factor at a time, without iteration over the whole model.

Every latent variable whose indicators are known gets loadings from the first principal axis of its
indicators' correlations, with the largest correlation of each as its communality, so the signs of
reverse-keyed items come out by themselves. Its covariances with everything known before follow from
the disattenuated covariances of the weighted composite. With all covariances in hand, paths are
ordinary regressions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Array, Index, Ram, gather

Mask = NDArray[np.bool_]

# Below these shares of its variance a variable's residual, or its marker's loading, does not start:
# a start at the boundary of the parameter space makes for a poor first step.
LEAST_RESIDUAL = 0.1
LEAST_LOADING = 0.2
LARGEST_CORRELATION = 0.9


def starting_values(model: Ram, cov: Array, mean: Array, given: Array) -> Array:
    """Return a theta at which Sigma is positive definite.

    Parameters
    ----------
    model : Ram
        The structure.
    cov : ndarray of shape (p, p)
        Sample covariance matrix.
    mean : ndarray of shape (p,)
        Sample means.
    given : ndarray of shape (q,)
        The user's own starting values; NaN where there is none.

    Returns
    -------
    ndarray of shape (q,)
        Starting values.
    """
    p, m = model.n_observed, model.n_variables
    cells = model.cells
    free = np.zeros((m, m), dtype=bool)
    path = cells.kind == PATH
    free[cells.row[path], cells.col[path]] = True
    variance_free = np.zeros(m, dtype=bool)
    own = (cells.kind == COVARIANCE) & (cells.row == cells.col)
    variance_free[cells.row[own]] = True

    paths = model.a0.copy()
    known = np.zeros((m, m))
    known[:p, :p] = cov
    measured = np.zeros((m, m), dtype=bool)
    for factors in _levels_of_latents(model, free):
        _add_factors(model, known, paths, factors, free, variance_free)
        for latent, indicators in factors:
            measured[indicators, latent] = True
    residual = _regress(known, paths, free & ~measured, (paths != 0) & ~measured)
    _residuals_of_indicators(residual, known, paths, measured)

    theta = np.zeros(model.n_free)
    a, s, i = (cells.kind == kind for kind in (PATH, COVARIANCE, INTERCEPT))
    theta[model.parameter[a]] = paths[cells.row[a], cells.col[a]]
    theta[model.parameter[s]] = residual[cells.row[s], cells.col[s]]
    observed_intercept = i & (cells.row < p)
    theta[model.parameter[observed_intercept]] = mean[cells.row[observed_intercept]]
    ours = np.isnan(given)
    theta = _made_admissible(model, np.where(ours, theta, given), ours)
    return _with_means(model, theta, cov, mean, ours)


def cautious_values(model: Ram, cov: Array, start: Array, given: Array) -> Array:
    """Return starting values for a second attempt: weak effects, half variances, no covariances.

    From the first start a weak factor may run to infinity along a Heywood case although F has a
    minimum; from here loadings and paths keep their signs but grow from below.

    Parameters
    ----------
    model, cov, given
        As for :func:`starting_values`.
    start : ndarray of shape (q,)
        What that function returned.
    """
    p, cells = model.n_observed, model.cells
    observed, own = cells.row < p, (cells.kind == COVARIANCE) & (cells.row == cells.col)
    theta = start.copy()
    for which, share in ((cells.kind == PATH, 0.5), ((cells.kind == COVARIANCE) & ~own, 0.0)):
        theta[model.parameter[which]] = share * start[model.parameter[which]]
    unique = own & observed
    theta[model.parameter[unique]] = 0.5 * cov.diagonal()[cells.row[unique]]
    return np.where(np.isnan(given), theta, given)


def _with_means(model: Ram, theta: Array, cov: Array, mean: Array, ours: Mask) -> Array:
    """Change free intercepts as little as makes the implied means those of the sample.

    Where observed intercepts are fixed, latent means have to account for the means.
    """
    p, cells = model.n_observed, model.cells
    changeable = ours.copy()
    changeable[model.parameter[cells.kind != INTERCEPT]] = False  # labels may join other kinds
    own = np.flatnonzero(changeable[model.parameter])
    if not model.has_means or not len(own):
        return theta
    a, _, intercepts = model.matrices(theta)
    try:
        effects = np.linalg.inv(np.eye(len(a)) - a)[:p]
    except np.linalg.LinAlgError:  # a loop whose effects do not die out
        return theta
    sd = np.sqrt(cov.diagonal())
    left = (mean - effects @ intercepts) / sd
    slopes = np.zeros((model.n_free, p))
    np.add.at(slopes, model.parameter[own], (effects[:, cells.row[own]] / sd[:, None]).T)
    changed = theta + np.linalg.lstsq(slopes.T, left, rcond=1e-10)[0]
    return np.asarray(changed)


def _levels_of_latents(model: Ram, free: Mask) -> list[list[tuple[int, Index]]]:
    """Return latent variables with their indicators: first order, second order, ..."""
    p, m = model.n_observed, model.n_variables
    loads = free | (model.a0 != 0)
    # A latent variable that is regressed on others is not an indicator of theirs when it has
    # observed indicators of its own, so a path between two such is a regression.
    has_observed = loads[:p, p:].any(axis=0)
    indicators: dict[int, Index] = {}
    for latent in range(p, m):
        rows = np.flatnonzero(loads[:, latent])
        if has_observed[latent - p]:
            rows = rows[rows < p]
        indicators[latent] = rows
    levels: list[list[tuple[int, Index]]] = []
    done = set(range(p))
    waiting = [latent for latent in range(p, m) if len(indicators[latent])]
    while waiting:
        ready = [latent for latent in waiting if done.issuperset(indicators[latent].tolist())]
        if not ready:  # latent variables that indicate each other: no order exists
            break
        levels.append([(latent, indicators[latent]) for latent in ready])
        done.update(ready)
        waiting = [latent for latent in waiting if latent not in done]
    return levels


def _one_factor(correlation: Array) -> Array:
    """Return standardised loadings of one factor."""
    k = len(correlation)
    if k == 1:
        return np.array([0.8])
    if k == 2:
        size = np.sqrt(min(abs(correlation[0, 1]), LARGEST_CORRELATION))
        return np.array([size, np.copysign(size, correlation[0, 1])])
    reduced = correlation.copy()
    reduced.flat[:: k + 1] = 0.0
    reduced.flat[:: k + 1] = np.abs(reduced).max(axis=0)
    values, vectors, _ = lapack.dsyevd(reduced)
    loadings = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
    clipped: Array = np.maximum(np.minimum(loadings, 0.95), -0.95)
    return clipped


def _add_factors(
    model: Ram,
    known: Array,
    paths: Array,
    factors: list[tuple[int, Index]],
    free: Mask,
    variance_free: Mask,
) -> None:
    """Put loadings into `paths` and covariances into `known` of factors whose items are known."""
    sd = np.sqrt(np.maximum(known.diagonal(), 0.0))
    by_sd = 1.0 / np.maximum(sd, 1e-150)
    correlation = known * by_sd[:, None] * by_sd
    latents, n = np.array([latent for latent, _ in factors]), len(factors)
    weights, own, scale = np.zeros((n, len(known))), np.full((n, len(known)), np.nan), np.ones(n)
    for row, (latent, indicators) in enumerate(factors):
        standardised = _one_factor(gather(correlation, indicators, indicators))
        fixed, is_free = model.a0[indicators, latent], free[indicators, latent]
        markers = np.flatnonzero(~is_free & (fixed != 0))
        if len(markers):
            marker = markers[0]
            if standardised[marker] * fixed[marker] < 0:
                standardised = -standardised
            size = max(abs(standardised[marker]), LEAST_LOADING)
            scale[row] = size * sd[indicators[marker]] / abs(fixed[marker])
        elif standardised.sum() < 0:
            standardised = -standardised
        if not len(markers) and not variance_free[latent] and model.s0[latent, latent] > 0:
            scale[row] = np.sqrt(model.s0[latent, latent])
        loadings = np.where(is_free, standardised * sd[indicators] / scale[row], fixed)
        paths[indicators, latent] = loadings
        composite = standardised * by_sd[indicators]
        strength = float(composite @ loadings)
        weights[row, indicators] = composite / (strength if abs(strength) > 1e-12 else 1.0)
        own[row, indicators] = loadings * scale[row] ** 2
    # A composite's covariances, disattenuated; those with its own items are known better.
    limit = LARGEST_CORRELATION * scale[:, None]
    bound = limit * sd
    covariances = np.where(np.isnan(own), weights @ known, own)
    covariances = np.maximum(np.minimum(covariances, bound), -bound)
    bound = limit * scale
    between = np.maximum(np.minimum(weights @ covariances.T, bound), -bound)
    # Each latent variable by its own composite with those before it.
    between = np.where(latents[:, None] > latents, between, between.T)
    between.flat[:: n + 1] = scale**2
    known[latents] = covariances
    known[:, latents] = covariances.T
    known[latents[:, None], latents] = between


def _regress(known: Array, paths: Array, free: Mask, present: Mask) -> Array:
    """Fill the free paths of every dependent variable; return the covariances of disturbances."""
    residual = known.copy()
    dependent = np.flatnonzero((free | present).any(axis=1))
    weights = np.eye(len(known))
    for row in dependent:
        predictors = np.flatnonzero(free[row])
        offset = known[row] - np.where(present[row], paths[row], 0.0) @ known
        if len(predictors):
            block = gather(known, predictors, predictors)
            block.flat[:: len(block) + 1] = 1.02 * block.diagonal() + 1e-300
            paths[row, predictors] = np.linalg.solve(block, offset[predictors])
        weights[row] -= np.where(free[row] | present[row], paths[row], 0.0)
    if len(dependent):
        residual = weights @ known @ weights.T
        variance = known.diagonal()
        floor = LEAST_RESIDUAL * variance[dependent]
        residual[dependent, dependent] = np.maximum(residual[dependent, dependent], floor)
        # Cross-covariances of a disturbance are kept only among disturbances.
        is_dependent = np.zeros(len(known), dtype=bool)
        is_dependent[dependent] = True
        residual[is_dependent[:, None] != is_dependent] = 0.0
    return residual


def _residuals_of_indicators(residual: Array, known: Array, paths: Array, measured: Mask) -> None:
    """Put the unique variances of indicators into `residual`; their covariances start at zero."""
    rows = np.flatnonzero(measured.any(axis=1))
    loadings = np.where(measured[rows], paths[rows], 0.0)
    total = known.diagonal()[rows]
    explained = np.einsum("ij,ij->i", loadings @ known, loadings)
    residual[rows] = 0.0
    residual[:, rows] = 0.0
    residual[rows, rows] = np.maximum(total - explained, LEAST_RESIDUAL * total)


def _made_admissible(model: Ram, theta: Array, ours: Array) -> Array:
    """Shrink the covariances that we chose until S is positive definite."""
    cells = model.cells
    between = (cells.kind == COVARIANCE) & (cells.row != cells.col)
    shrinkable = np.zeros(model.n_free, dtype=bool)
    shrinkable[model.parameter[between]] = True
    shrinkable &= ours
    for _ in range(20):
        _, s, _ = model.matrices(theta)
        used = np.flatnonzero(s.diagonal() != 0)
        if cholesky(gather(s, used, used)) is not None:
            break
        theta = np.where(shrinkable, 0.8 * theta, theta)
    return theta
