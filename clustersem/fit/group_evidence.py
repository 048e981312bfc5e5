"""What one group adds to sandwiches and to the traces of corrected tests, by kind of estimator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from clustersem.engine.casewise import cross_products
from clustersem.engine.complete_group import CompleteGroup
from clustersem.engine.discrepancy import Evaluation
from clustersem.engine.fiml import FullInformation, IncompleteEvaluation
from clustersem.engine.incomplete_scores import (
    incomplete_scores,
    observed_information,
    unrestricted_scores,
)
from clustersem.engine.least_squares import (
    GeneralisedLeastSquares,
    WeightedLeastSquares,
)
from clustersem.engine.likelihood import MaximumLikelihood, NormalEvaluation
from clustersem.engine.moment_structure import parameter_jacobian
from clustersem.engine.objective import Block
from clustersem.engine.ram import Array, Index
from clustersem.engine.saturated_evidence import SaturatedEvidence
from clustersem.engine.ugamma import GroupTerms, MomentTerms
from clustersem.errors import UnsupportedError
from clustersem.fit.discrepancies import fitted_cov, gamma_of, moment_order
from clustersem.fit.inference import Inference
from clustersem.fit.options import FitOptions
from clustersem.moments import SampleMoments
from clustersem.moments.gamma import normal_gamma, normal_weight
from clustersem.moments.margin import margin

__all__ = [
    "CompleteGroup",
    "GroupEvidence",
    "IncompleteGroup",
    "LeastSquaresGroup",
    "group_evidence",
]


class GroupEvidence(Protocol):
    """One group's contributions to sandwiches and traces."""

    @property
    def first_order(self) -> Array:
        """Mean cross-products of the casewise scores (q x q)."""

    @property
    def saturated_trace(self) -> float:
        """tr(A1^-1 B1) of the saturated model."""

    @property
    def terms(self) -> GroupTerms:
        """What the group adds to tr(U Gamma)."""

    @property
    def terms_of_squares(self) -> GroupTerms:
        """What the group adds to tr((U Gamma)^2)."""

    @property
    def yuan_bentler_terms(self) -> GroupTerms:
        """The same with the observed information of the moments as weight."""


@dataclass(frozen=True, eq=False)
class IncompleteGroup:
    """One group with missing answers."""

    sample: SampleMoments
    block: Block
    at: IncompleteEvaluation
    fixed: Index
    saturated: SaturatedEvidence

    @cached_property
    def first_order(self) -> Array:
        """Mean cross-products of the casewise scores (q x q)."""
        sample, model = self.sample, self.block.model
        scores = incomplete_scores(self.saturated.rows, self.at, model.cells)
        return cross_products(
            model.by_theta(scores), weights=sample.weights, cluster=sample.cluster
        )

    @cached_property
    def saturated_trace(self) -> float:
        """tr(A1^-1 B1) of the saturated model, less that of fixed covariates."""
        trace = self.saturated.trace
        return trace - self._trace_of(self.fixed) if len(self.fixed) else trace

    def _trace_of(self, variables: Index) -> float:
        assert self.sample.mean is not None
        mean, cov = self.sample.mean[variables], self.sample.cov[np.ix_(variables, variables)]
        own = margin(self.sample, variables)
        scores = unrestricted_scores(own.rows, mean, cov)
        b = cross_products(scores, weights=own.weights, cluster=own.cluster)
        a = observed_information(own.data, mean, cov)
        return float(np.trace(np.linalg.solve(a, b)))

    @cached_property
    def observed_of_moments(self) -> Array:
        """Delta' H Delta (q x q), H the observed information of the moments at the model."""
        model, point = self.block.model, self.at.point
        assert isinstance(self.block.discrepancy, FullInformation)
        order = moment_order(self.sample, has_means=True)
        jacobian = parameter_jacobian(model, point, order)
        h = observed_information(self.block.discrepancy.data, point.mu, point.sigma)
        product: Array = jacobian.T @ h @ jacobian
        return product

    @property
    def terms(self) -> GroupTerms:
        """Not defined with missing answers."""
        raise _needs_complete("satorra.bentler")

    terms_of_squares = terms
    yuan_bentler_terms = terms


