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

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.objective import Objective, State
from clustersem.engine.ram import Array, Cells

# A candidate whose information that is its own is a smaller share of all its information is a
# linear combination of the free parameters: freeing it would leave the model unidentified.
OWN_INFORMATION = 1e-8
# Entries of H_cf held at once (16 MB): a model of 200 items has 25,000 candidates.
ENTRIES_AT_ONCE = 2_000_000


def score_tests(
    objective: Objective,
    state: State,
    hessian: Array,
    group: int,
    candidates: Cells,
    multiplier: float,
    jacobian: Array | None = None,
) -> tuple[Array, Array]:
    """Return modification indices and expected parameter changes of cells of one group.

    Parameters
    ----------
    objective, state
        The fitted model.
    hessian : ndarray of shape (q, q)
        Expected Hessian of F at the estimates.
    group : int
        The group, 0-based.
    candidates : Cells
        Cells of that group that are fixed.
    multiplier : float
        N.
    jacobian : ndarray of shape (r, q), optional
        Derivatives of restrictions that hold with equality. The information on the parameters is
        then that in the directions that they leave.

    Returns
    -------
    mi, epc : ndarray
        One value for each candidate; NaN where freeing it would leave the model unidentified.
    """
    block, at = objective.blocks[group], state.groups[group]
    g = block.share * block.discrepancy.gradient(at, candidates)
    basis = None
    if jacobian is not None and len(jacobian):
        from clustersem.engine.restricted import null_basis

        basis = null_basis(jacobian, hessian)
        hessian = basis.T @ hessian @ basis
    scale = np.sqrt(hessian.diagonal())
    factor = cholesky(hessian / np.outer(scale, scale))
    if factor is None:
        nothing = np.full(len(candidates), np.nan)
        return nothing, nothing.copy()
    whole = block.share * block.discrepancy.expected_diagonal(at, candidates)
    own = np.empty(len(candidates))
    chunk = max(1, ENTRIES_AT_ONCE // max(1, len(block.model.cells)))
    for start in range(0, len(candidates), chunk):
        part = slice(start, start + chunk)
        cross = objective.cross(state, group, candidates.take(part))
        if basis is not None:
            cross = basis.T @ cross
        cross /= scale[:, None]
        # Solved from the right: the transpose is in the order that BLAS takes without a copy.
        half = blas.dtrsm(1.0, factor, cross.T, side=1, lower=1, trans_a=1, overwrite_b=1)
        own[part] = whole[part] - np.einsum("ij,ij->i", half, half)
    with np.errstate(divide="ignore", invalid="ignore"):
        defined = own > OWN_INFORMATION * whole
        mi = np.where(defined, 0.5 * multiplier * g**2 / own, np.nan)
        epc = np.where(defined, -g / own, np.nan)
    return mi, epc
