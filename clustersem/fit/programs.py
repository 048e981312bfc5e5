"""One fit as five programs would print it: the numbers.

A program's dictionary holds what it prints under our names. What is left out is either not printed
or not certain; which of the two, and why, is said in :data:`NOT_CERTAIN`.

References
----------
Arbuckle, J. L. (2014). IBM SPSS Amos 23 user's guide (appendices A to D). IBM.
Bentler, P. M. (2006). EQS 6 structural equations program manual. Multivariate Software.
Joereskog, K. G. (2004). On chi-squares for the independence model and fit measures in LISREL.
Scientific Software International.
Joereskog, K. G., & Soerbom, D. (1996). LISREL 8: User's reference guide. Scientific Software
International.
Muthen, B. O. (1998-2004). Mplus technical appendices (appendix 5). Muthen & Muthen.
Rosseel, Y. (2012). lavaan: An R package for structural equation modeling. Journal of Statistical
Software, 48(2), 1-36. doi:10.18637/jss.v048.i02
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clustersem.engine.discrepancy import cholesky, inverse_from
from clustersem.engine.ram import Array, Index
from clustersem.fit import indices
from clustersem.fit.baseline import baseline_discrepancy
from clustersem.fit.goodness import normal_gfi
from clustersem.fit.measures import GroupInputs
from clustersem.fit.solution import Solution

PROGRAMS = ("lavaan", "Mplus", "AMOS", "EQS", "LISREL")

_MEANS = "what this program makes of restricted means is not certain"
_GROUPS = "what this program makes of several groups is not certain"
#: Why a number that the program does print is left out.
NOT_CERTAIN: dict[tuple[str, str], str] = {
    **{
        (name, "LISREL"): "which chi2 of the independence model LISREL compares with has changed"
        " from release to release (Joereskog, 2004)"
        for name in ("baseline_chisq", "cfi", "tli", "nfi", "ifi", "rfi", "pnfi")
    },
    ("cn_01", "LISREL"): "which of its chi2 LISREL's critical N is computed from is not certain",
    ("srmr", "AMOS"): "printed by a plugin whose formula is not documented",
}


@dataclass(frozen=True, eq=False)
class Given:
    """A fit in both divisors of the covariance matrix, and what programs count differently.

    Attributes
    ----------
    normal, wishart : Solution
        The model fitted to covariances with divisor n, and with divisor n - 1.
    covariates : ndarray of int
        Places of exogenous covariates.
    fixed_x : bool
        Whether their moments are fixed in the fit.
    restricted_means : bool
        Whether the model says anything of the means.
    """

    normal: Solution
    wishart: Solution
    covariates: Index
    fixed_x: bool
    restricted_means: bool

    @property
    def n(self) -> int:
        """Number N of observations."""
        return self.normal.n_obs

    @property
    def n_groups(self) -> int:
        """Number G of groups."""
        return len(self.normal.samples)

    @property
    def p(self) -> int:
        """Number p of observed variables."""
        return len(self.normal.spec.observed)

    @property
    def free_means(self) -> int:
        """Number of intercepts that are estimated but say nothing."""
        if self.restricted_means or not self.normal.spec.options.meanstructure:
            return 0
        x = len(self.covariates) if self.fixed_x else 0
        return self.n_groups * (self.p - x)

    @cached_property
    def n_free_of_all(self) -> int:
        """Number of parameters where covariates' moments count and free means do not."""
        x = len(self.covariates) if self.fixed_x else 0
        moments = x * (x + 1) // 2 + (x if self.restricted_means else 0)
        return self.normal.n_free - self.free_means + self.n_groups * moments

    @property
    def n_moments(self) -> int:
        """Number of variances and covariances."""
        return self.n_groups * self.p * (self.p + 1) // 2


def columns_of(given: Given) -> dict[str, dict[str, float]]:
    """Return what every program prints."""
    return {
        "lavaan": _lavaan(given),
        "Mplus": _mplus(given),
        "AMOS": _amos(given),
        "EQS": _eqs(given),
        "LISREL": _lisrel(given),
    }


def reason_for_gap(given: Given, measure: str, program: str) -> str:
    """Return why a number is left out, or an empty text where the program does not print it."""
    if program in ("EQS", "LISREL") and given.restricted_means:
        return _MEANS
    if program in ("EQS", "LISREL") and given.n_groups > 1:
        return _GROUPS
    if given.n_groups > 1 and (measure, program) in {("srmr", "Mplus"), ("cn_05", "AMOS")}:
        return _GROUPS
    return NOT_CERTAIN.get((measure, program), "")


