"""Data in which the model holds exactly, and the test of fit that resamples them.

Resampling the answers as they are tells how estimates vary, but not how the chi-square statistic
varies when the model is true, because the model is not exactly true of the answers. Bollen and
Stine therefore give the answers the covariance matrix (and means) that the fitted model implies,
leaving as much of their distribution as they can, and resample those.

References
----------
Bollen, K. A., & Stine, R. A. (1992). Bootstrapping goodness-of-fit measures in structural equation
models. Sociological Methods & Research, 21, 205-229. doi:10.1177/0049124192021002004
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.errors import EstimationError, UnsupportedError
from clustersem.moments import SampleMoments
from clustersem.resample.quantiles import Array


def null_data(
    samples: Sequence[SampleMoments],
    implied_cov: Sequence[Array],
    implied_mean: Sequence[Array] | None = None,
) -> tuple[Array, ...]:
    """Return the answers of every group, changed so that the model holds in them exactly.

    Parameters
    ----------
    samples : sequence of SampleMoments
        The sample of every group, with its answers.
    implied_cov : sequence of ndarray of shape (p, p)
        What the fitted model implies for every group, variables in the order of the samples'.
    implied_mean : sequence of ndarray of shape (p,), optional
        The means that it implies; without a mean structure the answers keep mean zero.

    Returns
    -------
    tuple of ndarray of shape (n, p)
        Rows in the order of the samples'. Their covariance matrix with divisor n is
        `implied_cov`, their mean `implied_mean`.

    Raises
    ------
    UnsupportedError
        Where the sample is not one of complete continuous answers.
    EstimationError
        Where the model implies a covariance matrix that is not positive definite.

    Notes
    -----
    Rows z less their mean become z S^-1/2 Sigma^1/2, with symmetric roots. Any root would give the
    same moments; with others the resampled statistics differ a little, because higher moments do.
    Symmetric roots are lavaan's choice. They leave the result as it is when items change places or
    all are multiplied by one number, though not when each is multiplied by its own.
    """
    found = []
    for g, (sample, sigma) in enumerate(zip(samples, implied_cov, strict=True)):
        data = _complete(sample)
        root = symmetric_root(sample.cov, inverse=True) @ symmetric_root(sigma)
        null = (data - data.mean(axis=0)) @ root
        if implied_mean is not None:
            null += implied_mean[g]
        found.append(null)
    return tuple(found)


def symmetric_root(matrix: Array, *, inverse: bool = False) -> Array:
    """Return the symmetric matrix whose square is a positive definite one, or its inverse.

    Raises
    ------
    EstimationError
        Where the matrix is not positive definite.
    """
    values, vectors = np.linalg.eigh(matrix)
    if not values[0] > 0:
        raise EstimationError(
            "The Bollen-Stine bootstrap needs positive definite covariance matrices, of the answers"
            f" and of the model; here the smallest eigenvalue is {values[0]:.3g}. See"
            " fit.diagnose() for what is wrong with the solution."
        )
    power = -0.25 if inverse else 0.25
    half = vectors * values**power
    found: Array = half @ half.T
    return found


def _complete(sample: SampleMoments) -> Array:
    """Return the answers of a sample that can be transformed."""
    if sample.ordinal is not None:
        raise UnsupportedError(
            "The Bollen-Stine bootstrap gives the answers another covariance matrix; ordered"
            " categories would be categories no more. For ordinal items take the corrected test"
            " of the fit itself (WLSMV), or simulate its distribution with cs.cutoffs(fit)."
        )
    if sample.data is None:
        raise UnsupportedError(
            "The Bollen-Stine bootstrap resamples answers, and this fit was made from a covariance"
            " matrix. Fit the answers themselves."
        )
    if sample.weights is not None:
        raise UnsupportedError(
            "The Bollen-Stine bootstrap is for answers without sampling weights: how a resample"
            " drawn with equal chances stands for a weighted population is not defined. Take the"
            " corrected test of the fit (MLR)."
        )
    if np.isnan(sample.data).any():
        raise UnsupportedError(
            "The Bollen-Stine bootstrap is for complete answers here; some are missing. Fit with"
            " missing='listwise' for it, or take the corrected test of the fit (MLR)."
        )
    return sample.data


@dataclass(frozen=True)
class FitTest:
    """How often resamples in which the model holds fit worse than the sample.

    Attributes
    ----------
    statistic : float
        Chi-square statistic of the sample.
    n_used : int
        Resamples with a statistic.
    n_failed : int
        Resamples without one: the model did not converge.
    n_worse : int
        Resamples whose statistic is at least as large as the sample's.
    p_value : float
        (n_worse + 1) / (n_used + 1), the sample itself counted as one more data set in which the
        model holds; it is never zero.
    p_value_share : float
        n_worse / n_used, which is what lavaan prints; NaN where no resample has a statistic.
    p_value_cautious : float
        (n_worse + n_failed + 1) / (n_used + n_failed + 1): a resample in which the model could not
        be fitted counts as one that fits worse, as in AMOS.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
    University Press. doi:10.1017/CBO9780511802843 (chapter 4)
    """

    statistic: float
    n_used: int
    n_failed: int
    n_worse: int

    @property
    def p_value(self) -> float:
        """Return (n_worse + 1) / (n_used + 1)."""
        return (self.n_worse + 1) / (self.n_used + 1)

    @property
    def p_value_share(self) -> float:
        """Return n_worse / n_used."""
        return self.n_worse / self.n_used if self.n_used else float("nan")

    @property
    def p_value_cautious(self) -> float:
        """Return the p value when failures count as worse."""
        failed = self.n_failed
        return (self.n_worse + failed + 1) / (self.n_used + failed + 1)


def fit_test(statistic: float, resampled: Array) -> FitTest:
    """Return the Bollen-Stine test of fit.

    Parameters
    ----------
    statistic : float
        Chi-square statistic of the sample.
    resampled : ndarray of shape (B,)
        Statistics of the resamples of :func:`null_data`, NaN where there is none.

    Examples
    --------
    >>> fit_test(9.0, np.array([3.0, 12.0, 7.5, np.nan])).p_value
    0.5
    """
    used = resampled[np.isfinite(resampled)]
    return FitTest(
        float(statistic), len(used), len(resampled) - len(used), int((used >= statistic).sum())
    )
