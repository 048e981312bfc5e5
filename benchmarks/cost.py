"""What a cluster adds to the work itself: ``python -m benchmarks.cost`` prints it as JSON.

What goes to a worker and what comes back is taken from a real bootstrap; what the way there and
back takes, from batches that carry just as much and do nothing.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.worker import HERE, ONE_THREAD

#: Batches that carry and do nothing.
ROUND_TRIPS = 100
PROCESSES = 2
#: Batches of the run that the model is held against.
CHECKED = 20
#: More than are kept of a piece.
PIECE_ROWS = 25_000
REPEATS = 3
SEED = 2022


@dataclass(frozen=True)
class Carry:
    """Work of no work: as large as a real one, and so is its result."""

    load: bytes
    result: bytes

    def __call__(self, batch: int) -> bytes:
        """Return something as large as what a batch gives, and not the same object each time."""
        return self.result + bytes([batch % 256])


def cost_seconds() -> dict[str, Any]:
    """Measure in a process of its own."""
    path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cost"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=HERE.parent,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure() -> dict[str, Any]:
    """Return bytes, seconds of a round trip, of starting workers, of merging, and of a check."""
    import clustersem as cs
    from benchmarks.cases import all_cases
    from clustersem.resample.streams import BATCH

    (home,) = (case for case in all_cases() if case.name == "home_revised")
    fit = cs.sem(home.model, home.data)
    cs.bootstrap(fit, n=BATCH, seed=SEED)
    with recorded() as records:
        cs.bootstrap(fit, n=BATCH, seed=SEED)
    work, result = records[0]
    carry = Carry(pickle.dumps(work), pickle.dumps(result))
    processes = _trips_of_processes(carry)

    def bootstrap(batches: int, n_jobs: int) -> float:
        start = time.perf_counter()
        cs.bootstrap(fit, batches * BATCH, seed=SEED, n_jobs=n_jobs)
        return time.perf_counter() - start

    bootstrap(PROCESSES, PROCESSES)  # warms them up
    return {
        "batch": BATCH,
        "work_bytes": len(carry.load),
        "result_bytes": len(carry.result),
        "merge": _merge(result),
        "totals_bytes": _totals_bytes(),
        "processes": processes,
        "dask": _trips_of_dask(carry),
        "check": {
            "resamples": CHECKED * BATCH,
            "one": bootstrap(CHECKED, 1),
            "several": bootstrap(CHECKED, PROCESSES),
            "processes": PROCESSES,
        },
    }


@contextmanager
def recorded() -> Iterator[list[tuple[Any, Any]]]:
    """Record the work that resampling hands out, and what its first batch gave."""
    found: list[tuple[Any, Any]] = []
    places = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("clustersem.resample") and hasattr(module, "run_batches")
    ]
    real = places[0].run_batches

    def recorder(work: Callable[[int], Any], *arguments: Any, **options: Any) -> Any:
        finished = real(work, *arguments, **options)
        found.append((work, finished.results[0][1]))
        return finished

    for module in places:
        module.run_batches = recorder
    try:
        yield found
    finally:
        for module in places:
            module.run_batches = real


def _trips_of_processes(carry: Carry) -> dict[str, float]:
    start = time.perf_counter()
    _trip(carry, 1)  # a pool of one is no pool: this only imports
    _trip(carry, PROCESSES, n_jobs=PROCESSES)
    first = time.perf_counter() - start
    return {"start": first, "trip": _each(carry, PROCESSES)}


def _trips_of_dask(carry: Carry) -> dict[str, float]:
    """Measure a cluster of processes here; what a network adds is not in it."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        return {}
    import joblib

    start = time.perf_counter()
    cluster = LocalCluster(
        n_workers=PROCESSES, threads_per_worker=1, dashboard_address=":0", silence_logs=40
    )
    with cluster, Client(cluster), joblib.parallel_config("dask"):
        _trip(carry, PROCESSES)
        return {"start": time.perf_counter() - start, "trip": _each(carry, None)}


def _each(carry: Carry, n_jobs: int | None) -> float:
    """Return the seconds of a batch that does nothing, workers being there."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        _trip(carry, ROUND_TRIPS, n_jobs=n_jobs)
        times.append((time.perf_counter() - start) / ROUND_TRIPS)
    return median(times)


def _trip(carry: Carry, n_batches: int, n_jobs: int | None = 1) -> None:
    from clustersem.resample.batches import run_batches

    run_batches(carry, n_batches, n_jobs=n_jobs, progress=False, label="nothing")


def _totals_bytes() -> int:
    """Return what a piece of a large survey comes to: totals, and the rows that are kept of it."""
    import clustersem as cs
    from benchmarks.large import answers, names_of
    from benchmarks.large_survey import ITEMS

    frame = answers(PIECE_ROWS, ITEMS, SEED)
    return len(pickle.dumps(cs.read_moments([frame], names_of(ITEMS), progress=False).collected))


def _merge(result: Any) -> float:
    """Return the seconds that putting a batch's arrays behind those of the others takes."""
    import numpy as np

    arrays = [array for array in _arrays(result) if array.ndim]
    start = time.perf_counter()
    for array in arrays:
        np.concatenate([array] * ROUND_TRIPS)
    return (time.perf_counter() - start) / ROUND_TRIPS


def _arrays(found: Any) -> Iterator[Any]:
    import numpy as np

    if isinstance(found, np.ndarray):
        yield found
    elif isinstance(found, dict):
        for value in found.values():
            yield from _arrays(value)
    elif isinstance(found, list | tuple):
        for value in found:
            yield from _arrays(value)
    elif hasattr(found, "__dataclass_fields__"):
        for name in found.__dataclass_fields__:
            yield from _arrays(getattr(found, name))


if __name__ == "__main__":
    # By its own name, so that workers find what they are sent.
    from benchmarks import cost

    print(json.dumps(cost.measure()))
