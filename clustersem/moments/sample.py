"""The sufficient statistics of a sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clustersem.moments.order import Index, MomentOrder

if TYPE_CHECKING:
    from clustersem.moments.incomplete import Incomplete
    from clustersem.moments.patterns import MissingPatterns

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OrdinalStatistics:
    """Two-step statistics of a sample with ordinal variables.

    Attributes
    ----------
    order : MomentOrder
        Where every moment stands.
    values : ndarray of shape (k,)
        Thresholds, means, variances and polychoric, polyserial and Pearson covariances.
    gamma : ndarray of shape (k, k)
        Covariance matrix of sqrt(n) times the moments.
    categories : tuple of ndarray
        For every variable the values of its categories, ascending; empty for a continuous one.
    """

    order: MomentOrder
    values: Array
    gamma: Array
    categories: tuple[Array, ...]

    def __post_init__(self) -> None:
        for array in (self.values, self.gamma, *self.categories):
            array.setflags(write=False)

    def __setstate__(self, state: dict[str, object]) -> None:
        # An array that was pickled or copied comes back writable.
        self.__dict__.update(state)
        self.__post_init__()

    def in_order(self, places: Index) -> OrdinalStatistics:
        """Return the statistics with the variables in another order, given by their places here."""
        order, source = self.order.permuted(places)
        return OrdinalStatistics(
            order,
            self.values[source],
            self.gamma[np.ix_(source, source)],
            tuple(self.categories[j] for j in places),
        )


@dataclass(frozen=True, eq=False)
class SampleMoments:
    """Means and covariances of the observations of one group.

    Attributes
    ----------
    names : tuple of str
        Variables, in the order of the arrays.
    cov : ndarray of shape (p, p)
        Covariance matrix with divisor n (maximum likelihood), read-only.
    mean : ndarray of shape (p,) or None
        Means, read-only; None where only a covariance matrix is known.
    n_obs : int
        Number n of observations used.
    n_rows : int
        Number of observations before incomplete ones were left out.
    data : ndarray of shape (n, p) or None
        The observations used, read-only, NaN where an answer is missing and the method of missing
        data keeps such rows; None where only moments are known.
    label : str
        The group; empty where there is only one.
    weights : ndarray of shape (n,) or None
        Sampling weights of the rows, scaled so that over all groups they sum to the number of rows
        used, as lavaan does.
    cluster : ndarray of int, shape (n,) or None
        Cluster of every row, 0-based and without gaps within the group.
    incomplete : Incomplete or None
        The observations arranged for the likelihood, where answers are missing and full
        information is used; `cov` and `mean` are then the maximum likelihood estimates of the
        saturated model.
    ordinal : OrdinalStatistics or None
        Where variables are ordinal; `cov` then holds polychoric and polyserial correlations, and
        `mean` is zero for ordinal variables. If these are given covariates, variances of one and
        means of zero are those of the residuals, and what covariates explain is added to them.
    dropped : tuple of (str, int)
        Why rows of this group were left out, and how many for each reason.
    ungrouped : int
        How many rows of the data belong to no group of the analysis; the same in every group.
    index : Index or None
        The labels that the rows used have in the data.
    drawn : ndarray of shape (m, p) or None
        A uniform random sample of the observations used, read-only, where the others are gone:
        enough to estimate how accurate moments are. None where `data` holds them all, or only
        moments are known.
    """

    names: tuple[str, ...]
    cov: Array
    mean: Array | None
    n_obs: int
    n_rows: int
    data: Array | None = None
    label: str = ""
    weights: Array | None = None
    cluster: Index | None = None
    incomplete: Incomplete | None = None
    ordinal: OrdinalStatistics | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    ungrouped: int = 0
    index: pd.Index | None = None
    drawn: Array | None = None

    def __post_init__(self) -> None:
        for array in (self.cov, self.mean, self.data, self.weights, self.cluster, self.drawn):
            if array is not None:
                array.setflags(write=False)

    def __setstate__(self, state: dict[str, object]) -> None:
        # An array that was pickled or copied comes back writable.
        self.__dict__.update(state)
        self.__post_init__()

    @property
    def given(self) -> tuple[int, ...]:
        """Places of the covariates given which the moments are; mostly there are none."""
        return () if self.ordinal is None else self.ordinal.order.covariates

    @property
    def cases(self) -> Array | None:
        """Observations that show how answers are distributed: all used, or a sample of them."""
        return self.drawn if self.data is None else self.data

    @property
    def is_sampled(self) -> bool:
        """Whether `cases` are fewer than the observations used."""
        return self.drawn is not None and len(self.drawn) < self.n_obs

    @property
    def patterns(self) -> MissingPatterns | None:
        """Where answers are missing, if full information is used."""
        return None if self.incomplete is None else self.incomplete.patterns

    @property
    def total(self) -> float:
        """Number of observations, or what their sampling weights sum to."""
        return float(self.n_obs if self.weights is None else self.weights.sum())

    @cached_property
    def sd(self) -> Array:
        """Standard deviations with divisor n."""
        return np.sqrt(self.cov.diagonal())

    @property
    def unbiased_cov(self) -> Array:
        """Covariance matrix with divisor n - 1."""
        return self.cov * (self.total / (self.total - 1.0))

    def in_order(self, names: tuple[str, ...]) -> SampleMoments:
        """Return the same sample with its variables in another order.

        Parameters
        ----------
        names : tuple of str
            The variables, every one once.
        """
        if names == self.names:
            return self
        places = np.array([self.names.index(name) for name in names], dtype=np.intp)
        return replace(
            self,
            names=names,
            cov=self.cov[np.ix_(places, places)],
            mean=None if self.mean is None else self.mean[places],
            data=None if self.data is None else self.data[:, places],
            drawn=None if self.drawn is None else self.drawn[:, places],
            incomplete=None if self.incomplete is None else self.incomplete.in_order(places),
            ordinal=None if self.ordinal is None else self.ordinal.in_order(places),
        )

    def frame(self, matrix: Array) -> pd.DataFrame:
        """Return a p x p matrix with the variables' names on both sides."""
        names = list(self.names)
        return pd.DataFrame(matrix, index=names, columns=names)
