"""Full information maximum likelihood: derivatives by differences, by definition, and at limits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.incomplete import (
    collapse,
    factor_model,
    gappy,
    independence_model,
    log_likelihood,
    minimum,
    start_of,
)
from helpers.random_ram import random_ram

from clustersem.engine import fiml
from clustersem.engine.fiml import FullInformation, full_information
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Cells
from clustersem.engine.unrestricted import unrestricted_model, unrestricted_theta
from clustersem.moments.incomplete import arrange, arrange_rows
from clustersem.moments.patterns import missing_patterns
from clustersem.moments.sample import SampleMoments
from clustersem.moments.saturated import saturated_estimates

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
SEEDS = range(12)


def problem(seed, *, data=None):
    model, theta = random_ram(seed, means=True)
    if data is None:
        data = gappy(seed, model.n_observed)
    return model, theta, data, FullInformation(arrange(data, missing_patterns(data)), 0.0)


def every_cell(m):
    cells = [(PATH, i, j) for i in range(m) for j in range(m) if i != j]
    cells += [(COVARIANCE, i, j) for i in range(m) for j in range(i + 1)]
    cells += [(INTERCEPT, i, i) for i in range(m)]
    kind, row, col = (np.array(column, dtype=np.intp) for column in zip(*cells, strict=True))
    return Cells(kind, row, col, m)


def one_triangle(cells):
    """Return rows and columns with covariances below the diagonal."""
    is_covariance = cells.kind == COVARIANCE
    row = np.where(is_covariance, np.maximum(cells.row, cells.col), cells.row)
    return row, np.where(is_covariance, np.minimum(cells.row, cells.col), cells.col)


@pytest.mark.parametrize("seed", SEEDS)
def test_value_is_minus_twice_the_mean_log_likelihood(seed):
    model, theta, data, sample = problem(seed)
    at = sample.at(model, theta)
    told = log_likelihood(data, at.point.mu, at.point.sigma).sum()
    assert at.f == pytest.approx(-2.0 * told / len(data), rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient(seed):
    model, theta, _, sample = problem(seed)
    g = sample.gradient(sample.at(model, theta), model.cells) @ collapse(model)
    numerical = np.full_like(g, np.nan)
    # Central differences of F lose (step^2) F''' and (1e-16 F / step): 1e-9 of F here.
    step = 1e-5
    for i, e in enumerate(np.eye(len(theta)) * step):
        numerical[i] = (sample.at(model, theta + e).f - sample.at(model, theta - e).f) / (2 * step)
    np.testing.assert_allclose(g, numerical, rtol=1e-6, atol=1e-7 * max(1.0, np.abs(g).max()))


@pytest.mark.parametrize("seed", SEEDS)
def test_exact_hessian(seed):
    model, theta, _, sample = problem(seed)
    k = collapse(model)

    def gradient(at):
        return sample.gradient(sample.at(model, at), model.cells) @ k

    exact = k.T @ sample.exact(sample.at(model, theta), model.cells) @ k
    numerical = np.full_like(exact, np.nan)
    step = 1e-5
    for i, e in enumerate(np.eye(len(theta)) * step):
        numerical[i] = (gradient(theta + e) - gradient(theta - e)) / (2 * step)
    scale = max(1.0, np.abs(exact).max())
    np.testing.assert_allclose(exact, exact.T, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(exact, numerical, rtol=1e-5, atol=1e-7 * scale)


@pytest.mark.parametrize("seed", SEEDS)
def test_expected_hessian_from_its_definition(seed):
    # The mean over rows of tr(P_i Sigma_a P_i Sigma_b) + 2 mu_a' P_i mu_b, for every cell there is.
    model, theta, data, sample = problem(seed)
    at = sample.at(model, theta)
    cells = every_cell(model.n_variables)
    uv, p = at.point.uv, model.n_observed
    x, y = uv[:, cells.x].T, uv[:, cells.y].T
    d_sigma = x[:, :, None] * y[:, None, :] + y[:, :, None] * x[:, None, :]
    d_sigma *= cells.c[:, None, None]
    d_mu = x * cells.h(at.point.nu)[:, None]
    wanted = np.zeros((len(cells), len(cells)))
    patterns = missing_patterns(data)
    for seen, count in zip(patterns.observed, patterns.counts, strict=True):
        precision = np.zeros((p, p))
        precision[np.ix_(seen, seen)] = np.linalg.inv(at.point.sigma[np.ix_(seen, seen)])
        half = (precision @ d_sigma).reshape(len(cells), -1)
        other = (d_sigma @ precision).reshape(len(cells), -1)
        wanted += count * (half @ other.T + 2.0 * d_mu @ precision @ d_mu.T)
    wanted /= len(data)
    scale = np.abs(wanted).max()
    whole = sample.expected(at, cells, cells)
    np.testing.assert_allclose(whole, wanted, rtol=0, atol=1e-12 * scale)
    some = np.arange(0, len(cells), 3)
    part = sample.expected(at, cells.take(some), model.cells)
    of_free = [
        np.flatnonzero((cells.kind == k) & (cells.row == i) & (cells.col == j))[0]
        for k, i, j in zip(
            model.cells.kind,
            *one_triangle(model.cells),
            strict=True,
        )
    ]
    np.testing.assert_allclose(part, whole[np.ix_(some, of_free)], rtol=0, atol=1e-12 * scale)
    diagonal = sample.expected_diagonal(at, cells)
    np.testing.assert_allclose(diagonal, whole.diagonal(), rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("seed", range(4))
def test_gradient_and_exact_hessian_of_cells_that_are_not_free(seed):
    model, theta, _, sample = problem(seed)
    cells = every_cell(model.n_variables)
    free = type(model)(
        model.n_observed,
        len(cells),
        cells,
        np.arange(len(cells), dtype=np.intp),
        np.zeros_like(model.a0),
        np.zeros_like(model.s0),
        np.zeros_like(model.m0),
        True,
    )
    a, s, m = model.matrices(theta)
    start = np.where(
        cells.kind == PATH,
        a[cells.row, cells.col],
        np.where(cells.kind == COVARIANCE, s[cells.row, cells.col], m[cells.row]),
    )
    at = sample.at(free, start)
    assert at.f == pytest.approx(sample.at(model, theta).f, rel=1e-13)
    g, h = sample.gradient(at, cells), sample.exact(at, cells)
    rng = np.random.default_rng(seed)
    for _ in range(3):  # along random directions
        e = rng.standard_normal(len(cells)) * 1e-5
        up, down = sample.at(free, start + e), sample.at(free, start - e)
        change = sample.gradient(up, cells) - sample.gradient(down, cells)
        assert up.f - down.f == pytest.approx(2 * g @ e, rel=1e-5, abs=1e-11)
        np.testing.assert_allclose(change, 2 * h @ e, rtol=0, atol=1e-5 * np.abs(change).max())


@pytest.mark.parametrize("seed", range(6))
def test_without_gaps_it_is_the_discrepancy_of_complete_data(seed):
    model, theta = random_ram(seed, means=True)
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((50, model.n_observed))
    estimates = saturated_estimates(data)
    incomplete = FullInformation(arrange(data, missing_patterns(data)), estimates.log_likelihood)
    log_det = np.linalg.slogdet(np.cov(data.T, bias=True))[1]
    complete = MaximumLikelihood(np.cov(data.T, bias=True), data.mean(axis=0), log_det)
    one, other = incomplete.at(model, theta), complete.at(model, theta)
    cells = every_cell(model.n_variables)
    assert one.f == pytest.approx(other.f, rel=1e-11)
    for mine, theirs in [
        (incomplete.gradient(one, cells), complete.gradient(other, cells)),
        (incomplete.expected(one, cells, cells), complete.expected(other, cells, cells)),
        (incomplete.expected_diagonal(one, cells), complete.expected_diagonal(other, cells)),
        (incomplete.exact(one, cells), complete.exact(other, cells)),
    ]:
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-12 * np.abs(theirs).max())


@pytest.mark.parametrize("seed", range(3))
def test_long_tables_are_summed_piece_by_piece(seed, monkeypatch):
    model, theta, _, sample = problem(seed)
    at = sample.at(model, theta)
    whole = sample.exact(at, model.cells), sample.expected(at, model.cells, model.cells)
    monkeypatch.setattr(fiml, "ENTRIES_AT_ONCE", 50)
    pieces = sample.exact(at, model.cells), sample.expected(at, model.cells, model.cells)
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * np.abs(one).max())


@pytest.mark.parametrize("seed", range(4))
def test_patterns_by_their_moments_or_row_by_row(seed):
    model, theta, data, sample = problem(seed)
    patterns = missing_patterns(data)
    by_row = FullInformation(arrange_rows(data, patterns), 0.0)
    assert len(sample.data.values) < len(by_row.data.values)
    one, other = sample.at(model, theta), by_row.at(model, theta)
    assert one.f == pytest.approx(other.f, rel=1e-13)
    np.testing.assert_allclose(
        sample.exact(one, model.cells), by_row.exact(other, model.cells), rtol=0, atol=1e-11
    )


def test_rows_in_another_order():
    model, theta, data, sample = problem(1)
    shuffled = data[np.random.default_rng(0).permutation(len(data))]
    other = FullInformation(arrange(shuffled, missing_patterns(shuffled)), 0.0)
    assert sample.at(model, theta).f == pytest.approx(other.at(model, theta).f, rel=1e-13)


def test_a_row_with_one_answer_counts_by_its_marginal_distribution():
    model = independence_model(2)
    data = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0], [4.0, np.nan]])
    sample = FullInformation(arrange(data, missing_patterns(data)), 0.0)
    at, theta = minimum(model, sample, np.array([1.0, 1.0, 0.0, 0.0]))
    # Uncorrelated variables keep their own means and variances, each of what it has.
    wanted = [np.var([1, 0, 3, 4]), np.var([2, 1, 0]), 2.0, 1.0]
    np.testing.assert_allclose(theta, wanted, rtol=1e-8)  # the decrement is 1e-18
    np.testing.assert_allclose(sample.gradient(at, model.cells), 0.0, atol=1e-8)


def test_a_sample_makes_its_discrepancy():
    # Sampling weights stand for repeated rows; the model that holds all moments has no discrepancy.
    model, theta, data, _ = problem(2)
    times = np.random.default_rng(2).integers(1, 4, len(data))
    found = []
    for rows, weights in ((data, times.astype(float)), (np.repeat(data, times, axis=0), None)):
        patterns = missing_patterns(rows)
        estimates = saturated_estimates(rows, weights=weights)
        sample = SampleMoments(
            tuple(f"x{i}" for i in range(model.n_observed)),
            estimates.cov,
            estimates.mean,
            len(rows),
            len(rows),
            rows,
            weights=weights,
            incomplete=arrange(rows, patterns, weights),
        )
        discrepancy = full_information(sample)
        assert discrepancy.log_likelihood == pytest.approx(estimates.log_likelihood, rel=1e-13)
        full = unrestricted_model(model.n_observed)
        saturated = discrepancy.at(full, unrestricted_theta(estimates.mean, estimates.cov))
        assert saturated.f == pytest.approx(0.0, abs=1e-12)
        found.append(discrepancy.at(model, theta).f)
        assert found[-1] > 0.0
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_inadmissible_points_have_no_value():
    model, theta, _, sample = problem(0)
    assert sample.at(model, np.full_like(theta, np.nan)) is None
    assert sample.at(model, -np.abs(theta)) is None


@pytest.mark.parametrize(
    ("case", "file", "sizes", "names"),
    [
        ("hs_cfa_fiml", "holzinger1939_missing", [3, 3, 3], [f"x{i}" for i in range(1, 10)]),
        ("bfi_cfa_fiml", "bfi", [5] * 5, [f"{f}{i}" for f in "ACENO" for i in range(1, 6)]),
    ],
)
def test_minimum_is_that_of_lavaan(case, file, sizes, names):
    told = json.loads((REFERENCE / f"{case}.json").read_text())
    data = pd.read_csv(REFERENCE / "data" / f"{file}.csv")[names].to_numpy(dtype=float)
    estimates = saturated_estimates(data)
    patterns = missing_patterns(data)
    model = factor_model(sizes)
    start = start_of(model, estimates.mean, estimates.cov)
    complete = MaximumLikelihood(estimates.cov, estimates.mean, np.linalg.slogdet(estimates.cov)[1])
    sample = FullInformation(arrange(data, patterns), estimates.log_likelihood)
    at, theta = minimum(model, sample, minimum(model, complete, start)[1])
    # lavaan's saturated log-likelihood is short of the maximum by some 1e-7.
    assert len(data) * at.f == pytest.approx(told["measures"]["chisq"], abs=2e-6)
    assert at.completion.log_likelihood == pytest.approx(told["logl"], abs=2e-5)
    # lavaan ends where its gradient is small enough: with bfi up to 2e-5 from the minimum, at a
    # chi2 that is 3e-7 higher.
    np.testing.assert_allclose(at.point.sigma, told["implied_cov"], rtol=0, atol=3e-5)
    covariance = np.linalg.inv(0.5 * len(data) * sample.exact(at, model.cells))
    loadings = {(row["lhs"], row["rhs"]): row for row in told["estimates"] if row["op"] == "=~"}
    paths = np.flatnonzero(model.cells.kind == PATH)
    free = [row for row in loadings.values() if row["se"]]
    assert len(paths) == len(free)
    for place, row in zip(paths, free, strict=True):
        assert theta[place] == pytest.approx(row["est"], abs=3e-5)
        assert np.sqrt(covariance[place, place]) == pytest.approx(row["se"], abs=1e-5)
    if case == "hs_cfa_fiml":
        for scale in (1e3, 1e-3):
            scaled = FullInformation(arrange(data * scale, patterns), 0.0)
            grown = theta.copy()
            grown[model.cells.kind == COVARIANCE] *= scale**2
            grown[model.cells.kind == INTERCEPT] *= scale
            there = scaled.at(model, grown)
            values = np.count_nonzero(~np.isnan(data))
            shifted = there.completion.log_likelihood + values * np.log(scale)
            assert shifted == pytest.approx(at.completion.log_likelihood, rel=1e-12)
            # The gradient is zero in the units of the data, too.
            h = scaled.exact(there, model.cells)
            step = np.linalg.solve(h, scaled.gradient(there, model.cells))
            assert np.abs(step / np.sqrt(np.linalg.inv(h).diagonal())).max() < 1e-7
