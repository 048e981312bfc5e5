"""Incomplete normal data, given a mean vector and a covariance matrix.

With x = y - mu, zero where y is missing, and P = Sigma^-1, a row that lacks the variables m has

    P_o = P - P[:, m] P_mm^-1 P[m, :]          its precision, zero in the rows and columns of m,
    log|Sigma_oo| = log|Sigma| + log|P_mm|,
    E(x_m | x_o) = -P_mm^-1 (P x)_m,           Cov(x_m | x_o) = P_mm^-1,
    x_o' Sigma_oo^-1 x_o = x' P x - (P x)_m' P_mm^-1 (P x)_m,

and P_o x is P times the row filled with its expectations. So a row costs as much as it has gaps,
and all rows together one product with P.

Of a pattern with more rows than it has observed variables only the mean and the triangular factor
of the scatter matter: they stand in for its rows, the mean multiplied by the root of the number of
rows, the factor's rows with nothing to subtract. So the cost goes with patterns, not with rows.

References
----------
Anderson, T. W. (1957). Maximum likelihood estimates for a multivariate normal distribution when
some observations are missing. Journal of the American Statistical Association, 52, 200-203.
doi:10.1080/01621459.1957.10501379
Dempster, A. P., Laird, N. M., & Rubin, D. B. (1977). Maximum likelihood from incomplete data via
the EM algorithm. Journal of the Royal Statistical Society B, 39, 1-38.
doi:10.1111/j.2517-6161.1977.tb01600.x
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from clustersem.moments.order import Array, Index
from clustersem.moments.patterns import MissingPatterns

LOG_2_PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class Block:
    """The patterns that lack the same number k >= 1 of variables.

    Attributes
    ----------
    patterns : ndarray of int, shape (R,)
        Which patterns these are.
    missing : ndarray of int, shape (R, k)
        The variables that each lacks.
    weight : ndarray of shape (R,)
        Number of observations in each, or the sum of their sampling weights.
    rows : ndarray of int
        The rows of :class:`Incomplete` that belong to them.
    member : ndarray of int
        For each of these rows its pattern's place in the block.
    n_variables : int
        Number p of variables.
    """

    patterns: Index
    missing: Index
    weight: Array
    rows: Index
    member: Index
    n_variables: int

    @cached_property
    def gaps(self) -> Index:
        """Places of the rows' gaps in the flattened table of rows, (rows, k)."""
        return self.rows[:, None] * self.n_variables + self.missing[self.member]

    @cached_property
    def pairs(self) -> Index:
        """Places of every P_mm in the flattened p x p matrix, (R, k, k)."""
        return self.missing[:, :, None] * self.n_variables + self.missing[:, None, :]


@dataclass(frozen=True, eq=False)
class Incomplete:
    """Observations with gaps, arranged for the likelihood.

    Attributes
    ----------
    values : ndarray of shape (rows, p)
        Observations, zero where missing, multiplied by the root of their weights.
    root : ndarray of shape (rows,)
        Root of each row's weight: what its share of mu is multiplied by; zero for the rows that
        stand in for scatter.
    patterns : MissingPatterns
        What each pattern observes, and in which rows of the data.
    pattern : ndarray of int, shape (rows,)
        Pattern of every row.
    blocks : tuple of Block
        Patterns with gaps by how many they have.
    n_obs : float
        Number of observations, or the sum of their weights.
    n_values : float
        Number of values that are not missing, weighted.
    """

    values: Array
    root: Array
    patterns: MissingPatterns
    pattern: Index
    blocks: tuple[Block, ...]
    n_obs: float
    n_values: float

    def in_order(self, places: Index) -> Incomplete:
        """Return the data with the variables in another order, given by their places here."""
        values, patterns = self.values[:, places], self.patterns.in_order(places)
        return _arranged(values, self.root, patterns, self.pattern)

    @cached_property
    def exposure(self) -> Array:
        """Multiples of mu in each of the `values`."""
        return np.where(self.patterns.observed[self.pattern], self.root[:, None], 0.0)

    @cached_property
    def pairs(self) -> Index:
        """Places of all P_mm in the flattened p x p matrix, block by block."""
        places = [block.pairs.ravel() for block in self.blocks]
        return np.concatenate(places) if places else np.empty(0, dtype=np.intp)

    def complete(self, mean: Array, cov: Array) -> Completion | None:
        """Return what the data are expected to be, or None where `cov` is not positive definite."""
        factor, failed = lapack.dpotrf(cov, lower=1, clean=1)
        if failed:
            return None
        log_det = 2.0 * self.n_obs * float(np.log(factor.diagonal()).sum())
        if not np.isfinite(log_det):
            return None
        precision = _inverse_from(factor)
        filled = self.values - self.exposure * mean
        scaled = filled @ precision
        quadratic = float(np.vdot(filled, scaled))
        inverses = []
        flat, flat_scaled = filled.reshape(-1), scaled.reshape(-1)
        for block in self.blocks:
            within = precision.reshape(-1)[block.pairs]
            at_gaps = flat_scaled[block.gaps]
            if block.missing.shape[1] == 1:
                inverse: Array = 1.0 / within
                log_dets = np.log(within[:, 0, 0])
                expected = at_gaps * inverse[block.member, 0]
            else:
                try:
                    inverse = np.asarray(np.linalg.inv(within), dtype=np.float64)
                except np.linalg.LinAlgError:
                    return None
                log_dets = np.asarray(np.linalg.slogdet(within)[1], dtype=np.float64)
                expected = (inverse[block.member] @ at_gaps[:, :, None])[:, :, 0]
            log_det += float(block.weight @ log_dets)
            quadratic -= float(np.vdot(at_gaps, expected))
            flat[block.gaps] = -expected
            inverses.append(inverse)
        log_likelihood = -0.5 * (self.n_values * LOG_2_PI + log_det + quadratic)
        if not np.isfinite(log_likelihood):
            return None
        return Completion(self, mean, precision, filled, tuple(inverses), log_likelihood)


