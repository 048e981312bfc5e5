"""Moments of surveys that do not fit into memory, collected in one pass.

References
----------
Chan, T. F., Golub, G. H., & LeVeque, R. J. (1983). Algorithms for computing the sample variance:
Analysis and recommendations. The American Statistician, 37, 242-247.
https://doi.org/10.1080/00031305.1983.10483115
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any, cast

import numpy as np
import pandas as pd

from clustersem.errors import DataError, UnsupportedError
from clustersem.moments.categories import ordered_names
from clustersem.moments.grouping import check_labels
from clustersem.moments.request import missing_method
from clustersem.moments.sources import check_answered, check_rows
from clustersem.moments.streamed_dask import collected_from_dask, is_dask, meta_of
from clustersem.moments.streamed_moments import StreamedMoments
from clustersem.moments.streamed_pass import Collected, Method, Plan
from clustersem.moments.streamed_sources import pieces_of
from clustersem.progress import progress_bar
from clustersem.survey.names import did_you_mean, listed

#: Rows of every group that are kept, from which Gamma is estimated.
ROWS_KEPT = 20_000


def read_moments(
    source: pd.DataFrame | Iterable[pd.DataFrame] | str | os.PathLike[str] | object,
    items: Sequence[str],
    *,
    ordered: Sequence[str] | str | bool | None = None,
    group: str | None = None,
    missing: str = "listwise",
    rows_kept: int = ROWS_KEPT,
    seed: int = 1,
    progress: bool | None = None,
) -> StreamedMoments:
    """Collect in one pass what models need to know of a survey too large for memory.

    What it returns goes to ``sem``, ``cfa`` and ``growth`` in place of data, as often as you like:
    the survey is not read again. Of ten million respondents some MB are left.

    Parameters
    ----------
    source : iterable of DataFrame, path, Dask DataFrame or DataFrame
        The answers, one row a respondent. An iterable gives one data frame after another, as
        ``pandas.read_csv(..., chunksize=100_000)`` does. A path is that of a Parquet file, a folder
        of such files (of which only the columns wanted are read), or a CSV file in UTF-8. Of a Dask
        data frame every partition is reduced on the worker that holds it.
    items : sequence of str
        The columns: the observed variables of all models that are to be fitted.
    ordered : sequence of str, str, bool or None
        Items with ordered categories, at most ten each; True for all. Every pair's contingency
        table is then counted in the same pass. None: those whose column is an ordered categorical.
    group : str, optional
        Column whose values make the groups.
    missing : str
        ``"listwise"``: rows with a missing answer to any of the `items` are left out (also if a
        model has not that item). ``"pairwise"``, where all items are ordered: every pair's table
        has the respondents who answered both.
    rows_kept : int
        How many rows of every group, drawn at random, are kept to estimate how accurate moments
        are; each takes 8 bytes an item.
    seed : int
        Of these rows: the same seed draws the same, however the rows come in chunks (with Dask:
        in the same partitions).
    progress : bool, optional
        Show a bar. None: on a terminal, once it has taken two seconds.

    Returns
    -------
    StreamedMoments
        Means and covariances (divisor n), tables, the rows drawn, and how many rows were left out.

    Raises
    ------
    DataError
        Where a piece lacks an item or holds what is no finite number, with the piece and the row;
        where an item has no answers; where pieces could not be had to the end.
    UnsupportedError
        Where `source` is none of these, or a package that reads it is not installed.

    Notes
    -----
    Estimates, standard errors and chi2 by ML, GLS and ULS of continuous items follow from means and
    covariances, and are those of all rows. So are the estimates by ULSMV, DWLS and WLSMV of
    ordinal items: thresholds, polychoric correlations and their variances follow from the tables.
    Robust standard errors and corrected tests need the whole covariance matrix of the moments
    (Gamma), which is estimated from the rows drawn: that is consistent, and with 20,000 rows such
    standard errors are within about 1 % of those of all rows. WLS, which inverts Gamma, is refused
    unless all rows are kept. Covariances are merged by the formulas of Chan, Golub and LeVeque
    (1983) from deviations, so that large means cost no digits.

    References
    ----------
    Chan, T. F., Golub, G. H., & LeVeque, R. J. (1983). Algorithms for computing the sample
    variance: Analysis and recommendations. The American Statistician, 37, 242-247.
    https://doi.org/10.1080/00031305.1983.10483115

    Examples
    --------
    >>> import clustersem as cs
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> def chunks():
    ...     for _ in range(5):
    ...         trait = rng.normal(size=(200, 1))
    ...         yield pd.DataFrame(trait + rng.normal(size=(200, 4)), columns=list("abcd"))
    >>> moments = cs.read_moments(chunks(), list("abcd"))
    >>> moments
    <moments of 4 items: 1000 of 1000 respondents>
    >>> fit = cs.cfa("f =~ a + b + c + d", moments)
    >>> fit.converged, fit.n_obs
    (True, 1000)
    """
    names = _names(items)
    method = _method(missing)
    limit = _count("rows_kept", rows_kept, least=2)
    start = _count("seed", seed, least=0)
    if group is not None and group in names:
        raise DataError(
            f"group={group!r} is also among the items. A column can be only one of the two."
        )

    def plan_for(first: pd.DataFrame) -> Plan:
        chosen = ordered_names(first, names, ordered)
        if method == "pairwise" and len(chosen) < len(names):
            raise UnsupportedError(
                "missing='pairwise' reads ordered items: write ordered=True, or missing='listwise'."
            )
        return Plan(names, chosen, group, method, limit, start)

    if is_dask(source):
        collected = _of_dask(source, plan_for, progress)
        return _checked(StreamedMoments(collected, "the Dask data frame"))
    pieces = pieces_of(source, [*names, *([] if group is None else [group])])
    found: Collected | None = None
    bar = progress_bar("reading", pieces.n_rows, unit="rows", wanted=progress)
    with bar as advance, closing(pieces.pieces):
        for where, piece in pieces.pieces:
            plan = plan_for(piece) if found is None else found.plan
            found = plan.collect(piece, where, before=found)
            advance(len(piece))
    if found is None:
        raise DataError(f"{pieces.name}: there are none. Check what makes them.")
    return _checked(StreamedMoments(found, pieces.name))


def _of_dask(
    source: Any,  # noqa: ANN401 - Dask has no types to name
    plan_for: Callable[[pd.DataFrame], Plan],
    progress: bool | None,
) -> Collected:
    plan = plan_for(meta_of(source))
    there = [str(column) for column in source.columns]
    for name in plan.columns:
        if name not in there:
            raise DataError(
                f"the Dask data frame has no column {name}{did_you_mean(name, there) or '.'} It"
                f" has {listed(there, limit=12)}."
            )
    return collected_from_dask(source, plan, progress=progress)


def _checked(moments: StreamedMoments) -> StreamedMoments:
    """Return the moments if there is something of every item and every group."""
    collected, source = moments.collected, moments.source
    check_rows(collected.n_rows, source)
    if moments.group is not None:
        check_labels(moments.groups, moments.group, source, single_wanted=True)
    n_grouped = moments.n_rows - collected.ungrouped
    check_answered(moments.gaps.to_numpy()[None] == n_grouped, moments.names, source)
    return moments


def _names(items: Sequence[str]) -> tuple[str, ...]:
    names = [items] if isinstance(items, str) or not isinstance(items, Iterable) else list(items)
    if not names or not all(isinstance(name, str) for name in names):
        raise DataError(f"items={items!r}: write the names of the items, ['x1', 'x2'] say.")
    doubled = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if doubled:
        raise DataError(f"items names {listed(doubled)} more than once. Name every item once.")
    return tuple(names)


def _method(missing: str) -> Method:
    method = missing_method(missing)
    if method in ("ml", "ml.x"):
        raise UnsupportedError(
            f"missing={missing!r}: full information needs every pattern of answers, of which a"
            " large survey has too many to keep. Write missing='listwise' (or 'pairwise', with"
            " ordered items), or fit a random sample of the rows as data= with missing='ml'."
        )
    return cast(Method, method)


def _count(option: str, value: object, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise UnsupportedError(f"{option}={value!r}: write a whole number of at least {least}.")
    return int(value)
