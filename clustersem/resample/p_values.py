"""p values that go with bootstrap intervals.

The p value of a null value is one less the level of the widest interval that does not hold it: an
interval at level 1 - p ends at the null value. AMOS prints those of its percentile and its
bias-corrected intervals.

References
----------
Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical
Association, 82, 171-185. doi:10.1080/01621459.1987.10478410
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from clustersem.resample.quantiles import Array, Resampled


def two_sided_p(
    estimate: Array,
    resampled: Array,
    *,
    null: float = 0.0,
    bias_corrected: bool = True,
    acceleration: Array | None = None,
) -> Array:
    """Return two-sided p values from percentile, BC or BCa intervals.

    Parameters
    ----------
    estimate : ndarray of shape (k,)
        Estimates from the sample itself.
    resampled : ndarray of shape (B, k)
        Estimates from the resamples; NaN where a resample gave none.
    null : float
        The value that is tested, the same for all parameters.
    bias_corrected : bool
        With False, from percentile intervals.
    acceleration : ndarray of shape (k,), optional
        With it, from BCa intervals.

    Returns
    -------
    ndarray of shape (k,)
        Never less than the resamples can tell: where all of R values lie on one side of `null` it
        is what the outermost of them would have, for percentile intervals 2 / (R + 1). NaN for a
        parameter that is the same in all resamples, and where there is no interval.

    Examples
    --------
    >>> resampled = np.linspace(-1, 5, 999)[:, None]
    >>> two_sided_p(np.array([2.0]), resampled, bias_corrected=False).round(2)
    array([0.33])
    """
    values = Resampled.of(resampled)
    z = ndtri(values.rank_share(np.full(len(estimate), float(null))))
    if bias_corrected:
        a = np.zeros(len(estimate)) if acceleration is None else acceleration
        with np.errstate(invalid="ignore", divide="ignore"):
            w = ndtri(values.share_below(estimate))
            # The inverse of z -> w + (w + z) / (1 - a (w + z)).
            z = np.where(np.isfinite(w) & (1 + a * (z - w) > 0), z - w, np.nan)
            z = z / (1 + a * z) - w
    found: Array = np.where(values.constant, np.nan, 2 * ndtr(-np.abs(z)))
    return found
