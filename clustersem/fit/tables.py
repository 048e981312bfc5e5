"""The tables of a fit: rows of the parameter table with numbers beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from clustersem.engine.objective import Objective, State
from clustersem.engine.ram import PATH, Array, Cells, Index, Point
from clustersem.fit.assemble import Layout, values_of
from clustersem.fit.candidates import Labels
from clustersem.fit.standardized import scale_factors, standardized_jacobian
from clustersem.spec import Constraint, ModelSpec


def estimates(spec: ModelSpec, layout: Layout, state: State, vcov: Array) -> pd.DataFrame:
    """Return the table of estimates: parameters first, then defined ones."""
    est, std_lv, std_all = parameter_values(layout, [at.point for at in state.groups])
    se = np.zeros(len(est))
    with np.errstate(invalid="ignore"):
        se[layout.free] = np.sqrt(vcov.diagonal())[layout.parameter]
    if any(constraint.op == ":=" for constraint in spec.constraints):
        est, se, std_lv, std_all = _with_defined(spec, layout, vcov, [est, se, std_lv, std_all])
    return _with_labels(row_labels(spec), [*_inference(est, se), std_lv, std_all])


def parameter_values(layout: Layout, points: Sequence[Point]) -> tuple[Array, Array, Array]:
    """Return every parameter's value, raw and standardised on latent and on all variables.

    Points may be of many theta, and the values have leading axes then.
    """
    shape = (*points[0].nu.shape[:-1], len(layout.free))
    est, std_lv, std_all = (np.empty(shape) for _ in range(3))
    for own, point in zip(layout.groups, points, strict=True):
        values = values_of(own.cells, point)
        est[..., own.rows] = values
        for target, observed in ((std_lv, False), (std_all, True)):
            target[..., own.rows] = values * scale_factors(own.cells, point, observed=observed)
    return est, std_lv, std_all


def defined_values(spec: ModelSpec, values: Array) -> Array:
    """Return the defined parameters, given the values (... x rows) of the parameter table."""
    labelled, defined = _labelled(spec), _defined(spec)
    found = np.empty((*values.shape[:-1], len(defined)))
    places = list(labelled.values())
    for at in np.ndindex(found.shape[:-1]) if defined else ():
        known = dict(zip(labelled, values[at][places].tolist(), strict=True))
        for i, constraint in enumerate(defined):
            found[(*at, i)] = known[constraint.lhs] = constraint.rhs.evaluate(known)
    return found


@lru_cache(maxsize=64)
def _labelled(spec: ModelSpec) -> dict[str, int]:
    """Return for every label the first row that has it."""
    rows: dict[str, int] = {}
    for place, row in enumerate(spec.parameters):
        if row.label:
            rows.setdefault(row.label, place)
    return rows


def _defined(spec: ModelSpec) -> list[Constraint]:
    return [constraint for constraint in spec.constraints if constraint.op == ":="]


def defined_with_slopes(spec: ModelSpec, values: Array, slopes: Array) -> tuple[Array, Array]:
    """Return the defined parameters and their derivatives.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    values : ndarray of shape (rows,)
        The value of every row of the parameter table.
    slopes : ndarray of shape (rows, q)
        Their derivatives by theta.
    """
    labelled, defined = _labelled(spec), _defined(spec)
    known = {label: float(values[place]) for label, place in labelled.items()}
    slope_of = {label: slopes[place] for label, place in labelled.items()}
    found = defined_values(spec, values)
    by_theta = np.zeros((len(defined), slopes.shape[1]))
    for i, constraint in enumerate(defined):
        for name, derivative in constraint.rhs.gradient(known).items():
            by_theta[i] += derivative * slope_of[name]
        known[constraint.lhs], slope_of[constraint.lhs] = float(found[i]), by_theta[i]
    return found, by_theta


def row_slopes(layout: Layout) -> Array:
    """Return the derivatives of every row of the parameter table by theta (rows x q)."""
    slopes = np.zeros((len(layout.free), layout.n_free))
    slopes[layout.free, layout.parameter] = 1.0
    return slopes


@lru_cache(maxsize=1)
def _numbers() -> pd.Index:
    """Return the names of the columns of numbers, as an index: pandas takes long to make one."""
    names = ["est", "se", "z", "p_value", "ci_lower", "ci_upper", "std_lv", "std_all"]
    return pd.Index(names)


def _with_labels(labels: pd.DataFrame, numbers: Sequence[Array]) -> pd.DataFrame:
    """Return the labels with the first of the columns of numbers beside them."""
    columns = _numbers()[: len(numbers)]
    values = pd.DataFrame(np.column_stack(numbers), index=labels.index, columns=columns)
    return pd.concat([labels, values], axis=1)


def _inference(est: Array, se: Array) -> list[Array]:
    """Return est, se, z, two-sided p and the bounds of the 95 % interval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, est / se, np.nan)
    half = ndtri(0.975) * se
    return [est, se, z, 2.0 * ndtr(-np.abs(z)), est - half, est + half]


def _text(values: Sequence[str] | Labels) -> pd.Series:
    """Return a column of text that is of the same type in every version of pandas."""
    # With the index given, a frame of such columns need not compare their indices.
    return pd.Series(values, dtype=object, index=pd.RangeIndex(len(values)))


