"""The Python half of the protocol in :mod:`benchmarks.worker`; ``lavaan_peer.R`` is the other."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pandas as pd


class Peer(Protocol):
    """What an engine can do with one case."""

    def load(self, model: str, data: pd.DataFrame, options: dict[str, str]) -> None: ...
    def works(self) -> dict[str, Callable[..., object]]: ...
    def before(self, work: str) -> None: ...
    def answers(self, work: str) -> dict[str, float]: ...
    def refits(self, work: str, count: int, folder: Path) -> pd.DataFrame: ...
    def versions(self) -> str: ...


def serve(peer: Peer, folder: Path) -> None:
    """Answer commands on standard input until it ends, a line each."""
    # What an engine prints itself must not stand among the answers.
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        command, *arguments = line.split()
        try:
            reply = _answer(peer, folder, command, arguments)
        except Exception as error:  # whatever an engine raises is its result here
            reply = f"error {type(error).__name__}: {error}".replace("\n", " ")
        print(reply, file=out, flush=True)


def _answer(peer: Peer, folder: Path, command: str, arguments: list[str]) -> str:
    if command == "versions":
        return peer.versions()
    if command == "load":
        (name,) = arguments
        model = (folder / f"{name}.txt").read_text(encoding="utf-8")
        lines = (folder / f"{name}.options").read_text(encoding="utf-8").splitlines()
        options = dict(line.split(" ", 1) for line in lines)
        peer.load(model, pd.read_csv(folder / f"{name}.csv"), options)
        return "ok"
    if command == "time":
        work, repeats = arguments
        return _times(peer, work, int(repeats))
    if command == "answers":
        work, name = arguments
        pd.Series(peer.answers(work), name="value").rename_axis("name").to_csv(folder / name)
        return "ok"
    if command == "refits":
        work, count, name = arguments
        peer.refits(work, int(count), folder).to_csv(folder / name, index=False)
        return "ok"
    if command == "peak":
        return f"{peak_megabytes():.1f}"
    raise ValueError(f"unknown command {command!r}")


def _times(peer: Peer, work: str, repeats: int) -> str:
    # "bootstrap/100" is the work of that name, a hundred times in one run.
    name, _, count = work.partition("/")
    run = peer.works()[name]
    how_often = (int(count),) if count else ()
    numbers = []
    for _ in range(repeats):
        peer.before(name)
        cpu, wall = time.process_time(), time.perf_counter()
        run(*how_often)
        numbers += [time.perf_counter() - wall, time.process_time() - cpu]
    return " ".join(f"{number:.7f}" for number in numbers)


def peak_megabytes() -> float:
    """Return this process's largest resident size so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss, which starts from the size of the process that started this one.
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024.0
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024.0**2
