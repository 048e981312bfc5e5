"""A plan with what is asked of it, checked and ready to be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import pandas as pd

from clustersem.errors import EstimationError, UnsupportedError
from clustersem.resample.power.claims import Claim, claims_of
from clustersem.resample.power.laboratory import laboratory_of
from clustersem.resample.power.notes import convergence_notes, plan_notes
from clustersem.resample.power.plan import Plan, Source, plan_of
from clustersem.resample.power.result import Method, Power, convergence_table
from clustersem.resample.power.rmsea import check_alpha
from clustersem.resample.power.simulation import Replications, Study
from clustersem.resample.power.targets import Asked, Targets, targets_of
from clustersem.resample.streams import sizes
from clustersem.spec import ModelSpec


@dataclass(frozen=True, eq=False)
class Prepared:
    """What :func:`clustersem.power` and :func:`clustersem.sample_size` compute with.

    Attributes
    ----------
    plan : Plan
        The population and the model.
    asked : Asked
        The targets.
    claims : tuple of Claim
        The rows of the table.
    method : str
        ``"simulation"`` or ``"analytic"``.
    alpha : float
        Level of the tests.
    joint : bool
        Whether chains are tested path by path.
    """

    plan: Plan
    asked: Asked
    claims: tuple[Claim, ...]
    method: Method
    alpha: float
    joint: bool

    def study(self, ns: Sequence[int], n_replications: int, seed: int) -> Study:
        """Return the simulation at some sizes.

        Raises
        ------
        UnsupportedError
            Where `n_replications` is no number of replications.
        """
        sizes(n_replications)
        return Study(
            laboratory_of(self.plan.generators, self.plan.fit, self.plan.options),
            self.plan.populations,
            self.asked.quantities,
            self.joint,
            tuple(ns),
            n_replications,
            seed,
        )

    def analytic(self, ns: Sequence[int]) -> Power:
        """Return the powers by noncentral distributions."""
        rows = [claim.noncentral_row(n) for claim in self.claims for n in ns]
        notes = tuple(plan_notes(self.plan, joint=self.joint))
        return Power(
            pd.DataFrame(rows), convergence_table(()), self.method, self.alpha, None, notes
        )

    def simulated(
        self, replications: tuple[Replications, ...], seed: int, stopped: str = ""
    ) -> Power:
        """Return the powers by simulation."""
        if not replications:
            raise EstimationError(f"no samples were fitted, so there are no powers. {stopped}")
        rows = [claim.simulated_row(found) for claim in self.claims for found in replications]
        convergence = convergence_table(replications)
        notes = [*plan_notes(self.plan, joint=self.joint), *convergence_notes(convergence)]
        notes += [stopped] * bool(stopped)
        return Power(
            pd.DataFrame(rows),
            convergence,
            self.method,
            self.alpha,
            seed,
            tuple(notes),
            replications,
        )


def prepare(
    population: Source,
    target: Targets,
    *,
    method: Method,
    alpha: float,
    model: str | ModelSpec | None,
    estimator: str | None,
    missing: str | None,
    standardized: bool,
    simulate: Mapping[str, Any] | None,
    rmsea: float,
    joint: bool,
) -> Prepared:
    """Return what a call asks for, checked; see :func:`clustersem.power`."""
    if method not in get_args(Method):
        raise UnsupportedError(f"method={method!r}; there are 'simulation' and 'analytic'.")
    check_alpha(alpha)
    if joint and method == "analytic":
        raise UnsupportedError(
            "joint=True is simulated: the tests of the paths along a chain are not independent."
            " Leave it out for the z test of the product, or method='analytic'."
        )
    plan = plan_of(
        population,
        model=model,
        estimator=estimator,
        missing=missing,
        standardized=standardized,
        simulate=simulate,
        rmsea=rmsea,
    )
    if method == "analytic":
        _check_drawn(simulate or {}, plan)
    asked = targets_of(target, plan.fit)
    return Prepared(plan, asked, claims_of(asked, plan, alpha), method, alpha, joint)


def _check_drawn(settings: Mapping[str, Any], plan: Plan) -> None:
    """Refuse what noncentral distributions would pass over in silence."""
    # Categories are fitted, not passed over, and with them the shape of what is cut.
    names = ("missing", "skewness", "kurtosis") if plan.exact else ("missing",)
    lost = [name for name in names if settings.get(name) is not None]
    if lost:
        raise UnsupportedError(
            f"simulate= has {' and '.join(lost)}, and method='analytic' is for complete, normal"
            " answers: it would give the power that these have. Take method='simulation'."
        )
