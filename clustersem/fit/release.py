"""Score tests of what is held equal: which equality to release first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from clustersem.engine.objective import Objective, State
from clustersem.engine.restricted import (
    cell_derivatives,
    cell_restrictions,
    equal_cells,
    release_tests,
)
from clustersem.fit.assemble import Layout
from clustersem.fit.held import Held
from clustersem.spec import ModelSpec, Parameter

COLUMNS = ["lhs", "op", "rhs", "group", "other", "other_group", "statistic", "df", "p_value", "epc"]


def release_table(
    spec: ModelSpec,
    layout: Layout,
    objective: Objective,
    state: State,
    held: Held,
    multiplier: float,
) -> pd.DataFrame:
    """Return the score test of every equality by itself, largest first.

    One row for each parameter that shares its label with an earlier one, then one for each
    constraint that holds with equality.
    """
    parameter, gradient, hessian = cell_derivatives(objective, state)
    rows = [
        spec.parameters[i]
        for own in layout.groups
        for i in own.rows[np.flatnonzero(own.free)].tolist()
    ]
    restrictions = cell_restrictions(parameter, held.jacobian)
    tests = release_tests(gradient, hessian, restrictions, multiplier)
    names = [_of_pair(rows, pair) for pair in equal_cells(parameter).tolist()]
    names += [[text, "", "", 0, "", 0] for text in held.equalities]
    table = pd.DataFrame(
        [
            [*name, test.statistic, test.df, chdtrc(test.df, test.statistic), float(test.gap[0])]
            for name, test in zip(names, tests, strict=True)
        ],
        columns=COLUMNS,
    )
    return table.sort_values("statistic", ascending=False, kind="stable", ignore_index=True)


def _of_pair(rows: Sequence[Parameter], pair: Sequence[int]) -> list[object]:
    first, second = rows[pair[0]], rows[pair[1]]
    return [first.lhs, first.op, first.rhs, first.group, second.name, second.group]
