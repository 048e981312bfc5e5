"""Internal consistency of each construct, and what each item adds to it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import scipy.special

from clustersem.errors import AdmissibilityWarning, DataError, DataWarning
from clustersem.scale.answers import (
    Answers,
    Array,
    CompleteAnswers,
    Constructs,
    complete_answers,
    constructs_of,
    quoted,
)
from clustersem.scale.correlation import correlations, dependent_items
from clustersem.scale.kernels.extraction import squared_multiple_correlations
from clustersem.scale.keying import reversed_positions
from clustersem.scale.omega import omega
from clustersem.scale.pingouin_bridge import cronbach_alpha_of


def alpha_interval(alpha: float, n: int, k: int, confidence: float) -> tuple[float, float]:
    """Feldt's confidence interval of Cronbach's alpha of `k` items and `n` respondents.

    References
    ----------
    Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Statistical inference for coefficient
    alpha. Applied Psychological Measurement, 11, 93-103. https://doi.org/10.1177/014662168701100107
    """
    tail = (1.0 - confidence) / 2.0
    df1, df2 = n - 1.0, (n - 1.0) * (k - 1.0)
    upper_quantile, lower_quantile = scipy.special.fdtri(df1, df2, [1.0 - tail, tail])
    return 1.0 - (1.0 - alpha) * float(upper_quantile), 1.0 - (1.0 - alpha) * float(lower_quantile)


def _alpha(covariance: Array) -> float:
    k = len(covariance)
    return float(k / (k - 1.0) * (1.0 - np.trace(covariance) / covariance.sum()))


def _answers_of(data: Answers, construct: str, items: tuple[str, ...]) -> CompleteAnswers:
    if len(items) < 2:
        raise DataError(
            f"construct {construct!r} has one item ({items[0]!r}): consistency needs at least two; "
            "add items or leave the construct out"
        )
    answers = complete_answers(data, items)
    total = answers.values.sum(axis=1)
    if np.ptp(total) <= 1e-10 * np.ptp(answers.values, axis=0).max():
        raise DataError(
            f"construct {construct!r}: the sum of {quoted(items)} is the same for everybody, so it "
            "has no reliability; recode the reverse-keyed items"
        )
    return answers


def _reversed_items(answers: CompleteAnswers, correlation: Array) -> tuple[str, ...]:
    return tuple(answers.items[j] for j in reversed_positions(correlation))


def reliability(
    data: Answers, constructs: Constructs | None = None, *, confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate the internal consistency of each construct's sum score.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items. For each construct the respondents who answered all its items are used
        (listwise, as in SPSS).
    constructs : mapping of construct to items, optional
        By default those of the survey.
    confidence : float
        Level of the interval of alpha.

    Returns
    -------
    DataFrame
        One row a construct:

        - ``n_items``, ``n`` (complete respondents), ``n_deleted``;
        - ``alpha`` with ``alpha_ci_lower`` and ``alpha_ci_upper`` (Feldt), and ``std_alpha``, alpha
          of the standardised items;
        - ``omega``: variance of the sum score that one factor (maximum likelihood) explains, over
          its observed variance; ``omega_implied``: over the variance that the model implies, which
          differs where one factor does not fit; and ``omega_model``: ``congeneric``,
          or ``tau-equivalent`` with two items, whose loadings are set equal so that omega is alpha;
        - ``lambda6``, Guttman's, of the correlations;
        - ``mean_inter_item_r``;
        - ``reversed_items``, the names of items that run against the others, comma separated.

    Raises
    ------
    DataError
        For a construct with one item, unknown items, or answers that cannot be used.

    Warns
    -----
    DataWarning
        Naming the items that run against the rest of their construct. Nothing is recoded here:
        alpha and omega are those of the answers as they are.
    AdmissibilityWarning
        When omega rests on a Heywood case.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika,
    16, 297-334. https://doi.org/10.1007/BF02310555

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import reliability
    >>> rng = np.random.default_rng(1)
    >>> common = rng.normal(size=(200, 1))
    >>> answers = pd.DataFrame(common + rng.normal(size=(200, 4)), columns=list("abcd"))
    >>> table = reliability(answers, {"A": ["a", "b", "c", "d"]})
    >>> f"{table.loc['A', 'alpha']:.3f}", f"{table.loc['A', 'alpha_ci_lower']:.3f}"
    ('0.776', '0.721')
    """
    if not 0.0 < confidence < 1.0:
        raise DataError(f"confidence must lie between 0 and 1, got {confidence}")
    groups = constructs_of(data, constructs)
    rows = []
    for construct, items in groups.items():
        answers = _answers_of(data, construct, items)
        k = len(items)
        correlation = correlations(answers)
        turned = _reversed_items(answers, correlation)
        if turned:
            warnings.warn(
                f"construct {construct!r}: {quoted(turned)} run(s) against the other items; "
                "recode what is reverse-keyed first, otherwise look at the wording. "
                "Alpha and omega are of the answers as they are",
                DataWarning,
                stacklevel=2,
            )
        alpha = cronbach_alpha_of(answers)
        lower, upper = alpha_interval(alpha, answers.n, k, confidence)
        mean_r = float((correlation.sum() - k) / (k * (k - 1)))
        consistency = omega(answers)
        if consistency.heywood:
            warnings.warn(
                f"construct {construct!r}: the one-factor solution behind omega is a Heywood case "
                f"at {quoted(consistency.heywood)}; report alpha instead of omega",
                AdmissibilityWarning,
                stacklevel=2,
            )
        singular = bool(dependent_items(correlation, answers.items))
        unexplained = np.nan if singular else 1.0 - squared_multiple_correlations(correlation)
        rows.append(
            {
                "n_items": k,
                "n": answers.n,
                "n_deleted": answers.n_deleted,
                "alpha": alpha,
                "alpha_ci_lower": lower,
                "alpha_ci_upper": upper,
                "std_alpha": k * mean_r / (1.0 + (k - 1.0) * mean_r),
                "omega": consistency.observed if consistency.converged else np.nan,
                "omega_implied": consistency.implied if consistency.converged else np.nan,
                "omega_model": consistency.model,
                "lambda6": float(1.0 - np.sum(unexplained) / correlation.sum()),
                "mean_inter_item_r": mean_r,
                "reversed_items": ", ".join(turned),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(groups), name="construct"))


