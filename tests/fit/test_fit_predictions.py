"""Factor scores of incomplete answers and predictions, against lavaan."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from helpers.reference import REFERENCE, data, fitted
from helpers.whole_fits import ORDINAL, ordinal_fit, two_schools

import clustersem as cs
from clustersem.engine.eap import Measurement, posterior_moments
from clustersem.engine.ram import evaluate
from clustersem.engine.scores import (
    bartlett_scores,
    conditional_means,
    item_means,
    measurement_given,
    patterns_of,
)
from clustersem.fit.assemble import layout_of, ram_of
from clustersem.moments import MissingPatterns
from clustersem.moments.incomplete import arrange
from clustersem.spec.defaults import options_for
from clustersem.spec.model import build_spec

TOLD = json.loads((REFERENCE / "predictions.json").read_text())
CASES = TOLD["cases"]


def point_and_answers(name: str):
    """Return our structure at lavaan's estimates, and the incomplete answers."""
    told = CASES[name]
    spec = build_spec(told["model"], options_for("sem", meanstructure=True))
    answers = data("holzinger1939_missing")[list(spec.observed)].to_numpy(float)
    layout = layout_of(spec)
    # Moments of covariates are taken from the sample; those are complete.
    model = ram_of(spec, layout, 0, np.cov(answers.T, bias=True), answers.mean(axis=0))
    values = {(row["lhs"], row["op"], row["rhs"]): row["est"] for row in told["estimates"]}
    theta = np.empty(layout.n_free)
    free = [row for row in spec.parameters if row.free]
    for row, place in zip(free, layout.parameter, strict=True):
        theta[place] = values[row.lhs, row.op, row.rhs]
    point = evaluate(model, theta)
    assert point is not None
    return point, answers


@pytest.mark.parametrize("name", list(CASES))
def test_scores_of_incomplete_answers(name):
    point, answers = point_and_answers(name)
    p, m = answers.shape[1], len(point.nu)
    assert np.isnan(answers[:60]).any()
    regression = conditional_means(
        point, point.nu, np.arange(p, m), np.arange(p), answers, incomplete=True
    )
    np.testing.assert_allclose(regression[:60], np.array(CASES[name]["regression"]), atol=1e-7)
    items = item_means(point, point.nu, answers, regression)
    # The nine indicators come first.
    np.testing.assert_allclose(items[:60, :9], np.array(CASES[name]["predicted"]), atol=1e-7)


@pytest.mark.parametrize("name", list(CASES))
def test_bartlett_scores_of_incomplete_answers(name):
    point, answers = point_and_answers(name)
    ours = bartlett_scores(point, point.nu, answers, incomplete=True)[:60]
    told = np.array(CASES[name]["bartlett"], dtype=float)
    determined = ~np.isnan(ours)
    assert determined.sum() > 0.9 * ours.size
    np.testing.assert_allclose(ours[determined], told[determined], atol=1e-7)


def test_bartlett_scores_of_a_factor_without_any_answer_are_missing():
    point, answers = point_and_answers("cfa")
    some = answers[~np.isnan(answers).any(axis=1)][:5].copy()
    whole = bartlett_scores(point, point.nu, some, incomplete=True)
    some[:, 3:6] = np.nan  # all items of the second factor
    some[4] = np.nan
    part = bartlett_scores(point, point.nu, some, incomplete=True)
    assert np.isnan(part[:, 1]).all()
    assert np.isnan(part[4]).all()
    # Items of different factors have uncorrelated residuals: the other scores stay as they were.
    np.testing.assert_allclose(part[:4, [0, 2]], whole[:4, [0, 2]], atol=1e-10)
    regression = conditional_means(
        point, point.nu, np.arange(9, 12), np.arange(9), some, incomplete=True
    )
    assert np.isfinite(regression[:4]).all()
    assert np.isnan(regression[4]).all()


def test_patterns_hold_every_row_once():
    seen = np.zeros(50, dtype=int)
    observed = np.random.default_rng(1).random((50, 4)) < 0.6
    for rows, columns in patterns_of(observed):
        seen[rows] += 1
        assert (observed[rows].sum(axis=1) == len(columns)).all()
        assert observed[np.ix_(rows, columns)].all()
    assert (seen == 1).all()


@pytest.fixture(scope="module")
def mimic() -> cs.Fit:
    return cs.sem(TOLD["complete"]["model"], data("holzinger1939"), meanstructure=True)


def test_predictions_of_items_are_lavaans(mimic):
    told = TOLD["complete"]
    ours = mimic.predict_items()
    # The latent variables depend on covariates, but no observed variable does but by them.
    assert list(ours.columns) == told["items"]
    # lavaan stops where its objective hardly changes: estimates are right to about 1e-5.
    np.testing.assert_allclose(ours[:30], np.array(told["predicted"]), atol=2e-4)


