"""What a model leaves unexplained of the covariances."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.linalg import lapack

from clustersem.engine.likelihood import Evaluation, Sample, cholesky
from clustersem.engine.ram import Array, Ram
from clustersem.errors import EstimationError


def residuals(
    type: Literal["raw", "cor", "standardized"],
    sample: Sample,
    at: Evaluation,
    model: Ram,
    hessian: Array,
    multiplier: float,
) -> Array:
    """Return the residuals of the wanted type; see :meth:`clustersem.fit.result.Fit.residuals`."""
    s, sigma = sample.cov, at.point.sigma
    if type == "raw":
        raw: Array = s - sigma
        return raw
    if type == "cor":
        sd, implied = np.sqrt(s.diagonal()), np.sqrt(sigma.diagonal())
        difference: Array = s / np.outer(sd, sd) - sigma / np.outer(implied, implied)
        return difference
    if type == "standardized":
        return _standardized(s - sigma, at, model, hessian, multiplier)
    raise EstimationError(f"residuals: unknown type {type!r}. Use 'raw', 'cor' or 'standardized'.")


def _standardized(
    raw: Array, at: Evaluation, model: Ram, hessian: Array, multiplier: float
) -> Array:
    """Return raw residuals over their standard errors.

    The covariance matrix of the residuals is that of the sample covariances, evaluated at Sigma,
    less what the estimated parameters take up: (Gamma - 2 Delta H^-1 Delta') / N.

    References
    ----------
    Joereskog, K. G. (1981). Analysis of covariance structures. Scandinavian Journal of Statistics,
    8, 65-92.
    Ogasawara, H. (2001). Standard errors of fit indices using residuals in structural equation
    modeling. Psychometrika, 66, 421-436. doi:10.1007/BF02294443
    """
    p = model.n_observed
    sigma, uv = at.point.sigma, at.point.uv
    lower = np.tril_indices(p)
    gamma = sigma.diagonal()[lower[0]] * sigma.diagonal()[lower[1]] + sigma[lower] ** 2
    cells = model.cells
    x, y = uv[:, cells.x], uv[:, cells.y]
    delta = cells.c * (x[lower[0]] * y[lower[1]] + y[lower[0]] * x[lower[1]])
    if model.collapse is not None:
        delta = delta @ model.collapse
    scale = np.sqrt(hessian.diagonal())
    factor = cholesky(hessian / np.outer(scale, scale))
    if factor is None:
        return np.full((p, p), np.nan)
    half, _ = lapack.dtrtrs(factor, (delta / scale).T, lower=1)
    variance = (gamma - 2.0 * np.einsum("ij,ij->j", half, half)) / multiplier
    result = np.zeros((p, p))
    # A residual that the model reproduces by construction has no sampling variance, only rounding.
    defined = variance > 1e-8 * gamma / multiplier
    with np.errstate(divide="ignore", invalid="ignore"):
        result[lower] = np.where(defined, raw[lower] / np.sqrt(variance), 0.0)
    return result + np.tril(result, -1).T
