"""Reads the parameter tables that make_partables.R took from lavaan."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clustersem.spec import SpecOptions, options_for

HERE = Path(__file__).parent

#: Every ordered variable of the R script has three categories.
N_THRESHOLDS = 2


@dataclass(frozen=True)
class Row:
    lhs: str
    op: str
    rhs: str
    user: bool
    group: int
    free: bool
    value: float | None
    label: str
    exogenous: bool


@dataclass(frozen=True)
class Case:
    name: str
    model: str
    options: SpecOptions
    rows: tuple[Row, ...]
    bounds: tuple[tuple[int, float | None, float | None], ...]
    constraints: tuple[tuple[str, str, str], ...]
    npar: int
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    exogenous_observed: tuple[str, ...]


def _load() -> tuple[dict[str, Case], dict[str, str]]:
    cases, refused = {}, {}
    raw = json.loads((HERE / "partables.json").read_text(encoding="utf-8"))["cases"]
    for name, case in raw.items():
        if case.get("refused"):
            refused[name] = case["model"]
            continue
        cases[name] = Case(
            name=name,
            model=case["model"],
            options=options_of(case["fun"], case["options"] or {}),
            rows=tuple(Row(*row[:3], bool(row[3]), *row[4:]) for row in case["rows"]),
            bounds=tuple((row - 1, lower, upper) for row, lower, upper in case["bounds"]),
            constraints=tuple(tuple(row) for row in case["constraints"]),
            npar=case["npar"],
            observed=_texts(case["ov"]),
            latent=_texts(case["lv"]),
            exogenous_observed=_texts(case["ov_x"]),
        )
    return cases, refused


def options_of(fun: str, options: dict[str, Any]) -> SpecOptions:
    """Our options for a call of lavaan."""
    if fun == "lavaan":  # nothing is automatic but what is named
        off = dict.fromkeys(
            ("auto_fix_first", "auto_fix_single", "auto_var", "auto_cov_lv_x", "auto_cov_y"), False
        )
        named = {name.replace(".", "_"): value for name, value in options.items()}
        return SpecOptions(**{**off, "int_ov_free": False, **named})
    ordered = _texts(options.get("ordered", ()))
    meanstructure = options.get("meanstructure")
    if options.get("missing") == "fiml":
        meanstructure = True
    result = options_for(
        fun,
        meanstructure=meanstructure,
        std_lv=options.get("std.lv", False),
        orthogonal=options.get("orthogonal", False),
        fixed_x=options.get("fixed.x", True),
        n_groups=options.get("n_groups", 2 if "group" in options else 1),
        ordered=ordered,
        group_equal=_texts(options.get("group.equal", ())),
        group_partial=_texts(options.get("group.partial", ())),
    )
    return replace(result, thresholds=tuple((name, N_THRESHOLDS) for name in ordered))


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


CASES, REFUSED = _load()
