"""The table of estimators: a name stands for a discrepancy, standard errors and a test.

References
----------
Satorra, A., & Bentler, P. M. (1994). Corrections to test statistics and standard errors in
covariance structure analysis. In A. von Eye & C. C. Clogg (Eds.), Latent variables analysis
(pp. 399-419). Sage.
Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
structure analysis with nonnormal missing data. Sociological Methodology, 30, 165-200.
doi:10.1111/0081-1750.00078
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from clustersem.errors import UnsupportedError

DiscrepancyName = Literal["ML", "FIML", "GLS", "ULS", "WLS", "DWLS"]
StandardErrors = Literal["standard", "robust.sem", "robust.huber.white", "first.order", "none"]
Information = Literal["expected", "observed"]
Test = Literal[
    "standard",
    "satorra.bentler",
    "yuan.bentler",
    "yuan.bentler.mplus",
    "mean.var.adjusted",
    "scaled.shifted",
    "browne.residual.adf",
    "browne.residual.nt",
]

SE_NAMES: tuple[StandardErrors, ...] = (
    "standard",
    "robust.sem",
    "robust.huber.white",
    "first.order",
    "none",
)
TEST_NAMES: tuple[Test, ...] = (
    "standard",
    "satorra.bentler",
    "yuan.bentler",
    "yuan.bentler.mplus",
    "mean.var.adjusted",
    "scaled.shifted",
    "browne.residual.adf",
    "browne.residual.nt",
)


@dataclass(frozen=True)
class Estimator:
    """A row of the table.

    Attributes
    ----------
    discrepancy : str
        What is minimised.
    se : str
        How standard errors are made.
    test : str
        How the test of the model is corrected.
    information : str
        Which information the standard errors of likelihood methods rest on.
    """

    discrepancy: DiscrepancyName
    se: StandardErrors = "standard"
    test: Test = "standard"
    information: Information = "expected"


ESTIMATORS: dict[str, Estimator] = {
    "ML": Estimator("ML"),
    "MLR": Estimator("ML", "robust.huber.white", "yuan.bentler.mplus", "observed"),
    "MLM": Estimator("ML", "robust.sem", "satorra.bentler"),
    "MLMV": Estimator("ML", "robust.sem", "scaled.shifted"),
    "MLMVS": Estimator("ML", "robust.sem", "mean.var.adjusted"),
    "MLF": Estimator("ML", "first.order"),
    "GLS": Estimator("GLS"),
    "ULS": Estimator("ULS"),
    "ULSM": Estimator("ULS", "robust.sem", "satorra.bentler"),
    "ULSMV": Estimator("ULS", "robust.sem", "scaled.shifted"),
    "ULSMVS": Estimator("ULS", "robust.sem", "mean.var.adjusted"),
    "WLS": Estimator("WLS"),
    "DWLS": Estimator("DWLS"),
    "WLSM": Estimator("DWLS", "robust.sem", "satorra.bentler"),
    "WLSMV": Estimator("DWLS", "robust.sem", "scaled.shifted"),
    "WLSMVS": Estimator("DWLS", "robust.sem", "mean.var.adjusted"),
}

#: Discrepancies that are likelihoods: they have log-likelihoods and information criteria.
LIKELIHOODS: tuple[DiscrepancyName, ...] = ("ML", "FIML")


def estimator_named(name: str) -> Estimator:
    """Return a row of the table, or say which there are."""
    found = ESTIMATORS.get(str(name).upper())
    if found is None:
        near = get_close_matches(str(name).upper(), ESTIMATORS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnsupportedError(
            f"estimator={name!r} is not among those there are: {', '.join(ESTIMATORS)}.{hint}"
        )
    return found
