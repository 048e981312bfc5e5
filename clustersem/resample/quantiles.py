"""Quantiles of resampled values, where some resamples may have failed.

Between two order statistics the quantile is interpolated on the scale of normal quantiles, which is
what R's boot and lavaan do; the ends of an interval agree with theirs on the same resamples.

References
----------
Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
University Press. doi:10.1017/CBO9780511802843 (section 5.2)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from clustersem.moments.order import Index

Array = NDArray[np.float64]
# Spread over size, below which values that went through a fit differ by nothing but rounding.
_ROUNDING = 1e-13
# As a share of the range of the resampled values.
_TIE = 1e-8


@dataclass(frozen=True, eq=False)
class Resampled:
    """Resampled values, sorted once for all the questions that are asked of them.

    Attributes
    ----------
    ascending : ndarray of shape (k, B)
        Values of every parameter in ascending order, the missing ones (NaN) last.
    n_used : ndarray of int, shape (k,)
        How many there are without the missing ones.
    """

    ascending: Array
    n_used: Index

    @classmethod
    def of(cls, values: Array) -> Resampled:
        """Sort values.

        Parameters
        ----------
        values : ndarray of shape (B, k)
            One row a resample; NaN or infinite where there is no result.
        """
        ascending = np.array(values.T, order="C")
        finite = np.isfinite(ascending)
        ascending[~finite] = np.nan
        ascending.sort(axis=1)
        return cls(ascending, np.count_nonzero(finite, axis=1))

    def quantiles(self, alpha: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return quantiles, and which of them are no better than the outermost value.

        Parameters
        ----------
        alpha : ndarray of shape (k, m)
            For every parameter the shares wanted, between 0 and 1; NaN gives NaN.

        Returns
        -------
        quantiles : ndarray of shape (k, m)
            With R values, the (R + 1) alpha-th order statistic; the outermost one where that rank
            is below 1 or above R.
        extreme : ndarray of bool, shape (k, m)
            Where the rank is not strictly between 1 and R: the resamples are too few for `alpha`.
        """
        n = self.n_used[:, None]
        rank = (n + 1) * alpha
        usable = np.isfinite(rank) & (n > 0)
        extreme = usable & ~((rank > 1) & (rank < n))
        # Where there is no value the first place is looked up, which is NaN.
        last = np.maximum(n, 1)
        below = np.clip(np.where(usable, rank, 1), 1, last).astype(np.intp)
        above = np.minimum(below + 1, last)
        lower = np.take_along_axis(self.ascending, below - 1, axis=1)
        upper = np.take_along_axis(self.ascending, above - 1, axis=1)
        inside = usable & (rank > below) & (below < above)
        z, z_below, z_above = (
            ndtri(np.where(inside, share, 0.5))
            for share in (alpha, below / (n + 1), above / (n + 1))
        )
        share = (z - z_below) / np.where(inside, z_above - z_below, 1.0)
        return np.where(usable, lower + share * (upper - lower), np.nan), extreme

    def share_below(self, value: Array) -> Array:
        """Return the share of the values of each parameter that is strictly below a number.

        A value that is as near to the number as minima are found counts as equal: means of
        whole numbers coincide in resample and sample more often than one would think.

        Parameters
        ----------
        value : ndarray of shape (k,)

        Returns
        -------
        ndarray of shape (k,)
            NaN where no resample is used.
        """
        last = np.maximum(self.n_used, 1)[:, None] - 1
        widest = np.take_along_axis(self.ascending, last, axis=1) - self.ascending[:, :1]
        with np.errstate(invalid="ignore"):
            count = (self.ascending < value[:, None] - _TIE * widest).sum(axis=1)
        return np.where(self.n_used > 0, count / np.maximum(self.n_used, 1), np.nan)

    def rank_share(self, value: Array) -> Array:
        """Return the share at which each parameter's quantile is a number: their inverse.

        Parameters
        ----------
        value : ndarray of shape (k,)

        Returns
        -------
        ndarray of shape (k,)
            Between 1 / (R + 1) and R / (R + 1), which stand for all values beyond the outermost;
            of several equal values, the middle one's. NaN where no resample is used.
        """
        n = np.maximum(self.n_used, 1)
        column = value[:, None]
        below = (self.ascending < column).sum(axis=1)
        equal = (self.ascending == column).sum(axis=1)
        lower = np.clip(below, 1, n)
        upper = np.clip(below + 1, 1, n)
        t_lower, t_upper = (
            np.take_along_axis(self.ascending, rank[:, None] - 1, axis=1)[:, 0]
            for rank in (lower, upper)
        )
        apart = (equal == 0) & (t_upper > t_lower)
        share = np.where(apart, (value - t_lower) / np.where(apart, t_upper - t_lower, 1.0), 0.0)
        z_lower, z_upper = ndtri(lower / (n + 1)), ndtri(upper / (n + 1))
        between = ndtr(z_lower + share * (z_upper - z_lower))
        at = np.clip(below + (equal + 1) / 2, 1, n) / (n + 1)
        found: Array = np.where(equal > 0, at, between)
        return np.where(self.n_used > 0, found, np.nan)

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which parameters are the same in all resamples, but for rounding; shape (k,).

        Fixed parameters are, and standardised values that are one by definition, which are
        computed and differ in the last digits.
        """
        if not self.ascending.shape[1]:
            return np.zeros(len(self.n_used), dtype=np.bool_)
        first = self.ascending[:, 0]
        last = np.take_along_axis(self.ascending, np.maximum(self.n_used - 1, 0)[:, None], 1)[:, 0]
        size = np.maximum(np.abs(first), np.abs(last))
        return (self.n_used > 0) & (last - first <= _ROUNDING * size)


def mean_and_sd(values: Array) -> tuple[Array, Array]:
    """Return means and standard deviations (divisor R - 1) of the finite values of each column.

    Parameters
    ----------
    values : ndarray of shape (B, k)

    Returns
    -------
    tuple of two ndarrays of shape (k,)
        NaN where there are fewer than one, or two, finite values. Of values that differ by nothing
        but rounding the standard deviation is exactly zero.
    """
    finite = np.isfinite(values)
    n = finite.sum(axis=0)
    kept = np.where(finite, values, 0.0)
    mean = np.where(n > 0, kept.sum(axis=0) / np.maximum(n, 1), np.nan)
    deviation = np.where(finite, kept - mean, 0.0)
    sd = np.sqrt(np.einsum("bk,bk->k", deviation, deviation) / np.maximum(n - 1, 1))
    widest = np.abs(deviation).max(axis=0, initial=0.0)
    sd[widest <= _ROUNDING * np.abs(mean)] = 0.0
    return mean, np.where(n > 1, sd, np.nan)
