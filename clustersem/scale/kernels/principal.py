"""Principal components."""

from __future__ import annotations

import numpy as np

from clustersem.scale.answers import Array
from clustersem.scale.kernels.extraction import Extraction, leading_factors


def principal_components(correlation: Array, k: int) -> Extraction:
    """Compute the loadings of the first `k` principal components.

    Parameters
    ----------
    correlation : ndarray, shape (p, p)
    k : int
        Number of components, at most p.

    References
    ----------
    Hotelling, H. (1933). Analysis of a complex of statistical variables into principal components.
    Journal of Educational Psychology, 24, 417-441. https://doi.org/10.1037/h0071325
    """
    return Extraction(
        leading_factors(correlation, k), True, 0, np.zeros(len(correlation), dtype=np.bool_)
    )
