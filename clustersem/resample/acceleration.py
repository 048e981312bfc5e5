"""The acceleration of BCa intervals: how fast a standard error changes with its parameter.

It is one sixth of the skewness of the estimate's linear approximation, the sum over units of what
each contributes. A unit is what is drawn: a row, or a cluster of rows; in several groups or strata
its contribution is its influence over the number of units of its stratum.

References
----------
Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
University Press. doi:10.1017/CBO9780511802843 (section 5.3)
DiCiccio, T. J., & Efron, B. (1996). Bootstrap confidence intervals. Statistical Science, 11,
189-228. doi:10.1214/ss/1032280214
Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical
Association, 82, 171-185. doi:10.1080/01621459.1987.10478410
"""

from __future__ import annotations

import numpy as np

from clustersem.moments.order import Index
from clustersem.resample.quantiles import Array


def acceleration(contributions: Array) -> Array:
    """Return the acceleration of every parameter.

    Parameters
    ----------
    contributions : ndarray of shape (units, k)
        What every unit adds to the linear approximation of each estimate, centred within strata:
        its empirical influence value over the number of units of its stratum (see
        :func:`from_jackknife`). A factor common to all does not matter.

    Returns
    -------
    ndarray of shape (k,)
        Sum of cubes over six times the 3/2th power of the sum of squares; zero for a parameter
        that no unit moves.

    Examples
    --------
    The mean of skewed data: one sixth of the skewness over the root of their number.

    >>> x = np.array([[0.0], [0.0], [0.0], [4.0]])
    >>> acceleration(x - x.mean()).round(4)
    array([0.0962])
    """
    largest = np.abs(contributions).max(axis=0, initial=0.0)
    moved = largest > 0
    # In units of the largest, so that cubes neither vanish nor overflow.
    scaled = contributions / np.where(moved, largest, 1.0)
    squares = np.einsum("ik,ik->k", scaled, scaled)
    cubes = np.einsum("ik,ik,ik->k", scaled, scaled, scaled)
    found: Array = np.where(moved, cubes / (6 * np.where(moved, squares, 1.0) ** 1.5), 0.0)
    return found


def from_jackknife(left_out: Array, strata: Index | None = None) -> Array:
    """Return contributions from the estimates without each unit in turn.

    Parameters
    ----------
    left_out : ndarray of shape (units, k)
        Estimates when each unit is left out.
    strata : ndarray of int, shape (units,), optional
        Stratum (and group) of every unit, 0-based without gaps.

    Returns
    -------
    ndarray of shape (units, k)
        NaN in the column of a parameter that lacks an estimate.

    Notes
    -----
    In a stratum of n units the influence of one is (n - 1) times the mean of these estimates less
    its own (Efron, 1987, for a single sample); over n that is its contribution.
    """
    strata = np.zeros(len(left_out), dtype=np.intp) if strata is None else strata
    size = np.bincount(strata)
    factor = ((size - 1) / size)[strata][:, None]
    sums = np.zeros((len(size), left_out.shape[1]))
    np.add.at(sums, strata, left_out)
    found: Array = factor * ((sums / size[:, None])[strata] - left_out)
    return found
