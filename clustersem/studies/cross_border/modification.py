"""How large the modification indices of the freed pairs can be, given the printed loadings."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clustersem.errors import AdmissibilityWarning
from clustersem.fit import sem
from clustersem.studies.cross_border.models import DF_INITIAL, DF_REVISED, INITIAL_MODEL
from clustersem.studies.cross_border.paper import modifications, n_valid, published, value
from clustersem.studies.cross_border.populations import population

if TYPE_CHECKING:
    import pandas as pd

LARGE = (-0.9, 0.9)
MODERATE = (-0.6, 0.6)


def pair_indices(pair: tuple[str, str], correlations: Sequence[float]) -> pd.DataFrame:
    """Fit the initial model to populations in which one pair of residuals is correlated.

    Parameters
    ----------
    pair : (str, str)
        Items of one construct.
    correlations : sequence of float
        Residual correlations, one population each; everything else is as printed.

    Returns
    -------
    DataFrame
        One row a population: correlation, mi (of the pair), chisq (which freeing it takes
        away altogether), at the paper's n.

    Examples
    --------
    >>> bool((pair_indices(("C11", "C12"), [0.9])["mi"] < 6).all())
    True
    """
    import pandas as pd

    rows = []
    for correlation in correlations:
        source = population({pair: correlation})
        names = list(source.items)
        covariance = pd.DataFrame(source.covariance, index=names, columns=names)
        with warnings.catch_warnings():
            # A residual correlation that the model has no place for may drive another residual
            # variance below zero; the index is asked for all the same.
            warnings.simplefilter("ignore", AdmissibilityWarning)
            fit = sem(INITIAL_MODEL, cov=covariance, n_obs=n_valid())
        mi = next(
            row["mi"]
            for row in fit.modification_indices().to_dict(orient="records")
            if row["op"] == "~~" and {row["lhs"], row["rhs"]} == set(pair)
        )
        rows.append((correlation, float(mi), fit.measures["chisq"]))
    return pd.DataFrame(rows, columns=["correlation", "mi", "chisq"])


def first_step_entry() -> tuple[str, str]:
    """Say why the paper's first modification cannot have had the largest index of the five.

    Returns
    -------
    (str, str)
        What is printed, and a sentence with computed numbers.
    """
    first, *others = modifications()
    own = pair_indices(first, LARGE)
    mi = dict(zip(own["correlation"], own["mi"], strict=True))
    rest = [float(x) for pair in others for x in pair_indices(pair, MODERATE)["mi"]]
    largest = float(own[["mi", "chisq"]].to_numpy(dtype=float).max())
    before, after = (value(model.indices["cmin_df"]) for model in published().models)
    drop = before * DF_INITIAL - after * DF_REVISED
    name = f"{first[0]} ~~ {first[1]}"
    return (
        f"section 4.2: {name} has the largest modification index",
        f"In populations with the printed loadings the index of {name} is {mi[0.9]:.0f} at a "
        f"residual correlation of .9 and {mi[-0.9]:.0f} at -.9, because a construct with two items "
        f"hardly tells a residual covariance from a weaker construct; the other four pairs have "
        f"{min(rest):.0f} to {max(rest):.0f} at .6 either way. No step on it takes more than "
        f"{largest:.0f} off chi2; were it the largest, five would take some {5 * largest:.0f}, and "
        f"the printed drop is {drop:.0f}. These cannot all be right.",
    )
