"""Covariance matrices of estimates that do not trust one formula: bread, meat, bread.

With the Hessian A of the discrepancy halved (the information of one case) and the covariance matrix
B of one case's contribution to its gradient, the estimates have covariance A^-1 B A^-1 / N.

* ``robust.huber.white``: A observed (or expected), B the cross-products of casewise scores.
* ``robust.sem``: A = Delta' V Delta, B = Delta' V Gamma V Delta.
* ``first.order``: B^-1 / N.

Several groups are added, each times its share n_g / N of the cases, before anything is inverted.

References
----------
Huber, P. J. (1967). The behavior of maximum likelihood estimates under nonstandard conditions.
Proceedings of the Fifth Berkeley Symposium (Vol. 1, pp. 221-233).
White, H. (1982). Maximum likelihood estimation of misspecified models. Econometrica, 50, 1-25.
doi:10.2307/1912526
Satorra, A., & Bentler, P. M. (1994). Corrections to test statistics and standard errors in
covariance structure analysis. In Latent variables analysis (pp. 399-419). Sage.
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.ram import Array
from clustersem.engine.scaled_inverse import scaled_inverse


def sandwich(bread: Array, meat: Array, multiplier: float, *, basis: Array | None = None) -> Array:
    """Return A^-1 B A^-1 / N.

    Parameters
    ----------
    bread : ndarray of shape (q, q)
        A: half the Hessian of F, summed over groups.
    meat : ndarray of shape (q, q)
        B, summed over groups.
    multiplier : float
        N.
    basis : ndarray of shape (q, r), optional
        Columns that span the directions in which equality constraints let theta move.

    Returns
    -------
    ndarray of shape (q, q)
        NaN throughout where A is not positive definite.
    """
    if basis is not None:
        inner = sandwich(basis.T @ bread @ basis, basis.T @ meat @ basis, multiplier)
        constrained: Array = basis @ inner @ basis.T
        return constrained
    inverse = scaled_inverse(bread)
    if inverse is None:
        return np.full(bread.shape, np.nan)
    return inverse.sandwich(meat) / multiplier


def inverse_information(
    information: Array, multiplier: float, *, basis: Array | None = None
) -> Array:
    """Return A^-1 / N: of expected, observed or first-order information.

    Parameters
    ----------
    information : ndarray of shape (q, q)
        The information of one case, summed over groups.
    multiplier : float
        N.
    basis : ndarray of shape (q, r), optional
        As in :func:`sandwich`.

    Returns
    -------
    ndarray of shape (q, q)
        NaN in the rows and columns of what is not identified.
    """
    if basis is None:
        return parameter_covariance(2.0 * information, multiplier)[0]
    inner = parameter_covariance(2.0 * basis.T @ information @ basis, multiplier)[0]
    constrained: Array = basis @ inner @ basis.T
    return constrained
