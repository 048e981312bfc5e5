"""How much of what the data say of a parameter is said of it alone."""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import Array
from clustersem.engine.restricted import restricted_inverse
from clustersem.fit.solution import Solution

# A parameter of whose information less than this share is its own is nearly unidentified: its
# standard error is more than 4.5 times what it would be if the others were known.
OWN_INFORMATION = 0.05


def own_information(fit: Solution) -> Array:
    """Return the share of every parameter's information that is its own.

    Parameters
    ----------
    fit : Fit
        Any fit.

    Returns
    -------
    ndarray of shape (q,)
        In the order of ``fit.theta``; one over its variance inflation factor, so the standard error
        is 1 / sqrt(share) times what it would be if the others were known. NaN for a parameter that
        is not identified, or that a constraint holds at a value.

    Notes
    -----
    Intercepts and thresholds are never taken as known. Where a variable's mean is far from zero
    they go with the coefficients on it, which says nothing of whether the coefficients can be told
    apart. Information is the expected one, whatever the fit's standard errors rest on: robust ones
    speak of the answers' distribution, too.
    """
    scale = np.sqrt(np.maximum(fit.hessian.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    unit = fit.hessian / scale[:, None] / scale
    is_level = np.zeros(fit.layout.n_free, dtype=bool)
    free = [p for p in fit.spec.parameters if p.free]
    is_level[fit.layout.parameter[[p.op in ("~1", "|") for p in free]]] = True
    own = unit.diagonal().copy()
    if is_level.any():
        inverse = np.linalg.pinv(unit[np.ix_(is_level, is_level)], hermitian=True)
        across = unit[np.ix_(is_level, ~is_level)]
        own[~is_level] -= np.einsum("ij,ij->j", across, inverse @ across)
        with np.errstate(divide="ignore"):
            own[is_level] = 1.0 / inverse.diagonal()
    variance = restricted_inverse(fit.hessian, fit.held.jacobian)[0].diagonal() * scale**2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 1.0 / (own * variance)
    share[~(variance > 0)] = np.nan
    return np.asarray(share)
