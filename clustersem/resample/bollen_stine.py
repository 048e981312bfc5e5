"""Data in which the model holds exactly, and the test of fit that resamples them.

Resampling the answers as they are tells how estimates vary, but not how the chi-square statistic
varies when the model is true, because the model is not exactly true of the answers. Bollen and
Stine therefore give the answers the covariance matrix (and means) that the fitted model implies,
leaving as much of their distribution as they can, and resample those. Savalei and Yuan do so with
incomplete answers.

References
----------
Bollen, K. A., & Stine, R. A. (1992). Bootstrapping goodness-of-fit measures in structural equation
models. Sociological Methods & Research, 21, 205-229. doi:10.1177/0049124192021002004
Savalei, V., & Yuan, K.-H. (2009). On the model-based bootstrap with missing data: Obtaining a
P-value for a test of exact fit. Multivariate Behavioral Research, 44, 741-763.
doi:10.1080/00273170903333590
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clustersem.errors import EstimationError, UnsupportedError
from clustersem.fit import Fit
from clustersem.fit.discrepancies import fitted_cov
from clustersem.fit.summary_text import line, number, p_text
from clustersem.moments import MissingPatterns, SampleMoments
from clustersem.moments.saturated import saturated_estimates
from clustersem.resample.quantiles import Array

# Incomplete data: largest error of the saturated moments, in standard deviations, at which the
# model counts as holding exactly. The statistic of such data is of the order of n times its square.
EXACT = 1e-8
ROUNDS = 200


def null_data(fit: Fit) -> tuple[Array, ...]:
    """Return the answers of every group, changed so that the fitted model holds in them exactly.

    Parameters
    ----------
    fit : Fit
        A fit of continuous answers.

    Returns
    -------
    tuple of ndarray of shape (n, p)
        Rows and variables in the order of the samples'. Fitting the model to them gives the same
        estimates and a chi-square of zero. Means are those that the model implies, or zero without
        a mean structure.

    Raises
    ------
    UnsupportedError
        Where the answers are ordered categories, weighted, or used pairwise, or there are none.
    EstimationError
        Where a covariance matrix, of the answers or of the model, is not positive definite, or
        incomplete answers cannot be changed so.

    Examples
    --------
    >>> import clustersem as cs
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> f = rng.standard_normal(200)
    >>> data = pd.DataFrame({f"x{k}": f + rng.standard_normal(200) for k in range(4)})
    >>> fit = cs.cfa("f =~ x0 + x1 + x2 + x3", data)
    >>> (null,) = null_data(fit)
    >>> again = cs.cfa("f =~ x0 + x1 + x2 + x3", pd.DataFrame(null, columns=data.columns))
    >>> round(fit.measures["chisq"], 3), abs(round(again.measures["chisq"], 3))
    (4.569, 0.0)
    """
    found = []
    for sample, point in zip(fit.samples, fit.points, strict=True):
        data = _continuous(sample)
        sigma = point.scaled_cov
        p = len(sigma)
        mean = point.mean[:p] if fit.spec.options.meanstructure else np.zeros(p)
        if sample.patterns is None:
            found.append(transformed(data, fitted_cov(sample, fit.options), sigma, mean))
        else:
            found.append(transformed_incomplete(data, sample, sigma, mean))
    return tuple(found)


def transformed(data: Array, sample_cov: Array, cov: Array, mean: Array) -> Array:
    """Return complete data with other moments.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Complete rows.
    sample_cov : ndarray of shape (p, p)
        Their covariance matrix, with the divisor of the discrepancy.
    cov : ndarray of shape (p, p)
        The one they are to have, with the same divisor.
    mean : ndarray of shape (p,)
        The mean they are to have.

    Notes
    -----
    Rows z less their mean become z S^-1/2 Sigma^1/2, with symmetric roots. Any root would give the
    same moments; with others the resampled statistics differ a little, because higher moments do.
    Symmetric roots are lavaan's choice. They leave the result as it is when items change places or
    all are multiplied by one number, though not when each is multiplied by its own.
    """
    root = symmetric_root(sample_cov, inverse=True) @ symmetric_root(cov)
    found: Array = (data - data.mean(axis=0)) @ root + mean
    return found


def transformed_incomplete(data: Array, sample: SampleMoments, cov: Array, mean: Array) -> Array:
    """Return incomplete data whose saturated maximum likelihood moments are others.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Rows with gaps.
    sample : SampleMoments
        Their saturated moments and patterns.
    cov, mean : ndarray of shape (p, p) and (p,)
        The moments they are to have.

    Raises
    ------
    EstimationError
        Where there is no such transformation within reach.

    Notes
    -----
    What a row has observed, o, is changed by the rows and columns o of one matrix A and a centre c:
    y_o = A_oo (z_o - c_o) + mu_o. A begins as in complete data, Sigma^1/2 S^-1/2, and is multiplied
    from the left, c moved, until the saturated moments of all y are Sigma and mu. Savalei and
    Yuan's second transformation has a symmetric A and the mean of every pattern in place of c,
    which leaves rows with a pattern of their own no variation.
    """
    patterns = sample.patterns
    assert patterns is not None
    assert sample.mean is not None
    sd = np.sqrt(cov.diagonal())
    root = symmetric_root(cov)
    a, centre = root @ symmetric_root(sample.cov, inverse=True), sample.mean
    for _ in range(ROUNDS):
        found = _by_pattern(data, patterns, a, centre) + mean
        reached = saturated_estimates(found, patterns=patterns)
        off = (reached.mean - mean) / sd
        worst = max(np.abs(off).max(), np.abs((reached.cov - cov) / np.outer(sd, sd)).max())
        if worst < EXACT:
            return found
        if not (reached.converged and np.isfinite(worst)):
            break
        centre = centre + np.linalg.solve(a, reached.mean - mean)
        a = root @ symmetric_root(reached.cov, inverse=True) @ a
    raise EstimationError(
        "The Bollen-Stine bootstrap needs answers in which the model holds exactly, and the"
        " incomplete ones could not be changed so. Fit with missing='listwise' for it, or take the"
        " corrected test of the fit (MLR)."
    )


def _by_pattern(data: Array, patterns: MissingPatterns, a: Array, centre: Array) -> Array:
    """Return A_oo (z_o - c_o) of every row's observed answers."""
    found = np.full(data.shape, np.nan)
    for observed, rows in zip(patterns.observed, patterns.rows, strict=True):
        o = np.flatnonzero(observed)
        found[np.ix_(rows, o)] = (data[np.ix_(rows, o)] - centre[o]) @ a[np.ix_(o, o)].T
    return found


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


