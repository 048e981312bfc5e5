"""Which parameters a model could also have: the rows of the table of modification indices."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from clustersem.engine.ram import Cells
from clustersem.fit.assemble import cells_of, layout_of
from clustersem.spec import ModelSpec

Row = tuple[str, str, str]
Labels = NDArray[np.object_]


@lru_cache(maxsize=64)
def candidate_cells(spec: ModelSpec, group: int = 1) -> tuple[Labels, Cells]:
    """Return a group's candidates, a row each, with their cells in the engine's matrices."""
    rows = candidate_rows(spec, group)
    # As an array, of which many rows are taken at once.
    return np.array(rows, dtype=object).reshape(-1, 3), cells_of(rows, layout_of(spec))


def candidate_rows(spec: ModelSpec, group: int = 1) -> list[Row]:
    """Return every ``(lhs, op, rhs)`` that is not free in a group and could be.

    They are the fixed rows of the parameter table, without the moments of exogenous covariates and
    the scales and residual variances of ordinal items, which the data do not determine; all
    loadings of indicators on latent variables; all covariances among observed variables that are
    not exogenous covariates, and among latent variables; and, where the model has regressions, all
    paths among the variables in them. A covariate whose moments are fixed at the sample's cannot
    be explained, so no path leads to one.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    group : int
        1-based group number.
    """
    own = [p for p in spec.parameters if p.group == group]
    free = {_key(p.lhs, p.op, p.rhs) for p in own if p.free}
    ordinal = {p.lhs for p in own if p.op == "|"}
    rows: dict[Row, Row] = {}

    def offer(lhs: str, op: str, rhs: str) -> None:
        key = _key(lhs, op, rhs)
        if key not in free:
            rows.setdefault(key, (lhs, op, rhs))

    for parameter in own:
        scales = parameter.op == "~*~" or (
            parameter.op == "~~" and parameter.lhs == parameter.rhs and parameter.lhs in ordinal
        )
        if not (parameter.free or parameter.from_sample or scales):
            offer(parameter.lhs, parameter.op, parameter.rhs)
    latent = set(spec.latent)
    indicators = {p.rhs for p in own if p.op == "=~"}
    observed_indicators = [name for name in spec.observed if name in indicators]
    measured = [name for name in spec.latent if any(p.op == "=~" and p.lhs == name for p in own)]
    for factor in measured:
        for item in observed_indicators:
            offer(factor, "=~", item)
    covariates = set(spec.exogenous_observed)
    for pair in combinations([name for name in spec.observed if name not in covariates], 2):
        offer(pair[0], "~~", pair[1])
    for pair in combinations(spec.latent, 2):
        offer(pair[0], "~~", pair[1])
    loading_pairs = {(p.rhs, p.lhs) for p in own if p.op == "=~"}
    in_regressions: dict[str, None] = {}
    for parameter in own:
        if parameter.op == "~":
            in_regressions.setdefault(parameter.lhs)
    for parameter in own:
        if parameter.op == "~":
            in_regressions.setdefault(parameter.rhs)
    given = {parameter.lhs for parameter in own if parameter.from_sample}
    for effect in [name for name in in_regressions if name not in given]:
        for cause in in_regressions:
            # An indicator on its own factor is a loading, which stands among them already.
            crosses = effect in indicators and cause in latent and effect not in latent
            if effect != cause and (effect, cause) not in loading_pairs and not crosses:
                offer(effect, "~", cause)
    return list(rows.values())


def _key(lhs: str, op: str, rhs: str) -> Row:
    if op == "~~" and rhs < lhs:
        lhs, rhs = rhs, lhs
    return lhs, op, rhs
