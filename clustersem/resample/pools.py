"""Handing batches to whatever joblib has: processes here, or the cluster that the user named."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from typing import Any, TypeVar

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
    task = joblib.delayed(attempt)
    options: dict[str, Any] = {"n_jobs": asked, "batch_size": 1}
    try:
        parallel = joblib.Parallel(return_as="generator_unordered", **options)
    except ValueError:
        # multiprocessing and Ray return lists only: in rounds, so that what is finished is kept.
        size = 4 * n_workers
        with joblib.Parallel(**options) as parallel:
            for first in range(0, len(batches), size):
                yield from parallel(task(work, batch) for batch in batches[first : first + size])
        return
    arriving = parallel(task(work, batch) for batch in batches)
    try:
        yield from arriving
    finally:
        with warnings.catch_warnings():
            # joblib's advice not to leave early; here it is an error of the work, or an interrupt.
            warnings.simplefilter("ignore")
            arriving.close()
