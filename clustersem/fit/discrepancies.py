"""From samples and options to the objective: the first column of the table of estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from clustersem.engine.discrepancy import Discrepancy, cholesky, inverse_from, log_det
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.objective import Block, Objective
from clustersem.engine.ram import Array, Index
from clustersem.errors import DataError, UnsupportedError
from clustersem.fit.assemble import Layout, ram_of
from clustersem.fit.estimators import DiscrepancyName
from clustersem.fit.options import FitOptions
from clustersem.moments import MomentOrder, SampleMoments, assembled
from clustersem.moments.gamma import empirical_gamma, moment_contributions
from clustersem.moments.order import continuous_order
from clustersem.spec import ModelSpec

if TYPE_CHECKING:
    from clustersem.engine.saturated_evidence import SaturatedEvidence


def objective_of(
    spec: ModelSpec, layout: Layout, samples: tuple[SampleMoments, ...], options: FitOptions
) -> Objective:
    """Return what is to be minimised."""
    weights = [options.weight(sample) for sample in samples]
    fixed = fixed_covariates(spec, layout)
    blocks = []
    for group, (sample, weight) in enumerate(zip(samples, weights, strict=True)):
        cov, mean = fitted_cov(sample, options), fitted_mean(sample, spec)
        model = ram_of(spec, layout, group, cov, mean, options.parameterization, sample.given)
        discrepancy = MAKERS[options.discrepancy](sample, options, model.has_means, fixed)
        blocks.append(Block(model, discrepancy, weight / sum(weights)))
    if options.discrepancy != "ULS":
        return Objective(tuple(blocks))
    # Squares of covariances, to which the variances give the size.
    sizes = [np.square(fitted_cov(sample, options).diagonal()).mean() for sample in samples]
    return Objective(tuple(blocks), float(np.mean(sizes)))


def fixed_covariates(spec: ModelSpec, layout: Layout) -> Index:
    """Return the places of covariates whose moments are fixed at the sample's."""
    index = layout.index()
    fixed = {row.lhs for row in spec.parameters if row.from_sample}
    names = [name for name in spec.exogenous_observed if name in fixed]
    return np.array([index[name] for name in names], dtype=np.intp)


def fitted_cov(sample: SampleMoments, options: FitOptions) -> Array:
    """Return the covariance matrix in the divisor of the estimator.

    Moments of ordinal variables have divisor n, but for what covariates explain of them, if the
    moments are those given covariates.
    """
    if sample.ordinal is not None:
        if not sample.given:
            return sample.cov
        residual, _ = assembled(sample.ordinal)
        x = list(sample.given)
        residual[x, x] = 0.0
        explained: Array = sample.unbiased_cov - residual * (sample.total / (sample.total - 1.0))
        return explained + residual
    return sample.unbiased_cov if options.unbiased else sample.cov


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
    return continuous_order(len(sample.names), has_means=has_means)


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


def saturated_evidence(
    samples: tuple[SampleMoments, ...],
) -> tuple[SaturatedEvidence, ...]:
    """Return what the saturated estimates of incomplete groups rest on; empty if complete."""
    incomplete = [(sample, sample.incomplete) for sample in samples]
    if any(data is None for _, data in incomplete):
        return ()
    from clustersem.engine.saturated_evidence import SaturatedEvidence

    return tuple(SaturatedEvidence(sample, data) for sample, data in incomplete if data is not None)


def _mean(sample: SampleMoments) -> Array:
    return np.zeros(len(sample.names)) if sample.mean is None else sample.mean


def _factored(sample: SampleMoments, options: FitOptions) -> tuple[Array, Array]:
    """Return the covariance matrix to be fitted and its Cholesky factor."""
    cov = fitted_cov(sample, options)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return cov, factor


def _maximum_likelihood(
    sample: SampleMoments, options: FitOptions, has_means: bool, fixed: Index
) -> Discrepancy:
    cov, factor = _factored(sample, options)
    return MaximumLikelihood(cov, _mean(sample), log_det(factor))


