"""Mardia's multivariate skewness and kurtosis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.linalg
import scipy.special

from clustersem.errors import DataError
from clustersem.scale.answers import Answers, Array, complete_answers
from clustersem.scale.correlation import positive_definite_correlations, standardised

# Respondents at a time: bounds the memory of long questionnaires.
_BLOCK = 256


def _third_moments(y: Array) -> Array:
    """Mean of y y y over respondents, shape (p^2, p), for y of shape (p, n).

    Its squared length is the mean of (y_i'y_j)^3 over all pairs of respondents, without the n x n
    matrix of those products.
    """
    p, n = y.shape
    total = np.zeros((p * p, p))
    for first in range(0, n, _BLOCK):
        block = y[:, first : first + _BLOCK]
        total += (block[:, None, :] * block[None, :, :]).reshape(p * p, -1) @ block.T
    return np.asarray(total / n)


@dataclass(frozen=True)
class MardiaResult:
    """Multivariate skewness and kurtosis with their tests of normality.

    Attributes
    ----------
    skewness, kurtosis : float
        b_1p and b_2p. Under normality b_2p is near p (p + 2).
    excess_kurtosis : float
        b_2p - p (p + 2), which AMOS prints as multivariate kurtosis.
    skewness_chi2, skewness_df, skewness_p_value : float, int, float
        n b_1p / 6.
    skewness_chi2_small, skewness_p_value_small : float
        The same with Mardia's correction for small samples.
    kurtosis_z, kurtosis_p_value : float
        Two-sided; AMOS's critical ratio of multivariate kurtosis.
    n, n_items, n_deleted : int
    divisor : str
        Of the covariance matrix that measures the distances.
    """

    skewness: float
    kurtosis: float
    excess_kurtosis: float
    skewness_chi2: float
    skewness_df: int
    skewness_p_value: float
    skewness_chi2_small: float
    skewness_p_value_small: float
    kurtosis_z: float
    kurtosis_p_value: float
    n: int
    n_items: int
    n_deleted: int
    divisor: str


def mardia(
    data: Answers,
    *,
    items: Sequence[str] | None = None,
    divisor: Literal["n-1", "n"] = "n-1",
) -> MardiaResult:
    """Test multivariate normality through Mardia's skewness and kurtosis.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items. Respondents with a missing answer are left out (listwise) and counted.
    items : sequence of str, optional
        Columns to take; all by default.
    divisor : {"n-1", "n"}
        Divisor of the covariance matrix: "n-1" as in R's psych and semTools, "n" as in Mardia's
        paper and AMOS. Kurtosis differs by the factor ((n - 1) / n)^2, skewness by its power 3/2.

    Returns
    -------
    MardiaResult

    Raises
    ------
    DataError
        When the covariance matrix is singular; the items that determine each other are named.

    References
    ----------
    Mardia, K. V. (1970). Measures of multivariate skewness and kurtosis with applications.
    Biometrika, 57, 519-530. https://doi.org/10.1093/biomet/57.3.519

    Mardia, K. V. (1974). Applications of some measures of multivariate skewness and kurtosis in
    testing normality and robustness studies. Sankhya B, 36, 115-128.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import mardia
    >>> rng = np.random.default_rng(1)
    >>> result = mardia(pd.DataFrame(rng.normal(size=(500, 3)), columns=list("abc")))
    >>> f"{result.kurtosis:.2f}", result.kurtosis_p_value > 0.05
    ('15.18', True)
    """
    if divisor not in ("n-1", "n"):
        raise DataError(f"divisor must be 'n-1' or 'n', got {divisor!r}")
    answers = complete_answers(data, items, minimum=1)
    n, p = answers.n, len(answers.items)
    correlation = positive_definite_correlations(answers, "Mardia's test")
    # Distances do not change when the items are standardised, and are better conditioned then.
    z = standardised(answers.values)
    whitened = scipy.linalg.solve_triangular(np.linalg.cholesky(correlation), z.T, lower=True)
    if divisor == "n":
        whitened = whitened * math.sqrt(n / (n - 1.0))
    b2p = float(np.mean(np.sum(whitened**2, axis=0) ** 2))
    b1p = float(np.sum(_third_moments(whitened) ** 2))
    df = p * (p + 1) * (p + 2) // 6
    small = (p + 1.0) * (n + 1.0) * (n + 3.0) / (n * ((n + 1.0) * (p + 1.0) - 6.0))
    chi2 = n * b1p / 6.0
    z_kurtosis = (b2p - p * (p + 2.0)) * math.sqrt(n / (8.0 * p * (p + 2.0)))
    return MardiaResult(
        skewness=b1p,
        kurtosis=b2p,
        excess_kurtosis=b2p - p * (p + 2.0),
        skewness_chi2=chi2,
        skewness_df=df,
        skewness_p_value=float(scipy.special.chdtrc(df, chi2)),
        skewness_chi2_small=small * chi2,
        skewness_p_value_small=float(scipy.special.chdtrc(df, small * chi2)),
        kurtosis_z=z_kurtosis,
        kurtosis_p_value=2.0 * float(scipy.special.ndtr(-abs(z_kurtosis))),
        n=n,
        n_items=p,
        n_deleted=answers.n_deleted,
        divisor=divisor,
    )
