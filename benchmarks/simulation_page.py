"""The tables of docs/simulation.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.region import Table

HERE = Path(__file__).parent
RESULTS = HERE / "simulation.json"
PAGE = HERE.parent / "docs" / "simulation.md"
COLUMNS = {
    "rejected": "True model rejected at 5 %",
    "coverage_loadings": "Coverage of 95 % intervals: loadings",
    "coverage_constructs": "Coverage of 95 % intervals: variances and covariances of constructs",
    "se_over_sd": "Mean standard error over the standard deviation of the estimates",
    "bias": "Relative bias of the estimates",
}


def tables(results: dict[str, Any]) -> list[Table]:
    """Return a table for each question: estimators by sample sizes."""
    sizes = results["sizes"]
    head = ["estimator", *(f"n = {n}" for n in sizes)]
    found: list[Table] = []
    for column, title in COLUMNS.items():
        rows = [
            [name, *(_shown(column, sizes[n][name]) for n in sizes)]
            for name in next(iter(sizes.values()))
        ]
        found.append((title, head, [row for row in rows if any(row[1:])]))
    failed = [
        [name, *(str(sizes[n][name]["failed"]) for n in sizes)]
        for name in next(iter(sizes.values()))
    ]
    title = "Replications without a solution, left out above"
    found.append((title, head, [row for row in failed if any(cell != "0" for cell in row[1:])]))
    return [*found, _about(results)]


def _shown(column: str, one: dict[str, Any]) -> str:
    value = one.get(column)
    if value is None:
        return ""
    if column == "se_over_sd":
        return f"{value:.2f}"
    return f"{100.0 * value:+.1f} %" if column == "bias" else f"{100.0 * value:.1f} %"


def _about(results: dict[str, Any]) -> Table:
    rows = [
        ["replications of each size", str(results["replications"])],
        ["seed", str(results["seed"])],
        [
            "discrepancy of the model in the population of category numbers",
            f"{results['noncentrality']:.2g}",
        ],
        ["time", f"{results['seconds']:.0f} s in {results['processes']} processes"],
        ["processor", f"{results['machine']['processor']}, {results['machine']['cores']} cores"],
        ["load average at the start", results["machine"]["load average at the start"]],
        ["date", results["machine"]["date"]],
    ]
    return "How it was run", ["", ""], rows
