"""From the parameter table to the engine's cells, group by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from clustersem.engine.ram import (
    COVARIANCE,
    INTERCEPT,
    PATH,
    SCALE,
    THRESHOLD,
    Array,
    Cells,
    Index,
    Parameterization,
    Point,
    Ram,
)
from clustersem.errors import ModelError
from clustersem.spec import ModelSpec, Parameter

KIND = {
    "=~": PATH,
    "<~": PATH,
    "~": PATH,
    "~~": COVARIANCE,
    "~1": INTERCEPT,
    "|": THRESHOLD,
    "~*~": SCALE,
}


@dataclass(frozen=True, eq=False)
class GroupLayout:
    """Where one group's rows of the parameter table stand in the engine's matrices.

    Attributes
    ----------
    rows : ndarray of int
        The group's rows of the parameter table.
    cells : Cells
        One cell for each of them.
    free : ndarray of bool
        Which of them are estimated.
    parameter : ndarray of int
        For every free one its place in theta; rows with the same label share one.
    """

    rows: Index
    cells: Cells
    free: np.ndarray
    parameter: Index

    @cached_property
    def free_cells(self) -> Cells:
        """The cells of the free rows."""
        return self.cells.take(np.flatnonzero(self.free))


@dataclass(frozen=True, eq=False)
class Layout:
    """Where every row of the parameter table stands in the engine's matrices.

    Attributes
    ----------
    names : tuple of str
        All variables, observed first.
    groups : tuple of GroupLayout
        The rows of every group.
    free : ndarray of bool
        Which rows of the whole table are estimated.
    places : ndarray of int
        For every row its place in theta, -1 where it is fixed.
    given : ndarray of shape (q,)
        The user's starting values, NaN where there is none.
    n_thresholds : tuple of int
        For every observed variable how many thresholds it has; 0 for a continuous one.
    """

    names: tuple[str, ...]
    groups: tuple[GroupLayout, ...]
    free: np.ndarray
    places: Index
    given: Array
    n_thresholds: tuple[int, ...]

    @cached_property
    def parameter(self) -> Index:
        """For every free row its place in theta."""
        return np.asarray(self.places[self.free])

    @property
    def n_free(self) -> int:
        """Number q of parameters, equal ones counted once."""
        return len(self.given)

    @cached_property
    def ordinal(self) -> Index:
        """Places of the ordinal items."""
        return np.flatnonzero(self.n_thresholds)

    def index(self) -> dict[str, int]:
        """Return every variable's place."""
        return {name: i for i, name in enumerate(self.names)}


def cells_of(rows: Sequence[tuple[str, str, str]], layout: Layout) -> Cells:
    """Return the engine's cells of any ``(lhs, op, rhs)``."""
    return _cells(rows, layout.index(), layout.n_thresholds)


def check_parameter(lhs: str, op: str, rhs: str, layout: Layout) -> None:
    """Refuse what is no parameter of these variables.

    Raises
    ------
    ModelError
        Where a variable is not in the model, the operator is unknown, or an item has no such
        threshold.
    """
    asked = f"{lhs} {op} {rhs}".strip()
    if op not in KIND:
        raise ModelError(f"{asked!r}: {op!r} is no operator. There are {', '.join(KIND)}.")
    for name in (lhs,) if op in ("~1", "|") else (lhs, rhs):
        if name not in layout.names:
            raise ModelError(
                f"{asked!r}: the model has no variable {name!r}; it has {', '.join(layout.names)}."
            )
    if op == "|":
        cuts = dict(zip(layout.names, layout.n_thresholds, strict=False)).get(lhs, 0)
        if rhs not in [f"t{number}" for number in range(1, cuts + 1)]:
            raise ModelError(f"{asked!r}: {lhs} has {cuts} thresholds in the model.")


def _cells(
    rows: Sequence[tuple[str, str, str]], index: dict[str, int], n_thresholds: Sequence[int]
) -> Cells:
    first = np.cumsum([0, *n_thresholds])
    cells = [_cell_of(lhs, op, rhs, index, first) for lhs, op, rhs in rows]
    columns = zip(*cells, strict=True) if cells else ((), (), ())
    kind, row, col = (np.array(column, dtype=np.intp) for column in columns)
    return Cells(kind, row, col, len(index))


def _cell_of(
    lhs: str, op: str, rhs: str, index: dict[str, int], first: Index
) -> tuple[int, int, int]:
    """Return (kind, row, col) of a row of the parameter table."""
    if op == "=~":
        return PATH, index[rhs], index[lhs]
    if op == "|":
        return THRESHOLD, index[lhs], int(first[index[lhs]]) + int(rhs[1:]) - 1
    if op in ("~1", "~*~"):
        return KIND[op], index[lhs], index[lhs]
    return KIND[op], index[lhs], index[rhs]


