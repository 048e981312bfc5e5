"""Numbers and lines of the text of a fit."""

from __future__ import annotations

import math

#: Width of the names that stand left of the numbers.
NAMES = 24
#: Three decimals do not show numbers below the one; those from the other on do not fit a column.
SHORT, LONG = 0.0005, 1e5


def line(name: str, value: str) -> str:
    """Return a name with what belongs to it; a long name keeps a space between them."""
    return f"  {name:<{NAMES - 1}} {value}"


def number(value: float) -> str:
    """Return a number to three digits; NaN as a dash."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def in_digits(value: float) -> str:
    """Return a number to three decimals, or to three digits where these do not show it.

    Examples
    --------
    >>> in_digits(0.25), in_digits(0.0), in_digits(2.5e-7), in_digits(-3e8)
    ('0.250', '0.000', '2.50e-07', '-3.00e+08')
    """
    shows = value == 0.0 or SHORT <= abs(value) < LONG
    return number(value) if shows or math.isnan(value) else f"{value:.2e}"


def p_text(p: float) -> str:
    """Return a p-value to three digits, without a zero before the point."""
    if math.isnan(p):
        return "-"
    return "< .001" if p < 0.0005 else f"{p:.3f}"[1:] if p < 0.9995 else "1.000"
