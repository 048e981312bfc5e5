"""An engine in a process of its own, asked over a pipe: one command a line, one line in answer.

``versions``, ``load CASE``, ``time WORK REPEATS`` (wall and processor seconds of every run, in
turn), ``answers FILE`` (writes name,value rows) and ``peak`` (largest resident size, MB). The engine
takes the time itself, so the pipe costs nothing; and since it waits between two commands, blocks of
different engines can follow each other closely and meet the same state of the machine.
"""

from __future__ import annotations

import os
import resource
import select
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).parent
ONE_THREAD = {
    name: "1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
}


@dataclass(frozen=True)
class Limits:
    """What an engine may take for one command before it is stopped."""

    seconds: float
    gigabytes: float


class GaveUp(Exception):
    """An engine went over a limit, or failed; the text says which."""


def commands() -> dict[str, list[str]]:
    """Return how each engine that is installed here is started."""
    python = [sys.executable, "-m"]
    found = {"clustersem": [*python, "benchmarks.peers.clustersem_peer"]}
    if _succeeds([sys.executable, "-c", "import semopy"]):
        found["semopy"] = [*python, "benchmarks.peers.semopy_peer"]
    rscript = shutil.which("Rscript")
    if rscript and _succeeds([rscript, "-e", "library(lavaan)"]):
        found["lavaan"] = [rscript, str(HERE / "lavaan_peer.R")]
    return found


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Worker:
    """A running engine; a context manager, so that none is left behind."""

    def __init__(self, command: list[str], folder: Path, limits: Limits) -> None:
        self._limits = limits
        self._process = subprocess.Popen(
            [*command, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=HERE.parent,
            env={**os.environ, **ONE_THREAD},
            preexec_fn=self._limit_memory,
        )
        self._received = b""

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, *words: object) -> str:
        """Return the answer to a command, or raise GaveUp."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write((" ".join(map(str, words)) + "\n").encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise GaveUp("died") from None
        answer = self._line()
        if answer.startswith("error "):
            no_memory = any(
                sign in answer for sign in ("MemoryError", "cannot allocate", "allocate")
            )
            raise GaveUp(f"> {self._limits.gigabytes:g} GB" if no_memory else answer[:300])
        return answer

    def time(self, work: str, repeats: int) -> tuple[list[float], list[float]]:
        """Return the wall and the processor seconds of every run."""
        numbers = [float(word) for word in self.ask("time", work, repeats).split()]
        return numbers[::2], numbers[1::2]

    def _line(self) -> str:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._received:
            ready, _, _ = select.select([pipe], [], [], self._limits.seconds)
            if not ready:
                self._process.kill()
                raise GaveUp(f"> {self._limits.seconds:g} s")
            received = os.read(pipe, 65536)
            if not received:
                raise GaveUp(f"died (memory limit {self._limits.gigabytes:g} GB?)")
            self._received += received
        line, self._received = self._received.split(b"\n", 1)
        return line.decode()

    def _limit_memory(self) -> None:
        size = int(self._limits.gigabytes * 1024**3)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