def _continuous(sample: SampleMoments) -> Array:
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
    if sample.patterns is None and np.isnan(sample.data).any():
        raise UnsupportedError(
            "The Bollen-Stine bootstrap cannot do with missing='pairwise': no one set of answers"
            " has those covariances. Fit with missing='ml' or missing='listwise'."
        )
    return sample.data


@dataclass(frozen=True)
class FitTest:
    """How often resamples in which the model holds fit worse than the sample.

    Attributes
    ----------
    statistic : float
        N times the discrepancy of the sample: its chi-square statistic, uncorrected; by ULS another
        number than the fit's, which follows from the residuals.
    n_used : int
        Resamples with a statistic.
    n_failed : int
        Resamples without one: the model did not converge.
    n_worse : int
        Resamples whose statistic is at least as large as the sample's.
    p_value : float
        (n_worse + 1) / (n_used + 1), the sample itself counted as one more data set in which the
        model holds; it is never zero. NaN where no resample has a statistic.
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
        return (self.n_worse + 1) / (self.n_used + 1) if self.n_used else float("nan")

    @property
    def p_value_share(self) -> float:
        """Return n_worse / n_used."""
        return self.n_worse / self.n_used if self.n_used else float("nan")

    @property
    def p_value_cautious(self) -> float:
        """Return the p value when failures count as worse."""
        failed = self.n_failed
        return (self.n_worse + failed + 1) / (self.n_used + failed + 1)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, statistic: str = "Chi-square") -> Iterator[str]:
        """Return the test as lines of text, the statistic by its name."""
        yield line(statistic, number(self.statistic))
        yield line("Resamples above it", f"{self.n_worse} of {self.n_used}")
        yield line("P-value", p_text(self.p_value))
        if self.n_failed:
            yield line("  failures as worse", p_text(self.p_value_cautious))


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