def test_predictions_from_other_variables_are_lavaans(mimic):
    told = TOLD["complete"]
    ours = mimic.predict(told["targets"])
    np.testing.assert_allclose(ours[:30], np.array(told["conditional"]), atol=2e-4)
    pd.testing.assert_frame_equal(ours, mimic.predict(told["targets"], given=told["given"]))
    some = data("holzinger1939").drop(columns=told["targets"]).iloc[[5, 2]]
    again = mimic.predict(told["targets"], some)
    assert list(again.index) == [5, 2]
    np.testing.assert_allclose(again, ours.iloc[[5, 2]], atol=1e-12)


def test_latent_variables_can_be_predicted_too(mimic):
    scores = mimic.factor_scores()
    pd.testing.assert_frame_equal(mimic.predict(list(scores.columns)), scores)


@pytest.mark.parametrize("name", ["hs_cfa_ml", "hs_cfa_ml_meanstructure", "path_observed"])
def test_residuals_of_predicted_items_average_to_zero(name):
    fit = fitted(name)
    predicted = fit.predict_items()
    answers = pd.DataFrame(fit.moments.data, columns=list(fit.moments.names))
    difference = (answers[predicted.columns] - predicted).mean()
    np.testing.assert_allclose(difference, 0.0, atol=1e-8)


def test_a_regression_predicts_what_least_squares_does():
    answers = data("holzinger1939")
    fit = cs.sem("x9 ~ x1 + x4 + ageyr", answers)
    x = np.column_stack([np.ones(len(answers)), answers[["x1", "x4", "ageyr"]]])
    coefficients = np.linalg.lstsq(x, answers["x9"], rcond=None)[0]
    for ours in (fit.predict("x9"), fit.predict_items()):
        np.testing.assert_allclose(ours["x9"], x @ coefficients, atol=1e-8)


def test_rows_with_gaps_count_where_the_fit_used_them():
    fit, answers = fitted("hs_cfa_ml"), data("holzinger1939")[[f"x{k}" for k in range(1, 10)]]
    gap = answers.iloc[:3].copy()
    gap.iloc[1, 0] = np.nan
    assert fit.factor_scores(gap).isna().all(axis=1).tolist() == [False, True, False]
    whole = MissingPatterns(np.ones((1, 9), dtype=bool), (np.arange(301),))
    incomplete = arrange(fit.moments.data, whole)
    sample = dataclasses.replace(fit.moments, incomplete=incomplete)
    full = dataclasses.replace(fit, samples=(sample,))
    scores = full.factor_scores(gap)
    assert scores.notna().all(axis=None)
    pd.testing.assert_frame_equal(scores.iloc[[0, 2]], fit.factor_scores(gap).iloc[[0, 2]])
    assert full.predict("x9", gap).notna().all(axis=None)
    assert fit.predict("x9", gap).isna()["x9"].tolist() == [False, True, False]


def test_what_cannot_be_predicted(mimic):
    with pytest.raises(cs.errors.ModelError, match="no variable 'x10'"):
        mimic.predict("x10")
    with pytest.raises(cs.errors.ModelError, match="'speed' is a latent variable"):
        mimic.predict("x1", given=["speed"])
    with pytest.raises(cs.errors.ModelError, match="'x1' is to be predicted from itself"):
        mimic.predict("x1", given=["x1", "x2"])
    with pytest.raises(cs.errors.ModelError, match="nothing is left to use"):
        mimic.predict("x1", given=[])
    items = [f"x{k}" for k in range(1, 10)]
    answers = data("holzinger1939")
    fit = cs.cfa("f =~ x1 + x2 + x3", cov=answers[items].cov(), n_obs=301)
    with pytest.raises(cs.errors.DataError, match="without means"):
        fit.predict("x1", answers)
    with pytest.raises(cs.errors.DataError, match=r"predict_items: .*covariance matrix"):
        fit.predict_items()


def test_groups_have_their_own_scores_and_predictions():
    model = "visual =~ x1 + x2 + x3; speed =~ x7 + x8 + x9; speed ~ visual"
    both = two_schools(model)
    answers = data("holzinger1939")
    for school, some in answers.groupby("school"):
        alone = cs.sem(model, some, meanstructure=True)
        for ours, theirs in (
            (both.factor_scores(), alone.factor_scores()),
            (both.factor_scores(method="bartlett"), alone.factor_scores(method="bartlett")),
            (both.predict_items(), alone.predict_items()),
            (both.predict(["x9", "speed"]), alone.predict(["x9", "speed"])),
        ):
            assert ours.index.names[0] == "group"
            # Optimisers stop at about 1e-8 of a standard error.
            np.testing.assert_allclose(ours.loc[school], theirs, atol=1e-5)
        table = both.effects().table
        table = table[table["group"] == 1 + both.groups.index(school)].reset_index(drop=True)
        expected = alone.effects().table
        pd.testing.assert_frame_equal(
            table.drop(columns="group"), expected.drop(columns="group"), rtol=1e-4
        )
        pd.testing.assert_frame_equal(
            both.effects().std_total.loc[school], alone.effects().std_total, rtol=1e-5
        )
    assert both.groups[1] in str(both.effects())
    new = {school: some.head(2) for school, some in answers.groupby("school")}
    scores = both.factor_scores(new)
    assert list(scores.loc["Pasteur"].index) == list(new["Pasteur"].index)
    with pytest.raises(cs.errors.DataError, match=r"2 groups.*data=\{'Pasteur': \.\.\., 'Grant"):
        both.factor_scores(answers)


