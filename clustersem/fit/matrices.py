"""Covariance matrices that a user passes, of one group or of several, into samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array
from clustersem.errors import DataError
from clustersem.moments import SampleMoments, moments_from_cov
from clustersem.survey.names import did_you_mean, listed

Matrix = pd.DataFrame | Array
Matrices = Matrix | Mapping[str, Matrix] | Sequence[Matrix]
Mean = pd.Series | Sequence[float]
Means = Mean | Mapping[str, Mean] | Sequence[Mean]
Numbers = int | Mapping[str, int] | Sequence[int]
T = TypeVar("T")


def samples_from_matrices(
    cov: Matrices, names: Sequence[str], n_obs: Numbers | None, mean: Means | None = None
) -> tuple[SampleMoments, ...]:
    """Return one sample a covariance matrix.

    Parameters
    ----------
    cov : DataFrame, ndarray, or a mapping or list of these
        Covariance matrix with divisor n - 1, as software prints it; for several groups a dictionary
        of the groups' matrices, or a list of them, whose groups are then called ``Group 1`` and so
        on.
    names : sequence of str
        The variables to use, in the order wanted.
    n_obs : int, or a mapping or list of int
        Number of observations of every group.
    mean : Series, sequence of float, or a mapping or list of these, optional
        Means of every group.

    Raises
    ------
    DataError
        Where a matrix cannot be used, or where `cov`, `mean` and `n_obs` speak of other groups.

    Examples
    --------
    >>> s = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> samples = samples_from_matrices({"a": s, "b": 2 * s}, ["x", "y"], {"a": 50, "b": 80})
    >>> [(sample.label, sample.n_obs) for sample in samples]
    [('a', 50), ('b', 80)]
    """
    if not _several(cov):
        if n_obs is not None and np.ndim(n_obs) > 0:  # type: ignore[arg-type]
            raise DataError(
                "n_obs= lists several groups, but cov= is one matrix. Pass one matrix a group:"
                " cov={'north': S1, 'south': S2}."
            )
        return (moments_from_cov(cov, names, n_obs, mean),)  # type: ignore[arg-type]
    matrices: dict[str, Any] = (
        {str(label): matrix for label, matrix in cov.items()}
        if isinstance(cov, Mapping)
        else {f"Group {i}": matrix for i, matrix in enumerate(cov, start=1)}
    )
    numbers = _by_group(n_obs, matrices, "n_obs")
    means = _by_group(mean, matrices, "mean")
    samples = []
    for label, matrix in matrices.items():
        try:
            sample = moments_from_cov(matrix, names, numbers[label], means[label])
        except DataError as error:
            raise DataError(f"group {label!r}: {error}") from None
        samples.append(replace(sample, label=label if len(matrices) > 1 else ""))
    return tuple(samples)


def _several(cov: Matrices) -> bool:
    """Whether there is a collection of matrices rather than one; rows of a matrix are vectors."""
    if isinstance(cov, Mapping):
        if not cov:
            raise DataError("cov= is an empty dictionary. Pass one matrix a group.")
        return True
    if isinstance(cov, pd.DataFrame) or not isinstance(cov, (list, tuple)) or not len(cov):
        return isinstance(cov, np.ndarray) and cov.ndim == 3
    return all(isinstance(m, pd.DataFrame) or (_is_nested(m)) for m in cov)


def _is_nested(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 2
    return isinstance(value, (list, tuple)) and any(
        isinstance(v, (list, tuple, np.ndarray)) for v in value
    )


def _by_group(values: Any, groups: Mapping[str, object], what: str) -> dict[str, Any]:  # noqa: ANN401
    """Return a value a group."""
    if values is None:
        if what == "n_obs":
            raise DataError("cov= needs n_obs=, the number of respondents behind each matrix.")
        return dict.fromkeys(groups)
    if isinstance(values, Mapping):
        found = {str(label): value for label, value in values.items()}
        for label in groups:
            if label not in found:
                raise DataError(
                    f"{what}= has nothing for group {label!r} of cov="
                    f"{did_you_mean(label, found) or '.'} It has {listed(found, limit=12)}."
                )
        extra = [label for label in found if label not in groups]
        if extra:
            raise DataError(
                f"{what}= names {extra[0]!r}, which cov= does not have. It has"
                f" {listed(groups, limit=12)}."
            )
        return found
    if isinstance(values, (str, pd.Series)) or not hasattr(values, "__len__"):
        raise DataError(
            f"{what}= must have one entry for each of the {len(groups)} groups of cov=; pass a list"
            " in their order or a dictionary."
        )
    if len(values) != len(groups):
        raise DataError(
            f"{what}= has {len(values)} entries for the {len(groups)} groups of cov=. Pass one for"
            " each, in their order."
        )
    return dict(zip(groups, values, strict=True))
