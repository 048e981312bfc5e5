"""A Parquet file, or a folder of them, batch by batch and with the wanted columns only."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from clustersem.errors import DataError, UnsupportedError
from clustersem.survey.names import did_you_mean, listed

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset


def parquet_pieces(
    path: Path, columns: Sequence[str], batch_rows: int
) -> tuple[str, int, Generator[tuple[str, pd.DataFrame], None, None]]:
    """Return a name, the number of rows, and the batches of a file or folder.

    Folders named ``region=north`` make a column ``region``, as pandas, Spark and Dask write them.

    Raises
    ------
    UnsupportedError
        Where pyarrow is not installed.
    DataError
        Where it is no Parquet data, or a file lacks a column.
    """
    try:
        import pyarrow
        from pyarrow import dataset
    except ImportError:
        raise UnsupportedError(
            f"{path.name}: reading Parquet needs pyarrow. Install it: pip install"
            " 'clustersem[parquet]'."
        ) from None
    try:
        found = dataset.dataset(path, format="parquet", partitioning="hive")
        n_rows = found.count_rows()
    except (OSError, pyarrow.ArrowException) as error:
        advice = "The file is no Parquet file, or damaged: have it written again."
        if path.is_dir():
            advice = (
                "Every file of a folder is read but those whose names begin with _ or a dot: move"
                " others out of it, and have damaged ones written again."
            )
        said = f"{error}".rstrip(".")
        raise DataError(f"{path}: it cannot be read as Parquet. {said}. {advice}") from error
    if not found.files:
        raise DataError(f"{path}: there is no Parquet file in this folder.")
    _check_schema(found, columns, path)
    return path.name, n_rows, _batches(found, columns, path, batch_rows)


def _check_schema(found: Dataset, columns: Sequence[str], path: Path) -> None:
    """Refuse columns that a file does not have: they would be read as missing answers."""
    of_folders = set(found.schema.names) - set(next(found.get_fragments()).physical_schema.names)
    for fragment in found.get_fragments():
        there = [*fragment.physical_schema.names, *of_folders]
        for name in columns:
            if there.count(name) != 1:
                what = "more than one column" if name in there else "no column"
                remedy = (
                    "Rename all but one."
                    if name in there
                    else f"Every file needs all items. It has {listed(there, limit=12)}."
                )
                hint = "" if name in there else did_you_mean(name, there)
                where = _named(fragment.path, path)
                raise DataError(f"{where} has {what} {name}{hint or '.'} {remedy}")


def _batches(
    found: Dataset, columns: Sequence[str], path: Path, batch_rows: int
) -> Generator[tuple[str, pd.DataFrame], None, None]:
    import pyarrow

    for fragment in found.get_fragments():
        where, start = _named(fragment.path, path), 0
        # Each file in its own types: cast to those of the first, answers could be lost.
        own = fragment.physical_schema
        fields = [(own if name in own.names else found.schema).field(name) for name in columns]
        batches = fragment.to_batches(
            schema=pyarrow.schema(fields),
            columns=list(columns),
            batch_size=batch_rows,
            batch_readahead=2,
            fragment_readahead=1,
        )
        try:
            for batch in batches:
                frame = batch.to_pandas()
                frame.index = pd.RangeIndex(start, start + len(frame))
                yield f"{where}, from row {start}", frame
                start += len(frame)
        except (OSError, pyarrow.ArrowException) as error:
            raise DataError(f"{where}: it cannot be read beyond row {start}. {error}") from error


def _named(file: str, path: Path) -> str:
    return path.name if Path(file) == path else f"{path.name}/{_below(file, path)}"


def _below(file: str, path: Path) -> str:
    try:
        return Path(file).relative_to(path).as_posix()
    except ValueError:
        return Path(file).name
