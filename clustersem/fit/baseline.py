"""The independence model: the baseline of the incremental indices.

Only exogenous covariates covary in it, with their moments fixed or free as in the model, and
auxiliary variables with all others: they are not part of what the model explains.

References
----------
Enders, C. K. (2010). Applied missing data analysis. Guilford Press.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clustersem.engine.discrepancy import cholesky, log_det
from clustersem.engine.objective import Block, Objective
from clustersem.engine.optimiser import minimise
from clustersem.engine.ram import COVARIANCE, INTERCEPT, THRESHOLD, Array, Cells, Index, Ram
from clustersem.errors import EstimationError


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
    moments: tuple[tuple[Array, Array, Array, Index], ...],
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
    moments : tuple of (cov, mean, thresholds, item of every threshold)
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
        _independence(block, *own, covariates, auxiliary, fixed_x=fixed_x)
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
    cov: Array,
    mean: Array,
    thresholds: Array,
    threshold_item: Index,
    covariates: Index,
    auxiliary: Index,
    *,
    fixed_x: bool,
) -> tuple[Ram, Array]:
    """Return one group's structure, its parameters numbered from 0, and starting values."""
    model = block.model
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
    add(THRESHOLD, threshold_item, np.arange(len(thresholds)), thresholds)
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
    )
    return ram, values
