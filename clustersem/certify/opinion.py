"""What an independently written implementation says."""

from __future__ import annotations

import warnings
from dataclasses import replace

from clustersem.certify.check import Check, not_applicable
from clustersem.errors import ClusterSemError
from clustersem.fit.estimation import fit_samples
from clustersem.fit.result import Fit
from clustersem.fit.second_opinion import IN_STANDARD_ERRORS, OF_CHI2, OF_STANDARD_ERROR

NAME = "second opinion"


def opinion(fit: Fit) -> Check:
    """Check that semopy arrives at the same numbers."""
    if not fit.converged:
        return not_applicable(NAME, "There is nothing to confirm: the fit did not converge.")
    try:
        with warnings.catch_warnings():
            # semopy's own warnings are part of its answer.
            warnings.simplefilter("ignore")
            found = _plain(fit).second_opinion()
    except (ClusterSemError, ImportError) as reason:
        return not_applicable(NAME, str(reason))
    largest = found.largest_difference
    lower = found.success and found.chi2_semopy < found.chi2_clustersem - max(
        OF_CHI2, 1e-6 * found.chi2_clustersem
    )
    return Check(
        NAME,
        "passed" if found.agrees else "failed" if lower else "doubtful",
        found.verdict,
        f"estimates within {IN_STANDARD_ERRORS} standard errors, standard errors within"
        f" {100 * OF_STANDARD_ERROR:.1f} %, chi2 within {OF_CHI2}: less than shows in three"
        " decimals",
        (
            ("largest_difference_in_se", largest.in_se),
            ("largest_difference_of_se", largest.se),
            ("difference_of_chi2", largest.chi2),
        ),
    )


def _plain(fit: Fit) -> Fit:
    """Return the fit, of which robust standard errors and tests are taken off.

    semopy has only the usual ones; the estimates and chi2 that it confirms are the same.
    """
    options = fit.options
    unweighted = all(sample.weights is None for sample in fit.samples)
    if options.discrepancy != "ML" or options.se == "standard" or not unweighted:
        return fit
    plain = replace(options, estimator="ML", se="standard", test="standard", information="expected")
    return fit_samples(fit.spec, fit.samples, plain)
