"""Generators of data: a population into draws of many replications at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from clustersem.engine.ram import Array
from clustersem.errors import DataError
from clustersem.resample.population import Population

#: About how many rows are worked on at once, so that they stay in the processor's cache.
ROWS = 1024


class Generator(Protocol):
    """What turns random numbers into replications of a population's data."""

    @property
    def names(self) -> tuple[str, ...]:
        """The p variables, in the order of the columns."""

    def draw(self, rng: np.random.Generator, n: int, size: int) -> Array:
        """Return `size` replications of `n` rows.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the random numbers come from. Replications are drawn one after the other, so
            the first ones do not depend on how many follow.
        n : int
            Rows of each.
        size : int
            How many replications.

        Returns
        -------
        ndarray of shape (size, n, p)
            NaN where an answer is missing.
        """


def blocks(n: int, size: int) -> list[slice]:
    """Cut replications of n rows into runs of about `ROWS` rows."""
    step = max(1, ROWS // n)
    return [slice(at, min(at + step, size)) for at in range(0, size, step)]


@dataclass(frozen=True, eq=False)
class Normal:
    """Multivariate normal data.

    Parameters
    ----------
    population : Population
        Its means and covariances.

    Examples
    --------
    >>> from clustersem.resample.population import populations_of
    >>> (population,) = populations_of("f =~ 0.7*x1 + 0.8*x2 + 0.6*x3", standardized=True)
    >>> normal = Normal(population)
    >>> normal.draw(np.random.default_rng(1), 481, 10).shape
    (10, 481, 3)
    >>> cov, mean = normal.moments(np.random.default_rng(1), 481, 10)
    >>> cov.shape, mean.shape
    ((10, 3, 3), (10, 3))
    """

    population: Population
    _root: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_root", np.ascontiguousarray(self.population.factor.T))

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in the order of the columns."""
        return self.population.names

    def draw(self, rng: np.random.Generator, n: int, size: int) -> Array:
        """Return replications of shape (size, n, p); see :class:`Generator`."""
        p = len(self.names)
        result = np.empty((size, n, p))
        rows, mean = result.reshape(size * n, p), self.population.mean
        shifted = bool(mean.any())
        for part in blocks(n, size):
            own = rows[part.start * n : part.stop * n]
            np.matmul(rng.standard_normal(own.shape), self._root, out=own)
            if shifted:
                own += mean
        return result

    def moments(self, rng: np.random.Generator, n: int, size: int) -> tuple[Array, Array]:
        """Return the moments of replications without drawing their rows.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the random numbers come from.
        n : int
            Rows that each replication stands for; more than there are variables. The cost does not
            depend on it.
        size : int
            How many replications.

        Returns
        -------
        cov : ndarray of shape (size, p, p)
            Covariance matrices with divisor n.
        mean : ndarray of shape (size, p)
            Means.

        Raises
        ------
        DataError
            With n <= p, where covariance matrices are singular.

        Notes
        -----
        n S has a Wishart distribution with n - 1 degrees of freedom. By Bartlett's decomposition it
        is C T T' C' with C C' = Sigma and T lower triangular: the squares of T's diagonal are
        chi-square with n - 1, n - 2, ... degrees of freedom, and the rest is standard normal.

        References
        ----------
        Bartlett, M. S. (1934). On the theory of statistical regression. Proceedings of the Royal
        Society of Edinburgh, 53, 260-283. doi:10.1017/S0370164600015637
        """
        p = len(self.names)
        if n <= p:
            raise DataError(
                f"n={n}: with {p} variables a covariance matrix needs more than {p} rows. Raise n."
            )
        strict = np.tril_indices(p, -1)
        triangle = np.zeros((size, p, p))
        squares = rng.chisquare(n - 1.0 - np.arange(p), (size, p))
        triangle[:, np.arange(p), np.arange(p)] = np.sqrt(squares)
        triangle[:, strict[0], strict[1]] = rng.standard_normal((size, len(strict[0])))
        root = self._root.T
        factor = root @ triangle
        cov = factor @ factor.transpose(0, 2, 1)
        cov /= n
        mean = rng.standard_normal((size, p)) @ self._root / np.sqrt(n)
        mean += self.population.mean
        return cov, mean
