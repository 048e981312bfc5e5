"""Whether one model is nested in another, and a model at the moments that another one implies.

A model is nested in a larger one if the larger one can imply every moment matrix that the first
can. So the larger one is fitted to the moments that the fitted smaller one implies: with nesting it
reproduces them exactly.

References
----------
Bentler, P. M., & Satorra, A. (2010). Testing model nesting and equivalence. Psychological Methods,
15, 111-123. doi:10.1037/a0019625
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from clustersem.engine.constrained import minimise_constrained
from clustersem.engine.discrepancy import cholesky
from clustersem.engine.moment_structure import implied_moments, parameter_jacobian
from clustersem.engine.objective import Objective
from clustersem.engine.optimiser import minimise
from clustersem.engine.ram import Array, Index
from clustersem.engine.unitless import Unitless
from clustersem.errors import DataError
from clustersem.fit.discrepancies import fitted_cov, moment_order, objective_of
from clustersem.fit.estimation import fit_samples
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.solution import Solution
from clustersem.moments import MomentOrder, SampleMoments
from clustersem.spec import ModelSpec

# The larger model reproduces implied moments to rounding, or misses them visibly: F per moment.
REPRODUCED = 1e-9


@dataclass(frozen=True)
class NestedCheck:
    """Whether a model is nested in another.

    Attributes
    ----------
    nested : bool
        Whether the larger model reproduces what the smaller one implies.
    equivalent : bool
        Whether that holds with the same degrees of freedom, so that no data tell the two apart.
    discrepancy : float
        F of the larger model fitted to the moments that the smaller one implies.
    message : str
        The result in a plain sentence.
    """

    nested: bool
    equivalent: bool
    discrepancy: float
    message: str


def check_nested(small: Solution, large: Solution) -> NestedCheck:
    """Test whether a fitted model is nested in another one (Bentler and Satorra's NET).

    Parameters
    ----------
    small : Fit
        The more restrictive model.
    large : Fit
        The model that it may be nested in, fitted to the same variables and groups.

    Returns
    -------
    NestedCheck
        The answer is about these two models in general, but found at one point: a small model
        whose estimates happen to lie in the large one passes.

    Raises
    ------
    DataError
        Where the two have different variables or groups, or, with ordered items, covariates.

    References
    ----------
    Bentler, P. M., & Satorra, A. (2010). Psychological Methods, 15, 111-123. doi:10.1037/a0019625

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> s = pd.DataFrame(0.5 + 0.5 * np.eye(4), index=list("abcd"), columns=list("abcd"))
    >>> s.loc["a", "b"] = s.loc["b", "a"] = 0.6
    >>> free = cs.cfa("f =~ a + b + c + d", cov=s, n_obs=200)
    >>> equal = cs.cfa("f =~ a + l*b + l*c + l*d", cov=s, n_obs=200)
    >>> check_nested(equal, free).nested, check_nested(free, equal).nested
    (True, False)
    """
    _check_same_variables(small, large)
    if small.df < large.df:
        return NestedCheck(
            False,
            False,
            float("nan"),
            f"it has fewer degrees of freedom ({small.df}) than the other ({large.df}), so it"
            " cannot be the more restrictive one.",
        )
    _, f, scale = _at_implied(large, small)
    nested = f <= REPRODUCED * scale
    equivalent = nested and small.df == large.df
    message = (
        "no data could tell the two apart: they are equivalent."
        if equivalent
        else "what it implies, the other model reproduces."
        if nested
        else f"the larger model cannot reproduce the moments that it implies (F = {f:.2g}), so the"
        " difference of their chi2 has no chi2 distribution. Compare them by AIC or BIC."
    )
    return NestedCheck(nested, equivalent, f, message)


def at_small(large: Solution, small: Solution) -> Solution:
    """Return the larger model where it implies the smaller one's moments, beside the actual data.

    That is "M10" of Satorra and Bentler (2010): everything but theta is the large fit's, and what
    is read off it (scaling factors, say) is evaluated there.

    Raises
    ------
    DataError
        Where there is no such point: the models are not nested.
    """
    theta, f, scale = _at_implied(large, small)
    state = large.objective.at(theta)
    if f > REPRODUCED * scale or state is None:
        raise DataError(
            "the larger model cannot reproduce the moments that the smaller one implies"
            f" (F = {f:.2g}): they are not nested, so there is no scaled difference test."
        )
    return replace(
        large,
        theta=theta,
        state=state,
        hessian=large.objective.expected(state),
        inference=replace(large.inference, state=state),
    )


def refitted(fit: Fit, spec: ModelSpec) -> Fit:
    """Fit another specification to the same samples with the same options."""
    return fit_samples(spec, fit.samples, fit.options)


def jacobian_of(fit: Solution, like: Solution | None = None) -> Array:
    """Return the derivatives of all groups' moments, below each other, by what is free to move.

    That is theta, or the directions that equality constraints leave.

    Parameters
    ----------
    fit : Fit
        The fitted model.
    like : Fit, optional
        Put the moments in the order of this one's variables.

    Returns
    -------
    ndarray of shape (k, q), or (k, r) with constraints
    """
    parts = []
    has_means = fit.spec.options.meanstructure
    for block, point, sample in zip(fit.objective.blocks, fit.points, fit.samples, strict=True):
        order = moment_order(sample, has_means=has_means)
        delta = parameter_jacobian(block.model, point, order)
        if fit.inference.basis is not None:
            delta = delta @ fit.inference.basis
        parts.append(delta if like is None else delta[_moments_in_order(fit, like, order)])
    return np.vstack(parts)


def _check_same_variables(small: Solution, large: Solution) -> None:
    if set(large.spec.observed) != set(small.spec.observed) or large.groups != small.groups:
        raise DataError("nesting can only be tested between models of the same variables.")
    first, other = large.samples[0], small.samples[0]
    if {first.names[i] for i in first.given} != {other.names[i] for i in other.given}:
        raise DataError(
            "nesting of models with ordered items can only be tested between models of the same"
            " covariates. Fit both with fixed_x=False."
        )


def _at_implied(large: Solution, small: Solution) -> tuple[Array, float, float]:
    """Fit the large model to what the small one implies: theta, F and the size of F."""
    _check_same_variables(small, large)
    # Any discrepancy will do; this one does not depend on units, nor on what is missing.
    ordinal = large.samples[0].ordinal is not None
    options = large.options if ordinal else replace(large.options, discrepancy="ML")
    samples = implied_samples(small, large, options)
    objective = objective_of(large.spec, large.layout, samples, options)
    has_means = large.spec.options.meanstructure
    size = float(sum(moment_order(s, has_means=has_means).n_moments for s in samples))
    theta, f = _minimum(objective, large, large.theta)
    if f > REPRODUCED * size:
        # From what both models have in common, too: the larger one may be far away.
        again, lower = _minimum(objective, large, _carried_over(objective, large, small))
        if lower < f:
            theta, f = again, lower
    return theta, f, size


def _minimum(objective: Objective, large: Solution, start: Array) -> tuple[Array, float]:
    """Return where F ends from a start, and its value there as a pure number."""
    restrictions, unitless = large.held.restrictions, Unitless(objective)
    optimum = (
        minimise(unitless, start)
        if restrictions.are_none
        else minimise_constrained(unitless, start, restrictions.numbers)
    )
    return optimum.theta, float("inf") if optimum.at is None else max(optimum.at.f, 0.0)


def _carried_over(objective: Objective, large: Solution, small: Solution) -> Array:
    """Return the large model's theta with the values of parameters that the small one has, too."""
    value = {}
    estimates = small.estimates
    for lhs, op, rhs, group, est in zip(
        *(estimates[c] for c in ("lhs", "op", "rhs", "group", "est")), strict=True
    ):
        value[lhs, op, rhs, group] = float(est)
    theta = large.theta.copy()
    free = [row for row in large.spec.parameters if row.free]
    for row, place in zip(free, large.layout.parameter, strict=True):
        theta[place] = value.get((row.lhs, row.op, row.rhs, row.group), theta[place])
    return theta if objective.at(theta) is not None else large.theta


def implied_samples(
    small: Solution, large: Solution, options: FitOptions
) -> tuple[SampleMoments, ...]:
    """Return samples whose moments are those that the small model implies, in the large's order."""
    result = []
    has_means = small.spec.options.meanstructure
    for sample, theirs, point in zip(small.samples, large.samples, small.points, strict=True):
        place = [sample.names.index(name) for name in theirs.names]
        if theirs.ordinal is not None:
            order = moment_order(sample, has_means=has_means)
            values = implied_moments(point, order)[_moments_in_order(small, large, order)]
            ordinal = replace(theirs.ordinal, values=values)
            result.append(replace(theirs, ordinal=ordinal))
            continue
        sigma = point.sigma[np.ix_(place, place)]
        # Undo what the estimator will do to the divisor.
        divisor = fitted_cov(theirs, options)[0, 0] / theirs.cov[0, 0]
        if cholesky(sigma) is None:
            raise DataError(
                "the smaller model implies a covariance matrix that is not positive definite, so"
                " it cannot be tested whether it is nested. Look at fit.diagnose(), or leave the"
                " test out with nested=False."
            )
        mean = point.mu[place].copy() if has_means else theirs.mean
        moved = replace(theirs, cov=sigma / divisor, mean=mean, incomplete=None)
        result.append(moved)
    return tuple(result)


def _moments_in_order(fit: Solution, like: Solution, order: MomentOrder) -> Index:
    """Return for every moment of `like` its place among those of `fit`."""
    observed = fit.spec.observed
    return order.permuted(np.array([observed.index(name) for name in like.spec.observed]))[1]
