"""Fit indices: pure functions of numbers.

`chisq` is always the test statistic N F, where N is the multiplier of the likelihood in use (n with
``likelihood="normal"``, n - 1 with ``"wishart"``), `df` its degrees of freedom, and names with
``_baseline`` those of the independence model.
"""

from __future__ import annotations

import math

from scipy.special import chdtrc, chdtri

from clustersem.engine.noncentral import cdf, noncentrality_at, sf


def chisq_pvalue(chisq: float, df: float) -> float:
    """Return P(X > chisq); NaN with no degrees of freedom."""
    return float(chdtrc(df, chisq)) if df > 0 else math.nan


def cfi(chisq: float, df: float, chisq_baseline: float, df_baseline: float) -> float:
    """Return the comparative fit index, between 0 and 1.

    References
    ----------
    Bentler, P. M. (1990). Psychological Bulletin, 107, 238-246. doi:10.1037/0033-2909.107.2.238
    """
    excess = max(chisq - df, 0.0)
    worst = max(chisq_baseline - df_baseline, excess, 0.0)
    return 1.0 if worst == 0 else 1.0 - excess / worst


def rni(chisq: float, df: float, chisq_baseline: float, df_baseline: float) -> float:
    """Return the relative noncentrality index: the CFI without its bounds.

    References
    ----------
    McDonald, R. P., & Marsh, H. W. (1990). Psychological Bulletin, 107, 247-255.
    doi:10.1037/0033-2909.107.2.247
    """
    return _ratio(chisq_baseline - df_baseline - (chisq - df), chisq_baseline - df_baseline)


def tli(chisq: float, df: float, chisq_baseline: float, df_baseline: float) -> float:
    """Return the Tucker-Lewis index (non-normed fit index).

    References
    ----------
    Tucker, L. R., & Lewis, C. (1973). Psychometrika, 38, 1-10. doi:10.1007/BF02291170
    """
    if df == 0:
        return 1.0
    worst = chisq_baseline / df_baseline if df_baseline else math.nan
    return _ratio(worst - chisq / df, worst - 1.0)


def nfi(chisq: float, chisq_baseline: float) -> float:
    """Return the normed fit index.

    References
    ----------
    Bentler, P. M., & Bonett, D. G. (1980). Psychological Bulletin, 88, 588-606.
    doi:10.1037/0033-2909.88.3.588
    """
    return _ratio(chisq_baseline - chisq, chisq_baseline)


def rfi(chisq: float, df: float, chisq_baseline: float, df_baseline: float) -> float:
    """Return Bollen's relative fit index (rho 1).

    References
    ----------
    Bollen, K. A. (1986). Psychometrika, 51, 375-377. doi:10.1007/BF02294061
    """
    if df == 0:
        return 1.0
    worst = chisq_baseline / df_baseline if df_baseline else math.nan
    return _ratio(worst - chisq / df, worst)


def ifi(chisq: float, df: float, chisq_baseline: float) -> float:
    """Return Bollen's incremental fit index (Delta 2).

    References
    ----------
    Bollen, K. A. (1989). Sociological Methods & Research, 17, 303-316.
    doi:10.1177/0049124189017003004
    """
    return _ratio(chisq_baseline - chisq, chisq_baseline - df)


def mfi(chisq: float, df: float, multiplier: float) -> float:
    """Return McDonald's noncentrality (fit) index.

    References
    ----------
    McDonald, R. P. (1989). Journal of Classification, 6, 97-103. doi:10.1007/BF01908590
    """
    return math.exp(-0.5 * (chisq - df) / multiplier)


def rmsea(chisq: float, df: float, multiplier: float) -> float:
    """Return the root mean square error of approximation; 0 with no degrees of freedom.

    References
    ----------
    Steiger, J. H. (1990). Multivariate Behavioral Research, 25, 173-180.
    doi:10.1207/s15327906mbr2502_4
    """
    return math.sqrt(max(chisq - df, 0.0) / (df * multiplier)) if df > 0 else 0.0


def rmsea_interval(
    chisq: float, df: float, multiplier: float, level: float = 0.90
) -> tuple[float, float]:
    """Return the confidence interval of the RMSEA.

    References
    ----------
    Browne, M. W., & Cudeck, R. (1992). Sociological Methods & Research, 21, 230-258.
    doi:10.1177/0049124192021002005
    """
    if df == 0:
        return 0.0, 0.0
    tail = 0.5 * (1.0 - level)
    low, high = (noncentrality_at(chisq, df, p) for p in (1.0 - tail, tail))
    return math.sqrt(low / (df * multiplier)), math.sqrt(high / (df * multiplier))


def rmsea_close_pvalue(chisq: float, df: float, multiplier: float, h0: float = 0.05) -> float:
    """Return the p-value of the test of close fit, RMSEA <= h0 (Browne & Cudeck, 1992)."""
    return sf(chisq, df, df * multiplier * h0**2) if df > 0 else math.nan


def rmsea_notclose_pvalue(chisq: float, df: float, multiplier: float, h0: float = 0.08) -> float:
    """Return the p-value of the test of not-close fit, RMSEA >= h0.

    References
    ----------
    MacCallum, R. C., Browne, M. W., & Sugawara, H. M. (1996). Psychological Methods, 1, 130-149.
    doi:10.1037/1082-989X.1.2.130
    """
    return cdf(chisq, df, df * multiplier * h0**2) if df > 0 else math.nan


def critical_n(chisq: float, df: float, multiplier: float, alpha: float) -> float:
    """Return Hoelter's critical n: the n at which this misfit would just be significant.

    References
    ----------
    Hoelter, J. W. (1983). Sociological Methods & Research, 11, 325-344.
    doi:10.1177/0049124183011003003
    """
    if df == 0:
        return 1.0
    if chisq <= 0:
        return math.nan
    return float(chdtri(df, alpha)) / (chisq / multiplier) + 1.0


def ecvi(chisq: float, n_free: int, multiplier: float) -> float:
    """Return the expected cross-validation index.

    References
    ----------
    Browne, M. W., & Cudeck, R. (1989). Multivariate Behavioral Research, 24, 445-455.
    doi:10.1207/s15327906mbr2404_4
    """
    return (chisq + 2.0 * n_free) / multiplier


def aic(loglik: float, n_free: int) -> float:
    """Return Akaike's information criterion. doi:10.1109/TAC.1974.1100705."""
    return -2.0 * loglik + 2.0 * n_free


def bic(loglik: float, n_free: int, n_obs: float) -> float:
    """Return Schwarz's information criterion. doi:10.1214/aos/1176344136."""
    return -2.0 * loglik + n_free * math.log(n_obs)


def bic2(loglik: float, n_free: int, n_obs: float) -> float:
    """Return the BIC with Sclove's adjusted n = (n + 2) / 24. doi:10.1007/BF02294360."""
    return -2.0 * loglik + n_free * math.log((n_obs + 2.0) / 24.0)


def agfi(gfi_value: float, n_moments: int, df: float) -> float:
    """Return the GFI adjusted for degrees of freedom (Joereskog & Soerbom, 1984)."""
    return 1.0 - (n_moments / df) * (1.0 - gfi_value) if df > 0 else 1.0


def pgfi(gfi_value: float, n_moments: int, df: float) -> float:
    """Return the parsimony goodness-of-fit index.

    References
    ----------
    Mulaik, S. A., et al. (1989). Psychological Bulletin, 105, 430-445.
    doi:10.1037/0033-2909.105.3.430
    """
    return df / n_moments * gfi_value


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan
