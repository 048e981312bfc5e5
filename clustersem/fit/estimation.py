"""From samples and a specification to a fit."""

from __future__ import annotations

import warnings

import numpy as np

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.objective import Objective
from clustersem.engine.optimiser import minimise_from
from clustersem.engine.ram import Array
from clustersem.engine.starts import cautious_values, starting_values
from clustersem.errors import EstimationError
from clustersem.fit.assemble import Layout, layout_of
from clustersem.fit.checks import check_values
from clustersem.fit.discrepancies import fitted_cov, fitted_mean, objective_of
from clustersem.fit.identifiable import check_counts, refuse_unidentified
from clustersem.fit.notes import notes_on
from clustersem.fit.options import FitOptions
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
    if options.engine == "semopy":
        from clustersem.fit.semopy_engine import minimise_with_semopy

        optimum = minimise_with_semopy(spec, layout, objective)
    else:
        optimum = minimise_from(
            objective,
            start,
            lambda: _second_starts(spec, layout, objective, samples, options, start),
        )
    if optimum.at is None:
        status = status_of("no_start", 0, np.nan)
        raise EstimationError(str(status))
    status = status_of(optimum.code, optimum.iterations, optimum.decrement)
    multiplier = sum(options.weight(sample.n_obs) for sample in samples)
    vcov, involved = parameter_covariance(optimum.hessian, multiplier)
    if len(involved):
        refuse_unidentified(spec, layout, objective, start, involved)
    if status.code != "converged":
        vcov = np.full_like(vcov, np.nan)
    notes = notes_on(spec, layout, samples, optimum, involved)
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
    )


def _starts(
    spec: ModelSpec,
    layout: Layout,
    objective: Objective,
    samples: tuple[SampleMoments, ...],
    options: FitOptions,
) -> Array:
    """Return starting values: those of the groups that have a parameter, averaged."""
    each = [
        starting_values(
            block.model, fitted_cov(sample, options), fitted_mean(sample, spec), layout.given
        )
        for block, sample in zip(objective.blocks, samples, strict=True)
    ]
    return _averaged(objective, each)


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
