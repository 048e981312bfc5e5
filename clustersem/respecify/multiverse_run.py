"""The run of a multiverse: which models, their fits, and the tables made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array
from clustersem.errors import ModelError
from clustersem.fit.hypotheses import Hypotheses, parse_hypotheses, test_hypotheses
from clustersem.fit.hypotheses import Path as Parameter
from clustersem.fit.result import Fit
from clustersem.resample.batches import run_batches
from clustersem.resample.streams import is_whole, seed_of
from clustersem.respecify.multiverse_fits import (
    MEASURES,
    PIECE,
    READ,
    Pieces,
    Reading,
    Task,
    tasks_of,
)
from clustersem.respecify.multiverse_result import Multiverse
from clustersem.respecify.multiverse_sets import Selection, selected
from clustersem.respecify.multiverse_worlds import (
    Deletions,
    Estimators,
    Samples,
    World,
    worlds_of,
)
from clustersem.respecify.policy import RespecificationPolicy
from clustersem.respecify.rules import key_of
from clustersem.respecify.space import NOTHING, Freed, ModelSpace, check_fit


def run(
    fit: Fit,
    policy: RespecificationPolicy | None,
    hypotheses: Hypotheses,
    *,
    max_models: int,
    estimators: Estimators,
    deletions: Deletions,
    samples: Samples,
    alpha: float,
    seed: int,
    n_jobs: int | None,
    progress: bool | None,
) -> Multiverse:
    """Do what :func:`clustersem.multiverse` says."""
    check_fit(fit, "multiverse")
    if not isinstance(policy, RespecificationPolicy | None):
        raise ModelError(
            f"policy: expected a RespecificationPolicy, got {policy!r}. Write, say,"
            " clustersem.RespecificationPolicy(allow='residual_covariances'), or None."
        )
    if not is_whole(max_models) or max_models < 1:
        raise ModelError(f"max_models={max_models!r}: write how many models to look at, 1 or more.")
    space = ModelSpace.of(fit, policy or RespecificationPolicy())
    test_hypotheses(fit, hypotheses, alpha=alpha)  # refuses what cannot be tested
    wanted = parse_hypotheses(hypotheses)
    worlds, notes = worlds_of(fit, estimators=estimators, deletions=deletions, samples=samples)
    selection = selected(space, max(1, max_models // len(worlds)), seed_of(seed))
    ordered = [
        (rows, tuple((row[0], row[1], row[2]) for row in space.ordered(rows)))
        for rows in selection.sets
    ]
    keep: set[Freed] = set()
    if space.policy.keeps_inadmissible(given=False):
        keep = set(selection.sets)
    elif space.policy.given and space.policy.keeps_inadmissible(given=True):
        keep = set(selection.way)
    tasks = tasks_of(worlds, ordered, keep=keep)
    work = Pieces(worlds, tasks, wanted, alpha)
    done = run_batches(work, len(work), n_jobs=n_jobs, progress=progress, label="multiverse")
    readings: dict[int, Reading] = {}
    for piece, found in done.results:
        readings |= dict(enumerate(found, start=piece * PIECE))
    return Multiverse(
        hypotheses=wanted,
        alpha=alpha,
        n_obs=fit.n_obs,
        models=_models(worlds, tasks, selection, readings),
        values=_values(readings, len(wanted)),
        how=selection.how,
        whole=selection.whole,
        notes=(*notes, *([done.stopped] if done.stopped else [])),
    )


def _models(
    worlds: tuple[World, ...],
    tasks: tuple[Task, ...],
    selection: Selection,
    readings: dict[int, Reading],
) -> pd.DataFrame:
    """Return one row a model, in the order of the tasks."""
    roles = [_roles(world, selection) for world in worlds]
    rows = []
    for number, reading in sorted(readings.items()):
        task = tasks[number]
        world = worlds[task.world]
        rows.append(
            {
                "model": number,
                "sample": world.sample,
                "estimator": world.estimator,
                "deleted": ", ".join(world.deleted),
                "freed": ", ".join(str(Parameter(*row)) for row in task.rows),
                "n_freed": len(task.rows),
                "role": roles[task.world].get(frozenset(map(key_of, task.rows)), ""),
                "status": reading.status,
                "why": reading.why,
                **dict(zip(MEASURES, reading.measures.tolist(), strict=True)),
            }
        )
    columns = ["model", "sample", "estimator", "deleted", "freed", "n_freed", "role", "status"]
    return pd.DataFrame(rows, columns=[*columns, "why", *MEASURES])


def _roles(world: World, selection: Selection) -> dict[Freed, str]:
    """Return what the models on the way of the policy are called in a world."""
    roles = {world.within(rows): "on the way" for rows in selection.way}
    final = world.within(selection.final)
    return roles | {NOTHING: "initial"} | {final: "final" if final else "initial, final"}


def _values(readings: dict[int, Reading], n: int) -> Array:
    """Return what was read (models x hypotheses x quantities)."""
    found = [reading.values for _, reading in sorted(readings.items())]
    return np.stack(found) if found else np.empty((0, n, len(READ)))
