"""Root mean squares of residuals: RMR, SRMR (Bentler's and Mplus's), CRMR and WRMR.

With several groups they are means over groups, weighted by the groups' sizes. Ordinal variables
bring thresholds in place of means, and residuals of polychoric correlations.

References
----------
Bentler, P. M. (1995). EQS structural equations program manual. Multivariate Software.
Maydeu-Olivares, A. (2017). Assessing the size of model misfit in structural equation models.
Psychometrika, 82, 533-558. doi:10.1007/s11336-016-9552-7
Yu, C.-Y. (2002). Evaluating cutoff criteria of model fit indices for latent variable models with
binary and continuous outcomes. Dissertation, University of California, Los Angeles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.ram import Array


@dataclass(frozen=True, eq=False)
class GroupResiduals:
    """Moments of one group, observed and implied.

    Attributes
    ----------
    cov, implied_cov : ndarray of shape (p, p)
        Covariances; polychoric, polyserial and Pearson's where variables are ordinal.
    mean, implied_mean : ndarray of shape (p,)
        Means. Not used where variables are ordinal, or without a mean structure.
    n_obs : float
        n_g.
    thresholds : ndarray of shape (t,)
        Observed less implied thresholds; empty without ordinal variables.
    n_given : int
        Number of covariates given which these moments are. As in lavaan, their variances count as
        reproduced, and slopes on them do not count.
    """

    cov: Array
    implied_cov: Array
    mean: Array
    implied_mean: Array
    n_obs: float
    thresholds: Array
    n_given: int = 0


def residual_indices(groups: Sequence[GroupResiduals], *, has_means: bool) -> dict[str, float]:
    """Return every index of this family, under lavaan's names.

    Parameters
    ----------
    groups : sequence of GroupResiduals
        One a group.
    has_means : bool
        Whether means (or thresholds) are part of the model; each index then comes with and without
        them.

    Returns
    -------
    dict of str to float
        ``srmr`` counts means, but not thresholds. Mplus's SRMR is NaN for ordinal variables.
    """
    total = sum(group.n_obs for group in groups)
    ordinal = any(len(group.thresholds) for group in groups)
    result: dict[str, float] = {}
    for group in groups:
        for name, value in _of_group(group, has_means=has_means).items():
            result[name] = result.get(name, 0.0) + group.n_obs / total * value
    result["srmr"] = result["srmr_bentler_nomean" if ordinal else "srmr_bentler"]
    if ordinal:
        result["srmr_mplus"] = result["srmr_mplus_nomean"] = math.nan
    return result


def wrmr(chisq: float, n_statistics: int) -> float:
    """Return the weighted root mean square residual, sqrt(chi2 / k) (Yu, 2002).

    Parameters
    ----------
    chisq : float
        Uncorrected statistic of diagonally weighted least squares.
    n_statistics : int
        Number k of thresholds, means, variances and covariances.
    """
    return math.sqrt(chisq / n_statistics) if n_statistics else math.nan


def _of_group(group: GroupResiduals, *, has_means: bool) -> dict[str, float]:
    p = len(group.cov)
    sd, implied_sd = np.sqrt(group.cov.diagonal()), np.sqrt(group.implied_cov.diagonal())
    raw = group.cov - group.implied_cov
    bentler = raw / np.outer(sd, sd)
    correlation = group.cov / np.outer(sd, sd) - group.implied_cov / np.outer(
        implied_sd, implied_sd
    )
    mplus = correlation.copy()
    np.fill_diagonal(mplus, bentler.diagonal())
    if len(group.thresholds):
        first = standardised = of_mplus = group.thresholds
    else:
        first = group.mean - group.implied_mean
        standardised = first / sd
        of_mplus = group.mean / sd - group.implied_mean / implied_sd
    families = {
        "rmr": (raw, first, 0),
        "srmr_bentler": (bentler, standardised, 0),
        "crmr": (correlation, standardised, p + group.n_given),
        "srmr_mplus": (mplus, of_mplus, 0),
    }
    result: dict[str, float] = {}
    for name, (residual, others, not_counted) in families.items():
        own = residual.diagonal()
        squares = 0.5 * float(np.vdot(residual, residual) + own @ own)  # the lower triangle's
        count = p * (p + 1) // 2 + group.n_given - not_counted
        without = math.sqrt(squares / count) if count else 0.0
        together = math.sqrt((squares + float(others @ others)) / (count + len(others)))
        result[name] = together if has_means else without
        result[f"{name}_nomean"] = without
    return result
