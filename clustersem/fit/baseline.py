"""The independence model: the baseline of the incremental indices.

Only exogenous covariates covary in it, with their moments fixed or free as in the model, and
auxiliary variables with all others: they are not part of what the model explains. Where moments are
those given covariates, it has all slopes on these.

References
----------
Enders, C. K. (2010). Applied missing data analysis. Guilford Press.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from clustersem.engine.discrepancy import cholesky, log_det
from clustersem.engine.objective import Block, Objective
from clustersem.engine.optimiser import minimise
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, THRESHOLD, Array, Cells, Index, Ram
from clustersem.errors import EstimationError
from clustersem.moments import OrdinalStatistics, assembled


@dataclass(frozen=True, eq=False)
class Saturated:
    """One group's sample moments.

    Attributes
    ----------
    cov, mean : ndarray
        Covariances (p x p) and means (p); given covariates, those of the residuals and at
        covariates of zero, with the covariates' own moments in place.
    thresholds : ndarray
        Thresholds of ordinal items.
    threshold_item : ndarray of int
        For every threshold its item.
    slopes : ndarray
        Slopes on covariates, where moments are those given these.
    slope_rows, slope_cols : ndarray of int
        For every slope the variable that depends and the covariate.
    """

    cov: Array
    mean: Array
    thresholds: Array = field(default_factory=lambda: np.empty(0))
    threshold_item: Index = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    slopes: Array = field(default_factory=lambda: np.empty(0))
    slope_rows: Index = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    slope_cols: Index = field(default_factory=lambda: np.empty(0, dtype=np.intp))


def saturated(cov: Array, mean: Array, ordinal: OrdinalStatistics | None) -> Saturated:
    """Return a sample's moments; `cov` and `mean` are those of all variables together."""
    if ordinal is None:
        return Saturated(cov, mean)
    order, values = ordinal.order, ordinal.values
    x = list(order.covariates)
    residual, at_zero = assembled(ordinal)
    residual[np.ix_(x, x)], at_zero[x] = cov[np.ix_(x, x)], mean[x]
    return Saturated(
        residual,
        at_zero,
        values[order.thresholds],
        order.threshold_item,
        values[order.slopes],
        order.slope_rows,
        order.slope_cols,
    )


def baseline_discrepancy(cov: Array, covariates: Index) -> float:
    """Return the normal-theory F of the independence model, which has a closed form."""
    others = np.setdiff1d(np.arange(len(cov)), covariates)
    whole = cholesky(cov)
    assert whole is not None
    value = float(np.log(cov.diagonal()[others]).sum()) - log_det(whole)
    if len(covariates):
        block = cholesky(cov[np.ix_(covariates, covariates)])
        assert block is not None
        value += log_det(block)
    return value


def baseline_objective(
    objective: Objective,
    moments: tuple[Saturated, ...],
    covariates: Index,
    auxiliary: Index,
    *,
    fixed_x: bool,
) -> tuple[Objective, Array]:
    """Return the independence model's objective and its starting values.

    Parameters
    ----------
    objective : Objective
        The fitted model's.
    moments : tuple of Saturated
        Every group's sample moments.
    covariates : ndarray of int
        Places of exogenous covariates.
    auxiliary : ndarray of int
        Places of auxiliary variables.
    fixed_x : bool
        Whether their moments are fixed at the sample's.
    """
    blocks, starts = [], []
    first = 0
    parts = [
        _independence(block, own, covariates, auxiliary, fixed_x=fixed_x)
        for block, own in zip(objective.blocks, moments, strict=True)
    ]
    n_free = sum(len(start) for _, start in parts)
    for (model, start), block in zip(parts, objective.blocks, strict=True):
        places = np.arange(first, first + len(start))
        first += len(start)
        numbered = replace(model, n_free=n_free, parameter=places)
        blocks.append(Block(numbered, block.discrepancy, block.share))
        starts.append(start)
    return Objective(tuple(blocks)), np.concatenate(starts)


def minimum(objective: Objective, start: Array) -> tuple[Array, float]:
    """Return the independence model's estimates and its F."""
    optimum = minimise(objective, start)
    if optimum.at is None or optimum.code == "no_start":
        raise EstimationError(
            "the independence model, to which the incremental indices compare, cannot be fitted."
        )
    return optimum.theta, float(optimum.at.f)


def _independence(
    block: Block,
    moments: Saturated,
    covariates: Index,
    auxiliary: Index,
    *,
    fixed_x: bool,
) -> tuple[Ram, Array]:
    """Return one group's structure, its parameters numbered from 0, and starting values."""
    model, cov, mean, thresholds = block.model, moments.cov, moments.mean, moments.thresholds
    p = model.n_observed
    own = np.setdiff1d(np.arange(p), covariates)
    numeric = np.setdiff1d(own, model.ordinal)
    s0, m0 = np.zeros((p, p)), np.zeros(p)
    parts: list[tuple[Index, Index, Index, Array]] = []

    def add(what: int, rows: Index, cols: Index, values: Array) -> None:
        parts.append((np.full(len(rows), what, dtype=np.intp), rows, cols, values))

    add(COVARIANCE, numeric, numeric, cov[numeric, numeric])
    if model.has_means:
        add(INTERCEPT, numeric, numeric, mean[numeric])
    add(PATH, moments.slope_rows, moments.slope_cols, moments.slopes)
    add(THRESHOLD, moments.threshold_item, np.arange(len(thresholds)), thresholds)
    if len(covariates):
        i, j = (covariates[k] for k in np.tril_indices(len(covariates)))
        if fixed_x:
            s0[np.ix_(covariates, covariates)] = cov[np.ix_(covariates, covariates)]
            m0[covariates] = mean[covariates] if model.has_means else 0.0
        else:
            add(COVARIANCE, i, j, cov[i, j])
            if model.has_means:
                add(INTERCEPT, covariates, covariates, mean[covariates])
    helped = np.array([(i, j) for i in auxiliary for j in range(p) if j < i], dtype=np.intp)
    if len(helped):
        add(COVARIANCE, helped[:, 0], helped[:, 1], np.zeros(len(helped)))
    if len(model.ordinal) and model.parameterization == "theta":
        s0[model.ordinal, model.ordinal] = 1.0
    kind, row, col, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    ram = Ram(
        n_observed=p,
        n_free=len(values),
        cells=Cells(kind, row, col, p),
        parameter=np.arange(len(values)),
        a0=np.zeros((p, p)),
        s0=s0,
        m0=m0,
        has_means=model.has_means,
        tau0=np.zeros(len(thresholds)),
        delta0=np.ones(p if len(model.ordinal) else 0),
        ordinal=model.ordinal,
        parameterization=model.parameterization,
        given=model.given,
    )
    return ram, values
