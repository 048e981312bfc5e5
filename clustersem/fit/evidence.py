"""How well a model fits: its tests, those of the independence model, and all measures of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from clustersem.engine.discrepancy import Discrepancy, cholesky
from clustersem.engine.moment_structure import implied_moments, parameter_jacobian
from clustersem.engine.objective import Objective
from clustersem.engine.ram import THRESHOLD, Array, Index
from clustersem.fit.assemble import Layout
from clustersem.fit.baseline import baseline_discrepancy, baseline_objective, minimum, saturated
from clustersem.fit.discrepancies import moment_order
from clustersem.fit.goodness import gfi, varying_moments
from clustersem.fit.inference import Inference
from clustersem.fit.measures import (
    GroupInputs,
    MeasureInputs,
    Measures,
    normal_loglik,
    plain_measures,
)
from clustersem.fit.options import FitOptions
from clustersem.fit.residual_indices import wrmr
from clustersem.moments import MomentOrder, SampleMoments
from clustersem.spec import ModelSpec

# What only corrected tests, gaps or ordinal items need is loaded where these are met.
if TYPE_CHECKING:
    from clustersem.engine.corrections import TestStatistic


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the measures of fit of a solution are made from.

    Attributes
    ----------
    spec, layout, options
        The model and how it was fitted.
    inference : Inference
        The model at its estimates.
    groups : tuple of GroupInputs
        Every group's implied and sample moments.
    df : int
        Degrees of freedom.
    """

    spec: ModelSpec
    layout: Layout
    options: FitOptions
    inference: Inference
    groups: tuple[GroupInputs, ...]
    df: int

    @property
    def _objective(self) -> Objective:
        return self.inference.objective

    @cached_property
    def _covariates(self) -> Index:
        index = self.layout.index()
        return np.array([index[x] for x in self.spec.exogenous_observed], dtype=np.intp)

    @property
    def _auxiliary(self) -> Index:
        return np.arange(len(self.spec.target), len(self.spec.observed))

    @property
    def _target_groups(self) -> tuple[GroupInputs, ...]:
        """The groups without auxiliary variables, whose moments are not what is explained."""
        return tuple(group.target(len(self.spec.target)) for group in self.groups)

    @property
    def _fixed_x(self) -> bool:
        return len(self.inference.fixed) > 0

    @cached_property
    def _baseline(self) -> Inference:
        """The independence model at its estimates."""
        objective, start = baseline_objective(
            self._objective,
            tuple(
                saturated(group.cov, group.mean, sample.ordinal)
                for group, sample in zip(self._baseline_groups, self.inference.samples, strict=True)
            ),
            self._covariates,
            self._auxiliary,
            fixed_x=self._fixed_x,
        )
        theta = start
        gaps_in_x = self.options.discrepancy == "FIML" and len(self._covariates) > 0
        iterative = self.options.discrepancy in ("GLS", "WLS") or len(self._auxiliary) > 0
        if iterative or (gaps_in_x and not self._fixed_x):
            theta, _ = minimum(objective, start)
        state = objective.at(theta)
        assert state is not None, "variances are positive"
        given = self.inference
        return Inference(
            objective,
            state,
            given.samples,
            given.options,
            given.multiplier,
            given.fixed,
            saturated=given.saturated,
        )

    @cached_property
    def _baseline_groups(self) -> tuple[GroupInputs, ...]:
        if self.options.discrepancy != "FIML":
            return self.groups
        found = []
        for group, sample in zip(self.groups, self.inference.samples, strict=True):
            assert sample.data is not None
            mean, variance = _available(sample.data, sample.weights)
            own, cov = self._covariates, group.cov.copy()
            np.fill_diagonal(cov, variance)
            cov[own, own], mean[own] = group.cov[own, own], group.mean[own]
            found.append(group.with_moments(cov, mean))
        return tuple(found)

    @cached_property
    def f_baseline(self) -> float:
        """Discrepancy of the independence model."""
        if self.options.discrepancy != "ML":
            return self._baseline.state.f
        return sum(
            block.share * baseline_discrepancy(group.cov, self._covariates)
            for block, group in zip(self._objective.blocks, self.groups, strict=True)
        )

    @property
    def _by_residuals(self) -> bool:
        """Whether N F has no distribution to refer to, and Browne's test has to stand for it.

        So it is with unweighted least squares of continuous variables (Browne, 1984).
        """
        plain = self.options.discrepancy == "ULS" and self.options.test == "standard"
        return plain and not len(self.layout.ordinal)

    def _standard(self, inference: Inference, df: int) -> float:
        """Return the standard test statistic."""
        if self._by_residuals:
            return inference.test("browne.residual.nt", math.nan, df).chisq
        return inference.multiplier * max(inference.state.f, 0.0)

    @property
    def df_baseline(self) -> int:
        """Degrees of freedom of the independence model."""
        given = len(self.inference.samples[0].given)
        p, x = len(self.spec.target) - given, len(self._covariates) - given
        return len(self.groups) * (p * (p - 1) - x * (x - 1)) // 2

    @cached_property
    def saturated(self) -> float:
        """Log-likelihood of the saturated model; NaN where there is no likelihood."""
        if not self.options.is_likelihood:
            return math.nan
        total, fixed = 0.0, self.inference.fixed
        for group, block, sample in zip(
            self.groups, self._objective.blocks, self.inference.samples, strict=True
        ):
            total += _saturated_loglik(group, block.discrepancy, sample)
            if len(fixed):
                total -= self._loglik_of(fixed, group, sample)
        return total

    def _loglik_of(self, some: Index, group: GroupInputs, sample: SampleMoments) -> float:
        """Return the log-likelihood of some variables alone at the sample's moments."""
        cov = group.cov[np.ix_(some, some)]
        if sample.patterns is None:
            return normal_loglik(cov, group.n_obs)
        from clustersem.moments.margin import margin

        done = margin(sample, some).data.complete(group.mean[some], cov)
        assert done is not None, "saturated estimates are positive definite"
        return done.log_likelihood

    def measures(self, n_free: int) -> Mapping[str, float]:
        """Return every measure of fit; `n_free` counts equality constraints."""
        given = MeasureInputs(
            self._target_groups,
            f=self.inference.state.f,
            chisq=self._standard(self.inference, self.df),
            df=self.df,
            chisq_baseline=self._standard(self._baseline, self.df_baseline)
            if self._by_residuals
            else self.inference.multiplier * self.f_baseline,
            df_baseline=self.df_baseline,
            multiplier=self.inference.multiplier,
            n_free=n_free,
            n_moments=len(self.groups) * self._n_moments,
            has_means=self.spec.options.meanstructure,
            saturated=self.saturated,
            gfi=gfi(self.inference, self.groups, n_target=len(self.spec.target)),
        )
        found = plain_measures(given)
        if self.options.discrepancy in ("DWLS", "ULS") and not self._by_residuals:
            # N F is no chi-square in these weights: only corrected statistics have p-values.
            found["pvalue"] = found["baseline_pvalue"] = math.nan
        if len(self.layout.ordinal):
            found["wrmr"] = wrmr(found["chisq"], given.n_moments)
        if self.options.test != "standard":
            found |= self._corrected(found)
        elif self.options.discrepancy == "FIML":
            found |= self._missing_robust(found, robust=False)
        return Measures(found)

    @property
    def _n_moments(self) -> int:
        """How many moments of a group are those of the model itself."""
        p, a = len(self.spec.target), len(self._auxiliary)
        return self._order.n_moments - a * (1 + p) - a * (a + 1) // 2

    @property
    def _order(self) -> MomentOrder:
        has_means = self.spec.options.meanstructure
        return moment_order(self.inference.samples[0], has_means=has_means)

    def _corrected(self, plain: Mapping[str, float]) -> dict[str, float]:
        test, model = self.options.test, self.inference
        if test.startswith("browne"):
            found = model.test(test, plain["chisq"], self.df)
            name = test.replace(".", "_")
            return {f"chisq_{name}": found.chisq, f"pvalue_{name}": found.pvalue}
        from clustersem.fit.scaled_indices import (
            CorrectedTests,
            robust_measures,
            scaled_measures,
        )

        corrected: dict[str, float] = {}
        own = model.test(test, plain["chisq"], self.df)
        if test.startswith("yuan.bentler"):
            whole = model.yuan_bentler(plain["chisq"], self.df)
            corrected["scaling_factor_h1"] = whole.scaling_factor_h1
            corrected["scaling_factor_h0"] = whole.scaling_factor_h0
        against = self._baseline.test(test, plain["baseline_chisq"], self.df_baseline)
        tests = CorrectedTests(
            plain["chisq"],
            self.df,
            plain["baseline_chisq"],
            self.df_baseline,
            own,
            against,
            model.multiplier,
            len(self.groups),
        )
        corrected |= scaled_measures(tests)
        if self.options.discrepancy == "FIML":
            return corrected | self._missing_robust(plain, robust=True)
        if len(self.layout.ordinal):
            return corrected | self._ordinal_robust(own)
        return corrected | robust_measures(tests)

    @property
    def _saturates_thresholds(self) -> bool:
        """Whether every threshold of every group is a parameter of its own."""
        cuts = [
            np.where(own.free, self.layout.places[own.rows], -1)[own.cells.kind == THRESHOLD]
            for own in self.layout.groups
        ]
        places = np.concatenate(cuts)
        return bool((places >= 0).all()) and len(np.unique(places)) == len(places)

    def _ordinal_robust(self, own: TestStatistic) -> dict[str, float]:
        """Return the robust measures of ordinal items; none where some items are continuous."""
        if len(self.layout.ordinal) < len(self.spec.observed) or own.name == "mean.var.adjusted":
            return {}
        if not self._saturates_thresholds:
            return {}  # catML is a discrepancy of the correlations alone
        from clustersem.engine.catml import OrdinalTerms, catml_baseline, catml_statistic
        from clustersem.engine.least_squares import WeightedEvaluation, WeightedLeastSquares
        from clustersem.fit.scaled_indices import ordinal_robust_measures

        terms = []
        for sample, block, at in zip(
            self.inference.samples,
            self._objective.blocks,
            self.inference.state.groups,
            strict=True,
        ):
            assert sample.ordinal is not None
            assert isinstance(at, WeightedEvaluation)
            assert isinstance(block.discrepancy, WeightedLeastSquares)
            order, model = sample.ordinal.order, block.model
            jacobian = parameter_jacobian(model, at.point, order)
            implied = np.eye(len(sample.names))
            pairs = implied_moments(at.point, order)[order.covariances]
            implied[order.rows, order.cols] = implied[order.cols, order.rows] = pairs
            weight = block.discrepancy.weight
            terms.append(
                OrdinalTerms(
                    sample.cov, implied, jacobian, weight, sample.ordinal.gamma, order, sample.total
                )
            )
        if any(cholesky(term.correlations) is None for term in terms):
            return {}
        model_test = catml_statistic(terms, self.df, basis=self.inference.basis)
        n_obs = sum(term.n_obs for term in terms)
        return ordinal_robust_measures(
            model_test, catml_baseline(terms), n_obs, n_groups=len(terms)
        )

    def _missing_robust(self, plain: Mapping[str, float], *, robust: bool) -> dict[str, float]:
        """Return the robust measures of incomplete data (Zhang & Savalei, 2023)."""
        from clustersem.engine.missing_correction import (
            GroupJacobian,
            complete_data_discrepancy,
            correction,
        )
        from clustersem.fit.scaled_indices import Noncentrality, robust_from_excess

        fixed = self.inference.fixed
        varying = varying_moments(self.inference.samples[0], fixed, has_means=True)
        weights = []
        for group in self.inference.saturated:
            found = group.weights(varying=varying, robust=robust)
            if found is None:
                return {}
            weights.append(found)
        values = []
        for inference in (self.inference, self._baseline):
            groups, f = [], 0.0
            for sample, block, at, own in zip(
                inference.samples,
                inference.objective.blocks,
                inference.state.groups,
                weights,
                strict=True,
            ):
                model, point = block.model, at.point
                order = moment_order(sample, has_means=True)
                jacobian = parameter_jacobian(model, point, order)
                if inference.basis is not None:
                    jacobian = jacobian @ inference.basis
                groups.append(GroupJacobian(own, jacobian[varying], block.share))
                assert sample.mean is not None
                f += block.share * complete_data_discrepancy(
                    sample.mean, sample.cov, point.mu, point.sigma
                )
            k = correction(groups)
            if k is None:
                return {}
            values.append((inference.multiplier * f, k))
        (chisq, k), (baseline, k_baseline) = values
        if self.df == 0:
            at_model = Noncentrality(chisq, 0, chisq, 1.0)
        else:
            c = k / self.df
            at_model = Noncentrality(chisq - k, self.df, chisq / c, c)
        return robust_from_excess(
            at_model,
            baseline - k_baseline,
            self.df_baseline,
            self.inference.multiplier,
            n_groups=len(self.groups),
        )


def _saturated_loglik(group: GroupInputs, discrepancy: Discrepancy, sample: SampleMoments) -> float:
    """Return the log-likelihood of one group at its own moments."""
    if sample.incomplete is None:
        return normal_loglik(group.cov, group.n_obs)
    from clustersem.engine.fiml import FullInformation

    assert isinstance(discrepancy, FullInformation)
    return discrepancy.log_likelihood


def _available(data: Array, weights: Array | None) -> tuple[Array, Array]:
    """Return each variable's mean and variance (divisor n) over the rows that have it."""
    seen = ~np.isnan(data)
    w = np.where(seen, 1.0 if weights is None else weights[:, None], 0.0)
    total = w.sum(axis=0)
    filled = np.where(seen, data, 0.0)
    mean = (w * filled).sum(axis=0) / total
    deviations = np.where(seen, data - mean, 0.0)
    return mean, (w * deviations**2).sum(axis=0) / total
