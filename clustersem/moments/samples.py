"""From answers to the sample of every group, by whatever method an estimator needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clustersem.errors import UnsupportedError
from clustersem.moments.categories import categories_of, declared_names
from clustersem.moments.grouping import Grouping, grouping_of, too_small
from clustersem.moments.order import Index
from clustersem.moments.part import Part
from clustersem.moments.request import (
    Missing,
    check_column,
    cluster_column,
    missing_method,
    weight_column,
)
from clustersem.moments.sample import Array, SampleMoments
from clustersem.moments.sources import (
    INCOMPLETE,
    check_answered,
    check_rows,
    moments_from_data,
    none_complete,
    numeric_columns,
    too_few,
)

# Why a row was left out, besides `INCOMPLETE`.
EMPTY = "no answer to any variable of the model"
NO_COVARIATE = "a missing covariate"


def samples_from_data(
    data: pd.DataFrame,
    names: Sequence[str],
    *,
    group: str | None = None,
    group_labels: Sequence[object] | None = None,
    ordered: Sequence[str] = (),
    missing: str = "listwise",
    exogenous: Sequence[str] = (),
    weights: str | None = None,
    cluster: str | None = None,
    source: str = "the data",
) -> tuple[SampleMoments, ...]:
    """Return the sample of every group.

    Parameters
    ----------
    data : DataFrame
        One row a respondent.
    names : sequence of str
        The observed variables, in the order wanted.
    group : str, optional
        Column of the groups; they stand in the order in which the data first name them.
    group_labels : sequence, optional
        The groups wanted, in the order wanted. Rows of others are left out.
    ordered : sequence of str
        The ordinal variables; :func:`clustersem.moments.ordered_names` works them out.
    missing : str
        ``"listwise"``: only rows without gaps. ``"pairwise"``: every pair of variables from the
        rows that have both. ``"ml"`` (``"fiml"``): all rows with an answer, for full information.
        The last two leave out rows without an answer to a variable of `exogenous`, whose moments
        are not modelled; ``"ml.x"`` keeps those.
    exogenous : sequence of str
        Covariates whose moments are taken from the sample (``fixed_x``). With ordinal variables the
        moments of the others are those given the covariates.
    weights : str, optional
        Column of sampling weights, positive. They are scaled to sum to the number of rows used, of
        all groups together.
    cluster : str, optional
        Column that says which respondents were sampled together. Groups are independent samples:
        a cluster that has members in two groups counts in each for itself, as in lavaan.
    source : str
        What to call the data in error messages.

    Returns
    -------
    tuple of SampleMoments
        One a group.

    Raises
    ------
    DataError
        Where the data cannot be used as they are, with the place and the remedy.
    UnsupportedError
        For a combination that is not served.

    References
    ----------
    Arbuckle, J. L. (1996). Full information estimation in the presence of incomplete data. In G. A.
    Marcoulides & R. E. Schumacker (Eds.), Advanced structural equation modeling (pp. 243-277).
    Erlbaum.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"x": [1, 2, 4, 3, 1, 5, 2], "y": [2, 1, 3, None, 4, 6, 1], "region": list("nnnssss")}
    ... )
    >>> samples = samples_from_data(frame, ["x", "y"], group="region")
    >>> [(sample.label, sample.n_obs, sample.dropped) for sample in samples]
    [('n', 3, ()), ('s', 3, (('a missing answer', 1),))]
    """
    method = missing_method(missing)
    asked = (group, group_labels, weights, cluster)
    if method == "listwise" and not ordered and all(option is None for option in asked):
        return (moments_from_data(data, names, source=source),)
    _check_served(method, weights=weights, ordered=ordered)
    values = numeric_columns(data, names, source=source)
    check_rows(len(values), source)
    grouping = grouping_of(data, group, labels=group_labels, names=names, source=source)
    weight, codes = None, None
    if weights is not None:
        weights = check_column(data.columns, weights, "sampling_weights", names, source)
        weight = weight_column(data, weights, source=source)
    if cluster is not None:
        cluster = check_column(data.columns, cluster, "cluster", names, source)
        codes = cluster_column(data, cluster, source=source)
    rows = _rows_kept(values, names, method, exogenous, grouping, cluster, codes, source)
    values, kept = values[rows.kept], rows.grouping
    if weight is not None:
        weight = weight[rows.kept]
        weight = weight * (len(weight) / weight.sum())
    categories = (
        categories_of(
            values,
            names,
            ordered,
            declared=declared_names(data, ordered),
            grouping=kept,
            source=source,
        )
        if ordered
        else None
    )
    covariates = [names.index(name) for name in exogenous if name not in ordered]
    samples = []
    for number, label in enumerate(grouping.labels):
        own = np.flatnonzero(kept.codes == number)
        part = Part(
            names=tuple(names),
            values=values[own],
            where=f"{source}, {grouping.called(number)}" if group else source,
            weights=None if weight is None else weight[own],
            cluster=None if codes is None else _without_gaps(codes[rows.kept][own]),
            label=label,
            n_rows=int(np.count_nonzero(grouping.codes == number)),
            dropped=rows.dropped[number],
            ungrouped=grouping.ungrouped,
            index=data.index[rows.kept][own],
        )
        samples.append(
            part.moments(method)
            if categories is None
            else part.ordinal_moments(categories, covariates)
        )
    return tuple(samples)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Which rows of the data are used, and why the others are not."""

    kept: Index
    grouping: Grouping
    dropped: tuple[tuple[tuple[str, int], ...], ...]


