"""The large survey of :mod:`benchmarks.large` as a part of the suite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.large import PIECE
from benchmarks.page import Table, seconds
from benchmarks.provenance import runs_in
from benchmarks.worker import HERE, ONE_THREAD

ITEMS = 60


def large_survey(rows: int) -> dict[str, Any]:
    """Run it in a process of its own and return what it prints, a name for every line."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.large", "--rows", str(rows), "--items", str(ITEMS)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=HERE.parent,
        env={**os.environ, **ONE_THREAD},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = {line["what"]: line for line in lines if "what" in line}
    (written,) = (line for line in lines if "written_mb" in line)
    (agreement,) = (line["agreement"] for line in lines if "agreement" in line)
    return {
        "items": ITEMS,
        "piece": PIECE,
        "row_bytes": written["written_mb"] * 2**20 / rows,
        "moments": found["moments"],
        "tables": found["tables and moments"],
        "agreement": agreement,
    }


def large_tables(results: dict[str, Any]) -> list[Table]:
    """Return rows a second, memory, fits and agreement."""
    if "large" not in results:
        return []
    large = results["large"]
    letter = runs_in(results)[large["run"]]
    rows = []
    for read in (large["moments"], large["tables"]):
        fits = "; ".join(
            f"{estimator} {seconds(fit['seconds'])}" for estimator, fit in read["fits"].items()
        )
        peak = max(fit["peak_mb_so_far"] for fit in read["fits"].values())
        rows.append(
            [
                f"{read['what']}, {read['rows']:,} x {large['items']}",
                seconds(read["seconds"]),
                f"{read['rows_per_second']:,}",
                fits,
                f"{read['peak_mb_of_reading']:,} reading, {peak:,} in the end",
                letter,
            ]
        )
    said = ", ".join(f"{name} {gap:.0e}" for name, gap in large["agreement"].items())
    rows.append([f"largest relative difference to the same rows in memory: {said}", *[""] * 5])
    head = ["collected", "reading", "respondents a second", "then fits", "MB at the peak", "run"]
    return [Table("A survey in pieces, one core", head, rows)]
