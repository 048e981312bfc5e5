"""Traces of U Gamma, on which every correction of a test statistic rests.

Where data are not as the weights V assume, N F tends to a sum of chi-squares with one degree of
freedom, weighted by the eigenvalues of U Gamma, U = V - V Delta (Delta' V Delta)^-1 Delta' V. Their
sum and the sum of their squares are enough for all corrections, and neither needs U: with
C = Gamma V Delta,

    tr(U Gamma)       = tr(V Gamma) - tr(A^-1 B),                        A = Delta' V Delta,
    tr((U Gamma)^2)   = tr((V Gamma)^2) - 2 tr(A^-1 C' V C) + tr((A^-1 B)^2),   B = Delta' V C.

Groups add up, each times its share of the cases, except tr((V Gamma)^2), which adds up as it is.

References
----------
Satorra, A., & Bentler, P. M. (1994). Corrections to test statistics and standard errors in
covariance structure analysis. In Latent variables analysis (pp. 399-419). Sage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from clustersem.engine.ram import Array
from clustersem.engine.scaled_inverse import scaled_inverse


class GroupTerms(Protocol):
    """What one group adds to the traces."""

    @property
    def share(self) -> float:
        """n_g / N."""

    @property
    def bread(self) -> Array:
        """A = Delta' V Delta (q x q)."""

    @property
    def meat(self) -> Array:
        """B = Delta' V Gamma V Delta (q x q)."""

    @property
    def saturated(self) -> float:
        """tr(V Gamma)."""

    @property
    def saturated_squared(self) -> float:
        """tr((V Gamma)^2)."""

    @property
    def mixed(self) -> Array:
        """Delta' V Gamma V Gamma V Delta (q x q)."""


@dataclass(frozen=True, eq=False)
class MomentTerms:
    """One group's terms from its matrices, for any discrepancy.

    Attributes
    ----------
    jacobian : ndarray of shape (k, q)
        Delta, by parameters.
    weight : ndarray of shape (k, k) or (k,)
        V, or its diagonal where it has nothing else.
    gamma : ndarray of shape (k, k)
        Covariance matrix of sqrt(n_g) times the moments.
    share : float
        n_g / N.
    """

    jacobian: Array
    weight: Array
    gamma: Array
    share: float = 1.0

    def _weighted(self, matrix: Array) -> Array:
        if self.weight.ndim == 1:
            return self.weight[:, None] * matrix
        product: Array = self.weight @ matrix
        return product

    @cached_property
    def _slopes(self) -> Array:
        return self._weighted(self.jacobian)  # V Delta

    @cached_property
    def _spread(self) -> Array:
        spread: Array = self.gamma @ self._slopes  # C
        return spread

    @cached_property
    def bread(self) -> Array:
        """A = Delta' V Delta (q x q)."""
        product: Array = self.jacobian.T @ self._slopes
        return product

    @cached_property
    def meat(self) -> Array:
        """B = Delta' V Gamma V Delta (q x q)."""
        product: Array = self._slopes.T @ self._spread
        return product

    @property
    def saturated(self) -> float:
        """tr(V Gamma)."""
        if self.weight.ndim == 1:
            return float(self.weight @ self.gamma.diagonal())
        return float(np.vdot(self.weight, self.gamma))

    @property
    def saturated_squared(self) -> float:
        """tr((V Gamma)^2)."""
        if self.weight.ndim == 1:
            return float(self.weight @ (self.gamma * self.gamma) @ self.weight)
        both = self.weight @ self.gamma
        return float(np.vdot(both, both.T))

    @property
    def mixed(self) -> Array:
        """Delta' V Gamma V Gamma V Delta (q x q)."""
        product: Array = self._spread.T @ self._weighted(self._spread)
        return product


