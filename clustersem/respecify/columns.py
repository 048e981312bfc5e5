"""Columns of a table of text: names of any length, and numbers of any size."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable

from clustersem.fit.summary_text import SHORT

_WIDEST = 98


def name_width(names: Iterable[str], least: str, most: int) -> int:
    """Return how wide a column of names is; those beyond `most` get lines of their own."""
    return max(len(least), *(len(name) for name in names if len(name) <= most), 0)


def named(name: str, width: int, rest: str, lead: str = "") -> list[str]:
    """Return a row of a table, in two lines where its name is wider than the column.

    Examples
    --------
    >>> named("a ~~ b", 8, "  1.00", "1 "), named("a_long ~~ name", 8, "  1.00", "1 ")
    (['1 a ~~ b    1.00'], ['1 a_long ~~ name', '            1.00'])
    """
    if len(name) <= width:
        return [f"{lead}{name:<{width}}{rest}"]
    lines = textwrap.wrap(
        name, _WIDEST, initial_indent=lead, subsequent_indent=" " * (len(lead) + 2)
    )
    return [*lines, f"{'':<{len(lead) + width}}{rest}"]


def number(value: float, width: int, digits: int = 3) -> str:
    """Return a number without a unit of the data; a hyphen where there is none.

    Examples
    --------
    >>> number(0.25, 7), number(2.0, 6, 1), number(math.nan, 3)
    ('  0.250', '   2.0', '  -')
    """
    return f"{'-' if math.isnan(value) else f'{value:.{digits}f}':>{width}}"


def raw_number(value: float, width: int) -> str:
    """Return a number to three decimals, or to two digits where these do not show or hold it.

    Examples
    --------
    >>> raw_number(0.25, 8), raw_number(-2.54e-7, 8), raw_number(3.4e15, 8), raw_number(math.nan, 3)
    ('   0.250', ' -2.5e-7', '  3.4e15', '  -')
    """
    if math.isnan(value):
        text = "-"
    else:
        text = f"{round(value, 3) + 0.0:.3f}"
        if (value != 0.0 and abs(value) < SHORT) or len(text) >= width:
            mantissa, exponent = f"{value:.1e}".split("e")
            text = f"{mantissa}e{int(exponent)}"
    # Two numbers that touch would be read as one.
    return f"{text:>{width}}" if len(text) < width else f" {text}"
