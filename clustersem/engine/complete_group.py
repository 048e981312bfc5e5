"""One group of complete, continuous cases under a model, for all that normal theory corrects.

A fit has one of these a group and one more for the independence model; weights, clusters and fixed
covariates are dealt with here, so that who asks for a sandwich or a corrected test need not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from clustersem.engine.casewise import casewise_scores, cross_products
from clustersem.engine.discrepancy import cholesky
from clustersem.engine.likelihood import cell_hessian, mean_products, weighted_products
from clustersem.engine.moment_structure import parameter_jacobian
from clustersem.engine.observed_weight import observed_weight
from clustersem.engine.ram import Array, Index, Point, Ram
from clustersem.engine.ugamma import GroupTerms, MomentTerms, NormalTerms, saturated_trace
from clustersem.moments.gamma import (
    empirical_gamma,
    moment_contributions,
    normal_weight,
    summed_by_cluster,
)
from clustersem.moments.order import MomentOrder, continuous_order


@dataclass(frozen=True, eq=False)
class CompleteGroup:
    """Complete cases of one group, at one point of a model.

    Attributes
    ----------
    model : Ram
        The structure.
    point : Point
        The model at the estimates.
    precision : ndarray of shape (p, p)
        P, inverse of its covariance matrix.
    data : ndarray of shape (n, p)
        Complete cases.
    cov, mean : ndarray
        Their moments, weighted where there are weights; S in the divisor of the likelihood.
    share : float
        n_g / N.
    weights : ndarray of shape (n,) or None
        Sampling weights.
    cluster : ndarray of int, shape (n,), or None
        Cluster of every case, 0-based.
    fixed : ndarray of int
        Places of exogenous covariates that are fixed at their values.
    """

    model: Ram
    point: Point
    precision: Array
    data: Array
    cov: Array
    mean: Array
    share: float = 1.0
    weights: Array | None = None
    cluster: Index | None = None
    fixed: Index | None = None

    @cached_property
    def order(self) -> MomentOrder:
        """The order of the moments."""
        return continuous_order(self.data.shape[1], has_means=self.has_means)

    @cached_property
    def _deviations(self) -> Array:
        deviations: Array = self.data - self.mean
        return deviations

    @property
    def _has_fixed(self) -> bool:
        return self.fixed is not None and len(self.fixed) > 0

    @property
    def has_means(self) -> bool:
        """Whether means are part of the model."""
        return self.model.has_means

    @cached_property
    def scores(self) -> Array:
        """Casewise scores by parameters (n x q), unweighted."""
        centre = self.point.mu if self.has_means else self.mean
        return self.model.by_theta(
            casewise_scores(self.point, self.precision, self.model.cells, self.data - centre)
        )

    @cached_property
    def first_order(self) -> Array:
        """Mean cross-products of the scores (q x q): the meat of Huber and White's sandwich."""
        return cross_products(self.scores, weights=self.weights, cluster=self.cluster)

    @cached_property
    def expected(self) -> Array:
        """Expected information of one case (q x q)."""
        uv = self.point.uv
        h = cell_hessian(
            uv.T @ self.precision @ uv, self.point.nu, self.model.cells, self.model.cells
        )
        return 0.5 * self.model.hessian_by_theta(h)

    @cached_property
    def observed_of_moments(self) -> Array:
        """Delta' H Delta (q x q), H the observed information of the moments at the model.

        The observed information without the curvature of the moments; lavaan calls it ``h1``.
        """
        point, precision, cells = self.point, self.precision, self.model.cells
        uv = point.uv
        r = precision @ (self.mean - point.mu) if self.has_means else np.zeros(len(self.cov))
        inner = precision @ self.cov @ precision + np.outer(r, r)
        gram = uv.T @ precision @ uv
        h = weighted_products(gram, uv.T @ inner @ uv, cells)
        if self.has_means:
            h += mean_products(gram, uv.T @ r, point.nu, cells)
        return 0.5 * self.model.hessian_by_theta(h)

    @cached_property
    def gamma(self) -> Array:
        """Distribution-free covariance matrix (k x k) of sqrt(n) times the moments."""
        contributions = moment_contributions(
            self.data, self.order, weights=self.weights, covariates=self.fixed
        )
        return empirical_gamma(contributions, weights=self.weights, cluster=self.cluster)

    @cached_property
    def jacobian(self) -> Array:
        """Delta (k x q) by parameters."""
        return parameter_jacobian(self.model, self.point, self.order)

    @cached_property
    def terms(self) -> GroupTerms:
        """What the group adds to tr(U Gamma) and tr((U Gamma)^2) with normal-theory weights.

        The casewise form needs no Gamma. The explicit one is for weights, clusters and fixed
        covariates.
        """
        if self.weights is not None or self.cluster is not None or self._has_fixed:
            return self.explicit_terms
        if self.has_means:
            centred = self.model.by_theta(
                casewise_scores(self.point, self.precision, self.model.cells, self._deviations)
            )
        else:
            centred = self.scores
        return NormalTerms(
            self.expected, centred, self._deviations, self.precision, self.has_means, self.share
        )

    @cached_property
    def terms_of_squares(self) -> GroupTerms:
        """The same, in the form that is cheaper where the squares are needed too."""
        n, k = len(self.data), self.order.n_moments
        return self.terms if n <= 1.5 * k else self.explicit_terms

    @cached_property
    def explicit_terms(self) -> MomentTerms:
        """The same from Delta, V and Gamma."""
        weight = normal_weight(self.precision, self.order)
        return MomentTerms(self.jacobian, weight, self.gamma, self.share)

    @cached_property
    def yuan_bentler_terms(self) -> MomentTerms:
        """The same with the observed information of the moments at the model as weight."""
        deviation = self.mean - self.point.mu if self.has_means else np.zeros(len(self.mean))
        weight = observed_weight(self.precision, self.cov, deviation, self.order)
        return MomentTerms(self.jacobian, weight, self.gamma, self.share)

    @cached_property
    def saturated_trace(self) -> float:
        """tr(A1^-1 B1) of the saturated model, less that of fixed covariates; NaN if singular."""
        trace = self._trace_of(np.arange(self.data.shape[1]))
        if self._has_fixed:
            assert self.fixed is not None
            trace -= self._trace_of(self.fixed)
        return trace

    def _trace_of(self, variables: Index) -> float:
        return saturated_trace_of(
            self._deviations[:, variables],
            self.cov[np.ix_(variables, variables)],
            has_means=self.has_means,
            weights=self.weights,
            cluster=self.cluster,
        )


