"""Where answers can come from in pieces: data frames one after another, files, folders.

References
----------
Apache Arrow. Parquet and CSV data sets are read column by column, batch by batch.
https://arrow.apache.org/docs/python/dataset.html
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from clustersem.errors import ClusterSemError, DataError, UnsupportedError

#: Rows that are read from a file at once.
BATCH_ROWS = 65_536

Named = Generator[tuple[str, pd.DataFrame], None, None]

_PARQUET = (".parquet", ".pq")
_TEXT = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


@dataclass(frozen=True, eq=False)
class Pieces:
    """Answers in pieces.

    Attributes
    ----------
    name : str
        What to call the whole in messages.
    n_rows : int or None
        Number of rows, where it is known beforehand.
    pieces : generator of (str, DataFrame)
        What to call every piece, and the piece.
    """

    name: str
    n_rows: int | None
    pieces: Named


def pieces_of(source: object, columns: Sequence[str]) -> Pieces:
    """Return the pieces of whatever answers come in.

    Parameters
    ----------
    source : DataFrame, iterable of DataFrame, or path
        A path of a Parquet file, of a folder of such, or of a CSV file.
    columns : sequence of str
        The columns wanted; of files no others are read.

    Raises
    ------
    DataError
        Where there is no such file, or a column is not in it.
    UnsupportedError
        Where answers cannot come in such a thing.
    """
    if isinstance(source, pd.DataFrame):
        return Pieces("the data", len(source), (pair for pair in [("the data", source)]))
    if isinstance(source, (str, os.PathLike)):
        return _of_path(Path(source).expanduser(), columns)
    if isinstance(source, Iterable) and not isinstance(source, dict):
        return Pieces("the chunks", None, _numbered(source))
    raise UnsupportedError(
        f"answers in pieces come as data frames one after another, as the path of a Parquet file or"
        f" folder or of a CSV file, or as a Dask data frame, not as a {type(source).__name__}."
    )


def _of_path(path: Path, columns: Sequence[str]) -> Pieces:
    if not path.exists():
        raise DataError(f"there is no file or folder {path}. Check the path and its spelling.")
    plain = path.with_suffix("") if path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst") else path
    suffix = plain.suffix.lower()
    if path.is_dir() or suffix in _PARQUET:
        from clustersem.moments.streamed_parquet import parquet_pieces

        name, n_rows, pieces = parquet_pieces(path, columns, BATCH_ROWS)
        return Pieces(name, n_rows, pieces)
    if suffix in _TEXT:
        return Pieces(path.name, None, _of_text(path, _TEXT[suffix]))
    raise UnsupportedError(
        f"{path.name}: only .parquet, .csv and .tsv files are read piece by piece. Save it as one"
        " of these, or read it with clustersem.read_survey if it fits into memory."
    )


def _of_text(path: Path, delimiter: str) -> Named:
    try:
        # All columns: asked for some, pandas cuts off what is too long in a row without a word.
        with pd.read_csv(
            path, sep=delimiter, chunksize=BATCH_ROWS, encoding="utf-8-sig", low_memory=False
        ) as reader:
            for piece in reader:
                if not isinstance(piece.index, pd.RangeIndex):
                    raise ValueError("Its rows have more cells than its first row has names.")
                yield f"{path.name}, from row {piece.index[0]}", piece
    except (OSError, ValueError) as error:  # pandas' and decoding errors are kinds of the latter
        raise DataError(
            f"{path.name} cannot be read as text in UTF-8 with {delimiter!r} between cells."
            f" {str(error).strip()} Convert it, or pass what reads it piece by piece:"
            " pandas.read_csv(..., chunksize=100_000)."
        ) from error


def _numbered(source: Iterable[object]) -> Named:
    """Yield the pieces numbered, and say which one could not be had or is no data frame."""
    number, n_rows, pieces = 0, 0, iter(source)
    try:
        while True:
            number += 1
            try:
                piece = next(pieces)
            except StopIteration:
                return
            except ClusterSemError:
                raise
            except Exception as error:
                raise DataError(
                    f"chunk {number} could not be had, after {n_rows} rows in {number - 1} chunks:"
                    f" {type(error).__name__}: {error}. Moments of a part of the answers would look"
                    " like those of all, so none are returned. Mend what makes the chunks, and read"
                    " again."
                ) from error
            if not isinstance(piece, pd.DataFrame):
                raise DataError(
                    f"chunk {number} is a {type(piece).__name__}, not a pandas data frame. Give"
                    " every chunk as a data frame with the items as columns."
                )
            n_rows += len(piece)
            yield f"chunk {number}", piece
    finally:
        # What is left of a generator, or of a reader of files, must not keep files open.
        close = getattr(pieces, "close", None)
        if callable(close):
            close()