def _check_served(method: Missing, *, weights: str | None, ordered: Sequence[str]) -> None:
    if ordered and method in ("ml", "ml.x"):
        raise UnsupportedError(
            f"missing={method!r} is full information for continuous variables; with ordered items"
            " write missing='pairwise', which uses all answers of every pair of items, or"
            " 'listwise'. To keep full information, leave ordered= out."
        )
    if weights is not None and method == "pairwise" and not ordered:
        raise UnsupportedError(
            "missing='pairwise' does not go with sampling weights. Write missing='ml', which uses"
            " all answers too, or 'listwise'."
        )


def _rows_kept(
    values: Array,
    names: Sequence[str],
    method: Missing,
    exogenous: Sequence[str],
    grouping: Grouping,
    cluster: str | None,
    clusters: Index | None,
    source: str,
) -> _Rows:
    missing: NDArray[np.bool_] = np.isnan(values)
    grouped = grouping.codes >= 0
    check_answered(missing[grouped], names, source)
    reasons: list[tuple[str, NDArray[np.bool_]]] = []
    if clusters is not None:
        reasons.append((f"no value of {cluster}", clusters < 0))
    if method == "listwise":
        reasons.append((INCOMPLETE, np.any(missing, axis=1)))
    else:
        if method != "ml.x" and exogenous:
            places = [names.index(name) for name in exogenous]
            reasons.append((NO_COVARIATE, np.any(missing[:, places], axis=1)))
        reasons.append((EMPTY, np.all(missing, axis=1)))
    keep = grouped.copy()
    counts: list[list[tuple[str, int]]] = [[] for _ in grouping.labels]
    for reason, applies in reasons:
        lost = np.bincount(grouping.codes[keep & applies], minlength=grouping.n_groups)
        for number in np.flatnonzero(lost).tolist():
            counts[number].append((reason, int(lost[number])))
        keep &= ~applies
    kept = np.flatnonzero(keep)
    codes = grouping.codes[kept]
    sizes = np.bincount(codes, minlength=grouping.n_groups)
    p = len(names)
    if sizes.min() <= p:
        if grouping.column:
            by_label = dict(zip(grouping.labels, sizes.tolist(), strict=True))
            raise too_small(by_label, p, grouping.column, source)
        if not len(kept) and method == "listwise":
            raise none_complete(missing.sum(axis=0), len(missing), names, source)
        raise too_few(len(kept), len(values), p, source)
    left = Grouping(grouping.column, grouping.labels, codes)
    return _Rows(kept, left, tuple(tuple(reasons_of) for reasons_of in counts))


def _without_gaps(codes: Index) -> Index:
    return np.asarray(pd.factorize(codes)[0], dtype=np.intp)
