"""Whether there are respondents enough for the number of parameters.

References
----------
Bentler, P. M., & Chou, C.-P. (1987). Practical issues in structural modeling. Sociological Methods
& Research, 16, 78-117. doi:10.1177/0049124187016001004
"""

from __future__ import annotations

import numpy as np

from clustersem.certify.check import Check
from clustersem.fit.result import Fit

PER_PARAMETER = 5.0
# Expected frequencies below this have been distrusted since Cochran (1954).
IN_CATEGORY = 5


def sample_size(fit: Fit) -> Check:
    """Check respondents per free parameter and, of ordinal items, per category."""
    ratio = fit.n_obs / fit.n_free
    few = ratio < PER_PARAMETER
    found = f"{fit.n_obs} respondents for {fit.n_free} free parameters: {ratio:.1f} for each."
    if few:
        found += " Standard errors and chi2 are rough: bootstrap, or use a smaller model."
    least = _smallest_category(fit)
    sparse = least is not None and least[1] < IN_CATEGORY
    values: list[tuple[str, float]] = [("respondents_per_parameter", ratio)]
    if least is not None:
        values.append(("smallest_category", float(least[1])))
        if sparse:
            found += (
                f" Only {least[1]} chose one of the categories of {least[0]}: join it with its"
                " neighbour, its threshold and correlations rest on them."
            )
    return Check(
        "sample size",
        "doubtful" if few or sparse else "passed",
        found,
        f"{PER_PARAMETER:.0f} respondents for each free parameter at least (Bentler & Chou, 1987)"
        + (f", {IN_CATEGORY} in every category" if least is not None else ""),
        tuple(values),
    )


def _smallest_category(fit: Fit) -> tuple[str, int] | None:
    """Return the item with the smallest category and its size; None without ordinal items."""
    found: tuple[str, int] | None = None
    for sample in fit.samples:
        if sample.ordinal is None or sample.data is None:
            continue
        for name, values, column in zip(
            sample.names, sample.ordinal.categories, sample.data.T, strict=True
        ):
            for value in values:
                count = int(np.count_nonzero(column == value))
                if found is None or count < found[1]:
                    found = (name, count)
    return found
