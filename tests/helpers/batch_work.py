"""Work for batches, each kind wrong in a way of its own; in a module that workers can import."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from clustersem.errors import DataWarning, ModelSyntaxError
from clustersem.resample.streams import stream


@dataclass(frozen=True)
class Draw:
    """What every kind gives: sums of numbers of the batch's own stream."""

    seconds: float = 0.0
    ballast: np.ndarray = field(default_factory=lambda: np.zeros(1))

    def __call__(self, batch: int) -> tuple[float, ...]:
        time.sleep(self.seconds)
        x = stream(7, batch).normal(size=(40, 3)) + self.ballast[0]
        return tuple((x.T @ x).ravel().tolist())


@dataclass(frozen=True)
class Marked(Draw):
    """Leaves a file for every time that a batch is worked off."""

    folder: str = ""

    def __call__(self, batch: int) -> tuple[float, ...]:
        (Path(self.folder) / f"{batch}-{time.monotonic_ns()}").touch()
        return super().__call__(batch)


def times_worked_off(folder: Path) -> dict[int, int]:
    counts: dict[int, int] = {}
    for path in folder.iterdir():
        batch = int(path.name.partition("-")[0])
        counts[batch] = counts.get(batch, 0) + 1
    return counts


@dataclass(frozen=True)
class Killer(Marked):
    """Kills its process in one batch: the first time, or always."""

    victim: int = 0
    always: bool = False

    def __call__(self, batch: int) -> tuple[float, ...]:
        result = super().__call__(batch)
        if batch == self.victim and (
            self.always or times_worked_off(Path(self.folder))[batch] == 1
        ):
            os.kill(os.getpid(), signal.SIGKILL)
        return result


@dataclass(frozen=True)
class Interrupted(Marked):
    """Is interrupted in one batch, the first time."""

    victim: int = 0

    def __call__(self, batch: int) -> tuple[float, ...]:
        result = super().__call__(batch)
        if batch == self.victim and times_worked_off(Path(self.folder))[batch] == 1:
            raise KeyboardInterrupt
        return result


class StubbornError(Exception):
    """Cannot be made again from what it pickles."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


@dataclass(frozen=True)
class Raises(Marked):
    kind: str = "bug"

    def __call__(self, batch: int) -> tuple[float, ...]:
        result = super().__call__(batch)
        if batch == 1:
            if self.kind == "syntax":
                raise ModelSyntaxError("expected an item name", "f =~ x1 +* x2", 9)
            if self.kind == "stubborn":
                raise StubbornError(1, 2)
            raise ZeroDivisionError("a bug")
        return result


@dataclass(frozen=True)
class Warns(Draw):
    def __call__(self, batch: int) -> tuple[float, ...]:
        if batch % 2:
            warnings.warn(f"batch {batch} is odd", DataWarning, stacklevel=1)
        if batch == 4:
            warnings.warn("four", UserWarning, stacklevel=1)
        return super().__call__(batch)


@dataclass(frozen=True)
class CannotTravel:
    lock: object = field(default_factory=threading.Lock)

    def __call__(self, batch: int) -> int:
        return batch


def lock_of(batch: int) -> object:
    """Give what cannot be sent home."""
    return threading.Lock()


def threads_of_linear_algebra(batch: int) -> list[int]:
    from threadpoolctl import threadpool_info

    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
