"""Score (Lagrange multiplier) tests of single cells that are not free.

For a cell c and the free parameters f, with H the expected Hessian of F and N its multiplier,

    MI_c = (N / 2) g_c^2 / V_c,    EPC_c = -g_c / V_c,    V_c = H_cc - H_cf H_ff^-1 H_fc.

References
----------
Soerbom, D. (1989). Model modification. Psychometrika, 54, 371-384. doi:10.1007/BF02294623
Saris, W. E., Satorra, A., & Soerbom, D. (1987). The detection and correction of specification
errors in structural equation models. Sociological Methodology, 17, 105-129. doi:10.2307/271030
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import blas

from clustersem.engine.likelihood import (
    Evaluation,
    Sample,
    cell_gradient,
    cell_hessian,
    cell_hessian_diagonal,
    cholesky,
    gram,
)
from clustersem.engine.ram import Array, Cells, Ram

# A candidate whose information that is its own is a smaller share of all its information is a
# linear combination of the free parameters: freeing it would leave the model unidentified.
OWN_INFORMATION = 1e-8
# Entries of H_cf held at once (16 MB): a model of 200 items has 25,000 candidates.
ENTRIES_AT_ONCE = 2_000_000


def score_tests(
    model: Ram, sample: Sample, at: Evaluation, hessian: Array, candidates: Cells, multiplier: float
) -> tuple[Array, Array]:
    """Return modification indices and expected parameter changes.

    Parameters
    ----------
    model, sample, at
        The fitted model.
    hessian : ndarray of shape (q, q)
        Expected Hessian of F at the estimates.
    candidates : Cells
        Cells that are fixed.
    multiplier : float
        N.

    Returns
    -------
    mi, epc : ndarray
        One value for each candidate; NaN where freeing it would leave the model unidentified.
    """
    g = cell_gradient(sample, at, candidates)
    grams, nu = gram(at), at.point.nu
    scale = np.sqrt(hessian.diagonal())
    factor = cholesky(hessian / np.outer(scale, scale))
    if factor is None:
        nothing = np.full(len(candidates), np.nan)
        return nothing, nothing.copy()
    whole = cell_hessian_diagonal(grams, nu, candidates)
    own = np.empty(len(candidates))
    chunk = max(1, ENTRIES_AT_ONCE // max(1, len(model.cells)))
    k = model.collapse
    for start in range(0, len(candidates), chunk):
        part = slice(start, start + chunk)
        cross = cell_hessian(grams, nu, model.cells, candidates.take(part))
        if k is not None:
            cross = k.T @ cross
        cross /= scale[:, None]
        # Solved from the right: the transpose is in the order that BLAS takes without a copy.
        half = blas.dtrsm(1.0, factor, cross.T, side=1, lower=1, trans_a=1, overwrite_b=1)
        own[part] = whole[part] - np.einsum("ij,ij->i", half, half)
    with np.errstate(divide="ignore", invalid="ignore"):
        defined = own > OWN_INFORMATION * whole
        mi = np.where(defined, 0.5 * multiplier * g**2 / own, np.nan)
        epc = np.where(defined, -g / own, np.nan)
    return mi, epc
