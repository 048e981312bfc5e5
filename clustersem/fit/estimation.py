"""From moments and a specification to a fit."""

from __future__ import annotations

import warnings

import numpy as np

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.likelihood import Sample, cholesky, log_det
from clustersem.engine.optimiser import minimise_from
from clustersem.engine.ram import Array
from clustersem.engine.starts import cautious_values, starting_values
from clustersem.errors import DataError, EstimationError
from clustersem.fit.assemble import layout_of, ram_of
from clustersem.fit.checks import check_values
from clustersem.fit.identifiable import check_counts, refuse_unidentified
from clustersem.fit.notes import notes_on
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.status import status_of
from clustersem.moments import SampleMoments
from clustersem.spec import ModelSpec


def fit_moments(spec: ModelSpec, moments: SampleMoments, options: FitOptions) -> Fit:
    """Fit a specification to moments: what the entry points do once their input is checked.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    moments : SampleMoments
        The sample, with the model's observed variables in its order.
    options : FitOptions
        How to fit.

    Raises
    ------
    IdentificationError
        Where the model's parameters cannot be determined from any data.
    """
    check_values(spec)
    layout = layout_of(spec)
    sample = _sample(spec, moments, options)
    model = ram_of(spec, layout, moments_cov(moments, options), sample.mean)
    check_counts(spec, layout, model)
    start = starting_values(model, sample.cov, sample.mean, layout.given)
    if options.engine == "semopy":
        from clustersem.fit.semopy_engine import minimise_with_semopy

        optimum = minimise_with_semopy(spec, layout, model, sample)
    else:
        optimum = minimise_from(
            model, sample, start, lambda: cautious_values(model, sample.cov, start, layout.given)
        )
    if optimum.at is None:
        status = status_of("no_start", 0, np.nan)
        raise EstimationError(str(status))
    status = status_of(optimum.code, optimum.iterations, optimum.decrement)
    vcov, involved = parameter_covariance(optimum.hessian, options.multiplier(moments.n_obs))
    if len(involved):
        refuse_unidentified(spec, layout, model, sample, start, involved)
    if status.code != "converged":
        vcov = np.full_like(vcov, np.nan)
    notes = notes_on(spec, layout, moments, model, optimum, involved)
    for category, sentence in notes:
        if category is not None:
            warnings.warn(sentence, category, stacklevel=3)
    for array in (optimum.theta, vcov):
        array.setflags(write=False)
    return Fit(
        spec=spec,
        moments=moments,
        options=options,
        status=status,
        warnings=tuple(sentence for _, sentence in notes),
        theta=optimum.theta,
        vcov_theta=vcov,
        layout=layout,
        model=model,
        sample=sample,
        at=optimum.at,
        hessian=optimum.hessian,
    )


def moments_cov(moments: SampleMoments, options: FitOptions) -> Array:
    """Return the covariance matrix in the divisor of the likelihood."""
    return moments.cov if options.likelihood == "normal" else moments.unbiased_cov


def _sample(spec: ModelSpec, moments: SampleMoments, options: FitOptions) -> Sample:
    mean = moments.mean
    if mean is None:
        if spec.options.meanstructure:
            raise DataError(
                "the model has intercepts, but the covariance matrix comes without means. Pass them"
                " as mean=, or leave the intercepts out."
            )
        mean = np.zeros(len(moments.names))
    cov = moments_cov(moments, options)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return Sample(cov, mean, log_det(factor))
