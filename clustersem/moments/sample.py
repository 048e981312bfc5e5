"""The sufficient statistics of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SampleMoments:
    """Means and covariances of complete observations.

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
        The complete observations, read-only; None where only moments are known.
    """

    names: tuple[str, ...]
    cov: Array
    mean: Array | None
    n_obs: int
    n_rows: int
    data: Array | None = None

    def __post_init__(self) -> None:
        for array in (self.cov, self.mean, self.data):
            if array is not None:
                array.setflags(write=False)

    def __setstate__(self, state: dict[str, object]) -> None:
        # An array that was pickled or copied comes back writable.
        self.__dict__.update(state)
        self.__post_init__()

    @cached_property
    def sd(self) -> Array:
        """Standard deviations with divisor n."""
        return np.sqrt(self.cov.diagonal())

    @property
    def unbiased_cov(self) -> Array:
        """Covariance matrix with divisor n - 1."""
        return self.cov * (self.n_obs / (self.n_obs - 1.0))

    def frame(self, matrix: Array) -> pd.DataFrame:
        """Return a p x p matrix with the variables' names on both sides."""
        names = list(self.names)
        return pd.DataFrame(matrix, index=names, columns=names)
