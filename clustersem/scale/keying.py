"""Items that run against the rest of their construct."""

from __future__ import annotations

import numpy as np

from clustersem.scale.answers import Array


def reversed_positions(correlation: Array) -> tuple[int, ...]:
    """Positions of the items that load negatively on the first principal component.

    The component is turned so that its loadings sum to a positive number, or, when they cancel out,
    so that the first item is positive: between two items that correlate negatively the second is
    named, though either may be the reversed one.

    Parameters
    ----------
    correlation : ndarray, shape (p, p)
    """
    values, vectors = np.linalg.eigh(correlation)
    first = vectors[:, -1]
    total = float(first.sum())
    if abs(total) < 1e-8:
        total = float(first[0])
    if total < 0.0:
        first = -first
    # Items that have nothing to do with the component carry rounding errors of either sign.
    return tuple(int(j) for j in np.flatnonzero(first < -1e-8 * values[-1]))
