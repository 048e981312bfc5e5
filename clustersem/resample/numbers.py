"""Whether what was passed is a number at all, so that what is not gets a sentence as an answer."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

from clustersem.engine.arrays import Array
from clustersem.errors import DataError


def is_number(value: object) -> bool:
    """Whether a value is one number, Python's or NumPy's; True, False and NaN are none.

    Examples
    --------
    >>> is_number(0.05), is_number("0.05"), is_number(True), is_number(float("nan"))
    (True, False, False, False)
    """
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, Real) and not np.isnan(float(value))


def are_several(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether a value has several others in it, as a list or an array has; a text has none.

    Examples
    --------
    >>> are_several([100, 200]), are_several(range(2)), are_several(100), are_several("100")
    (True, True, False, False)
    """
    return (
        isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", 1) > 0
    )


def as_numbers(values: object, what: str, example: str) -> Array:
    """Return numbers as an array, NaN where one is missing.

    Parameters
    ----------
    values : object
        One number, or a sequence of them.
    what : str
        What they are, at the head of the message: ``"marginals of x1"``.
    example : str
        How to write them.

    Raises
    ------
    DataError
        Where they are no numbers.

    Examples
    --------
    >>> as_numbers([0.5, 0.5], "marginals of x1", "[0.4, 0.6]")
    array([0.5, 0.5])
    """
    given: Any = list(values) if are_several(values) else values
    try:
        return np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what}: {values!r} are no numbers. Write {example}, say.") from None
