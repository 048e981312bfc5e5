"""The measures of a fit as text: in a column, or in columns where the test is corrected."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from clustersem.fit.solution import Solution
from clustersem.fit.summary_text import NAMES, line, number, p_text

Columns = dict[str, str]


class _Row(NamedTuple):
    """A measure: its name in print, its key, and how it is written."""

    name: str
    key: str
    write: Callable[[float], str] = number


def _count(df: float) -> str:
    """Return degrees of freedom, which an adjusted test need not have as a whole number."""
    return "-" if math.isnan(df) else f"{df:.0f}" if float(df).is_integer() else f"{df:.3f}"


_TEST = (
    _Row("chi2", "chisq"),
    _Row("df", "df", _count),
    _Row("p", "pvalue", p_text),
    _Row("chi2 / df", "cmin_df"),
)
_CORRECTION = (
    _Row("Scaling factor", "chisq_scaling_factor"),
    _Row("Shift", "chisq_shift_parameter"),
)
_INDICES = (
    _Row("CFI", "cfi"),
    _Row("TLI", "tli"),
    _Row("NFI", "nfi"),
    _Row("IFI", "ifi"),
    _Row("GFI", "gfi"),
    _Row("RMSEA", "rmsea"),
    _Row("  lower (90 %)", "rmsea_ci_lower"),
    _Row("  upper (90 %)", "rmsea_ci_upper"),
    _Row("  p of RMSEA <= .05", "rmsea_pvalue", p_text),
    _Row("SRMR", "srmr"),
    _Row("WRMR", "wrmr"),
    _Row("AIC", "aic"),
    _Row("BIC", "bic"),
)
_BROWNE = {"browne.residual.adf": "Browne ADF", "browne.residual.nt": "Browne NT"}


def measure_lines(fit: Solution) -> Iterator[str]:
    """Yield the test of the model and the indices; those that are not defined are left out.

    With a corrected test the plain measures, the scaled and the robust ones stand side by side.
    """
    m, test = fit.measures, fit.options.test
    columns: Columns = {"": "standard"}
    if "chisq_scaled" in m:
        columns["_scaled"] = "scaled"
    elif test in _BROWNE:
        columns[f"_{test.replace('.', '_')}"] = _BROWNE[test]
    yield "Test of the model"
    yield from _rows(m, _TEST, columns, always=True)
    if "_scaled" in columns:
        for row in _CORRECTION:
            if row.key in m:
                yield _in_columns(row.name, ["", number(m[row.key])])
    yield ""
    yield "Fit indices"
    columns = {"": "standard"}
    columns |= {suffix: suffix[1:] for suffix in ("_scaled", "_robust") if f"cfi{suffix}" in m}
    if len(columns) == 1:
        yield from _plain_indices(m)
    else:
        yield from _rows(m, _INDICES, columns)


def _plain_indices(m: Mapping[str, float]) -> Iterator[str]:
    """Yield the indices in one column, RMSEA and its interval in one line."""
    for row in _INDICES:
        value = m.get(row.key, math.nan)
        if row.name.startswith("  lower") or row.name.startswith("  upper") or math.isnan(value):
            continue
        if row.key == "rmsea":
            interval = f"{number(m['rmsea_ci_lower'])} to {number(m['rmsea_ci_upper'])}"
            yield line("RMSEA (90 % interval)", f"{number(value)} ({interval})")
        else:
            yield line(row.name.strip(), row.write(value))


def _rows(
    m: Mapping[str, float], rows: tuple[_Row, ...], columns: Columns, *, always: bool = False
) -> Iterator[str]:
    """Yield a line for each measure that is known in any column, below the columns' names."""
    several = len(columns) > 1
    if several:
        yield _in_columns("", list(columns.values()))
    for row in rows:
        values = [m.get(f"{row.key}{suffix}", math.nan) for suffix in columns]
        if all(map(math.isnan, values)) and not always:
            continue
        if not several:
            yield line(row.name, row.write(values[0]))
            continue
        missing = [f"{row.key}{suffix}" not in m for suffix in columns]
        written = [
            "" if gone else row.write(value) for value, gone in zip(values, missing, strict=True)
        ]
        yield _in_columns(row.name, written)


def _in_columns(name: str, values: list[str]) -> str:
    return f"  {name:<{NAMES}}{''.join(f'{value:>11}' for value in values)}".rstrip()