@lru_cache(maxsize=256)
def layout_of(spec: ModelSpec) -> Layout:
    """Return the layout of a specification.

    Raises
    ------
    ModelError
        Where a label is given both to a fixed and to a free parameter.
    """
    names = (*spec.observed, *spec.latent)
    index = {name: i for i, name in enumerate(names)}
    counts = Counter(row.lhs for row in spec.parameters if row.op == "|" and row.group == 1)
    n_thresholds = tuple(counts.get(name, 0) for name in spec.observed)
    parameter, given = _places(spec)
    free = np.array([row.free for row in spec.parameters])
    place = np.full(len(free), -1, dtype=np.intp)
    place[free] = parameter
    cells = _cells([(row.lhs, row.op, row.rhs) for row in spec.parameters], index, n_thresholds)
    group = np.array([row.group for row in spec.parameters], dtype=np.intp)
    groups = []
    for number in range(1, spec.n_groups + 1):
        rows = np.flatnonzero(group == number)
        own_free = free[rows]
        groups.append(GroupLayout(rows, cells.take(rows), own_free, place[rows[own_free]]))
    return Layout(names, tuple(groups), free, place, given, n_thresholds)


def _places(spec: ModelSpec) -> tuple[Index, Array]:
    """Return the place in theta of every free row, and the starting values of all places."""
    place: dict[str, int] = {}
    parameter: list[int] = []
    given: list[float] = []
    fixed_label = {row.label: row for row in spec.parameters if row.label and not row.free}
    for row in spec.parameters:
        if not row.free:
            continue
        if row.label in fixed_label:
            raise ModelError(
                f"the label {row.label!r} is given to {row.name}, which is free, and to"
                f" {fixed_label[row.label].name}, which is fixed. Fix both or neither."
            )
        at = place.get(row.label) if row.label else None
        if at is None:
            at = len(given)
            given.append(np.nan)
            if row.label:
                place[row.label] = at
        if row.start is not None:
            given[at] = row.start
        parameter.append(at)
    return np.array(parameter, dtype=np.intp), np.array(given)


def ram_of(
    spec: ModelSpec,
    layout: Layout,
    group: int,
    cov: Array,
    mean: Array,
    parameterization: Parameterization = "delta",
    covariates: Sequence[int] = (),
) -> Ram:
    """Return the engine's model of one group (0-based).

    Fixed values are in place, those of covariates from the sample. `covariates` are the places of
    those given which the sample's moments are.
    """
    m = len(layout.names)
    own = layout.groups[group]
    a0, s0, m0 = np.zeros((m, m)), np.zeros((m, m)), np.zeros(m)
    tau0 = np.zeros(sum(layout.n_thresholds))
    delta0 = np.ones(len(spec.observed) if len(layout.ordinal) else 0)
    for i in np.flatnonzero(~own.free):
        row = spec.parameters[own.rows[i]]
        kind, at, to = own.cells.kind[i], own.cells.row[i], own.cells.col[i]
        value = _fixed_value(row, at, to, cov, mean)
        if kind == PATH:
            a0[at, to] = value
        elif kind == COVARIANCE:
            s0[at, to] = s0[to, at] = value
        elif kind == INTERCEPT:
            m0[at] = value
        elif kind == THRESHOLD:
            tau0[to] = value
        else:
            delta0[at] = value
    if parameterization == "delta":
        # Residual variances of ordinal items follow from their scales.
        s0[layout.ordinal, layout.ordinal] = 0.0
    return Ram(
        n_observed=len(spec.observed),
        n_free=layout.n_free,
        cells=own.free_cells,
        parameter=own.parameter,
        a0=a0,
        s0=s0,
        m0=m0,
        has_means=spec.options.meanstructure,
        tau0=tau0,
        delta0=delta0,
        ordinal=layout.ordinal,
        parameterization=parameterization,
        given=np.array(covariates, dtype=np.intp),
    )


def _fixed_value(row: Parameter, at: int, to: int, cov: Array, mean: Array) -> float:
    if row.from_sample:
        return float(mean[at] if row.op == "~1" else cov[at, to])
    return 0.0 if row.value is None else row.value


def values_of(cells: Cells, point: Point) -> Array:
    """Return the values (... x cells) of any cells of one group."""
    kind, row, other = cells.kind, cells.row, cells.other
    from_s = np.where(kind == COVARIANCE, point.s[..., row, other], point.m[..., row])
    result = np.where(kind == PATH, point.a[..., row, other], from_s)
    in_tau, in_delta = cells.of_kind[THRESHOLD], cells.of_kind[SCALE]
    if len(in_tau) or len(in_delta):
        result[..., in_tau] = point.tau[..., cells.col[in_tau]]
        result[..., in_delta] = point.delta[..., row[in_delta]]
    return result
