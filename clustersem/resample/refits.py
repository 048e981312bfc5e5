"""Many samples of one model: their moments, and what fitting the model to them gave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Array, Index

CONVERGED, NOT_CONVERGED, NO_MOMENTS = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of one group in many samples.

    Attributes
    ----------
    cov : ndarray of shape (B, p, p)
        Covariance matrices with divisor n, variables in the order of ``fit.spec.observed``.
    mean : ndarray of shape (B, p) or None
        Means; None where the model has no mean structure.
    n_obs : float
        Number of observations of each sample, or what their weights sum to.
    """

    cov: Array
    mean: Array | None
    n_obs: float


@dataclass(frozen=True, eq=False)
class Refits:
    """A model fitted to many samples.

    Attributes
    ----------
    theta : ndarray of shape (B, q)
        Free parameters; NaN in samples that gave none.
    f : ndarray of shape (B,)
        The discrepancy there; chi2 is N f.
    code : ndarray of int, shape (B,)
        0: converged. 1: not converged. 2: the sample has no moments to fit, as an item is constant,
        a category empty or the covariance matrix singular.
    sampled : ndarray of shape (B, k)
        What the model takes over from the sample: moments of fixed covariates, group by group.
    """

    theta: Array
    f: Array
    code: Index
    sampled: Array

    @property
    def converged(self) -> np.ndarray:
        """Which samples gave estimates."""
        return np.equal(self.code, CONVERGED)


def moments_of(data: Array) -> Moments:
    """Return the moments of complete samples (B x n x p), with divisor n."""
    n = data.shape[1]
    mean = data.mean(axis=1)
    centred = data - mean[:, None, :]
    # The mean of equal numbers may differ from them by rounding.
    centred *= (data != data[:, :1]).any(axis=1)[:, None, :]
    return Moments(centred.transpose(0, 2, 1) @ centred / n, mean, n)
