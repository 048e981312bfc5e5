"""The runs that the numbers of a page are of."""

from __future__ import annotations

from typing import Any

from benchmarks.page import Table
from benchmarks.provenance import runs_in


def run_table(results: dict[str, Any]) -> Table:
    """Return a column a run: when, of which state of the source, where, with what."""
    letters = runs_in(results)
    abouts = [_flat(results["runs"][name]) for name in letters]
    kinds = list(dict.fromkeys(kind for about in abouts for kind in about))
    rows = [[kind, *(about.get(kind, "") for about in abouts)] for kind in kinds]
    rows.append(["load average as its cases began", *(_loads(results, name) for name in letters)])
    rows.append(["threads", *("1 for every engine" for _ in letters)])
    return Table("Runs", ["", *(f"run {letter}" for letter in letters.values())], rows)


def _flat(about: dict[str, Any]) -> dict[str, str]:
    machine = {kind: value for kind, value in about["machine"].items() if kind != "date"}
    versions = {f"version of {name}": value for name, value in about["versions"].items()}
    return (
        {"date": about["date"], "commit": about["commit"]}
        | machine
        | versions
        | {"limits": about["limits"]}
    )


def _loads(results: dict[str, Any], name: str) -> str:
    records = [*results.get("cases", []), *results.get("resampling", {}).get("tasks", [])]
    loads = [record["load"] for record in records if record["run"] == name]
    return f"{min(loads):.1f} to {max(loads):.1f}" if loads else ""
