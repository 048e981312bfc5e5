"""Power of tests of fit by RMSEA: closed forms, pure functions of numbers.

With chi2 = N F the test statistic is noncentral chi-square with noncentrality N df RMSEA^2, of G
groups N df RMSEA^2 / G (Steiger, 1998). A null hypothesis is an RMSEA, and so is the alternative:

* exact fit: RMSEA = 0 against something larger;
* close fit: RMSEA <= .05 against something larger;
* not-close fit: RMSEA >= .05 against something smaller, which makes good fit what is shown.

References
----------
MacCallum, R. C., Browne, M. W., & Sugawara, H. M. (1996). Power analysis and determination of
sample size for covariance structure modeling. Psychological Methods, 1, 130-149.
doi:10.1037/1082-989X.1.2.130
Steiger, J. H. (1998). A note on multiple sample extensions of the RMSEA fit index. Structural
Equation Modeling, 5, 411-419. doi:10.1080/10705519809540115
"""

from __future__ import annotations

from collections.abc import Callable

from clustersem.engine import noncentral
from clustersem.errors import ModelError, UnsupportedError
from clustersem.fit.options import Likelihood
from clustersem.resample.numbers import is_number

#: No sample size beyond this is looked for: nobody draws such a sample.
LARGEST_N = 10**9


def rmsea_power(
    df: int,
    n: int,
    *,
    null: float = 0.05,
    alternative: float = 0.08,
    alpha: float = 0.05,
    n_groups: int = 1,
    likelihood: Likelihood = "normal",
) -> float:
    """Return the power of a test of fit whose hypotheses are values of the RMSEA.

    No model is needed, only its degrees of freedom: for planning before there is anything else.

    Parameters
    ----------
    df : int
        Degrees of freedom of the model.
    n : int
        Number of respondents, of all groups together.
    null, alternative : float
        RMSEA under the null hypothesis and in the population. ``null=0`` is the test of exact fit;
        0.05 against 0.08 the test of close fit; 0.05 against 0.01 that of not-close fit.
    alpha : float
        Level of the test, between 0 and 1.
    n_groups : int
        Number of groups.
    likelihood : str
        ``"normal"``: chi2 = n F, as :func:`clustersem.sem` fits by default; ``"wishart"``:
        chi2 = (n - 1) F, as MacCallum, Browne and Sugawara's tables and semTools have it.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ModelError
        Where a number is outside its range, or null and alternative are the same.

    References
    ----------
    MacCallum, R. C., Browne, M. W., & Sugawara, H. M. (1996). Power analysis and determination of
    sample size for covariance structure modeling. Psychological Methods, 1, 130-149.
    doi:10.1037/1082-989X.1.2.130

    Examples
    --------
    >>> import clustersem as cs
    >>> round(cs.rmsea_power(100, 200, likelihood="wishart"), 3)
    0.955
    """
    _check(df, null, alternative, alpha, n_groups)
    if not is_number(n) or n < 2:
        raise ModelError(f"n = {n!r} is no sample size.")
    if likelihood not in ("normal", "wishart"):
        raise UnsupportedError(
            f"likelihood={likelihood!r}; there are 'normal' (chi2 = n F) and 'wishart'"
            " (chi2 = (n - 1) F)."
        )
    total = n - n_groups if likelihood == "wishart" else n
    per_df = df * total / n_groups
    return fit_test_power(df, per_df * null**2, per_df * alternative**2, alpha)


def rmsea_sample_size(
    df: int,
    *,
    wanted: float = 0.80,
    null: float = 0.05,
    alternative: float = 0.08,
    alpha: float = 0.05,
    n_groups: int = 1,
    likelihood: Likelihood = "normal",
) -> int:
    """Return the smallest sample that gives a test of fit the wanted power.

    Parameters
    ----------
    df : int
        Degrees of freedom of the model.
    wanted : float
        The power wanted, between `alpha` and 1.
    null, alternative, alpha, n_groups, likelihood
        As in :func:`rmsea_power`.

    Returns
    -------
    int
        Respondents of all groups together.

    Raises
    ------
    ModelError
        Where a number is outside its range.

    References
    ----------
    MacCallum, R. C., Browne, M. W., & Sugawara, H. M. (1996). Power analysis and determination of
    sample size for covariance structure modeling. Psychological Methods, 1, 130-149.
    doi:10.1037/1082-989X.1.2.130

    Examples
    --------
    >>> import clustersem as cs
    >>> cs.rmsea_sample_size(100, likelihood="wishart")
    132
    """
    _check(df, null, alternative, alpha, n_groups)
    check_wanted(wanted, alpha)

    def power_at(n: int) -> float:
        return rmsea_power(
            df,
            n,
            null=null,
            alternative=alternative,
            alpha=alpha,
            n_groups=n_groups,
            likelihood=likelihood,
        )

    return smallest_n(power_at, wanted, least=n_groups + 1)


def fit_test_power(df: int, null: float, alternative: float, alpha: float) -> float:
    """Return the power of a test of fit, hypotheses being noncentralities.

    Rejected are large values of chi2 where the alternative is the larger, else small ones.
    """
    if alternative >= null:
        return noncentral.sf(noncentral.isf(alpha, df, null), df, alternative)
    return noncentral.cdf(noncentral.quantile(alpha, df, null), df, alternative)


def smallest_n(power_at: Callable[[int], float], wanted: float, *, least: int) -> int:
    """Return the smallest n whose power is at least `wanted`, power rising with n.

    Raises
    ------
    ModelError
        Where no sample of :data:`LARGEST_N` is enough.
    """
    low, high = least - 1, max(least, 50)
    while power_at(high) < wanted:
        low, high = high, 2 * high
        if high > LARGEST_N:
            raise ModelError(
                f"not even {LARGEST_N:,} respondents give a power of {wanted:g}: what is looked for"
                " is as good as nothing in this population."
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_at(middle) >= wanted else (middle, high)
    return high


def check_alpha(alpha: float) -> None:
    """Refuse what is no level of a test."""
    if not is_number(alpha) or not 0.0 < alpha < 1.0:
        raise ModelError(f"alpha = {alpha!r} is no level of a test; 0.05 is usual.")


def check_wanted(wanted: float, alpha: float) -> None:
    """Refuse a power that no sample or every sample has."""
    if not is_number(wanted) or not alpha < wanted < 1.0:
        raise ModelError(
            f"wanted = {wanted!r} is no power to plan for; it lies between alpha = {alpha:g}, which"
            " chance alone gives, and 1; 0.8 is usual."
        )


def _check(df: int, null: float, alternative: float, alpha: float, n_groups: int) -> None:
    check_alpha(alpha)
    for name, value in (("df", df), ("null", null), ("alternative", alternative)):
        if not is_number(value):
            raise ModelError(f"{name} = {value!r} is no number.")
    if df < 1:
        raise ModelError(f"df = {df}: a model without degrees of freedom has no test of fit.")
    if n_groups < 1:
        raise ModelError(f"n_groups = {n_groups}: there is at least one group.")
    if min(null, alternative) < 0:
        raise ModelError(f"an RMSEA of {min(null, alternative):g} cannot be; it is 0 or more.")
    if null == alternative:
        raise ModelError(
            f"null and alternative are both {null:g}; there is nothing to find. Let them differ,"
            " as 0.05 and 0.08 do."
        )
