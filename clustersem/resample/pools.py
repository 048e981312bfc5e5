"""Handing batches to whatever joblib has: processes here, or the cluster that the user named."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from clustersem.resample.attempt import Outcome, attempt
from clustersem.resample.dask_pool import outcomes_on_dask

T = TypeVar("T")


def outcomes(
    work: Callable[[int], T], batches: list[int], n_jobs: int | None
) -> Generator[Outcome[T], None, None]:
    """Work off batches and yield what they come to as it comes in, in any order.

    Parameters
    ----------
    work : callable
        Takes the number of a batch.
    batches : list of int
        The batches to be worked off.
    n_jobs : int or None
        As joblib counts; 1 and None leave it to an active ``joblib.parallel_config``.

    Raises
    ------
    Exception
        Whatever pool or cluster raise when they lose workers; never an error of the work.
    """
    import joblib  # type: ignore[import-untyped]
    from joblib.parallel import get_active_backend  # type: ignore[import-untyped]

    asked = None if n_jobs is None or n_jobs == 1 else int(n_jobs)
    backend = get_active_backend()[0]
    if type(backend).__name__ == "DaskDistributedBackend":
        yield from outcomes_on_dask(backend, work, batches)
        return
    n_workers = joblib.effective_n_jobs(asked)
    if n_workers == 1:
        for batch in batches:
            yield attempt(work, batch)
        return
    # No more processes than batches. But never none: a batch may be left because it killed one.
    n_workers = max(2, min(n_workers, len(batches)))
    try:
        parallel = joblib.Parallel(n_workers, batch_size=1, return_as="generator_unordered")
    except ValueError:
        yield from _in_rounds(work, batches, n_workers)
        return
    task = joblib.delayed(attempt)
    yield from parallel(task(work, batch) for batch in batches)


def _in_rounds(
    work: Callable[[int], T], batches: list[int], n_workers: int
) -> Generator[Outcome[T], None, None]:
    """Work off batches with a backend that returns lists only (Ray, multiprocessing).

    In rounds, so that what is finished is kept and shown; a round whose worker dies costs no other.
    """
    import joblib

    task = joblib.delayed(attempt)
    size = 4 * n_workers
    rounds = iter([batches[first : first + size] for first in range(0, len(batches), size)])
    loss: Exception | None = None
    now = next(rounds, None)
    while now is not None:
        try:
            with joblib.Parallel(n_workers, batch_size=1) as parallel:
                while now is not None:
                    yield from parallel(task(work, batch) for batch in now)
                    now = next(rounds, None)
        except Exception as lost:
            loss, now = lost, next(rounds, None)
    if loss is not None:
        raise loss
