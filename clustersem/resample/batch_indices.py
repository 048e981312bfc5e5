"""Fit indices of many replications at once: pure functions of arrays, a replication a row.

They are those of :mod:`clustersem.fit.indices` and :mod:`clustersem.fit.residual_indices`, where
their references are. NaN goes in, NaN comes out: a replication without a result has no index.
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import Array, Index


def rmsea(chisq: Array, df: int, multiplier: float) -> Array:
    """Return the RMSEA of every replication.

    Parameters
    ----------
    chisq : ndarray of shape (B,)
        Test statistics N F.
    df : int
        Degrees of freedom, positive.
    multiplier : float
        N: n, or n - 1 with the Wishart likelihood.
    """
    return np.asarray(np.sqrt(np.maximum(chisq - df, 0.0) / (df * multiplier)))


def cfi(chisq: Array, df: int, baseline: Array, df_baseline: int) -> Array:
    """Return the CFI of every replication, between 0 and 1.

    Parameters
    ----------
    chisq, baseline : ndarray of shape (B,)
        Test statistics of the model and of the independence model.
    df, df_baseline : int
        Their degrees of freedom.
    """
    excess = np.maximum(chisq - df, 0.0)
    worst = np.maximum(baseline - df_baseline, excess)
    # Where nothing exceeds its degrees of freedom there is no misfit to compare.
    return 1.0 - excess / np.where(worst == 0, 1.0, worst)


def baseline_f(cov: Array, covariates: Index) -> Array:
    """Return the normal-theory F of the independence model, which has a closed form.

    Parameters
    ----------
    cov : ndarray of shape (B, p, p)
        Covariance matrices.
    covariates : ndarray of int
        Places of exogenous covariates, which covary in the independence model, too.

    Returns
    -------
    ndarray of shape (B,)
        The sum of ln s_ii less ln |S|; NaN where S is not positive definite.
    """
    p = cov.shape[-1]
    others = np.setdiff1d(np.arange(p), covariates)
    value: Array = np.log(np.diagonal(cov, axis1=-2, axis2=-1)[:, others]).sum(axis=1)
    value = value - _log_det(cov)
    if len(covariates):
        value = value + _log_det(cov[:, covariates[:, None], covariates])
    return value


def srmr(
    cov: Array, implied_cov: Array, mean: Array | None = None, implied_mean: Array | None = None
) -> Array:
    """Return Bentler's SRMR of every replication.

    Parameters
    ----------
    cov, implied_cov : ndarray of shape (B, p, p)
        Sample and implied covariance matrices.
    mean, implied_mean : ndarray of shape (B, p), optional
        Sample and implied means, where means are part of the model.
    """
    p = cov.shape[-1]
    sd = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
    residual = (cov - implied_cov) / (sd[:, :, None] * sd[:, None, :])
    rows, cols = np.tril_indices(p)
    squares = np.square(residual[:, rows, cols]).sum(axis=1)
    count = len(rows)
    if mean is not None and implied_mean is not None:
        squares = squares + np.square((mean - implied_mean) / sd).sum(axis=1)
        count += p
    return np.asarray(np.sqrt(squares / count))


def _log_det(cov: Array) -> Array:
    """Return ln |S| of every matrix; NaN where it is not positive definite."""
    try:
        factors = np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:
        # One matrix that has no factor stops all of them.
        factors = np.stack([_factor(matrix) for matrix in cov])
    return np.asarray(2.0 * np.log(np.diagonal(factors, axis1=-2, axis2=-1)).sum(axis=1))


def _factor(matrix: Array) -> Array:
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
