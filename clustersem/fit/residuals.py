"""What a model leaves unexplained of the covariances."""

from __future__ import annotations

from typing import Literal

import numpy as np

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.likelihood import MaximumLikelihood, NormalEvaluation, cell_hessian
from clustersem.engine.objective import Block
from clustersem.engine.ram import Array, Index, Point, Ram
from clustersem.errors import EstimationError, UnsupportedError


def plain_residuals(type: Literal["raw", "cor"], cov: Array, point: Point) -> Array:
    """Return S - Sigma, or the difference of the two correlation matrices."""
    sigma = point.scaled_cov
    if type == "raw":
        raw: Array = cov - sigma
        return raw
    if type == "cor":
        sd, implied = np.sqrt(cov.diagonal()), np.sqrt(sigma.diagonal())
        difference: Array = cov / np.outer(sd, sd) - sigma / np.outer(implied, implied)
        return difference
    raise EstimationError(f"residuals: unknown type {type!r}. Use 'raw', 'cor' or 'standardized'.")


def standardized_residuals(
    block: Block,
    at: object,
    hessian: Array,
    multiplier: float,
    fixed: Index,
    jacobian: Array,
) -> Array:
    """Return raw residuals over their standard errors, for one group fitted by ML.

    `fixed` are the places of covariates whose moments are fixed at the sample's, `jacobian` the
    derivatives of restrictions that hold with equality.
    """
    sample = block.discrepancy
    if not isinstance(sample, MaximumLikelihood) or not isinstance(at, NormalEvaluation):
        raise UnsupportedError(
            "residuals: standardised residuals are those of maximum likelihood with complete data."
            " Use type='cor', correlations that the model leaves unexplained."
        )
    raw = sample.cov - at.point.sigma
    return _standardized(raw, sample, at, block.model, hessian, multiplier, fixed, jacobian)


def _standardized(
    raw: Array,
    sample: MaximumLikelihood,
    at: NormalEvaluation,
    model: Ram,
    hessian: Array,
    multiplier: float,
    fixed: Index,
    jacobian: Array,
) -> Array:
    """Return raw residuals over their standard errors.

    The covariance matrix of the residuals is Q Gamma Q' / N with Q = I - Delta (Delta' W Delta)^-1
    Delta' W: W is the inverse of the normal-theory covariance matrix of the sample moments at
    Sigma, in which the estimates were weighted, and Gamma the same at S, so that it holds where the
    model does not. Given the covariates, Gamma is Gamma(S) - Gamma(S_x), where S_x is the part of
    S that they explain.

    References
    ----------
    Ogasawara, H. (2001). Standard errors of fit indices using residuals in structural equation
    modeling. Psychometrika, 66, 421-436. doi:10.1007/BF02294443
    Maydeu-Olivares, A., & Shi, D. (2017). Effect sizes of model misfit in structural equation
    models. Methodology, 13(Suppl.), 23-30. doi:10.1027/1614-2241/a000129
    """
    p, s = model.n_observed, sample.cov
    # Rows of Delta (Delta' W Delta)^-1; H is twice the matrix in the middle.
    inverse, involved = parameter_covariance(hessian, 1.0, jacobian)
    if len(involved):
        return np.full((p, p), np.nan)
    projection = _delta(at.point.uv, model) @ inverse
    variance = _projected_variance(s, projection, at, model)
    if len(fixed):
        on_fixed = s[:, fixed]
        explained = on_fixed @ np.linalg.solve(s[np.ix_(fixed, fixed)], on_fixed.T)
        variance -= _projected_variance(explained, projection, at, model)
    i, j = np.tril_indices(p)
    gamma = s[i, i] * s[j, j] + s[i, j] ** 2
    result = np.zeros((p, p))
    # A residual that the model reproduces by construction has no sampling variance, only rounding.
    defined = variance > 1e-8 * gamma
    with np.errstate(divide="ignore", invalid="ignore"):
        result[i, j] = np.where(defined, raw[i, j] / np.sqrt(variance / multiplier), 0.0)
    return result + np.tril(result, -1).T


def _delta(uv: Array, model: Ram) -> Array:
    """Return the derivatives of the lower triangle of Sigma (p(p+1)/2 x q), for any [U V]."""
    i, j = np.tril_indices(len(uv))
    x, y = uv[:, model.cells.x], uv[:, model.cells.y]
    delta: Array = model.cells.c * (x[i] * y[j] + y[i] * x[j])
    return model.by_theta(delta)


def _projected_variance(g: Array, projection: Array, at: NormalEvaluation, model: Ram) -> Array:
    """Return the diagonal of Q Gamma(g) Q' for the lower triangle of the residuals."""
    i, j = np.tril_indices(len(g))
    uv, precision = at.point.uv, at.precision
    weighted = precision @ uv
    # Delta' W Gamma is Delta' with g P [U V] in the place of [U V].
    cross = _delta(g @ weighted, model)
    middle = cell_hessian(weighted.T @ g @ weighted, at.point.nu, model.cells, model.cells)
    middle = model.hessian_by_theta(middle)
    both = np.einsum("ij,ij->i", projection @ (0.5 * middle) - 2.0 * cross, projection)
    variance: Array = g[i, i] * g[j, j] + g[i, j] ** 2 + both
    return variance
