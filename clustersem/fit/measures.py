"""The mapping of all fit measures, under lavaan's names with ``_`` for ``.``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from clustersem.engine.discrepancy import cholesky, log_det
from clustersem.engine.ram import Array, Index, Point
from clustersem.fit import indices
from clustersem.fit.residual_indices import GroupResiduals, residual_indices, wrmr
from clustersem.moments import OrdinalStatistics, assembled


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
    n_obs : float
        Number of observations, or what their sampling weights sum to.
    thresholds : ndarray
        Sample thresholds of ordinal items, item by item.
    threshold_item : ndarray of int
        For every threshold its item.
    ordinal : OrdinalStatistics or None
        Where variables are ordinal.
    """

    point: Point
    cov: Array
    mean: Array
    n_obs: float
    thresholds: Array
    threshold_item: Index
    ordinal: OrdinalStatistics | None = None

    def target(self, n_target: int) -> GroupInputs:
        """Return the same of the variables that the model is about, which are the first."""
        if n_target == len(self.cov):
            return self
        point = replace(self.point, uv=self.point.uv[:n_target])
        cov, mean = self.cov[:n_target, :n_target], self.mean[:n_target]
        return replace(self, point=point, cov=cov, mean=mean)

    def with_moments(self, cov: Array, mean: Array) -> GroupInputs:
        """Return the same with other sample moments."""
        return replace(self, cov=cov, mean=mean)


@dataclass(frozen=True)
class MeasureInputs:
    """What the measures are computed from.

    Attributes
    ----------
    groups : tuple of GroupInputs
        The groups, without auxiliary variables.
    f : float
        The discrepancy at the estimates.
    df : int
        Degrees of freedom.
    chisq : float
        The standard test statistic, N F as a rule.
    chisq_baseline, df_baseline
        The same of the independence model.
    multiplier : float
        N.
    n_free : int
        Number of free parameters.
    n_moments : int
        Number of their sample moments, in all groups, fixed ones too.
    has_means : bool
        Whether means are part of the model.
    saturated : float
        Log-likelihood of the saturated model; NaN where there is no likelihood.
    gfi : float
        Goodness-of-fit index.
    """

    groups: tuple[GroupInputs, ...]
    f: float
    chisq: float
    df: int
    chisq_baseline: float
    df_baseline: int
    multiplier: float
    n_free: int
    n_moments: int
    has_means: bool
    saturated: float
    gfi: float

    @property
    def f_reported(self) -> float:
        """F in units of n where chi2 has n - 1 and there is no likelihood, as lavaan reports it."""
        f = max(self.f, 0.0)
        return f * self.multiplier / self.n_obs if math.isnan(self.saturated) else f

    @property
    def n_obs(self) -> float:
        """Number of observations in all groups."""
        return sum(group.n_obs for group in self.groups)


def normal_loglik(cov: Array, n_obs: float) -> float:
    """Return the saturated normal log-likelihood of a sample with this covariance matrix."""
    p = len(cov)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return -0.5 * n_obs * (p * math.log(2.0 * math.pi) + log_det(factor) + p)


def plain_measures(given: MeasureInputs) -> dict[str, float]:
    """Return every measure of fit that no correction touches."""
    n, multiplier, df, n_free = given.n_obs, given.multiplier, given.df, given.n_free
    # Rounding may leave a saturated model at -1e-15.
    f = max(given.f, 0.0)
    chisq, baseline_chisq, baseline_df = given.chisq, given.chisq_baseline, given.df_baseline
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
    measures: dict[str, float] = {
        "npar": n_free,
        "fmin": 0.5 * given.f_reported,
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
    if any(len(group.thresholds) for group in given.groups):
        measures["wrmr"] = wrmr(chisq, given.n_moments)
    return measures


def _root_mean_squares(given: MeasureInputs) -> dict[str, float]:
    """Return RMR, SRMR (Bentler, Mplus) and CRMR, and WRMR with ordinal items."""
    groups = []
    for group in given.groups:
        point, items = group.point, group.threshold_item
        implied, own, left = point.scaled_sigma, np.arange(len(group.cov)), np.zeros(0)
        cov = group.cov
        if group.ordinal is not None:
            left = group.thresholds - point.delta[items] * (point.tau - point.mu[items])
            cov, own = assembled(group.ordinal)[0], group.ordinal.order.dependent
        among = np.ix_(own, own)
        groups.append(
            GroupResiduals(
                cov[among],
                implied[among],
                group.mean[own],
                point.mu[own],
                group.n_obs,
                left,
                n_given=len(cov) - len(own),
            )
        )
    return residual_indices(groups, has_means=given.has_means)
