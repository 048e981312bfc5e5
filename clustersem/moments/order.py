"""In which order the moments of a sample stand in a vector.

A moment vector holds, in this order: the thresholds of ordinal variables (item by item), the means
of continuous ones, the slopes on covariates (covariate by covariate), the variances of continuous
ones, and the covariances below the diagonal, column by column. Ordinal variables have neither a
mean nor a variance of their own: their latent response is standard normal in the unrestricted
model.

Where moments are those given covariates, these have no moments themselves: thresholds and means are
those at covariates of zero, variances and covariances those of the residuals.

References
----------
Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and
continuous latent variable indicators. Psychometrika, 49, 115-132 (case B).
https://doi.org/10.1007/BF02294210
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class MomentOrder:
    """The order of the moments of one sample.

    Attributes
    ----------
    n_thresholds : tuple of int
        For every observed variable how many thresholds it has; 0 for a continuous one.
    has_means : bool
        Whether the means of continuous variables are among the moments.
    covariates : tuple of int
        Places of the covariates given which the moments are; empty where all variables have them.

    Examples
    --------
    >>> order = MomentOrder((0, 2, 0), has_means=True)
    >>> order.n_moments  # 2 thresholds, 2 means, 2 variances, 3 covariances
    9
    >>> order.threshold_item.tolist(), order.continuous.tolist()
    ([1, 1], [0, 2])
    >>> given = MomentOrder((0, 2, 0), has_means=True, covariates=(2,))
    >>> given.n_moments  # 2 thresholds, 1 mean, 2 slopes, 1 variance, 1 covariance
    7
    """

    n_thresholds: tuple[int, ...]
    has_means: bool
    covariates: tuple[int, ...] = ()

    @property
    def n_observed(self) -> int:
        """Number p of observed variables."""
        return len(self.n_thresholds)

    @cached_property
    def ordinal(self) -> Index:
        """Places of the ordinal variables."""
        return np.flatnonzero(self.n_thresholds)

    @cached_property
    def continuous(self) -> Index:
        """Places of the continuous variables that have moments."""
        dependent = self.dependent
        numeric: Index = np.array(self.n_thresholds, dtype=np.intp)[dependent] == 0
        return dependent[np.flatnonzero(numeric)]

    @cached_property
    def dependent(self) -> Index:
        """Places of the variables that have moments: all but the covariates."""
        has_moments = np.ones(self.n_observed, dtype=np.bool_)
        has_moments[list(self.covariates)] = False
        return np.flatnonzero(has_moments)

    @cached_property
    def threshold_item(self) -> Index:
        """For every threshold the variable that it belongs to."""
        return np.repeat(np.arange(self.n_observed), self.n_thresholds)

    @cached_property
    def rows(self) -> Index:
        """Row of every covariance."""
        return self.dependent[np.triu_indices(len(self.dependent), 1)[1]]

    @cached_property
    def cols(self) -> Index:
        """Column of every covariance."""
        return self.dependent[np.triu_indices(len(self.dependent), 1)[0]]

    @cached_property
    def slope_rows(self) -> Index:
        """For every slope the variable that depends."""
        return np.tile(self.dependent, len(self.covariates))

    @cached_property
    def slope_cols(self) -> Index:
        """For every slope the covariate."""
        return np.repeat(np.array(self.covariates, dtype=np.intp), len(self.dependent))

    @cached_property
    def thresholds(self) -> slice:
        """Where the thresholds stand."""
        return slice(0, len(self.threshold_item))

    @cached_property
    def means(self) -> slice:
        """Where the means stand."""
        start = self.thresholds.stop
        return slice(start, start + (len(self.continuous) if self.has_means else 0))

    @cached_property
    def slopes(self) -> slice:
        """Where the slopes stand."""
        return slice(self.means.stop, self.means.stop + len(self.slope_rows))

    @cached_property
    def variances(self) -> slice:
        """Where the variances stand."""
        return slice(self.slopes.stop, self.slopes.stop + len(self.continuous))

    @cached_property
    def covariances(self) -> slice:
        """Where the covariances stand."""
        return slice(self.variances.stop, self.variances.stop + len(self.rows))

    @property
    def n_moments(self) -> int:
        """Length k of the vector."""
        return int(self.covariances.stop)

    def permuted(self, places: Index) -> tuple[MomentOrder, Index]:
        """Return the order with the variables in another order, and where its moments stood.

        Parameters
        ----------
        places : ndarray of int, shape (p,)
            For every variable of the new order its place in this one.

        Returns
        -------
        order : MomentOrder
            Of the variables in the new order.
        source : ndarray of int, shape (k,)
            For every moment of the new order its place in this one: ``values[source]``.

        Examples
        --------
        >>> order, source = MomentOrder((0, 2, 0), has_means=False).permuted(np.array([2, 1, 0]))
        >>> order.n_thresholds, source.tolist()
        ((0, 2, 0), [0, 1, 3, 2, 6, 5, 4])
        """
        given = np.flatnonzero(np.isin(places, self.covariates))
        sizes = tuple(self.n_thresholds[j] for j in places)
        new = MomentOrder(sizes, self.has_means, tuple(given.tolist()))
        first = np.cumsum([0, *self.n_thresholds])
        thresholds = [np.arange(first[j], first[j + 1]) for j in places]
        among = np.full(self.n_observed, -1)
        among[self.continuous] = np.arange(len(self.continuous))
        continuous = among[places[new.continuous]]
        pair = np.zeros((self.n_observed, self.n_observed), dtype=np.intp)
        pair[self.rows, self.cols] = pair[self.cols, self.rows] = np.arange(len(self.rows))
        slope = np.zeros_like(pair)
        slope[self.slope_rows, self.slope_cols] = np.arange(len(self.slope_rows))
        parts = [*thresholds]
        if self.has_means:
            parts.append(self.means.start + continuous)
        parts.append(self.slopes.start + slope[places[new.slope_rows], places[new.slope_cols]])
        parts.append(self.variances.start + continuous)
        parts.append(self.covariances.start + pair[places[new.rows], places[new.cols]])
        return new, np.concatenate(parts).astype(np.intp)


@lru_cache(maxsize=64)
def continuous_order(n_observed: int, *, has_means: bool) -> MomentOrder:
    """Return the order of the moments of continuous variables.

    The same object for the same call: where everything stands is worked out once.

    Examples
    --------
    >>> continuous_order(3, has_means=True).n_moments
    9
    """
    return MomentOrder((0,) * n_observed, has_means)
