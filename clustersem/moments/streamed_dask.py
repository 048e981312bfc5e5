"""A Dask data frame: every partition is reduced where it lies, and the results merged in a tree."""

from __future__ import annotations

from typing import Any

import pandas as pd

from clustersem.errors import UnsupportedError
from clustersem.moments.streamed_pass import Collected, Plan
from clustersem.progress import Advance, progress_bar

# Partitions whose results one task merges.
MERGED_AT_ONCE = 8


def is_dask(source: object) -> bool:
    """Return whether this is a Dask data frame, without importing Dask."""
    is_of_dask = type(source).__module__.partition(".")[0] in ("dask", "dask_expr")
    return is_of_dask and hasattr(source, "to_delayed") and hasattr(source, "columns")


def meta_of(source: Any) -> pd.DataFrame:  # noqa: ANN401 - Dask has no types to name
    """Return a data frame without rows that has the columns and types of all partitions."""
    return pd.DataFrame(source._meta)


def collected_from_dask(source: Any, plan: Plan, *, progress: bool | None) -> Collected:  # noqa: ANN401
    """Return what is collected of all partitions.

    What leaves a worker is a partition's totals, not its rows: some MB whatever the partition's
    size. It runs on whatever cluster or scheduler Dask is set to use.
    """
    try:
        import dask
    except ImportError:
        raise UnsupportedError(
            "a Dask data frame needs Dask. Install it: pip install 'clustersem[dask]'."
        ) from None
    reduced = dask.delayed(_collected, pure=False)
    merge = dask.delayed(_merged, pure=False)
    there = {str(column): column for column in source.columns}
    wanted = [there[name] for name in plan.columns]
    layer = [
        reduced(piece, plan, number) for number, piece in enumerate(source[wanted].to_delayed())
    ]
    total = len(layer)
    while len(layer) > 1:
        layer = [
            merge(layer[start : start + MERGED_AT_ONCE])
            for start in range(0, len(layer), MERGED_AT_ONCE)
        ]
    bar = progress_bar("reading", total, unit="partitions", wanted=progress)
    with bar as advance, _counting(advance):
        (result,) = dask.compute(*layer)
    assert isinstance(result, Collected)
    return result


def _counting(advance: Advance) -> Any:  # noqa: ANN401
    """Return what counts finished partitions; a distributed cluster shows them in its own page."""
    from dask.callbacks import Callback

    def done(key: object, *_: object) -> None:
        if str(key).strip("(\"'").startswith("_collected"):
            advance()

    return Callback(posttask=done)


def _collected(piece: pd.DataFrame, plan: Plan, number: int) -> Collected:
    return plan.collect(piece, f"partition {number + 1}", part=number)


def _merged(parts: list[Collected]) -> Collected:
    result = parts[0]
    for part in parts[1:]:
        result = result.merged(part)
    return result
