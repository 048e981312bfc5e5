"""How the rows of a sample are drawn again.

A plan knows the units of every group that are drawn with replacement: rows, or clusters of rows,
each within its group and, where there are strata, within its stratum. Drawing fills a table of
units; what a resample consists of (how often each row counts, which rows it has) is read off it.

References
----------
Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
University Press. doi:10.1017/CBO9780511802843 (chapter 3: several samples and strata; section 3.8:
hierarchical data)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from clustersem.errors import DataError
from clustersem.moments import SampleMoments
from clustersem.moments.order import Index


@dataclass(frozen=True, eq=False)
class Units:
    """What is drawn within one group: units of one or more rows.

    Attributes
    ----------
    of_row : ndarray of int, shape (n,)
        The unit of every row, 0-based; every unit has a row.
    """

    of_row: Index

    @cached_property
    def sizes(self) -> Index:
        """Number of rows of every unit."""
        return np.bincount(self.of_row)

    @cached_property
    def single(self) -> bool:
        """Whether every row is a unit by itself, in order."""
        return np.array_equal(self.of_row, np.arange(len(self.of_row)))

    @cached_property
    def rows(self) -> Index:
        """Rows of every unit in ascending order, -1 beyond its last, shape (units, largest)."""
        table = np.full((len(self.sizes), int(self.sizes.max())), -1, dtype=np.intp)
        by_unit = np.argsort(self.of_row, kind="stable")
        first = np.cumsum(self.sizes) - self.sizes
        unit = self.of_row[by_unit]
        table[unit, np.arange(len(by_unit)) - first[unit]] = by_unit
        return table


@dataclass(frozen=True, eq=False)
class Draws:
    """Resamples of one group.

    Attributes
    ----------
    units : Units
        What was drawn from.
    drawn : ndarray of int, shape (B, m)
        The units of every resample, in the order of drawing, -1 for none. A unit that stands there
        twice is two different units of the resample.
    """

    units: Units
    drawn: Index

    @property
    def unit_counts(self) -> Index:
        """How often every unit was drawn, shape (B, units)."""
        b, size = len(self.drawn), len(self.units.sizes) + 1
        flat = self.drawn + 1
        flat += (np.arange(b) * size)[:, None]
        counts: Index = np.bincount(flat.ravel(), minlength=b * size).reshape(b, size)[:, 1:]
        return counts

    @property
    def counts(self) -> Index:
        """How often every row was drawn, shape (B, n)."""
        counts = self.unit_counts
        if self.units.single:
            return counts
        by_row: Index = counts[:, self.units.of_row]
        return by_row

    @property
    def totals(self) -> Index:
        """Number of rows of every resample, shape (B,): n, but for clusters of unequal sizes."""
        totals: Index = self._sizes.sum(axis=1)
        return totals

    @property
    def _sizes(self) -> Index:
        """Number of rows of every unit drawn, shape (B, m)."""
        sizes: Index = np.append(self.units.sizes, 0)[self.drawn]
        return sizes

    @property
    def indices(self) -> Index:
        """The rows of every resample, shape (B, largest number of rows).

        Clusters stand one after the other as they were drawn. Where resamples have unequal numbers
        of rows the shorter ones end in -1.
        """
        if self.units.single:
            rows = self.drawn
        else:
            of_none = np.full((1, self.units.rows.shape[1]), -1, dtype=np.intp)
            rows = np.vstack([self.units.rows, of_none])[self.drawn]
            rows = rows.reshape(len(rows), -1)
        gaps = rows < 0
        if not gaps.any():
            return rows
        # A stable sort of the gaps to the end keeps the rest in the order of drawing.
        order = np.argsort(gaps, axis=1, kind="stable")[:, : int(self.totals.max())]
        return np.take_along_axis(rows, order, axis=1)

    @property
    def clusters(self) -> Index:
        """The place in `drawn` that every row of `indices` comes from, -1 where there is no row.

        This is what makes a cluster that was drawn twice two clusters.
        """
        sizes = self._sizes
        places = np.full((len(sizes), int(self.totals.max())), -1, dtype=np.intp)
        for b, row in enumerate(sizes):
            places[b, : row.sum()] = np.repeat(np.arange(len(row)), row)
        return places


class Plan(Protocol):
    """What draws resamples of all groups."""

    def draw(self, rng: np.random.Generator, size: int, *, first: int = 0) -> tuple[Draws, ...]:
        """Return the next resamples, one :class:`Draws` a group.

        Parameters
        ----------
        rng : Generator
            Where randomness comes from. Drawing 30 and then 70 is the same as drawing 100.
        size : int
            Number B of resamples.
        first : int
            Number of the first of them; matters only where resamples were listed beforehand.
        """
        ...


@dataclass(frozen=True, eq=False)
class Ordinary:
    """Draw units with replacement, within groups and strata.

    Attributes
    ----------
    groups : tuple of Units
        One a group.
    strata : tuple of ndarray of int
        For every group the stratum of each unit, 0-based and without gaps; a single stratum is all
        zeros.

    Notes
    -----
    Every draw is one number between 0 and 1 out of the generator, for all groups of a resample one
    after the other. A resample is therefore the same whatever the number asked for at once.
    """

    groups: tuple[Units, ...]
    strata: tuple[Index, ...]

    @cached_property
    def _places(self) -> tuple[Index, Index, Index]:
        """Return the units sorted by group and stratum; where each stratum starts; its size."""
        by_stratum, start, size = [], [], []
        for stratum in self.strata:
            order = np.argsort(stratum, kind="stable")
            counts = np.bincount(stratum)
            sorted_stratum = stratum[order]
            by_stratum.append(order)
            start.append((np.cumsum(counts) - counts)[sorted_stratum])
            size.append(counts[sorted_stratum])
        return np.concatenate(by_stratum), np.concatenate(start), np.concatenate(size)

    def draw(self, rng: np.random.Generator, size: int, *, first: int = 0) -> tuple[Draws, ...]:
        """Return resamples, as :meth:`Plan.draw` says."""
        by_stratum, start, stratum_size = self._places
        # A double below 1 times a whole number below 2^53 rounds to less than that number.
        place = (rng.random((size, len(start))) * stratum_size).astype(np.intp)
        place += start
        ends = np.cumsum([0, *(len(units.sizes) for units in self.groups)]).tolist()
        draws = []
        for units, stratum, (a, b) in zip(self.groups, self.strata, pairwise(ends), strict=True):
            drawn = place[:, a:b]
            draws.append(Draws(units, by_stratum[a:b][drawn] if stratum.any() else drawn))
        return tuple(draws)


@dataclass(frozen=True, eq=False)
class Given:
    """Resamples that somebody else has drawn; see :func:`given`.

    Attributes
    ----------
    groups : tuple of Units
        One a group; every row is a unit.
    indices : tuple of ndarray of int, shape (B, n)
        For every group the rows of each resample.
    """

    groups: tuple[Units, ...]
    indices: tuple[Index, ...]

    def draw(self, rng: np.random.Generator, size: int, *, first: int = 0) -> tuple[Draws, ...]:
        """Return the resamples `first`, ..., ``first + size - 1``, as :meth:`Plan.draw` says."""
        some = slice(first, first + size)
        return tuple(
            Draws(units, rows[some]) for units, rows in zip(self.groups, self.indices, strict=True)
        )


def ordinary(
    samples: Sequence[SampleMoments],
    *,
    cluster: bool = False,
    strata: Sequence[Index] | None = None,
) -> Ordinary:
    """Return the plan that draws rows, or whole clusters, of every group.

    Parameters
    ----------
    samples : sequence of SampleMoments
        The sample of every group. Groups are drawn from separately, so their sizes stay.
    cluster : bool
        Draw clusters (`SampleMoments.cluster`) with all of their rows; their number stays, the
        number of rows stays only where they are equally large.
    strata : sequence of ndarray of int, optional
        For every group the stratum of each row, as :func:`strata_of` returns it. Units are drawn
        within strata, so that the sizes of strata (with `cluster`, their numbers of clusters) stay.

    Raises
    ------
    DataError
        Where there are no clusters to draw, or a cluster lies in two strata.

    Examples
    --------
    >>> import clustersem as cs
    >>> sample = cs.moments.SampleMoments(("x",), np.eye(1), None, 5, 5)
    >>> (draws,) = ordinary([sample]).draw(np.random.default_rng(1), 2)
    >>> draws.counts
    array([[1, 1, 1, 0, 2],
           [1, 0, 3, 0, 1]])
    """
    strata = strata or tuple(np.zeros(sample.n_obs, dtype=np.intp) for sample in samples)
    if not cluster:
        rows = tuple(Units(np.arange(sample.n_obs)) for sample in samples)
        return Ordinary(rows, tuple(strata))
    units, by_unit = [], []
    for sample, stratum in zip(samples, strata, strict=True):
        if sample.cluster is None:
            raise DataError(
                "Whole clusters can be drawn only where the fit knows them. Fit with"
                " cluster='the column that says who was sampled together'."
            )
        unit = Units(sample.cluster)
        if len(unit.sizes) < 2:
            raise DataError(
                f"{_where(sample)}: all rows are of one cluster, so drawing clusters again always"
                " gives the same rows. Draw rows instead, or leave this group out."
            )
        of_unit = stratum[unit.rows[:, 0]]
        crossing = np.flatnonzero(stratum != of_unit[sample.cluster])
        if len(crossing):
            raise DataError(
                f"{_where(sample)}: the cluster of {_row(sample, int(crossing[0]))} has rows in two"
                " strata. Strata are drawn from separately, so a cluster must lie in one of them."
            )
        units.append(unit)
        by_unit.append(of_unit)
    return Ordinary(tuple(units), tuple(_without_gaps(stratum) for stratum in by_unit))


def strata_of(samples: Sequence[SampleMoments], strata: pd.Series) -> tuple[Index, ...]:
    """Return the stratum of every row that the samples use, by group.

    Parameters
    ----------
    samples : sequence of SampleMoments
        The sample of every group.
    strata : Series
        The stratum of every row of the data, with the data's row labels. It may have more rows.

    Returns
    -------
    tuple of ndarray of int
        Strata of each group, 0-based and without gaps within it.

    Raises
    ------
    DataError
        Where a row has no stratum, labels are not unique, or a stratum has a single row.
    """
    if not isinstance(strata, pd.Series):
        raise DataError(
            f"strata= takes a column of the data, strata=data['region'] say, not a"
            f" {type(strata).__name__}: its row labels say which row has which stratum."
        )
    if not strata.index.is_unique:
        twice = strata.index[strata.index.duplicated()][0]
        raise DataError(
            f"The strata have two values for the row {_shown(twice)}. Give every row of the data"
            " one label of its own (data.reset_index(drop=True)) before the model is fitted."
        )
    found = []
    for sample in samples:
        if sample.index is None:
            raise DataError(
                "Strata belong to rows, and this fit was made from a covariance matrix. Fit the"
                " answers themselves."
            )
        place = strata.index.get_indexer(sample.index)
        values = strata.iloc[place]
        lacking = np.flatnonzero((place < 0) | values.isna().to_numpy())
        if len(lacking):
            raise DataError(
                f"{_where(sample)}: {_row(sample, int(lacking[0]))} has no stratum"
                f" ({len(lacking)} such rows). Give every row that was fitted one."
            )
        codes, names = pd.factorize(values)
        alone = np.flatnonzero(np.bincount(codes) == 1)
        if len(alone):
            raise DataError(
                f"{_where(sample)}: the stratum {_shown(names[alone[0]])} has a single row, which"
                " would be in every resample once and never vary. Merge small strata."
            )
        found.append(codes.astype(np.intp))
    return tuple(found)


def given(
    samples: Sequence[SampleMoments], indices: ArrayLike | Sequence[ArrayLike]
) -> tuple[Given, int]:
    """Return the plan of resamples that are listed, and how many there are.

    Parameters
    ----------
    samples : sequence of SampleMoments
        The sample of every group.
    indices : array_like of int, shape (B, n), or a sequence of such, one a group
        The rows of every resample: places, counted from 0, among the rows of the group that were
        fitted. R counts from 1: pass ``attr(boot, "boot.idx")`` of lavaan, or
        ``boot.array(out, indices = TRUE)`` of boot, less one.

    Raises
    ------
    DataError
        Where they are not whole numbers, not those of rows, or not the same number in all groups.

    Examples
    --------
    >>> import clustersem as cs
    >>> sample = cs.moments.SampleMoments(("x",), np.eye(1), None, 3, 3)
    >>> plan, n = given([sample], [[0, 0, 2], [1, 2, 1]])
    >>> plan.draw(np.random.default_rng(), n)[0].counts
    array([[2, 0, 1],
           [0, 2, 1]])
    """
    try:
        tables = [np.asarray(indices)] if len(samples) == 1 else [np.asarray(t) for t in indices]  # type: ignore[union-attr]
    except (TypeError, ValueError):
        raise DataError(
            "indices= is no table of whole numbers. Give one row a resample, all of one length;"
            " with several groups a list of such tables."
        ) from None
    if len(samples) == 1 and tables[0].ndim == 3 and len(tables[0]) == 1:
        tables = [tables[0][0]]
    if len(tables) != len(samples):
        raise DataError(
            f"There are {len(samples)} groups and {len(tables)} tables of resampled rows. Give one"
            " table a group, in the order of the groups."
        )
    for sample, table in zip(samples, tables, strict=True):
        _check_indices(sample, table)
    if len({len(table) for table in tables}) > 1:
        said = ", ".join(str(len(table)) for table in tables)
        raise DataError(
            f"The groups' tables of resampled rows hold {said} resamples. A resample has rows of"
            " all groups: give every group the same number."
        )
    units = tuple(Units(np.arange(sample.n_obs)) for sample in samples)
    return Given(units, tuple(table.astype(np.intp) for table in tables)), len(tables[0])


def _check_indices(sample: SampleMoments, table: np.ndarray[tuple[int, ...], np.dtype]) -> None:
    n = sample.n_obs
    where = _where(sample)
    if table.ndim != 2 or table.shape[1] != n or not len(table):
        raise DataError(
            f"{where}: a table of resampled rows has one row a resample and {n} columns, as many as"
            f" rows were fitted; this one has the shape {table.shape}."
        )
    if not np.issubdtype(table.dtype, np.integer):
        raise DataError(f"{where}: resampled rows are whole numbers, these are {table.dtype}.")
    low, high = int(table.min()), int(table.max())
    if low < 0 or high >= n:
        from_one = " R counts from 1: subtract 1." if low == 1 and high == n else ""
        raise DataError(
            f"{where}: resampled rows lie between 0 and {n - 1}, these between {low} and"
            f" {high}.{from_one}"
        )


def _without_gaps(codes: Index) -> Index:
    return np.unique(codes, return_inverse=True)[1].reshape(-1)


def _where(sample: SampleMoments) -> str:
    return f"group {sample.label!r}" if sample.label else "the data"


def _row(sample: SampleMoments, place: int) -> str:
    return f"row {place if sample.index is None else _shown(sample.index[place])}"


def _shown(label: object) -> str:
    # NumPy's numbers show their type as well.
    return repr(label.item() if isinstance(label, np.generic) else label)
