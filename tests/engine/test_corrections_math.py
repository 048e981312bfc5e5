"""Jacobians and casewise scores against differences; corrected tests where they must be plain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.lavaan_rows import complete_group, moment_vector
from helpers.random_ram import random_ram

from clustersem.engine.browne import ResidualTerms, browne_residual
from clustersem.engine.complete_group import CompleteGroup
from clustersem.engine.corrections import (
    mean_var_adjusted,
    satorra_bentler,
    scaled_shifted,
    yuan_bentler,
)
from clustersem.engine.moment_structure import moment_jacobian
from clustersem.engine.observed_weight import observed_weight
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Cells, Ram, evaluate
from clustersem.engine.sandwich import inverse_information, sandwich
from clustersem.engine.ugamma import MomentTerms, trace_ugamma, trace_ugamma_squared
from clustersem.moments.gamma import normal_gamma, normal_weight
from clustersem.moments.order import MomentOrder

CASES = [(seed, means) for seed in range(8) for means in (False, True)]


def cases_of(seed: int, p: int, n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_exponential((n, p)) @ (np.eye(p) + 0.3 * rng.standard_normal((p, p)))


def two_factors(*, means: bool) -> tuple[Ram, np.ndarray]:
    """Eight items of two factors; two loadings are equal."""
    p, m = 8, 10
    a0, s0 = np.zeros((m, m)), np.zeros((m, m))
    cells, theta = [], []
    for item in range(p):
        factor = p + item // 4
        if item % 4 == 0:
            a0[item, factor] = 1.0
        else:
            cells.append((PATH, item, factor))
            theta.append(0.6 + 0.05 * item)
    for i in range(m):
        cells.append((COVARIANCE, i, i))
        theta.append(1.0 + 0.1 * i)
    cells.append((COVARIANCE, p, p + 1))
    theta.append(0.4)
    if means:
        cells += [(INTERCEPT, i, i) for i in range(p)]
        theta += [0.2 * i for i in range(p)]
    kind, row, col = (np.array(column, dtype=np.intp) for column in zip(*cells, strict=True))
    parameter = np.concatenate([[0, 0], np.arange(1, len(cells) - 1)])
    model = Ram(p, len(cells) - 1, Cells(kind, row, col, m), parameter, a0, s0, np.zeros(m), means)
    return model, np.delete(theta, 1)


def two_factor_group(*, means: bool, n: int = 60, seed: int = 1) -> tuple[Ram, CompleteGroup]:
    model, theta = two_factors(means=means)
    return model, complete_group(model, theta, cases_of(seed, 8, n))[0]


def prepared(seed: int, *, means: bool, n: int = 60, **options):
    model, theta = random_ram(seed, means=means)
    return model, *complete_group(model, theta, cases_of(seed, model.n_observed, n), **options)


@pytest.mark.parametrize(("seed", "means"), CASES)
def test_moment_jacobian(seed, means):
    model, theta = random_ram(seed, means=means)
    order = MomentOrder((0,) * model.n_observed, means)
    point = evaluate(model, theta)
    delta = moment_jacobian(model, point, order, model.cells)
    delta = delta if model.collapse is None else delta @ model.collapse
    step = 1e-6
    for q in range(model.n_free):
        e = np.zeros_like(theta)
        e[q] = step
        up, down = evaluate(model, theta + e), evaluate(model, theta - e)
        slope = moment_vector(up.sigma, up.mu, order) - moment_vector(down.sigma, down.mu, order)
        np.testing.assert_allclose(delta[:, q], slope / (2 * step), atol=1e-7, rtol=1e-6)


def casewise_loglik(model, theta, data, centre):
    point = evaluate(model, theta)
    z = data - (point.mu if model.has_means else centre)
    precision = np.linalg.inv(point.sigma)
    return -0.5 * (np.linalg.slogdet(point.sigma)[1] + ((z @ precision) * z).sum(axis=1))


@pytest.mark.parametrize(("seed", "means"), CASES)
def test_casewise_scores(seed, means):
    model, group, at, sample = prepared(seed, means=means)
    theta = random_ram(seed, means=means)[1]
    step = 1e-5
    for q in range(model.n_free):
        e = np.zeros_like(theta)
        e[q] = step
        up, down = (
            casewise_loglik(model, theta + s * e, group.data, group.mean) for s in (1.0, -1.0)
        )
        scale = max(1.0, np.abs(group.scores[:, q]).max())
        np.testing.assert_allclose(
            group.scores[:, q], (up - down) / (2 * step), rtol=1e-6, atol=1e-7 * scale
        )
    by_cell = sample.gradient(at, model.cells)
    by_theta = by_cell if model.collapse is None else by_cell @ model.collapse
    np.testing.assert_allclose(
        group.scores.mean(axis=0), -0.5 * by_theta, atol=1e-10 * np.abs(by_theta).max()
    )


@pytest.mark.parametrize(("seed", "means"), CASES)
def test_casewise_terms_are_the_explicit_ones(seed, means):
    group = prepared(seed, means=means)[1]
    casewise, explicit = group.terms, group.explicit_terms
    assert type(casewise) is not type(explicit)
    for part in ("bread", "meat", "mixed", "saturated", "saturated_squared"):
        ours, theirs = np.asarray(getattr(casewise, part)), np.asarray(getattr(explicit, part))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * np.abs(theirs).max())


@pytest.mark.parametrize("means", [False, True])
def test_traces_are_those_of_the_matrices(means):
    """Against U Gamma as it is defined, of two groups with shared parameters."""
    groups = []
    model, theta = two_factors(means=means)
    for seed, share in ((3, 0.3), (7, 0.7)):
        data = cases_of(seed, model.n_observed)
        groups.append(complete_group(model, theta, data, share=share)[0])
    sizes = [g.order.n_moments for g in groups]
    v, gamma = np.zeros((sum(sizes),) * 2), np.zeros((sum(sizes),) * 2)
    delta = np.vstack([g.jacobian for g in groups])
    start = 0
    for g, k in zip(groups, sizes, strict=True):
        at = slice(start, start + k)
        v[at, at] = g.share * normal_weight(g.precision, g.order)
        gamma[at, at] = g.gamma / g.share
        start += k
    bread = delta.T @ v @ delta
    u = v - v @ delta @ np.linalg.solve(bread, delta.T @ v)
    for terms in ([g.terms for g in groups], [g.explicit_terms for g in groups]):
        assert trace_ugamma(terms) == pytest.approx(np.trace(u @ gamma), rel=1e-9)
        squared = np.trace(u @ gamma @ u @ gamma)
        assert trace_ugamma_squared(terms) == pytest.approx(squared, rel=1e-9)


def test_diagonal_weights_are_matrices_with_zeros():
    group = two_factor_group(means=True)[1]
    diagonal = 1.0 / group.gamma.diagonal()
    one = MomentTerms(group.jacobian, diagonal, group.gamma)
    other = MomentTerms(group.jacobian, np.diag(diagonal), group.gamma)
    for trace in (trace_ugamma, trace_ugamma_squared):
        assert trace([one]) == pytest.approx(trace([other]), rel=1e-9)


@pytest.mark.parametrize("means", [False, True])
def test_normal_gamma_corrects_nothing(means):
    model, group = two_factor_group(means=means)
    gamma = normal_gamma(group.point.sigma, group.order)
    terms = [MomentTerms(group.jacobian, normal_weight(group.precision, group.order), gamma)]
    df = group.order.n_moments - model.n_free
    trace, squared = trace_ugamma(terms), trace_ugamma_squared(terms)
    assert trace == pytest.approx(df, rel=1e-9)
    assert squared == pytest.approx(df, rel=1e-9)
    for test in (
        satorra_bentler(50.0, df, trace),
        mean_var_adjusted(50.0, df, trace, squared),
        scaled_shifted(50.0, df, trace, squared),
    ):
        assert (test.chisq, test.df) == pytest.approx((50.0, df), rel=1e-8)
        assert test.scaling_factor == pytest.approx(1.0, rel=1e-8)
    plain = inverse_information(terms[0].bread, 60)
    ours = sandwich(terms[0].bread, terms[0].meat, 60)
    np.testing.assert_allclose(ours, plain, rtol=1e-7, atol=1e-14)


def test_a_basis_is_a_model_with_fewer_parameters():
    model, group = two_factor_group(means=True)
    k = model.collapse
    assert k is not None
    free = replace(model, n_free=len(model.cells), parameter=np.arange(len(model.cells)))
    by_cell = CompleteGroup(**{**vars_of(group), "model": free})
    for trace in (trace_ugamma, trace_ugamma_squared):
        assert trace([by_cell.terms], basis=k) == pytest.approx(trace([group.terms]), rel=1e-9)
    constrained = sandwich(by_cell.expected, by_cell.first_order, 60, basis=k)
    plain = k @ sandwich(group.expected, group.first_order, 60) @ k.T
    np.testing.assert_allclose(constrained, plain, rtol=1e-7, atol=1e-12)


def vars_of(group: CompleteGroup) -> dict[str, object]:
    return {name: getattr(group, name) for name in group.__dataclass_fields__}


def test_units_do_not_matter():
    """Data times 1000: every trace and residual test stays."""
    model, group = two_factor_group(means=False)
    order = group.order
    v, factor = normal_weight(group.precision, order), 1e6
    terms = [
        MomentTerms(group.jacobian, v, group.gamma),
        MomentTerms(group.jacobian * factor, v / factor**2, group.gamma * factor**2),
    ]
    one, other = (trace_ugamma_squared([t]) for t in terms)
    assert one == pytest.approx(other, rel=1e-9)
    residuals = moment_vector(group.cov, group.mean, order)
    residuals -= moment_vector(group.point.sigma, group.mean, order)
    df = order.n_moments - model.n_free
    gamma = normal_gamma(group.cov, order)
    name = "browne.residual.nt"
    one, other = (
        browne_residual(
            [ResidualTerms(residuals * f, group.jacobian * f, gamma * f**2, 60)], df, name=name
        ).chisq
        for f in (1.0, factor)
    )
    assert one == pytest.approx(other, rel=1e-8)


def test_residual_test_is_the_quadratic_form():
    """With Gamma invertible: e' [G^-1 - G^-1 D (D' G^-1 D)^-1 D' G^-1] e."""
    model, group = two_factor_group(means=True, n=400)
    e = moment_vector(group.cov, group.mean, group.order)
    e -= moment_vector(group.point.sigma, group.point.mu, group.order)
    inverse, d = np.linalg.inv(group.gamma), group.jacobian
    u = inverse - inverse @ d @ np.linalg.solve(d.T @ inverse @ d, d.T @ inverse)
    df = group.order.n_moments - model.n_free
    terms = [ResidualTerms(e, d, group.gamma, 400)]
    test = browne_residual(terms, df, name="browne.residual.adf")
    assert test.chisq == pytest.approx(400 * e @ u @ e, rel=1e-8)


