"""What the options of a fit mean, in the words of the field."""

from __future__ import annotations

from clustersem.fit.estimators import DiscrepancyName, StandardErrors, Test
from clustersem.fit.options import FitOptions

DISCREPANCIES: dict[DiscrepancyName, str] = {
    "ML": "maximum likelihood",
    "FIML": "full information maximum likelihood",
    "GLS": "generalised least squares",
    "ULS": "unweighted least squares",
    "WLS": "weighted least squares",
    "DWLS": "diagonally weighted least squares",
}
STANDARD_ERRORS: dict[StandardErrors, str] = {
    "standard": "standard",
    "robust.sem": "robust",
    "robust.huber.white": "robust (Huber-White)",
    "first.order": "from first derivatives",
    "none": "not asked for",
}
TESTS: dict[Test, str] = {
    "standard": "standard",
    "satorra.bentler": "scaled (Satorra-Bentler)",
    "yuan.bentler": "scaled (Yuan-Bentler)",
    "yuan.bentler.mplus": "scaled (Yuan-Bentler, as Mplus)",
    "mean.var.adjusted": "mean and variance adjusted (Satterthwaite)",
    "scaled.shifted": "scaled and shifted",
    "browne.residual.adf": "Browne's, of residuals, distribution-free",
    "browne.residual.nt": "Browne's, of residuals, normal theory",
}


def estimator_in_words(options: FitOptions) -> str:
    """Return the estimator's name and what is minimised.

    Examples
    --------
    >>> estimator_in_words(FitOptions("WLSMV", discrepancy="DWLS"))
    'WLSMV (diagonally weighted least squares)'
    """
    what = DISCREPANCIES[options.discrepancy]
    if options.discrepancy == "ML":
        what = f"{options.likelihood} likelihood"
    return f"{options.estimator} ({what})"


def errors_in_words(options: FitOptions, *, clustered: bool = False) -> str:
    """Return what the standard errors are."""
    if clustered and options.se == "robust.huber.white":
        return "robust, of clusters (Huber-White)"
    return STANDARD_ERRORS[options.se]


def method_in_words(options: FitOptions, *, clustered: bool = False) -> str:
    """Return how a model was fitted, as a paper says it in one sentence.

    Examples
    --------
    >>> method_in_words(FitOptions("MLM", se="robust.sem", test="satorra.bentler"))
    'MLM (normal likelihood); standard errors: robust; test: scaled (Satorra-Bentler)'
    """
    said = [estimator_in_words(options)]
    if options.se != "standard":
        said.append(f"standard errors: {errors_in_words(options, clustered=clustered)}")
    if options.test != "standard":
        said.append(f"test: {TESTS[options.test]}")
    return "; ".join(said)
