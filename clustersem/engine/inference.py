"""The covariance matrix of the estimates."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.discrepancy import cholesky, inverse_from
from clustersem.engine.identification import RANK, null_space
from clustersem.engine.ram import Array, Index


def parameter_covariance(hessian: Array, multiplier: float) -> tuple[Array, Index]:
    """Return (2 / N) H^-1 and the places of parameters that are not identified.

    Parameters
    ----------
    hessian : ndarray of shape (q, q)
        Expected (or exact) Hessian of F; the information is N/2 times it.
    multiplier : float
        N.

    Returns
    -------
    vcov : ndarray of shape (q, q)
        NaN in the rows and columns of parameters that are not identified.
    involved : ndarray of int
        Those parameters; empty as a rule.
    """
    scale = np.sqrt(np.maximum(hessian.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    unit = hessian / np.outer(scale, scale)
    factor = cholesky(unit)
    if factor is not None:
        norm = float(np.abs(unit).sum(axis=0).max(initial=0.0))
        rcond, _ = lapack.dpocon(factor, norm, uplo="L") if len(unit) else (1.0, 0)
        if rcond > RANK:
            vcov = inverse_from(factor) / np.outer(scale, scale)
            return vcov * (2.0 / multiplier), np.array([], dtype=np.intp)
    involved = null_space(hessian)
    fine = np.setdiff1d(np.arange(len(hessian)), involved)
    vcov = np.full(hessian.shape, np.nan)
    factor = cholesky(unit[np.ix_(fine, fine)]) if len(fine) else None
    if factor is not None:
        vcov[np.ix_(fine, fine)] = inverse_from(factor) / np.outer(scale[fine], scale[fine])
    return vcov * (2.0 / multiplier), involved
