"""The tables of docs/simulation.md."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "simulation.json"
PAGE = HERE.parent / "docs" / "simulation.md"
START, END = "<!-- simulation: start -->", "<!-- simulation: end -->"
COLUMNS = {
    "rejected": "True model rejected at 5 %",
    "coverage_loadings": "Coverage of 95 % intervals: loadings",
    "coverage_constructs": "Coverage of 95 % intervals: variances and covariances of constructs",
    "se_over_sd": "Mean standard error over the standard deviation of the estimates",
    "bias": "Relative bias of the estimates",
}
Table = tuple[str, list[str], list[list[str]]]


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


def show(results: dict[str, Any]) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console() if sys.stdout.isatty() else Console(width=120)
    for title, head, rows in tables(results):
        shown = RichTable(*head, title=title, title_justify="left")
        for row in rows:
            shown.add_row(*row)
        console.print(shown)


def write_page(results: dict[str, Any], path: Path) -> None:
    """Fill the marked region of the page and leave the rest as it is."""
    before, rest = path.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    parts = [START]
    for title, head, rows in tables(results):
        if not rows:
            continue
        lines = [head, ["---"] * len(head), *rows]
        parts += [f"### {title}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    parts.append(END)
    new = path.with_suffix(".tmp")
    new.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")
    new.replace(path)


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