@pytest.mark.parametrize("name", list(ORDINAL))
def test_scores_of_ordinal_items(name):
    fit = ordinal_fit(name)
    modes = fit.factor_scores(method="ebm")
    assert list(modes.columns) == ORDINAL[name]["latent"]
    np.testing.assert_allclose(modes, np.array(ORDINAL[name]["ebm"]), atol=4e-4)
    means = fit.factor_scores()
    pd.testing.assert_frame_equal(means, fit.factor_scores(method="eap"))
    # Mode and mean of nearly normal posteriors.
    assert np.abs(means - modes).to_numpy().max() < 0.3
    for scores in zip(means.to_numpy().T, modes.to_numpy().T, strict=True):
        assert np.corrcoef(scores)[0, 1] > 0.99


def test_ordinal_answers_may_be_missing_but_not_new():
    fit = ordinal_fit("two")
    some = pd.DataFrame(ORDINAL["two"]["answers"][:3], columns=ORDINAL["two"]["items"], dtype=float)
    some.iloc[1, 2] = np.nan
    some.iloc[2] = np.nan
    scores = fit.factor_scores(some)
    assert scores.notna().all(axis=1).tolist() == [True, True, False]
    some.iloc[0, 0] = 7
    with pytest.raises(cs.errors.DataError, match="item N1 has the answer 7, which nobody gave"):
        fit.factor_scores(some)
    with pytest.raises(cs.errors.EstimationError, match="'regression' is not for ordinal items"):
        fit.factor_scores(method="regression")
    with pytest.raises(cs.errors.UnsupportedError, match="ordinal"):
        fit.predict("N1")
    with pytest.raises(cs.errors.EstimationError, match="'eap' is not for items that are numbers"):
        fitted("hs_cfa_ml").factor_scores(method="eap")


def test_covariates_move_the_scores_of_ordinal_items():
    """With nearly continuous items the scores are the regression scores of the numbers."""
    rng = np.random.default_rng(5)
    n, p = 400, 5
    x = rng.standard_normal(n)
    f = 0.7 * x + rng.standard_normal(n)
    y = (
        0.8 * f[:, None]
        + rng.standard_normal((n, p)) * 0.7
        + 0.3 * x[:, None] * (np.arange(p) == 0)
    )
    names = [f"y{k}" for k in range(p)]
    model = "f =~ y0 + y1 + y2 + y3 + y4; f ~ x; y0 ~ x"
    frame = pd.DataFrame(y, columns=names).assign(x=x)
    fit = cs.sem(model, frame, meanstructure=True)
    point, nu = fit.point, fit.point.nu
    items, covariates = np.arange(p), np.array([p])
    parts = measurement_given(point, nu, items, covariates, x[:, None])
    grid = np.linspace(-6.0, 6.0, 481)
    codes = np.searchsorted(grid, y).astype(float)
    mean, _ = posterior_moments(Measurement((grid,) * p, *parts), codes)
    np.testing.assert_allclose(mean[:, 0], fit.factor_scores()["f"], atol=0.02)
    exact, _ = posterior_moments(Measurement((np.empty(0),) * p, *parts), y)
    np.testing.assert_allclose(exact[:, 0], fit.factor_scores()["f"], atol=1e-8)


def test_scores_keep_the_labels_of_the_rows_used():
    pupils = data("holzinger1939").rename(index=lambda i: f"pupil {i}")
    pupils.loc["pupil 3", "x1"] = np.nan
    scores = cs.cfa("f =~ x1 + x2 + x3", pupils).factor_scores()
    assert scores.index.equals(pupils.index.drop("pupil 3"))
    by_school = cs.cfa("f =~ x1 + x2 + x3", pupils, group="school").factor_scores()
    assert set(by_school.loc["Pasteur"].index) < set(pupils.index[pupils["school"] == "Pasteur"])
    weighted = cs.cfa("f =~ x1 + x2 + x3", pupils.assign(w=1.0), sampling_weights="w")
    np.testing.assert_allclose(weighted.factor_scores().loc["pupil 9"], scores.loc["pupil 9"])
