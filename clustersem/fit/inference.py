"""What standard errors and corrected tests of one model rest on, group by group.

The same is made of the fitted model and of the independence model, so that the scaled incremental
indices come from one recipe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from clustersem.engine.moment_structure import implied_moments, parameter_jacobian
from clustersem.engine.objective import Objective, State
from clustersem.engine.ram import Array, Index
from clustersem.fit.discrepancies import fitted_cov, gamma_of, moment_order, sample_moments
from clustersem.fit.options import FitOptions
from clustersem.moments import SampleMoments
from clustersem.moments.gamma import normal_gamma

# Plain maximum likelihood needs none of the corrections: each is loaded where it is asked for.
if TYPE_CHECKING:
    from clustersem.engine.corrections import TestStatistic, YuanBentler
    from clustersem.engine.saturated_evidence import SaturatedEvidence
    from clustersem.fit.group_evidence import GroupEvidence, LeastSquaresGroup


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
        from clustersem.fit.group_evidence import group_evidence

        return tuple(group_evidence(self, number) for number in range(len(self.samples)))

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
        from clustersem.engine.sandwich import inverse_information, sandwich

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
        from clustersem.fit.group_evidence import LeastSquaresGroup

        return [group for group in self.groups if isinstance(group, LeastSquaresGroup)]

    def information_and_meat(self) -> tuple[Array, Array]:
        """Return Delta' V Delta and Delta' V Gamma V Delta (q x q), summed over groups."""
        terms = [group.terms for group in self.groups]
        bread = np.sum([term.share * term.bread for term in terms], axis=0)
        return bread, np.sum([term.share * term.meat for term in terms], axis=0)

    def test(self, name: str, chisq: float, df: int) -> TestStatistic:
        """Return a test of the model by its name; NaN where the data do not allow it."""
        from clustersem.engine.corrections import (
            TestStatistic,
            mean_var_adjusted,
            satorra_bentler,
            scaled_shifted,
        )
        from clustersem.engine.ugamma import trace_ugamma, trace_ugamma_squared

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
        from clustersem.engine.corrections import yuan_bentler

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
            from clustersem.fit.group_evidence import CompleteGroup, IncompleteGroup

            groups = [g for g in self.groups if isinstance(g, CompleteGroup | IncompleteGroup)]
            return _sum(self.objective, [g.observed_of_moments for g in groups])
        return self.information

    def _browne(self, name: str, df: int) -> TestStatistic:
        from clustersem.engine.browne import ResidualTerms, browne_residual

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
