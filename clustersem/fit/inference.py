"""What standard errors and corrected tests of one model rest on, group by group.

The same is made of the fitted model and of the independence model, so that the scaled incremental
indices come from one recipe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from clustersem.engine.browne import ResidualTerms, browne_residual
from clustersem.engine.casewise import cross_products
from clustersem.engine.complete_group import CompleteGroup
from clustersem.engine.corrections import (
    TestStatistic,
    YuanBentler,
    mean_var_adjusted,
    satorra_bentler,
    scaled_shifted,
    yuan_bentler,
)
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
from clustersem.engine.moment_structure import implied_moments, parameter_jacobian
from clustersem.engine.objective import Block, Objective, State
from clustersem.engine.ram import Array, Index
from clustersem.engine.sandwich import inverse_information, sandwich
from clustersem.engine.saturated_evidence import SaturatedEvidence
from clustersem.engine.ugamma import GroupTerms, MomentTerms, trace_ugamma, trace_ugamma_squared
from clustersem.errors import UnsupportedError
from clustersem.fit.discrepancies import fitted_cov, gamma_of, moment_order, sample_moments
from clustersem.fit.options import FitOptions
from clustersem.moments import SampleMoments
from clustersem.moments.gamma import normal_gamma, normal_weight
from clustersem.moments.margin import margin


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


@dataclass(frozen=True, eq=False)
class Inference:
    """A model at its estimates, with all that standard errors and tests of it need.

    Attributes
    ----------
    objective, state : Objective, State
        The model and its evaluation.
    samples : tuple of SampleMoments
        The groups.
    options : FitOptions
        How it was fitted.
    multiplier : float
        N.
    fixed : ndarray of int
        Places of covariates whose moments are fixed at the sample's.
    basis : ndarray of shape (q, r) or None
        Directions in which equality constraints let theta move.
    saturated : tuple of SaturatedEvidence
        What the saturated estimates of incomplete groups rest on; empty with complete answers.
    """

    objective: Objective
    state: State
    samples: tuple[SampleMoments, ...]
    options: FitOptions
    multiplier: float
    fixed: Index
    basis: Array | None = None
    saturated: tuple[SaturatedEvidence, ...] = ()

    @cached_property
    def groups(self) -> tuple[GroupEvidence, ...]:
        """Every group's evidence."""
        return tuple(
            self._group(number, sample, block, at)
            for number, (sample, block, at) in enumerate(
                zip(self.samples, self.objective.blocks, self.state.groups, strict=True)
            )
        )

    def _group(
        self, number: int, sample: SampleMoments, block: Block, at: Evaluation
    ) -> GroupEvidence:
        if isinstance(at, IncompleteEvaluation):
            return IncompleteGroup(sample, block, at, self.fixed, self.saturated[number])
        if not isinstance(at, NormalEvaluation):
            # Estimates weigh a group by n_g - 1, their covariance matrix by n_g, as lavaan does.
            share = sample.total / sum(each.total for each in self.samples)
            return LeastSquaresGroup(sample, block, at, self.fixed, self.options, share)
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
            self.fixed if len(self.fixed) else None,
        )

    @cached_property
    def information(self) -> Array:
        """Observed or expected information of one case (q x q)."""
        objective = self.objective
        if len(self.samples) > 1 and not self.options.is_likelihood:
            total = sum(sample.total for sample in self.samples)
            shares = [sample.total / total for sample in self.samples]
            blocks = zip(objective.blocks, shares, strict=True)
            objective = Objective(tuple(replace(block, share=share) for block, share in blocks))
        exact = self.options.information == "observed"
        return 0.5 * (objective.exact if exact else objective.expected)(self.state)

    @cached_property
    def first_order(self) -> Array:
        """Mean cross-products of the casewise scores (q x q)."""
        return _sum(self.objective, [group.first_order for group in self.groups])

    def vcov(self) -> Array:
        """Return the covariance matrix of the estimates (q x q)."""
        se = self.options.se
        if se == "none":
            return np.full((self.objective.n_free,) * 2, np.nan)
        if se == "first.order":
            return inverse_information(self.first_order, self.multiplier, basis=self.basis)
        if se == "robust.huber.white":
            return sandwich(self.information, self.first_order, self.multiplier, basis=self.basis)
        if se == "robust.sem":
            return sandwich(*self.information_and_meat(), self.multiplier, basis=self.basis)
        if self.options.discrepancy in ("ULS", "DWLS"):
            # The inverse of the information is the covariance matrix only with optimal weights.
            terms = [group.standard_terms for group in self._least_squares]
            bread = np.sum([term.share * term.bread for term in terms], axis=0)
            meat = np.sum([term.share * term.meat for term in terms], axis=0)
            return sandwich(bread, meat, self.multiplier, basis=self.basis)
        return inverse_information(self.information, self.multiplier, basis=self.basis)

    @property
    def _least_squares(self) -> list[LeastSquaresGroup]:
        return [group for group in self.groups if isinstance(group, LeastSquaresGroup)]

    def information_and_meat(self) -> tuple[Array, Array]:
        """Return Delta' V Delta and Delta' V Gamma V Delta (q x q), summed over groups."""
        terms = [group.terms for group in self.groups]
        bread = np.sum([term.share * term.bread for term in terms], axis=0)
        return bread, np.sum([term.share * term.meat for term in terms], axis=0)

    def test(self, name: str, chisq: float, df: int) -> TestStatistic:
        """Return a test of the model by its name; NaN where the data do not allow it."""
        if name == "standard":
            return TestStatistic(name, chisq, df)
        if name.startswith("browne"):
            return self._browne(name, df)
        if name == "yuan.bentler.mplus":
            return self.yuan_bentler(chisq, df).test
        if name == "yuan.bentler":
            # With expected information it is the test of Satorra and Bentler.
            observed = self.options.information == "observed"
            terms = [g.yuan_bentler_terms if observed else g.terms for g in self.groups]
            return satorra_bentler(chisq, df, trace_ugamma(terms, basis=self.basis), name=name)
        if name == "satorra.bentler":
            terms = [group.terms for group in self.groups]
            return satorra_bentler(chisq, df, trace_ugamma(terms, basis=self.basis))
        terms = [group.terms_of_squares for group in self.groups]
        traces = (
            trace_ugamma(terms, basis=self.basis),
            trace_ugamma_squared(terms, basis=self.basis),
        )
        adjusted = mean_var_adjusted if name == "mean.var.adjusted" else scaled_shifted
        return adjusted(chisq, df, *traces)

    def yuan_bentler(self, chisq: float, df: int) -> YuanBentler:
        """Return the Yuan-Bentler test of Mplus, with the scaling factors of both models."""
        inner, meat = self._information_of_test, self.first_order
        if self.basis is not None:
            inner, meat = (self.basis.T @ x @ self.basis for x in (inner, meat))
        try:
            trace_h0 = float(np.trace(np.linalg.solve(inner, meat)))
        except np.linalg.LinAlgError:
            trace_h0 = math.nan
        return yuan_bentler(
            chisq,
            df,
            trace_h1=sum(group.saturated_trace for group in self.groups),
            trace_h0=trace_h0,
            n_moments=self._n_moments,
            n_free=len(inner),
        )

    @property
    def _n_moments(self) -> int:
        """Number of moments of all groups, without those of fixed covariates."""
        has_means = self.objective.blocks[0].model.has_means
        x = len(self.fixed)
        given = x * (x + 1) // 2 + (x if has_means else 0)
        orders = [moment_order(sample, has_means=has_means) for sample in self.samples]
        return sum(order.n_moments - given for order in orders)

    @property
    def _information_of_test(self) -> Array:
        """Information of one case that the Yuan-Bentler test of Mplus rests on.

        That of the standard errors, except that lavaan leaves out the curvature of the moments
        where the test was asked for by its own name and not with estimator="MLR".
        """
        if self.options.information == "observed" and self.options.estimator.upper() != "MLR":
            groups = [g for g in self.groups if isinstance(g, CompleteGroup | IncompleteGroup)]
            return _sum(self.objective, [g.observed_of_moments for g in groups])
        return self.information

    def _browne(self, name: str, df: int) -> TestStatistic:
        terms = []
        for sample, block, at in zip(
            self.samples, self.objective.blocks, self.state.groups, strict=True
        ):
            model = block.model
            order = moment_order(sample, has_means=model.has_means)
            jacobian = parameter_jacobian(model, at.point, order)
            observed = sample_moments(sample, self.options, order)
            if name == "browne.residual.adf":
                gamma = gamma_of(sample, has_means=model.has_means, fixed=self.fixed)
            else:
                gamma = normal_gamma(fitted_cov(sample, self.options), order)
            residuals = observed - implied_moments(at.point, order)
            n = self.options.weight(sample)
            terms.append(ResidualTerms(residuals, jacobian, gamma, n))
        return browne_residual(terms, df, name=name, basis=self.basis)


def _sum(objective: Objective, parts: list[Array]) -> Array:
    total = objective.blocks[0].share * parts[0]
    for block, part in zip(objective.blocks[1:], parts[1:], strict=True):
        total = total + block.share * part
    return total
