"""The mapping of all fit measures, under lavaan's names with ``_`` for ``.``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from clustersem.engine.likelihood import Evaluation, cholesky, log_det
from clustersem.engine.ram import Array, Index
from clustersem.fit import indices


class Measures(Mapping[str, float]):
    """Fit measures by name, read-only; unlike a mapping proxy they can be pickled and copied."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


@dataclass(frozen=True)
class MeasureInputs:
    """What the measures are computed from.

    Attributes
    ----------
    at : Evaluation
        The model at the estimates.
    cov, mean : ndarray
        Sample moments, in the divisor of the likelihood.
    n_obs : int
        Number of observations n.
    multiplier : float
        n, or n - 1 with the Wishart likelihood: chi2 is the multiplier times F.
    n_free : int
        Number of free parameters.
    has_means : bool
        Whether means are part of the model.
    covariates : ndarray of int
        Places of exogenous covariates: they covary in the independence model too.
    fixed_x : bool
        Whether their moments are fixed at the sample's, so that they are not explained.
    """

    at: Evaluation
    cov: Array
    mean: Array
    n_obs: int
    multiplier: float
    n_free: int
    has_means: bool
    covariates: Index
    fixed_x: bool

    @property
    def n_moments(self) -> int:
        """Number of distinct sample moments."""
        p = len(self.cov)
        return p * (p + 1) // 2 + (p if self.has_means else 0)

    @property
    def df(self) -> int:
        """Degrees of freedom: moments that are explained, less free parameters."""
        x = len(self.covariates) if self.fixed_x else 0
        given = x * (x + 1) // 2 + (x if self.has_means else 0)
        return self.n_moments - given - self.n_free


def normal_loglik(cov: Array, n_obs: int) -> float:
    """Return the saturated normal log-likelihood of a sample with this covariance matrix."""
    p = len(cov)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return -0.5 * n_obs * (p * math.log(2.0 * math.pi) + log_det(factor) + p)


def baseline_discrepancy(cov: Array, covariates: Index) -> float:
    """Return F of the independence model, in which only exogenous covariates may covary."""
    others = np.setdiff1d(np.arange(len(cov)), covariates)
    whole = cholesky(cov)
    assert whole is not None
    value = float(np.log(cov.diagonal()[others]).sum()) - log_det(whole)
    if len(covariates):
        block = cholesky(cov[np.ix_(covariates, covariates)])
        assert block is not None
        value += log_det(block)
    return value


