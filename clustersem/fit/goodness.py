"""Joereskog and Soerbom's goodness-of-fit index, in the weights of what was minimised.

GFI = 1 - (s - sigma)' V (s - sigma) / s' V s, with the moments of fixed covariates, which are not
explained, left out of s. For maximum likelihood V is that of normal theory at the model.

References
----------
Tanaka, J. S., & Huba, G. J. (1985). A fit index for covariance structure models under arbitrary GLS
estimation. British Journal of Mathematical and Statistical Psychology, 38, 197-201.
doi:10.1111/j.2044-8317.1985.tb00834.x
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from clustersem.engine.discrepancy import Evaluation, cholesky, inverse_from
from clustersem.engine.objective import Block
from clustersem.engine.ram import Array, Index
from clustersem.fit.discrepancies import moment_order
from clustersem.fit.inference import Inference
from clustersem.fit.measures import GroupInputs
from clustersem.moments import SampleMoments

if TYPE_CHECKING:
    from clustersem.moments.incomplete import Completion


def gfi(inference: Inference, groups: Sequence[GroupInputs], *, n_target: int) -> float:
    """Return the goodness-of-fit index of all groups, weighted by their size.

    It is of the first `n_target` variables; those after them are auxiliary.
    """
    total = sum(group.n_obs for group in groups)
    blocks, state = inference.objective.blocks, inference.state.groups
    values = []
    for group, sample, block, at in zip(groups, inference.samples, blocks, state, strict=True):
        if inference.options.discrepancy == "FIML":
            value = _of_incomplete(sample, at, inference.fixed, n_target)
        elif inference.options.discrepancy == "ML":
            has_means = block.model.has_means
            value = normal_gfi([group], inference.fixed, has_means=has_means)
        else:
            whole = _whole(block, inference.fixed)
            value = 1.0 - at.f / whole if whole else math.nan
        values.append(group.n_obs * value)
    return sum(values) / total


def normal_gfi(groups: Sequence[GroupInputs], fixed: Index, *, has_means: bool) -> float:
    """Return the index in the weights of normal theory, groups weighted by their size.

    1 - (tr[(Sigma^-1 (S - Sigma))^2] + 2 d' Sigma^-1 d) / (tr[(Sigma^-1 S)^2] + 2 m' Sigma^-1 m),
    d = m - mu, with a mean structure.
    """
    total = sum(group.n_obs for group in groups)
    each = (g.n_obs * _of_normal_theory(g, fixed, has_means=has_means) for g in groups)
    return sum(each) / total


def varying_moments(sample: SampleMoments, fixed: Index, *, has_means: bool) -> Index:
    """Return the places of the moments that are not those of fixed covariates."""
    order = moment_order(sample, has_means=has_means)
    own = np.isin(np.arange(order.n_observed), fixed)
    between = np.isin(order.rows, fixed) & np.isin(order.cols, fixed)
    first = [np.zeros(order.means.start, dtype=np.bool_)]
    means = [own[order.continuous]] if order.has_means else []
    return np.flatnonzero(~np.concatenate([*first, *means, own[order.continuous], between]))


def _of_normal_theory(group: GroupInputs, fixed: Index, *, has_means: bool) -> float:
    sigma = group.point.sigma
    explained, mean = _without(group.cov, group.mean, fixed)
    factor = cholesky(sigma)
    if factor is None:
        return math.nan
    p = inverse_from(factor)
    residual, whole = p @ (group.cov - sigma), p @ explained
    misfit, total = (float(np.vdot(x, x.T)) for x in (residual, whole))
    if has_means:
        d = group.mean - group.point.mu
        misfit += 2.0 * float(d @ p @ d)
        total += 2.0 * float(mean @ p @ mean)
    return 1.0 - misfit / total if total else math.nan


def _of_incomplete(sample: SampleMoments, at: Evaluation, fixed: Index, n_target: int) -> float:
    """Return the index of one group with gaps, in the weights of the expected information.

    As lavaan does, it is of the moments that pairs of variables have where both are observed; with
    sampling weights, of the saturated estimates.
    """
    from clustersem.engine.fiml import IncompleteEvaluation, expected_quadratic
    from clustersem.moments.margin import margin
    from clustersem.moments.patterns import pairwise_moments

    assert isinstance(at, IncompleteEvaluation)
    assert sample.data is not None
    assert sample.mean is not None
    own = np.arange(n_target)
    mean, cov = sample.mean[own], sample.cov[np.ix_(own, own)]
    if sample.weights is None:
        available = pairwise_moments(sample.data[:, own])
        mean, cov = available.mean, available.cov
    mu, sigma = at.point.mu[own], at.point.sigma[np.ix_(own, own)]
    done: Completion | None = at.completion
    if n_target < len(sample.names):
        done = margin(sample, own).data.complete(mu, sigma)
    assert done is not None, "estimates imply a positive definite matrix"
    explained, own_mean = _without(cov, mean, fixed)
    residual, deviation = _without(cov - sigma, mean - mu, fixed)
    misfit = expected_quadratic(done, deviation, residual)
    return 1.0 - misfit / expected_quadratic(done, own_mean, explained)


def _whole(block: Block, fixed: Index) -> float:
    """Return s' V s, what there is to explain in the weights of least squares."""
    from clustersem.engine.least_squares import GeneralisedLeastSquares, WeightedLeastSquares

    discrepancy = block.discrepancy
    if isinstance(discrepancy, WeightedLeastSquares):
        s = discrepancy.moments
        return float(s @ discrepancy.apply(s))
    assert isinstance(discrepancy, GeneralisedLeastSquares)
    cov, mean = _without(discrepancy.cov, discrepancy.mean, fixed)
    scaled = discrepancy.precision @ cov
    by_means = float(mean @ discrepancy.precision @ mean) if block.model.has_means else 0.0
    return 0.5 * float(np.vdot(scaled, scaled.T)) + by_means


def _without(cov: Array, mean: Array, fixed: Index) -> tuple[Array, Array]:
    """Return the moments with zeros where they are those of fixed covariates."""
    explained, own_mean = cov.copy(), mean.copy()
    explained[np.ix_(fixed, fixed)] = 0.0
    own_mean[fixed] = 0.0
    return explained, own_mean