def item_statistics(data: Answers, constructs: Constructs | None = None) -> pd.DataFrame:
    """Show what each item adds to its construct: SPSS's item-total statistics.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items. For each construct the respondents who answered all its items are used.
    constructs : mapping of construct to items, optional
        By default those of the survey.

    Returns
    -------
    DataFrame
        One row an item, in the order of the constructs: ``construct``, ``item``, ``n``, ``mean``,
        ``sd`` (divisor n - 1), ``corrected_item_total`` (correlation with the sum of the other
        items), ``squared_multiple_r`` (with the other items of the construct), ``alpha_if_deleted``
        (missing for two items) and ``reversed``.

    Raises
    ------
    DataError
        For a construct with one item, unknown items, or answers that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import item_statistics
    >>> rng = np.random.default_rng(1)
    >>> common = rng.normal(size=(200, 1))
    >>> answers = pd.DataFrame(common + rng.normal(size=(200, 3)), columns=list("abc"))
    >>> answers["c"] = -answers["c"]
    >>> table = item_statistics(answers, {"A": ["a", "b", "c"]})
    >>> table.loc[table["reversed"], "item"].tolist()
    ['c']
    """
    rows = []
    for construct, items in constructs_of(data, constructs).items():
        answers = _answers_of(data, construct, items)
        values, k = answers.values, len(items)
        covariance = np.cov(values, rowvar=False)
        correlation = correlations(answers)
        turned = _reversed_items(answers, correlation)
        singular = bool(dependent_items(correlation, answers.items))
        smc = np.full(k, np.nan) if singular else squared_multiple_correlations(correlation)
        # Covariance and variance of the sum of the others follow from the matrix, item by item.
        with_rest = covariance.sum(axis=1) - np.diag(covariance)
        rest_variance = covariance.sum() - 2.0 * covariance.sum(axis=1) + np.diag(covariance)
        for j, item in enumerate(items):
            others = np.delete(np.arange(k), j)
            spread = float(np.sqrt(max(rest_variance[j], 0.0) * covariance[j, j]))
            rows.append(
                {
                    "construct": construct,
                    "item": item,
                    "n": answers.n,
                    "mean": float(values[:, j].mean()),
                    "sd": float(np.sqrt(covariance[j, j])),
                    "corrected_item_total": float(with_rest[j]) / spread if spread else np.nan,
                    "squared_multiple_r": float(smc[j]),
                    "alpha_if_deleted": (
                        _alpha(covariance[np.ix_(others, others)]) if k > 2 else np.nan
                    ),
                    "reversed": item in turned,
                }
            )
    return pd.DataFrame(rows)
