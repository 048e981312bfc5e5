"""A model with more free parameters, and whether a fit came of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from clustersem.errors import EstimationError, IdentificationError, ModelError
from clustersem.fit.admissible import negative_variances, smallest_eigenvalue
from clustersem.fit.diagnosis import admissibility
from clustersem.fit.estimation import fit_samples
from clustersem.fit.hypotheses import Path
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.moments import SampleMoments
from clustersem.respecify.rules import Row
from clustersem.spec import ModelSpec
from clustersem.survey.names import listed

# A larger model cannot fit worse; one that does beyond rounding has ended in a local minimum.
WORSE = 1e-6


@dataclass(frozen=True, eq=False)
class Trial:
    """What came of fitting a model.

    Attributes
    ----------
    fit : Fit or None
        Its fit; None where there is none to speak of.
    failure : str
        Why there is none; empty with a fit.
    identified : bool
        False where no data could determine all parameters; then none determine those of a larger
        model.
    """

    fit: Fit | None
    failure: str = ""
    identified: bool = True

    @cached_property
    def proper(self) -> bool:
        """Whether there is a fit, with an admissible solution."""
        fit = self.fit
        return fit is not None and all(_is_proper(fit, group) for group in range(len(fit.points)))

    @cached_property
    def offending(self) -> Mapping[str, str]:
        """What makes the solution inadmissible: the checks that it fails, with what they found."""
        if self.fit is None or self.proper:
            return {}
        return {c.name: c.detail for c in admissibility(self.fit) if not c.passed}


def fit_model(spec: ModelSpec, samples: Sequence[SampleMoments], options: FitOptions) -> Trial:
    """Fit a model to samples.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    samples : sequence of SampleMoments
        With the model's variables, in any order.
    options : FitOptions
        How to fit.

    Returns
    -------
    Trial
        Never an exception for a model that cannot be fitted: that is a result of a search.
    """
    try:
        with warnings.catch_warnings():
            # What they say is read off the fit and becomes part of the result.
            warnings.simplefilter("ignore")
            own = tuple(sample.in_order(spec.observed) for sample in samples)
            fit = fit_samples(spec, own, options)
    except IdentificationError as error:
        return Trial(None, str(error), identified=False)
    except (ModelError, EstimationError) as error:
        return Trial(None, str(error))
    if not fit.converged:
        return Trial(None, str(fit.status))
    involved = fit.held.unidentified(fit.hessian)
    if len(involved):
        names = [fit.vcov.index[i] for i in involved]
        return Trial(None, f"at these estimates the data cannot tell apart {listed(names)}.")
    return Trial(fit)


def _is_proper(fit: Fit, place: int) -> bool:
    """Return whether a group's solution can fail none of the checks, which is soon found out.

    No covariance matrix that is positive definite has a correlation above one.
    """
    point = fit.points[place]
    p = len(point.uv)
    used = point.s.diagonal() != 0
    latent = point.covariance[p:, p:]
    return (
        not len(negative_variances(point))
        and (not latent.size or smallest_eigenvalue(latent) > 0)
        and smallest_eigenvalue(point.s[used][:, used]) > 0
    )


def newly_offending(before: Trial, after: Trial) -> str:
    """Return the first check that fails after a step and did not before; the others follow."""
    for name, detail in after.offending.items():
        if name not in before.offending:
            return f"{name}: {detail}"
    return ""


def newly_improper(before: Trial, after: Trial) -> bool:
    """Return whether a step made a solution inadmissible, without the cost of saying how."""
    if after.proper or before.proper:
        return not after.proper
    return bool(newly_offending(before, after))


def local_minimum(before: Fit, after: Fit) -> str:
    """Say that a larger model fits worse than one that it contains; empty where it does not."""
    old, new = (each.multiplier * each.state.f for each in (before, after))
    if new <= old + WORSE * max(1.0, old):
        return ""
    return f"the estimation ended in a local minimum: N F rose from {old:.3f} to {new:.3f}."


def freed(spec: ModelSpec, rows: Sequence[Row]) -> ModelSpec:
    """Return the model with some parameters freed and every other one as it was.

    A new path can change what is added by default: an outcome loses its covariances with
    predictors, and they would be lost together with what the steps are to show. They are put back.
    """
    larger = spec.with_free(rows)  # type: ignore[arg-type]
    for old in spec.parameters:
        now = larger.find(old.lhs, old.op, old.rhs, old.group)
        if old.free and (now is None or not now.free):
            larger = larger.with_parameter(old.lhs, old.op, old.rhs, label=old.label)
    steps = {larger.find(*row) for row in rows}
    for new in larger.parameters:
        before = spec.find(new.lhs, new.op, new.rhs, new.group)
        if new.free and new not in steps and (before is None or not before.free):
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
