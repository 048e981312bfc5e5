"""The tables of docs/specification-searches.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.region import Table

HERE = Path(__file__).parent
RESULTS = HERE / "searches.json"
PAGE = HERE.parent / "docs" / "specification-searches.md"
KINDS = {
    "true": "Ends at the true model",
    "false steps": "False steps in a run",
    "missed": "Omitted covariances that are missed in a run",
}
INDICES = {"chisq": "chi2", "cmin_df": "chi2/df", "rmsea": "RMSEA", "cfi": "CFI", "srmr": "SRMR"}


def tables(results: dict[str, Any]) -> list[Table]:
    """Return a table for each question and population, and one of the price."""
    found: list[Table] = []
    for population, sizes in results["populations"].items():
        head = ["search", *(f"n = {n}" for n in sizes)]
        first = next(iter(sizes.values()))["searches"]
        for kind, title in KINDS.items():
            rows = [
                [name, *(_shown(kind, sizes[n]["searches"][name][kind]) for n in sizes)]
                for name in first
            ]
            if any(cell.strip("0.") for row in rows for cell in row[1:]):
                found.append((f"{title}: {population}", head, rows))
    return [*found, *_prices(results), _about(results)]


def _prices(results: dict[str, Any]) -> list[Table]:
    head = [
        "population, n",
        "index",
        "plain",
        "corrected",
        "on new respondents",
        "error of plain",
        "error of corrected",
        "corrected is closer",
    ]
    rows = []
    for population, sizes in results["populations"].items():
        for n, found in sizes.items():
            for index, one in found["indices"].items():
                digits = 1 if index == "chisq" else 3
                numbers = [
                    f"{one[kind]:.{digits}f}"
                    for kind in (
                        "plain",
                        "corrected",
                        "new",
                        "error of plain",
                        "error of corrected",
                    )
                ]
                # RMSEA and CFI are 0 and 1 in many samples, plain and corrected.
                share = f"{100.0 * one['closer']:.0f} %" if index not in ("rmsea", "cfi") else ""
                rows.append([f"{population}, {n}", INDICES[index], *numbers, share])
    return [("The price: plain and corrected indices", head, rows)]


def _shown(kind: str, value: float) -> str:
    return f"{100.0 * value:.0f} %" if kind == "true" else f"{value:.2f}"


def _about(results: dict[str, Any]) -> Table:
    sizes = next(iter(results["populations"].values()))
    priced = next(iter(sizes.values()))["priced"]
    rows = [
        ["replications of each population and size", str(results["replications"])],
        ["of these with a price", str(priced)],
        ["seed", str(results["seed"])],
        ["time", f"{results['seconds']:.0f} s in {results['processes']} processes"],
        ["processor", f"{results['machine']['processor']}, {results['machine']['cores']} cores"],
        ["load average at the start", results["machine"]["load average at the start"]],
        ["date", results["machine"]["date"]],
    ]
    return "How it was run", ["", ""], rows
