"""The normal-theory discrepancy of many samples at once, its gradient and its information.

What is computed is that of :mod:`clustersem.engine.likelihood`, with a leading batch axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Array, Batch, Namespace, cholesky, transposed
from clustersem.engine.batched_ram import BatchedPoint, BatchedRam, evaluate
from clustersem.moments.sources import SINGULAR


@dataclass(frozen=True, eq=False)
class BatchedSamples:
    """The moments of one group in many samples, on the device.

    Attributes
    ----------
    cov : array of shape (B, p, p)
        Covariance matrices, in the divisor of the likelihood in use.
    mean : array of shape (B, p)
        Means.
    log_det : array of shape (B,)
        log|cov|.
    flat : array of shape (B, p p + p)
        Covariances and means, flat.
    good : array of bool, shape (B,)
        Whether the covariance matrix is positive definite, and not by rounding alone.
    """

    cov: Batch
    mean: Batch
    log_det: Batch
    flat: Batch
    good: Batch

    def some(self, xp: Namespace, which: Batch) -> BatchedSamples:
        """Return some of the samples."""
        parts = (self.cov, self.mean, self.log_det, self.flat, self.good)
        return BatchedSamples(*(xp.take(part, which, axis=0) for part in parts))


@dataclass(frozen=True, eq=False)
class BatchedEvaluation:
    """The discrepancy at a batch of theta.

    Attributes
    ----------
    f : array of shape (B,)
        Values; infinite where Sigma is not positive definite.
    point : BatchedPoint
    precision : array of shape (B, p, p)
        P = Sigma^-1; the identity where there is none.
    deviation : array of shape (B, p)
        d = m - mu; zero without a mean structure.
    """

    f: Batch
    point: BatchedPoint
    precision: Batch
    deviation: Batch

    def some(self, xp: Namespace, which: Batch) -> BatchedEvaluation:
        """Return the evaluations of some of the problems."""
        return BatchedEvaluation(
            xp.take(self.f, which, axis=0),
            self.point.some(xp, which),
            xp.take(self.precision, which, axis=0),
            xp.take(self.deviation, which, axis=0),
        )


def batched_samples(batched: BatchedRam, cov: Array, mean: Array) -> BatchedSamples:
    """Bring the moments of many samples to the device."""
    xp, on = batched.device.xp, batched.device.asarray
    # What counts as singular must not depend on units: correlations are factored.
    given = on(cov)
    variances = xp.linalg.diagonal(given)
    varies = variances > 0
    sd = xp.sqrt(xp.where(varies, variances, xp.ones_like(variances)))
    factors, _, good = cholesky(xp, given / (sd[:, :, None] * sd[:, None, :]))
    alone = xp.linalg.diagonal(factors) ** 2
    good = good & xp.all(varies & (alone > SINGULAR), axis=1)
    eye = on(np.eye(cov.shape[1]))
    safe = xp.where(good[:, None, None], given, eye[None, :, :])
    log_det = _log_det(xp, factors) + 2.0 * xp.sum(xp.log(sd), axis=-1)
    means = on(mean)
    flat = xp.concat([xp.reshape(safe, (cov.shape[0], -1)), means], axis=1)
    return BatchedSamples(safe, means, log_det, flat, good)


def _log_det(xp: Namespace, factors: Batch) -> Batch:
    return 2.0 * xp.sum(xp.log(xp.linalg.diagonal(factors)), axis=-1)


def discrepancy(batched: BatchedRam, samples: BatchedSamples, theta: Batch) -> BatchedEvaluation:
    """Return F at a batch of theta."""
    xp = batched.device.xp
    point = evaluate(batched, theta, samples.flat)
    factors, sigma, good = cholesky(xp, point.sigma)
    precision = xp.linalg.inv(sigma)
    f = _log_det(xp, factors) - samples.log_det - point.sigma.shape[1]
    f = f + xp.sum(xp.sum(precision * samples.cov, axis=-1), axis=-1)
    d = xp.zeros_like(samples.mean)
    if batched.model.has_means:
        d = samples.mean - point.mu
        f = f + xp.sum(d * xp.sum(precision * d[:, None, :], axis=-1), axis=-1)
    f = xp.where(good & xp.isfinite(f), f, xp.full_like(f, xp.inf))
    return BatchedEvaluation(f, point, precision, d)


def gradient(batched: BatchedRam, samples: BatchedSamples, at: BatchedEvaluation) -> Batch:
    """Return dF / dtheta (B x q)."""
    xp, m = batched.device.xp, batched.model.n_variables
    p, uv = at.precision, at.point.uv
    w = p - p @ samples.cov @ p
    has_means = batched.model.has_means
    if has_means:
        r = xp.sum(p * at.deviation[:, None, :], axis=-1)
        w = w - r[:, :, None] * r[:, None, :]
    products = transposed(uv[:, :, :m]) @ (w @ uv)
    flat = xp.reshape(products, (products.shape[0], -1))
    by_cell = xp.take(flat, batched.gradient, axis=1) * batched.two_c
    if has_means:
        u_r = xp.sum(uv[:, :, :m] * r[:, :, None], axis=1)
        by_mean = mean_weights(batched, at.point) * xp.take(u_r, batched.x, axis=1)
        by_cell = by_cell - 2.0 * by_mean
    return by_cell if batched.collapse is None else by_cell @ batched.collapse


def mean_weights(batched: BatchedRam, point: BatchedPoint) -> Batch:
    """Return the weights (B x cells) of u_row in the derivatives of mu."""
    nu = batched.device.xp.take(point.nu, batched.cause, axis=1)
    return nu * batched.is_path + batched.is_intercept