def all_measures(given: MeasureInputs) -> Mapping[str, float]:
    """Return every measure of fit."""
    n, multiplier, df, n_free = given.n_obs, given.multiplier, given.df, given.n_free
    p, x = len(given.cov), len(given.covariates)
    # Rounding may leave a saturated model at -1e-15.
    f = max(given.at.f, 0.0)
    chisq = multiplier * f
    baseline_chisq = multiplier * baseline_discrepancy(given.cov, given.covariates)
    baseline_df = p * (p - 1) // 2 - x * (x - 1) // 2
    saturated = normal_loglik(given.cov, n)
    if given.fixed_x:
        saturated -= normal_loglik(given.cov[np.ix_(given.covariates, given.covariates)], n)
    loglik = saturated - 0.5 * n * f
    against = (chisq, df, baseline_chisq, baseline_df)
    low, high = indices.rmsea_interval(chisq, df, multiplier)
    nfi = indices.nfi(chisq, baseline_chisq)
    cfi = indices.cfi(*against)
    parsimony = df / baseline_df if baseline_df else math.nan
    gfi = _gfi(given)
    measures = {
        "npar": n_free,
        "fmin": 0.5 * f,
        "chisq": chisq,
        "df": df,
        "pvalue": indices.chisq_pvalue(chisq, df),
        "cmin_df": chisq / df if df else math.nan,
        "baseline_chisq": baseline_chisq,
        "baseline_df": baseline_df,
        "baseline_pvalue": indices.chisq_pvalue(baseline_chisq, baseline_df),
        "cfi": cfi,
        "tli": indices.tli(*against),
        "nnfi": indices.tli(*against),
        "rfi": indices.rfi(*against),
        "nfi": nfi,
        "pnfi": parsimony * nfi,
        "pcfi": parsimony * cfi,
        "ifi": indices.ifi(chisq, df, baseline_chisq),
        "rni": indices.rni(*against),
        "logl": loglik,
        "unrestricted_logl": saturated,
        "aic": indices.aic(loglik, n_free),
        "bic": indices.bic(loglik, n_free, n),
        "ntotal": n,
        "bic2": indices.bic2(loglik, n_free, n),
        "rmsea": indices.rmsea(chisq, df, multiplier),
        "rmsea_ci_lower": low,
        "rmsea_ci_upper": high,
        "rmsea_ci_level": 0.90,
        "rmsea_pvalue": indices.rmsea_close_pvalue(chisq, df, multiplier),
        "rmsea_close_h0": 0.05,
        "rmsea_notclose_pvalue": indices.rmsea_notclose_pvalue(chisq, df, multiplier),
        "rmsea_notclose_h0": 0.08,
        **_root_mean_squares(given),
        "cn_05": indices.critical_n(chisq, df, multiplier, 0.05),
        "cn_01": indices.critical_n(chisq, df, multiplier, 0.01),
        "gfi": gfi,
        "agfi": indices.agfi(gfi, given.n_moments, df),
        "pgfi": indices.pgfi(gfi, given.n_moments, df),
        "mfi": indices.mfi(chisq, df, multiplier),
        "ecvi": indices.ecvi(chisq, n_free, multiplier),
    }
    return Measures(measures)


def _gfi(given: MeasureInputs) -> float:
    p = given.at.precision
    explained, mean = given.cov.copy(), given.mean.copy()
    if given.fixed_x:
        explained[np.ix_(given.covariates, given.covariates)] = 0.0
        mean[given.covariates] = 0.0
    residual = p @ (given.cov - given.at.point.sigma)
    mean_term = float(mean @ p @ mean) if given.has_means else 0.0
    misfit_of_means = given.at.deviation @ p @ given.at.deviation
    return indices.gfi(residual, p @ explained, mean_term, float(misfit_of_means))


def _root_mean_squares(given: MeasureInputs) -> dict[str, float]:
    """Return RMR, SRMR (Bentler, Mplus) and CRMR, each with and without means."""
    s, sigma = given.cov, given.at.point.sigma
    p = len(s)
    sd, implied_sd = np.sqrt(s.diagonal()), np.sqrt(sigma.diagonal())
    raw = s - sigma
    bentler = raw / np.outer(sd, sd)
    correlation = s / np.outer(sd, sd) - sigma / np.outer(implied_sd, implied_sd)
    mplus = correlation.copy()
    np.fill_diagonal(mplus, bentler.diagonal())
    d = given.at.deviation
    standardised_means = given.mean / sd - given.at.point.mu / implied_sd
    squares = {
        "rmr": (raw, d, 0),
        "srmr": (bentler, d / sd, 0),
        "srmr_bentler": (bentler, d / sd, 0),
        "crmr": (correlation, d / sd, p),
        "srmr_mplus": (mplus, standardised_means, 0),
    }
    result: dict[str, float] = {}
    for name, (residual, means, not_counted) in squares.items():
        own = residual.diagonal()
        total = 0.5 * float(np.vdot(residual, residual) + own @ own)  # the lower triangle's
        count = p * (p + 1) // 2 - not_counted
        without = math.sqrt(total / count) if count else 0.0
        with_means = math.sqrt((total + float(means @ means)) / (count + p))
        result[name] = with_means if given.has_means else without
        if name != "srmr":
            result[f"{name}_nomean"] = without
    return result
