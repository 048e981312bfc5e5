"""What happens around one batch, in whichever process or thread it is worked off.

The work's own error is carried home as a value: what the pool or the cluster raises besides is
then always a loss of workers, and the two are never mistaken for each other.
"""

from __future__ import annotations

import os
import pickle
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
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
class Failure:
    """An error of the work. Sent to another process, it is made fit to travel."""

    error: Exception

    def __reduce__(self) -> tuple[type[Failure], tuple[Exception]]:
        """Take the traceback of a bug along as a note: pickle leaves it behind (not Dask's)."""
        try:
            copy: Exception = pickle.loads(pickle.dumps(self.error))
        except Exception:
            copy = RuntimeError(f"{type(self.error).__name__}: {self.error}")
        if copy.__traceback__ is None and not isinstance(copy, ClusterSemError):
            told = "".join(traceback.format_exception(self.error)).rstrip()
            copy.add_note(f"In process {os.getpid()}:\n{told}")
        return Failure, (copy,)


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What one batch came to: a result, an error of the work, or an interrupt (neither)."""

    batch: int
    result: tuple[T, ...] = ()
    failure: Failure | None = None
    heard: tuple[Heard, ...] = ()


def attempt(work: Callable[[int], T], batch: int) -> Outcome[T]:
    """Work off one batch; a worker process does so with one thread of linear algebra."""
    # In another thread it is no business of the batch: threads that each restore what they found
    # leave what another had set. run_batches sets it for threads, Dask for its workers.
    alone = threading.current_thread() is threading.main_thread()
    try:
        with one_thread() if alone else nullcontext(), WARNINGS.recorded() as heard:
            try:
                result = work(batch)
            except Exception as error:
                return Outcome(batch, failure=Failure(error))
            return Outcome(batch, (result,), heard=tuple(heard()))
    except KeyboardInterrupt:
        # Ctrl-C reaches every process of the terminal: the parent decides, workers do not print.
        return Outcome(batch)


_CONTROLLERS: list[Any] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """Do linear algebra in one thread.

    Several workers with several threads each get in each other's way; and the order of sums, with
    it the last digit, depends on the number of threads.
    """
    if not _CONTROLLERS:
        try:
            from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
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


class _Recorder:
    """Records the warnings of a process: the first batch begins it, the last to leave ends it.

    Filters belong to the process. Threads of one process that each recorded for themselves would
    restore, in the end, what another had set.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._stack = ExitStack()
        self._recorded: list[warnings.WarningMessage] = []

    @contextmanager
    def recorded(self) -> Iterator[Callable[[], list[Heard]]]:
        with self._lock:
            if self._inside == 0:
                self._stack = ExitStack()
                self._recorded = self._stack.enter_context(warnings.catch_warnings(record=True))
                # Once for a text and place; the parent's filters decide what is shown.
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


WARNINGS = _Recorder()
