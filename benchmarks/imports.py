"""What ``import clustersem`` costs beyond the pandas and scipy.linalg that it stands on."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from benchmarks.worker import HERE

BASE = "import pandas, scipy.linalg"
RUNS = 15


def import_seconds() -> dict[str, float]:
    """Return median seconds of both imports in fresh processes, taken in turns."""
    times: dict[str, list[float]] = {"base": [], "clustersem": []}
    for _ in range(RUNS):
        for name, statement in (("base", BASE), ("clustersem", "import clustersem")):
            times[name].append(_once(statement))
    return {name: median(seconds) for name, seconds in times.items()}


def _once(statement: str) -> float:
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parent
    )
    return float(done.stdout)
