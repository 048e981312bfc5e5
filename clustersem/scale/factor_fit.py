"""How well common factors reproduce the correlations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.special

from clustersem.scale.answers import Array
from clustersem.scale.correlation import log_determinant


@dataclass(frozen=True)
class FactorFit:
    """Fit of a common factor model; NaN where it is not defined.

    Attributes
    ----------
    chi2, df, p_value : float, int, float
        Bartlett-corrected likelihood ratio test that k factors suffice; exact only after ``ml``.
    rmsea : float
        sqrt(max(chi2 / (df n) - 1 / (n - 1), 0)), as psych prints it. Steiger's has n - 1 in both
        places.
    tli : float
        Tucker-Lewis reliability against uncorrelated items, from F / df.
    rms : float
        Root mean square of the off-diagonal residual correlations.
    """

    chi2: float
    df: int
    p_value: float
    rmsea: float
    tli: float
    rms: float


def factor_fit(correlation: Array, reproduced: Array, k: int, n: int) -> FactorFit:
    """Fit of ``reproduced`` (diagonal: communalities) to ``correlation`` with `k` factors.

    References
    ----------
    Bartlett, M. S. (1951). The effect of standardization on a chi-square approximation in factor
    analysis. Biometrika, 38, 337-344. https://doi.org/10.1093/biomet/38.3-4.337

    Tucker, L. R., & Lewis, C. (1973). A reliability coefficient for maximum likelihood factor
    analysis. Psychometrika, 38, 1-10. https://doi.org/10.1007/BF02291170
    """
    p = len(correlation)
    df = ((p - k) ** 2 - (p + k)) // 2
    off = ~np.eye(p, dtype=bool)
    rms = math.sqrt(float(np.mean((correlation - reproduced)[off] ** 2))) if p > 1 else math.nan
    implied = np.where(off, reproduced, 1.0)
    undefined = FactorFit(math.nan, df, math.nan, math.nan, math.nan, rms)
    try:
        log_r, log_implied = log_determinant(correlation), log_determinant(implied)
    except np.linalg.LinAlgError:
        return undefined
    trace = float(np.trace(scipy.linalg.solve(implied, correlation, assume_a="pos")))
    discrepancy = trace - p - log_r + log_implied
    factor = n - 1.0 - (2.0 * p + 5.0) / 6.0 - 2.0 * k / 3.0
    chi2 = factor * discrepancy
    if df <= 0:
        return FactorFit(chi2, df, math.nan, math.nan, math.nan, rms)
    null_ratio = -log_r / (p * (p - 1) / 2.0)
    return FactorFit(
        chi2=chi2,
        df=df,
        p_value=float(scipy.special.chdtrc(df, max(chi2, 0.0))),
        rmsea=math.sqrt(max(chi2 / (df * n) - 1.0 / (n - 1.0), 0.0)),
        tli=(null_ratio - discrepancy / df) / (null_ratio - 1.0 / factor),
        rms=rms,
    )
