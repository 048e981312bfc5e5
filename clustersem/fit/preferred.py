"""Which variant of a measure to read where an estimator corrects its test."""

from __future__ import annotations

import math
from collections.abc import Mapping

#: What is said of a variant, by the end of its name.
SUFFIXES = {"": "", "_scaled": "scaled", "_robust": "robust"}

# Variants of the test go together, and so do those of noncentrality.
_TEST = ("chisq", "df", "pvalue", "cmin_df", "nfi", "ifi", "rfi", "pnfi")
_NONCENTRAL = ("cfi", "tli", "nnfi", "rni", "rmsea")


def index_suffix(*measures: Mapping[str, float]) -> str:
    """Return which CFI and RMSEA to read, of those that all these fits have.

    ``"_robust"``, ``"_scaled"``, or ``""`` for the plain ones.

    Robust ones estimate what the plain ones would be with normal, complete, continuous answers, so
    that cut-offs mean what they meant; scaled ones put the corrected chi2 into the plain formula
    (Brosseau-Liard & Savalei, 2014).

    References
    ----------
    Brosseau-Liard, P. E., & Savalei, V. (2014). Adjusting incremental fit indices for nonnormality.
    Multivariate Behavioral Research, 49, 460-470. doi:10.1080/00273171.2014.933697

    Examples
    --------
    >>> index_suffix({"cfi": 0.9, "rmsea": 0.1, "cfi_scaled": 0.8, "rmsea_scaled": 0.1})
    '_scaled'
    """
    for suffix in ("_robust", "_scaled"):
        names = (f"cfi{suffix}", f"rmsea{suffix}")
        if all(_known(of_fit, name) for of_fit in measures for name in names):
            return suffix
    return ""


def preferred(measures: Mapping[str, float], name: str) -> str:
    """Return the name of the variant of a measure to read; the name itself where there is none.

    Examples
    --------
    >>> preferred({"chisq": 9.0, "chisq_scaled": 7.0}, "chisq")
    'chisq_scaled'
    """
    stem = "rmsea" if name.startswith("rmsea") else name
    if stem in _NONCENTRAL:
        return f"{name}{index_suffix(measures)}"
    scaled = f"{name}_scaled"
    return scaled if stem in _TEST and _known(measures, scaled) else name


def _known(measures: Mapping[str, float], name: str) -> bool:
    return math.isfinite(measures.get(name, math.nan))
