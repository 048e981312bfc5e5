"""Equivalence tests of RMSEA and CFI: how large the misfit may be, with confidence.

The usual test asks whether there is no misfit at all, and a small sample passes it. The test of
equivalence turns this round: it gives the T-size, the largest RMSEA (the smallest CFI) that the
observed chi2 does not reject, so that one may say with confidence that the misfit is no larger.

References
----------
Yuan, K.-H., Chan, W., Marcoulides, G. A., & Bentler, P. M. (2016). Assessing structural equation
models by equivalence testing with adjusted fit indexes. Structural Equation Modeling, 23, 319-330.
doi:10.1080/10705511.2015.1065414
Marcoulides, K. M., & Yuan, K.-H. (2017). New ways to evaluate goodness of fit: A note on using
equivalence testing to assess structural equation models. Structural Equation Modeling, 24,
148-153. doi:10.1080/10705511.2016.1225260
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersem.engine.noncentral import noncentrality_at

#: What a fit is called, best first; the cutoffs stand between one word and the next.
WORDS = ("excellent", "close", "fair", "mediocre", "poor")

#: The conventional cutoffs that the adjusted ones belong to, best first.
CONVENTIONAL_RMSEA = (0.01, 0.05, 0.08, 0.10)
CONVENTIONAL_CFI = (0.99, 0.95, 0.92, 0.90)

#: Further than this (relatively) from what it stands for an equation has left its range.
MOST_ERROR = 0.10


@dataclass(frozen=True)
class Equivalence:
    """T-size RMSEA and CFI of a fit, with the cutoffs adjusted to its df and n.

    Attributes
    ----------
    alpha : float
        Level of the tests; the T-sizes hold with confidence 1 - alpha.
    rmsea, cfi : float
        T-size RMSEA and CFI.
    rmsea_cutoffs, cfi_cutoffs : tuple of float
        What separates excellent, close, fair, mediocre and poor fit; empty where the published
        equations do not reach to this df and n, or `alpha` is not .05, for which they were made.
    """

    alpha: float
    rmsea: float
    cfi: float
    rmsea_cutoffs: tuple[float, ...]
    cfi_cutoffs: tuple[float, ...]

    @property
    def rmsea_verdict(self) -> str:
        """The word for the T-size RMSEA; empty without cutoffs."""
        met = [self.rmsea <= cutoff for cutoff in self.rmsea_cutoffs]
        return _word(met)

    @property
    def cfi_verdict(self) -> str:
        """The word for the T-size CFI; empty without cutoffs."""
        met = [self.cfi >= cutoff for cutoff in self.cfi_cutoffs]
        return _word(met)


def equivalence_test(
    chisq: float,
    df: float,
    baseline: float,
    df_baseline: float,
    multiplier: float,
    *,
    n_obs: float,
    alpha: float = 0.05,
) -> Equivalence:
    """Return the equivalence tests of a model.

    Parameters
    ----------
    chisq, df : float
        The model's test statistic N F, and its degrees of freedom, positive.
    baseline, df_baseline : float
        The same of the independence model.
    multiplier : float
        N: n, or n - 1 with the Wishart likelihood. The T-size RMSEA is in its units, and is the
        upper end of the RMSEA's interval of level 1 - 2 alpha.
    n_obs : float
        Number of observations n; the equations of the adjusted cutoffs take n - 1.
    alpha : float
        Level of the tests, between 0 and 1/2.

    Examples
    --------
    The one-factor model of Marcoulides and Yuan (2017), n = 600:

    >>> found = equivalence_test(140.089, 54, 1524.86, 66, 599, n_obs=600)
    >>> round(found.rmsea, 4), [round(cutoff, 3) for cutoff in found.rmsea_cutoffs]
    (0.0622, [0.028, 0.06, 0.089, 0.109])
    >>> found.rmsea_verdict
    'fair'
    """
    rmsea_cutoffs = adjusted_rmsea(df, n_obs)
    cfi_cutoffs = adjusted_cfi(df, df_baseline, n_obs)
    usable = alpha == 0.05 and _in_range(rmsea_cutoffs, cfi_cutoffs, df, n_obs)
    return Equivalence(
        alpha,
        t_size_rmsea(chisq, df, multiplier, alpha=alpha),
        t_size_cfi(chisq, df, baseline, df_baseline, alpha=alpha),
        rmsea_cutoffs if usable else (),
        cfi_cutoffs if usable else (),
    )


def t_size_rmsea(chisq: float, df: float, multiplier: float, *, alpha: float = 0.05) -> float:
    """Return the largest RMSEA that the test statistic does not reject at level `alpha`."""
    return math.sqrt(noncentrality_at(chisq, df, alpha) / (df * multiplier))


def t_size_cfi(
    chisq: float, df: float, baseline: float, df_baseline: float, *, alpha: float = 0.05
) -> float:
    """Return the smallest CFI that the test statistics do not reject.

    Each of the two statistics is given half of `alpha`: the model's noncentrality is as large, that
    of the independence model as small, as they may be (Bonferroni).
    """
    misfit = noncentrality_at(chisq, df, alpha / 2.0)
    whole = noncentrality_at(baseline, df_baseline, 1.0 - alpha / 2.0)
    worst = max(misfit, whole)
    return 1.0 - misfit / worst if worst > 0 else 1.0


def adjusted_rmsea(df: float, n_obs: float) -> tuple[float, ...]:
    """Return the adjusted cutoffs of RMSEA .01, .05, .08 and .10 (Yuan et al., 2016)."""
    n = n_obs - 1.0
    d, m = math.log(df), math.log(n)
    fifth = n**0.2
    return (
        math.exp(
            1.34863
            - 0.51999 * d
            + 0.01925 * d**2
            - 0.59811 * m
            + 0.00902 * math.sqrt(n)
            + 0.01796 * d * m
        ),
        math.exp(
            2.06034
            - 0.62974 * d
            + 0.02512 * d**2
            - 0.98388 * m
            + 0.05442 * m**2
            - 0.00005188 * n
            + 0.05260 * d * m
        ),
        math.exp(
            2.84129
            - 0.54809 * d
            + 0.02296 * d**2
            - 0.76005 * m
            + 0.10229 * m**2
            - 1.11167 * fifth
            + 0.04845 * d * m
        ),
        math.exp(
            2.36352
            - 0.49440 * d
            + 0.02131 * d**2
            - 0.64445 * m
            + 0.09043 * m**2
            - 1.01634 * fifth
            + 0.04422 * d * m
        ),
    )


def adjusted_cfi(df: float, df_baseline: float, n_obs: float) -> tuple[float, ...]:
    """Return the adjusted cutoffs of CFI .99, .95, .92 and .90 (Yuan et al., 2016)."""
    n = n_obs - 1.0
    d, b, m = math.log(df), math.log(df_baseline), math.log(n)
    fifth = n**0.2
    return (
        1.0
        - math.exp(
            4.67603
            - 0.50827 * d
            + 0.87087 * df**0.2
            - 0.59613 * df_baseline**0.2
            - 1.89602 * m
            + 0.10190 * m**2
            + 0.03729 * d * m
        ),
        1.0
        - math.exp(
            4.12132
            - 0.46285 * d
            + 0.52478 * df**0.2
            - 0.31832 * df_baseline**0.2
            - 1.74422 * m
            + 0.13042 * m**2
            - 0.02360 * math.sqrt(n)
            + 0.04215 * d * m
        ),
        1.0
        - math.exp(
            6.31234
            - 0.41762 * d
            + 0.01554 * d**2
            - 0.00563 * b**2
            - 1.30229 * m
            + 0.19999 * m**2
            - 2.17429 * fifth
            + 0.05342 * d * m
            - 0.01520 * b * m
        ),
        1.0
        - math.exp(
            5.96633
            - 0.40425 * d
            + 0.01384 * d**2
            - 0.00411 * b**2
            - 1.20242 * m
            + 0.18763 * m**2
            - 2.06704 * fifth
            + 0.05245 * d * m
            - 0.01533 * b * m
        ),
    )


def _in_range(rmsea: tuple[float, ...], cfi: tuple[float, ...], df: float, n_obs: float) -> bool:
    """Whether the equations, which are regressions over a grid of df and n, hold here.

    An adjusted cutoff of RMSEA is the T-size that an observed RMSEA of the conventional cutoff has.
    That can be computed, so one sees where the equations leave their grid.
    """
    n = n_obs - 1.0
    stands_for = [
        t_size_rmsea(df + cutoff**2 * df * n, df, n, alpha=0.05) for cutoff in CONVENTIONAL_RMSEA
    ]
    near = all(
        abs(found / value - 1.0) <= MOST_ERROR
        for found, value in zip(rmsea, stands_for, strict=True)
    )
    falling = all(a > b for a, b in zip((1.0, *cfi), (*cfi, 0.0), strict=True))
    return near and falling


def _word(met: list[bool]) -> str:
    if not met:
        return ""
    return WORDS[met.index(True)] if True in met else WORDS[-1]
