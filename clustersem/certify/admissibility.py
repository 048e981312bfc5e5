"""Whether the estimates can be what they are called: variances, correlations.

References
----------
Kolenikov, S., & Bollen, K. A. (2012). Testing negative error variances: Is a Heywood case a symptom
of misspecification? Sociological Methods & Research, 41, 124-167. doi:10.1177/0049124112442138
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from clustersem.certify.check import Check, of_grades
from clustersem.fit.result import Fit
from clustersem.survey.names import listed

# A negative variance is no more than so many standard errors below zero in 97.5 % of samples from a
# population where it is zero.
SAMPLING_ERROR = float(-ndtri(0.025))


def admissibility(fit: Fit) -> Check:
    """Check variances, correlations and implied matrices; see :meth:`clustersem.Fit.diagnose`."""
    variances, correlations, matrices = fit.diagnose().checks[:3]
    beyond: list[tuple[str, float]] = []
    if len(variances.values) or len(correlations.values):
        table = fit.standardized()
        keys = zip(table["lhs"], table["op"], table["rhs"], table["group"], strict=True)
        standardised = dict(zip(keys, table["se"].tolist(), strict=True))
        for lhs, op, rhs, group, est, se in _columns(variances.values, "est", "se"):
            # Of an ordinal item in the delta parameterisation it is no parameter of its own.
            error = se or standardised[lhs, op, rhs, group]
            beyond.append((f"{lhs} {op} {rhs} = {est:.3f}", -_over(est, error)))
        for lhs, op, rhs, group, std_all in _columns(correlations.values, "std_all"):
            error = standardised[lhs, op, rhs, group]
            found = f"correlation {lhs}, {rhs} = {std_all:.3f}"
            beyond.append((found, _over(abs(std_all) - 1.0, error)))
    clean = variances.passed and correlations.passed and matrices.passed
    # Matrices that are not positive definite follow from a variance or a correlation, if any is.
    by_chance = bool(beyond) and all(z <= SAMPLING_ERROR for _, z in beyond)
    reached = fit.held.reached
    if clean:
        found = (
            f"No negative variance, no correlation above one, all matrices positive definite"
            f" ({matrices.detail.removeprefix('none; ')})."
        )
    elif beyond:
        each = [
            what if np.isnan(z) else f"{what}, {z:.1f} standard errors beyond its limit"
            for what, z in beyond
        ]
        found = f"Improper: {listed(each)}. " + (
            "Sampling error can do that; more respondents or items may cure it."
            if by_chance
            else "Sampling error hardly does that: the model is likely wrong there. Look at the"
            " items concerned, and at what is missing from the model."
        )
    else:
        wrong = correlations if matrices.passed else matrices
        found = (
            f"Improper: {wrong.detail}. Two factors may be one, or the model too rich for the data:"
            " see fit.latent_cor."
        )
    if reached:
        found += (
            f" Held at a bound: {listed(reached)}; standard errors say little there. A variance at"
            " zero points to a weak or redundant item."
        )
    return Check(
        "admissibility",
        of_grades((not clean and not by_chance, bool(reached) or not clean)),
        found,
        "variances not negative, correlations not above one, matrices positive definite; within"
        f" {SAMPLING_ERROR:.2f} standard errors of the limit sampling error is an explanation"
        " (Kolenikov & Bollen, 2012)",
        (
            ("negative_variances", float(len(variances.values))),
            ("largest_distance_in_se", float(np.nanmax([0.0, *(z for _, z in beyond)]))),
        ),
    )


def _over(distance: float, error: float) -> float:
    return distance / error if error > 0 else float("nan")


def _columns(rows: pd.DataFrame, *numbers: str) -> Iterator[tuple[Any, ...]]:
    """Return what each row is, and some of its numbers."""
    names = ["lhs", "op", "rhs", "group", *numbers]
    return zip(*(rows[name].tolist() if len(rows) else [] for name in names), strict=True)