@dataclass(frozen=True, eq=False)
class Completion:
    """Incomplete data filled with their expectations: what an E step returns.

    Attributes
    ----------
    data : Incomplete
        The data.
    mean : ndarray of shape (p,)
        The mean vector assumed.
    precision : ndarray of shape (p, p)
        P, the inverse of the covariance matrix assumed.
    filled : ndarray of shape (rows, p)
        Deviations from the mean, with their expectations where missing.
    inverses : tuple of ndarray, (R, k, k) each
        P_mm^-1 of every pattern, block by block: the covariances of what is missing.
    log_likelihood : float
        Of the observed values.
    """

    data: Incomplete
    mean: Array
    precision: Array
    filled: Array
    inverses: tuple[Array, ...]
    log_likelihood: float

    @cached_property
    def uncertainty(self) -> Array:
        """Sum over observations of the covariance matrix of what is missing, (p, p)."""
        p = len(self.mean)
        if not self.inverses:
            return np.zeros((p, p))
        shares = [
            (block.weight[:, None, None] * inverse).ravel()
            for block, inverse in zip(self.data.blocks, self.inverses, strict=True)
        ]
        total = np.bincount(self.data.pairs, weights=np.concatenate(shares), minlength=p * p)
        return total.astype(np.float64, copy=False).reshape(p, p)

    @cached_property
    def shift(self) -> Array:
        """Mean of the filled deviations: what an M step adds to the mean."""
        d: Array = (self.data.root @ self.filled) / self.data.n_obs
        return d

    @cached_property
    def cov(self) -> Array:
        """Expected covariance matrix of the complete data: what an M step makes the covariance."""
        second = self.filled.T @ self.filled + self.uncertainty
        return second / self.data.n_obs - np.outer(self.shift, self.shift)

    @cached_property
    def scores(self) -> Array:
        """P_o x of every row, (rows, p): the derivative of its log-likelihood in mu."""
        z: Array = self.filled @ self.precision
        return z


def arrange(data: Array, patterns: MissingPatterns, weights: Array | None = None) -> Incomplete:
    """Return the data for the likelihood, patterns with many rows by their moments.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Observations, NaN where missing; none without any answer.
    patterns : MissingPatterns
        Their patterns.
    weights : ndarray of shape (n,), optional
        Sampling weights, positive.
    """
    root = np.ones(len(data)) if weights is None else np.sqrt(weights)
    values = np.where(np.isnan(data), 0.0, data)
    many = patterns.counts > 1 + patterns.observed.sum(axis=1)
    few = patterns.in_rows[~many[patterns.by_row]]
    parts, roots = [values[few] * root[few, None]], [root[few]]
    places = [patterns.by_row[~many[patterns.by_row]]]
    for number in np.flatnonzero(many).tolist():
        rows = patterns.rows[number]
        part, part_root = _stand_ins(values[rows], root[rows], patterns.observed[number])
        parts.append(part)
        roots.append(part_root)
        places.append(np.full(len(part), number))
    return _arranged(np.vstack(parts), np.concatenate(roots), patterns, np.concatenate(places))


def arrange_rows(data: Array, patterns: MissingPatterns) -> Incomplete:
    """Return the data for the likelihood, every row for itself, in the order of the data."""
    values = np.where(np.isnan(data), 0.0, data)
    pattern = np.empty(len(data), dtype=np.intp)
    pattern[patterns.in_rows] = patterns.by_row
    return _arranged(values, np.ones(len(data)), patterns, pattern)


def _stand_ins(rows: Array, root: Array, seen: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the mean and the factor of the scatter of a pattern, and the mean's root of weight."""
    total = float(root @ root)
    mean = (root**2) @ rows / total
    factor = np.linalg.qr(root[:, None] * (rows - mean)[:, seen], mode="r")
    stand_ins = np.zeros((1 + len(factor), rows.shape[1]))
    stand_ins[0] = np.sqrt(total) * mean
    stand_ins[1:, seen] = factor
    roots = np.zeros(len(stand_ins))
    roots[0] = np.sqrt(total)
    return stand_ins, roots


def _arranged(values: Array, root: Array, patterns: MissingPatterns, pattern: Index) -> Incomplete:
    n_patterns, p = patterns.observed.shape
    weight = np.asarray(np.bincount(pattern, root**2, n_patterns), dtype=np.float64)
    n_missing = p - patterns.observed.sum(axis=1)
    place = np.empty(n_patterns, dtype=np.intp)
    blocks = []
    for k in np.unique(n_missing[n_missing > 0]).tolist():
        members = np.flatnonzero(n_missing == k)
        place[members] = np.arange(len(members))
        missing = np.nonzero(~patterns.observed[members])[1].reshape(-1, k)
        own = np.flatnonzero(n_missing[pattern] == k)
        blocks.append(Block(members, missing, weight[members], own, place[pattern[own]], p))
    n_values = float(weight @ (p - n_missing))
    n_obs = float(weight.sum())
    return Incomplete(values, root, patterns, pattern, tuple(blocks), n_obs, n_values)


def _inverse_from(factor: Array) -> Array:
    """Return the full symmetric inverse of the matrix whose lower Cholesky factor this is."""
    lower, _ = lapack.dpotri(factor, lower=1)
    full: Array = lower + lower.T
    np.fill_diagonal(full, lower.diagonal())
    return full
