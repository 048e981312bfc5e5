"""Simulated data sets: what is drawn is what was asked for, and what cannot be is refused."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import DataError, ModelError, UnsupportedError
from clustersem.resample.generators import Normal
from clustersem.resample.missingness import MAR, MCAR
from clustersem.resample.population import Population, populations_of
from clustersem.resample.simulate import generators_of, group_sizes, simulate
from clustersem.resample.streams import stream

TEXT = "trust =~ 0.7*t1 + 0.8*t2 + 0.6*t3; use =~ 0.6*u1 + 0.7*u2 + 0.5*u3; use ~ 0.4*trust"
ANALYSIS = "trust =~ t1 + t2 + t3; use =~ u1 + u2 + u3; use ~ trust"
GROUPS = "f =~ c(0.7, 0.6)*a + 0.8*b + 0.5*c + 0.6*d; f ~ c(0, 1)*1"


def test_a_seed_gives_the_same_data_and_none_is_reported():
    one = simulate(TEXT, 50, standardized=True, seed=7)
    pd.testing.assert_frame_equal(one, simulate(TEXT, 50, standardized=True, seed=7))
    fresh = simulate(TEXT, 50, standardized=True)
    again = simulate(TEXT, 50, standardized=True, seed=fresh.attrs["seed"])
    pd.testing.assert_frame_equal(fresh, again)
    assert not one.equals(fresh)


def test_what_is_drawn_is_the_generator_s_first_replication():
    (population,) = populations_of(TEXT, standardized=True)
    drawn = Normal(population).draw(stream(7, 0, 0), 50, 1)[0]
    frame = simulate(TEXT, 50, standardized=True, seed=7)
    assert tuple(frame.columns) == population.names
    np.testing.assert_array_equal(frame, drawn)


def test_parameters_are_recovered():
    """Every estimate within four standard errors of its population value."""
    n = 20_000
    answers = simulate(TEXT, n, standardized=True, seed=1)
    fit = cs.sem(ANALYSIS, answers, std_lv=True)
    table = fit.standardized()
    wanted = {"t1": 0.7, "t2": 0.8, "t3": 0.6, "u1": 0.6, "u2": 0.7, "u3": 0.5}
    for row in table[table["op"] == "=~"].itertuples():
        assert abs(row.est - wanted[row.rhs]) < 4 * row.se
    path = table[table["op"] == "~"].iloc[0]
    assert abs(path["est"] - 0.4) < 4 * path["se"]


def test_thresholds_of_an_ordinal_fit_are_used():
    frame = data("hs_ordinal")
    fit = cs.cfa("f =~ o1 + o2 + o3 + o4", frame, ordered=True)
    n = 20_000
    answers = simulate(fit, n, seed=1)
    assert all(pd.api.types.is_integer_dtype(kind) for kind in answers.dtypes)
    for name in answers:
        share = frame[name].value_counts(normalize=True).sort_index()
        found = answers[name].value_counts(normalize=True).reindex(share.index, fill_value=0)
        assert (np.abs(found - share) < 4 * np.sqrt(share * (1 - share) / n)).all()
    again = cs.cfa("f =~ o1 + o2 + o3 + o4", answers, ordered=True)
    free = again.estimates["se"] > 0
    difference = np.abs(again.estimates["est"] - fit.estimates["est"])[free]
    assert free.sum() == 19
    assert (difference <= 4 * again.estimates["se"][free]).all()


def test_groups_have_their_labels_and_sizes():
    fit = cs.cfa("visual =~ x1 + x2 + x3", data("holzinger1939"), group="school")
    frame = simulate(fit, 301, seed=1, group="school")
    assert frame["school"].value_counts().to_dict() == {"Pasteur": 156, "Grant-White": 145}
    again = cs.cfa("visual =~ x1 + x2 + x3", frame, group="school")
    assert again.groups == fit.groups
    by_text = simulate(GROUPS, [40, 60], standardized=True, seed=1)
    assert by_text["group"].value_counts().to_dict() == {"2": 60, "1": 40}
    by_name = simulate(GROUPS, {"2": 5, "1": 3}, standardized=True, seed=1)
    assert by_name["group"].tolist() == ["1"] * 3 + ["2"] * 5


def test_one_number_is_the_total_of_all_groups():
    groups = [
        Population(("a",), np.eye(1), np.zeros(1), label, share=share)
        for label, share in (("x", 1.0), ("y", 1.0), ("z", 1.5))
    ]
    assert group_sizes(100, groups) == (29, 28, 43)
    assert group_sizes(np.int64(7), groups) == (2, 2, 3)
    assert sum(group_sizes(1001, groups)) == 1001


def test_chosen_rmsea_of_a_text():
    """In 50000 rows sampling adds little: the 90 % interval is 0.004 wide."""
    frame = simulate(TEXT, 50_000, standardized=True, rmsea=0.08, analysis=ANALYSIS, seed=1)
    measures = cs.sem(ANALYSIS, frame).measures
    assert measures["rmsea_ci_lower"] - 0.002 < 0.08 < measures["rmsea_ci_upper"] + 0.002
    fit = cs.sem(ANALYSIS, simulate(TEXT, 500, standardized=True, seed=2))
    again = cs.sem(ANALYSIS, simulate(fit, 50_000, rmsea=0.08, seed=3)).measures
    assert again["rmsea_ci_lower"] - 0.002 < 0.08 < again["rmsea_ci_upper"] + 0.002


def test_chosen_rmsea_keeps_thresholds_and_the_order_of_variables():
    text = TEXT + "; t1 | -0.5*t1 + 1*t2"
    analysis = "use =~ u1 + u2 + u3; trust =~ t1 + t2 + t3; use ~ trust"
    frame = simulate(text, 4000, standardized=True, rmsea=0.05, analysis=analysis, seed=1)
    assert frame.columns.tolist() == ["t1", "t2", "t3", "u1", "u2", "u3"]
    assert sorted(frame["t1"].unique()) == [1, 2, 3]
    # Responses still have variance one: P(response <= -0.5) = 0.309.
    assert abs((frame["t1"] == 1).mean() - 0.3085) < 4 * np.sqrt(0.31 * 0.69 / 4000)


def test_margins_of_the_sample():
    frame = data("cross_border_simulated")
    fit = cs.cfa("A =~ C1 + C2 + C3; B =~ C4 + C5 + C6", frame)
    n = 50_000
    answers = simulate(fit, n, marginals="sample", correlations="answers", seed=1)
    for name in answers:
        share = frame[name].value_counts(normalize=True).sort_index()
        found = answers[name].value_counts(normalize=True).sort_index()
        assert (np.abs(found - share) < 4 * np.sqrt(share * (1 - share) / n)).all()
    sd = np.sqrt(np.diag(fit.implied_cov))
    wanted = fit.implied_cov.to_numpy() / sd[:, None] / sd
    # A correlation of five-point answers has a standard error near 1 / sqrt(n).
    assert np.abs(answers.corr().to_numpy() - wanted).max() < 5 / np.sqrt(n)


def test_margins_of_the_sample_leave_measurements_alone():
    frame = data("cross_border_simulated")[["C1", "C2", "C3"]].copy()
    frame["age"] = np.random.default_rng(1).normal(40, 9, len(frame)) + frame["C1"]
    fit = cs.sem("A =~ C1 + C2 + C3; A ~ age", frame)
    answers = simulate(fit, 300, marginals="sample", seed=1)
    assert answers["age"].nunique() == 300
    assert set(answers["C1"].unique()) <= {1, 2, 3, 4, 5}


def test_missing_answers_make_columns_of_numbers():
    complete = simulate(TEXT, 400, standardized=True, categories=5, seed=1)
    for missing in (0.1, {"t2": 0.3}, MCAR(0.1), MAR(0.1, "t1")):
        frame = simulate(TEXT, 400, standardized=True, categories=5, seed=1, missing=missing)
        lost = frame.isna()
        assert lost.to_numpy().any()
        gaps = lost.any()
        assert (frame.dtypes[gaps] == np.float64).all()
        assert all(pd.api.types.is_integer_dtype(kind) for kind in frame.dtypes[~gaps])
        # The answers that are there are those of the complete data.
        assert ((frame == complete) | lost).to_numpy().all()


def test_every_combination_draws():
    for options in (
        {"skewness": 1.0, "kurtosis": 2.0},
        {"skewness": 0.8, "kurtosis": 2.0, "method": "independent"},
        {"kurtosis": {"t1": 3.0}, "thresholds": [-0.5, 0.5], "missing": 0.1},
        {"kurtosis": 2.0, "categories": 5},
        {"marginals": {"t1": [0.2, 0.8]}, "correlations": "answers"},
    ):
        frame = simulate(TEXT, 200, standardized=True, seed=1, **options)
        assert frame.shape == (200, 6)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n": 0}, DataError, "positive whole number"),
        ({"n": 2.5}, DataError, "n=2.5"),
        ({"n": True}, DataError, "n=True"),
        ({"n": [10, 20]}, DataError, "2 numbers for 1 groups"),
        ({"n": {"a": 5}}, DataError, r"numbers for \['a'\]"),
        ({"seed": -1}, UnsupportedError, "seed=-1"),
        ({"skewness": 1.0}, UnsupportedError, "without kurtosis="),
        ({"kurtosis": 1.0, "method": "ig"}, UnsupportedError, "method='ig'"),
        ({"kurtosis": 1.0, "marginals": [0.4, 0.6]}, UnsupportedError, "say where these are cut"),
        ({"correlations": "answers"}, UnsupportedError, "how many categories"),
        ({"marginals": "sample"}, UnsupportedError, "goes with a fit"),
        ({"rmsea": 0.05}, ModelError, "analysis='f =~ x1"),
        ({"analysis": ANALYSIS}, UnsupportedError, "goes with rmsea="),
        ({"rmsea": 0.05, "analysis": "a =~ t1 + t2 + t3 + u1"}, ModelError, "same ones"),
        (
            {"rmsea": 0.05, "analysis": "a =~ t1 + t2 + t3 + u1 + u2 + u3"},
            ModelError,
            "its RMSEA there is 0.1",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, error, message):
    options = {"n": 100, **options}
    with pytest.raises(error, match=message):
        simulate(TEXT, options.pop("n"), standardized=True, **options)


def test_what_a_fit_cannot_give_is_refused():
    frame = data("holzinger1939")
    fit = cs.cfa("visual =~ x1 + x2 + x3 + x4", frame)
    with pytest.raises(UnsupportedError, match="is for texts"):
        simulate(fit, 100, rmsea=0.05, analysis="visual =~ x1 + x2 + x3 + x4")
    with pytest.raises(UnsupportedError, match="all about how items are cut"):
        simulate(fit, 100, marginals="sample", categories=5)
    measured = cs.sem(ANALYSIS, simulate(TEXT, 300, standardized=True, seed=1))
    with pytest.raises(DataError, match="none is a Likert item"):
        simulate(measured, 100, marginals="sample")
    by_moments = cs.cfa("visual =~ x1 + x2 + x3", cov=frame[["x1", "x2", "x3"]].cov(), n_obs=301)
    with pytest.raises(UnsupportedError, match="this fit was given moments"):
        simulate(by_moments, 100, marginals="sample")
    with pytest.raises(DataError, match="is a variable of the model"):
        simulate(GROUPS, 100, standardized=True, group="a")


def test_generators_survive_a_worker_process():
    import pickle

    (population,) = populations_of(TEXT, standardized=True)
    for options in (
        {"categories": 5, "missing": MAR(0.1, "t1")},
        {"kurtosis": 1.0},
        {"kurtosis": 1.0, "method": "independent"},
    ):
        (generator,) = generators_of([population], **options)
        (copy,) = (pickle.loads(pickle.dumps(generator)),)
        one, other = (g.draw(np.random.default_rng(1), 20, 3) for g in (generator, copy))
        np.testing.assert_array_equal(one, other)


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    script = Path(__file__).resolve().parents[2] / "examples" / "pilot" / "plan_a_survey.py"
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    out = capsys.readouterr().out
    assert "300 pretend respondents" in out
    assert (tmp_path / "pretend_answers.csv").exists()
