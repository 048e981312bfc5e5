"""From samples and a specification to a fit."""

from __future__ import annotations

import warnings

import numpy as np

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.objective import Objective
from clustersem.engine.optimiser import minimise_from
from clustersem.engine.ram import SCALE, THRESHOLD, Array, Ram
from clustersem.engine.starts import cautious_values, starting_values
from clustersem.engine.unitless import Unitless
from clustersem.errors import EstimationError, UnsupportedError
from clustersem.fit.assemble import Layout, layout_of
from clustersem.fit.checks import check_values
from clustersem.fit.discrepancies import (
    fitted_cov,
    fitted_mean,
    fixed_covariates,
    objective_of,
    saturated_evidence,
)
from clustersem.fit.held import held_by, nothing_held
from clustersem.fit.identifiable import check_counts, refuse_unidentified
from clustersem.fit.inference import Inference
from clustersem.fit.large import check_whole, sampled_note
from clustersem.fit.notes import notes_on
from clustersem.fit.options import FitOptions
from clustersem.fit.restrictions import refuse_undefined, restrictions_of
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
    check_whole(samples, options)
    layout = layout_of(spec)
    objective = objective_of(spec, layout, samples, options)
    variances = [fitted_cov(sample, options).diagonal() for sample in samples]
    restrictions = restrictions_of(spec, layout.places, bounds=options.bounds, variances=variances)
    check_counts(spec, layout, samples, restrictions.n_independent)
    start = _starts(spec, layout, objective, samples, options)

    def second() -> Array:
        return _second_starts(spec, layout, objective, samples, options, start)

    held, unitless = nothing_held(restrictions), Unitless(objective)
    if options.engine == "semopy" and not restrictions.are_none:
        raise UnsupportedError(
            f"{(*restrictions.equal, *restrictions.least)[0]}: constraints and bounds are fitted by"
            " the native engine only. Leave engine='semopy' out."
        )
    if options.engine == "semopy":
        from clustersem.fit.semopy_engine import minimise_with_semopy

        optimum = minimise_with_semopy(spec, layout, objective)
    elif restrictions.are_none:
        optimum = unitless.measured(minimise_from(unitless, start, second))
    else:
        from clustersem.engine.constrained import minimise_constrained_from

        found = minimise_constrained_from(unitless, start, restrictions.numbers, second)
        optimum = found = unitless.measured(found)
        if found.at is not None:
            held = held_by(restrictions, found)
    if optimum.at is None:
        status = status_of("no_start", 0, np.nan)
        raise EstimationError(str(status))
    if optimum.code == "no_start":
        refuse_undefined(restrictions, optimum.theta)
    status = status_of(optimum.code, optimum.iterations, optimum.decrement)
    multiplier = sum(options.weight(sample) for sample in samples)
    vcov, involved = parameter_covariance(optimum.hessian, multiplier, held.jacobian)
    if len(involved):
        refuse_unidentified(spec, layout, objective, start, involved, restrictions.numbers)
    basis = held.basis(optimum.hessian)
    fixed = fixed_covariates(spec, layout)
    saturated = saturated_evidence(samples)
    inference = Inference(
        objective, optimum.at, samples, options, multiplier, fixed, basis, saturated
    )
    if status.code != "converged":
        vcov = np.full_like(vcov, np.nan)
    elif not _is_inverse_information(options):
        vcov = inference.vcov()
    notes = notes_on(spec, layout, samples, optimum, involved)
    notes += [(None, sentence) for sentence in held.notes]
    sampled = sampled_note(samples, options)
    if sampled:
        notes.append((None, sampled))
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
        held=held,
        inference=inference,
    )


def _is_inverse_information(options: FitOptions) -> bool:
    """Whether the covariance matrix is the inverse of the expected information."""
    plain = options.se == "standard" and options.information == "expected"
    return plain and options.is_likelihood


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
