"""How a model is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Likelihood = Literal["normal", "wishart"]
Engine = Literal["native", "semopy"]


@dataclass(frozen=True)
class FitOptions:
    """The options of an estimation.

    Attributes
    ----------
    estimator : str
        ``"ML"``.
    likelihood : str
        ``"normal"``: S with divisor n, chi2 = n F (lavaan, Mplus). ``"wishart"``: S with divisor
        n - 1, chi2 = (n - 1) F (AMOS, EQS, LISREL).
    missing : str
        ``"listwise"``.
    engine : str
        ``"native"``, or ``"semopy"`` for an estimation by semopy.
    """

    estimator: str = "ML"
    likelihood: Likelihood = "normal"
    missing: str = "listwise"
    engine: Engine = "native"

    def multiplier(self, n_obs: int) -> float:
        """Return N in chi2 = N F."""
        return float(n_obs if self.likelihood == "normal" else n_obs - 1)
