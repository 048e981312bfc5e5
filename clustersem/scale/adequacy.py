"""Whether the items have enough in common to be factored: KMO and Bartlett's test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import scipy.special

from clustersem.scale.answers import Answers, complete_answers
from clustersem.scale.correlation import (
    log_determinant,
    positive_definite_correlations,
    standardised,
)
from clustersem.scale.factor_analyzer_bridge import kmo_of

# Kaiser's (1974) own words for each tenth.
_KAISER = (
    (0.9, "marvellous"),
    (0.8, "meritorious"),
    (0.7, "middling"),
    (0.6, "mediocre"),
    (0.5, "miserable"),
    (-math.inf, "unacceptable"),
)


@dataclass(frozen=True)
class KmoResult:
    """Kaiser-Meyer-Olkin measure of sampling adequacy.

    Attributes
    ----------
    overall : float
        Between 0 and 1.
    per_item : Series
        The same for each item alone (the diagonal of SPSS's anti-image correlation matrix).
    verdict : str
        Kaiser's word for `overall`: marvellous (0.9), meritorious (0.8), middling (0.7),
        mediocre (0.6), miserable (0.5), unacceptable.
    n, n_deleted : int
        Complete respondents, and those left out for a missing answer.
    """

    overall: float
    per_item: pd.Series[float]
    verdict: str
    n: int
    n_deleted: int


@dataclass(frozen=True)
class BartlettResult:
    """Bartlett's test that the items are uncorrelated.

    Attributes
    ----------
    chi2, df, p_value : float, int, float
    n, n_deleted : int
        Complete respondents, and those left out for a missing answer.
    """

    chi2: float
    df: int
    p_value: float
    n: int
    n_deleted: int


def kmo(data: Answers, *, items: Sequence[str] | None = None) -> KmoResult:
    """Kaiser-Meyer-Olkin measure: correlations against partial correlations.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items. Respondents with a missing answer are left out (listwise) and counted.
    items : sequence of str, optional
        Columns to take; all by default.

    Returns
    -------
    KmoResult

    Raises
    ------
    DataError
        When the partial correlations do not exist: fewer respondents than items, or items that
        determine each other exactly, which are named.

    References
    ----------
    Kaiser, H. F. (1974). An index of factorial simplicity. Psychometrika, 39, 31-36.
    https://doi.org/10.1007/BF02291575

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import kmo
    >>> rng = np.random.default_rng(1)
    >>> common = rng.normal(size=(200, 1))
    >>> answers = pd.DataFrame(common + rng.normal(size=(200, 4)), columns=list("abcd"))
    >>> result = kmo(answers)
    >>> f"{result.overall:.3f}", result.verdict
    ('0.782', 'middling')
    """
    answers = complete_answers(data, items)
    correlation = positive_definite_correlations(answers, "the KMO measure")
    # det(c^2 R) = 1: the package inverts plainly only where the determinant is not small, and a
    # determinant that is a product of many numbers below one is small for every long questionnaire.
    unit = math.exp(-log_determinant(correlation) / (2.0 * len(answers.items)))
    overall, per_item = kmo_of(standardised(answers.values) * unit)
    return KmoResult(
        overall=overall,
        per_item=pd.Series(per_item, index=list(answers.items), name="kmo"),
        verdict=next(word for cut, word in _KAISER if overall >= cut),
        n=answers.n,
        n_deleted=answers.n_deleted,
    )


def bartlett(data: Answers, *, items: Sequence[str] | None = None) -> BartlettResult:
    """Bartlett's test of sphericity: chi2 = -(n - 1 - (2 p + 5) / 6) log det R.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items. Respondents with a missing answer are left out (listwise) and counted.
    items : sequence of str, optional
        Columns to take; all by default.

    Returns
    -------
    BartlettResult

    Raises
    ------
    DataError
        When R is singular; the items that determine each other are named.

    References
    ----------
    Bartlett, M. S. (1950). Tests of significance in factor analysis. British Journal of Psychology
    (Statistical Section), 3, 77-85. https://doi.org/10.1111/j.2044-8317.1950.tb00285.x

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import bartlett
    >>> rng = np.random.default_rng(1)
    >>> common = rng.normal(size=(200, 1))
    >>> answers = pd.DataFrame(common + rng.normal(size=(200, 4)), columns=list("abcd"))
    >>> result = bartlett(answers)
    >>> result.df, result.p_value < 0.001
    (6, True)
    """
    answers = complete_answers(data, items)
    p = len(answers.items)
    correlation = positive_definite_correlations(answers, "Bartlett's test")
    # Cholesky, because the determinant itself underflows when there are a few hundred items.
    chi2 = -(answers.n - 1.0 - (2.0 * p + 5.0) / 6.0) * log_determinant(correlation)
    df = p * (p - 1) // 2
    return BartlettResult(
        chi2=chi2,
        df=df,
        p_value=float(scipy.special.chdtrc(df, max(chi2, 0.0))),
        n=answers.n,
        n_deleted=answers.n_deleted,
    )
