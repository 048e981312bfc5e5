"""Standardised solutions: one function of rows, so that estimates, EPCs and effects share it."""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Array, Cells, Point


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


def standardized_jacobian(
    rows: Cells,
    values: Array,
    free: Cells,
    point: Point,
    n_observed: int,
    *,
    observed: bool,
) -> Array:
    """Return the derivatives of the standardised values by the free cells (rows x free cells).

    A value standardised is b f, where f is a product of powers of total variances T_vv and of
    disturbance variances S_vv. d T_vv = 2 c E[v, x] Y[v, y] for a cell with x, y and c as in
    :mod:`clustersem.engine.ram`, there with all variables in the place of the observed ones.

    Parameters
    ----------
    rows : Cells
        The rows of the parameter table.
    values : ndarray
        Their raw values.
    free : Cells
        The free cells.
    point : Point
        The model at the estimates.
    n_observed, observed
        As in :func:`scale_factors`.
    """
    total, disturbance = point.covariance, point.s.diagonal()
    both = np.hstack([point.e, total])
    d_total = 2.0 * free.c * both[:, free.x] * both[:, free.y]
    m = len(disturbance)
    own = (free.kind == COVARIANCE) & (free.row == free.col)
    d_disturbance = np.zeros((m, len(free)))
    d_disturbance[free.row[own], np.flatnonzero(own)] = 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        log_total = 0.5 * d_total / total.diagonal()[:, None]
        log_own = np.where(d_disturbance != 0, 0.5 * d_disturbance / disturbance[:, None], 0.0)
        if not observed:
            log_total[:n_observed] = log_own[:n_observed] = 0.0
        factors = scale_factors(rows, total.diagonal(), disturbance, n_observed, observed=observed)
    on_path = log_total[rows.col] - log_total[rows.row]
    on_variance = -2.0 * log_total[rows.row]
    on_pair = -log_own[rows.row] - log_own[rows.col]
    on_covariance = np.where((rows.row == rows.col)[:, None], on_variance, on_pair)
    log_factor = np.select(
        [(rows.kind == kind)[:, None] for kind in (PATH, COVARIANCE, INTERCEPT)],
        [on_path, on_covariance, -log_total[rows.row]],
    )
    raw = (
        (rows.kind[:, None] == free.kind)
        & (rows.row[:, None] == free.row)
        & (rows.col[:, None] == free.col)
    )
    # A covariance is one parameter, whichever variable is named first.
    raw |= (
        (rows.kind[:, None] == COVARIANCE)
        & (free.kind == COVARIANCE)
        & (rows.row[:, None] == free.col)
        & (rows.col[:, None] == free.row)
    )
    jacobian: Array = factors[:, None] * (raw + values[:, None] * log_factor)
    return jacobian
