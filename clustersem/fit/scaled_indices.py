"""Fit measures of corrected tests: scaled and robust.

*Scaled* measures put the corrected statistics of the model and of the independence model where the
plain ones stand. They estimate something that depends on the distribution of the data. *Robust*
measures estimate what the plain ones do, the population's value under normality: the noncentrality
of either model is estimated by T - c df with that model's own scaling factor c.

References
----------
Brosseau-Liard, P. E., Savalei, V., & Li, L. (2012). An investigation of the sample performance of
two nonnormality corrections for RMSEA. Multivariate Behavioral Research, 47, 904-930.
doi:10.1080/00273171.2012.715252
Brosseau-Liard, P. E., & Savalei, V. (2014). Adjusting incremental fit indices for nonnormality.
Multivariate Behavioral Research, 49, 460-470. doi:10.1080/00273171.2014.933697
Savalei, V. (2018). On the computation of the RMSEA and CFI from the mean-and-variance corrected
test statistic with nonnormal data in SEM. Multivariate Behavioral Research, 53, 419-429.
doi:10.1080/00273171.2018.1455142
Li, L., & Bentler, P. M. (2006). Robust statistical tests for evaluating the hypothesis of close fit
of misspecified mean and covariance structural models. UCLA Statistics Preprint 506.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersem.engine.corrections import TestStatistic
from clustersem.engine.noncentral import cdf, noncentrality_at, sf
from clustersem.fit import indices


@dataclass(frozen=True)
class CorrectedTests:
    """The statistics of a model and of the independence model, plain and corrected.

    Attributes
    ----------
    chisq, df : float, int
        Plain statistic of the model.
    chisq_baseline, df_baseline : float, int
        Plain statistic of the independence model.
    model, baseline : TestStatistic
        Corrected statistics.
    multiplier : float
        N that the RMSEA divides by: as for the plain one, n, or n less the number of groups.
    n_groups : int
        Number of groups.
    """

    chisq: float
    df: int
    chisq_baseline: float
    df_baseline: int
    model: TestStatistic
    baseline: TestStatistic
    multiplier: float
    n_groups: int = 1

    @property
    def has_robust(self) -> bool:
        """Whether robust measures are defined: not where degrees of freedom were adjusted."""
        return self.model.name != "mean.var.adjusted"


@dataclass(frozen=True)
class Noncentrality:
    """What a robust RMSEA is computed from.

    Attributes
    ----------
    excess : float
        T - c df.
    df : int
        Degrees of freedom.
    scaled : float
        The corrected statistic, from which the interval is taken,
    factor : float
        and the scaling factor that brings its noncentrality back to the units of T.
    """

    excess: float
    df: int
    scaled: float
    factor: float


def scaled_measures(tests: CorrectedTests) -> dict[str, float]:
    """Return every ``*_scaled`` measure and the scaling factors, under lavaan's names.

    The interval of the scaled RMSEA refers T to a chi-square with tr(U Gamma) degrees of freedom,
    which has the mean that T has, except with ``scaled.shifted``, whose corrected statistic is
    referred to the model's degrees of freedom.
    """
    model, baseline = tests.model, tests.baseline
    against = (model.chisq, model.df, baseline.chisq, baseline.df)
    tli, nfi = indices.tli(*against), indices.nfi(model.chisq, baseline.chisq)
    # With fewer degrees of freedom than the model has, the independence model is no baseline.
    comparable = model.df <= baseline.df
    measures = {
        "chisq_scaled": model.chisq,
        "df_scaled": model.df,
        "pvalue_scaled": model.pvalue,
        "cmin_df_scaled": model.chisq / model.df if model.df else math.nan,
        "chisq_scaling_factor": model.scaling_factor,
        "baseline_chisq_scaled": baseline.chisq,
        "baseline_df_scaled": baseline.df,
        "baseline_pvalue_scaled": baseline.pvalue,
        "baseline_chisq_scaling_factor": baseline.scaling_factor,
        "cfi_scaled": indices.cfi(*against),
        "tli_scaled": tli,
        "nnfi_scaled": tli,
        "rfi_scaled": indices.rfi(*against) if comparable else math.nan,
        "nfi_scaled": nfi if comparable else math.nan,
        "pnfi_scaled": model.df / baseline.df * nfi if baseline.df else math.nan,
        "ifi_scaled": indices.ifi(model.chisq, model.df, baseline.chisq),
        "rni_scaled": indices.rni(*against),
    }
    if model.name == "scaled.shifted":
        measures["chisq_shift_parameter"] = model.shift
        measures["baseline_chisq_shift_parameter"] = baseline.shift
        chisq, df = model.chisq, model.df
    else:
        chisq, df = tests.chisq, model.trace if tests.df else 0.0
    return measures | _rmsea_measures("scaled", chisq, df, tests.multiplier, tests.n_groups)


def robust_measures(tests: CorrectedTests) -> dict[str, float]:
    """Return every ``*_robust`` measure of continuous data, under lavaan's names.

    Empty where they are not defined (``mean.var.adjusted``).
    """
    if not tests.has_robust:
        return {}
    model, baseline = tests.model, tests.baseline
    excess = tests.chisq - model.trace if tests.df else tests.chisq
    excess_baseline = tests.chisq_baseline - baseline.trace
    at = Noncentrality(excess, tests.df, model.chisq, model.scaling_factor)
    return robust_from_excess(
        at, excess_baseline, tests.df_baseline, tests.multiplier, n_groups=tests.n_groups
    )


def ordinal_robust_measures(
    model: TestStatistic, baseline: TestStatistic, n_obs: float, *, n_groups: int = 1
) -> dict[str, float]:
    """Return every ``*_robust`` measure of ordinal data, from the catML statistics.

    Parameters
    ----------
    model, baseline : TestStatistic
        From :mod:`clustersem.engine.catml`.
    n_obs : float
        n, whatever the plain RMSEA divides by: the catML statistic is n F.

    References
    ----------
    Savalei, V. (2021). Improving fit indices in structural equation modeling with categorical data.
    Multivariate Behavioral Research, 56, 390-407. doi:10.1080/00273171.2020.1717922
    """
    df = int(model.df)
    plain = model.chisq * model.scaling_factor if df else model.chisq
    excess = plain - model.trace if df else plain
    excess_baseline = baseline.chisq * baseline.scaling_factor - baseline.trace
    at = Noncentrality(excess, df, model.chisq, model.scaling_factor)
    return robust_from_excess(at, excess_baseline, int(baseline.df), n_obs, n_groups=n_groups)


def robust_from_excess(
    model: Noncentrality,
    excess_baseline: float,
    df_baseline: int,
    multiplier: float,
    *,
    n_groups: int = 1,
) -> dict[str, float]:
    """Return the robust measures from estimates of noncentrality."""
    excess, df = model.excess, model.df
    worst, best = max(excess_baseline, excess, 0.0), max(excess, 0.0)
    cfi = 1.0 if best == 0 else 1.0 - best / worst
    rni = 1.0 - excess / excess_baseline if excess_baseline else math.nan
    tli = 1.0 - excess / excess_baseline * df_baseline / df if df and excess_baseline else 1.0
    if math.isnan(model.scaled) or math.isnan(excess_baseline):
        cfi = tli = rni = math.nan
    measures = {"cfi_robust": cfi, "tli_robust": tli, "nnfi_robust": tli, "rni_robust": rni}
    if df == 0 or math.isnan(model.scaled):
        return measures | _no_rmsea("robust", 0.0 if df == 0 else math.nan)
    unit = df * multiplier / n_groups
    low, high = (
        math.sqrt(model.factor * noncentrality_at(model.scaled, df, p) / unit) for p in (0.95, 0.05)
    )
    measures["rmsea_robust"] = math.sqrt(max(excess, 0.0) / unit)
    measures["rmsea_ci_lower_robust"], measures["rmsea_ci_upper_robust"] = low, high
    close, notclose = (unit * h0**2 / model.factor for h0 in (0.05, 0.08))
    measures["rmsea_pvalue_robust"] = sf(model.scaled, df, close)
    measures["rmsea_notclose_pvalue_robust"] = cdf(model.scaled, df, notclose)
    return measures


def _rmsea_measures(
    suffix: str, chisq: float, df: float, multiplier: float, n_groups: int
) -> dict[str, float]:
    if not df > 0 or math.isnan(chisq):
        return _no_rmsea(suffix, 0.0 if df == 0 else math.nan)
    each = multiplier / n_groups
    low, high = indices.rmsea_interval(chisq, df, each)
    return {
        f"rmsea_{suffix}": indices.rmsea(chisq, df, each),
        f"rmsea_ci_lower_{suffix}": low,
        f"rmsea_ci_upper_{suffix}": high,
        f"rmsea_pvalue_{suffix}": indices.rmsea_close_pvalue(chisq, df, each),
        f"rmsea_notclose_pvalue_{suffix}": indices.rmsea_notclose_pvalue(chisq, df, each),
    }


def _no_rmsea(suffix: str, value: float) -> dict[str, float]:
    values = {f"rmsea{part}_{suffix}": value for part in ("", "_ci_lower", "_ci_upper")}
    return values | {f"rmsea{part}_{suffix}": math.nan for part in ("_pvalue", "_notclose_pvalue")}
