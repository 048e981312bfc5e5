"""How a model is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clustersem.engine.ram import Parameterization
from clustersem.fit.estimators import (
    LIKELIHOODS,
    DiscrepancyName,
    Information,
    StandardErrors,
    Test,
)
from clustersem.moments import SampleMoments
from clustersem.moments.request import Missing

Likelihood = Literal["normal", "wishart"]
Engine = Literal["native", "semopy"]


@dataclass(frozen=True)
class FitOptions:
    """The options of an estimation, all of them decided.

    Attributes
    ----------
    estimator : str
        A name of the table of estimators.
    likelihood : str
        ``"normal"``: S with divisor n, chi2 = n F (lavaan, Mplus). ``"wishart"``: S with divisor
        n - 1, chi2 = (n - 1) F (AMOS, EQS, LISREL).
    missing : str
        What is done with missing answers.
    engine : str
        ``"native"``, or ``"semopy"`` for an estimation by semopy.
    discrepancy, se, test, information
        The columns of the table of estimators.
    parameterization : str
        ``"delta"`` or ``"theta"``, for ordinal items.
    bounds : str
        ``"none"``, or which parameters are bounded.
    """

    estimator: str = "ML"
    likelihood: Likelihood = "normal"
    missing: Missing = "listwise"
    engine: Engine = "native"
    discrepancy: DiscrepancyName = "ML"
    se: StandardErrors = "standard"
    test: Test = "standard"
    information: Information = "expected"
    parameterization: Parameterization = "delta"
    bounds: str = "none"

    @property
    def is_likelihood(self) -> bool:
        """Whether what is minimised is a likelihood."""
        return self.discrepancy in LIKELIHOODS

    @property
    def unbiased(self) -> bool:
        """Whether covariances have divisor n - 1, and chi2 is (n - 1) F."""
        return self.likelihood == "wishart" or not self.is_likelihood

    def weight(self, sample: SampleMoments) -> float:
        """Return a group's N_g: chi2 is the sum of N_g F_g."""
        return sample.total - 1.0 if self.unbiased else sample.total
