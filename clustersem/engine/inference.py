"""The covariance matrix of the estimates."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.discrepancy import cholesky, inverse_from
from clustersem.engine.identification import RANK, null_space
from clustersem.engine.ram import Array, Index


def parameter_covariance(
    hessian: Array, multiplier: float, jacobian: Array | None = None
) -> tuple[Array, Index]:
    """Return (2 / N) H^-1 and the places of parameters that are not identified.

    Parameters
    ----------
    hessian : ndarray of shape (q, q)
        Expected (or exact) Hessian of F; the information is N/2 times it.
    multiplier : float
        N.
    jacobian : ndarray of shape (r, q), optional
        Derivatives of restrictions that hold with equality; see
        :func:`clustersem.engine.restricted.restricted_inverse`.

    Returns
    -------
    vcov : ndarray of shape (q, q)
        NaN in the rows and columns of parameters that are not identified.
    involved : ndarray of int
        Those parameters; empty as a rule.
    """
    if jacobian is not None and len(jacobian):
        from clustersem.engine.restricted import restricted_inverse

        inverse, involved = restricted_inverse(hessian, jacobian)
        return inverse * (2.0 / multiplier), involved
    scale = np.sqrt(np.maximum(hessian.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    unit = hessian / scale[:, None] / scale
    factor = cholesky(unit)
    if factor is not None:
        norm = float(np.abs(unit).sum(axis=0).max(initial=0.0))
        rcond, _ = lapack.dpocon(factor, norm, uplo="L") if len(unit) else (1.0, 0)
        if rcond > RANK:
            root = scale * np.sqrt(0.5 * multiplier)
            return inverse_from(factor) / root[:, None] / root, np.array([], dtype=np.intp)
    involved = null_space(hessian)
    fine = np.setdiff1d(np.arange(len(hessian)), involved)
    vcov = np.full(hessian.shape, np.nan)
    factor = cholesky(unit[np.ix_(fine, fine)]) if len(fine) else None
    if factor is not None:
        vcov[np.ix_(fine, fine)] = inverse_from(factor) / np.outer(scale[fine], scale[fine])
    return vcov * (2.0 / multiplier), involved
