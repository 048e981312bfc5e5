"""Slope, curvature and information against mathematics."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.reference import fitted

import clustersem as cs
from clustersem.certify.information import information, nearly_unidentified
from clustersem.certify.stationary import bottom_of, gradient, minimum
from clustersem.fit.information import own_information


def moved(fit, step):
    theta = fit.theta + step
    state = fit.objective.at(theta)
    return replace(fit, theta=theta, state=state, hessian=fit.objective.expected(state))


def test_what_is_left_of_chi2_is_what_the_minimum_has_less(fit):
    rng = np.random.default_rng(1)
    se = np.sqrt(fit.vcov_theta.diagonal())
    away = moved(fit, 1e-3 * se * rng.standard_normal(len(se)))
    left = fit.multiplier * (away.state.f - fit.state.f)
    bottom = bottom_of(away)
    # Quadratic approximation a thousandth of a standard error away.
    assert bottom.chi2_left == pytest.approx(left, rel=1e-2)
    np.testing.assert_allclose(bottom.step_left * se, away.theta - fit.theta, rtol=1e-2, atol=1e-7)
    assert gradient(away, bottom).status == "failed"
    assert gradient(fit, bottom_of(fit)).status == "passed"


def test_one_step_of_the_score_is_what_chi2_changes_by(fit):
    se = np.sqrt(fit.vcov_theta.diagonal())
    away = moved(fit, 0.1 * se)
    se = np.sqrt(2 / fit.multiplier * np.linalg.inv(away.hessian).diagonal())
    slope = fit.multiplier * fit.objective.gradient(away.state) * se
    np.testing.assert_allclose(bottom_of(away).score, np.abs(slope), rtol=1e-8)


def test_a_saddle_is_told_from_a_minimum():
    cov = pd.DataFrame(0.5 + 0.5 * np.eye(3), index=list("abc"), columns=list("abc"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = cs.cfa("f =~ a + b + c", cov=cov, n_obs=100, std_lv=True)
    # No loadings, all variance residual: the gradient is zero by symmetry, and F falls both ways.
    at_saddle = moved(fit, np.array([0, 0, 0, 0.99, 0.99, 0.99]) - fit.theta)
    variances = np.r_[np.zeros(3), np.full(3, 0.99)]
    assert np.abs(fit.objective.gradient(at_saddle.state))[:3].max() < 1e-12
    np.testing.assert_array_equal(at_saddle.theta, variances)
    found = minimum(at_saddle, bottom_of(at_saddle))
    assert found.status == "failed"
    assert "saddle" in found.sentence
    assert minimum(fit, bottom_of(fit)).status == "passed"


def test_the_curvature_does_not_depend_on_units_or_markers(holzinger):
    model = "visual =~ x1 + x2 + x3\nspeed =~ x7 + x8 + x9"
    other = holzinger.assign(x1=1e3 * holzinger["x1"], x8=1e-3 * holzinger["x8"])
    fits = [cs.cfa(model, holzinger), cs.cfa(model, other), cs.cfa(model, holzinger, std_lv=True)]
    least = [bottom_of(fit).curvature for fit in fits]
    np.testing.assert_allclose(least, least[0], rtol=1e-6)


def test_parameters_that_the_data_cannot_tell_apart_are_named():
    block = np.eye(5) * 0.5
    block[:3, :3] += 0.5
    block[3:, 3:] += 0.5
    cov = pd.DataFrame(block, index=list("abcde"), columns=list("abcde"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = cs.cfa("f =~ a + b + c\ng =~ d + e", cov=cov, n_obs=200)
    found = information(fit)
    assert found.status == "failed"
    assert all(name in found.sentence for name in ("g =~ e", "d ~~ d", "e ~~ e", "g ~~ g"))
    assert found["rank"] == fit.n_free - 1


def test_own_information_is_the_variance_inflation(fit):
    inverse = np.linalg.inv(fit.hessian)
    np.testing.assert_allclose(
        own_information(fit), 1 / (fit.hessian.diagonal() * inverse.diagonal()), rtol=1e-9
    )


def test_intercepts_have_no_say_in_what_is_known_of_slopes(holzinger):
    far = holzinger.assign(x2=holzinger["x2"] + 100)
    plain = cs.sem("x1 ~ x2", holzinger, fixed_x=False)
    means = cs.sem("x1 ~ x2", far, fixed_x=False, meanstructure=True)
    shares = [own_information(fit)[list(fit.vcov.index).index("x1 ~ x2")] for fit in (plain, means)]
    np.testing.assert_allclose(shares, 1.0, rtol=1e-6)


def test_a_parameter_with_little_information_of_its_own_is_named():
    fit = fitted("cross_border_revised")
    found = nearly_unidentified(fit)
    share = pd.Series(own_information(fit), index=fit.vcov.index)
    assert found["smallest_share"] == share.min()
    weak = share[share < 0.05].index.tolist()
    assert (found.status == "doubtful") == bool(weak)
    assert all(name in found.sentence for name in weak)
