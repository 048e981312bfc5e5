"""Posterior mode and moments of latent variables, given ordinal and continuous answers.

The latent response of item j is y*_j = nu_j + lambda_j' eta + epsilon_j, eta and epsilon normal; an
ordinal answer says between which thresholds y*_j lies, a continuous one is y*_j itself. With
m and s the mean and standard deviation of y*_j given eta and (a, b) the standardised bounds,

    d log P / dm = r / s,    d2 log P / dm2 = -(1 - v) / s^2,

where m + s r and s^2 v are mean and variance of the truncated normal variable. The log posterior is
concave, so Newton's method finds its mode. Its moments come from expectation propagation: the
likelihood of all items that depend on the same latent variable is stood for by a normal one that
leads to the same moments, which takes a quadrature in one dimension, whatever the number of latent
variables. With one latent variable that is exact; with several it is what cross-loadings leave of
it, and for two or three Gauss-Hermite quadrature over all of them, centred and scaled by the
approximation, makes up for these.

Everything is done with eta = mean + C z, C C' = cov(eta) and standard normal z, so that a singular
latent covariance matrix (a second-order factor without residuals) is no special case.

References
----------
Bock, R. D., & Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a microcomputer
environment. Applied Psychological Measurement, 6, 431-444. doi:10.1177/014662168200600405
Minka, T. P. (2001). Expectation propagation for approximate Bayesian inference. Proceedings of the
17th Conference on Uncertainty in Artificial Intelligence, 362-369.
Chopin, N., & Ridgway, J. (2017). Leave Pima Indians alone: Binary regression as a benchmark for
Bayesian computation. Statistical Science, 32, 64-87. doi:10.1214/16-STS581
Naylor, J. C., & Smith, A. F. M. (1982). Applications of a method for the efficient computation of
posterior distributions. Applied Statistics, 31, 214-225. doi:10.2307/2347995
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import log_ndtr, ndtr

from clustersem.engine.ram import Array, Index

#: Nodes of the quadrature over one direction.
LINE_NODES = 21
#: Nodes in each direction of the quadrature over all latent variables, by their number.
NODES = {2: 13, 3: 7}
_ROOT_2PI = math.sqrt(2.0 * math.pi)
# Newton and expectation propagation stop when no latent score moves by more than this, in prior
# standard deviations.
_TOLERANCE = 1e-10
_AT_MOST = 500
# Where items stand alone, they are a start only.
_ROUGH = 1e-4
_ONE = np.ones(1)
# Largest number of (respondent, node) pairs that are held at once.
_CHUNK = 500_000


@dataclass(frozen=True, eq=False)
class Measurement:
    """A measurement model for ordinal and continuous items.

    Attributes
    ----------
    thresholds : tuple of p ndarrays
        Of every item its thresholds on the latent response, ascending; empty for a continuous item.
    loadings : ndarray of shape (p, m)
        Effects of the latent variables on the latent responses.
    residual_cov : ndarray of shape (p, p)
        Covariance matrix of the residuals of the latent responses, positive definite.
    latent_mean : ndarray of shape (m,) or (n, m)
        Means of the latent variables, the same for all respondents or each their own, given
        covariates.
    latent_cov : ndarray of shape (m, m)
        Their covariance matrix, positive semidefinite.
    intercepts : ndarray of shape (p,) or (n, p)
        Intercepts of the latent responses.

    Raises
    ------
    ValueError
        Where a covariance matrix is not what is said above.
    """

    thresholds: tuple[Array, ...]
    loadings: Array
    residual_cov: Array
    latent_mean: Array
    latent_cov: Array
    intercepts: Array

    def __post_init__(self) -> None:
        smallest = np.linalg.eigvalsh(self.latent_cov)[0]
        if smallest < -1e-8 * np.abs(self.latent_cov).max():
            raise ValueError("the covariance matrix of the latent variables is not admissible")
        if np.linalg.eigvalsh(self.residual_cov)[0] <= 0.0:
            raise ValueError("the covariance matrix of the residuals is not positive definite")

    @property
    def n_latent(self) -> int:
        """Number m of latent variables."""
        return int(self.loadings.shape[1])

    @cached_property
    def independent(self) -> bool:
        """Whether items are independent given the latent variables."""
        return not np.any(self.residual_cov - np.diag(self.residual_cov.diagonal()))

    @cached_property
    def root(self) -> Array:
        """C (m x m) with C C' = cov(eta)."""
        values, vectors = np.linalg.eigh(self.latent_cov)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))

    @cached_property
    def standard(self) -> tuple[Array, Array]:
        """Loadings and residual standard deviations in terms of standard normal z.

        Residuals that covary are split into independent ones and common ones, which are p further
        latent variables: Theta = d I + R R' with d half the smallest eigenvalue of Theta.
        """
        loadings = self.loadings @ self.root
        if self.independent:
            return loadings, np.sqrt(self.residual_cov.diagonal())
        values, vectors = np.linalg.eigh(self.residual_cov)
        own = 0.5 * values[0]
        common = vectors * np.sqrt(values - own)
        return np.hstack([loadings, common]), np.full(len(values), math.sqrt(own))


