"""What studies are to show, each with its power: the rows of the table.

A claim is a hypothesis about a quantity of the model, or about its fit. It knows in which
replications it was supported, and its power by noncentral distributions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import chndtr, ndtri

from clustersem.engine.ram import Array
from clustersem.errors import ModelError
from clustersem.resample.power.analytic import Noncentrality, noncentrality_of
from clustersem.resample.power.plan import Plan
from clustersem.resample.power.rmsea import fit_test_power
from clustersem.resample.power.simulation import Replications
from clustersem.resample.power.targets import Asked, Target
from clustersem.resample.simulate import group_sizes

Row = dict[str, object]

#: RMSEA under the null hypotheses of the tests of fit, and in the populations that MacCallum,
#: Browne and Sugawara plan for.
FIT_TESTS = (("exact fit", 0.0, 0.05), ("close fit", 0.05, 0.08), ("not-close fit", 0.05, 0.01))
#: A noncentrality per respondent below this is rounding.
NOTHING = 1e-10
#: RMSEA that differ by less are the same: a population has the one asked for up to rounding.
AS_GOOD_AS = 1e-6

_DEVIATE = float(ndtri(0.975))


class Claim(Protocol):
    """One hypothesis in one population, tested at one level."""

    @property
    def about(self) -> Row:
        """What it says: ``id path expect group population std_all``."""
        ...

    def refuse_hopeless(self) -> None:
        """Refuse a claim that no sample supports, because it is false in the population."""
        ...

    def power_at(self, n: int) -> float:
        """Return its power at n respondents by a noncentral distribution."""
        ...

    def noncentral_row(self, n: int) -> Row:
        """Return its row of the table, by a noncentral distribution."""
        ...

    def supported(self, found: Replications) -> np.ndarray:
        """Return in which replications it is supported."""
        ...

    def simulated_row(self, found: Replications) -> Row:
        """Return its row of the table, of one simulated size."""
        ...


@dataclass(frozen=True, eq=False)
class PathClaim:
    """That a quantity of the model is not zero, and has the sign expected.

    Attributes
    ----------
    target : Target
        The quantity.
    place : int
        Its place among those of the simulation.
    plan : Plan
        The population and the model.
    alpha : float
        Level of the two-sided test.
    """

    target: Target
    place: int
    plan: Plan
    alpha: float

    @property
    def about(self) -> Row:
        """What it says."""
        one = self.target
        return {
            "id": one.id,
            "path": one.path,
            "expect": one.expect,
            "group": one.group,
            "population": one.truth,
            "std_all": one.std_all,
        }

    @cached_property
    def _noncentrality(self) -> Noncentrality:
        return noncentrality_of(self.target, self.plan)

    def refuse_hopeless(self) -> None:
        """Refuse what is zero in the population, or has the other sign."""
        found, expect = self._noncentrality, self.target.expect
        size = "zero" if not found.per_respondent > NOTHING else f"{self.target.truth:.3g}"
        if size == "zero" or found.sign != {"+": 1.0, "-": -1.0}.get(expect, found.sign):
            raise ModelError(
                f"no sample is large enough for {self.target.label}: it is {size} in this"
                f" population, and what is expected is {expect}. Leave it out, or change one of"
                " them."
            )

    def power_at(self, n: int) -> float:
        """Return the power at n respondents."""
        multiplier = multiplier_at(self.plan, n)
        return self._noncentrality.power(multiplier, self.target.expect, self.alpha)

    def noncentral_row(self, n: int) -> Row:
        """Return the row of one size."""
        found = self._noncentrality
        return {
            **self.about,
            "n": n,
            "power": self.power_at(n),
            "noncentrality": multiplier_at(self.plan, n) * found.per_respondent,
            "test": found.test,
        }

    def supported(self, found: Replications) -> np.ndarray:
        """Return in which replications it is significant with the sign expected."""
        with np.errstate(invalid="ignore"):
            significant = np.asarray(found.p_value[:, self.place] < self.alpha)
            if self.target.expect == "!=0":
                return significant
            positive = found.est[:, self.place] > 0
        return np.asarray(significant & (positive == (self.target.expect == "+")))

    def simulated_row(self, found: Replications) -> Row:
        """Return the row of one size, with bias and coverage among converged replications."""
        k, truth = self.place, self.target.truth
        est, se = found.est[found.converged, k], found.se[found.converged, k]
        known = ~np.isnan(se)
        half = -float(ndtri(0.5 * self.alpha)) * se[known]
        mean = _mean(est)
        with np.errstate(invalid="ignore"):
            significant = int((found.p_value[:, k] < self.alpha).sum())
        hits = int(self.supported(found).sum())
        return {
            **self.about,
            "n": found.n,
            **_rate(hits, found),
            "contradicted": (significant - hits) / len(found.code),
            "mean_est": mean,
            "bias": mean - truth,
            "rel_bias": (mean - truth) / truth if abs(truth) > NOTHING else np.nan,
            "sd_est": float(est.std(ddof=1)) if len(est) > 1 else np.nan,
            "mean_se": _mean(se[known]),
            "coverage": _mean(np.abs(est[known] - truth) <= half),
        }


@dataclass(frozen=True, eq=False)
class FitClaim:
    """That a test of fit rejects its hypothesis on the RMSEA.

    Attributes
    ----------
    name : str
        ``"exact fit"``, ``"close fit"`` or ``"not-close fit"``.
    null : float
        The RMSEA that is to be rejected.
    customary : float
        What noncentral distributions take for the population, where its own RMSEA is on the other
        side of the null hypothesis.
    plan : Plan
        The population and the model.
    alpha : float
        Level of the test.
    """

    name: str
    null: float
    customary: float
    plan: Plan
    alpha: float

    @property
    def about(self) -> Row:
        """What it says; `population` is the RMSEA of the model there."""
        sign = {"exact fit": "=", "close fit": "<="}.get(self.name, ">=")
        return {
            "id": self.name,
            "path": f"RMSEA {sign} {self.null:g}",
            "expect": "rejected",
            "group": 0,
            "population": self.plan.rmsea,
            "std_all": np.nan,
        }

    @property
    def is_true(self) -> bool:
        """Whether there is something to find: the null hypothesis is false in the population."""
        own = self.plan.rmsea
        if self.name == "not-close fit":
            return own < self.null - AS_GOOD_AS
        return own > self.null + AS_GOOD_AS

    @property
    def alternative(self) -> float:
        """The RMSEA that noncentral distributions take for the population."""
        # The customary one also where the model holds exactly, which no model does.
        return self.plan.rmsea if self.is_true and self.plan.rmsea > 0 else self.customary

    def refuse_hopeless(self) -> None:
        """Refuse nothing: there is a customary alternative."""

    def power_at(self, n: int) -> float:
        """Return the power at n respondents."""
        unit = self._unit(n) * self.plan.fit.df
        null, alternative = unit * self.null**2, unit * self.alternative**2
        return fit_test_power(self.plan.fit.df, null, alternative, self.alpha)

    def noncentral_row(self, n: int) -> Row:
        """Return the row of one size."""
        return {
            **self.about,
            "population": self.alternative,
            "n": n,
            "power": self.power_at(n),
            "noncentrality": self._unit(n) * self.plan.fit.df * self.alternative**2,
            "test": "chi2",
        }

    def supported(self, found: Replications) -> np.ndarray:
        """Return in which replications the null hypothesis is rejected."""
        below = chndtr(found.chisq, found.df, self._unit(found.n) * found.df * self.null**2)
        with np.errstate(invalid="ignore"):
            if self.name == "not-close fit":
                return np.asarray(below < self.alpha)
            if self.name == "exact fit":
                return np.asarray(found.fit_p_value < self.alpha)
            return np.asarray(1.0 - below < self.alpha)

    def simulated_row(self, found: Replications) -> Row:
        """Return the row of one size."""
        return {**self.about, "n": found.n, **_rate(int(self.supported(found).sum()), found)}

    def _unit(self, n: int) -> float:
        """Return N over the number of groups: noncentrality is that times df RMSEA^2."""
        return multiplier_at(self.plan, n) / len(self.plan.populations)


def claims_of(asked: Asked, plan: Plan, alpha: float) -> tuple[Claim, ...]:
    """Return the claims of what is asked.

    Raises
    ------
    ModelError
        Where the test of fit is asked for of a model that always fits.
    """
    claims: list[Claim] = [
        PathClaim(target, k, plan, alpha) for k, target in enumerate(asked.targets)
    ]
    if asked.fit:
        if plan.fit.df < 1:
            raise ModelError(
                "the model has no degrees of freedom: it fits all data, and there is no test of fit"
                " whose power could be asked for. Leave 'fit' out."
            )
        claims += [FitClaim(*test, plan, alpha) for test in FIT_TESTS]
    return tuple(claims)


def multiplier_at(plan: Plan, n: int) -> float:
    """Return N of chi2 = N F at n respondents."""
    of_groups = group_sizes(n, plan.populations)
    return float(sum(of_groups) - len(of_groups) * plan.options.unbiased)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, which stays within 0 and 1.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association, 22, 209-212.
    doi:10.1080/01621459.1927.10502953
    """
    share, z2 = hits / trials, _DEVIATE**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _DEVIATE * np.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    half = float(half) / (1 + z2 / trials)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _rate(hits: int, found: Replications) -> Mapping[str, object]:
    total, converged = len(found.code), int(found.converged.sum())
    power = hits / total
    low, high = wilson(hits, total)
    return {
        "power": power,
        "power_se": float(np.sqrt(power * (1.0 - power) / total)),
        "power_ci_lower": low,
        "power_ci_upper": high,
        "power_converged": hits / converged if converged else np.nan,
        "n_replications": total,
        "n_converged": converged,
    }


def _mean(values: Array | np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan
