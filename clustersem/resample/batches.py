"""Batches of replications on as many cores or machines as there are.

All of it goes through joblib, so a Dask or Ray cluster takes the batches when the user says so
with ``joblib.parallel_config``. What a batch gives depends on its number alone (see `streams`), so
it does not matter who works it off, when, or whether for the second time.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from clustersem.errors import UnsupportedError
from clustersem.progress import progress_bar
from clustersem.resample.attempt import WARNINGS, Heard, one_thread
from clustersem.resample.dask_pool import ClusterLost
from clustersem.resample.pools import outcomes
from clustersem.resample.streams import is_whole

T = TypeVar("T")

HAND_OUTS = 2
"""How often batches are handed out: once, and once more after workers were lost."""

OF_LEAVING_EARLY = "iterator to limit unnecessary computation time."
"""How joblib's advice ends that is of no use to whoever interrupts."""


@dataclass(frozen=True)
class Finished(Generic[T]):
    """The batches that are finished.

    Attributes
    ----------
    results : tuple of (int, T)
        Number of the batch and what it gave, ascending; only those that are finished.
    n_batches : int
        How many were asked for.
    stopped : str
        Empty if all are finished, else a sentence that says why not and what to do.
    """

    results: tuple[tuple[int, T], ...]
    n_batches: int
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every batch is finished."""
        return len(self.results) == self.n_batches


def run_batches(
    work: Callable[[int], T],
    n_batches: int,
    *,
    n_jobs: int | None = 1,
    progress: bool | None = None,
    label: str,
    done: Finished[T] | None = None,
) -> Finished[T]:
    """Work off batches 0 to `n_batches` - 1 and return what they gave.

    Parameters
    ----------
    work : callable
        Takes the number of a batch, returns its result; its random numbers come from
        `clustersem.resample.streams.stream`. Must be picklable: a frozen dataclass with
        ``__call__``.
    n_batches : int
        How many batches there are.
    n_jobs : int or None
        Processes: 1 (or None) works in this one, -1 on all cores, -2 on all but one. Inside
        ``with joblib.parallel_config(...)`` 1 and None leave backend and number to it.
    progress : bool or None
        A progress bar on stderr: True at once, False never, None where stderr is a terminal and
        the work takes longer than two seconds.
    label : str
        What the bar says is being done: "bootstrap", say.
    done : Finished, optional
        What an earlier, interrupted run of the same work with the same seed gave: only the
        batches that it lacks are worked off.

    Returns
    -------
    Finished
        Complete, or with what was finished and the reason in `Finished.stopped`: after an
        interrupt (Ctrl-C, which is not raised again), or when workers were lost twice.

    Raises
    ------
    UnsupportedError
        If `n_jobs` or `progress` is none of the above, or `done` belongs to other work.

    Warns
    -----
    As `work` does, in this process whoever worked the batch off: once for each place in the code,
    after the last batch.

    Notes
    -----
    An error that `work` raises is raised here, unchanged and at once. When workers are lost (killed
    for lack of memory, a cluster that goes away), finished batches are kept and the others handed
    out once more. Every batch is worked off with one thread of linear algebra.

    Examples
    --------
    >>> finished = run_batches(abs, 3, label="numbers")
    >>> finished.results, finished.complete
    (((0, 0), (1, 1), (2, 2)), True)
    """
    _check(n_jobs, progress)
    results = dict(_taken_over(done, n_batches))
    heard: dict[int, tuple[Heard, ...]] = {}
    stopped = ""
    bar = progress_bar(label, n_batches, len(results), wanted=progress)
    with one_thread(), WARNINGS.recorded() as besides, bar as advance:
        try:
            for hand_out in range(1, HAND_OUTS + 1):
                missing = [batch for batch in range(n_batches) if batch not in results]
                if not missing:
                    break
                try:
                    with closing(outcomes(work, missing, n_jobs)) as arriving:
                        for outcome in arriving:
                            if outcome.failure is not None:
                                raise _OfTheWork(outcome.failure.error)
                            if not outcome.result:
                                raise KeyboardInterrupt
                            results[outcome.batch] = outcome.result[0]
                            heard[outcome.batch] = outcome.heard
                            advance()
                    break
                except _OfTheWork as carrier:
                    raise carrier.error from None
                except ImportError as lacking:
                    raise UnsupportedError(
                        f"a worker could not import what the work needs ({lacking}). Install the"
                        " same versions of clustersem and its packages in the workers' environment."
                    ) from lacking
                except Exception as loss:
                    if _is_no_loss(loss):
                        raise
                    if hand_out == HAND_OUTS:
                        stopped = _lost(loss, len(results), n_batches)
        except KeyboardInterrupt:
            kept = "; what they gave is kept" if results else ""
            stopped = f"Interrupted after {len(results)} of {n_batches} batches{kept}."
        rest = [one for one in besides() if not one.text.endswith(OF_LEAVING_EARLY)]
    _warn_of([one for batch in sorted(heard) for one in heard[batch]] + rest)
    return Finished(tuple(sorted(results.items(), key=lambda pair: pair[0])), n_batches, stopped)


class _OfTheWork(Exception):
    """Carries the work's own error past the handler of losses."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _check(n_jobs: object, progress: object) -> None:
    if n_jobs is not None and (not is_whole(n_jobs) or n_jobs == 0):
        raise UnsupportedError(
            f"n_jobs={n_jobs!r}: write how many processes share the work, n_jobs=4 say; 1 works in"
            " this one, -1 takes all cores."
        )
    if progress is not None and not isinstance(progress, (bool, np.bool_)):
        raise UnsupportedError(
            f"progress={progress!r}: write True, False, or None (a bar where it takes long)."
        )


def _taken_over(done: Finished[T] | None, n_batches: int) -> Iterable[tuple[int, T]]:
    if done is None:
        return ()
    if done.n_batches != n_batches:
        raise UnsupportedError(
            f"the run to go on with has {done.n_batches} batches, this one {n_batches}. Go on with"
            " the same number of replications and the same seed, or start anew."
        )
    return done.results


def _is_no_loss(error: Exception) -> bool:
    """Whether other workers would not help: what cannot be sent between processes."""
    told = str(error).lower()
    return isinstance(error, pickle.PicklingError) or (
        isinstance(error, (TypeError, AttributeError, BrokenExecutor))
        and ("pickl" in told or "seriali" in told)
    )


def _lost(loss: Exception, n_finished: int, n_batches: int) -> str:
    kept = f"after {n_finished} of {n_batches} batches; what they gave is kept"
    reason = " ".join(str(loss).split())[:300].rstrip(".") or type(loss).__name__
    if isinstance(loss, (ClusterLost, OSError)):
        return f"The cluster went away {kept} ({reason}). Start it again and run the rest."
    return (
        f"Workers died {kept}. The rest was handed out once more, in vain. Most often memory runs"
        " out: take fewer workers (a smaller n_jobs), or workers with more memory."
        f" The last message was {type(loss).__name__}: {reason}."
    )


def _warn_of(heard: list[Heard]) -> None:
    """Give each warning once, as if from its own place, so that the user's filters apply."""
    places: dict[tuple[type[Warning], str, int], list[Heard]] = {}
    for one in heard:
        places.setdefault((one.category, one.file, one.line), []).append(one)
    for (category, file, line), alike in places.items():
        more = f" (and {len(alike) - 1} more like it)" if len(alike) > 1 else ""
        # Threads may hear each other's, so which batch said it first is not known.
        first = min(each.text for each in alike)
        warnings.warn_explicit(f"{first}{more}", category, file, line)