def bcc(chisq: float, n_free: int, n_obs: list[int], n_variables: list[int]) -> float:
    """Return AMOS's Browne-Cudeck criterion, chi2 plus a penalty for each group's size.

    Parameters
    ----------
    chisq : float
        The discrepancy C = (N - G) F.
    n_free : int
        Number q of parameters.
    n_obs, n_variables : list of int
        Observations and observed variables of every group.

    References
    ----------
    Browne, M. W., & Cudeck, R. (1989). Single sample cross-validation indices for covariance
    structures. Multivariate Behavioral Research, 24, 445-455. doi:10.1207/s15327906mbr2404_4
    """
    total, groups = sum(n_obs), len(n_obs)
    size = [p * (p + 3) for p in n_variables]
    weight = [(total - groups) * n / total for n in n_obs]
    penalty = sum(
        b * s / (n - p - 2) for b, s, n, p in zip(weight, size, n_obs, n_variables, strict=True)
    )
    return chisq + 2.0 * n_free * penalty / sum(size)


def normal_theory_chisq(groups: list[tuple[Array, Array, float]]) -> float:
    """Return LISREL's C2, sum of N_g / 2 tr[(Sigma^-1 (S - Sigma))^2] at the ML estimates.

    At the minimum of the ML discrepancy it is Browne's residual-based statistic under normality.

    Parameters
    ----------
    groups : list of (S, Sigma, N_g)
        Sample and implied covariance matrix of every group, and what its discrepancy is
        multiplied with.

    References
    ----------
    Browne, M. W. (1974). Generalized least squares estimators in the analysis of covariance
    structures. South African Statistical Journal, 8, 1-24.
    """
    total = 0.0
    for s, sigma, n in groups:
        factor = cholesky(sigma)
        if factor is None:
            return math.nan
        residual = inverse_from(factor) @ (s - sigma)
        total += 0.5 * n * float(np.vdot(residual, residual.T))
    return total


def _pick(measures: Mapping[str, float], names: str) -> dict[str, float]:
    return {name: measures[name] for name in names.split()}


def _lavaan(given: Given) -> dict[str, float]:
    return _pick(
        given.normal.measures,
        "npar chisq df pvalue baseline_chisq baseline_df cfi tli nfi ifi rfi pnfi logl aic bic bic2"
        " rmsea rmsea_ci_lower rmsea_ci_upper rmsea_pvalue srmr rmr gfi agfi pgfi mfi ecvi cn_05"
        " cn_01",
    )


def _mplus(given: Given) -> dict[str, float]:
    solution, m = given.normal, given.normal.measures
    result = _pick(
        m,
        "chisq df pvalue baseline_chisq baseline_df cfi tli logl rmsea rmsea_ci_lower"
        " rmsea_ci_upper rmsea_pvalue",
    )
    means, srmr = 0, m["srmr_mplus"]
    # Without means in the data, as with a covariance matrix, Mplus leaves them out too.
    if not solution.spec.options.meanstructure and solution.samples[0].mean is not None:
        # Means are estimated and fit, but they are compared in units of the standard deviation.
        x = len(given.covariates) if given.fixed_x else 0
        means = given.n_groups * (given.p - x)
        srmr = _with_means(srmr, solution)
    q = solution.n_free + means
    result["npar"] = q
    # The means of covariates are in neither likelihood; those of the others fit in both.
    result["aic"] = indices.aic(m["logl"], q)
    result["bic"] = indices.bic(m["logl"], q, given.n)
    result["bic2"] = indices.bic2(m["logl"], q, given.n)
    if given.n_groups == 1:
        result["srmr"] = srmr
    return result


def _with_means(srmr: float, solution: Solution) -> float:
    """Return Mplus's SRMR of one group where free means are added to it."""
    sample, sigma = solution.samples[0], solution.points[0].sigma
    assert sample.mean is not None
    p = len(sigma)
    moments = p * (p + 1) // 2
    residual = sample.mean / sample.sd - sample.mean / np.sqrt(sigma.diagonal())
    return math.sqrt((moments * srmr**2 + float(residual @ residual)) / (moments + p))


def _incremental(
    chisq: float, df: int, baseline_chisq: float, baseline_df: int
) -> dict[str, float]:
    against = (chisq, df, baseline_chisq, baseline_df)
    nfi, cfi = indices.nfi(chisq, baseline_chisq), indices.cfi(*against)
    return {
        "baseline_chisq": baseline_chisq,
        "baseline_df": baseline_df,
        "cfi": cfi,
        "tli": indices.tli(*against),
        "nfi": nfi,
        "ifi": indices.ifi(chisq, df, baseline_chisq),
        "rfi": indices.rfi(*against),
        "pnfi": df / baseline_df * nfi if baseline_df else math.nan,
        "pcfi": df / baseline_df * cfi if baseline_df else math.nan,
    }


def _approximation(chisq: float, df: int, multiplier: float) -> dict[str, float]:
    low, high = indices.rmsea_interval(chisq, df, multiplier)
    return {
        "rmsea": indices.rmsea(chisq, df, multiplier),
        "rmsea_ci_lower": low,
        "rmsea_ci_upper": high,
        "rmsea_pvalue": indices.rmsea_close_pvalue(chisq, df, multiplier),
    }


