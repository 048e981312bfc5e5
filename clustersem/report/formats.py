"""Numbers as a reader expects them: fixed decimals, a true minus sign, ``<.001``, an en dash."""

from __future__ import annotations

import math

from clustersem.report.document import Cell, Column, Value

MISSING = "–"


def number(value: float, digits: int = 3) -> str:
    """Write fixed decimals; no negative zero; NaN as an en dash.

    Examples
    --------
    >>> number(-0.3504, 2), number(-0.0001, 2), number(float("nan"))
    ('−0.35', '0.00', '–')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    written = f"{value:.{digits}f}"
    if float(written) == 0:
        written = written.lstrip("-")
    return written.replace("-", "−")


def p_value(value: float) -> str:
    """Write a probability without its leading zero.

    Examples
    --------
    >>> p_value(0.00004), p_value(0.0341), p_value(1.0)
    ('<.001', '.034', '1.000')
    """
    if math.isnan(value):
        return MISSING
    if value < 0.001:
        return "<.001"
    written = f"{value:.3f}"
    return written[1:] if written.startswith("0") else written


def percent(value: float, digits: int = 1) -> str:
    """Write a share as a percentage."""
    return MISSING if math.isnan(value) else f"{number(100 * value, digits)} %"


def cell_text(cell: Cell, column: Column) -> str:
    """Return what a cell of a column prints."""
    value: Value = cell.value
    if value is None or cell.missing:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        real = float(value)
        if column.kind == "p":
            return p_value(real)
        if column.kind == "number":
            return number(real, column.digits)
        return f"{real:.0f}".replace("-", "−") if real.is_integer() else number(real, column.digits)
    return str(value)
