"""Printed tables for the audit's tests: of lavaan's results, of our own fits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clustersem.audit.finding import Finding, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedCoefficient,
    PrintedConstruct,
    PrintedModel,
    PrintedSample,
    Published,
)

#: What p-values are printed as, by the usual key.
KEY = ((0.001, "***"), (0.01, "**"), (0.05, "*"))


def number(value: float | None, decimals: int, place: str = "") -> Printed | None:
    """Round a number as a table does; nothing for what is not there."""
    if value is None or not math.isfinite(value):
        return None
    return Printed.read(f"{value:.{decimals}f}", place)


def stars(p: float, place: str = "") -> Printed:
    """Return the stars that the usual key gives a p-value."""
    above = 0.0
    for level, text in KEY:
        if p < level:
            return Printed(text, Interval(above, level), place)
        above = level
    return Printed("n.s.", Interval(0.05, 1.0), place)


def coefficient(
    lhs: str, op: str, rhs: str, *, place: str = "", **printed: Any
) -> PrintedCoefficient:
    """Return a row whose numbers are given as texts."""
    place = place or f"Table 1, {lhs} {op} {rhs}"
    numbers = {
        name: Printed.read(value, place) if isinstance(value, str) else value
        for name, value in printed.items()
        if name not in ("id", "expect", "model", "supported")
    }
    words = {name: value for name, value in printed.items() if name not in numbers}
    return PrintedCoefficient(lhs, op, rhs, place, **numbers, **words)


def table(*rows: PrintedCoefficient, n: int = 400, **parts: Any) -> Published:
    """Return a paper of one model with these rows."""
    return Published(
        sample=PrintedSample(n=Printed.count(n)),
        models=(PrintedModel("final", "Table 1"),),
        coefficients=rows,
        **parts,
    )


def of_rows(
    rows: Sequence[Mapping[str, Any]],
    decimals: int,
    *,
    n: int,
    r_squared: Mapping[str, float] | None = None,
    markers: str = "blank",
    with_stars: bool = False,
) -> Published:
    """Return the paper that prints lavaan's parameter table.

    Parameters
    ----------
    rows : sequence of mapping
        ``lhs op rhs est se z pvalue ci_lower ci_upper std_all`` and possibly ``block``.
    decimals : int
        How many digits are printed.
    n : int
        Respondents.
    r_squared : mapping of str to float, optional
        Of dependent variables; of a single block.
    markers : str
        Whether fixed rows have a ``"blank"`` S.E. or ``"zero"``.
    with_stars : bool
        Stars instead of p-values.
    """
    made = []
    for row in rows:
        if row["op"] not in ("=~", "~", "~~"):
            continue
        fixed = not row["se"]
        place = f"Table 1, {row['lhs']} {row['op']} {row['rhs']}"
        numbers = {
            name: number(row[key], decimals, place)
            for name, key in (
                ("est", "est"),
                ("se", "se"),
                ("cr", "z"),
                ("p", "pvalue"),
                ("std", "std_all"),
                ("ci_lower", "ci_lower"),
                ("ci_upper", "ci_upper"),
            )
            if not (fixed and name in ("cr", "p", "ci_lower", "ci_upper"))
            and not (fixed and name == "se" and markers == "blank")
        }
        if with_stars and numbers.get("p"):
            numbers["p"] = stars(row["pvalue"], place)
        made.append(
            PrintedCoefficient(
                row["lhs"],
                row["op"],
                row["rhs"],
                place,
                model=f"block {row.get('block') or 1}",
                **numbers,
            )
        )
    blocks = dict.fromkeys(row.model for row in made)
    constructs = (
        PrintedConstruct(name, "Table 2", r_squared=number(value, decimals))
        for name, value in (r_squared or {}).items()
    )
    return Published(
        sample=PrintedSample(n=Printed.count(n)),
        models=tuple(PrintedModel(name, "Table 3", n_groups=len(blocks)) for name in blocks),
        coefficients=tuple(made),
        constructs=tuple(constructs) if len(blocks) == 1 else (),
    )


def findings(rules: Sequence[Rule], paper: Published) -> Iterator[Finding]:
    """Yield what some rules find."""
    for rule in rules:
        for outcome in rule.check(paper):
            assert outcome.rule == rule.name
            if isinstance(outcome, Finding):
                yield outcome
