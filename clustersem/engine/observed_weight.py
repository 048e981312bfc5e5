"""The observed information of the saturated model, at the moments that a model implies.

It takes the place of the normal-theory weight V in the test of Yuan and Bentler (2000): tr(U Gamma)
with this weight differs from Satorra and Bentler's trace as observed from expected information.

References
----------
Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
structure analysis with nonnormal missing data. Sociological Methodology, 30, 165-200.
doi:10.1111/0081-1750.00078
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import Array
from clustersem.moments.gamma import normal_weight
from clustersem.moments.order import MomentOrder


def observed_weight(precision: Array, cov: Array, deviation: Array, order: MomentOrder) -> Array:
    """Return the second derivatives of F / 2 by the implied moments.

    Parameters
    ----------
    precision : ndarray of shape (p, p)
        P, inverse of the implied covariance matrix.
    cov : ndarray of shape (p, p)
        Sample covariance matrix S.
    deviation : ndarray of shape (p,)
        Sample means less implied ones; zero where means are no part of the model.
    order : MomentOrder
        An order without thresholds.

    Returns
    -------
    ndarray of shape (k, k)
        The normal-theory weight where model and sample agree; elsewhere it may be indefinite.
    """
    own = np.arange(order.n_observed)
    i, j = np.concatenate([own, order.rows]), np.concatenate([own, order.cols])
    c = np.ones(len(i))
    c[: order.n_observed] = 0.5
    r = precision @ deviation
    k = precision @ cov @ precision + np.outer(r, r)
    ki, kj = k.take(i, axis=0), k.take(j, axis=0)
    pi, pj = precision.take(i, axis=0), precision.take(j, axis=0)
    weight = pi.take(i, axis=1) * kj.take(j, axis=1) + pj.take(j, axis=1) * ki.take(i, axis=1)
    weight += pi.take(j, axis=1) * kj.take(i, axis=1) + pj.take(i, axis=1) * ki.take(j, axis=1)
    weight *= c[:, None] * c
    weight -= normal_weight(precision, MomentOrder(order.n_thresholds, has_means=False))
    if not order.has_means:
        return weight
    cross = (precision.take(i, axis=1) * r[j] + precision.take(j, axis=1) * r[i]) * c
    return np.block([[precision, cross], [cross.T, weight]])
