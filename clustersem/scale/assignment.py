"""Which factor is which construct's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def assign_factors(
    loadings: pd.DataFrame, constructs: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Give each construct a factor of its own.

    The one-to-one assignment maximises the sum of squared loadings of all items on the factor of
    their construct.

    Parameters
    ----------
    loadings : DataFrame, items x factors
        At least as many factors as constructs.
    constructs : mapping of construct to its items

    Returns
    -------
    dict
        Construct to factor.

    References
    ----------
    Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics
    Quarterly, 2, 83-97. https://doi.org/10.1002/nav.3800020109
    """
    from scipy.optimize import linear_sum_assignment

    names = list(constructs)
    shared = np.array(
        [np.sum(loadings.loc[list(constructs[name])].to_numpy() ** 2, axis=0) for name in names]
    )
    rows, columns = linear_sum_assignment(shared, maximize=True)
    factors = [str(factor) for factor in loadings.columns]
    return {names[row]: factors[column] for row, column in zip(rows, columns, strict=True)}
