"""The statistics of some rows of a sample, as a bootstrap draws them.

References
----------
Efron, B., & Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman & Hall.
"""

from __future__ import annotations

import numpy as np

from clustersem.errors import UnsupportedError
from clustersem.moments.order import Index
from clustersem.moments.part import Part
from clustersem.moments.request import Asymptotic, Missing
from clustersem.moments.sample import SampleMoments


def resampled(
    sample: SampleMoments,
    rows: Index,
    *,
    asymptotic: Asymptotic = "full",
    cluster: Index | None = None,
) -> SampleMoments:
    """Return the sample that some rows of a sample make.

    Parameters
    ----------
    sample : SampleMoments
        With its observations.
    rows : ndarray of int, shape (n,)
        Rows of ``sample.data``; one may come several times.
    asymptotic : str
        With ordinal variables, how much of Gamma is wanted: ``"full"`` for standard errors, tests
        and fully weighted estimates, its ``"diagonal"`` for diagonally weighted estimates,
        ``"none"`` for unweighted ones. What is not wanted is NaN. It costs nothing where
        Gamma is not part of a sample.
    cluster : ndarray of int, shape (n,), optional
        Clusters of the chosen rows, as those of a cluster that was drawn twice; by default those
        that the rows have in `sample`.

    Returns
    -------
    SampleMoments
        What :func:`clustersem.moments.samples_from_data` makes of these rows, by the same treatment
        of gaps. Ordinal items keep the categories of `sample`. Sampling weights are scaled to
        keep their mean, so that in a sample of several groups each keeps its share.

    Raises
    ------
    DataError
        Where the rows do not determine the statistics: an item has the same answer in all of them,
        a category is gone, or the covariance matrix is singular.
    UnsupportedError
        Where the sample holds no observations.

    Examples
    --------
    >>> import pandas as pd
    >>> from clustersem.moments import samples_from_data
    >>> frame = pd.DataFrame({"x": [1.0, 2, 4, 3], "y": [2.0, 1, 3, 3]})
    >>> (sample,) = samples_from_data(frame, ["x", "y"])
    >>> resampled(sample, np.array([0, 1, 2, 2])).mean.tolist()
    [2.75, 2.25]
    """
    if sample.data is None:
        raise UnsupportedError(
            "there are no answers to resample: the model was fitted to a covariance matrix. Fit it"
            " to the answers."
        )
    values, weights = sample.data[rows], sample.weights
    if weights is not None:
        mean, weights = weights.mean(), weights[rows]
        weights = weights * (mean / weights.mean())
    if cluster is None and sample.cluster is not None:
        cluster = sample.cluster[rows]
    part = Part(
        names=sample.names,
        values=values,
        where=f"a resample of group {sample.label!r}" if sample.label else "a resample",
        weights=weights,
        cluster=None if cluster is None else np.unique(cluster, return_inverse=True)[1],
        label=sample.label,
        n_rows=len(rows),
        dropped=(),
        ungrouped=0,
        index=None if sample.index is None else sample.index.take(rows),
    )
    if sample.ordinal is not None:
        return part.ordinal_moments(sample.ordinal.categories, sample.given, asymptotic=asymptotic)
    return part.moments(_method(sample))


def _method(sample: SampleMoments) -> Missing:
    """Return how a sample of continuous variables treats gaps."""
    if sample.incomplete is not None:
        return "ml"
    assert sample.data is not None
    return "pairwise" if np.isnan(sample.data.sum()) else "listwise"
