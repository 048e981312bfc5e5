"""One parameter freed, and whether a fit came of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from clustersem.errors import EstimationError, ModelError
from clustersem.fit.estimation import fit_samples
from clustersem.fit.hypotheses import Path
from clustersem.fit.result import Fit
from clustersem.respecify.rules import Row
from clustersem.spec import ModelSpec
from clustersem.survey.names import listed

# A larger model cannot fit worse; one that does beyond rounding has ended in a local minimum.
WORSE = 1e-6

_ADMISSIBILITY = (
    "negative error variances",
    "correlations above one",
    "covariance matrices that are not positive definite",
)


@dataclass(frozen=True, eq=False)
class Trial:
    """What came of freeing one parameter.

    Attributes
    ----------
    fit : Fit or None
        The larger model's fit; None where there is none to speak of.
    failure : str
        Why there is none; empty with a fit.
    inadmissible : str
        What the step made inadmissible; empty where all is as well as before.
    """

    fit: Fit | None
    failure: str = ""
    inadmissible: str = ""


def try_freeing(fit: Fit, row: Row) -> Trial:
    """Free one parameter of a fitted model and fit the larger model to the same moments.

    Parameters
    ----------
    fit : Fit
        The model so far; it stays as it is.
    row : tuple of str
        ``(lhs, op, rhs)``, not free in the model.

    Returns
    -------
    Trial
        Never an exception for a model that cannot be fitted: that is a result of the search.
    """
    try:
        spec = freed(fit.spec, row)
        with warnings.catch_warnings():
            # What they say is read off the fit and becomes part of the step.
            warnings.simplefilter("ignore")
            larger = fit_samples(spec, (fit.moments.in_order(spec.observed),), fit.options)
    except (ModelError, EstimationError) as error:
        return Trial(None, str(error))
    if not larger.converged:
        return Trial(None, str(larger.status))
    involved = larger.held.unidentified(larger.hessian)
    if len(involved):
        names = [larger.vcov.index[i] for i in involved]
        return Trial(None, f"at these estimates the data cannot tell apart {listed(names)}.")
    before, after = (each.multiplier * each.state.f for each in (fit, larger))
    if after > before + WORSE * max(1.0, before):
        return Trial(
            None,
            f"the estimation ended in a local minimum: N F rose from {before:.3f} to {after:.3f}.",
        )
    return Trial(larger, inadmissible=_newly_inadmissible(fit, larger))


def freed(spec: ModelSpec, row: Row) -> ModelSpec:
    """Return the model with one parameter freed and every other one as it was.

    A new path can change what is added by default: an outcome loses its covariances with
    predictors, and they would be lost together with what the step is to show. They are put back.
    """
    lhs, op, rhs = row
    larger = spec.with_parameter(lhs, op, rhs)  # type: ignore[arg-type]
    for old in spec.parameters:
        now = larger.find(old.lhs, old.op, old.rhs, old.group)
        if old.free and (now is None or not now.free):
            larger = larger.with_parameter(old.lhs, old.op, old.rhs, label=old.label)
    step = larger.find(lhs, op, rhs)
    for new in larger.parameters:
        before = spec.find(new.lhs, new.op, new.rhs, new.group)
        if new.free and new != step and (before is None or not before.free):
            value = 0.0 if before is None else before.value
            larger = larger.with_parameter(new.lhs, new.op, new.rhs, free=False, value=value)
    return larger


def not_freeable(spec: ModelSpec, row: Row) -> str:
    """Say why a parameter cannot be freed at all; empty where it can."""
    path = Path(*row)
    known = spec.find(*row)
    if known is not None and known.free:
        return f"{path} is free in the model already; leave the step out."
    if row[0] == row[2]:
        return f"{path} relates {row[0]} to itself; write two variables."
    given = {p.lhs for p in spec.parameters if p.from_sample}
    touched = {"~": {row[0]}, "~~": {row[0], row[2]}}.get(row[1], set()) & given
    if touched:
        return (
            f"{path} would explain {', '.join(sorted(touched))}, whose moments are taken from the"
            " sample as a covariate's; fit the model with fixed_x=False."
        )
    return ""


def _newly_inadmissible(before: Fit, after: Fit) -> str:
    """Return the first check that fails after a step and did not before; the others follow."""
    old = {check.name for check in before.diagnose().checks if not check.passed}
    for check in after.diagnose().checks:
        if check.name in _ADMISSIBILITY and not check.passed and check.name not in old:
            return f"{check.name}: {check.detail}"
    return ""
