"""Random structures in the engine's own terms, and parameters with a fine Sigma."""

from __future__ import annotations

import numpy as np

from clustersem.engine.discrepancy import cholesky, log_det
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.objective import Block, Objective
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Cells, Ram, evaluate


def random_ram(seed: int, *, means: bool) -> tuple[Ram, np.ndarray]:
    """Return a structure and a theta.

    Loadings, cross-loadings, paths among latent variables in both directions, paths among observed
    variables, covariances of residuals and of disturbances, intercepts, fixed values other than
    0 and 1,
    and parameters that stand in several cells, of one kind or of two (a variance only with
    variances).
    """
    rng = np.random.default_rng(seed)
    latents = int(rng.integers(1, 4))
    p = 3 * latents + int(rng.integers(0, 3))
    m = p + latents
    a0, s0, m0 = np.zeros((m, m)), np.zeros((m, m)), np.zeros(m)
    cells: list[tuple[int, int, int]] = []
    for item in range(p):
        own = p + item % latents
        if item < latents:
            a0[item, own] = rng.uniform(0.7, 1.3)
        else:
            cells.append((PATH, item, own))
        if latents > 1 and rng.random() < 0.2:
            cells.append((PATH, item, p + (item + 1) % latents))
    for i in range(latents):
        for j in range(latents):
            if i != j and rng.random() < 0.5:  # both directions happen: nonrecursive
                cells.append((PATH, p + i, p + j))
    if rng.random() < 0.5:
        cells.append((PATH, 1, 0))
    for i in range(m):
        cells.append((COVARIANCE, i, i))
    for i, j in [(0, p - 1), (1, 2), (p, m - 1)]:
        if i != j and rng.random() < 0.7:
            cells.append((COVARIANCE, i, j))
    s0[0, 1] = s0[1, 0] = 0.1
    if means:
        cells += [(INTERCEPT, i, i) for i in range(p)]
        cells += [(INTERCEPT, p + i, p + i) for i in range(latents) if rng.random() < 0.5]
        m0[m - 1] = 0.5
    # A fixed intercept or covariance gives way where its cell is free.
    for kind, i, j in cells:
        if kind == INTERCEPT:
            m0[i] = 0.0
        if kind == COVARIANCE:
            s0[i, j] = s0[j, i] = 0.0
    kind, row, col = (np.array(column, dtype=np.intp) for column in zip(*cells, strict=True))
    parameter = np.arange(len(cells), dtype=np.intp)
    for _ in range(int(rng.integers(0, 4))):  # a shared parameter, across kinds but for variances
        one, other = rng.choice(len(cells), 2, replace=False)
        variances = [kind[c] == COVARIANCE and row[c] == col[c] for c in (one, other)]
        if variances[0] == variances[1]:
            parameter[other] = parameter[one]
    _, parameter = np.unique(parameter, return_inverse=True)
    q = int(parameter.max()) + 1
    model = Ram(p, q, Cells(kind, row, col, m), parameter.astype(np.intp), a0, s0, m0, means)
    theta = np.empty(q)
    for k, i, j, at in zip(kind, row, col, parameter, strict=True):
        if k == PATH:
            low, high = (0.5, 1.2) if j >= p > i else (-0.4, 0.4)
            theta[at] = rng.uniform(low, high)
        elif k == COVARIANCE:
            theta[at] = rng.uniform(0.8, 1.6) if i == j else rng.uniform(-0.2, 0.2)
        else:
            theta[at] = rng.uniform(-1.0, 1.0)
    # Differences of F lose their digits where Sigma is close to singular: shrink all but variances.
    variance = np.zeros(q, dtype=bool)
    variance[parameter[(kind == COVARIANCE) & (row == col)]] = True
    for _ in range(20):
        point = evaluate(model, theta)
        if point is not None and np.linalg.eigvalsh(point.sigma)[0] > 0.1:
            break
        theta = np.where(variance, 1.0, 0.7 * theta)
    assert point is not None
    assert np.linalg.eigvalsh(point.sigma)[0] > 0.05
    return model, theta


def random_sample(seed: int, p: int) -> MaximumLikelihood:
    """Return moments that fit no model in particular."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((4 * p, p)) @ (np.eye(p) + 0.3 * rng.standard_normal((p, p)))
    cov = np.cov(x.T, bias=True)
    factor = cholesky(cov)
    assert factor is not None
    return MaximumLikelihood(cov, rng.uniform(-1.0, 1.0, p), log_det(factor))


def sample_at(model: Ram, theta: np.ndarray) -> MaximumLikelihood:
    """Return the moments that the model implies."""
    point = evaluate(model, theta)
    assert point is not None
    factor = cholesky(point.sigma)
    assert factor is not None
    return MaximumLikelihood(point.sigma.copy(), point.mu.copy(), log_det(factor))


def alone(model: Ram, discrepancy: object) -> Objective:
    """Return the objective of one group."""
    return Objective((Block(model, discrepancy),))