def bounds(measurement: Measurement, answers: Array) -> tuple[Array, Array]:
    """Return between which values every latent response lies, less its mean (two n x p arrays).

    Parameters
    ----------
    measurement : Measurement
        The model.
    answers : ndarray of shape (n, p)
        Categories 0, 1, ... of ordinal items, values of continuous ones, NaN where an answer is
        missing: such a response lies anywhere. Both bounds of a continuous answer are the answer.
    """
    lower, upper = np.full(answers.shape, -np.inf), np.full(answers.shape, np.inf)
    for item, cuts in enumerate(measurement.thresholds):
        given = np.flatnonzero(~np.isnan(answers[:, item]))
        if len(cuts):
            category = answers[given, item].astype(np.intp)
            lower[given, item] = np.concatenate([[-np.inf], cuts])[category]
            upper[given, item] = np.concatenate([cuts, [np.inf]])[category]
        else:
            lower[given, item] = upper[given, item] = answers[given, item]
    mean = measurement.intercepts + measurement.latent_mean @ measurement.loadings.T
    return lower - mean, upper - mean


def truncated(lower: Array, upper: Array) -> tuple[Array, Array, Array]:
    """Return log P(a < x < b), mean and variance of x given a < x < b, x standard normal.

    For a = b they are the log density, a and 0.
    """
    # Of an interval right of zero its mirror image: differences of small numbers keep their digits.
    mirrored = lower > -upper
    a, b = np.where(mirrored, -upper, lower), np.where(mirrored, -lower, upper)
    point = a == b
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        log_b = log_ndtr(b)
        log_p = log_b + np.log1p(-np.exp(log_ndtr(a) - log_b))
        log_p = np.where(point, -0.5 * a**2 - math.log(_ROOT_2PI), log_p)
        at_a = np.exp(-0.5 * a**2 - log_p) / _ROOT_2PI
        at_b = np.exp(-0.5 * b**2 - log_p) / _ROOT_2PI
        mean = at_a - at_b
        variance = 1.0 - mean**2
        variance += np.where(np.isfinite(a), a, 0.0) * at_a
        variance -= np.where(np.isfinite(b), b, 0.0) * at_b
    mean = np.where(point, a, mean)
    return log_p, np.where(mirrored, -mean, mean), np.clip(np.where(point, 0.0, variance), 0.0, 1.0)


