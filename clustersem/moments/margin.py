"""Some variables of a sample with gaps, arranged for their own likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.moments.incomplete import Incomplete, arrange, arrange_rows
from clustersem.moments.order import Index
from clustersem.moments.patterns import missing_patterns
from clustersem.moments.sample import Array, SampleMoments


@dataclass(frozen=True, eq=False)
class Margin:
    """Some variables of a sample, in the rows that have an answer to any of them.

    Attributes
    ----------
    data, rows : Incomplete
        For the likelihood, and every row for itself.
    weights : ndarray or None
        The rows' sampling weights.
    cluster : ndarray of int or None
        Their clusters, without gaps.
    """

    data: Incomplete
    rows: Incomplete
    weights: Array | None
    cluster: Index | None


def margin(sample: SampleMoments, variables: Index) -> Margin:
    """Return some variables of a sample under full information.

    Parameters
    ----------
    sample : SampleMoments
        With its observations.
    variables : ndarray of int
        Places of the variables.
    """
    assert sample.data is not None, "gaps are in data, not in moments"
    values = sample.data[:, variables]
    answered = ~np.isnan(values).all(axis=1)
    values = values[answered]
    weights = None if sample.weights is None else sample.weights[answered]
    cluster = None
    if sample.cluster is not None:
        cluster = np.unique(sample.cluster[answered], return_inverse=True)[1].astype(np.intp)
    patterns = missing_patterns(values)
    rows = arrange_rows(values, patterns)
    return Margin(arrange(values, patterns, weights), rows, weights, cluster)
