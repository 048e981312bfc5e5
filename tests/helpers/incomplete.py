"""Data with gaps of every sort, the normal log-likelihood written plainly, and small structures."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersem.engine.discrepancy import Discrepancy
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Cells, Ram


def gappy(seed: int, p: int, *, share: float = 0.25, n: int = 70) -> np.ndarray:
    """Return complete rows, a pattern with many rows, scattered gaps and rows with one answer."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, p)) @ (np.eye(p) + 0.6 / np.sqrt(p) * rng.standard_normal((p, p)))
    x += rng.uniform(-1.0, 1.0, p)
    missing = rng.random((n, p)) < share
    missing[: 2 * p] = False
    missing[2 * p : 4 * p] = False
    missing[2 * p : 4 * p, 0] = True
    missing[-2:] = True
    missing[-2, 1] = missing[-1, p - 1] = False
    missing[missing.all(axis=1), 0] = False
    x[missing] = np.nan
    return x[rng.permutation(n)]


def log_likelihood(data: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of every row, from the marginal distribution of what it has."""
    result = np.full(len(data), np.nan)
    for i, row in enumerate(data):
        seen = ~np.isnan(row)
        sigma, d = cov[np.ix_(seen, seen)], (row - mean)[seen]
        sign, log_det = np.linalg.slogdet(sigma)
        assert sign == 1.0
        result[i] = -0.5 * (
            seen.sum() * np.log(2 * np.pi) + log_det + d @ np.linalg.solve(sigma, d)
        )
    return result


def factor_model(sizes: list[int]) -> Ram:
    """Return a confirmatory factor model with means: markers first, all factors correlated."""
    p, k = sum(sizes), len(sizes)
    m = p + k
    a0 = np.zeros((m, m))
    cells: list[tuple[int, int, int]] = []
    item = 0
    for factor, size in enumerate(sizes):
        a0[item, p + factor] = 1.0
        cells += [(PATH, item + i, p + factor) for i in range(1, size)]
        item += size
    cells += [(COVARIANCE, i, i) for i in range(m)]
    cells += [(COVARIANCE, p + i, p + j) for i in range(k) for j in range(i)]
    cells += [(INTERCEPT, i, i) for i in range(p)]
    return _ram(p, m, a0, cells)


def independence_model(p: int) -> Ram:
    """Return the model of uncorrelated variables."""
    cells = [(COVARIANCE, i, i) for i in range(p)] + [(INTERCEPT, i, i) for i in range(p)]
    return _ram(p, p, np.zeros((p, p)), cells)


def start_of(model: Ram, mean: np.ndarray, cov: np.ndarray) -> np.ndarray:
    """Return loadings with the signs of the data, half of every variance unique, and the means."""
    p, cells = model.n_observed, model.cells
    theta = np.zeros(len(cells))
    markers = model.a0[:, p:].argmax(axis=0)
    of_path = np.flatnonzero(cells.kind == PATH)
    marker = markers[cells.col[of_path] - p]
    row, variance = cells.row[of_path], cov.diagonal()
    theta[of_path] = np.sign(cov[row, marker]) * np.sqrt(variance[row] / variance[marker])
    unique = 0.5 if len(markers) else 1.0
    variances = np.concatenate([unique * variance, 0.5 * variance[markers]])
    own = (cells.kind == COVARIANCE) & (cells.row == cells.col)
    theta[own] = variances[cells.row[own]]
    intercepts = cells.kind == INTERCEPT
    theta[intercepts] = mean[cells.row[intercepts]]
    return theta


def collapse(model: Ram) -> np.ndarray:
    """Return the matrix from parameters to cells."""
    return np.eye(len(model.cells)) if model.collapse is None else model.collapse


def minimum(model: Ram, sample: Discrepancy, theta: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return the evaluation at the minimum, by Newton's method with halved steps."""
    k = collapse(model)
    at = sample.at(model, theta)
    for _ in range(60):
        g = k.T @ sample.gradient(at, model.cells)
        exact = k.T @ sample.exact(at, model.cells) @ k
        expected = k.T @ sample.expected(at, model.cells, model.cells) @ k
        h = exact if np.linalg.eigvalsh(exact)[0] > 0 else expected
        step = -np.linalg.solve(h, g)
        if -g @ step < 1e-18:
            return at, theta
        there = sample.at(model, theta + step)
        while there is None or there.f > at.f + 1e-12:
            step = 0.5 * step
            there = sample.at(model, theta + step)
        at, theta = there, theta + step
    raise AssertionError("no minimum found")


def _ram(p: int, m: int, a0: np.ndarray, cells: list[tuple[int, int, int]]) -> Ram:
    kind, row, col = (np.array(column, dtype=np.intp) for column in zip(*cells, strict=True))
    parameter = np.arange(len(cells), dtype=np.intp)
    nothing = np.zeros((m, m))
    return Ram(p, len(cells), Cells(kind, row, col, m), parameter, a0, nothing, np.zeros(m), True)
