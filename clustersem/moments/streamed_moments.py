"""What one pass over a large survey has collected, as the sample of every group of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.moments.assembled import assembled
from clustersem.moments.categories import check_divides, never_chosen, refuse_empty
from clustersem.moments.grouping import too_small, wanted_labels
from clustersem.moments.order import Index
from clustersem.moments.sample import OrdinalStatistics, SampleMoments
from clustersem.moments.samples import EMPTY
from clustersem.moments.sources import (
    INCOMPLETE,
    check_positive_definite,
    none_complete,
    refuse_constant,
    too_few,
)
from clustersem.moments.streamed_ordinal import statistics_from_tables
from clustersem.moments.streamed_pass import Collected, Method, Totals
from clustersem.moments.streamed_tables import common_levels


@dataclass(frozen=True, eq=False)
class StreamedMoments:
    """What one pass over a large survey has collected; pass it to ``sem`` in place of data.

    Attributes
    ----------
    collected : Collected
        Totals of every group.
    source : str
        What to call the survey in messages.

    See Also
    --------
    clustersem.read_moments : makes one.

    Examples
    --------
    >>> import clustersem as cs
    >>> import numpy as np
    >>> import pandas as pd
    >>> answers = np.random.default_rng(1).integers(1, 6, (300, 3)).astype(float)
    >>> answers[7, 2] = np.nan
    >>> moments = cs.read_moments(pd.DataFrame(answers, columns=list("abc")), list("abc"))
    >>> moments.n_rows, moments.n_obs, moments.gaps.to_dict()
    (300, 299, {'a': 0, 'b': 0, 'c': 1})
    """

    collected: Collected
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """The items."""
        return self.collected.plan.names

    @property
    def ordered(self) -> tuple[str, ...]:
        """Those whose categories were counted."""
        return self.collected.plan.ordered

    @property
    def group(self) -> str | None:
        """Column of the groups."""
        return self.collected.plan.group

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups in the order of their first appearance; ``("",)`` without groups."""
        return self.collected.labels

    @property
    def missing(self) -> Method:
        """What is done with missing answers."""
        return self.collected.plan.missing

    @property
    def n_rows(self) -> int:
        """Number of rows read."""
        return self.collected.n_rows

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return sum(totals.n_used for totals in self.collected.totals)

    @property
    def gaps(self) -> pd.Series:
        """How many of the rows read have no answer to each item."""
        answered = np.sum([totals.answered for totals in self.collected.totals], axis=0)
        n_rows = self.n_rows - self.collected.ungrouped
        return pd.Series(n_rows - answered, index=list(self.names), name="missing")

    @property
    def drawn(self) -> pd.DataFrame:
        """A uniform random sample of the rows used of every group, with the group's column.

        For what needs respondents: plots, factor scores, or a fit by another method.
        """
        frames = []
        for label, totals in zip(self.groups, self.collected.totals, strict=True):
            frame = pd.DataFrame(totals.drawn.rows.copy(), columns=list(self.names))
            if self.group is not None:
                frame[self.group] = label
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def __repr__(self) -> str:
        """Say in a line what there is."""
        groups = f", {len(self.groups)} groups of {self.group}" if self.group else ""
        tables = f", {len(self.ordered)} of them ordered" if self.ordered else ""
        return (
            f"<moments of {len(self.names)} items{tables}{groups}: {self.n_obs} of {self.n_rows}"
            " respondents>"
        )

    def samples(
        self,
        names: Sequence[str],
        *,
        ordinal: bool,
        group_labels: Sequence[object] | None = None,
    ) -> tuple[SampleMoments, ...]:
        """Return the sample of every group.

        Parameters
        ----------
        names : sequence of str
            Some or all of the items, in the order wanted.
        ordinal : bool
            Whether they are ordinal: all, or none.
        group_labels : sequence, optional
            The groups wanted, in the order wanted.

        Raises
        ------
        DataError
            Where the answers do not determine the moments.
        """
        labels = self.groups
        if group_labels is not None:
            if self.group is None:
                raise DataError(
                    "group_labels chooses among groups, but the moments are of all respondents"
                    " together. Read them with group=, the column that makes the groups."
                )
            labels = wanted_labels(group_labels, labels, self.group, self.source)
        found = dict(zip(self.groups, self.collected.totals, strict=True))
        totals = [found[label] for label in labels]
        self._check_sizes(labels, totals, len(names))
        places = np.array([self.names.index(name) for name in names], dtype=np.intp)
        left_out = sum(one.n_rows for label, one in found.items() if label not in labels)
        ungrouped = self.collected.ungrouped + left_out
        statistics = self._ordinal(names, labels, totals) if ordinal else [None] * len(labels)
        return tuple(
            self._sample(names, places, label, one, ungrouped, own)
            for label, one, own in zip(labels, totals, statistics, strict=True)
        )

    def _sample(
        self,
        names: Sequence[str],
        places: Index,
        label: str,
        totals: Totals,
        ungrouped: int,
        ordinal: OrdinalStatistics | None,
    ) -> SampleMoments:
        if ordinal is not None:
            cov, mean = assembled(ordinal)
        else:
            assert totals.scatter is not None, "moments of continuous variables are of whole rows"
            scatter = totals.scatter.of_variables(places)
            mean, cov = scatter.mean, scatter.cov
            refuse_constant(cov.diagonal(), names, self._where(label))
            check_positive_definite(cov, names, self._where(label))
        n_lost = totals.n_rows - totals.n_used
        return SampleMoments(
            tuple(names),
            cov,
            mean,
            totals.n_used,
            totals.n_rows,
            label=label,
            ordinal=ordinal,
            dropped=((self._why(names), n_lost),) if n_lost else (),
            ungrouped=ungrouped,
            drawn=totals.drawn.of_variables(places),
        )

    def _why(self, names: Sequence[str]) -> str:
        """Return why rows were left out: items that the model does not have count, too."""
        if self.missing == "pairwise":
            return EMPTY
        if len(names) == len(self.names):
            return INCOMPLETE
        return f"a missing answer to one of the {len(self.names)} items that were read"

    def _where(self, label: str) -> str:
        return f"{self.source}, group {label!r} of {self.group}" if self.group else self.source

    def _check_sizes(self, labels: Sequence[str], totals: Sequence[Totals], p: int) -> None:
        sizes = [one.n_used for one in totals]
        if min(sizes) > p:
            return
        if self.group is not None:
            by_label = dict(zip(labels, sizes, strict=True))
            raise too_small(by_label, p, self.group, self.source)
        if sizes[0] == 0 and self.missing == "listwise":
            n_rows, answered = totals[0].n_rows, totals[0].answered
            raise none_complete(n_rows - answered, n_rows, self.names, self.source)
        raise too_few(sizes[0], totals[0].n_rows, p, self.source)

    def _ordinal(
        self, names: Sequence[str], labels: Sequence[str], totals: Sequence[Totals]
    ) -> list[OrdinalStatistics]:
        places = np.array([self.ordered.index(name) for name in names], dtype=np.intp)
        own = np.array([self.names.index(name) for name in names], dtype=np.intp)
        tables = [one.tables.of_items(places) for one in totals if one.tables is not None]
        levels = common_levels(tables)
        tables = [one.with_levels(levels) for one in tables]
        empty: list[str] = []
        for j, (name, found) in enumerate(zip(names, levels, strict=True)):
            check_divides(found, name, self.source)
            counts = np.array([one.margins[j, : len(found)] for one in tables])
            empty += never_chosen(name, found, counts, labels)
        refuse_empty(empty, self.source)
        return [
            statistics_from_tables(
                table,
                one.n_used,
                one.drawn.of_variables(own),
                names=names,
                source=self._where(label),
            )
            for table, one, label in zip(tables, totals, labels, strict=True)
        ]
