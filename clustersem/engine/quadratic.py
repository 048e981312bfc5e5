"""The nearest point of a polyhedron: the quadratic programme inside every constrained step.

References
----------
Goldfarb, D., & Idnani, A. (1983). A numerically stable dual method for solving strictly convex
quadratic programs. Mathematical Programming, 27, 1-33. doi:10.1007/BF02591962
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.ram import Array, Index
from clustersem.engine.restrictions import independent_rows

# An inequality violated by less than this share of its terms holds but for rounding.
ROUNDING = 1e-12
# A row whose part outside the working set is shorter than this is a combination of its rows.
DEPENDENT = 1e-10


@dataclass(frozen=True)
class Nearest:
    """The solution of a projection.

    Attributes
    ----------
    y : ndarray of shape (n,)
        The nearest point.
    equal, least : ndarray
        Multiplier of every equality and inequality; zero of rows that do not bind.
    working : ndarray of int
        Inequalities that bind.
    """

    y: Array
    equal: Array
    least: Array
    working: Index


def nearest(point: Array, e: Array, e_value: Array, g: Array, g_value: Array) -> Nearest | None:
    """Minimise |y - point|^2 / 2 subject to E y = e and G y >= g.

    Parameters
    ----------
    point : ndarray of shape (n,)
        Where to be near.
    e, e_value : ndarray of shape (a, n) and (a,)
        Equalities. Rows that are combinations of earlier ones are left out.
    g, g_value : ndarray of shape (b, n) and (b,)
        Inequalities, in rows of length one (or zero).

    Returns
    -------
    Nearest or None
        None where no point meets them all.

    Examples
    --------
    >>> corner = nearest(
    ...     np.array([-1.0, 2.0]), np.empty((0, 2)), np.empty(0), np.eye(2), np.zeros(2)
    ... )
    >>> corner.y, corner.least
    (array([0., 2.]), array([1., 0.]))
    """
    kept = independent_rows(e)
    fixed, n_equal = e[kept], len(kept)
    y, multipliers = point, np.empty(0)
    if n_equal:
        move = np.linalg.lstsq(fixed, e_value[kept] - fixed @ point, rcond=None)[0]
        multipliers = np.linalg.lstsq(fixed.T, move, rcond=None)[0]
        y = point + move
    working: list[int] = []
    tolerance = ROUNDING * (1.0 + np.abs(g_value) + float(np.abs(y).max(initial=0.0)))
    for _ in range(20 + 10 * len(g)):
        slack = g @ y - g_value
        slack[working] = 0.0
        worst = int(np.argmin(slack + tolerance)) if len(g) else -1
        if worst < 0 or slack[worst] >= -tolerance[worst]:
            equal, least = np.zeros(len(e)), np.zeros(len(g))
            equal[kept], least[working] = multipliers[:n_equal], multipliers[n_equal:]
            return Nearest(y, equal, least, np.array(sorted(working), dtype=np.intp))
        added, missing = 0.0, -float(slack[worst])
        while True:
            rows = np.vstack([fixed, g[working]])
            share = np.linalg.lstsq(rows.T, g[worst], rcond=None)[0]
            direction = g[worst] - rows.T @ share
            length = float(direction @ direction)
            falling = share[n_equal:] > 1e-14
            ratios = np.full(len(working), np.inf)
            ratios[falling] = multipliers[n_equal:][falling] / share[n_equal:][falling]
            drop = int(np.argmin(ratios)) if len(ratios) else -1
            until_drop = float(ratios[drop]) if drop >= 0 else np.inf
            until_met = missing / length if length > DEPENDENT**2 else np.inf
            t = min(until_drop, until_met)
            if not np.isfinite(t):
                return None
            multipliers = multipliers - t * share
            added += t
            if np.isfinite(until_met):
                y = y + t * direction
                missing -= t * length
            if until_met <= until_drop:
                working.append(worst)
                multipliers = np.append(multipliers, added)
                break
            del working[drop]
            multipliers = np.delete(multipliers, n_equal + drop)
    return None
