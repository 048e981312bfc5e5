"""Least-squares discrepancies: generalised (GLS), and weighted in moment space (WLS, DWLS, ULS).

References
----------
Browne, M. W. (1974). Generalized least squares estimators in the analysis of covariance
structures. South African Statistical Journal, 8, 1-24.
Browne, M. W. (1984). Asymptotically distribution-free methods for the analysis of covariance
structures. British Journal of Mathematical and Statistical Psychology, 37, 62-83.
doi:10.1111/j.2044-8317.1984.tb00789.x
Muthen, B., du Toit, S. H. C., & Spisic, D. (1997). Robust inference using weighted least squares
and quadratic estimating equations in latent variable modeling with categorical and continuous
outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.engine.curvature import curvature
from clustersem.engine.likelihood import cell_hessian, cell_hessian_diagonal, gram
from clustersem.engine.moment_structure import (
    implied_moments,
    is_linear_in_moments,
    moment_jacobian,
)
from clustersem.engine.ram import SCALE, THRESHOLD, Array, Cells, Point, Ram, evaluate
from clustersem.moments.order import MomentOrder


@dataclass(frozen=True)
class NormalWeightEvaluation:
    """The GLS discrepancy at one theta: R = S - Sigma and d = m - mu beside it."""

    f: float
    point: Point
    residual: Array
    deviation: Array


@dataclass(frozen=True)
class GeneralisedLeastSquares:
    """F = tr[(S^-1 (S - Sigma))^2] / 2 + d' S^-1 d.

    Attributes
    ----------
    cov, mean : ndarray
        Sample moments, in the divisor in use.
    precision : ndarray of shape (p, p)
        S^-1.
    """

    cov: Array
    mean: Array
    precision: Array

    def at(self, model: Ram, theta: Array) -> NormalWeightEvaluation | None:
        """Return F at theta."""
        point = evaluate(model, theta)
        if point is None:
            return None
        residual = self.cov - point.sigma
        d = self.mean - point.mu if model.has_means else np.zeros(model.n_observed)
        weighted = self.precision @ residual
        f = 0.5 * float(np.vdot(weighted, weighted.T)) + float(d @ self.precision @ d)
        return NormalWeightEvaluation(f, point, residual, d) if np.isfinite(f) else None

    def gradient(self, at: NormalWeightEvaluation, cells: Cells) -> Array:
        """Return dF for any cells."""
        uv = at.point.uv
        w, mean = self._slopes(at)
        by_cov = 2.0 * cells.c * (uv.T @ w @ uv)[cells.x, cells.y]
        by_mean: Array = cells.h(at.point.nu) * (uv.T @ mean)[cells.x]
        return by_cov + by_mean

    def expected(self, at: NormalWeightEvaluation, rows: Cells, cols: Cells) -> Array:
        """Return the Gauss-Newton Hessian, which has S^-1 where that of ML has Sigma^-1."""
        return cell_hessian(gram(at.point.uv, self.precision), at.point.nu, rows, cols)

    def expected_diagonal(self, at: NormalWeightEvaluation, cells: Cells) -> Array:
        """Return its diagonal."""
        return cell_hessian_diagonal(gram(at.point.uv, self.precision), at.point.nu, cells)

    def exact(self, at: NormalWeightEvaluation, cells: Cells) -> Array:
        """Return the exact Hessian."""
        uv = at.point.uv
        w, mean = self._slopes(at)
        has_means = bool(cells.h(at.point.nu).any())
        bent = curvature(at.point, uv.T @ w @ uv, uv.T @ mean if has_means else None, cells)
        return self.expected(at, cells, cells) + bent

    def _slopes(self, at: NormalWeightEvaluation) -> tuple[Array, Array]:
        """Return W and w of dF = tr(W dSigma) + w' dmu."""
        w = -self.precision @ at.residual @ self.precision
        return w, -2.0 * self.precision @ at.deviation


@dataclass(frozen=True)
class WeightedEvaluation:
    """A weighted least-squares discrepancy at one theta: r = s - sigma and V r beside it."""

    f: float
    point: Point
    model: Ram
    residual: Array
    weighted: Array


