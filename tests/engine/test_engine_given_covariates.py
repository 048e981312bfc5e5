"""Implied moments given covariates: what they are, and their derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest

from clustersem.engine.moment_structure import (
    implied_moments,
    moment_jacobian,
    variance_derivatives,
)
from clustersem.engine.ram import (
    COVARIANCE,
    INTERCEPT,
    PATH,
    SCALE,
    THRESHOLD,
    Cells,
    Ram,
    evaluate,
)
from clustersem.moments import MomentOrder

# Three ordinal variables, a continuous one, two covariates, a latent variable.
A, B, C, D, X, Z, F = range(7)
ORDER = MomentOrder((2, 1, 1, 0, 0, 0), has_means=True, covariates=(X, Z))
FREE = [
    *((PATH, to, of, value) for to, of, value in [(B, F, 0.8), (D, F, 0.7), (F, X, 0.4)]),
    *((PATH, to, of, value) for to, of, value in [(F, Z, -0.3), (C, A, 0.5), (C, X, 0.2)]),
    *((PATH, to, of, value) for to, of, value in [(D, C, 0.3), (D, Z, -0.1)]),
    (COVARIANCE, F, F, 0.6),
    (COVARIANCE, D, D, 0.5),
    (COVARIANCE, A, B, 0.05),
    (INTERCEPT, D, D, 0.7),
    *((THRESHOLD, item, place, value) for item, place, value in [(A, 0, -0.4), (A, 1, 0.6)]),
    *((THRESHOLD, item, place, value) for item, place, value in [(B, 2, 0.1), (C, 3, 0.3)]),
]
OWN = {
    "delta": [(SCALE, B, B, 0.9), (SCALE, C, C, 1.1)],
    "theta": [(COVARIANCE, i, i, v) for i, v in [(A, 0.8), (B, 1.3), (C, 0.9)]],
}


def structure(parameterization):
    rows = FREE + OWN[parameterization]
    kind, row, col = (np.array([r[i] for r in rows], dtype=np.intp) for i in range(3))
    a0, s0, m0 = np.zeros((7, 7)), np.zeros((7, 7)), np.zeros(7)
    a0[A, F] = 1.0
    s0[np.ix_([X, Z], [X, Z])] = [[1.2, 0.3], [0.3, 0.25]]
    m0[[X, Z]] = 2.0, 0.5
    model = Ram(
        6,
        len(rows),
        Cells(kind, row, col, 7),
        np.arange(len(rows)),
        a0,
        s0,
        m0,
        True,
        np.zeros(4),
        np.ones(6),
        np.array([A, B, C]),
        parameterization,
        np.array([X, Z]),
    )
    return model, np.array([r[3] for r in rows])


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_moments_are_those_of_the_regressions(parameterization):
    model, theta = structure(parameterization)
    point = evaluate(model, theta)
    joint, mean, delta = point.covariance[:6, :6], point.mean[:6], point.delta
    slopes = np.linalg.solve(joint[4:, 4:], joint[4:, :4]).T
    residual = joint[:4, :4] - slopes @ joint[4:, 4:] @ slopes.T
    np.testing.assert_allclose((residual * np.outer(delta[:4], delta[:4])).diagonal()[:3], 1.0)
    at_zero = mean[:4] - slopes @ mean[4:]
    rows, cols, item = ORDER.rows, ORDER.cols, ORDER.threshold_item
    expected = np.concatenate(
        [
            delta[item] * (point.tau - at_zero[item]),
            at_zero[[D]],
            (delta[:4, None] * slopes).T.ravel(),
            residual[[D], [D]],
            delta[rows] * residual[rows, cols] * delta[cols],
        ]
    )
    np.testing.assert_allclose(implied_moments(point, ORDER), expected, atol=1e-12)


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_derivatives(parameterization):
    model, theta = structure(parameterization)
    point = evaluate(model, theta)
    total, disturbance = variance_derivatives(model, point, model.cells)
    found = [moment_jacobian(model, point, ORDER, model.cells), total, disturbance]
    step = 1e-6
    for i, e in enumerate(np.eye(len(theta))):
        above, below = evaluate(model, theta + step * e), evaluate(model, theta - step * e)
        for derivatives, of in zip(
            found,
            (
                lambda p: implied_moments(p, ORDER),
                lambda p: p.covariance.diagonal(),
                lambda p: p.s.diagonal(),
            ),
            strict=True,
        ):
            # Central differences with this step are right to 1e-9 or so.
            np.testing.assert_allclose(
                derivatives[:, i], (of(above) - of(below)) / (2 * step), atol=1e-8
            )
