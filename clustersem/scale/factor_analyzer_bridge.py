"""The one file that imports factor_analyzer.

Only its rotations and its KMO are used. ``FactorAnalyzer.fit`` raises with scikit-learn >= 1.8, and
its Bartlett test takes the determinant itself, which underflows in long questionnaires.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersem.scale.answers import Array


def kmo_of(values: Array) -> tuple[float, Array]:
    """Kaiser-Meyer-Olkin measure of complete answers, overall and per item.

    Parameters
    ----------
    values : ndarray, shape (n, p)
        Columns whose covariance matrix has a determinant near one: the package turns to a
        pseudo-inverse when the determinant is below 1e-7, whatever the unit of the answers is.
    """
    from factor_analyzer.factor_analyzer import calculate_kmo

    per_item, overall = calculate_kmo(values)
    return float(overall), np.asarray(per_item, dtype=float)


def rotate_with(
    loadings: Array, method: str, *, tol: float, max_iter: int, kappa: float = 0.0
) -> tuple[Array, Array, bool]:
    """Rotate loadings with one of the package's analytic criteria.

    Parameters
    ----------
    loadings : ndarray, shape (p, k)
        k at least 2; already normalised where that is wanted.
    method : str
        The package's name of the criterion.
    tol : float
        Relative change of the criterion (varimax) or norm of the projected gradient (others).
    max_iter : int
    kappa : float
        Weight of the Crawford-Ferguson family, used by ``equamax`` alone.

    Returns
    -------
    rotated : ndarray, shape (p, k)
    phi : ndarray, shape (k, k)
        Factor correlations, the identity for an orthogonal criterion.
    converged : bool
    """
    from factor_analyzer.rotator import Rotator

    def run(limit: int) -> tuple[Array, Any]:
        rotator = Rotator(method=method, normalize=False, tol=tol, max_iter=limit, kappa=kappa)
        return np.asarray(rotator.fit_transform(loadings)), rotator.phi_

    rotated, phi = run(max_iter)
    # The package does not say whether it converged. It is deterministic: when one iteration more
    # changes nothing, the stopping rule was met before the limit.
    converged = bool(np.array_equal(rotated, run(max_iter + 1)[0]))
    identity = np.eye(loadings.shape[1])
    return rotated, identity if phi is None else np.asarray(phi, dtype=float), converged
