"""Numbers and lines of the text of a fit."""

from __future__ import annotations

import math

#: Width of the names that stand left of the numbers.
NAMES = 24


def line(name: str, value: str) -> str:
    """Return a name with what belongs to it; a long name keeps a space between them."""
    return f"  {name:<{NAMES - 1}} {value}"


def number(value: float) -> str:
    """Return a number to three digits; NaN as a dash."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def p_text(p: float) -> str:
    """Return a p-value to three digits, without a zero before the point."""
    if math.isnan(p):
        return "-"
    return "< .001" if p < 0.0005 else f"{p:.3f}"[1:] if p < 0.9995 else "1.000"