@dataclass(frozen=True, eq=False)
class LeastSquaresGroup:
    """One group of a least-squares estimator: its Jacobian, weight and Gamma."""

    sample: SampleMoments
    block: Block
    at: Evaluation
    fixed: Index
    options: FitOptions
    share: float

    @property
    def first_order(self) -> Array:
        """Not defined without a likelihood."""
        raise UnsupportedError(
            "se='robust.huber.white' and se='first.order' rest on a likelihood. With least squares"
            " use se='robust.sem'."
        )

    @property
    def saturated_trace(self) -> float:
        """Not defined without a likelihood."""
        raise UnsupportedError(
            "test='yuan.bentler' rests on a likelihood. With least squares use"
            " test='satorra.bentler', 'mean.var.adjusted' or 'scaled.shifted'."
        )

    @cached_property
    def terms(self) -> MomentTerms:
        """What the group adds to the traces."""
        has_means = self.block.model.has_means
        return self._terms(gamma_of(self.sample, has_means=has_means, fixed=self.fixed))

    def _terms(self, gamma: Array) -> MomentTerms:
        model, discrepancy = self.block.model, self.block.discrepancy
        order = moment_order(self.sample, has_means=model.has_means)
        jacobian = parameter_jacobian(model, self.at.point, order)
        if isinstance(discrepancy, WeightedLeastSquares):
            weight = discrepancy.weight
        else:
            assert isinstance(discrepancy, GeneralisedLeastSquares)
            weight = normal_weight(discrepancy.precision, order)
        return MomentTerms(jacobian, weight, gamma, self.share)

    @property
    def terms_of_squares(self) -> MomentTerms:
        """The same."""
        return self.terms

    @property
    def standard_terms(self) -> MomentTerms:
        """The same with what the estimator supposes of the distribution.

        Unweighted least squares of continuous variables supposes normality (Browne, 1984).
        """
        if self.options.discrepancy != "ULS" or self.sample.ordinal is not None:
            return self.terms
        order = moment_order(self.sample, has_means=self.block.model.has_means)
        return self._terms(normal_gamma(fitted_cov(self.sample, self.options), order))

    @property
    def yuan_bentler_terms(self) -> GroupTerms:
        """Not defined without a likelihood."""
        raise UnsupportedError(
            "test='yuan.bentler' rests on a likelihood. With least squares use"
            " test='satorra.bentler', 'mean.var.adjusted' or 'scaled.shifted'."
        )


def _needs_complete(what: str) -> UnsupportedError:
    return UnsupportedError(
        f"{what!r} is defined for complete answers. With missing='ml' use estimator='MLR':"
        " se='robust.huber.white' and test='yuan.bentler.mplus'."
    )


def group_evidence(inference: Inference, number: int) -> GroupEvidence:
    """Return the evidence of one group (0-based) of a model at its estimates."""
    sample, fixed = inference.samples[number], inference.fixed
    block, at = inference.objective.blocks[number], inference.state.groups[number]
    if isinstance(at, IncompleteEvaluation):
        return IncompleteGroup(sample, block, at, fixed, inference.saturated[number])
    if not isinstance(at, NormalEvaluation):
        # Estimates weigh a group by n_g - 1, their covariance matrix by n_g, as lavaan does.
        share = sample.total / sum(each.total for each in inference.samples)
        return LeastSquaresGroup(sample, block, at, fixed, inference.options, share)
    assert isinstance(block.discrepancy, MaximumLikelihood)
    if sample.cases is None or sample.mean is None:
        raise UnsupportedError(
            "robust standard errors and tests need the answers themselves: a covariance matrix"
            " says nothing of their distribution. Pass them as data=, or use estimator='ML'."
        )
    return CompleteGroup(
        block.model,
        at.point,
        at.precision,
        sample.cases,
        block.discrepancy.cov,
        sample.mean,
        block.share,
        sample.weights,
        sample.cluster,
        fixed if len(fixed) else None,
    )