def test_residual_test_needs_more_cases_than_degrees_of_freedom():
    model, group = two_factor_group(means=False, n=12)
    e = moment_vector(group.cov, group.mean, group.order)
    df = group.order.n_moments - model.n_free
    assert df > 12
    terms = [ResidualTerms(e, group.jacobian, group.gamma, 12)]
    assert np.isnan(browne_residual(terms, df, name="browne.residual.adf").chisq)


def test_saturated_trace_with_weights_of_one_and_clusters_of_one():
    group = two_factor_group(means=True)[1]
    plain = group.saturated_trace
    n = len(group.data)
    given = vars_of(group)
    weighted = CompleteGroup(**{**given, "weights": np.ones(n)})
    assert weighted.saturated_trace == pytest.approx(plain, rel=1e-10)
    clustered = CompleteGroup(**{**given, "cluster": np.arange(n)})
    assert clustered.saturated_trace == pytest.approx(plain * n / (n - 1), rel=1e-10)
    np.testing.assert_allclose(clustered.first_order, group.first_order * n / (n - 1), rtol=1e-10)


def test_no_degrees_of_freedom():
    for test in (
        satorra_bentler(0.0, 0, 0.0),
        mean_var_adjusted(0.0, 0, 0.0, 0.0),
        scaled_shifted(0.0, 0, 0.0, 0.0),
    ):
        assert test.chisq == 0.0
        assert np.isnan(test.pvalue)