def _generalised(
    sample: SampleMoments, options: FitOptions, has_means: bool, fixed: Index
) -> Discrepancy:
    from clustersem.engine.least_squares import GeneralisedLeastSquares

    cov, factor = _factored(sample, options)
    return GeneralisedLeastSquares(cov, _mean(sample), inverse_from(factor))


def _unweighted(
    sample: SampleMoments, options: FitOptions, has_means: bool, fixed: Index
) -> Discrepancy:
    order = moment_order(sample, has_means=has_means)
    return _in_moments(sample, options, order, np.ones(order.n_moments))


def _full_information(
    sample: SampleMoments, options: FitOptions, has_means: bool, fixed: Index
) -> Discrepancy:
    from clustersem.engine.fiml import full_information

    return full_information(sample)


def _weighted(
    sample: SampleMoments, options: FitOptions, has_means: bool, fixed: Index
) -> Discrepancy:
    order = moment_order(sample, has_means=has_means)
    gamma = gamma_of(sample, has_means=has_means, fixed=fixed)
    varying = np.flatnonzero(gamma.diagonal())  # the moments of fixed covariates do not vary
    scale = np.sqrt(gamma.diagonal()[varying])
    factor = cholesky(gamma[np.ix_(varying, varying)] / np.outer(scale, scale))
    if factor is None:
        k, where = order.n_moments, f" in group {sample.label}" if sample.label else ""
        raise DataError(
            f"estimator='WLS' weights {k} moments by the inverse of their covariance matrix, which"
            f" is singular: {sample.n_obs} respondents{where} are too few for it. Use"
            " estimator='WLSMV' or 'DWLS', which invert its diagonal only."
        )
    weight = np.zeros_like(gamma)
    weight[np.ix_(varying, varying)] = inverse_from(factor) / np.outer(scale, scale)
    return _in_moments(sample, options, order, weight)


def _diagonally_weighted(
    sample: SampleMoments, options: FitOptions, has_means: bool, fixed: Index
) -> Discrepancy:
    order = moment_order(sample, has_means=has_means)
    variances = gamma_of(sample, has_means=has_means, fixed=fixed).diagonal()
    weight = np.divide(1.0, variances, out=np.zeros_like(variances), where=variances > 0)
    return _in_moments(sample, options, order, weight)


def _in_moments(
    sample: SampleMoments, options: FitOptions, order: MomentOrder, weight: Array
) -> Discrepancy:
    from clustersem.engine.least_squares import WeightedLeastSquares

    return WeightedLeastSquares(order, sample_moments(sample, options, order), weight)


def gamma_of(sample: SampleMoments, *, has_means: bool, fixed: Index | None = None) -> Array:
    """Return Gamma (k x k): the covariance matrix of sqrt(n) times the sample's moments.

    `fixed` are the places of covariates given which the moments vary.
    """
    if sample.ordinal is not None:
        return sample.ordinal.gamma
    if sample.cases is None:
        raise UnsupportedError(
            "this estimator needs the answers themselves: a covariance matrix says nothing of"
            " their distribution. Pass them as data=, or use estimator='ML'."
        )
    order = moment_order(sample, has_means=has_means)
    given = fixed if fixed is not None and len(fixed) else None
    contributions = moment_contributions(
        sample.cases, order, weights=sample.weights, covariates=given
    )
    return empirical_gamma(contributions, weights=sample.weights, cluster=sample.cluster)


#: A discrepancy by its name. Makers load what they make: most fits need one kind.
MAKERS: dict[DiscrepancyName, Callable[[SampleMoments, FitOptions, bool, Index], Discrepancy]] = {
    "ML": _maximum_likelihood,
    "FIML": _full_information,
    "GLS": _generalised,
    "ULS": _unweighted,
    "WLS": _weighted,
    "DWLS": _diagonally_weighted,
}
