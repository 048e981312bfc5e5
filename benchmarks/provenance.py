"""Which run a measured number is of: its date, the state of the source, the machine, the versions.

Every record in ``results.json`` carries the name of its run, so a page put together from several
runs says so row by row, whoever writes it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from string import ascii_lowercase
from typing import Any

from benchmarks.machine import machine
from benchmarks.worker import HERE, Limits

#: Written by a run, so no sign that what was measured differs from the commit.
OUTPUTS = ("benchmarks/results.json", "docs")


@dataclass(frozen=True)
class Run:
    """One start of the suite."""

    name: str
    about: dict[str, Any]

    @classmethod
    def now(cls, versions: dict[str, str], limits: Limits) -> Run:
        """Describe the run that begins."""
        moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        about = {
            "date": moment,
            "commit": commit(),
            "machine": machine(),
            "versions": versions,
            "limits": f"{limits.seconds:g} s a command, {limits.gigabytes:g} GB of address space",
        }
        return cls(moment, about)


def commit() -> str:
    """Return the commit that is measured, and whether the source differs from it."""
    short = _git("rev-parse", "--short", "HEAD")
    if not short:
        return "unknown"
    excluded = (f":!{path}" for path in OUTPUTS)
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *excluded)
    return f"{short} with changes" if changed else short


def runs_in(results: dict[str, Any]) -> dict[str, str]:
    """Return a letter for every run that a record is of, the earliest first."""
    used = sorted(set(_runs_below(results)))
    return dict(zip(used, ascii_lowercase, strict=False))


def forget_unused(results: dict[str, Any]) -> None:
    """Drop the runs that no record is of any more."""
    used = runs_in(results)
    results["runs"] = {name: results["runs"][name] for name in used}


def _runs_below(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("run"), str):
            yield found["run"]
        for value in found.values():
            yield from _runs_below(value)
    elif isinstance(found, list):
        for value in found:
            if not isinstance(value, float | int):
                yield from _runs_below(value)


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True, cwd=HERE.parent
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
