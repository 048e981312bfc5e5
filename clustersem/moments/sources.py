"""Answers or matrices into moments, with every check that a tired researcher needs."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import eigh, lapack

from clustersem.errors import DataError
from clustersem.moments.order import Index
from clustersem.moments.sample import Array, SampleMoments
from clustersem.survey.names import listed

# The smallest eigenvalue of a correlation matrix below which it counts as singular: inverting it
# would lose all but three digits of double precision.
SINGULAR = 1e-12
# Second derivatives go with the fourth power of a standard deviation: beyond this they overflow.
LARGEST_SD = 1e60
# Why a row was left out.
INCOMPLETE = "a missing answer"


def moments_from_data(
    data: pd.DataFrame, names: Sequence[str], *, source: str = "the data"
) -> SampleMoments:
    """Return the moments of the complete rows of `data`.

    Parameters
    ----------
    data : DataFrame
        One row a respondent.
    names : sequence of str
        The columns to use, in the order wanted.
    source : str
        What to call the data in error messages.

    Returns
    -------
    SampleMoments
        Means and covariances (divisor n) after listwise deletion.

    Raises
    ------
    DataError
        Where a column is absent, doubled, not numeric, infinite or constant, or where too few
        complete rows are left for a positive definite covariance matrix.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, None], "y": [2.0, 1.0, 4.0, 3.0]})
    >>> moments_from_data(frame, ["x", "y"]).n_obs
    3
    """
    values = numeric_columns(data, names, source=source)
    n_rows = len(values)
    check_rows(n_rows, source)
    missing, index = np.isnan(values), data.index
    if missing.any():
        check_answered(missing, names, source)
        complete = np.flatnonzero(~np.any(missing, axis=1))
        values, index = values[complete], index[complete]
    n = len(values)
    if n == 0:
        raise none_complete(missing.sum(axis=0), len(missing), names, source)
    if n <= len(names):
        raise too_few(n, n_rows, len(names), source)
    mean, cov = complete_moments(values, names, source=source)
    dropped = ((INCOMPLETE, n_rows - n),) if n < n_rows else ()
    return SampleMoments(tuple(names), cov, mean, n, n_rows, values, dropped=dropped, index=index)


def complete_moments(
    values: Array, names: Sequence[str], *, source: str, weights: Array | None = None
) -> tuple[Array, Array]:
    """Return means and covariances (divisor n) of answers without gaps.

    Parameters
    ----------
    values : ndarray of shape (n, p)
        Answers.
    names : sequence of str
        The p columns.
    source : str
        What to call the data in error messages.
    weights : ndarray of shape (n,), optional
        Sampling weights w, positive: means are sum(w x) / sum(w), and covariances likewise.

    Raises
    ------
    DataError
        Where a column is constant or the covariance matrix is not positive definite.
    """
    if (values == values[0]).all(axis=0).any():
        check_varied(values, names, source)
    mean = values.mean(axis=0) if weights is None else weights @ values / weights.sum()
    centred = values - mean
    with np.errstate(over="ignore"):
        if weights is None:
            cov = centred.T @ centred / len(values)
        else:
            weighted = centred * np.sqrt(weights / weights.sum())[:, None]
            cov = weighted.T @ weighted
    if not _are_moderate(np.sqrt(cov.diagonal())):
        # Squares may have overflowed: the message needs sizes that have not.
        largest = np.abs(centred).max(axis=0)
        _check_sizes(largest * np.sqrt(((centred / largest) ** 2).mean(axis=0)), names, source)
    check_positive_definite(cov, names, source)
    return mean, cov


def moments_from_cov(
    cov: pd.DataFrame | Array,
    names: Sequence[str],
    n_obs: int | None,
    mean: pd.Series | Sequence[float] | None = None,
) -> SampleMoments:
    """Return moments from a covariance matrix with divisor n - 1.

    Parameters
    ----------
    cov : DataFrame or ndarray of shape (p, p)
        Covariance matrix with divisor n - 1, as software prints it. A DataFrame may hold more
        variables, in any order; an array holds those of the model in the model's order.
    names : sequence of str
        The variables to use, in the order wanted.
    n_obs : int
        Number of observations behind it.
    mean : Series or sequence of float, optional
        Means, labelled like `cov`.

    Raises
    ------
    DataError
        Where the matrix is not square, symmetric, finite and positive definite, lacks a variable,
        or `n_obs` is absent or not larger than the number of variables.
    """
    where = "cov"
    p = len(names)
    if n_obs is None:
        raise DataError("cov= needs n_obs=, the number of respondents behind the matrix.")
    if not _is_count(n_obs) or n_obs <= p:
        raise DataError(
            f"n_obs={n_obs!r}: a model of {p} observed variables needs a whole number of"
            f" respondents larger than {p}."
        )
    if isinstance(cov, pd.DataFrame):
        columns = [str(c) for c in cov.columns]
        if [str(i) for i in cov.index] != columns:
            if not all(isinstance(i, (int, np.integer)) for i in cov.index):
                raise DataError(
                    "cov: its row labels differ from its column labels. Give both the same names"
                    " in the same order."
                )
            if len(cov.index) != len(columns):
                raise DataError(f"cov: it is {cov.shape[0]} x {cov.shape[1]}, not square.")
        check_columns(columns, names, where)
        at = [columns.index(name) for name in names]
        matrix = _as_floats(cov, where)[np.ix_(at, at)]
        mean_vector = _mean_of_frame(mean, names)
    else:
        matrix = _as_floats(cov, "cov")
        if matrix.shape != (p, p):
            raise DataError(
                f"cov: it has shape {matrix.shape}, but the model has {p} observed variables:"
                f" {', '.join(names)}. Pass a DataFrame with names, or the rows and columns in that"
                " order."
            )
        mean_vector = None if mean is None else _as_floats(mean, "mean")
    if mean_vector is not None:
        if mean_vector.shape != (p,):
            raise DataError(f"mean: it has {mean_vector.size} values for {p} observed variables.")
        if not np.isfinite(mean_vector).all():
            unknown = [names[i] for i in np.flatnonzero(~np.isfinite(mean_vector)).tolist()]
            raise DataError(f"mean: that of {_listed(unknown)} is not a finite number.")
    if not np.isfinite(matrix).all():
        i, j = np.argwhere(~np.isfinite(matrix))[0]
        raise DataError(
            f"cov: the entry of {names[i]} and {names[j]} is not a finite number. Fill in every"
            " covariance."
        )
    sd = np.sqrt(np.abs(matrix.diagonal()))
    for i, name in enumerate(names):
        if not matrix[i, i] > 0:
            raise DataError(
                f"cov: the variance of {name} is {matrix[i, i]:g}; it must be positive."
            )
    gap = np.abs(matrix - matrix.T) / np.outer(sd, sd)
    if gap.max(initial=0.0) > 1e-6:
        i, j = divmod(int(gap.argmax()), p)
        raise DataError(
            f"cov: it is not symmetric: {names[i]} with {names[j]} is {matrix[i, j]:g}, but"
            f" {names[j]} with {names[i]} is {matrix[j, i]:g}. If only one triangle is filled,"
            " mirror it."
        )
    matrix = 0.5 * (matrix + matrix.T)
    check_positive_definite(matrix, names, where)
    return SampleMoments(
        tuple(names), matrix * ((n_obs - 1.0) / n_obs), mean_vector, int(n_obs), int(n_obs)
    )


def numeric_columns(data: pd.DataFrame, names: Sequence[str], *, source: str) -> Array:
    """Return the named columns as floats, NaN where an answer is missing.

    An ordered categorical of words becomes 1, 2, ... in the order of its categories.
    """
    if not isinstance(data, pd.DataFrame):
        raise DataError(
            f"data: expected a pandas DataFrame or a Survey, got {type(data).__name__}. Read a file"
            " with clustersem.read_survey, or wrap an array in a DataFrame with column names."
        )
    columns = [str(column) for column in data.columns.tolist()]
    check_columns(columns, names, source)
    place = {column: i for i, column in enumerate(columns)}
    at = [place[name] for name in names]
    if all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in data.dtypes.tolist()):
        # One block of numbers: ten times faster than column by column.
        values = data.to_numpy(dtype=np.float64).take(at, axis=1)
    else:
        values = np.column_stack(
            [_as_numbers(data.iloc[:, i], name, source) for i, name in zip(at, names, strict=True)]
        )
    if not np.isfinite(values).all() and (infinite := np.isinf(values)).any():
        row, column = np.argwhere(infinite)[0]
        raise DataError(
            f"{source}: row {data.index[row]}, item {names[column]} is infinite. Correct it or set"
            " it to missing."
        )
    return values


def _as_numbers(column: pd.Series, name: str, source: str) -> Array:
    """Return a column of any type as numbers, or name its first answer that is none."""
    dtype = column.dtype
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered and not _numbered(dtype):
        codes = column.cat.codes.to_numpy(dtype=np.float64)
        return np.where(codes < 0, np.nan, codes + 1.0)
    answers = column.astype(object)
    complex_numbers = answers.map(lambda answer: isinstance(answer, complex))
    numbers = pd.to_numeric(answers.mask(complex_numbers), errors="coerce")
    wrong = (numbers.isna() & column.notna()).to_numpy()
    if wrong.any():
        first = int(wrong.argmax())
        row, answer = column.index[first], answers.iloc[first]
        raise DataError(
            f"{source}: row {row}, item {name}: {answer!r} is not a number. Code answers as"
            " numbers, 1 to 5 say, or read the file with clustersem.read_survey and a codebook that"
            " gives the text answers their numbers."
        )
    return numbers.to_numpy(dtype=np.float64)


def _numbered(dtype: pd.CategoricalDtype) -> bool:
    return bool(pd.to_numeric(pd.Series(dtype.categories), errors="coerce").notna().all())


def check_columns(columns: list[str], names: Sequence[str], source: str) -> None:
    """Refuse columns that are not there, or there twice."""
    if len(set(columns)) == len(columns) and set(columns).issuperset(names):
        return
    number = Counter(columns)
    counts = {name: number[name] for name in names}
    doubled = [name for name, count in counts.items() if count > 1]
    if doubled:
        raise DataError(
            f"{source}: there is more than one column named {_listed(doubled)}. Rename all but one."
        )
    absent = [name for name, count in counts.items() if count == 0]
    if absent:
        hints = []
        for name in absent:
            close = difflib.get_close_matches(name, columns, n=1, cutoff=0.5)
            same = [c for c in columns if c.strip().lower() == name.lower()]
            hint = same or close
            hints.append(f"{name} (did you mean {hint[0]}?)" if hint else name)
        which = "is" if len(absent) == 1 else "are"
        raise DataError(
            f"{source}: the model names {_listed(hints)}, which {which} not among its columns."
            f" Correct the model or the column names. There are: {listed(columns, limit=12)}."
        )


def check_rows(n_rows: int, source: str) -> None:
    """Refuse data without rows."""
    if n_rows == 0:
        raise DataError(f"{source}: there are no rows. Check the file, or the filter before it.")


def check_answered(missing: NDArray[np.bool_], names: Sequence[str], source: str) -> None:
    """Refuse items that nobody answered."""
    gone = np.all(missing, axis=0).tolist()
    empty = [name for name, is_gone in zip(names, gone, strict=True) if is_gone]
    if empty:
        raise DataError(
            f"{source}: {_listed(empty)} {'has' if len(empty) == 1 else 'have'} no answers at"
            " all. Leave out such items, or check the column names and missing-value codes."
        )


def none_complete(gaps: Index, n_rows: int, names: Sequence[str], source: str) -> DataError:
    """Return the error for data in which every row has a gap, from every item's number of them."""
    item = names[int(gaps.argmax())]
    return DataError(
        f"{source}: none of the {n_rows} rows has an answer to every item of the model;"
        f" {item} alone is missing in {int(gaps.max())} of them. Leave out items with many"
        " missing answers."
    )


