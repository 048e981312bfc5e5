"""The rows of one group that are used, into its moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.moments.order import Index
from clustersem.moments.patterns import missing_patterns, never_together, pairwise_moments
from clustersem.moments.request import Asymptotic, Missing
from clustersem.moments.sample import Array, SampleMoments
from clustersem.moments.sources import (
    SINGULAR,
    check_answered,
    check_positive_definite,
    check_varied,
    complete_moments,
)
from clustersem.survey.names import listed

if TYPE_CHECKING:
    from clustersem.moments.incomplete import Incomplete

# EM steps approach a singular covariance matrix without reaching it: they stop while the reciprocal
# condition number of the correlations is still above this.
NEARLY_SINGULAR = 1e-8


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one group that are used.

    Attributes
    ----------
    names : tuple of str
        The p observed variables.
    values : ndarray of shape (n, p)
        Answers, NaN where missing.
    where : str
        What to call these rows in messages.
    weights, cluster, label, n_rows, dropped, ungrouped, index
        As in :class:`clustersem.moments.SampleMoments`.
    """

    names: tuple[str, ...]
    values: Array
    where: str
    weights: Array | None
    cluster: Index | None
    label: str
    n_rows: int
    dropped: tuple[tuple[str, int], ...]
    ungrouped: int
    index: pd.Index | None

    def moments(self, method: Missing) -> SampleMoments:
        """Return the sample of continuous variables.

        Raises
        ------
        DataError
            Where the answers do not determine means and covariances.
        """
        return _METHODS[method](self)

    def ordinal_moments(
        self,
        categories: Sequence[Array],
        covariates: Sequence[int] = (),
        *,
        asymptotic: Asymptotic = "full",
    ) -> SampleMoments:
        """Return the sample of variables some of which are ordinal.

        Parameters
        ----------
        categories : sequence of p ndarrays
            The values of the categories of every ordinal variable, ascending, the same in all
            groups; empty for a continuous one.
        covariates : sequence of int
            Places of covariates given which the moments are wanted; they are known of all rows.
        asymptotic : str
            How much is wanted of Gamma; see :func:`clustersem.moments.ordinal_statistics`.

        Raises
        ------
        DataError
            Where the answers do not determine thresholds and correlations.
        """
        # What few samples need is loaded where it is needed.
        from clustersem.moments.assembled import assembled
        from clustersem.moments.ordinal import ordinal_statistics

        ordinal = np.array([len(found) > 0 for found in categories])
        continuous = np.flatnonzero(~ordinal)
        metric = [self.names[i] for i in continuous.tolist()]
        values = self.values[:, continuous]
        check_answered(np.isnan(self.values), self.names, self.where)
        check_varied(values, metric, self.where)
        check_pairs(never_together(~np.isnan(self.values)), self.names, self.where, least=1)
        statistics = ordinal_statistics(
            self.values,
            ordinal,
            names=self.names,
            categories=categories,
            weights=self.weights,
            covariates=covariates,
            asymptotic=asymptotic,
            source=self.where,
        )
        cov, mean = assembled(statistics, self._moments_of(covariates))
        return replace(self.sample(mean, cov), ordinal=statistics)

    def _moments_of(self, covariates: Sequence[int]) -> tuple[Array, Array] | None:
        """Return covariances and means of some complete variables; None where there are none."""
        if not covariates:
            return None
        values, weights = self.values[:, list(covariates)], self.weights
        mean = np.average(values, axis=0, weights=weights)
        share = np.ones(len(values)) if weights is None else weights
        centred = values - mean
        return (centred.T * share) @ centred / share.sum(), mean

    def sample(
        self, mean: Array, cov: Array, incomplete: Incomplete | None = None
    ) -> SampleMoments:
        """Return a sample of these rows with the moments that were worked out for it."""
        return SampleMoments(
            self.names,
            cov,
            mean,
            len(self.values),
            self.n_rows,
            self.values,
            label=self.label,
            weights=self.weights,
            cluster=self.cluster,
            incomplete=incomplete,
            dropped=self.dropped,
            index=self.index,
            ungrouped=self.ungrouped,
        )


def _complete(part: Part) -> SampleMoments:
    mean, cov = complete_moments(part.values, part.names, source=part.where, weights=part.weights)
    return part.sample(mean, cov)


def _pairwise(part: Part) -> SampleMoments:
    _check_incomplete(part)
    moments = pairwise_moments(part.values)
    check_pairs(np.argwhere(np.triu(moments.counts < 2, 1)), part.names, part.where, least=2)
    check_positive_definite(moments.cov, part.names, part.where)
    return part.sample(moments.mean, moments.cov)


def _full_information(part: Part) -> SampleMoments:
    from clustersem.moments.incomplete import arrange
    from clustersem.moments.saturated import maximise

    _check_incomplete(part)
    patterns = missing_patterns(part.values)
    check_pairs(never_together(patterns.observed), part.names, part.where, least=1)
    data = arrange(part.values, patterns, part.weights)
    estimates = maximise(data)
    limit = NEARLY_SINGULAR if patterns.observed.shape[0] > 1 else SINGULAR
    check_positive_definite(estimates.cov, part.names, part.where, limit=limit)
    if not estimates.converged:
        raise DataError(
            f"{part.where}: the likelihood of means and covariances has no maximum that"
            f" {estimates.iterations} evaluations could find: too few respondents answered the same"
            " items, or one item follows from others where all are answered. Leave out items with"
            " many missing answers, or write missing='listwise'."
        )
    return part.sample(estimates.mean, estimates.cov, data)


_METHODS: dict[Missing, Callable[[Part], SampleMoments]] = {
    "listwise": _complete,
    "pairwise": _pairwise,
    "ml": _full_information,
    "ml.x": _full_information,
}


def _check_incomplete(part: Part) -> None:
    check_answered(np.isnan(part.values), part.names, part.where)
    check_varied(part.values, part.names, part.where)


def check_pairs(pairs: Index, names: Sequence[str], where: str, *, least: int) -> None:
    """Refuse pairs of variables that too few respondents answered both of."""
    if not len(pairs):
        return
    said = listed(f"{names[i]} with {names[j]}" for i, j in pairs.tolist())
    who = "nobody answered" if least == 1 else f"fewer than {least} respondents answered"
    raise DataError(
        f"{where}: {who} both items of {said}, so the data say nothing of how they covary. Leave"
        " out one item of each such pair, or fit what was asked of the same people."
    )
