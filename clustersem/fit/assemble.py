"""From the parameter table to the engine's cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Array, Cells, Index, Ram
from clustersem.errors import ModelError, UnsupportedError
from clustersem.spec import ModelSpec, Parameter

KIND = {"=~": PATH, "<~": PATH, "~": PATH, "~~": COVARIANCE, "~1": INTERCEPT}


@dataclass(frozen=True, eq=False)
class Layout:
    """Where every row of the parameter table stands in the engine's matrices.

    Attributes
    ----------
    names : tuple of str
        All variables, observed first.
    rows : Cells
        One cell for each row of the parameter table.
    free : ndarray of bool
        Which rows are estimated.
    parameter : ndarray of int
        For every free row its place in theta; rows with the same label share one.
    labels : dict
        Place in theta, or fixed value, of every label.
    given : ndarray of shape (q,)
        The user's starting values, NaN where there is none.
    """

    names: tuple[str, ...]
    rows: Cells
    free: np.ndarray
    parameter: Index
    given: Array

    @property
    def n_free(self) -> int:
        """Number q of parameters, equal ones counted once."""
        return len(self.given)

    @cached_property
    def free_cells(self) -> Cells:
        """The cells of the free rows."""
        return self.rows.take(np.flatnonzero(self.free))

    def index(self) -> dict[str, int]:
        """Return every variable's place."""
        return {name: i for i, name in enumerate(self.names)}


def cell_of(op: str, lhs: str, rhs: str, index: dict[str, int]) -> tuple[int, int, int]:
    """Return (kind, row, col) of a row of the parameter table."""
    if op == "=~":
        return PATH, index[rhs], index[lhs]
    if op == "~1":
        return INTERCEPT, index[lhs], index[lhs]
    return KIND[op], index[lhs], index[rhs]


def cells_of(rows: Sequence[tuple[str, str, str]], layout: Layout) -> Cells:
    """Return the engine's cells of any ``(lhs, op, rhs)``."""
    return _cells(rows, layout.index())


def _cells(rows: Sequence[tuple[str, str, str]], index: dict[str, int]) -> Cells:
    cells = [cell_of(op, lhs, rhs, index) for lhs, op, rhs in rows]
    columns = zip(*cells, strict=True) if cells else ((), (), ())
    kind, row, col = (np.array(column, dtype=np.intp) for column in columns)
    return Cells(kind, row, col, len(index))


@lru_cache(maxsize=256)
def layout_of(spec: ModelSpec) -> Layout:
    """Return the layout of a specification.

    Raises
    ------
    UnsupportedError
        Where the model has thresholds, constraints or bounds.
    ModelError
        Where a label is given both to a fixed and to a free parameter.
    """
    for row in spec.parameters:
        if row.op not in KIND:
            raise UnsupportedError(
                f"{row.name}: thresholds and scales of ordinal items are not estimated in this"
                " version. Treat items with five or more categories as numbers."
            )
    restrictions = [c for c in spec.constraints if c.op != ":="]
    if restrictions or spec.bounds:
        what = str(restrictions[0]) if restrictions else "lower() and upper()"
        raise UnsupportedError(
            f"{what}: constraints other than equal labels are not fitted in this version. Give"
            " parameters that are equal the same label: y1 ~ a*x1; y2 ~ a*x1."
        )
    names = (*spec.observed, *spec.latent)
    index = {name: i for i, name in enumerate(names)}
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
    return Layout(
        names,
        _cells([(row.lhs, row.op, row.rhs) for row in spec.parameters], index),
        np.array([row.free for row in spec.parameters]),
        np.array(parameter, dtype=np.intp),
        np.array(given),
    )


def ram_of(spec: ModelSpec, layout: Layout, cov: Array, mean: Array) -> Ram:
    """Return the engine's model: fixed values in place, those of covariates from the sample."""
    m = len(layout.names)
    a0, s0, m0 = np.zeros((m, m)), np.zeros((m, m)), np.zeros(m)
    for i in np.flatnonzero(~layout.free):
        row = spec.parameters[i]
        kind, at, to = layout.rows.kind[i], layout.rows.row[i], layout.rows.col[i]
        value = _fixed_value(row, at, to, cov, mean)
        if kind == PATH:
            a0[at, to] = value
        elif kind == COVARIANCE:
            s0[at, to] = s0[to, at] = value
        else:
            m0[at] = value
    return Ram(
        n_observed=len(spec.observed),
        n_free=layout.n_free,
        cells=layout.free_cells,
        parameter=layout.parameter,
        a0=a0,
        s0=s0,
        m0=m0,
        has_means=spec.options.meanstructure,
    )


def _fixed_value(row: Parameter, at: int, to: int, cov: Array, mean: Array) -> float:
    if row.from_sample:
        return float(mean[at] if row.op == "~1" else cov[at, to])
    return 0.0 if row.value is None else row.value


def values_of(spec: ModelSpec, layout: Layout, model: Ram, theta: Array) -> Array:
    """Return the value of every row of the parameter table at theta."""
    a, s, m = model.matrices(theta)
    rows = layout.rows
    from_s = np.where(rows.kind == COVARIANCE, s[rows.row, rows.col], m[rows.row])
    return np.where(rows.kind == PATH, a[rows.row, rows.col], from_s)
