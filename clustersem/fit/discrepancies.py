"""From samples and options to the objective: the first column of the table of estimators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clustersem.engine.discrepancy import Discrepancy, cholesky, inverse_from, log_det
from clustersem.engine.least_squares import GeneralisedLeastSquares, WeightedLeastSquares
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.objective import Block, Objective
from clustersem.engine.ram import Array
from clustersem.errors import DataError
from clustersem.fit.assemble import Layout, ram_of
from clustersem.fit.estimators import DiscrepancyName
from clustersem.fit.options import FitOptions
from clustersem.moments import MomentOrder, SampleMoments
from clustersem.spec import ModelSpec


def objective_of(
    spec: ModelSpec, layout: Layout, samples: tuple[SampleMoments, ...], options: FitOptions
) -> Objective:
    """Return what is to be minimised."""
    weights = [options.weight(sample.n_obs) for sample in samples]
    blocks = []
    for group, (sample, weight) in enumerate(zip(samples, weights, strict=True)):
        cov, mean = fitted_cov(sample, options), fitted_mean(sample, spec)
        model = ram_of(spec, layout, group, cov, mean, options.parameterization)
        discrepancy = MAKERS[options.discrepancy](sample, options, model.has_means)
        blocks.append(Block(model, discrepancy, weight / sum(weights)))
    return Objective(tuple(blocks))


def fitted_cov(sample: SampleMoments, options: FitOptions) -> Array:
    """Return the covariance matrix in the divisor of the estimator."""
    biased = not options.unbiased or sample.ordinal is not None
    return sample.cov if biased else sample.unbiased_cov


def fitted_mean(sample: SampleMoments, spec: ModelSpec) -> Array:
    """Return the means; zeros where they are neither known nor needed."""
    if sample.mean is not None:
        return sample.mean
    if spec.options.meanstructure:
        raise DataError(
            "the model has intercepts, but the covariance matrix comes without means. Pass them"
            " as mean=, or leave the intercepts out."
        )
    return np.zeros(len(sample.names))


def moment_order(sample: SampleMoments, *, has_means: bool) -> MomentOrder:
    """Return the order of a sample's moments."""
    if sample.ordinal is not None:
        return sample.ordinal.order
    return MomentOrder((0,) * len(sample.names), has_means)


def sample_moments(sample: SampleMoments, options: FitOptions, order: MomentOrder) -> Array:
    """Return a sample's moments as a vector."""
    if sample.ordinal is not None:
        return sample.ordinal.values
    cov = fitted_cov(sample, options)
    parts = [cov.diagonal(), cov[order.rows, order.cols]]
    if order.has_means:
        assert sample.mean is not None
        parts.insert(0, sample.mean)
    return np.concatenate(parts)


def _mean(sample: SampleMoments) -> Array:
    return np.zeros(len(sample.names)) if sample.mean is None else sample.mean


def _maximum_likelihood(sample: SampleMoments, options: FitOptions, has_means: bool) -> Discrepancy:
    cov = fitted_cov(sample, options)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return MaximumLikelihood(cov, _mean(sample), log_det(factor))


def _generalised(sample: SampleMoments, options: FitOptions, has_means: bool) -> Discrepancy:
    cov = fitted_cov(sample, options)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return GeneralisedLeastSquares(cov, _mean(sample), inverse_from(factor))


def _unweighted(sample: SampleMoments, options: FitOptions, has_means: bool) -> Discrepancy:
    order = moment_order(sample, has_means=has_means)
    weight = np.ones(order.n_moments)
    return WeightedLeastSquares(order, sample_moments(sample, options, order), weight)


#: A discrepancy by its name.
MAKERS: dict[DiscrepancyName, Callable[[SampleMoments, FitOptions, bool], Discrepancy]] = {
    "ML": _maximum_likelihood,
    "GLS": _generalised,
    "ULS": _unweighted,
}
