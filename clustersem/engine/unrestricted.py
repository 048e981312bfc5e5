"""The model without restrictions: every mean, variance and covariance a parameter.

Its parameters are the moments themselves, in the order of :class:`clustersem.moments.MomentOrder`,
so what any discrepancy returns for its cells (gradient, information, casewise scores) is that for
the moments.
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import COVARIANCE, INTERCEPT, Array, Cells, Ram
from clustersem.moments.order import continuous_order


def unrestricted_model(n_observed: int) -> Ram:
    """Return the model of p continuous variables whose p + p (p + 1) / 2 moments are all free.

    Examples
    --------
    >>> unrestricted_model(3).n_free
    9
    """
    p = n_observed
    order = continuous_order(p, has_means=True)
    each = np.arange(p, dtype=np.intp)
    kind = np.full(order.n_moments, COVARIANCE, dtype=np.intp)
    kind[order.means] = INTERCEPT
    cells = Cells(
        kind,
        np.concatenate([each, each, order.rows]),
        np.concatenate([each, each, order.cols]),
        p,
    )
    parameter = np.arange(order.n_moments, dtype=np.intp)
    nothing = np.zeros((p, p))
    return Ram(p, order.n_moments, cells, parameter, nothing, nothing, np.zeros(p), True)


def unrestricted_theta(mean: Array, cov: Array) -> Array:
    """Return means, variances and covariances as the parameters of the unrestricted model."""
    order = continuous_order(len(mean), has_means=True)
    theta: Array = np.concatenate([mean, cov.diagonal(), cov[order.rows, order.cols]])
    return theta