def standardized(
    spec: ModelSpec,
    layout: Layout,
    objective: Objective,
    state: State,
    vcov: Array,
    *,
    observed: bool,
) -> pd.DataFrame:
    """Return standardised parameters with delta-method standard errors, defined ones left out."""
    est, se = np.empty(len(spec.parameters)), np.empty(len(spec.parameters))
    for own, block, at in zip(layout.groups, objective.blocks, state.groups, strict=True):
        model, point = block.model, at.point
        values = values_of(own.cells, point)
        jacobian = standardized_jacobian(own.cells, values, model, point, observed=observed)
        to_theta = vcov[np.ix_(model.parameter, model.parameter)]
        est[own.rows] = values * scale_factors(own.cells, point, observed=observed)
        with np.errstate(divide="ignore", invalid="ignore"):
            se[own.rows] = np.sqrt(np.einsum("ij,ij->i", jacobian @ to_theta, jacobian))
    # What is one by construction has no sampling error, only rounding.
    with np.errstate(invalid="ignore"):
        se = np.where(se > 1e-9, se, 0.0)
    return _with_labels(row_labels(spec).iloc[: len(est)], _inference(est, se))


@lru_cache(maxsize=64)
def row_labels(spec: ModelSpec) -> pd.DataFrame:
    """Return the columns that say what each row is: parameters first, then defined ones."""
    rows: list[tuple[str, str, str, int, str]] = [
        (p.lhs, p.op, p.rhs, p.group, p.label) for p in spec.parameters
    ]
    rows += [(c.lhs, ":=", str(c.rhs), 0, c.lhs) for c in spec.constraints if c.op == ":="]
    lhs, op, rhs, group, label = (list(column) for column in zip(*rows, strict=True))
    return pd.DataFrame(
        {
            "lhs": _text(lhs),
            "op": _text(op),
            "rhs": _text(rhs),
            "group": pd.Series(group),
            "label": _text(label),
        }
    )


def _with_defined(spec: ModelSpec, layout: Layout, vcov: Array, values: list[Array]) -> list[Array]:
    """Append the defined parameters: raw with delta-method errors, and from standardised ones."""
    raw, _, std_lv, std_all = values
    defined, slopes = defined_with_slopes(spec, raw, row_slopes(layout))
    variance = np.einsum("ij,jk,ik->i", slopes, vcov, slopes)
    # What constraints hold at a value has no variance, only rounding.
    rounding = 1e-14 * np.square(slopes) @ vcov.diagonal()
    varies = ~(variance <= rounding)
    errors = np.sqrt(variance, out=np.zeros_like(variance), where=varies)
    added = [defined, errors, defined_values(spec, std_lv), defined_values(spec, std_all)]
    return [np.concatenate([old, new]) for old, new in zip(values, added, strict=True)]


def parameter_names(spec: ModelSpec, layout: Layout) -> list[str]:
    """Return one name for each place of theta: its label, or else ``lhs op rhs``."""
    names = [""] * layout.n_free
    free = [row for row in spec.parameters if row.free]
    for row, place in zip(free, layout.parameter, strict=True):
        if not names[place]:
            own = f"{row.name} [group {row.group}]" if row.group > 1 else row.name
            names[place] = row.label or own
    return names


def r_squared(layout: Layout, point: Point) -> pd.Series:
    """Return 1 - S_ii / T_ii of every variable that a path points to."""
    places, names = _dependent(layout)
    with np.errstate(divide="ignore", invalid="ignore"):  # a variance may be zero
        share = 1.0 - point.s.diagonal() / point.covariance.diagonal()
    return pd.Series(share[places], index=names, name="r_squared")


@lru_cache(maxsize=64)
def _dependent(layout: Layout) -> tuple[Index, pd.Index]:
    """Return the variables that a path points to, as lavaan lists them: observed ones first."""
    cells = layout.groups[0].cells
    places = np.unique(cells.row[cells.kind == PATH])
    return places, pd.Index([layout.names[i] for i in places])


@dataclass(frozen=True)
class ScoreTests:
    """Modification indices and expected parameter changes of one group's candidates."""

    rows: Labels
    cells: Cells
    mi: Array
    epc: Array


def modification_table(
    groups: Sequence[ScoreTests], points: Sequence[Point], minimum: float = 0.0
) -> pd.DataFrame:
    """Return the table of modification indices, largest first, without undefined ones."""
    columns: list[list[NDArray[Any]]] = []
    for number, (tests, point) in enumerate(zip(groups, points, strict=True), start=1):
        lv, everything = (
            scale_factors(tests.cells, point, observed=observed) for observed in (False, True)
        )
        epc = tests.epc
        group = np.full(len(epc), number)
        labels = np.asarray(tests.rows, dtype=object).reshape(-1, 3).T
        columns.append([*labels, group, tests.mi, epc, epc * lv, epc * everything])
    lhs, op, rhs, group, mi, epc, sepc_lv, sepc_all = (
        np.concatenate(parts) if len(parts) > 1 else parts[0]
        for parts in zip(*columns, strict=True)
    )
    with np.errstate(invalid="ignore"):
        keep = np.flatnonzero(mi >= minimum)
    keep = keep[np.argsort(-mi[keep], kind="stable")]
    return pd.DataFrame(
        {
            "lhs": _text(lhs[keep]),
            "op": _text(op[keep]),
            "rhs": _text(rhs[keep]),
            "group": group[keep],
            "mi": mi[keep],
            "epc": epc[keep],
            "sepc_lv": sepc_lv[keep],
            "sepc_all": sepc_all[keep],
        },
        copy=False,
    )
