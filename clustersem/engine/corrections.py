"""Test statistics corrected for nonnormality, clustering and weights that are not optimal.

N F is no chi-square under these, but a weighted sum of them, with weights whose sum tr(U Gamma) and
sum of squares tr((U Gamma)^2) :mod:`clustersem.engine.ugamma` returns. A correction matches the
mean, or the mean and the variance, of a chi-square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import chdtrc


@dataclass(frozen=True)
class TestStatistic:
    """One test of a model against the saturated one.

    Attributes
    ----------
    name : str
        ``standard``, ``satorra.bentler``, ``mean.var.adjusted``, ``scaled.shifted``,
        ``yuan.bentler``, ``yuan.bentler.mplus``, ``browne.residual.adf``, ``browne.residual.nt`` or
        ``browne.residual.nt.model``.
    chisq : float
        The statistic.
    df : float
        Degrees of freedom; not a whole number for ``mean.var.adjusted``.
    scaling_factor : float
        c: the standard statistic is divided by it. 1 where there is none.
    shift : float
        What is added after that; 0 where nothing is.
    trace : float
        tr(U Gamma), or NaN.
    trace_squared : float
        tr((U Gamma)^2), or NaN.
    """

    __test__ = False  # no test case for pytest

    name: str
    chisq: float
    df: float
    scaling_factor: float = 1.0
    shift: float = 0.0
    trace: float = math.nan
    trace_squared: float = math.nan

    @property
    def pvalue(self) -> float:
        """P(X > chisq); NaN with no degrees of freedom."""
        if not self.df > 0 or math.isnan(self.chisq):
            return math.nan
        return float(chdtrc(self.df, max(self.chisq, 0.0)))


def satorra_bentler(
    chisq: float, df: int, trace: float, *, name: str = "satorra.bentler"
) -> TestStatistic:
    """Return the statistic with the mean of a chi-square: T / c, c = tr(U Gamma) / df.

    Parameters
    ----------
    chisq : float
        N F.
    df : int
        Degrees of freedom.
    trace : float
        tr(U Gamma).
    name : str
        For the variants that differ by the trace alone.

    Returns
    -------
    TestStatistic
        With no degrees of freedom there is nothing to correct: c is NaN and T stays as it is. NaN
        where the trace is not positive, which happens to Yuan-Bentler's in small samples.

    References
    ----------
    Satorra, A., & Bentler, P. M. (1994). Corrections to test statistics and standard errors in
    covariance structure analysis. In Latent variables analysis (pp. 399-419). Sage.
    """
    if df == 0:
        return TestStatistic(name, chisq, df, math.nan, trace=trace)
    scale = trace / df if trace > 0 else math.nan
    return TestStatistic(name, chisq / scale, df, scale, trace=trace)


def mean_var_adjusted(chisq: float, df: int, trace: float, trace_squared: float) -> TestStatistic:
    """Return the statistic with the mean and variance of a chi-square of adjusted df.

    df' = tr(U Gamma)^2 / tr((U Gamma)^2), T / c, c = tr(U Gamma) / df'.

    References
    ----------
    Satterthwaite, F. E. (1941). Synthesis of variance. Psychometrika, 6, 309-316.
    doi:10.1007/BF02288586
    Satorra and Bentler (1994).
    """
    name = "mean.var.adjusted"
    if df == 0:
        return TestStatistic(name, chisq, df, math.nan)
    if not (trace > 0 and trace_squared > 0):
        return TestStatistic(name, math.nan, math.nan, math.nan, 0.0, trace, trace_squared)
    adjusted = trace**2 / trace_squared
    scale = trace / adjusted
    return TestStatistic(name, chisq / scale, adjusted, scale, 0.0, trace, trace_squared)


def scaled_shifted(chisq: float, df: int, trace: float, trace_squared: float) -> TestStatistic:
    """Return the statistic with the mean and variance of a chi-square of the model's df.

    T / c + shift, c = sqrt(tr((U Gamma)^2) / df), shift = df - tr(U Gamma) / c.

    References
    ----------
    Asparouhov, T., & Muthen, B. (2010). Simple second order chi-square correction. Mplus technical
    appendix.
    """
    name = "scaled.shifted"
    if df == 0:
        return TestStatistic(name, chisq, df, math.nan)
    if not trace_squared > 0:
        return TestStatistic(name, math.nan, df, math.nan, math.nan, trace, trace_squared)
    scale = math.sqrt(trace_squared / df)
    shift = df - trace / scale
    return TestStatistic(name, chisq / scale + shift, df, scale, shift, trace, trace_squared)


@dataclass(frozen=True)
class YuanBentler:
    """The Yuan-Bentler test, with the scaling factors of both models.

    Attributes
    ----------
    test : TestStatistic
        The corrected statistic.
    scaling_factor_h1 : float
        Of the saturated model: tr(A1^-1 B1) by moments.
    scaling_factor_h0 : float
        Of the model: tr(A0^-1 B0) by free parameters.
    """

    test: TestStatistic
    scaling_factor_h1: float
    scaling_factor_h0: float


def yuan_bentler(
    chisq: float,
    df: int,
    *,
    trace_h1: float,
    trace_h0: float,
    n_moments: int,
    n_free: int,
    name: str = "yuan.bentler.mplus",
) -> YuanBentler:
    """Return the statistic scaled by the difference of two traces.

    Parameters
    ----------
    chisq : float
        N F.
    df : int
        Degrees of freedom.
    trace_h1 : float
        tr(A1^-1 B1), summed over groups: information of the saturated model, Hessian against
        cross-products of scores.
    trace_h0 : float
        tr(A0^-1 B0) of the model.
    n_moments, n_free : int
        What the two models' own scaling factors divide by.
    name : str
        ``yuan.bentler.mplus``, or ``yuan.bentler`` with the traces that belong to it.

    References
    ----------
    Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
    structure analysis with nonnormal missing data. Sociological Methodology, 30, 165-200.
    doi:10.1111/0081-1750.00078
    """
    test = satorra_bentler(chisq, df, trace_h1 - trace_h0, name=name)
    return YuanBentler(
        test,
        trace_h1 / n_moments if n_moments else math.nan,
        trace_h0 / n_free if n_free else math.nan,
    )
