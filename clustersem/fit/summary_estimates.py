"""The estimates of a fit as text, section by section, group by group."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from clustersem.fit.solution import Solution
from clustersem.fit.summary_text import NAMES, number, p_text

SECTIONS = {
    "=~": "Latent variables",
    "<~": "Composites",
    "~": "Regressions",
    "~~": "Covariances",
    "~1": "Intercepts",
    "|": "Thresholds",
    "~*~": "Scales",
}
#: Operators of one variable, which is the parameter's name in print.
_OF_ONE = ("~1", "~*~")


def estimate_lines(fit: Solution) -> Iterator[str]:
    """Yield every parameter; those of several groups under the groups' names."""
    estimates, r_squared = fit.own_estimates, fit.r_squared
    ordinal = fit.spec.options.ordered
    for number_of, label in enumerate(fit.groups, 1):
        rows = estimates[(estimates["group"] == number_of) & (estimates["op"] != ":=")]
        if label:
            yield ""
            yield f"Group {label}"
        yield from _sections(rows, ordinal)
        explained = r_squared.loc[label] if label and len(r_squared) else r_squared
        if len(explained):
            width = max(len(str(name)) for name in explained.index)
            yield ""
            yield "R-squared"
            for name, value in explained.items():
                yield f"  {name!s:<{width}}  {number(float(value))}"
    defined = estimates[estimates["op"] == ":="]
    if len(defined):
        yield ""
        yield from _table("Defined parameters", defined)


def _sections(rows: pd.DataFrame, ordinal: tuple[str, ...]) -> Iterator[str]:
    own = (rows["op"] == "~~") & (rows["lhs"] == rows["rhs"])
    # The intercepts of ordinal items stand in their thresholds.
    idle = (rows["op"] == "~1") & rows["lhs"].isin(ordinal) & (rows["est"] == 0) & (rows["se"] == 0)
    for op, title in SECTIONS.items():
        found = rows[(rows["op"] == op) & ~own & ~idle]
        if op == "~*~" and np.allclose(found["est"], 1.0, rtol=0.0, atol=1e-12):
            continue
        if op == "~1" and not (found["est"].any() or found["se"].any()):
            continue
        if len(found):
            yield ""
            yield from _table(title, found)
    if own.any():
        yield ""
        yield from _table("Variances", rows[own])


def _table(title: str, rows: pd.DataFrame) -> Iterator[str]:
    names = [_row_name(*row) for row in zip(rows["lhs"], rows["op"], rows["rhs"], strict=True)]
    width = max(NAMES, *(len(name) for name in names))
    yield title
    yield f"  {'':<{width}}{'est':>9}{'se':>9}{'z':>9}{'p':>8}{'std_lv':>9}{'std_all':>9}"
    columns = ["est", "se", "z", "p_value", "std_lv", "std_all"]
    for name, values in zip(names, rows[columns].to_numpy(dtype=np.float64), strict=True):
        est, se, z, p, std_lv, std_all = (float(value) for value in values)
        tested = f"{number(se):>9}{number(z):>9}{p_text(p):>8}"
        yield (
            f"  {name:<{width}}{number(est):>9}{'' if math.isnan(z) else tested:>26}"
            f"{number(std_lv):>9}{number(std_all):>9}"
        )


def _row_name(lhs: str, op: str, rhs: str) -> str:
    if op in _OF_ONE or (op == "~~" and lhs == rhs):
        return lhs
    return f"{lhs} {op} {rhs}"
