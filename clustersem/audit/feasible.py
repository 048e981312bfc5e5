"""Whether linear relations with interval bounds have a common solution, and which few have none."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from clustersem.audit.interval import Interval
from clustersem.audit.log_scales import Relation, scales_of

#: An infeasibility below this, of a logarithm, is the solver's. Its own tolerance is a tenth of it.
MARGIN = 1e-6

#: Logarithm of a standard deviation that no printed number comes near.
_LARGEST = 700.0

_Array = npt.NDArray[np.float64]


def common_slack(system: Sequence[Relation]) -> tuple[float, tuple[int, ...]]:
    """Return by how much all bounds must be loosened to be met together.

    Parameters
    ----------
    system : sequence of Relation
        The relations.

    Returns
    -------
    slack : float
        The least t such that every lower bound less t and every upper bound plus t can be met.
    against : tuple of int
        Relations that need it already by themselves: those with a multiplier in the dual solution
        (Farkas's lemma). Empty where the slack is below the margin.

    Raises
    ------
    RuntimeError
        The solver failed; loosening always has a solution.
    """
    matrix, upper, owner = _inequalities(system)
    if not len(owner):
        return 0.0, ()
    from scipy.optimize import linprog

    n_rows, n_unknowns = matrix.shape
    solution = linprog(
        np.r_[np.zeros(n_unknowns), 1.0],
        A_ub=np.column_stack([matrix, -np.ones(n_rows)]),
        b_ub=upper,
        bounds=[(None, None)] * n_unknowns + [(0.0, None)],
        method="highs",
    )
    if solution.status != 0:
        raise RuntimeError(f"the linear programme of scales ended with: {solution.message}")
    slack = float(solution.fun)
    if slack <= MARGIN:
        return slack, ()
    weights = np.maximum(-solution.ineqlin.marginals, 0.0)
    # Farkas: no solution of size below _LARGEST has all rows, whatever the solver's tolerance.
    certain = -weights @ upper - _LARGEST * np.abs(weights @ matrix).sum()
    if certain <= MARGIN:
        return 0.0, ()
    against = sorted({int(row) for row in owner[weights > 1e-9]})
    return slack, tuple(against)


def total_slack(system: Sequence[Relation]) -> float:
    """Return the least sum of slacks, one a relation, with which all can be met."""
    matrix, upper, owner = _inequalities(system)
    if not len(owner):
        return 0.0
    from scipy.optimize import linprog

    n_unknowns = matrix.shape[1]
    loosened = (owner[:, None] == np.arange(len(system))).astype(float)
    solution = linprog(
        np.r_[np.zeros(n_unknowns), np.ones(len(system))],
        A_ub=np.column_stack([matrix, -loosened]),
        b_ub=upper,
        bounds=[(None, None)] * n_unknowns + [(0.0, None)] * len(system),
        method="highs",
    )
    if solution.status != 0:
        raise RuntimeError(f"the linear programme of scales ended with: {solution.message}")
    return float(solution.fun)


def irreducible(system: Sequence[Relation]) -> tuple[int, ...]:
    """Return relations that cannot all hold though any of them may be left out; empty if all can.

    The deletion filter: a relation without which the rest is still infeasible is dropped.

    References
    ----------
    Chinneck, J. W., & Dravnieks, E. W. (1991). Locating minimal infeasible constraint sets in
    linear programs. ORSA Journal on Computing, 3(2), 157-168. doi:10.1287/ijoc.3.2.157
    """
    slack, against = common_slack(system)
    if slack <= MARGIN:
        return ()
    kept = list(against)
    if common_slack([system[k] for k in kept])[0] <= MARGIN:
        kept = list(range(len(system)))
    for k in tuple(kept):
        rest = [j for j in kept if j != k]
        if common_slack([system[j] for j in rest])[0] > MARGIN:
            kept = rest
    return tuple(kept)


def implied(system: Sequence[Relation], of: Relation) -> Interval:
    """Return between what some relations, which can all hold, leave another one's combination."""
    from scipy.optimize import linprog

    names = scales_of((*system, of))
    at = {name: k for k, name in enumerate(names)}
    goal = np.zeros(len(names))
    for scale, power in of.powers:
        goal[at[scale]] += power
    matrix, upper, _ = _inequalities(system, names)
    ends = []
    for sign in (1.0, -1.0):
        solution = linprog(
            sign * goal, A_ub=matrix, b_ub=upper + MARGIN, bounds=(None, None), method="highs"
        )
        ends.append(sign * float(solution.fun) if solution.status == 0 else -sign * math.inf)
    lower, upper_end = ends
    return Interval(min(lower, upper_end), max(lower, upper_end))


def _inequalities(
    system: Sequence[Relation], names: Sequence[tuple[str, str]] | None = None
) -> tuple[_Array, _Array, npt.NDArray[np.intp]]:
    """Both sides of every relation as rows of A x <= b, and whose they are."""
    names = scales_of(system) if names is None else names
    at = {name: k for k, name in enumerate(names)}
    rows, bounds, owner = [], [], []
    for k, relation in enumerate(system):
        row = np.zeros(len(names))
        for scale, power in relation.powers:
            row[at[scale]] += power
        for sign, end in ((1.0, relation.bounds.upper), (-1.0, -relation.bounds.lower)):
            if math.isfinite(end):
                rows.append(sign * row)
                bounds.append(end)
                owner.append(k)
    return (
        np.array(rows).reshape(len(rows), len(names)),
        np.array(bounds),
        np.array(owner, dtype=np.intp),
    )
