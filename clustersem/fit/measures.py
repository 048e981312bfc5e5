"""The mapping of all fit measures, under lavaan's names with ``_`` for ``.``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.discrepancy import cholesky, inverse_from, log_det
from clustersem.engine.ram import Array, Index, Point
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
class GroupInputs:
    """What the measures need of one group.

    Attributes
    ----------
    point : Point
        The model at the estimates.
    cov, mean : ndarray
        Sample moments, in the divisor of the estimator.
    n_obs : int
        Number of observations.
    """

    point: Point
    cov: Array
    mean: Array
    n_obs: int


@dataclass(frozen=True)
class MeasureInputs:
    """What the measures are computed from.

    Attributes
    ----------
    groups : tuple of GroupInputs
        The groups.
    f : float
        The discrepancy at the estimates.
    df : int
        Degrees of freedom.
    f_baseline, df_baseline
        The same of the independence model.
    multiplier : float
        chi2 is the multiplier times F.
    n_free : int
        Number of free parameters.
    n_moments : int
        Number of sample moments, in all groups, fixed ones too.
    has_means : bool
        Whether means are part of the model.
    saturated : float
        Log-likelihood of the saturated model; NaN where there is no likelihood.
    gfi : float
        Goodness-of-fit index.
    """

    groups: tuple[GroupInputs, ...]
    f: float
    df: int
    f_baseline: float
    df_baseline: int
    multiplier: float
    n_free: int
    n_moments: int
    has_means: bool
    saturated: float
    gfi: float

    @property
    def n_obs(self) -> int:
        """Number of observations in all groups."""
        return sum(group.n_obs for group in self.groups)


def normal_loglik(cov: Array, n_obs: int) -> float:
    """Return the saturated normal log-likelihood of a sample with this covariance matrix."""
    p = len(cov)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return -0.5 * n_obs * (p * math.log(2.0 * math.pi) + log_det(factor) + p)


def all_measures(given: MeasureInputs) -> Mapping[str, float]:
    """Return every measure of fit."""
    n, multiplier, df, n_free = given.n_obs, given.multiplier, given.df, given.n_free
    # Rounding may leave a saturated model at -1e-15.
    f = max(given.f, 0.0)
    chisq = multiplier * f
    baseline_chisq, baseline_df = multiplier * given.f_baseline, given.df_baseline
    saturated = given.saturated
    loglik = saturated - 0.5 * n * f
    against = (chisq, df, baseline_chisq, baseline_df)
    # The RMSEA of several groups is that of an average group (Steiger, 1998).
    per_group = multiplier / len(given.groups)
    low, high = indices.rmsea_interval(chisq, df, per_group)
    nfi = indices.nfi(chisq, baseline_chisq)
    cfi = indices.cfi(*against)
    parsimony = df / baseline_df if baseline_df else math.nan
    gfi = given.gfi
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
        "rmsea": indices.rmsea(chisq, df, per_group),
        "rmsea_ci_lower": low,
        "rmsea_ci_upper": high,
        "rmsea_ci_level": 0.90,
        "rmsea_pvalue": indices.rmsea_close_pvalue(chisq, df, per_group),
        "rmsea_close_h0": 0.05,
        "rmsea_notclose_pvalue": indices.rmsea_notclose_pvalue(chisq, df, per_group),
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


def gfi_of_groups(
    groups: Sequence[GroupInputs], covariates: Index, *, has_means: bool, fixed_x: bool
) -> float:
    """Return Joereskog and Soerbom's goodness-of-fit index, groups weighted by their size.

    1 - (tr[(Sigma^-1 (S - Sigma))^2] + 2 d' Sigma^-1 d) / (tr[(Sigma^-1 S)^2] + 2 m' Sigma^-1 m),
    d = m - mu, with a mean structure; the moments of covariates that are fixed at the sample's are
    not explained and do not count.

    References
    ----------
    Tanaka, J. S., & Huba, G. J. (1985). British Journal of Mathematical and Statistical Psychology,
    38, 197-201. doi:10.1111/j.2044-8317.1985.tb00834.x
    """
    misfit = total = 0.0
    for group in groups:
        sigma, n = group.point.sigma, group.n_obs
        explained, mean = group.cov.copy(), group.mean.copy()
        if fixed_x:
            explained[np.ix_(covariates, covariates)] = 0.0
            mean[covariates] = 0.0
        factor = cholesky(sigma)
        if factor is None:
            return math.nan
        p = inverse_from(factor)
        residual, whole = p @ (group.cov - sigma), p @ explained
        misfit += n * float(np.vdot(residual, residual.T))
        total += n * float(np.vdot(whole, whole.T))
        if has_means:
            d = group.mean - group.point.mu
            misfit += 2.0 * n * float(d @ p @ d)
            total += 2.0 * n * float(mean @ p @ mean)
    return 1.0 - misfit / total if total else math.nan


def _root_mean_squares(given: MeasureInputs) -> dict[str, float]:
    """Return RMR, SRMR (Bentler, Mplus) and CRMR, averaged over groups by their size."""
    total: dict[str, float] = {}
    for group in given.groups:
        share = group.n_obs / given.n_obs
        for name, value in _of_one_group(group, has_means=given.has_means).items():
            total[name] = total.get(name, 0.0) + share * value
    return total


def _of_one_group(group: GroupInputs, *, has_means: bool) -> dict[str, float]:
    """Return RMR, SRMR (Bentler, Mplus) and CRMR, each with and without means."""
    s, sigma = group.cov, group.point.sigma
    p = len(s)
    sd, implied_sd = np.sqrt(s.diagonal()), np.sqrt(sigma.diagonal())
    raw = s - sigma
    bentler = raw / np.outer(sd, sd)
    correlation = s / np.outer(sd, sd) - sigma / np.outer(implied_sd, implied_sd)
    mplus = correlation.copy()
    np.fill_diagonal(mplus, bentler.diagonal())
    d = group.mean - group.point.mu if has_means else np.zeros(p)
    standardised_means = group.mean / sd - group.point.mu / implied_sd
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
        result[name] = with_means if has_means else without
        if name != "srmr":
            result[f"{name}_nomean"] = without
    return result
