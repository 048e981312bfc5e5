"""Browne's residual-based tests: right for any consistent estimates, whatever was minimised.

T = N e' Dc (Dc' Gamma Dc)^-1 Dc' e with the residuals e = s - sigma of the moments and Dc a basis
of what is orthogonal to Delta.

References
----------
Browne, M. W. (1984). Asymptotically distribution-free methods for the analysis of covariance
structures. British Journal of Mathematical and Statistical Psychology, 37, 62-83.
doi:10.1111/j.2044-8317.1984.tb00789.x
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, qr

from clustersem.engine.corrections import TestStatistic
from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import Array


@dataclass(frozen=True, eq=False)
class ResidualTerms:
    """One group's residuals and what they are judged by.

    Attributes
    ----------
    residuals : ndarray of shape (k,)
        s - sigma.
    jacobian : ndarray of shape (k, q)
        Delta, by parameters.
    gamma : ndarray of shape (k, k)
        Covariance matrix of sqrt(n_g) times the moments: distribution-free, or normal-theory from
        the sample's or the model's covariance matrix.
    n_obs : float
        n_g.
    """

    residuals: Array
    jacobian: Array
    gamma: Array
    n_obs: float


def browne_residual(
    groups: Sequence[ResidualTerms], df: int, *, name: str, basis: Array | None = None
) -> TestStatistic:
    """Return Browne's residual test.

    Parameters
    ----------
    groups : sequence of ResidualTerms
        One a group, all in the same theta.
    df : int
        Degrees of freedom.
    name : str
        ``browne.residual.adf``, ``browne.residual.nt`` or ``browne.residual.nt.model``.
    basis : ndarray of shape (q, r), optional
        Columns that span the directions in which equality constraints let theta move.

    Returns
    -------
    TestStatistic
        NaN where there are fewer cases than degrees of freedom, so that Gamma has no inverse there.
    """
    if df == 0:
        return TestStatistic(name, 0.0, 0)
    # In units of one standard error of every residual, so that scale does not matter.
    residuals, slopes, blocks = [], [], []
    for group in groups:
        unit = np.sqrt(group.gamma.diagonal() / group.n_obs)
        used = unit > 0  # moments of fixed covariates do not vary
        unit = unit[used]
        residuals.append(group.residuals[used] / unit)
        by_theta = group.jacobian[used] if basis is None else group.jacobian[used] @ basis
        slopes.append(by_theta / unit[:, None])
        scale = unit[:, None] * unit
        blocks.append(group.gamma[np.ix_(used, used)] / scale / group.n_obs)
    jacobian = np.vstack(slopes)
    # Columns of length one: parameters may be in any unit.
    length = np.sqrt((jacobian * jacobian).sum(axis=0))
    length[length == 0] = 1.0
    full, triangle, _ = qr(jacobian / length, pivoting=True)
    size = np.abs(triangle.diagonal())
    rank = int((size > 1e-10 * size.max(initial=0.0)).sum())
    complement = full[:, rank:]
    total = np.zeros((complement.shape[1],) * 2)
    start = 0
    for block in blocks:
        part = complement[start : start + len(block)]
        total += part.T @ block @ part
        start += len(block)
    contrast = complement.T @ np.concatenate(residuals)
    factor = cholesky(total)
    if factor is None:
        return TestStatistic(name, np.nan, df)
    solved = cho_solve((factor, True), contrast, check_finite=False)
    return TestStatistic(name, float(contrast @ solved), df)
