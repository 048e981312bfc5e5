"""Omega: reliability of a sum score under one factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from clustersem.scale.answers import Array, CompleteAnswers
from clustersem.scale.correlation import correlations, positive_definite_correlations
from clustersem.scale.kernels.maximum_likelihood import maximum_likelihood

# Below this a unique variance (of a standardised item) counts as a Heywood case.
_LOWEST_UNIQUENESS = 0.005


@dataclass(frozen=True)
class Omega:
    """Reliability of the sum of some items.

    Attributes
    ----------
    observed : float
        (sum of loadings)^2 over the observed variance of the sum, in the items' own metric.
    implied : float
        (sum of loadings)^2 over the variance that the model implies, (sum of loadings)^2 + sum of
        unique variances. The two differ by the residual covariances that one factor leaves, and are
        equal with two or three items, where it leaves none.
    model : {"congeneric", "tau-equivalent"}
        Congeneric: each item has its own loading. With two items those cannot be told apart, so
        they are set equal, and omega is then alpha.
    heywood : tuple of str
        Items whose unique variance ended at its lower bound: omega cannot be trusted then.
    converged : bool
    """

    observed: float
    implied: float
    model: Literal["congeneric", "tau-equivalent"]
    heywood: tuple[str, ...]
    converged: bool


def composite_reliability(loadings: Array, unique: Array) -> float:
    """(sum l)^2 / ((sum l)^2 + sum u) of loadings l and unique variances u (or their matrix)."""
    common = float(np.sum(loadings)) ** 2
    return common / (common + float(np.sum(unique)))


def omega(answers: CompleteAnswers) -> Omega:
    """McDonald's omega of one construct's complete answers.

    Maximum likelihood is scale-free, so the one-factor solution of the correlations, with loadings
    multiplied by the standard deviations, is that of the covariances.

    References
    ----------
    McDonald, R. P. (1999). Test theory: a unified treatment, chapter 6. Erlbaum.

    Kelley, K., & Pornprasertmanit, S. (2016). Confidence intervals for population reliability
    coefficients. Psychological Methods, 21, 69-92. https://doi.org/10.1037/a0040086
    """
    scale = answers.values.std(axis=0, ddof=1)
    if len(answers.items) == 2:
        r = correlations(answers)[0, 1]
        common = 4.0 * r * scale[0] * scale[1]
        total = float(scale @ scale) + 0.5 * common
        value = float(common / total)
        return Omega(value, value, "tau-equivalent", (), True)
    correlation = positive_definite_correlations(answers, "omega")
    solution = maximum_likelihood(correlation, 1, lower=_LOWEST_UNIQUENESS, tol=1e-14, max_iter=200)
    standardised = solution.loadings[:, 0]
    unique = (1.0 - standardised**2) * scale**2
    heywood = tuple(i for i, at in zip(answers.items, solution.at_bound, strict=True) if at)
    raw = standardised * scale
    return Omega(
        observed=float(raw.sum() ** 2 / (scale @ correlation @ scale)),
        implied=composite_reliability(raw, unique),
        model="congeneric",
        heywood=heywood,
        converged=solution.converged,
    )
