"""Whether constraints can hold together, and which of them say nothing new."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from clustersem.engine.ram import Array
from clustersem.engine.restrictions import Restrictions, independent_rows
from clustersem.errors import ModelSyntaxError
from clustersem.spec import Constraint

# Sides of linear constraints that differ by less than this share of their terms are equal.
SAME = 1e-9

Refusal = Callable[[Constraint, str], ModelSyntaxError]


def refuse_contradictions(
    numbers: Restrictions,
    constraints: Sequence[Constraint],
    bounds: Sequence[str],
    refusal: Refusal,
) -> None:
    """Raise where linear constraints and bounds leave no theta at all.

    Parameters
    ----------
    numbers : Restrictions
        All restrictions; those that are not linear are not looked at.
    constraints : sequence of Constraint
        The linear ones: equalities, then inequalities.
    bounds : sequence of str
        Lower bounds, then upper ones, as text.
    refusal : callable
        Makes the error from a constraint and what is wrong.

    Raises
    ------
    ModelSyntaxError
        That names a smallest set of constraints that cannot hold together.
    """
    low, up = numbers.with_lower, numbers.with_upper
    unit = np.eye(numbers.n_free)
    rows = np.vstack([numbers.linear_equal, numbers.linear_least, unit[low], -unit[up]])
    value = np.concatenate(
        [
            numbers.constant_equal,
            numbers.constant_least,
            numbers.lower[low],
            -numbers.upper[up],
        ]
    )
    n_equal = len(numbers.constant_equal)
    if not constraints or _can_hold(rows, value, n_equal):
        return
    kept = list(range(len(rows)))
    for i in range(len(rows)):
        fewer = [k for k in kept if k != i]
        if not _can_hold(rows[fewer], value[fewer], sum(k < n_equal for k in fewer)):
            kept = fewer
    names = [*(str(c) for c in constraints), *bounds]
    places = [k for k in kept if k < len(constraints)]
    last = max(places, key=lambda k: constraints[k].position)
    others = [names[k] for k in kept if k != last]
    raise refusal(
        constraints[last],
        f"{names[last]} contradicts {' and '.join(others)}; take one of them out"
        if others
        else f"{names[last]} cannot hold",
    )


def repeated_equalities(numbers: Restrictions, names: Sequence[str]) -> list[str]:
    """Return a sentence for every linear equality that follows from those before it."""
    kept = set(independent_rows(numbers.linear_equal).tolist())
    return [
        f"{name} follows from the constraints before it and counts for nothing."
        for i, name in enumerate(names)
        if i not in kept
    ]


def _can_hold(rows: Array, value: Array, n_equal: int) -> bool:
    """Return whether some theta meets the equalities, which come first, and the inequalities."""
    if not len(rows):
        return True
    length = np.abs(rows).sum(axis=1)
    length[length == 0] = 1.0
    rows, value = rows / length[:, None], value / length
    equal, equal_value = rows[:n_equal], value[:n_equal]
    if n_equal:
        nearest = np.linalg.lstsq(equal, equal_value, rcond=None)[0]
        apart = np.abs(equal @ nearest - equal_value)
        if (apart > SAME * (1.0 + np.abs(equal_value))).any():
            return False
    if n_equal == len(rows):
        return True
    # The least by which the worst inequality has to be violated.
    from scipy.optimize import linprog

    least, least_value = rows[n_equal:], value[n_equal:]
    q = rows.shape[1]
    kept = independent_rows(equal)
    result = linprog(
        np.r_[np.zeros(q), 1.0],
        A_ub=np.column_stack([-least, -np.ones(len(least))]),
        b_ub=-least_value,
        A_eq=np.column_stack([equal[kept], np.zeros(len(kept))]) if len(kept) else None,
        b_eq=equal_value[kept] if len(kept) else None,
        bounds=[(None, None)] * q + [(-1.0, None)],
    )
    return bool(result.status == 0 and result.x[-1] <= SAME * (1.0 + np.abs(least_value).max()))
