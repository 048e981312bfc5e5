"""The tables of docs/audit-rates.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.region import Table

HERE = Path(__file__).parent
RESULTS = HERE / "papers.json"
PAGE = HERE.parent / "docs" / "audit-rates.md"
POSITIONS = ("before the point", "first decimal", "between", "last decimal")
_FEWEST = 10


def tables(results: dict[str, Any]) -> list[Table]:
    return [
        _alarms(results),
        _forms(results),
        _rules(results),
        _kinds(results),
        _positions(results),
        _about(results),
    ]


def _alarms(results: dict[str, Any]) -> Table:
    head = ["program", "decimals", "papers", "relations checked", "false alarms"]
    rows = [
        [program, digits, *(str(one[key]) for key in ("papers", "checked", "findings"))]
        for program, by_digits in results["unaltered"].items()
        for digits, one in by_digits.items()
    ]
    each = [one for by in results["unaltered"].values() for one in by.values()]
    total = [str(sum(one[key] for one in each)) for key in ("papers", "checked", "findings")]
    return "False alarms", head, [*rows, ["all", "", *total]]


def _forms(results: dict[str, Any]) -> Table:
    head = ["form of the paper", "papers", "relations checked in a paper"]
    rows = [
        [form, str(one["papers"]), f"{one['checked'] / one['papers']:.0f}"]
        for form, one in sorted(results["forms"].items())
    ]
    return "Read from", head, rows


def _rules(results: dict[str, Any]) -> Table:
    rows = [[rule, str(count)] for rule, count in sorted(results["rules"].items())]
    return "How often each rule was checked, all papers together", ["rule", "checked"], rows


def _share(changes: Iterable[dict[str, Any]], key: str) -> str:
    told = list(changes)
    if len(told) < _FEWEST:
        return "-"
    return f"{100.0 * sum(one[key] for one in told) / len(told):.0f} %"


def _kinds(results: dict[str, Any]) -> Table:
    changes = results["changes"]
    head = [
        "changed number", "papers", "found", "named", "with 2 decimals", "3", "4",
        "digit before the point or first decimal",
    ]  # fmt: skip
    rows = []
    kinds = sorted({one["kind"] for one in changes}, key=str.casefold)
    for kind in (*kinds, "all"):
        own = [one for one in changes if kind in (one["kind"], "all")]
        by_digits = [_share((c for c in own if c["decimals"] == d), "found") for d in (2, 3, 4)]
        coarse = [c for c in own if c["position"] in POSITIONS[:2]]
        rows.append(
            [kind, str(len(own)), _share(own, "found"), _share(own, "named"), *by_digits,
             _share(coarse, "found")]
        )  # fmt: skip
    return "Found, of papers with one digit changed", head, rows


def _positions(results: dict[str, Any]) -> Table:
    rows = []
    for position in POSITIONS:
        own = [one for one in results["changes"] if one["position"] == position]
        by_digits = [_share((c for c in own if c["decimals"] == d), "found") for d in (2, 3, 4)]
        rows.append(
            [position, str(len(own)), _share(own, "found"), _share(own, "named"), *by_digits]
        )
    head = ["changed digit", "papers", "found", "named", "with 2 decimals", "3", "4"]
    return "Found, by the digit", head, rows


def _about(results: dict[str, Any]) -> Table:
    rows = [
        ["surveys", str(results["surveys"])],
        ["fits that do not converge", str(results["no fit"])],
        ["improper solutions, not counted above", f"{results['improper']['papers']} papers"],
        ["of these with a finding", str(results["improper"]["with findings"])],
        ["lavaan, semTools", results["lavaan"]],
        ["seed", str(results["seed"])],
        ["time", f"{results['seconds']:.0f} s in {results['processes']} processes"],
        ["processor", f"{results['machine']['processor']}, {results['machine']['cores']} cores"],
        ["date", results["machine"]["date"]],
    ]
    return "How it was run", ["", ""], rows