@dataclass(frozen=True)
class WeightedLeastSquares:
    """F = (s - sigma)' V (s - sigma), over the moments in their order.

    Attributes
    ----------
    order : MomentOrder
        Where every moment stands.
    moments : ndarray of shape (k,)
        s, the sample's moments, in the divisor in use.
    weight : ndarray of shape (k, k) or (k,)
        V, or its diagonal.
    """

    order: MomentOrder
    moments: Array
    weight: Array

    def apply(self, matrix: Array) -> Array:
        """Return V times a vector or matrix."""
        if self.weight.ndim == 2:
            product: Array = self.weight @ matrix
            return product
        return self.weight * matrix if matrix.ndim == 1 else self.weight[:, None] * matrix

    def at(self, model: Ram, theta: Array) -> WeightedEvaluation | None:
        """Return F at theta."""
        point = evaluate(model, theta)
        if point is None:
            return None
        residual = self.moments - implied_moments(point, self.order)
        weighted = self.apply(residual)
        f = float(residual @ weighted)
        if not np.isfinite(f):
            return None
        return WeightedEvaluation(f, point, model, residual, weighted)

    def jacobian(self, at: WeightedEvaluation, cells: Cells) -> Array:
        """Return the derivatives (k x cells) of the implied moments."""
        return moment_jacobian(at.model, at.point, self.order, cells)

    def gradient(self, at: WeightedEvaluation, cells: Cells) -> Array:
        """Return dF for any cells."""
        if not is_linear_in_moments(at.model) or (cells.kind == SCALE).any():
            return np.asarray(-2.0 * (at.weighted @ self.jacobian(at, cells)))
        uv = at.point.uv
        w, mean = self._slopes(at)
        result = 2.0 * cells.c * (uv.T @ w @ uv)[cells.x, cells.y]
        result += cells.h(at.point.nu) * (uv.T @ mean)[cells.x]
        cuts = np.flatnonzero(cells.kind == THRESHOLD)
        result[cuts] = -2.0 * at.weighted[cells.col[cuts]]
        return np.asarray(result)

    def expected(self, at: WeightedEvaluation, rows: Cells, cols: Cells) -> Array:
        """Return the Gauss-Newton Hessian 2 Delta' V Delta."""
        left = self.jacobian(at, rows)
        if rows is cols and self.weight.ndim == 1:
            # A product of a matrix with itself takes half the time.
            left *= np.sqrt(2.0 * self.weight)[:, None]
            return np.asarray(left.T @ left)
        right = left if rows is cols else self.jacobian(at, cols)
        product: Array = 2.0 * (left.T @ self.apply(right))
        return product

    def expected_diagonal(self, at: WeightedEvaluation, cells: Cells) -> Array:
        """Return its diagonal."""
        delta = self.jacobian(at, cells)
        return np.asarray(2.0 * np.einsum("ij,ij->j", delta, self.apply(delta)))

    def exact(self, at: WeightedEvaluation, cells: Cells) -> Array:
        """Return the exact Hessian; the Gauss-Newton one where items are rescaled."""
        hessian = self.expected(at, cells, cells)
        if not is_linear_in_moments(at.model):
            return hessian
        uv = at.point.uv
        w, mean = self._slopes(at)
        has_means = bool(cells.h(at.point.nu).any())
        bent = curvature(at.point, uv.T @ w @ uv, uv.T @ mean if has_means else None, cells)
        return hessian + bent

    def _slopes(self, at: WeightedEvaluation) -> tuple[Array, Array]:
        """Return W and w of dF = tr(W dSigma) + w' dmu, moments being entries of Sigma and mu."""
        order, p = self.order, at.model.n_observed
        w = np.zeros((p, p))
        w[order.rows, order.cols] = -at.weighted[order.covariances]
        w += w.T
        w[order.continuous, order.continuous] = -2.0 * at.weighted[order.variances]
        mean = np.zeros(p)
        if order.has_means:
            mean[order.continuous] = -2.0 * at.weighted[order.means]
        np.add.at(mean, order.threshold_item, 2.0 * at.weighted[order.thresholds])
        return w, mean
