"""What it costs to take the answers to Likert items as continuous and normal.

References
----------
Muthen, B., & Kaplan, D. (1985). A comparison of some methodologies for the factor analysis of
non-normal Likert variables. British Journal of Mathematical and Statistical Psychology, 38,
171-189. doi:10.1111/j.2044-8317.1985.tb00832.x
DiStefano, C. (2002). The impact of categorization with confirmatory factor analysis. Structural
Equation Modeling, 9, 327-346. doi:10.1207/S15328007SEM0903_2
Curran, P. J., West, S. G., & Finch, J. F. (1996). The robustness of test statistics to nonnormality
and specification error in confirmatory factor analysis. Psychological Methods, 1, 16-29.
doi:10.1037/1082-989X.1.1.16
Rhemtulla, M., Brosseau-Liard, P. E., & Savalei, V. (2012). When can categorical variables be
treated as continuous? A comparison of robust continuous and categorical SEM estimation methods
under suboptimal conditions. Psychological Methods, 17, 354-373. doi:10.1037/a0029315
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.ram import Array, Index
from clustersem.moments import SampleMoments
from clustersem.survey.names import listed

# With so many categories or more, maximum likelihood hardly suffers (Rhemtulla et al., 2012).
ENOUGH_CATEGORIES = 5
# Beyond these, chi2 and standard errors are off at any sample size (Curran et al., 1996).
STRONG_SKEWNESS = 2.0
STRONG_KURTOSIS = 7.0
# So many rows tell nearly always that a variable has many values.
_GLANCE = 200


@dataclass(frozen=True, eq=False)
class Shapes:
    """How the answers to every variable are distributed, all groups together.

    Attributes
    ----------
    categories : ndarray of int, shape (p,)
        Number of distinct answers where it is less than `ENOUGH_CATEGORIES`; else that number.
    skewness : ndarray of shape (p,)
        g1 = m3 / m2^1.5.
    kurtosis : ndarray of shape (p,)
        g2 = m4 / m2^2 - 3, zero for a normal variable.
    """

    categories: Index
    skewness: Array
    kurtosis: Array


def shapes_of(values: Array) -> Shapes:
    """Return the shapes of the columns of a table of answers, NaN where missing.

    Examples
    --------
    >>> shapes = shapes_of(np.array([[1.0, 0.1], [1.0, 0.2], [1.0, 0.3], [2.0, 0.4], [1.0, 0.5]]))
    >>> shapes.categories.tolist(), shapes.skewness.round(3).tolist()
    ([2, 5], [1.5, 0.0])
    """
    categories = _distinct(values[:_GLANCE])
    few = np.flatnonzero(categories < ENOUGH_CATEGORIES)
    if len(few) and len(values) > _GLANCE:
        categories[few] = _distinct(values[:, few])
    missing = np.isnan(values)
    if missing.any():
        count = len(values) - np.count_nonzero(missing, axis=0)
        mean = np.where(missing, 0.0, values).sum(axis=0) / count
        centred = np.where(missing, 0.0, values - mean)
    else:
        count = np.full(values.shape[1], len(values))
        centred = values - values.mean(axis=0)
    # In units of the largest deviation no power overflows.
    scaled = centred / np.abs(centred).max(axis=0)
    squared = scaled * scaled
    m2, m3, m4 = (
        np.einsum("ij,ij->j", left, right) / count
        for left, right in ((scaled, scaled), (squared, scaled), (squared, squared))
    )
    return Shapes(categories, m3 / m2**1.5, m4 / m2**2 - 3.0)


def likert_notes(
    samples: Sequence[SampleMoments],
    *,
    estimator: str = "ML",
    exogenous: Sequence[str] = (),
    robust: bool = False,
) -> tuple[str, ...]:
    """Return sentences on items that a normal theory estimator should not take as they are.

    Parameters
    ----------
    samples : sequence of SampleMoments
        One a group. Samples that are ordinal, or of which only moments are known, give none.
    estimator : str
        What the estimator is called.
    exogenous : sequence of str
        Covariates, of whose distribution nothing is assumed.
    robust : bool
        Whether standard errors and chi2 are corrected for nonnormality, as MLR and MLM do.

    Returns
    -------
    tuple of str
        At most two.
    """
    tables = [s.cases for s in samples if s.cases is not None and s.ordinal is None]
    if not tables or len(tables) < len(samples):
        return ()
    names = samples[0].names
    shapes = shapes_of(tables[0] if len(tables) == 1 else np.vstack(tables))
    taken = np.array([name not in exogenous for name in names])
    coarse = taken & (shapes.categories < ENOUGH_CATEGORIES)
    strong = (np.abs(shapes.skewness) > STRONG_SKEWNESS) | (shapes.kurtosis > STRONG_KURTOSIS)
    uneven = taken & strong & ~coarse
    sentences = []
    if coarse.any():
        sentences.append(
            _coarse(_named(names, coarse), _named(names, coarse & strong), estimator, robust=robust)
        )
    if uneven.any() and not robust:
        sentences.append(_uneven(names, uneven, shapes, estimator))
    return tuple(sentences)


def _coarse(items: list[str], strong: list[str], estimator: str, *, robust: bool) -> str:
    corrected = (
        "chi2 and standard errors are corrected for that, estimates are not"
        if robust
        else "chi2 comes out too large and standard errors too small"
    )
    more = f" The more so with strong skewness, as of {listed(strong)}." if strong else ""
    return (
        f"{listed(items)} {'has' if len(items) == 1 else 'have'} fewer than five different answers,"
        f" yet {estimator} takes them as continuous and normal: loadings and correlations"
        f" come out too small, and {corrected} (Muthen & Kaplan, 1985; DiStefano, 2002; Rhemtulla,"
        f" Brosseau-Liard & Savalei, 2012).{more} Fit them as ordinal: ordered=True, or ordered="
        " with their names."
    )


def _uneven(names: Sequence[str], uneven: np.ndarray, shapes: Shapes, estimator: str) -> str:
    said = listed(
        f"{names[j]} (skewness {shapes.skewness[j]:.1f}, kurtosis {shapes.kurtosis[j]:.1f})"
        for j in np.flatnonzero(uneven).tolist()
    )
    verb = "is" if np.count_nonzero(uneven) == 1 else "are"
    return (
        f"{said} {verb} far from normal: with {estimator} chi2 comes out too large and standard"
        " errors too small (Curran, West & Finch, 1996). Use estimator='MLR', or ordered= for items"
        " with few answers."
    )


def _named(names: Sequence[str], which: np.ndarray) -> list[str]:
    return [names[j] for j in np.flatnonzero(which).tolist()]


def _distinct(values: Array) -> Index:
    """Return the number of distinct values of every column, at most `ENOUGH_CATEGORIES`."""
    # Sorting puts NaN last, and no comparison with it is true.
    steps = np.diff(np.sort(values, axis=0), axis=0) > 0
    found: Index = np.minimum(1 + np.count_nonzero(steps, axis=0), ENOUGH_CATEGORIES)
    return found
