"""Batches on a Dask cluster.

joblib says which cluster (``joblib.parallel_config("dask")``); the batches themselves go through
Dask's own futures, because joblib's wait for ever when a task is given up on (the workers that ran
it died) and drop the results of all others when one fails.
"""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

from clustersem.resample.attempt import Outcome, attempt

T = TypeVar("T")

SMALL = 1_000_000
"""Bytes up to which the work travels with every batch; what is larger is sent once a worker."""

PULSE = 2.0
"""Seconds between looks whether the cluster is still there."""

PATIENCE = 60.0
"""Seconds that a cluster may be without any worker: restarting one takes a few."""


GONE = "no connection to its scheduler"


class ClusterLost(Exception):
    """The scheduler, or every worker, is gone."""


def outcomes_on_dask(
    backend: Any,  # noqa: ANN401 - joblib's DaskDistributedBackend, which has no types
    work: Callable[[int], T],
    batches: list[int],
) -> Generator[Outcome[T], None, None]:
    """Work off batches on the cluster of joblib's Dask backend, yielding them as they come in.

    Raises
    ------
    ClusterLost
        If the cluster is gone.
    distributed.KilledWorker
        If workers died of a batch; after all others have been yielded.
    """
    import cloudpickle  # type: ignore[import-untyped]
    import distributed

    client = backend.client
    _check_connected(client)
    packed = cloudpickle.dumps(work)
    if len(packed) > SMALL:
        packed = client.scatter(packed, broadcast=True, hash=False)
    name = f"clustersem-{uuid4().hex}"
    pending = {
        client.submit(
            _attempt_packed, packed, batch, key=f"{name}-{batch}", **backend.submit_kwargs
        )
        for batch in batches
    }
    loss: Exception | None = None
    watch = _Watch(client)
    with backend.retrieval_context():
        try:
            arriving: Any = distributed.as_completed(list(pending), loop=client.loop)  # type: ignore[no-untyped-call]
            while pending:
                ready = arriving.next_batch(block=False)
                if not ready:
                    watch.look()
                    time.sleep(0.01)
                    continue
                done = [future for future in ready if future.status == "finished"]
                results = _gathered(client, done)
                for result in results:
                    yield pickle.loads(result)
                if len(results) < len(done):
                    loss = ClusterLost("results went with the workers that held them")
                for future in set(ready) - set(done):
                    loss = _loss_of(future)
                pending.difference_update(ready)
        finally:
            if pending:
                with suppress(Exception):
                    client.cancel(list(pending))
    if loss is not None:
        raise loss


def _attempt_packed(packed: bytes, batch: int) -> bytes:
    """Work off a batch; what it comes to is packed here, where a failure to do so is an error."""
    import cloudpickle

    outcome: bytes = cloudpickle.dumps(attempt(pickle.loads(packed), batch))
    return outcome


def _gathered(client: Any, futures: list[Any]) -> list[bytes]:  # noqa: ANN401 - Dask's Client
    try:
        packed: list[bytes] = client.gather(futures, errors="skip")
    except (Exception, asyncio.CancelledError) as broken:
        raise ClusterLost(GONE) from broken
    return packed


def _loss_of(future: Any) -> Exception:  # noqa: ANN401 - Dask's Future, which has no types
    """Return what became of a batch that is not finished, or raise what no worker can help."""
    from distributed import KilledWorker

    if future.status != "error":
        return ClusterLost(GONE)
    error: Exception = future.exception()
    if isinstance(error, KilledWorker):
        return error
    # Not the work's own, which comes as a value: the worker lacks a package, say.
    raise error


def _check_connected(client: Any) -> None:  # noqa: ANN401 - Dask's Client, which has no types
    if client.status != "running":
        raise ClusterLost(GONE)


class _Watch:
    """Looks now and then whether scheduler and workers are still there."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - Dask's Client, which has no types
        self._client = client
        self._looked = self._working = time.monotonic()

    def look(self) -> None:
        now = time.monotonic()
        if now - self._looked < PULSE:
            return
        self._looked = now
        _check_connected(self._client)
        if self._client.ncores():
            self._working = now
        elif now - self._working > PATIENCE:
            raise ClusterLost(f"no worker for {PATIENCE:.0f} seconds")
