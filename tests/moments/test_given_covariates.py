"""Moments given covariates: lavaan, mathematics, bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers import lavaan_cases
from scipy.stats import norm

from clustersem.errors import DataError
from clustersem.moments import (
    MomentOrder,
    assembled,
    contingency,
    continuous,
    influence,
    ordinal_statistics,
    probit,
    samples_from_data,
    two_step,
)

NAMES = lavaan_cases.names("given_x_*")


def labels(order: MomentOrder, items):
    """lavaan's names of our moments, and the sign: it turns the means around."""
    seen: dict[int, int] = {}
    found = []
    for j in order.threshold_item.tolist():
        seen[j] = seen.get(j, 0) + 1
        found.append(f"{items[j]}|t{seen[j]}")
    found += [f"{items[j]}~1" for j in order.continuous]
    slopes = zip(order.slope_rows, order.slope_cols, strict=True)
    found += [f"{items[j]}~{items[x]}" for j, x in slopes]
    found += [f"{items[j]}~~{items[j]}" for j in order.continuous]
    found += [f"{items[j]}~~{items[i]}" for i, j in zip(order.rows, order.cols, strict=True)]
    sign = np.ones(len(found))
    sign[order.means] = -1.0
    return found, sign


@pytest.mark.parametrize("name", NAMES)
def test_lavaan_has_the_same_moments_and_nacov(name):
    case = lavaan_cases.load(name)
    told, options = case.extra("given"), case.options
    covariates = {text.partition("~")[2] for text in told["moment_names"] if "~" in text}
    samples = samples_from_data(
        case.data,
        case.observed,
        ordered=options["ordered"],
        group=options.get("group"),
        missing=options.get("missing", "listwise"),
        exogenous=[name for name in case.observed if name in covariates - {"1"}],
    )
    for number, sample in enumerate(samples):
        assert sample.ordinal is not None
        found, sign = labels(sample.ordinal.order, case.observed)
        at = [told["moment_names"].index(label) for label in found]
        # lavaan's searches leave 1e-7 in a threshold far from zero.
        values = np.array(told["wls_obs"][number])[at] * sign
        np.testing.assert_allclose(sample.ordinal.values, values, rtol=2e-7, atol=2e-7)
        if told["gamma"] is None:
            continue
        gamma = np.array(told["gamma"][number])[np.ix_(at, at)] * np.outer(sign, sign)
        sd = np.sqrt(gamma.diagonal())
        difference = (sample.ordinal.gamma - gamma) / np.outer(sd, sd)
        np.testing.assert_allclose(difference, 0.0, atol=1e-6)


# --- mathematics ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(20)
    n = 300
    x = np.column_stack([rng.standard_normal(n), rng.integers(0, 2, n)])
    response = x @ [[0.5, -0.3, 0.2, 0.4], [0.3, 0.0, -0.6, 0.1]]
    response += rng.multivariate_normal(np.zeros(4), 0.5 * np.eye(4) + 0.5, n)
    cut = np.stack([np.digitize(column, [-0.6, 0.2, 1.1]) for column in response.T], axis=1)
    return np.column_stack([cut[:, :3], response[:, 3], x]).astype(float)


ORDINAL = np.array([True, True, True, False, False, False])
ITEMS = ["a", "b", "c", "d", "x", "z"]


def statistics(data, **options):
    return ordinal_statistics(data, ORDINAL, names=ITEMS, covariates=[4, 5], **options)


def test_the_scores_of_respondents_say_what_the_tables_say(answers):
    """Given no covariate at all, the two ways to a polychoric correlation are one."""
    codes, _ = contingency.coded(answers[:, :3], ITEMS[:3], None, weights=None, source="test")
    none = np.empty((0, len(answers)))
    probits = probit.ordered_probits(codes.codes, codes.sizes, none, None)
    order = MomentOrder((3, 3, 3), has_means=True)
    values = continuous.standardised(np.empty((len(answers), 0)), None)
    tables, scores = (
        two_step.two_steps(order, given, values, ITEMS, "test")
        for given in (codes, replace(codes, given=probits))
    )
    np.testing.assert_allclose(scores.moments, tables.moments, rtol=0, atol=1e-12)
    np.testing.assert_allclose(influence.gamma(scores), influence.gamma(tables), atol=1e-10)


def test_slopes_and_thresholds_maximise_the_likelihood(answers):
    found = statistics(answers)
    order, values = found.order, found.values
    slopes = values[order.slopes].reshape(2, 4).T
    x, codes = answers[:, 4:], answers[:, 0].astype(int)

    def log_likelihood(theta):
        limits = np.concatenate([[-np.inf], theta[:3], [np.inf]])
        expected = x @ theta[3:]
        p = norm.cdf(limits[codes + 1] - expected) - norm.cdf(limits[codes] - expected)
        return np.log(p).sum()

    theta = np.concatenate([values[:3], slopes[0]])
    gradient = [
        (log_likelihood(theta + 1e-5 * e) - log_likelihood(theta - 1e-5 * e)) / 2e-5
        for e in np.eye(5)
    ]
    # Differences are right to the third derivative, of the order of n, times 1e-10.
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)


