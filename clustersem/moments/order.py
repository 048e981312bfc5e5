"""In which order the moments of a sample stand in a vector.

A moment vector holds, in this order: the thresholds of ordinal variables (item by item), the means
of continuous ones, the variances of continuous ones, and the covariances below the diagonal, column
by column. Ordinal variables have neither a mean nor a variance of their own: their latent response
is standard normal in the unrestricted model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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

    Examples
    --------
    >>> order = MomentOrder((0, 2, 0), has_means=True)
    >>> order.n_moments  # 2 thresholds, 2 means, 2 variances, 3 covariances
    9
    >>> order.threshold_item.tolist(), order.continuous.tolist()
    ([1, 1], [0, 2])
    """

    n_thresholds: tuple[int, ...]
    has_means: bool

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
        """Places of the continuous variables."""
        return np.flatnonzero(np.array(self.n_thresholds, dtype=np.intp) == 0)

    @cached_property
    def threshold_item(self) -> Index:
        """For every threshold the variable that it belongs to."""
        return np.repeat(np.arange(self.n_observed), self.n_thresholds)

    @cached_property
    def rows(self) -> Index:
        """Row of every covariance."""
        return np.triu_indices(self.n_observed, 1)[1]

    @cached_property
    def cols(self) -> Index:
        """Column of every covariance."""
        return np.triu_indices(self.n_observed, 1)[0]

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
    def variances(self) -> slice:
        """Where the variances stand."""
        return slice(self.means.stop, self.means.stop + len(self.continuous))

    @cached_property
    def covariances(self) -> slice:
        """Where the covariances stand."""
        return slice(self.variances.stop, self.variances.stop + len(self.rows))

    @property
    def n_moments(self) -> int:
        """Length k of the vector."""
        return int(self.covariances.stop)
