"""What happens around one batch, in whichever process or thread it is worked off.

The work's own error is carried home as a value: what the pool or the cluster raises besides is
then always a loss of workers, and the two are never mistaken for each other.
"""

from __future__ import annotations

import pickle
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from clustersem.errors import ClusterSemError

T = TypeVar("T")


@dataclass(frozen=True)
class Heard:
    """A warning that was given during a batch, with its place in the code."""

    category: type[Warning]
    text: str
    file: str
    line: int


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What one batch came to: a result, an error of the work, or an interrupt (neither)."""

    batch: int
    result: tuple[T, ...] = ()
    error: Exception | None = None
    heard: tuple[Heard, ...] = ()


def attempt(work: Callable[[int], T], batch: int) -> Outcome[T]:
    """Work off one batch with one thread of linear algebra, its warnings collected.

    One thread, because several workers with several threads each get in each other's way, and
    because the order of sums, and with it the last digit, depends on the number of threads.
    """
    try:
        with _SURROUNDINGS.entered() as heard:
            try:
                result = work(batch)
            except Exception as error:
                return Outcome(batch, error=_portable(error))
            return Outcome(batch, (result,), heard=tuple(heard()))
    except KeyboardInterrupt:
        # Ctrl-C reaches every process of the terminal: the parent decides, workers do not print.
        return Outcome(batch)


def _portable(error: Exception) -> Exception:
    """Return the error as it can travel between processes; a bug's takes its traceback along."""
    if not isinstance(error, ClusterSemError):
        error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        plain.add_note("".join(traceback.format_exception(error)).rstrip())
        return plain
    return error


class _Surroundings:
    """The state of a process that batches share: entered by the first, left by the last.

    Both the number of threads and the list of warnings belong to the process; threads of one
    process (a Dask worker's, say) that saved and restored them each for themselves would restore
    what another had set.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._stack = ExitStack()
        self._recorded: list[warnings.WarningMessage] = []

    @contextmanager
    def entered(self) -> Iterator[Callable[[], list[Heard]]]:
        with self._lock:
            if self._inside == 0:
                self._stack = ExitStack()
                self._stack.enter_context(_one_thread())
                self._recorded = self._stack.enter_context(warnings.catch_warnings(record=True))
                # Once for a place in the code; the parent's filters decide what is shown.
                warnings.simplefilter("default")
            self._inside += 1
        try:
            yield self._heard
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    self._stack.close()

    def _heard(self) -> list[Heard]:
        with self._lock:
            taken = list(self._recorded)
            self._recorded.clear()
        return [Heard(w.category, str(w.message), w.filename, w.lineno) for w in taken]


_SURROUNDINGS = _Surroundings()
_CONTROLLERS: list[Any] = []


@contextmanager
def _one_thread() -> Iterator[None]:
    if not _CONTROLLERS:
        try:
            from threadpoolctl import (  # type: ignore[import-untyped]
                ThreadpoolController,
            )
        except ImportError:
            _CONTROLLERS.append(None)
        else:
            # Looking through the libraries that are loaded takes longer than a small batch.
            _CONTROLLERS.append(ThreadpoolController())
    if _CONTROLLERS[0] is None:
        yield
    else:
        with _CONTROLLERS[0].limit(limits=1, user_api="blas"):
            yield
