"""From distributions of fit indices to cutoffs: pure functions of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clustersem.engine.ram import Array

#: The indices, and whether a larger value means a worse fit.
LARGER_IS_WORSE = {"srmr": True, "rmsea": True, "cfi": False}

#: Share of correct models that a cutoff may reject, and of misspecified ones that it may let pass:
#: 5 % of each if that is possible, else 10 %.
ERRORS = (0.05, 0.10)


class Cutoff(NamedTuple):
    """A cutoff of one index at one level of misspecification.

    Attributes
    ----------
    value : float
        NaN where the distributions overlap too much for one.
    rule : str
        ``"95/5"``: it rejects at least 95 % of the misspecified models and at most 5 % of the
        correct ones; ``"90/10"``; ``"none"``.
    """

    value: float
    rule: str


def cutoff_of_correct(correct: Array, *, larger_is_worse: bool) -> Cutoff:
    """Return what 95 % of correctly specified models keep to; none of no replications."""
    if not len(correct):
        return Cutoff(float("nan"), "none")
    return Cutoff(_quantile(correct, 1.0 - ERRORS[0], larger_is_worse), "95/5")


def cutoff_between(correct: Array, misspecified: Array, *, larger_is_worse: bool) -> Cutoff:
    """Return what tells a misspecified model from a correct one.

    The value that 95 % of the misspecified models exceed, if no more than 5 % of the correct ones
    do; else the same with 90 % and 10 %; else there is none.

    Parameters
    ----------
    correct, misspecified : ndarray
        Values of an index in replications of the model with and without misspecification, without
        NaN.
    larger_is_worse : bool
        Whether the index grows with misfit.

    References
    ----------
    McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for confirmatory factor analysis
    models. Psychological Methods, 28, 61-88. doi:10.1037/met0000425

    Examples
    --------
    >>> low, high = np.linspace(0.00, 0.03, 201), np.linspace(0.04, 0.08, 201)
    >>> value, rule = cutoff_between(low, high, larger_is_worse=True)
    >>> round(value, 3), rule
    (0.042, '95/5')
    """
    for error in ERRORS if len(correct) and len(misspecified) else ():
        of_correct = _quantile(correct, 1.0 - error, larger_is_worse)
        of_wrong = _quantile(misspecified, error, larger_is_worse)
        if (of_wrong > of_correct) if larger_is_worse else (of_wrong < of_correct):
            return Cutoff(of_wrong, f"{100 * (1 - error):.0f}/{100 * error:.0f}")
    return Cutoff(float("nan"), "none")


def sensitivity(misspecified: Array, cutoff: float, *, larger_is_worse: bool) -> float:
    """Return the share of the replications that lie beyond a cutoff."""
    if not len(misspecified) or np.isnan(cutoff):
        return float("nan")
    beyond = misspecified > cutoff if larger_is_worse else misspecified < cutoff
    return float(np.mean(beyond))


def passes(value: float, cutoff: float, *, larger_is_worse: bool) -> bool:
    """Whether a value is on the better side of a cutoff."""
    return value < cutoff if larger_is_worse else value > cutoff


def _quantile(values: Array, share: float, larger_is_worse: bool) -> float:
    """Return the quantile counted from the better end."""
    return float(np.quantile(values, share if larger_is_worse else 1.0 - share))
