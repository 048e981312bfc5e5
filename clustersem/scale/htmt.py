"""Heterotrait-monotrait ratios of correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from clustersem.scale.answers import Array


def _means(block: Array, *, geometric: bool) -> float:
    """Mean of a block of absolute correlations; NaN entries are an item with itself."""
    values = block[~np.isnan(block)]
    if not values.size:
        return float("nan")
    if not geometric:
        return float(values.mean())
    return float(np.exp(np.mean(np.log(values)))) if np.all(values > 0.0) else 0.0


def heterotrait_monotrait(
    correlation: pd.DataFrame, constructs: Mapping[str, Sequence[str]], *, geometric: bool
) -> pd.DataFrame:
    """Correlations between constructs over the geometric mean of those within them.

    Parameters
    ----------
    correlation : DataFrame, items x items
        Absolute values are taken, so that the key of an item does not matter.
    constructs : mapping of construct to items
        At least two items each.
    geometric : bool
        Average correlations by the geometric mean (HTMT2, for items with unequal loadings) or the
        arithmetic one (HTMT).

    Returns
    -------
    DataFrame, constructs x constructs
        Ones on the diagonal.

    References
    ----------
    Henseler, J., Ringle, C. M., & Sarstedt, M. (2015). A new criterion for assessing discriminant
    validity in variance-based structural equation modeling. Journal of the Academy of Marketing
    Science, 43, 115-135. https://doi.org/10.1007/s11747-014-0403-8

    Roemer, E., Schuberth, F., & Henseler, J. (2021). HTMT2 - an improved criterion for assessing
    discriminant validity in structural equation modeling. Industrial Management & Data Systems,
    121, 2637-2650. https://doi.org/10.1108/IMDS-02-2021-0082
    """
    size = np.abs(correlation.to_numpy(dtype=float))
    np.fill_diagonal(size, np.nan)
    place = {str(name): j for j, name in enumerate(correlation.columns)}
    positions = {name: [place[item] for item in items] for name, items in constructs.items()}

    def mean(a: str, b: str) -> float:
        return _means(size[np.ix_(positions[a], positions[b])], geometric=geometric)

    names = list(constructs)
    within = {name: mean(name, name) for name in names}
    table = np.eye(len(names))
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            scale = np.sqrt(within[a] * within[b])
            table[i, j] = table[j, i] = mean(a, b) / scale if scale > 0.0 else np.nan
    return pd.DataFrame(table, index=names, columns=names)
