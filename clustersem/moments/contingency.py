"""Ordinal answers into category codes, thresholds and contingency tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from clustersem.errors import DataError
from clustersem.moments.normal2 import FARTHEST
from clustersem.moments.order import Index
from clustersem.moments.probit import Probits
from clustersem.moments.sample import Array

ROOT_TWO_PI = np.sqrt(2.0 * np.pi)
# What is added to an empty cell of a 2 x 2 table, whose correlation would else be 1 or -1.
EMPTY_CELL = 0.5
# Category indicators that are held at once: 2 MB.
INDICATORS = 262_144
SMALLEST_SHARE = 1e-12


@dataclass(frozen=True, eq=False)
class CodedAnswers:
    """Answers to q ordinal items as category codes.

    Attributes
    ----------
    codes : ndarray of int, shape (q, n)
        Category of every answer, 0-based; K, the largest number of categories of any item, where
        the answer is missing.
    sizes : ndarray of int, shape (q,)
        Number of categories of every item.
    weights : ndarray of shape (n,) or None
        Sampling weights that sum to n.
    given : Probits or None
        The items' regressions on covariates, where moments are those given covariates.
    """

    codes: Index
    sizes: Index
    weights: Array | None
    given: Probits | None = None

    @property
    def n_rows(self) -> int:
        """Number n of respondents."""
        return int(self.codes.shape[1])

    @cached_property
    def n_codes(self) -> int:
        """Largest number K of categories of any item."""
        return int(self.sizes.max(initial=1))

    @cached_property
    def incomplete(self) -> bool:
        """Whether an answer is missing."""
        return bool((self.codes == self.n_codes).any())

    @cached_property
    def joint(self) -> Array:
        """Weighted frequencies of every two categories, shape (q, K, q, K), in one pass."""
        q, n = self.codes.shape
        # Missing answers have a category of their own, which is left out in the end.
        size = self.n_codes + self.incomplete
        total = np.zeros((q * size, q * size))
        length = max(256, INDICATORS // max(q * size, 1))
        for start in range(0, n, length):
            codes = self.codes[:, start : start + length]
            indicators = np.zeros((q, size, codes.shape[1]))
            np.put_along_axis(indicators, codes[:, None], 1.0, axis=1)
            left = indicators.reshape(q * size, codes.shape[1])
            if self.weights is None:
                total += left @ left.T
            else:
                total += left @ (left * self.weights[start : start + length]).T
        answered = slice(self.n_codes)
        return total.reshape(q, size, q, size)[:, answered, :, answered]

    @cached_property
    def margins(self) -> Array:
        """Weighted frequencies of the categories, shape (K, q)."""
        return np.ascontiguousarray(np.einsum("jaja->aj", self.joint))

    @cached_property
    def thresholds(self) -> Array:
        """Normal quantiles of the cumulative proportions, shape (K - 1, q), infinite beyond."""
        return np.asarray(ndtri(self.below))

    @property
    def first_step(self) -> Array:
        """First-step estimates of the thresholds, at covariates of zero where there are any."""
        return self.thresholds if self.given is None else self.given.thresholds

    def limits(self, items: Index) -> tuple[Array, Array]:
        """Return between which limits every respondent's standard normal residual lies.

        The arrays have the shape (len(items), n); where an answer is missing they are those of the
        lowest category.
        """
        size = self.n_codes
        limits = np.full((len(self.sizes), size + 1), FARTHEST)
        limits[:, 0] = -FARTHEST
        limits[:, 1:size] = np.minimum(self.first_step.T, FARTHEST)
        codes = self.codes[items]
        place = np.where(codes < size, codes, 0) + (items * (size + 1))[:, None]
        low, high = limits.ravel()[place], limits.ravel()[place + 1]
        if self.given is not None:
            expected = self.given.expected[items]
            low, high = low - expected, high - expected
        return low, high

    def by_threshold(self, items: Index, by_high: Array, by_low: Array) -> Array:
        """Return sums by threshold of what every respondent adds to two of them.

        Parameters
        ----------
        items : ndarray of int, shape (m,)
            The items.
        by_high, by_low : ndarray of shape (m, n)
            What a respondent adds to the thresholds above and below the answer, zero where it is
            missing.

        Returns
        -------
        ndarray of shape (m, K - 1)
            The sums.
        """
        size, m = self.n_codes, len(items)
        codes = self.codes[items]
        at = (np.where(codes < size, codes, 0) + (np.arange(m) * size)[:, None]).ravel()
        above = np.bincount(at, by_high.ravel(), m * size).reshape(-1, size)
        below = np.bincount(at, by_low.ravel(), m * size).reshape(-1, size)
        return np.asarray(above[:, :-1] + below[:, 1:], dtype=np.float64)

    @cached_property
    def below(self) -> Array:
        """Proportion of answers up to each category but the last, shape (K - 1, q)."""
        cumulated = np.cumsum(self.margins, axis=0)
        shares = cumulated[:-1] / cumulated[-1]
        shares[np.arange(1, self.n_codes)[:, None] >= self.sizes] = 1.0
        return np.asarray(shares)

    @cached_property
    def heights(self) -> Array:
        """Standard normal density at the thresholds, shape (K - 1, q), zero beyond the last."""
        return np.asarray(np.exp(-0.5 * self.thresholds**2) / ROOT_TWO_PI)

    @cached_property
    def threshold_influence(self) -> Array:
        """What one answer adds to n times a threshold, shape (K - 1, K + 1, q).

        The axes are threshold, category of the answer (the last stands for a missing one), item.
        The sample proportion P of answers up to a threshold is normal(threshold), whence the
        influence (1[answer <= category] - P) / density.
        """
        size = self.n_codes
        up_to = np.arange(size) <= np.arange(size - 1)[:, None]
        influence = np.zeros((size - 1, size + 1, len(self.sizes)))
        # Of n respondents only those who answered move the threshold.
        answered = self.margins.sum(axis=0) / self.n_rows
        finite = self.heights > 0.0
        scale = np.zeros(finite.shape)
        np.divide(1.0, self.heights * answered, out=scale, where=finite)
        influence[:, :size] = (up_to[:, :, None] - self.below[:, None]) * scale[:, None]
        return influence

    @cached_property
    def category_means(self) -> tuple[Array, Array]:
        """Mean latent response of every category, shape (K, q), and the variance of these means."""
        heights = np.zeros((self.n_codes + 1, len(self.sizes)))
        heights[1:-1] = self.heights
        drop = heights[:-1] - heights[1:]
        shares = self.margins / self.margins.sum(axis=0)
        means = np.divide(drop, shares, out=np.zeros_like(shares), where=shares > 0.0)
        return means, (means * drop).sum(axis=0)

    @cached_property
    def n_both(self) -> Array:
        """Weighted number of respondents who answered both of two items, shape (q, q)."""
        return np.asarray(self.joint.sum(axis=(1, 3)))

    def tables(self, rows: Index, cols: Index) -> Array:
        """Return the contingency tables of m pairs of items, shape (K, K, m)."""
        return np.ascontiguousarray(self.joint[rows, :, cols, :].transpose(1, 2, 0))


def coded(
    data: Array,
    names: Sequence[str],
    categories: Sequence[Array] | None,
    *,
    weights: Array | None,
    source: str,
) -> tuple[CodedAnswers, tuple[Array, ...]]:
    """Return the codes of the answers and the categories of every item.

    Parameters
    ----------
    data : ndarray of shape (n, q)
        Ordinal answers, NaN where missing.
    names : sequence of q str
        Items.
    categories : sequence of q ndarrays or None
        Values of every item's categories, ascending; None takes those that occur.
    weights : ndarray of shape (n,) or None
        Sampling weights, positive or zero.
    source : str
        What to call the data, or the group, in error messages.

    Raises
    ------
    DataError
        Where an item has one category only, where nobody chose a category, or where an answer is
        in none of the categories.
    """
    n = len(data)
    codes, values = _counted(data, categories) or _each(data, names, categories, source)
    for name, found in zip(names, values, strict=True):
        if len(found) < 2:
            given = (
                f"every respondent answered {found[0]:g} to" if len(found) else "nobody answered"
            )
            raise DataError(
                f"{source}: {given} {name}, which therefore has no threshold. Leave it out of the"
                " model."
            )
    sizes = np.array([len(found) for found in values], dtype=np.intp)
    codes[codes < 0] = sizes.max(initial=1)
    answers = CodedAnswers(codes, sizes, weights)
    # Of a smaller share of the weights nothing is left in a cumulative proportion.
    unused = answers.margins <= SMALLEST_SHARE * n
    empty = unused & (np.arange(answers.n_codes)[:, None] < sizes)
    if empty.any():
        j, a = np.argwhere(empty.T)[0]
        raise DataError(
            f"{source}: nobody answered {values[j][a]:g} to {names[j]}, though that is one of its"
            f" categories ({', '.join(f'{value:g}' for value in values[j])}). A threshold beside an"
            " empty category cannot be estimated. Merge the category with its neighbour in all"
            " groups, or leave the item or the group out."
        )
    return answers, tuple(values)


def _counted(data: Array, categories: Sequence[Array] | None) -> tuple[Index, list[Array]] | None:
    """Return codes and categories where all categories are given, as consecutive whole numbers.

    All items are then coded at once. None where they are not, or where some answer is in none.
    """
    if not categories or not all(len(found) for found in categories):
        return None
    values = [np.array(found, dtype=np.float64) for found in categories]
    low, sizes = np.array([found[0] for found in values]), np.array([len(x) for x in values])
    places = np.concatenate([np.arange(size) for size in sizes.tolist()])
    if not np.array_equal(np.concatenate(values), np.repeat(low, sizes) + places):
        return None
    answers = data.T - low[:, None]
    missing = np.isnan(answers)
    answers[missing] = -1.0
    codes = answers.astype(np.intp)
    is_category = (codes == answers) & (answers >= 0.0) & (codes < sizes[:, None])
    return (codes, values) if (is_category | missing).all() else None


def _each(
    data: Array, names: Sequence[str], categories: Sequence[Array] | None, source: str
) -> tuple[Index, list[Array]]:
    """Return codes and categories, item by item."""
    n, q = data.shape
    codes, values = np.empty((q, n), dtype=np.intp), []
    for j, name in enumerate(names):
        found, codes[j] = _codes(data[:, j])
        if categories is not None:
            wanted = np.array(categories[j], dtype=np.float64)
            codes[j], found = _recoded(codes[j], found, wanted, name, source), wanted
        values.append(found)
    return codes, values


def _codes(answers: Array) -> tuple[Array, Index]:
    """Return the values that occur, ascending, and the place of every answer; -1 where missing."""
    low, high = np.fmin.reduce(answers, initial=np.inf), np.fmax.reduce(answers, initial=-np.inf)
    if high - low < 256.0:
        # Whole numbers, as nearly always: counting takes a tenth of the time of sorting.
        with np.errstate(invalid="ignore"):
            shifted = (answers - low).astype(np.intp)
        known = ~np.isnan(answers)
        if np.array_equal(shifted[known] + low, answers[known]):
            occurs = np.bincount(shifted[known]) > 0
            place = np.cumsum(occurs) - 1
            codes = np.full(len(answers), -1, dtype=np.intp)
            codes[known] = place[shifted[known]]
            return np.flatnonzero(occurs) + low, codes
    found, codes = np.unique(answers, return_inverse=True)
    codes = codes.reshape(-1)
    n_known = int(np.count_nonzero(~np.isnan(found)))
    return found[:n_known], np.where(codes < n_known, codes, -1)


def _recoded(codes: Index, found: Array, wanted: Array, name: str, source: str) -> Index:
    """Return the places among the categories `wanted` instead of those `found`."""
    place = np.searchsorted(wanted, found)
    known = place < len(wanted)
    known[known] = wanted[place[known]] == found[known]
    if not known.all():
        given = ", ".join(f"{value:g}" for value in wanted)
        raise DataError(
            f"{source}: an answer to {name} is {found[~known][0]:g}, which is none of its"
            f" categories ({given}). Correct the answer or the list."
        )
    return np.append(place, -1)[codes]


def without_empty_cells(tables: Array, row_sizes: Index, col_sizes: Index) -> Array:
    """Return the tables with 0.5 in place of the only empty cell of a 2 x 2 table.

    The margins stay as they were: what the empty cell gains, its row and its column lose, and the
    cell opposite gains. Where that would empty another cell (weighted frequencies may be small) it
    is half the smallest of the others. Larger tables keep their empty cells, which the likelihood
    can bear.
    """
    twofold = (row_sizes == 2) & (col_sizes == 2)
    corner = tables[:2, :2]
    empty = corner <= 0.0
    only = twofold & (empty.sum(axis=(0, 1)) == 1)
    if not only.any():
        return tables
    tables = tables.copy()
    even = empty[0, 0] | empty[1, 1]
    smallest = np.where(empty, np.inf, corner).min(axis=(0, 1))
    gain = np.where(smallest > EMPTY_CELL, EMPTY_CELL, 0.5 * smallest)
    change = np.where(only, np.where(even, gain, -gain), 0.0)
    tables[:2, :2] += np.array([[1.0, -1.0], [-1.0, 1.0]])[:, :, None] * change
    return tables