def test_a_trace_that_is_not_positive_gives_no_test():
    result = yuan_bentler(10.0, 5, trace_h1=20.0, trace_h0=21.0, n_moments=15, n_free=10)
    assert np.isnan(result.test.chisq)
    assert np.isnan(result.test.pvalue)
    assert result.scaling_factor_h0 == 2.1


@pytest.mark.parametrize("means", [False, True])
def test_observed_information_of_the_moments(means):
    """Gathered by cell it is Delta' H Delta, and without misfit the expected information."""
    group = two_factor_group(means=means)[1]
    deviation = group.mean - group.point.mu if means else np.zeros(8)
    h = observed_weight(group.precision, group.cov, deviation, group.order)
    explicit = group.jacobian.T @ h @ group.jacobian
    np.testing.assert_allclose(group.observed_of_moments, explicit, rtol=1e-9, atol=1e-9)
    fitting = replace(group, cov=group.point.sigma, mean=group.point.mu)
    np.testing.assert_allclose(fitting.observed_of_moments, fitting.expected, rtol=1e-9, atol=1e-12)


def test_weights_in_any_unit():
    """A group's weights need not sum to its number of cases."""
    group = two_factor_group(means=True)[1]
    w = np.random.default_rng(5).uniform(0.5, 2.0, 60)
    given = vars_of(group)
    one, other = (CompleteGroup(**{**given, "weights": u}) for u in (w, 3.0 * w))
    # Scores are multiplied by weights, squared weights are divided by their sum.
    np.testing.assert_allclose(other.first_order, 3.0 * one.first_order, rtol=1e-12)
    np.testing.assert_allclose(other.gamma, 3.0 * one.gamma, rtol=1e-12)
    assert other.saturated_trace == pytest.approx(3.0 * one.saturated_trace, rel=1e-12)
