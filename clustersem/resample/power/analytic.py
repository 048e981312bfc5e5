"""Power without simulation, from noncentral distributions.

For a path: the model with the path fixed at zero is fitted to the moments of the population. N
times what its discrepancy is larger is the noncentrality of the chi-square difference test at N
(Satorra & Saris, 1985). One fit a path, whatever the number of sample sizes. For what is a function
of paths (an indirect effect, a defined parameter) it is the z test with its delta-method standard
error, and so it is where the model with the path at zero is not identified.

References
----------
Satorra, A., & Saris, W. E. (1985). Power of the likelihood ratio test in covariance structure
analysis. Psychometrika, 50, 83-90. doi:10.1007/BF02294150
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from clustersem.errors import ClusterSemError, ClusterSemWarning, ModelError
from clustersem.fit.estimation import fit_samples
from clustersem.resample.power.plan import Plan
from clustersem.resample.power.quantities import ParameterValue, estimates_of
from clustersem.resample.power.targets import Target
from clustersem.spec import build_spec


@dataclass(frozen=True)
class Noncentrality:
    """What one respondent adds to the test of one target.

    Attributes
    ----------
    per_respondent : float
        Noncentrality over N: the squared z that each adds.
    sign : float
        Sign of the quantity in the population.
    test : str
        ``"chi2 difference"`` or ``"z"``.
    """

    per_respondent: float
    sign: float
    test: str

    def power(self, multiplier: float, expect: str, alpha: float) -> float:
        """Return the power at N.

        Power of a directed hypothesis: the two-sided test is significant, and the sign expected.
        """
        z = self.sign * np.sqrt(max(multiplier, 0.0) * self.per_respondent)
        critical = -ndtri(0.5 * alpha)
        above, below = float(ndtr(z - critical)), float(ndtr(-z - critical))
        return above if expect == "+" else below if expect == "-" else above + below


def noncentrality_of(target: Target, plan: Plan) -> Noncentrality:
    """Return the noncentrality of the test of one target."""
    sign = float(np.sign(target.truth))
    if isinstance(target.quantity, ParameterValue) and plan.fit.options.is_likelihood:
        f = _restricted(target.quantity.place, plan)
        if f is not None:
            return Noncentrality(max(f - plan.fit.state.f, 0.0), sign, "chi2 difference")
    value, se = estimates_of((target.quantity,), plan.fit.theta[None], plan.unit_vcov[None])
    if not se[0, 0] > 0.0:
        raise ModelError(
            f"{target.label} has no standard error in this population: it is held by a bound or"
            " follows from what is fixed, so there is no z test of it. Leave it out, or the bound."
        )
    return Noncentrality(float((value / se)[0, 0] ** 2), sign, "z")


def _restricted(place: int, plan: Plan) -> float | None:
    """Return the discrepancy of the model with one parameter at zero; None where there is none."""
    fit = plan.fit
    row = int(np.flatnonzero(fit.layout.places == place)[0]) + 1
    spec = build_spec(f"{fit.spec.to_text()}\n.p{row}. == 0\n", fit.spec.options)
    try:
        with warnings.catch_warnings():
            # Variances below zero, say: this model is false on purpose.
            warnings.simplefilter("ignore", ClusterSemWarning)
            restricted = fit_samples(spec, fit.samples, fit.options)
    except ClusterSemError:
        return None
    return restricted.state.f if restricted.converged else None