def too_few(n: int, n_rows: int, n_variables: int, source: str) -> DataError:
    """Return the error for a sample whose covariance matrix cannot but be singular."""
    dropped = f" ({n_rows - n} of {n_rows} rows are incomplete)" if n < n_rows else ""
    return DataError(
        f"{source}: {n} complete respondents{dropped} for {n_variables} observed variables. The"
        f" covariance matrix of p variables needs more than p respondents, and a stable"
        f" solution many times that. Collect more answers or model fewer items."
    )


def check_varied(values: Array, names: Sequence[str], source: str) -> None:
    """Refuse items to which all answers are the same; gaps do not count."""
    ranges = np.ptp(values, axis=0)
    if np.isnan(ranges).any():
        ranges = np.nanmax(values, axis=0) - np.nanmin(values, axis=0)
    refuse_constant(ranges, names, source)


def refuse_constant(ranges: Array, names: Sequence[str], source: str) -> None:
    """Refuse items whose range, or variance, is zero."""
    constant = [name for name, width in zip(names, ranges.tolist(), strict=True) if width == 0]
    if constant:
        it, has = ("it", "has") if len(constant) == 1 else ("them", "have")
        raise DataError(
            f"{source}: every respondent gave the same answer to {_listed(constant)}, which {has}"
            f" therefore no variance to explain. Leave {it} out of the model."
        )


def _are_moderate(sizes: Array) -> bool:
    return bool(((sizes > 1.0 / LARGEST_SD) & (sizes < LARGEST_SD)).all())


def _check_sizes(sizes: Array, names: Sequence[str], source: str) -> None:
    """Refuse standard deviations whose powers overflow."""
    if _are_moderate(sizes):
        return
    for name, size in zip(names, sizes.tolist(), strict=True):
        if not 1.0 / LARGEST_SD < size < LARGEST_SD:
            raise DataError(
                f"{source}: the standard deviation of {name} is {size:.2g}, with which no computer"
                " can reckon. Express it in other units."
            )


def check_positive_definite(
    cov: Array, names: Sequence[str], source: str, *, limit: float = SINGULAR
) -> None:
    """Raise a DataError that names the variables involved where `cov` is singular or indefinite.

    Below `limit`, the reciprocal condition number of the correlations counts as zero.
    """
    sd = np.sqrt(cov.diagonal())
    _check_sizes(sd, names, source)
    correlation = cov / sd[:, None] / sd
    factor, failed = lapack.dpotrf(correlation, lower=1)
    if not failed:
        rcond, _ = lapack.dpocon(factor, float(np.abs(correlation).sum(axis=0).max()), uplo="L")
        if rcond > limit:
            return
    values, vectors = eigh(correlation)
    weights = np.abs(vectors[:, 0])
    involved = [names[i] for i in np.argsort(-weights, kind="stable") if weights[i] > 0.1][:6]
    kind = "singular" if values[0] > -1e-10 else "not positive definite"
    raise DataError(
        f"{source}: the covariance matrix is {kind} (smallest eigenvalue of the correlations"
        f" {values[0]:.2g}). The variables involved are {_listed(sorted(involved))}: "
        + (
            "one of them can be computed from the others, as a copied column or a sum score can."
            " Leave it out."
            if kind == "singular"
            else "their covariances contradict each other, as those from pairwise deletion or with"
            " a mistyped entry can. Correct them, or compute the matrix from complete rows."
        )
    )


def _mean_of_frame(mean: pd.Series | Sequence[float] | None, names: Sequence[str]) -> Array | None:
    if mean is None:
        return None
    if isinstance(mean, pd.Series):
        labels = [str(i) for i in mean.index]
        check_columns(labels, names, "mean")
        return _as_floats(mean, "mean")[[labels.index(name) for name in names]]
    return _as_floats(mean, "mean")


def _as_floats(values: object, what: str) -> Array:
    try:
        array = np.array(values)
        if np.iscomplexobj(array):
            raise TypeError("complex numbers")
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{what}: it holds something that is not a number, or rows of different lengths."
        ) from None


def _is_count(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return False
    return math.isfinite(value) and int(value) == value


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return ", ".join(names[:-1]) + " and " + names[-1]
