"""Which parameters the information matrix cannot tell apart.

References
----------
Rothenberg, T. J. (1971). Identification in parametric models. Econometrica, 39, 577-591.
doi:10.2307/1913267
"""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import Array, Index

# Eigenvalues of the information, scaled to a unit diagonal, below this count as zero.
RANK = 1e-9
# Weights below this share of the largest one do not name a parameter.
INVOLVED = 0.01


def null_space(hessian: Array) -> Index:
    """Return the places of the parameters that take part in the null space, ascending.

    Parameters
    ----------
    hessian : ndarray of shape (q, q)
        Expected Hessian of the discrepancy.

    Returns
    -------
    ndarray of int
        Empty where the model is locally identified.
    """
    scale = np.sqrt(np.maximum(hessian.diagonal(), 0.0))
    without_effect = scale == 0
    scale[without_effect] = 1.0
    values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    null = vectors[:, values < RANK]
    weight = np.abs(null).max(axis=1, initial=0.0)
    return np.flatnonzero(weight > INVOLVED * max(weight.max(initial=0.0), 1e-300))
