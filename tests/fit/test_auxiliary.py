"""Auxiliary variables under full information: as semTools has them, and no part of the model."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from helpers.lavaan_cases import REFERENCE

import clustersem as cs
from clustersem.errors import DataError, ModelError, UnsupportedError
from clustersem.spec import build_spec, options_for

TOLD = json.loads((REFERENCE / "auxiliary.json").read_text())
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"


def answers(name="hs_design_missing"):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


@pytest.fixture(scope="module")
def fit():
    return cs.cfa(MODEL, answers(), missing="ml", auxiliary=["x7", "x8"])


@pytest.mark.parametrize("name", TOLD)
def test_as_semtools(name):
    told = TOLD[name]
    options = {key.replace(".", "_"): value for key, value in dict(told["options"]).items()}
    auxiliary = told["auxiliary"]
    auxiliary = [auxiliary] if isinstance(auxiliary, str) else auxiliary
    fit = getattr(cs, told["fun"])(
        told["model"], answers(told["data"]), missing="ml", auxiliary=auxiliary, **options
    )
    for key, value in told["measures"].items():
        # semTools leaves lavaan's stopping rule as it is, which is good to about 1e-6 of F.
        assert fit.measures[key] == pytest.approx(value, rel=2e-5, abs=2e-6), key
    place = {}
    for row in fit.estimates.itertuples():
        place[row.lhs, row.op, row.rhs, row.group] = place[row.rhs, row.op, row.lhs, row.group] = (
            row
        )
    assert len(told["estimates"]) == len(fit.estimates)
    for row in told["estimates"]:
        own = place[row["lhs"], row["op"], row["rhs"], row.get("group", 1)]
        size = max(1.0, abs(row["est"]))
        assert own.est == pytest.approx(row["est"], abs=1e-4 * size), own
        assert own.se == pytest.approx(row["se"], abs=1e-4 * size), own


def test_they_are_no_part_of_the_model(fit):
    alone = cs.cfa(MODEL, answers(), missing="ml")
    assert fit.auxiliary == ("x7", "x8")
    assert fit.spec.target == alone.spec.observed
    assert fit.spec.text == MODEL
    assert fit.spec.to_text() == alone.spec.to_text()
    assert fit.df == alone.df
    assert fit.measures["baseline_df"] == alone.measures["baseline_df"]
    added = [row for row in fit.spec.parameters if {row.lhs, row.rhs} & {"x7", "x8"}]
    # Two means, three moments of theirs, and twelve covariances with the six items.
    assert len(added) == 17
    assert all(row.free and not row.user for row in added)
    ours, theirs = fit.own_estimates, alone.estimates
    assert ours[["lhs", "op", "rhs"]].equals(theirs[["lhs", "op", "rhs"]])
    offered = [
        set(map(tuple, f.modification_indices().iloc[:, :3].to_numpy())) for f in (fit, alone)
    ]
    assert offered[0] == offered[1]
    assert list(fit.r_squared.index) == list(alone.r_squared.index)


def test_residual_indices_are_of_the_model_alone(fit):
    raw = fit.residuals("raw").to_numpy()[:6, :6]
    sd = np.sqrt(fit.sample_cov.to_numpy().diagonal()[:6])
    squares = (raw / np.outer(sd, sd))[np.tril_indices(6)] ** 2
    assert fit.measures["srmr_bentler_nomean"] == pytest.approx(np.sqrt(squares.mean()), rel=1e-12)


def test_without_gaps_in_the_model_they_change_nothing():
    frame = answers("holzinger1939").assign(x7=lambda d: d["x7"].where(d.index % 5 > 0))
    alone = cs.cfa(MODEL, frame, missing="ml")
    helped = cs.cfa(MODEL, frame, missing="ml", auxiliary="x7")
    assert any("no answer to a variable of the model is missing" in w for w in helped.warnings)
    np.testing.assert_allclose(helped.own_estimates["est"], alone.estimates["est"], atol=1e-6)
    np.testing.assert_allclose(helped.own_estimates["se"], alone.estimates["se"], atol=1e-6)
    for name in ("chisq", "df", "cfi", "tli", "srmr", "rmsea", "gfi", "agfi", "pgfi", "crmr"):
        assert helped.measures[name] == pytest.approx(alone.measures[name], rel=1e-6, abs=1e-7)


def test_a_changed_model_keeps_them(fit):
    spec = fit.spec.with_parameter("x1", "~~", "x4")
    assert spec.options.auxiliary == ("x7", "x8")
    assert spec.to_text().endswith("x1 ~~ x4\n") or spec.to_text().endswith("x1 ~~ x4")
    larger = cs.cfa(spec, answers(), missing="ml")
    assert larger.df == fit.df - 1
    assert larger.auxiliary == fit.auxiliary
    anew = cs.cfa(MODEL + "\nx1 ~~ x4", answers(), missing="ml", auxiliary=["x7", "x8"])
    assert larger.measures["chisq"] == pytest.approx(anew.measures["chisq"], abs=1e-9)
    with pytest.raises(ModelError, match="'x7' is a variable of the model already"):
        fit.spec.with_parameter("visual", "=~", "x7")
    policy = cs.RespecificationPolicy(max_steps=1)
    assert cs.respecify(fit, policy).fit.auxiliary == fit.auxiliary


def test_what_is_said_of_them(fit):
    text = fit.summary()
    assert "Auxiliary variables     x7, x8" in text
    assert "x7 ~~" not in text
    assert any("The auxiliary variables x7, x8 covary with all others" in w for w in fit.warnings)
    assert len(fit.diagnose().checks) == 6
    assert pickle.loads(pickle.dumps(fit)).auxiliary == ("x7", "x8")


def test_invariance_leaves_them_free():
    steps = cs.invariance(MODEL, answers(), group="school", missing="ml", auxiliary=["x7", "x8"])
    last = steps.fits["strict"]
    labelled = [row for row in last.spec.parameters if {row.lhs, row.rhs} & {"x7", "x8"}]
    assert labelled
    assert not any(row.label for row in labelled)
    told = cs.cfa(
        MODEL,
        answers(),
        missing="ml",
        group="school",
        group_equal=["loadings", "intercepts", "residuals"],
        auxiliary=["x7", "x8"],
    )
    assert last.df == told.df
    assert last.measures["chisq"] == pytest.approx(told.measures["chisq"], rel=1e-7)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"auxiliary": ["x7"]}, UnsupportedError, "helps full information only"),
        ({"auxiliary": ["x1"], "missing": "ml"}, ModelError, "'x1' is a variable of the model"),
        ({"auxiliary": "visual", "missing": "ml"}, ModelError, "'visual' is a variable of the mo"),
        ({"auxiliary": "x77", "missing": "ml"}, DataError, "not there; did you mean 'x7'"),
        ({"auxiliary": "school", "missing": "ml"}, DataError, "school"),
        ({"auxiliary": 3, "missing": "ml"}, UnsupportedError, "auxiliary=3: write a list of names"),
        ({"auxiliary": "x7", "ordered": True}, UnsupportedError, "full information"),
    ],
)
def test_what_cannot_be(options, error, message):
    with pytest.raises(error, match=message):
        cs.cfa(MODEL, answers(), **options)


def test_a_model_cannot_have_a_variable_both_ways():
    with pytest.raises(ModelError, match="'x2' is a variable of the model already"):
        build_spec(MODEL, options_for("cfa", auxiliary=["x2"]))


def test_scores_are_of_the_items(fit):
    """Auxiliary variables covary with residuals, and so say nothing of latent variables."""
    frame, items = answers(), [f"x{k}" for k in range(1, 7)]
    there = frame[items].notna().all(axis=1)
    values = frame.loc[there, items].to_numpy() - fit.implied_mean[items].to_numpy()
    table = fit.own_estimates
    loadings = np.zeros((6, 2))
    for row in table[table["op"] == "=~"].itertuples():
        loadings[items.index(row.rhs), fit.spec.latent.index(row.lhs)] = row.est
    sigma = fit.implied_cov.loc[items, items].to_numpy()
    weights = np.linalg.solve(sigma, loadings @ fit.latent_cov.to_numpy())
    scores = fit.factor_scores()
    assert list(scores) == list(fit.spec.latent)
    np.testing.assert_allclose(scores[there.to_numpy()], values @ weights, atol=1e-10)
    theta = np.linalg.inv(sigma - loadings @ fit.latent_cov.to_numpy() @ loadings.T)
    bartlett = np.linalg.solve(loadings.T @ theta @ loadings, loadings.T @ theta)
    found = fit.factor_scores(method="bartlett")[there.to_numpy()]
    np.testing.assert_allclose(found, values @ bartlett.T, atol=1e-9)
    assert list(fit.predict_items()) == items
    with pytest.raises(ModelError, match="'x7' is an auxiliary variable"):
        fit.predict("visual", given=["x1", "x7"])
    assert not fit.predict("x1", given=["x2", "x7"]).equals(fit.predict("x1", given=["x2"]))
