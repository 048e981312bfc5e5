"""Sentences on the sample: who was used, and what normal theory costs with Likert items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data
from scipy.stats import kurtosis, skew

from clustersem.errors import DataWarning
from clustersem.fit.likert_notes import likert_notes, shapes_of
from clustersem.fit.sample_notes import rows_used, sample_notes
from clustersem.moments import moments_from_cov, samples_from_data

ITEMS = ["x1", "x2", "x3", "x4"]


def incomplete():
    frame = data("holzinger1939_missing").copy()
    frame.loc[0, ITEMS] = np.nan
    frame.loc[[0, 7], "school"] = None
    frame["ageyr"] = frame["ageyr"].where(frame.index >= 3)
    return frame


def missing_share(frame):
    gaps = int(frame.isna().to_numpy().sum())
    return gaps, f"{100 * gaps / frame.size:.1f}"


def test_all_rows_used_is_said_but_not_noted():
    samples = samples_from_data(data("holzinger1939"), ITEMS)
    assert rows_used(samples) == "all 301 respondents were used."
    assert sample_notes(samples, 10) == []


def test_listwise_deletion_is_counted():
    samples = samples_from_data(data("holzinger1939_missing"), ITEMS)
    n = len(data("holzinger1939_missing")[ITEMS].dropna())
    sentence = (
        f"{301 - n} of 301 respondents have a missing answer and were left out (listwise deletion);"
        f" {n} were used."
    )
    assert rows_used(samples) == sentence
    assert sample_notes(samples, 10) == [(None, sentence)]


def test_every_reason_is_counted():
    samples = samples_from_data(
        incomplete(), [*ITEMS, "ageyr"], missing="ml", exogenous=["ageyr"], group="school"
    )
    kept = incomplete().query("index > 7 or index in (3, 4, 5, 6)")[[*ITEMS, "ageyr"]]
    gaps, share = missing_share(kept)
    school = incomplete()["school"]
    patterns = sum(
        len(kept[school.loc[kept.index] == label].isna().drop_duplicates())
        for label in ("Pasteur", "Grant-White")
    )
    assert rows_used(samples) == (
        "297 of 301 respondents were used; left out: 2 with a missing covariate, 2 in none of the"
        f" groups (Pasteur: 152, Grant-White: 145). {gaps} of their answers ({share} %) are"
        f" missing; full information uses the others, in {patterns} patterns."
    )


def test_pairwise_says_that_it_is():
    samples = samples_from_data(incomplete(), ITEMS, missing="pairwise")
    assert rows_used(samples).startswith(
        "300 of 301 respondents were used; left out: 1 with no answer to any variable of the model."
    )
    assert rows_used(samples).endswith(
        "every pair of variables uses the respondents who answered both."
    )


def test_small_groups_and_few_clusters_warn():
    frame = data("holzinger1939").assign(room=np.arange(301) % 9)
    small = pd.concat([frame.iloc[:6], frame[frame["school"] == "Grant-White"]])
    ((kind, sentence),) = sample_notes(samples_from_data(small, ITEMS, group="school"), 26)
    assert kind is DataWarning
    assert sentence == (
        "there are fewer respondents in group 'Pasteur' (6) than the model has parameters in a"
        " group (about 13): what is estimated from them hardly says anything of others. Join"
        " groups, or set parameters equal with group_equal=."
    )
    clustered = samples_from_data(frame, ITEMS, cluster="room")
    assert sample_notes(clustered, 9) == []
    ((kind, sentence),) = sample_notes(clustered, 10)
    assert kind is DataWarning
    assert sentence == (
        "9 clusters are fewer than the 10 free parameters: cluster-robust standard errors come out"
        " too small and their covariance matrix is singular. Some 40 clusters or more are wanted"
        " (Cameron & Miller, 2015); use a smaller model, or report standard errors as a lower"
        " bound."
    )


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_shapes_are_those_of_the_answers_that_there_are(share):
    rng = np.random.default_rng(1)
    values = rng.gamma(2.0, size=(500, 4)) * [1.0, 1e80, 1e-80, 1.0]
    values[:, 3] = rng.integers(1, 5, 500)
    values[rng.random(values.shape) < share] = np.nan
    shapes = shapes_of(values)
    scaled = values / np.nanmax(values, axis=0)
    np.testing.assert_allclose(shapes.skewness, skew(scaled, nan_policy="omit"), rtol=1e-10)
    np.testing.assert_allclose(
        shapes.kurtosis, kurtosis(scaled, nan_policy="omit"), rtol=1e-10, atol=1e-12
    )
    assert shapes.categories.tolist() == [5, 5, 5, 4]


def test_a_rare_fifth_answer_is_seen_after_a_glance():
    answers = np.tile([1.0, 2.0, 3.0, 4.0], 200)[:, None]
    assert shapes_of(answers).categories.tolist() == [4]
    answers[-1] = 5.0
    assert shapes_of(answers).categories.tolist() == [5]


def likert():
    """Answers to seven-point items, two of which have but three answers, one of them skewed."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(4, 1.2, (400, 5)).round().clip(1, 7), columns=list("abcde"))
    frame["b"] = (frame["b"] / 3).round()
    frame["d"] = np.where(np.arange(400) < 390, 1, 2 + np.arange(400) % 2)
    frame["e"] = np.exp(frame["e"])
    return frame


def test_what_maximum_likelihood_costs_is_said_with_the_items():
    samples = samples_from_data(likert(), list("abcde"))
    coarse, uneven = likert_notes(samples)
    assert coarse == (
        "b, d have fewer than five different answers, yet ML takes them as"
        " continuous and normal: loadings and correlations come out too small, and chi2 comes out"
        " too large and standard errors too small (Muthen & Kaplan, 1985; DiStefano, 2002;"
        " Rhemtulla, Brosseau-Liard & Savalei, 2012). The more so with strong skewness, as of d."
        " Fit them as ordinal: ordered=True, or ordered= with their names."
    )
    skewness, excess = skew(likert()["e"]), kurtosis(likert()["e"])
    assert uneven == (
        f"e (skewness {skewness:.1f}, kurtosis {excess:.1f}) is far from normal: with ML chi2 comes"
        " out too large and standard errors too small (Curran, West & Finch, 1996). Use"
        " estimator='MLR', or ordered= for items with few answers."
    )


def test_corrections_help_with_chi2_only():
    (coarse,) = likert_notes(samples_from_data(likert(), list("abcde")), robust=True)
    assert "chi2 and standard errors are corrected for that, estimates are not" in coarse


def test_covariates_ordinary_items_and_matrices_give_no_sentence():
    assert likert_notes(samples_from_data(likert(), ["a", "b", "c"]), exogenous=["b"]) == ()
    assert likert_notes(samples_from_data(data("cross_border_simulated"), ["C1", "C2"])) == ()
    cov = likert().cov()
    assert likert_notes([moments_from_cov(cov, list("abcde"), 400)]) == ()


def test_groups_are_looked_at_together():
    frame = likert().assign(g=np.arange(400) % 2)
    # In either group alone, an item has four answers.
    frame["a"] = np.where(frame["g"] == 0, frame["a"].clip(1, 4), frame["a"].clip(4, 7))
    assert likert_notes(samples_from_data(frame, ["a", "c"], group="g")) == ()