def test_a_continuous_variable_is_regressed(answers):
    found = statistics(answers)
    order, values = found.order, found.values
    design = np.column_stack([np.ones(len(answers)), answers[:, 4:]])
    expected, residuals, *_ = np.linalg.lstsq(design, answers[:, 3], rcond=None)
    slopes = values[order.slopes].reshape(2, 4).T
    np.testing.assert_allclose([values[order.means][0], *slopes[3]], expected, atol=1e-12)
    np.testing.assert_allclose(values[order.variances], residuals / len(answers), atol=1e-12)


def test_units_of_covariates_matter_to_their_slopes_only(answers):
    before = statistics(answers)
    changed = answers.copy()
    changed[:, 4] = 1000.0 * answers[:, 4] + 5e4
    after = statistics(changed)
    order = before.order
    slopes = np.arange(order.n_moments)[order.slopes].reshape(2, 4)
    turn = np.eye(order.n_moments)
    turn[slopes[0], slopes[0]] = 1e-3
    # A threshold is one at a covariate of zero, which is now 50 of the old units below.
    items = np.searchsorted(order.dependent, order.threshold_item)
    turn[np.arange(len(items)), slopes[0][items]] = 50.0
    turn[np.arange(order.n_moments)[order.means], slopes[0][3]] = -50.0
    np.testing.assert_allclose(after.values, turn @ before.values, rtol=1e-9, atol=1e-11)
    expected = turn @ before.gamma @ turn.T
    sd = np.sqrt(expected.diagonal())
    np.testing.assert_allclose((after.gamma - expected) / np.outer(sd, sd), 0.0, atol=1e-9)


def test_whole_weights_are_repetitions(answers):
    times = 1 + np.arange(len(answers)) % 3
    weighted = statistics(answers, weights=times.astype(float))
    repeated = statistics(np.repeat(answers, times, axis=0))
    np.testing.assert_allclose(weighted.values, repeated.values, rtol=0, atol=1e-10)


def test_gamma_of_clusters_of_one_is_that_of_respondents(answers):
    each = np.arange(len(answers), dtype=np.intp)
    plain, clustered = statistics(answers), statistics(answers, cluster=each)
    np.testing.assert_allclose(clustered.gamma, plain.gamma, rtol=1e-10, atol=1e-10)


def test_all_variables_together_have_the_moments_of_regressions(answers):
    found = statistics(answers)
    x = answers[:, 4:]
    cov, mean = assembled(found, (np.cov(x.T, bias=True), x.mean(axis=0)))
    np.testing.assert_allclose(cov[3:, 3:], np.cov(answers[:, 3:].T, bias=True), atol=1e-12)
    np.testing.assert_allclose(mean[3:], answers[:, 3:].mean(axis=0), atol=1e-12)
    slopes = found.values[found.order.slopes].reshape(2, 4).T
    np.testing.assert_allclose(np.linalg.solve(cov[4:, 4:], cov[4:, :4]).T, slopes, atol=1e-12)
    np.testing.assert_allclose(cov[0, 0], 1.0 + slopes[0] @ cov[4:, 4:] @ slopes[0], atol=1e-12)


def test_variables_may_stand_in_another_order(answers):
    places = np.array([5, 2, 0, 3, 4, 1])
    turned = ordinal_statistics(
        answers[:, places],
        ORDINAL[places],
        names=[ITEMS[i] for i in places],
        covariates=[0, 4],
    )
    expected = statistics(answers).in_order(places)
    assert turned.order == expected.order
    np.testing.assert_allclose(turned.values, expected.values, rtol=0, atol=1e-11)
    np.testing.assert_allclose(turned.gamma, expected.gamma, rtol=0, atol=1e-8)


# --- bad input ------------------------------------------------------------------------------------


def test_a_covariate_that_tells_the_answers_apart(answers):
    changed = answers.copy()
    changed[:, 4] = 10.0 * answers[:, 1] + 0.1 * answers[:, 4]
    with pytest.raises(DataError, match="x, z tell the answers to b apart"):
        statistics(changed)


def test_collinear_covariates(answers):
    changed = answers.copy()
    changed[:, 5] = 3.0 - 2.0 * answers[:, 4]
    with pytest.raises(DataError, match="x"):
        statistics(changed)


def test_respondents_without_a_covariate_are_left_out(answers):
    frame = pd.DataFrame(answers, columns=ITEMS)
    frame.loc[:9, "x"] = np.nan
    (sample,) = samples_from_data(
        frame, ITEMS, ordered=["a", "b", "c"], exogenous=["x", "z"], missing="pairwise"
    )
    assert sample.dropped == (("a missing covariate", 10),)
    assert sample.ordinal is not None
    np.testing.assert_allclose(sample.ordinal.values, statistics(answers[10:]).values, atol=1e-12)
