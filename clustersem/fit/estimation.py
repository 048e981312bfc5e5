"""From samples and a specification to a fit."""

from __future__ import annotations

import warnings

import numpy as np

from clustersem.engine.constrained import ConstrainedOptimum, minimise_constrained
from clustersem.engine.inference import parameter_covariance
from clustersem.engine.objective import Objective, State
from clustersem.engine.optimiser import Optimum, minimise_from
from clustersem.engine.ram import SCALE, THRESHOLD, Array, Index, Ram
from clustersem.engine.restricted import null_basis, restricted_inverse
from clustersem.engine.starts import cautious_values, starting_values
from clustersem.errors import EstimationError
from clustersem.fit.assemble import Layout, layout_of
from clustersem.fit.checks import check_values
from clustersem.fit.discrepancies import fitted_cov, fitted_mean, objective_of
from clustersem.fit.identifiable import check_counts, refuse_unidentified
from clustersem.fit.inference import Inference
from clustersem.fit.notes import notes_on
from clustersem.fit.options import FitOptions
from clustersem.fit.restrictions import restrictions_of
from clustersem.fit.result import Fit
from clustersem.fit.status import status_of
from clustersem.moments import SampleMoments
from clustersem.spec import ModelSpec


def fit_samples(spec: ModelSpec, samples: tuple[SampleMoments, ...], options: FitOptions) -> Fit:
    """Fit a specification to samples: what the entry points do once their input is checked.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    samples : tuple of SampleMoments
        One for each group, with the model's observed variables in its order.
    options : FitOptions
        How to fit.

    Raises
    ------
    IdentificationError
        Where the model's parameters cannot be determined from any data.
    """
    check_values(spec)
    layout = layout_of(spec)
    objective = objective_of(spec, layout, samples, options)
    check_counts(spec, layout)
    start = _starts(spec, layout, objective, samples, options)
    restrictions = restrictions_of(
        spec,
        layout.place.tolist(),
        bounds=options.bounds,
        variances=[fitted_cov(sample, options).diagonal() for sample in samples],
    )
    optimum: Optimum | ConstrainedOptimum[State]

    def second() -> Array:
        return _second_starts(spec, layout, objective, samples, options, start)

    binding = np.empty((0, layout.n_free))
    if options.engine == "semopy":
        from clustersem.fit.semopy_engine import minimise_with_semopy

        optimum = minimise_with_semopy(spec, layout, objective)
    elif restrictions.are_none:
        optimum = minimise_from(objective, start, second)
    else:
        optimum = minimise_constrained(objective, start, restrictions.numbers)
        if optimum.code != "converged":
            again = minimise_constrained(objective, second(), restrictions.numbers)
            optimum = again if again.code == "converged" else optimum
        binding = optimum.jacobian
    if optimum.at is None:
        status = status_of("no_start", 0, np.nan)
        raise EstimationError(str(status))
    status = status_of(optimum.code, optimum.iterations, optimum.decrement)
    multiplier = sum(options.weight(sample) for sample in samples)
    if len(binding):
        inverse, involved = restricted_inverse(optimum.hessian, binding)
        vcov = inverse * (2.0 / multiplier)
        basis = null_basis(binding, optimum.hessian)
    else:
        vcov, involved = parameter_covariance(optimum.hessian, multiplier)
        basis = None
        if len(involved):
            refuse_unidentified(spec, layout, objective, start, involved)
    inference = Inference(
        objective, optimum.at, samples, options, multiplier, _fixed_covariates(spec, layout), basis
    )
    if status.code != "converged":
        vcov = np.full_like(vcov, np.nan)
    elif not (options.se == "standard" and options.information == "expected"):
        vcov = inference.vcov()
    notes = notes_on(spec, layout, samples, restrictions, optimum, involved)
    for category, sentence in notes:
        if category is not None:
            warnings.warn(sentence, category, stacklevel=3)
    for array in (optimum.theta, vcov):
        array.setflags(write=False)
    return Fit(
        spec=spec,
        samples=samples,
        options=options,
        status=status,
        warnings=tuple(sentence for _, sentence in notes),
        theta=optimum.theta,
        vcov_theta=vcov,
        layout=layout,
        objective=objective,
        state=optimum.at,
        hessian=optimum.hessian,
        restrictions=restrictions,
        binding=binding,
        inference=inference,
    )


def _fixed_covariates(spec: ModelSpec, layout: Layout) -> Index:
    """Return the places of covariates whose moments are fixed at the sample's."""
    index = layout.index()
    fixed = {row.lhs for row in spec.parameters if row.from_sample}
    names = [name for name in spec.exogenous_observed if name in fixed]
    return np.array([index[name] for name in names], dtype=np.intp)


def _starts(
    spec: ModelSpec,
    layout: Layout,
    objective: Objective,
    samples: tuple[SampleMoments, ...],
    options: FitOptions,
) -> Array:
    """Return starting values: those of the groups that have a parameter, averaged."""
    each = []
    for block, sample in zip(objective.blocks, samples, strict=True):
        cov, mean = fitted_cov(sample, options), fitted_mean(sample, spec)
        start = starting_values(block.model, cov, mean, layout.given)
        each.append(_with_cuts(start, block.model, sample, layout.given))
    return _averaged(objective, each)


def _with_cuts(start: Array, model: Ram, sample: SampleMoments, given: Array) -> Array:
    """Return starting values with the sample's thresholds, and scales of one."""
    if sample.ordinal is None:
        return start
    cells, parameter = model.cells, model.parameter
    cuts, scales = cells.kind == THRESHOLD, cells.kind == SCALE
    thresholds = sample.ordinal.values[sample.ordinal.order.thresholds]
    start[parameter[cuts]] = thresholds[cells.col[cuts]]
    start[parameter[scales]] = 1.0
    return np.where(np.isnan(given), start, given)


def _second_starts(
    spec: ModelSpec,
    layout: Layout,
    objective: Objective,
    samples: tuple[SampleMoments, ...],
    options: FitOptions,
    start: Array,
) -> Array:
    each = [
        cautious_values(block.model, fitted_cov(sample, options), start, layout.given)
        for block, sample in zip(objective.blocks, samples, strict=True)
    ]
    return _averaged(objective, each)


def _averaged(objective: Objective, each: list[Array]) -> Array:
    if len(each) == 1:
        return each[0]
    total, count = np.zeros(objective.n_free), np.zeros(objective.n_free)
    for block, start in zip(objective.blocks, each, strict=True):
        own = np.unique(block.model.parameter)
        total[own] += start[own]
        count[own] += 1
    return total / np.maximum(count, 1)