def posterior_mode(measurement: Measurement, answers: Array) -> Array:
    """Return the modes of the latent variables' posterior distributions, "empirical Bayes modal".

    Parameters
    ----------
    measurement : Measurement
        The model. Residuals must not covary.
    answers : ndarray of shape (n, p)
        As for :func:`bounds`.

    Returns
    -------
    ndarray of shape (n, m)
        NaN for a respondent without answers, or whose mode was not found.

    Raises
    ------
    ValueError
        Where residuals covary.
    """
    if not measurement.independent:
        raise ValueError("the posterior mode is only worked out for uncorrelated residuals")
    lower, upper = bounds(measurement, answers)
    loadings, sd = measurement.standard
    z = np.zeros((len(answers), loadings.shape[1]))
    value, slope, curvature = _log_posterior(z, lower, upper, loadings, sd)
    active = np.arange(len(z))
    for _ in range(_AT_MOST):
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        length = np.ones(len(active))
        now = z[active]
        while True:
            trial = now + length[:, None] * step
            found = _log_posterior(trial, lower[active], upper[active], loadings, sd)
            worse = found[0] < value - 1e-12 * np.abs(value)
            if not worse.any() or length.min() < 1e-8:
                break
            length[worse] *= 0.5
        z[active] = trial
        moving = np.abs(length[:, None] * step).max(axis=1, initial=0.0) > _TOLERANCE
        active = active[moving]
        if not len(active):
            break
        value, slope, curvature = (part[moving] for part in found)
    z[active] = np.nan
    scores: Array = measurement.latent_mean + z @ measurement.root.T
    scores[np.isnan(answers).all(axis=1)] = np.nan
    return scores


def posterior_moments(measurement: Measurement, answers: Array) -> tuple[Array, Array]:
    """Return means and standard deviations of the latent variables' posterior distributions.

    Where every item depends on one latent variable they are right to about 0.0001 (means) and 0.001
    (standard deviations) of a prior standard deviation, whatever the number of latent variables.
    With cross-loadings that holds for up to three latent variables; with more of them, or where
    residuals covary, means are within 0.005 and standard deviations within 0.02, the largest
    differences being those of respondents who gave the most extreme answer to nearly every item.

    Parameters
    ----------
    measurement : Measurement
        The model.
    answers : ndarray of shape (n, p)
        As for :func:`bounds`.

    Returns
    -------
    mean, sd : ndarray of shape (n, m)
        NaN for a respondent without answers, or for whom they were not found.
    """
    lower, upper = bounds(measurement, answers)
    mean, cov = propagate(measurement, lower, upper)
    m = measurement.n_latent
    crossed = len(_directions(measurement.standard[0])[0]) > m
    if crossed and measurement.independent and m in NODES:
        mean, cov = _quadrature(measurement, lower, upper, mean, cov)
    root = measurement.root
    scores = measurement.latent_mean + mean[:, :m] @ root.T
    variance = np.einsum("ia,nab,ib->ni", root, cov[:, :m, :m], root)
    sd = np.sqrt(np.maximum(variance, 0.0))
    nothing = np.isnan(answers).all(axis=1) | np.isnan(scores).any(axis=1)
    scores[nothing] = sd[nothing] = np.nan
    return scores, sd


