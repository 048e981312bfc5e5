"""Casewise scores, information on the moments, and the corrections that rest on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.incomplete import (
    factor_model,
    gappy,
    independence_model,
    log_likelihood,
    minimum,
    start_of,
)
from helpers.random_ram import random_ram

from clustersem.engine.fiml import FullInformation, expected_quadratic
from clustersem.engine.incomplete_scores import (
    incomplete_scores,
    observed_information,
    unrestricted_scores,
)
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.missing_correction import (
    GroupJacobian,
    complete_data_discrepancy,
    correction,
    missing_data_weights,
)
from clustersem.engine.ram import evaluate
from clustersem.engine.unrestricted import unrestricted_model, unrestricted_theta
from clustersem.moments.incomplete import arrange, arrange_rows
from clustersem.moments.order import MomentOrder
from clustersem.moments.patterns import missing_patterns
from clustersem.moments.saturated import saturated_estimates

REFERENCE = Path(__file__).resolve().parent.parent / "reference"


def arranged(data):
    patterns = missing_patterns(data)
    return arrange(data, patterns), arrange_rows(data, patterns)


def first_order(rows, estimates):
    scores = unrestricted_scores(rows, estimates.mean, estimates.cov)
    return scores.T @ scores / len(scores)


def expected_information(data, mean, cov):
    """The information of one case on the moments if answers are missing completely at random."""
    model = unrestricted_model(len(mean))
    discrepancy = FullInformation(data, 0.0)
    at = discrepancy.at(model, unrestricted_theta(mean, cov))
    return 0.5 * discrepancy.expected(at, model.cells, model.cells)


def jacobian(model, theta):
    """Return the derivatives of means, variances and covariances by differences."""

    def moments(at):
        point = evaluate(model, at)
        return unrestricted_theta(point.mu, point.sigma)

    step = 1e-6
    columns = [
        (moments(theta + e) - moments(theta - e)) / (2 * step) for e in np.eye(len(theta)) * step
    ]
    return np.column_stack(columns)


def test_the_unrestricted_model_has_the_moments_for_parameters():
    rng = np.random.default_rng(0)
    mean, cov = rng.standard_normal(4), np.cov(rng.standard_normal((4, 20)))
    model, theta = unrestricted_model(4), unrestricted_theta(mean, cov)
    point = evaluate(model, theta)
    np.testing.assert_array_equal(point.mu, mean)
    np.testing.assert_allclose(point.sigma, cov, rtol=1e-14)
    order = MomentOrder((0, 0, 0, 0), has_means=True)
    np.testing.assert_array_equal(theta[order.means], mean)
    np.testing.assert_array_equal(theta[order.variances], cov.diagonal())
    np.testing.assert_array_equal(theta[order.covariances], cov[order.rows, order.cols])


@pytest.mark.parametrize("seed", range(6))
def test_casewise_scores_are_derivatives_of_the_rows_log_likelihood(seed):
    model, theta = random_ram(seed, means=True)
    data = gappy(seed, model.n_observed)
    short, rows = arranged(data)
    sample = FullInformation(short, 0.0)
    at = sample.at(model, theta)
    k = np.eye(len(model.cells)) if model.collapse is None else model.collapse
    scores = incomplete_scores(rows, at, model.cells) @ k
    numerical = np.full_like(scores, np.nan)
    step = 1e-5
    for i, e in enumerate(np.eye(len(theta)) * step):
        up, down = (evaluate(model, theta + s * e) for s in (1, -1))
        numerical[:, i] = (
            log_likelihood(data, up.mu, up.sigma) - log_likelihood(data, down.mu, down.sigma)
        ) / (2 * step)
    scale = np.abs(scores).max()
    np.testing.assert_allclose(scores, numerical, rtol=0, atol=1e-8 * scale)
    gradient = sample.gradient(at, model.cells) @ k
    np.testing.assert_allclose(-2.0 * scores.mean(axis=0), gradient, rtol=0, atol=1e-13 * scale)


@pytest.mark.parametrize("seed", range(3))
def test_information_on_the_moments(seed):
    p = 5
    data = gappy(seed, p, n=120)
    short, rows = arranged(data)
    estimates = saturated_estimates(data)
    mean, cov = estimates.mean, estimates.cov
    scores = unrestricted_scores(rows, mean, cov)
    observed = observed_information(short, mean, cov)
    # A maximum: the mean scores are nothing beside their standard deviations.
    size = np.sqrt(expected_information(short, mean, cov).diagonal())
    np.testing.assert_allclose(scores.mean(axis=0) / size, 0.0, atol=1e-9)
    theta, step = unrestricted_theta(mean, cov), 1e-6
    model = unrestricted_model(p)
    for i, e in enumerate(np.eye(len(theta)) * step):
        up, down = (evaluate(model, theta + s * e) for s in (1, -1))
        change = unrestricted_scores(rows, up.mu, up.sigma) - unrestricted_scores(
            rows, down.mu, down.sigma
        )
        numerical = -change.mean(axis=0) / (2 * step)
        np.testing.assert_allclose(
            observed[i], numerical, rtol=0, atol=1e-7 * np.abs(observed).max()
        )
    # Expected and observed information agree where gaps say nothing about the answers: without any.
    complete = np.random.default_rng(seed).standard_normal((60, p))
    whole, _ = arranged(complete)
    at = complete.mean(axis=0), np.cov(complete.T, bias=True)
    np.testing.assert_allclose(
        expected_information(whole, *at), observed_information(whole, *at), rtol=0, atol=1e-11
    )
    information = expected_information(short, mean, cov)
    assert np.linalg.eigvalsh(information)[0] > 0
    # Its quadratic form needs no information matrix.
    rng = np.random.default_rng(seed)
    d, r = rng.standard_normal(p), rng.standard_normal((p, p))
    direction = unrestricted_theta(d, r + r.T)
    done = short.complete(mean, cov)
    assert expected_quadratic(done, d, r + r.T) == pytest.approx(
        direction @ information @ direction, rel=1e-10
    )


def fitted(file, names, sizes):
    """Return a factor model and the independence model of data with gaps, fitted."""
    data = pd.read_csv(REFERENCE / "data" / f"{file}.csv")[names].to_numpy(float)
    short, rows = arranged(data)
    estimates = saturated_estimates(data)
    sample = FullInformation(short, estimates.log_likelihood)
    complete = MaximumLikelihood(estimates.cov, estimates.mean, np.linalg.slogdet(estimates.cov)[1])
    fits = {}
    for name, model in (
        ("model", factor_model(sizes)),
        ("baseline", independence_model(len(names))),
    ):
        start = start_of(model, estimates.mean, estimates.cov)
        at, theta = minimum(model, sample, minimum(model, complete, start)[1])
        fits[name] = (model, at, theta)
    return len(data), short, rows, estimates, sample, fits


@pytest.fixture(scope="module")
def holzinger():
    """Return the case of Holzinger and Swineford."""
    return fitted("holzinger1939_missing", [f"x{i}" for i in range(1, 10)], [3, 3, 3])


@pytest.fixture(scope="module")
def bfi():
    """Return the case of the 25 personality items."""
    return fitted("bfi", [f"{f}{i}" for f in "ACENO" for i in range(1, 6)], [5] * 5)


def test_yuan_bentler_scaling_is_that_of_lavaan(holzinger):
    # c = [tr(A1^-1 B1) - tr(A0^-1 B0)] / df, with saturated and model information observed.
    n, short, rows, estimates, sample, fits = holzinger
    told = json.loads((REFERENCE / "hs_cfa_fiml_mlr.json").read_text())["measures"]
    a1 = observed_information(short, estimates.mean, estimates.cov)
    s1 = unrestricted_scores(rows, estimates.mean, estimates.cov)
    saturated = np.trace(np.linalg.solve(a1, s1.T @ s1 / n))
    assert saturated / len(a1) == pytest.approx(told["scaling_factor_h1"], rel=1e-5)
    scalings = {}
    for name, (model, at, _) in fits.items():
        a0 = 0.5 * sample.exact(at, model.cells)
        s0 = incomplete_scores(rows, at, model.cells)
        restricted = np.trace(np.linalg.solve(a0, s0.T @ s0 / n))
        scalings[name] = (saturated - restricted) / (len(a1) - len(a0))
        if name == "model":
            assert restricted / len(a0) == pytest.approx(told["scaling_factor_h0"], rel=1e-5)
    assert scalings["model"] == pytest.approx(told["chisq_scaling_factor"], rel=1e-5)
    assert scalings["baseline"] == pytest.approx(told["baseline_chisq_scaling_factor"], rel=1e-5)


@pytest.mark.parametrize(
    ("case", "sample", "robust"),
    [
        ("hs_cfa_fiml", "holzinger", False),
        ("hs_cfa_fiml_mlr", "holzinger", True),
        ("bfi_cfa_fiml", "bfi", False),
    ],
)
def test_corrected_rmsea_and_cfi_are_those_of_lavaan(case, sample, robust, request):
    n, short, rows, estimates, _, fits = request.getfixturevalue(sample)
    told = json.loads((REFERENCE / f"{case}.json").read_text())["measures"]
    b = first_order(rows, estimates) if robust else None
    weights = missing_data_weights(
        observed_information(short, estimates.mean, estimates.cov),
        estimates.mean,
        estimates.cov,
        first_order=b,
    )
    found = {}
    for name, (model, at, theta) in fits.items():
        f = complete_data_discrepancy(estimates.mean, estimates.cov, at.point.mu, at.point.sigma)
        k = correction([GroupJacobian(weights, jacobian(model, theta))])
        found[name] = (n * f, k, len(weights.complete) - len(theta))
    chi2, k, df = found["model"]
    baseline, k_baseline, _ = found["baseline"]
    # Differences are those of the saturated estimates, where lavaan's EM stops a little short.
    assert np.sqrt((chi2 - k) / (n * df)) == pytest.approx(told["rmsea_robust"], abs=1e-5)
    assert 1 - (chi2 - k) / (baseline - k_baseline) == pytest.approx(told["cfi_robust"], abs=1e-5)


@pytest.mark.parametrize("robust", [False, True])
def test_correction_from_its_definition(holzinger, robust):
    _, short, rows, estimates, _, fits = holzinger
    model, _, theta = fits["model"]
    mean, cov = estimates.mean, estimates.cov
    b = first_order(rows, estimates) if robust else None
    weights = missing_data_weights(observed_information(short, mean, cov), mean, cov, first_order=b)
    d = jacobian(model, theta)
    a = observed_information(short, mean, cov)
    gamma = np.linalg.inv(a)
    if robust:
        gamma = gamma @ b @ gamma
    complete = np.random.default_rng(0).standard_normal((12, 9))
    w = expected_information(arranged(complete)[0], mean, cov)
    residual = np.eye(len(a)) - d @ np.linalg.solve(d.T @ a @ d, d.T @ a)
    wanted = np.trace(residual.T @ w @ residual @ gamma)
    assert correction([GroupJacobian(weights, d)]) == pytest.approx(wanted, rel=1e-9)
    # Two groups that are one sample split in halves, alike: each parameter in both.
    halves = [GroupJacobian(weights, d, 0.5), GroupJacobian(weights, d, 0.5)]
    apart = np.hstack([d, np.zeros_like(d)]), np.hstack([np.zeros_like(d), d])
    separate = [GroupJacobian(weights, part, 0.5) for part in apart]
    total = 2.0 * np.trace(w @ gamma)
    assert correction(halves) == pytest.approx(total - (np.trace(w @ gamma) - wanted), rel=1e-9)
    assert correction(separate) == pytest.approx(2.0 * wanted, rel=1e-9)


def test_correction_without_gaps_is_the_degrees_of_freedom():
    data = np.random.default_rng(1).standard_normal((200, 6))
    short, _ = arranged(data)
    mean, cov = data.mean(axis=0), np.cov(data.T, bias=True)
    weights = missing_data_weights(observed_information(short, mean, cov), mean, cov)
    model = independence_model(6)
    d = jacobian(model, start_of(model, mean, cov))
    assert correction([GroupJacobian(weights, d)]) == pytest.approx(15.0, rel=1e-9)


def test_no_correction_where_moments_are_not_identified():
    data = gappy(9, 4, share=0.0, n=100)
    half = np.arange(100) % 2 == 0
    data[half, 2], data[~half, 3] = np.nan, np.nan
    short, _ = arranged(data[~np.isnan(data).all(axis=1)])
    estimates = saturated_estimates(data[~np.isnan(data).all(axis=1)])
    assert (
        missing_data_weights(
            observed_information(short, estimates.mean, estimates.cov),
            estimates.mean,
            estimates.cov,
        )
        is None
    )


def test_no_correction_where_parameters_are_not_identified():
    data = gappy(3, 4)
    short, _ = arranged(data)
    estimates = saturated_estimates(data)
    weights = missing_data_weights(
        observed_information(short, estimates.mean, estimates.cov), estimates.mean, estimates.cov
    )
    d = jacobian(independence_model(4), np.ones(8))
    twice = np.hstack([d, np.zeros((len(d), 1))])
    assert correction([GroupJacobian(weights, twice)]) is None
    assert correction([GroupJacobian(weights, d)]) is not None
