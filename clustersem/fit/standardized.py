"""Standardised solutions: one function of rows, so that estimates, EPCs and effects share it."""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import COVARIANCE, PATH, Array, Cells


def scale_factors(
    rows: Cells, total: Array, disturbance: Array, n_observed: int, *, observed: bool
) -> Array:
    """Return what every row's value is multiplied with to be standardised.

    A path is multiplied by sd(cause) / sd(effect), the model-implied standard deviations; a
    covariance is divided by the standard deviations of the two terms that covary (of the
    disturbances where the variables are dependent, so it is their correlation), a variance by the
    variable's total variance, and an intercept by the variable's standard deviation.

    Parameters
    ----------
    rows : Cells
        Any cells.
    total : ndarray of shape (m,)
        Implied variances of all variables.
    disturbance : ndarray of shape (m,)
        The diagonal of S.
    n_observed : int
        The first so many variables are observed.
    observed : bool
        Whether observed variables are standardised too (``std_all``) or only latent ones
        (``std_lv``).

    Returns
    -------
    ndarray
        Factors; NaN where a variance is negative.

    References
    ----------
    Bollen, K. A. (1989). Structural equations with latent variables (pp. 123-126). Wiley.
    doi:10.1002/9781118619179
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        sd, own = np.sqrt(total), np.sqrt(disturbance)
        if not observed:
            sd, own = sd.copy(), own.copy()
            sd[:n_observed] = own[:n_observed] = 1.0
        path = sd[rows.col] / sd[rows.row]
        # A variance of exactly zero has no correlation to speak of, but its own share is zero.
        pair = 1.0 / (own[rows.row] * own[rows.col])
        share = 1.0 / sd[rows.row] ** 2
        covariance = np.where(rows.row == rows.col, share, pair)
        intercept = 1.0 / sd[rows.row]
    return np.where(
        rows.kind == PATH, path, np.where(rows.kind == COVARIANCE, covariance, intercept)
    )
