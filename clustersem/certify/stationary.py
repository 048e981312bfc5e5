"""Whether a solution lies at the bottom: no slope, and upwards in every direction.

Everything is in units that no scale enters: what is left of chi2, and standard errors. A direction
is one that the constraints and reached bounds leave and that the data see.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.certify.check import Check, in_words, names_of, not_applicable, of_grades
from clustersem.engine.identification import RANK
from clustersem.engine.ram import Array
from clustersem.engine.restricted import null_basis
from clustersem.fit.result import Fit
from clustersem.fit.second_opinion import IN_STANDARD_ERRORS, OF_CHI2
from clustersem.survey.names import listed

# A bound or an inequality that is missed by no more than this, in its own units, is reached.
REACHED = 1e-6
# Curvature as a share of the expected one: below the first, standard errors are more than ten times
# too small in that direction; at minus the second the direction leads down, beyond rounding.
NEARLY_FLAT = 0.01
DOWNWARDS = 1e-7
# A parameter with less than this share of the largest weight does not name a direction.
TAKES_PART = 0.3


@dataclass(frozen=True, eq=False)
class Bottom:
    """Slope and curvature at a solution.

    Attributes
    ----------
    chi2_left : float
        How much lower chi2 (N F) would be at the bottom, by the quadratic approximation.
    step_left : ndarray of shape (q,)
        How far every parameter is from there, in its standard errors.
    score : ndarray of shape (q,)
        What one standard error of every parameter changes of chi2 by the slope.
    curvature : float
        The smallest curvature of F, as a share of the expected one in the same direction.
    flattest : ndarray of shape (q,)
        That direction, in standard errors of the parameters.
    """

    chi2_left: float
    step_left: Array
    score: Array
    curvature: float
    flattest: Array


def bottom_of(fit: Fit) -> Bottom | None:
    """Return slope and curvature; None where there is no direction to go."""
    objective, state, hessian = fit.objective, fit.state, fit.hessian
    scale = np.sqrt(np.maximum(hessian.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    rows = _holding(fit)
    basis = null_basis(rows, hessian) if len(rows) else np.diag(1.0 / scale)
    values, vectors = np.linalg.eigh(basis.T @ hessian @ basis)
    seen = values > RANK
    if not seen.any():
        return None
    unseen = basis @ vectors[:, ~seen]
    basis = basis @ (vectors[:, seen] / np.sqrt(values[seen]))
    slope = basis.T @ objective.gradient(state)
    exact = objective.exact(state)
    relative = basis.T @ exact @ basis
    curvature, directions = np.linalg.eigh(0.5 * (relative + relative.T))
    turned = directions.T @ slope
    # A step must lead down, whichever way the surface is bent.
    steps = turned / np.maximum(np.abs(curvature), NEARLY_FLAT)
    # Of F as a pure number; the Hessian, which the basis is in units of, has the unit of F.
    n = fit.multiplier
    errors = np.sqrt(2.0 / n * np.square(basis).sum(axis=1))
    moving = np.where(errors == 0, np.inf, errors)
    least, flattest = float(curvature[0]), basis @ directions[:, 0]
    if unseen.shape[1]:
        # Where loadings are zero the expected Hessian sees nothing of a saddle.
        bent, ways = np.linalg.eigh(unseen.T @ exact @ unseen)
        if bent[0] < min(least, -DOWNWARDS):
            least, flattest = float(bent[0]), unseen @ ways[:, 0]
    return Bottom(
        chi2_left=float(0.5 * n * turned @ steps),
        step_left=basis @ (directions @ steps) / moving,
        score=fit.multiplier / objective.unit * np.abs(hessian @ basis @ slope) * errors,
        curvature=least,
        flattest=flattest / moving,
    )


def _holding(fit: Fit) -> Array:
    """Return the derivatives of equalities, and of inequalities and bounds that are reached."""
    restrictions = fit.held.restrictions
    if restrictions.are_none:
        return np.empty((0, len(fit.theta)))
    least = restrictions.numbers.least(fit.theta)
    equal = restrictions.numbers.equal(fit.theta).jacobian
    return np.vstack([equal, least.jacobian[least.value <= REACHED]])


def convergence(fit: Fit) -> Check:
    """Check how the optimiser ended."""
    status = fit.status
    steps = f"{status.iterations} step{'s' if status.iterations != 1 else ''}"
    return Check(
        "convergence",
        "passed" if fit.converged else "failed",
        f"The optimiser met its criterion after {steps}." if fit.converged else str(status),
        "the optimiser's own criterion: the Newton decrement is rounding",
        (("iterations", float(status.iterations)), ("decrement", status.decrement)),
    )


def gradient(fit: Fit, bottom: Bottom | None) -> Check:
    """Check that nothing is left to gain."""
    name = "gradient"
    if bottom is None:
        return not_applicable(name, "Constraints and bounds leave no direction to go.")
    step = float(np.abs(bottom.step_left).max(initial=0.0))
    far = bottom.chi2_left > OF_CHI2 or step > IN_STANDARD_ERRORS
    where = names_of(fit)[int(np.abs(bottom.step_left).argmax())]
    chi2 = in_words(bottom.chi2_left)
    if far:
        native = "fit again by the native engine, or " if fit.options.engine == "semopy" else ""
        found = (
            f"chi2 could still fall by {chi2}, and {where} is {step:.1g} standard errors from the"
            f" bottom. The numbers are not the minimum's: {native}give starting values."
        )
    else:
        found = (
            f"This is the bottom: chi2 is {chi2} above it, every estimate {in_words(step)} of its"
            " standard error away."
        )
    return Check(
        name,
        "failed" if far else "passed",
        found,
        f"chi2 within {OF_CHI2} and estimates within {IN_STANDARD_ERRORS} standard errors of the"
        " bottom: less than shows in three decimals",
        (
            ("chi2_left", bottom.chi2_left),
            ("largest_step_in_se", step),
            ("largest_score_times_se", float(bottom.score.max(initial=0.0))),
        ),
    )


def minimum(fit: Fit, bottom: Bottom | None) -> Check:
    """Check that the solution is a minimum and no saddle."""
    name = "minimum"
    if bottom is None:
        return not_applicable(name, "Constraints and bounds leave no direction to go.")
    least = bottom.curvature
    names = named(names_of(fit), bottom.flattest)
    failed, flat = least < -DOWNWARDS, least < NEARLY_FLAT
    if failed:
        found = (
            f"This is a saddle: along {names} chi2 falls further. Give starting values with the"
            " signs that you expect: f =~ start(0.5)*x2."
        )
    elif flat:
        found = (
            f"Along {names} chi2 hardly rises ({100 * max(least, 0.0):.2g} % of what is expected):"
            " standard errors from expected information are far too small there. Look at these"
            " parameters by bootstrap, or fix one."
        )
    else:
        found = (
            f"chi2 rises in every direction; in the flattest one ({names}) by {100 * least:.0f} %"
            " of what the model expects."
        )
    return Check(
        name,
        of_grades((failed, flat)),
        found,
        "the exact Hessian of F is positive definite, in the metric of the expected one: no smaller"
        f" than {NEARLY_FLAT}, where standard errors would be ten times too small",
        (("smallest_relative_curvature", least),),
    )


def named(names: list[str], direction: Array, at_most: int = 4) -> str:
    """Return the names of the parameters that take most part in a direction."""
    weight = np.abs(direction)
    order = np.argsort(-weight, kind="stable")[:at_most]
    large = TAKES_PART * weight.max(initial=0.0)
    return listed(names[i] for i in order if weight[i] >= large)