def saturated_trace_of(
    deviations: Array,
    cov: Array,
    *,
    has_means: bool,
    weights: Array | None = None,
    cluster: Index | None = None,
) -> float:
    """Return tr(A1^-1 B1) of the saturated model of some variables; NaN where S is singular.

    Parameters
    ----------
    deviations : ndarray of shape (n, p)
        Data less their (weighted) means.
    cov : ndarray of shape (p, p)
        S, in the divisor of the likelihood.
    has_means : bool
        Whether means are part of the model.
    weights, cluster
        As in :class:`CompleteGroup`.
    """
    # In coordinates in which S is the identity the weight is diagonal: 1/2 for variances.
    factor = cholesky(cov)
    if factor is None:
        return float("nan")
    white = solve_triangular(factor, deviations.T, lower=True).T
    if weights is None and cluster is None:
        return saturated_trace(white, np.eye(len(cov)), has_means=has_means)
    order = continuous_order(len(cov), has_means=has_means)
    contributions = moment_contributions(white, order, weights=weights)
    squares = np.square(summed_by_cluster(contributions, weights=weights, cluster=cluster))
    by_moment = squares.sum(axis=0) / (len(white) if weights is None else weights.sum())
    by_moment[order.variances] *= 0.5
    return float(by_moment.sum())
