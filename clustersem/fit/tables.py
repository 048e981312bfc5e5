"""The tables of a fit: rows of the parameter table with numbers beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from clustersem.engine.ram import PATH, Array, Cells, Index, Point, Ram
from clustersem.fit.assemble import Layout, values_of
from clustersem.fit.candidates import Labels, Row
from clustersem.fit.standardized import scale_factors, standardized_jacobian
from clustersem.spec import ModelSpec


def estimates(
    spec: ModelSpec, layout: Layout, model: Ram, point: Point, theta: Array, vcov: Array
) -> pd.DataFrame:
    """Return the table of estimates: parameters first, then defined ones."""
    rows = spec.parameters
    est = values_of(spec, layout, model, theta)
    se = np.zeros(len(rows))
    with np.errstate(invalid="ignore"):
        se[layout.free] = np.sqrt(vcov.diagonal())[layout.parameter]
    total, disturbance = point.covariance.diagonal(), point.s.diagonal()
    std_lv, std_all = (
        est * scale_factors(layout.rows, total, disturbance, model.n_observed, observed=observed)
        for observed in (False, True)
    )
    if any(constraint.op == ":=" for constraint in spec.constraints):
        est, se, std_lv, std_all = _with_defined(spec, layout, vcov, [est, se, std_lv, std_all])
    return _with_labels(_row_labels(spec), [*_inference(est, se), std_lv, std_all])


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
    model: Ram,
    point: Point,
    theta: Array,
    vcov: Array,
    *,
    observed: bool,
) -> pd.DataFrame:
    """Return standardised parameters with delta-method standard errors, defined ones left out."""
    values = values_of(spec, layout, model, theta)
    jacobian = standardized_jacobian(
        layout.rows, values, model.cells, point, model.n_observed, observed=observed
    )
    if model.collapse is not None:
        jacobian = jacobian @ model.collapse
    total, disturbance = point.covariance.diagonal(), point.s.diagonal()
    est = values * scale_factors(
        layout.rows, total, disturbance, model.n_observed, observed=observed
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(np.einsum("ij,ij->i", jacobian @ vcov, jacobian))
        # What is one by construction has no sampling error, only rounding.
        se = np.where(se > 1e-9, se, 0.0)
    return _with_labels(_row_labels(spec).iloc[: len(est)], _inference(est, se))


@lru_cache(maxsize=64)
def _row_labels(spec: ModelSpec) -> pd.DataFrame:
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
    place: dict[str, int] = {}
    of_label: list[dict[str, float]] = [{}, {}, {}]
    free_row = 0
    for i, row in enumerate(spec.parameters):
        if row.label and row.label not in of_label[0]:
            for target, source in zip(of_label, (raw, std_lv, std_all), strict=True):
                target[row.label] = float(source[i])
            if row.free:
                place[row.label] = int(layout.parameter[free_row])
        free_row += row.free
    slopes: dict[str, Array] = {}
    added: list[list[float]] = [[], [], [], []]
    for constraint in spec.constraints:
        if constraint.op != ":=":
            continue
        slope = np.zeros(layout.n_free)
        for name, derivative in constraint.rhs.gradient(of_label[0]).items():
            if name in place:
                slope[place[name]] += derivative
            elif name in slopes:
                slope += derivative * slopes[name]
        slopes[constraint.lhs] = slope
        results = [constraint.rhs.evaluate(known) for known in of_label]
        for known, result in zip(of_label, results, strict=True):
            known[constraint.lhs] = result
        error = math.sqrt(max(float(slope @ vcov @ slope), 0.0))
        for column, value in zip(added, (results[0], error, *results[1:]), strict=True):
            column.append(value)
    return [np.concatenate([old, new]) for old, new in zip(values, added, strict=True)]


def parameter_names(spec: ModelSpec, layout: Layout) -> list[str]:
    """Return one name for each place of theta: its label, or else ``lhs op rhs``."""
    names = [""] * layout.n_free
    free = [row for row in spec.parameters if row.free]
    for row, place in zip(free, layout.parameter, strict=True):
        names[place] = names[place] or row.label or row.name
    return names


def r_squared(layout: Layout, model: Ram, point: Point) -> pd.Series:
    """Return 1 - S_ii / T_ii of every variable that a path points to."""
    places, names = _dependent(layout)
    share = 1.0 - point.s.diagonal() / point.covariance.diagonal()
    return pd.Series(share[places], index=names, name="r_squared")


@lru_cache(maxsize=64)
def _dependent(layout: Layout) -> tuple[Index, pd.Index]:
    """Return the variables that a path points to, as lavaan lists them: observed ones first."""
    places = np.unique(layout.rows.row[layout.rows.kind == PATH])
    return places, pd.Index([layout.names[i] for i in places])


def modification_table(
    rows: Sequence[Row] | Labels,
    cells: Cells,
    mi: Array,
    epc: Array,
    model: Ram,
    point: Point,
    minimum: float = 0.0,
) -> pd.DataFrame:
    """Return the table of modification indices, largest first, without undefined ones."""
    total, disturbance = point.covariance.diagonal(), point.s.diagonal()
    lv, everything = (
        scale_factors(cells, total, disturbance, model.n_observed, observed=observed)
        for observed in (False, True)
    )
    with np.errstate(invalid="ignore"):
        keep = np.flatnonzero(mi >= minimum)
    keep = keep[np.argsort(-mi[keep], kind="stable")]
    lhs, op, rhs = np.asarray(rows, dtype=object).reshape(-1, 3)[keep].T
    return pd.DataFrame(
        {
            "lhs": _text(lhs),
            "op": _text(op),
            "rhs": _text(rhs),
            "group": np.ones(len(keep), dtype=np.int64),
            "mi": mi[keep],
            "epc": epc[keep],
            "sepc_lv": (epc * lv)[keep],
            "sepc_all": (epc * everything)[keep],
        },
        copy=False,
    )
