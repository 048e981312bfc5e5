"""Direct, indirect and total effects, and their derivatives.

Direct effects are the cells of A, total effects those of E - I with E = (I - A)^-1, indirect ones
the difference, and a specific effect is the product of A along one path. From dE = E dA E,

    d E[i, j] / d A[k, l] = E[i, k] E[l, j],

so the derivatives of all total effects are gathered from E. A standardised effect of j on i is the
raw one times sd_j / sd_i, whatever its path, with d log sd_v = d T[v, v] / (2 T[v, v]).

References
----------
Bollen, K. A. (1987). Total, direct, and indirect effects in structural equation models.
Sociological Methodology, 17, 37-69. doi:10.2307/271028
Sobel, M. E. (1982). Asymptotic confidence intervals for indirect effects in structural equation
models. Sociological Methodology, 13, 290-312. doi:10.2307/270723
Bentler, P. M., & Freeman, E. H. (1983). Tests for stability in linear structural equation systems.
Psychometrika, 48, 143-145. doi:10.1007/BF02314681
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from clustersem.engine.moment_structure import variance_derivatives
from clustersem.engine.ram import PATH, Array, Cells, Index, Point, Ram

Kind = Literal["total", "direct", "indirect", "specific"]


@dataclass(frozen=True)
class Effect:
    """One effect: its kind, its ends, and its variables where it is a single path."""

    kind: Kind
    cause: int
    outcome: int
    path: tuple[int, ...] = ()


@dataclass(frozen=True)
class EffectPaths:
    """The effects of a model.

    Attributes
    ----------
    effects : tuple of Effect
        By cause, then outcome; of each pair the total effect first.
    looped : ndarray of int
        Variables that act on themselves through others.
    stability : float
        Largest modulus of an eigenvalue of A.
    unlisted : tuple of (cause, outcome, count)
        Pairs with more specific paths than were asked for.
    """

    effects: tuple[Effect, ...]
    looped: Index
    stability: float
    unlisted: tuple[tuple[int, int, int], ...]

    @cached_property
    def cause(self) -> Index:
        """The cause of every effect."""
        return np.array([effect.cause for effect in self.effects], dtype=np.intp)

    @cached_property
    def outcome(self) -> Index:
        """The outcome of every effect."""
        return np.array([effect.outcome for effect in self.effects], dtype=np.intp)


@dataclass(frozen=True)
class Jacobian:
    """What effects and their derivatives by theta are made of.

    Attributes
    ----------
    a, e : ndarray of shape (m, m)
        A and (I - A)^-1.
    edges : ndarray of bool, shape (m, m)
        Cells of A that are free, or fixed at something else than zero.
    sd : ndarray of shape (m,)
        Implied standard deviations; NaN where a variance is negative.
    d_log_sd : ndarray of shape (m, cells)
        Derivatives of their logarithms by the free cells.
    cells : Cells
        The free cells.
    parameter : ndarray of int
        Their places in theta.
    n_free : int
        Length of theta.
    """

    a: Array
    e: Array
    edges: np.ndarray
    sd: Array
    d_log_sd: Array
    cells: Cells
    parameter: Index
    n_free: int

    def by_theta(self, by_cell: Array) -> Array:
        """Return derivatives by theta (rows x q) from those by the free cells."""
        result = np.zeros((self.n_free, len(by_cell)))
        np.add.at(result, self.parameter, by_cell.T)
        return result.T


def jacobian_of(model: Ram, point: Point) -> Jacobian:
    """Return what the effects of one group are made of."""
    cells = model.cells
    edges = model.a0 != 0
    paths = np.flatnonzero(cells.kind == PATH)
    edges[cells.row[paths], cells.col[paths]] = True
    total = point.covariance.diagonal()
    d_total, _ = variance_derivatives(model, point, cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(total)
        d_log_sd = 0.5 * d_total / total[:, None]
    return Jacobian(
        point.a,
        point.e,
        edges,
        sd,
        d_log_sd,
        cells,
        model.parameter,
        model.n_free,
    )


def effect_paths(jacobian: Jacobian, places: Index, *, most: int) -> EffectPaths:
    """Return all effects between some variables.

    Parameters
    ----------
    jacobian : Jacobian
        One group.
    places : ndarray of int
        The variables, in the order in which their effects are wanted.
    most : int
        Specific paths are listed where a pair has no more than these.
    """
    edges = jacobian.edges
    reach = _closure(edges)
    looped = np.flatnonzero(reach.diagonal())
    # Paths between i and j are endless where a looped variable lies on the way, ends included.
    through = np.eye(len(edges), dtype=bool) | reach
    endless = through[:, looped] @ through[looped, :]
    acyclic = edges.copy()
    acyclic[looped] = acyclic[:, looped] = False
    count = _path_counts(acyclic)
    found: list[Effect] = []
    unlisted: list[tuple[int, int, int]] = []
    for cause in places:
        for outcome in places:
            if cause == outcome or not reach[outcome, cause]:
                continue
            ends = int(cause), int(outcome)
            direct = bool(edges[outcome, cause])
            found.append(Effect("total", *ends))
            if direct:
                found.append(Effect("direct", *ends, ends))
            several = int(count[outcome, cause]) - direct
            if endless[outcome, cause]:
                found.append(Effect("indirect", *ends))
            elif several:
                found.append(Effect("indirect", *ends))
                if several > most:
                    unlisted.append((*ends, several))
                else:
                    found += [
                        Effect("specific", *ends, path)
                        for path in _paths(acyclic, reach, *ends)
                        if len(path) > 2
                    ]
    stability = float(np.abs(np.linalg.eigvals(jacobian.a)).max()) if len(looped) else 0.0
    return EffectPaths(tuple(found), looped, stability, tuple(unlisted))


def effect_values(found: EffectPaths, a: Array, e: Array, sd: Array) -> tuple[Array, Array]:
    """Return raw and standardised effects (... x k).

    Given A and (I - A)^-1 (... x m x m) and standard deviations (... x m).
    """
    cause, outcome = found.cause, found.outcome
    raw = e[..., outcome, cause]
    for row, effect in enumerate(found.effects):
        if effect.path:
            steps = np.array(effect.path)
            raw[..., row] = a[..., steps[1:], steps[:-1]].prod(axis=-1)
        elif effect.kind == "indirect":
            raw[..., row] -= a[..., effect.outcome, effect.cause]
    with np.errstate(invalid="ignore", divide="ignore"):
        return raw, raw * (sd[..., cause] / sd[..., outcome])


def values_of(found: EffectPaths, jacobian: Jacobian) -> tuple[Array, Array, Array, Array]:
    """Return raw effects and standardised ones, each with its derivatives by theta.

    Returns
    -------
    raw : ndarray of shape (k,)
    raw_slopes : ndarray of shape (k, q)
    standardised : ndarray of shape (k,)
    standardised_slopes : ndarray of shape (k, q)
    """
    a, e, cells = jacobian.a, jacobian.e, jacobian.cells
    cause, outcome = found.cause, found.outcome
    raw, standardised = effect_values(found, a, e, jacobian.sd)
    slopes = np.zeros((len(raw), len(cells)))
    on_path = np.flatnonzero(cells.kind == PATH)
    to, of = cells.row[on_path], cells.col[on_path]
    summed = np.array([not effect.path for effect in found.effects], dtype=bool)
    i, j = outcome[summed], cause[summed]
    slopes[np.ix_(summed, on_path)] = e[np.ix_(i, to)] * e[np.ix_(of, j)].T
    is_cell = (to == outcome[:, None]) & (of == cause[:, None])
    for row, effect in enumerate(found.effects):
        if effect.kind == "indirect":
            slopes[row, on_path[is_cell[row]]] -= 1.0
        elif effect.path:
            steps = np.array(effect.path)
            links = a[steps[1:], steps[:-1]]
            for step in range(len(links)):
                link = on_path[(to == steps[step + 1]) & (of == steps[step])]
                slopes[row, link] += np.delete(links, step).prod()
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = jacobian.sd[cause] / jacobian.sd[outcome]
    in_units = jacobian.d_log_sd[cause] - jacobian.d_log_sd[outcome]
    standardised_slopes = factor[:, None] * (slopes + raw[:, None] * in_units)
    return (
        raw,
        jacobian.by_theta(slopes),
        standardised,
        jacobian.by_theta(standardised_slopes),
    )


def _closure(edges: np.ndarray) -> np.ndarray:
    """Return which variables are reached from which in one step or more (Warshall)."""
    reach = edges.copy()
    for via in range(len(edges)):
        reach |= np.outer(reach[:, via], reach[via])
    return reach


def _path_counts(acyclic: np.ndarray) -> Array:
    """Return the number of paths between all pairs of a graph without loops."""
    step = acyclic.astype(np.float64)
    total, power = step.copy(), step
    for _ in range(len(step)):
        power = power @ step
        if not power.any():
            break
        total += power
    return total


def _paths(edges: np.ndarray, reach: np.ndarray, cause: int, outcome: int) -> list[tuple[int, ...]]:
    """Return all paths, shorter ones first."""
    found: list[tuple[int, ...]] = []
    stack: list[tuple[int, ...]] = [(cause,)]
    while stack:
        path = stack.pop()
        for to in np.flatnonzero(edges[:, path[-1]]).tolist():
            if to == outcome:
                found.append((*path, to))
            elif reach[outcome, to]:
                stack.append((*path, to))
    return sorted(found, key=lambda path: (len(path), path))