def _goodness(given: Given, solution: Solution) -> dict[str, float]:
    """Return GFI and its kin of all variances and covariances, means left out."""
    groups = [
        GroupInputs(
            point, cov, np.zeros(given.p), sample.total, np.empty(0), np.empty(0, dtype=np.intp)
        )
        for point, cov, sample in zip(
            solution.points, _covariances(solution), solution.samples, strict=True
        )
    ]
    gfi = normal_gfi(groups, given.covariates[:0], has_means=False)
    return {
        "gfi": gfi,
        "agfi": indices.agfi(gfi, given.n_moments, solution.df),
        "pgfi": indices.pgfi(gfi, given.n_moments, solution.df),
    }


def _covariances(solution: Solution) -> list[Array]:
    unbiased = solution.options.unbiased
    return [sample.unbiased_cov if unbiased else sample.cov for sample in solution.samples]


def _uncorrelated(given: Given) -> tuple[float, int]:
    """Return F of the model in which nothing is related, groups by their size, and its df."""
    nobody = given.covariates[:0]
    f = sum(
        sample.n_obs / given.n * baseline_discrepancy(sample.cov, nobody)
        for sample in given.normal.samples
    )
    return f, given.n_groups * given.p * (given.p - 1) // 2


def _amos(given: Given) -> dict[str, float]:
    solution, df, q = given.normal, given.normal.df, given.n_free_of_all
    multiplier = float(given.n - given.n_groups)
    chisq = multiplier * max(solution.state.f, 0.0)
    f_baseline, df_baseline = _uncorrelated(given)
    sizes = [sample.n_obs for sample in solution.samples]
    aic = chisq + 2.0 * q
    criterion = bcc(chisq, q, sizes, [given.p] * given.n_groups)
    result = {
        "npar": float(q),
        "chisq": chisq,
        "df": float(df),
        "pvalue": indices.chisq_pvalue(chisq, df),
        "cmin_df": chisq / df if df else math.nan,
        **_incremental(chisq, df, multiplier * f_baseline, df_baseline),
        # AMOS divides by the degrees of freedom alone, whatever the number of groups.
        **_approximation(chisq, df, multiplier),
        "aic": aic,
        "bcc": criterion,
        "ecvi": aic / multiplier,
        "mecvi": criterion / multiplier,
    }
    if given.restricted_means:
        return result
    result |= _goodness(given, solution)
    squares = 0.0
    for cov, point in zip(_covariances(solution), solution.points, strict=True):
        residual = np.tril(cov - point.sigma)
        squares += float(np.vdot(residual, residual))
    result["rmr"] = math.sqrt(squares / given.n_moments)
    if given.n_groups == 1:
        result["bic"] = chisq + q * math.log(given.n)
        result["caic"] = chisq + q * (math.log(given.n) + 1.0)
        # AMOS prints the largest whole number of respondents that would not reject the model.
        for name, alpha in (("cn_05", 0.05), ("cn_01", 0.01)):
            critical = indices.critical_n(chisq, df, multiplier, alpha)
            result[name] = float(math.floor(critical)) if math.isfinite(critical) else math.nan
    return result


def _eqs(given: Given) -> dict[str, float]:
    if given.restricted_means or given.n_groups > 1:
        return {}
    solution, df = given.wishart, given.wishart.df
    multiplier = float(given.n - 1)
    chisq = multiplier * max(solution.state.f, 0.0)
    f_baseline, df_baseline = _uncorrelated(given)
    incremental = _incremental(chisq, df, multiplier * f_baseline, df_baseline)
    approximation = _approximation(chisq, df, multiplier)
    goodness = _goodness(given, solution)
    return {
        "npar": float(given.n_free_of_all),
        "chisq": chisq,
        "df": float(df),
        "pvalue": indices.chisq_pvalue(chisq, df),
        **_pick(incremental, "baseline_chisq baseline_df cfi tli nfi ifi"),
        **_pick(approximation, "rmsea rmsea_ci_lower rmsea_ci_upper"),
        **_pick(goodness, "gfi agfi"),
        "mfi": indices.mfi(chisq, df, multiplier),
        "srmr": solution.measures["srmr_bentler_nomean"],
        "rmr": solution.measures["rmr_nomean"],
        "aic": chisq - 2.0 * df,
        "caic": chisq - (math.log(given.n) + 1.0) * df,
    }


def _lisrel(given: Given) -> dict[str, float]:
    if given.restricted_means or given.n_groups > 1:
        return {}
    solution, df, q = given.wishart, given.wishart.df, given.n_free_of_all
    multiplier = float(given.n - 1)
    chisq = multiplier * max(solution.state.f, 0.0)
    second = normal_theory_chisq(
        [(_covariances(solution)[0], solution.points[0].sigma, multiplier)]
    )
    return {
        "npar": float(q),
        "chisq": chisq,
        "df": float(df),
        "pvalue": indices.chisq_pvalue(chisq, df),
        "chisq_nt": second,
        "pvalue_nt": indices.chisq_pvalue(second, df),
        **_approximation(second, df, multiplier),
        "ecvi": (second + 2.0 * q) / multiplier,
        "aic": second + 2.0 * q,
        "caic": second + (1.0 + math.log(given.n)) * q,
        **_goodness(given, solution),
        "srmr": solution.measures["srmr_bentler_nomean"],
        "rmr": solution.measures["rmr_nomean"],
    }
