"""P-values of the best of many: adjusted for how many parameters could have been freed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clustersem.engine.ram import Array


def bonferroni(p: Array) -> Array:
    """Return p-values times their number: the chance of any such index by chance is below these.

    References
    ----------
    Dunn, O. J. (1961). Multiple comparisons among means. Journal of the American Statistical
    Association, 56, 52-64. doi:10.1080/01621459.1961.10482090
    """
    return np.minimum(p * len(p), 1.0)


def holm(p: Array) -> Array:
    """Return step-down p-values, which control the same chance and are never larger.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal
    of Statistics, 6, 65-70.
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p: Array) -> Array:
    """Return step-up p-values, which control the expected share of false ones among those freed.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B, 57, 289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    order = np.argsort(p, kind="stable")[::-1]
    stepped = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


ADJUSTMENTS: dict[str, Callable[[Array], Array]] = {
    "holm": holm,
    "bonferroni": bonferroni,
    "bh": benjamini_hochberg,
}


def adjusted(p: Array, method: str) -> Array:
    """Return adjusted p-values of those that are known; the others stay NaN and do not count.

    Examples
    --------
    >>> adjusted(np.array([0.01, np.nan, 0.04]), "holm").tolist()
    [0.02, nan, 0.04]
    """
    known = np.isfinite(p)
    found = np.full(len(p), np.nan)
    found[known] = ADJUSTMENTS[method](p[known])
    return found