def propagate(measurement: Measurement, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Return mean (n x k) and covariance (n x k x k) of z by expectation propagation.

    Items that depend on the same direction of z, such as all items of one factor, are stood for by
    one exp(shift t - precision t^2 / 2), t = u'z. All directions are updated at once: each from the
    moments of t under the distribution without its own part, times the likelihood of its items, by
    Gauss-Hermite quadrature. It starts from items one by one, whose moments are closed.
    """
    loadings, sd = measurement.standard
    precision, shift = _item_sites(lower, upper, loadings, sd)
    direction, of_item, weight = _directions(loadings)
    onto = np.zeros((len(loadings), len(direction)))
    used = of_item >= 0
    onto[used, of_item[used]] = 1.0
    precision = (precision * weight**2) @ onto
    shift = (shift * weight) @ onto
    answered = ~(np.isinf(lower) & np.isinf(upper))
    nodes, weights = np.polynomial.hermite_e.hermegauss(LINE_NODES)
    log_weights = np.log(weights) + 0.5 * nodes**2
    mean, cov = _combine(direction, precision, shift)
    for _ in range(_AT_MOST):
        centre = mean @ direction.T
        spread = np.einsum("ga,nab,gb->ng", direction, cov, direction)
        without = spread / (1.0 - spread * precision)
        without_mean = without * (centre / spread - shift)
        new_precision, new_shift = precision.copy(), shift.copy()
        for g in range(len(direction)):
            items = np.flatnonzero(of_item == g)
            rows = np.flatnonzero(answered[:, items].any(axis=1))
            at = centre[rows, g, None] + np.sqrt(spread[rows, g, None]) * nodes
            log_density = (
                log_weights - 0.5 * (at - without_mean[rows, g, None]) ** 2 / without[rows, g, None]
            )
            log_density += _log_likelihood(
                lower[np.ix_(rows, items)], upper[np.ix_(rows, items)], at, weight[items], sd[items]
            )
            share = np.exp(log_density - log_density.max(axis=1, keepdims=True))
            share /= share.sum(axis=1, keepdims=True)
            first = (share * at).sum(axis=1)
            second = (share * (at - first[:, None]) ** 2).sum(axis=1)
            new_precision[rows, g] = 1.0 / second - 1.0 / without[rows, g]
            new_shift[rows, g] = first / second - without_mean[rows, g] / without[rows, g]
        precision, shift = new_precision, new_shift
        last = mean
        mean, cov = _combine(direction, precision, shift)
        moved = np.abs(mean - last).max(axis=1, initial=0.0)
        if moved.max(initial=0.0) < _TOLERANCE:
            break
    mean[moved > _ROUGH] = np.nan
    return mean, cov


def _item_sites(lower: Array, upper: Array, loadings: Array, sd: Array) -> tuple[Array, Array]:
    """Return precision and shift of what stands for every item (two n x p arrays)."""
    answered = ~(np.isinf(lower) & np.isinf(upper))
    exact = lower == upper
    precision = np.where(exact, 1.0 / sd**2, 0.0)
    with np.errstate(invalid="ignore"):
        shift = np.where(exact, lower / sd**2, 0.0)
    ordinal = answered & ~exact & (np.abs(loadings).max(axis=1, initial=0.0) > 0)
    mean, cov = _combine(loadings, precision, shift)
    for _ in range(_AT_MOST):
        centre = mean @ loadings.T
        spread = np.einsum("ja,nab,jb->nj", loadings, cov, loadings)
        with np.errstate(invalid="ignore", divide="ignore"):
            # Without the item's own part.
            without = spread / (1.0 - spread * precision)
            without_mean = without * (centre / spread - shift)
            scale = np.sqrt(without + sd**2)
            _, r, v = truncated((lower - without_mean) / scale, (upper - without_mean) / scale)
            bend = (1.0 - v) / scale**2
            rest = 1.0 - without * bend
            precision = np.where(ordinal, bend / rest, precision)
            shift = np.where(ordinal, (r / scale + bend * without_mean) / rest, shift)
        last = mean
        mean, cov = _combine(loadings, precision, shift)
        if np.abs(mean - last).max(initial=0.0) < _ROUGH:
            break
    return precision, shift


def _directions(loadings: Array) -> tuple[Array, Index, Array]:
    """Return unit vectors, the one that each item depends on (-1: none), and the item's weight."""
    length = np.linalg.norm(loadings, axis=1)
    found: list[Array] = []
    of_item = np.full(len(loadings), -1, dtype=np.intp)
    weight = np.zeros(len(loadings))
    for item in np.flatnonzero(length > 0):
        unit = loadings[item] / length[item]
        for g, known in enumerate(found):
            cosine = float(unit @ known)
            if abs(cosine) > 1.0 - 1e-12:
                of_item[item], weight[item] = g, np.sign(cosine) * length[item]
                break
        else:
            of_item[item], weight[item] = len(found), length[item]
            found.append(unit)
    return np.array(found).reshape(-1, loadings.shape[1]), of_item, weight


def _combine(direction: Array, precision: Array, shift: Array) -> tuple[Array, Array]:
    """Return mean and covariance of z, given what stands for every direction's items."""
    k = direction.shape[1]
    products = np.einsum("ga,gb->gab", direction, direction).reshape(len(direction), k * k)
    inverse = (precision @ products).reshape(-1, k, k) + np.eye(k)
    cov = np.asarray(np.linalg.inv(inverse), dtype=np.float64)
    return np.einsum("nab,nb->na", cov, shift @ direction), cov


def _log_posterior(
    z: Array, lower: Array, upper: Array, loadings: Array, sd: Array
) -> tuple[Array, Array, Array]:
    """Return the log posterior, its gradient and its negative Hessian, but for a constant."""
    centre = z @ loadings.T
    log_p, r, v = truncated((lower - centre) / sd, (upper - centre) / sd)
    value = log_p.sum(axis=1) - 0.5 * (z**2).sum(axis=1)
    slope = (r / sd) @ loadings - z
    k = loadings.shape[1]
    products = np.einsum("ja,jb->jab", loadings, loadings).reshape(len(loadings), k * k)
    bend = (((1.0 - v) / sd**2) @ products).reshape(-1, k, k)
    return value, slope, bend + np.eye(k)


def _quadrature(
    measurement: Measurement, lower: Array, upper: Array, centre: Array, spread: Array
) -> tuple[Array, Array]:
    """Return mean and covariance of z by Gauss-Hermite quadrature about a normal approximation."""
    k = centre.shape[1]
    loadings, sd = measurement.standard
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES[k])
    grid = np.stack(np.meshgrid(*[nodes] * k, indexing="ij"), axis=-1).reshape(-1, k)
    log_weight = np.log(weights) + 0.5 * nodes**2
    log_weights = np.stack(np.meshgrid(*[log_weight] * k, indexing="ij"), axis=-1).reshape(-1, k)
    mean, cov = np.empty_like(centre), np.empty_like(spread)
    size = max(1, _CHUNK // len(grid))
    for start in range(0, len(centre), size):
        rows = np.arange(start, min(start + size, len(centre)), dtype=np.intp)
        factor = np.linalg.cholesky(spread[rows])
        at = centre[rows, None, :] + np.einsum("nab,gb->nga", factor, grid)
        log_density = log_weights.sum(axis=1) - 0.5 * (at**2).sum(axis=2)
        for item in range(len(loadings)):
            log_density += _log_likelihood(
                lower[rows, item, None],
                upper[rows, item, None],
                at @ loadings[item],
                _ONE,
                sd[[item]],
            )
        log_density -= log_density.max(axis=1, keepdims=True)
        share = np.exp(log_density)
        share /= share.sum(axis=1, keepdims=True)
        mean[rows] = np.einsum("ng,nga->na", share, at)
        deviation = at - mean[rows, None, :]
        cov[rows] = np.einsum("nga,ngb->nab", share[..., None] * deviation, deviation)
    return mean, cov


def _log_likelihood(lower: Array, upper: Array, at: Array, weight: Array, sd: Array) -> Array:
    """Return the log-likelihood of some items at every respondent's values of t (n x nodes).

    The response of item j has mean weight_j t and standard deviation sd_j.
    """
    total = np.zeros(at.shape)
    for item in range(len(weight)):
        rows = np.flatnonzero(~(np.isinf(lower[:, item]) & np.isinf(upper[:, item])))
        mean = weight[item] * at[rows]
        low, high = (bound[rows, item, None] for bound in (lower, upper))
        exact = (low == high)[:, 0]
        low, high = (low - mean) / sd[item], (high - mean) / sd[item]
        mirrored = low > -high
        a, b = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
        chance = np.maximum(ndtr(b) - ndtr(a), np.finfo(np.float64).tiny)
        total[rows] += np.where(exact[:, None], -0.5 * low**2, np.log(chance))
    return total
