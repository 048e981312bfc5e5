"""Standardised solutions: one function of rows, so that estimates, EPCs and effects share it."""

from __future__ import annotations

import numpy as np

from clustersem.engine.moment_structure import given_variance_derivatives, variance_derivatives
from clustersem.engine.ram import COVARIANCE, PATH, SCALE, Array, Cells, Point, Ram


def scale_factors(rows: Cells, point: Point, *, observed: bool) -> Array:
    """Return what every row's value is multiplied with to be standardised.

    A path is multiplied by sd(cause) / sd(effect), the model-implied standard deviations; a
    covariance is divided by the standard deviations of the two terms that covary (of the
    disturbances where the variables are dependent, so it is their correlation), a variance by the
    variable's total variance, an intercept and a threshold by the variable's standard deviation,
    and a scale is multiplied by that of the response that it scales, which is one then.

    Parameters
    ----------
    rows : Cells
        Any cells.
    point : Point
        The model at the estimates, or at many. Variances are the implied ones; a scale is that of
        the response given covariates, if the moments are.
    observed : bool
        Whether observed variables are standardised too (``std_all``) or only latent ones
        (``std_lv``).

    Returns
    -------
    ndarray of shape (..., rows)
        Factors; NaN where a variance is negative, or zero and divided by.

    References
    ----------
    Bollen, K. A. (1989). Structural equations with latent variables (pp. 123-126). Wiley.
    doi:10.1002/9781118619179
    """
    p = point.uv.shape[-2]
    with np.errstate(invalid="ignore", divide="ignore"):
        sd, own, of_scaled = (
            np.sqrt(matrix.diagonal(axis1=-2, axis2=-1))
            for matrix in (point.covariance, point.s, point.sigma)
        )
        scaled = sd.copy()
        scaled[..., :p] = of_scaled
        if not observed:
            sd[..., :p] = own[..., :p] = scaled[..., :p] = 1.0
        path = sd[..., rows.other] / sd[..., rows.row]
        # A variance of exactly zero has no correlation to speak of, but its own share is zero.
        pair = 1.0 / (own[..., rows.row] * own[..., rows.other])
        share = 1.0 / sd[..., rows.row] ** 2
        covariance = np.where(rows.row == rows.other, share, pair)
        intercept = 1.0 / sd[..., rows.row]
        scale = scaled[..., rows.row]
    factors = np.select(
        [rows.kind == kind for kind in (PATH, COVARIANCE, SCALE)],
        [path, covariance, scale],
        intercept,
    )
    return np.where(np.isfinite(factors), factors, np.nan)


def standardized_jacobian(
    rows: Cells, values: Array, model: Ram, point: Point, *, observed: bool
) -> Array:
    """Return the derivatives of the standardised values by the free cells (rows x free cells).

    A value standardised is b f, where f is a product of powers of total variances T_vv and of
    disturbance variances S_vv.

    Parameters
    ----------
    rows : Cells
        The rows of the parameter table.
    values : ndarray
        Their raw values.
    model : Ram
        The structure.
    point : Point
        The model at the estimates.
    observed
        As in :func:`scale_factors`.
    """
    total, disturbance = point.covariance.diagonal(), point.s.diagonal()
    d_total, d_disturbance = variance_derivatives(model, point, model.cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_total = 0.5 * d_total / total[:, None]
        log_own = np.where(d_disturbance != 0, 0.5 * d_disturbance / disturbance[:, None], 0.0)
        if not observed:
            log_total[: model.n_observed] = log_own[: model.n_observed] = 0.0
        factors = scale_factors(rows, point, observed=observed)
    on_path = log_total[rows.other] - log_total[rows.row]
    on_variance = -2.0 * log_total[rows.row]
    on_pair = -log_own[rows.row] - log_own[rows.other]
    on_covariance = np.where((rows.row == rows.other)[:, None], on_variance, on_pair)
    log_factor = np.select(
        [(rows.kind == kind)[:, None] for kind in (PATH, COVARIANCE)],
        [on_path, on_covariance],
        -log_total[rows.row],
    )
    raw = raw_jacobian(rows, model, point, d_disturbance)
    # A scale times the standard deviation of what it scales is one by construction.
    scale = (rows.kind == SCALE)[:, None]
    log_factor = np.where(scale, 0.0, log_factor)
    raw = np.where(scale & observed, 0.0, raw)
    jacobian: Array = factors[:, None] * (raw + values[:, None] * log_factor)
    return jacobian


def raw_jacobian(rows: Cells, model: Ram, point: Point, d_disturbance: Array) -> Array:
    """Return the derivatives of raw values by the free cells (rows x free cells)."""
    free = model.cells
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
    jacobian: Array = np.where(raw, 1.0, 0.0)
    if len(model.ordinal):
        is_ordinal = np.isin(rows.row, model.ordinal)
        if model.parameterization == "delta":
            own = (rows.kind == COVARIANCE) & (rows.row == rows.col) & is_ordinal
            jacobian[own] = d_disturbance[rows.row[own]]
        else:
            scale = np.flatnonzero((rows.kind == SCALE) & is_ordinal)
            item = rows.row[scale]
            d_given = given_variance_derivatives(point, free, item)
            jacobian[scale] = -0.5 * point.delta[item, None] ** 3 * d_given
    return jacobian