@dataclass(frozen=True, eq=False)
class NormalTerms:
    """One group's terms under the normal-theory weight, from its cases and without Gamma.

    For moment contributions d_i of the cases, d_i' V d_j = 0.5 (z_i' P z_j)^2 after centring, plus
    z_i' P z_j with means: an n x n matrix in place of two k x k ones.

    Attributes
    ----------
    bread : ndarray of shape (q, q)
        A: half the expected Hessian of F.
    scores : ndarray of shape (n, q)
        Casewise scores by parameters, at deviations from the sample means.
    deviations : ndarray of shape (n, p)
        Data less the sample means.
    precision : ndarray of shape (p, p)
        P.
    has_means : bool
        Whether means are part of the model.
    share : float
        n_g / N.
    """

    bread: Array
    scores: Array
    deviations: Array
    precision: Array
    has_means: bool
    share: float = 1.0

    @cached_property
    def _centred(self) -> Array:
        centred: Array = self.scores - self.scores.mean(axis=0)
        return centred

    @cached_property
    def meat(self) -> Array:
        """B = Delta' V Gamma V Delta (q x q)."""
        product: Array = self._centred.T @ self._centred / len(self.scores)
        return product

    @property
    def saturated(self) -> float:
        """tr(V Gamma)."""
        return saturated_trace(self.deviations, self.precision, has_means=self.has_means)

    @cached_property
    def _kernel(self) -> Array:
        linear = self.deviations @ self.precision @ self.deviations.T
        kernel: Array = linear * linear if self.has_means else np.square(linear, out=linear)
        by_case = kernel.mean(axis=0)
        kernel -= by_case
        kernel -= (by_case - by_case.mean())[:, None]
        kernel *= 0.5
        if self.has_means:
            kernel += linear
        return kernel

    @property
    def saturated_squared(self) -> float:
        """tr((V Gamma)^2)."""
        return float(np.vdot(self._kernel, self._kernel)) / len(self.scores) ** 2

    @property
    def mixed(self) -> Array:
        """Delta' V Gamma V Gamma V Delta (q x q)."""
        product: Array = self._centred.T @ self._kernel @ self._centred / len(self.scores) ** 2
        return product


def saturated_trace(deviations: Array, precision: Array, *, has_means: bool) -> float:
    """Return tr(V Gamma) of the normal-theory weight and the distribution-free Gamma.

    At the saturated model it is (b - p) / 2, with Mardia's kurtosis b, plus p with means.

    Parameters
    ----------
    deviations : ndarray of shape (n, p)
        Data less the sample means.
    precision : ndarray of shape (p, p)
        P = Sigma^-1, of the model or of the sample.
    has_means : bool
        Whether means are among the moments.
    """
    by_p = deviations @ precision
    distances = np.einsum("ij,ij->i", by_p, deviations)
    weighted_cov = by_p.T @ deviations / len(deviations)  # P S
    trace = 0.5 * (float(distances @ distances) / len(deviations))
    trace -= 0.5 * float(np.vdot(weighted_cov, weighted_cov.T))
    return trace + float(np.trace(weighted_cov)) if has_means else trace


#: A trace that is a smaller share than this of what it was subtracted from has lost its digits.
ROUNDING = 1e-10


def trace_ugamma(groups: Sequence[GroupTerms], *, basis: Array | None = None) -> float:
    """Return tr(U Gamma); divided by df it is the Satorra-Bentler scaling factor.

    Parameters
    ----------
    groups : sequence of GroupTerms
        One a group, all in the same theta.
    basis : ndarray of shape (q, r), optional
        Columns that span the directions in which equality constraints let theta move.

    Returns
    -------
    float
        NaN where A is not positive definite, and where the trace is lost in rounding.
    """
    inverse = scaled_inverse(_project([(g.share, g.bread) for g in groups], basis))
    if inverse is None:
        return float("nan")
    meat = _project([(g.share, g.meat) for g in groups], basis)
    whole = sum(g.saturated for g in groups)
    return _left(whole - inverse.trace(meat), whole)


def trace_ugamma_squared(groups: Sequence[GroupTerms], *, basis: Array | None = None) -> float:
    """Return tr((U Gamma)^2); parameters as in :func:`trace_ugamma`."""
    inverse = scaled_inverse(_project([(g.share, g.bread) for g in groups], basis))
    if inverse is None:
        return float("nan")
    explained = inverse(_project([(g.share, g.meat) for g in groups], basis))
    mixed = inverse.trace(_project([(g.share, g.mixed) for g in groups], basis))
    squares = sum(g.saturated_squared for g in groups)
    return _left(squares - 2.0 * mixed + float(np.vdot(explained, explained.T)), squares)


def _left(part: float, whole: float) -> float:
    """Return what is left of a trace, NaN where it is hardly more than rounding.

    So it is with unweighted means and covariances of data in a unit far too large for them.
    """
    return part if part > ROUNDING * whole else float("nan")


def _project(parts: list[tuple[float, Array]], basis: Array | None) -> Array:
    total = parts[0][0] * parts[0][1]
    for share, matrix in parts[1:]:
        total = total + share * matrix
    if basis is None:
        return total
    projected: Array = basis.T @ total @ basis
    return projected
