"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path

from benchmarks.worker import GaveUp, Limits, Worker


def machine() -> dict[str, str]:
    """Return the processor, the number of cores, the system and the date."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "load average at the start": f"{load_average():.1f}",
        "date": date.today().isoformat(),
    }


def load_average() -> float:
    """Return how many processes wanted a core in the last minute; NaN where nobody counts."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def versions(engines: dict[str, list[str]], folder: Path, limits: Limits) -> dict[str, str]:
    """Return what each engine says of itself."""
    found = {}
    for engine, command in engines.items():
        with Worker(command, folder, limits) as worker:
            try:
                found[engine] = worker.ask("versions")
            except GaveUp as reason:
                raise SystemExit(f"{engine} does not start: {reason}") from None
    return found


def slow_blas(version: str) -> bool:
    """Whether lavaan's R runs on the reference BLAS, so that a ratio would flatter."""
    blas = version.rsplit("BLAS ", 1)[-1].lower()
    return not any(fast in blas for fast in ("openblas", "mkl", "blis", "atlas", "accelerate"))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
