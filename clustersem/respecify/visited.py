"""The models that a search compared, as a table."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from clustersem.fit.hypotheses import Path
from clustersem.respecify.space import NOTHING, ModelSpace
from clustersem.respecify.trail import Trail
from clustersem.respecify.trial import newly_offending


def visited_table(space: ModelSpace, trail: Trail) -> pd.DataFrame:
    """Return the compared models, the best first.

    Returns
    -------
    DataFrame
        ``freed`` (the parameters, in words), ``n_freed``, ``chisq`` (N F), ``df``, ``criterion``,
        and ``why`` it was no choice; empty where it was one. No rows where a search went by indices
        and compared no models.
    """
    rows = []
    for model, score in trail.visited.items():
        trial = space.trial(model)
        fit = trial.fit
        bad = newly_offending(space.trial(NOTHING), trial)
        why = trial.failure or (f"not admissible: {bad}" if bad else "worse than the initial model")
        rows.append(
            {
                "freed": ", ".join(str(Path(*row)) for row in space.ordered(model)),
                "n_freed": len(model),
                "chisq": np.nan if fit is None else fit.multiplier * fit.state.f,
                "df": -1 if fit is None else fit.df,
                "criterion": score,
                "why": why if math.isinf(score) else "",
            }
        )
    columns = ["freed", "n_freed", "chisq", "df", "criterion", "why"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["criterion", "n_freed", "freed"], kind="stable", ignore_index=True)
