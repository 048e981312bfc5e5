"""Single respondents: against fits without the row, against lavaan, and in words."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.certify.deletion import Cases, Deletion, cases_of
from clustersem.certify.influence import influence
from clustersem.errors import DataError
from clustersem.resample.refit import Refitter

MODEL = "f =~ x0 + x1 + x2\ng =~ y0 + y1 + y2\ng ~ f"


def without_each(fit, errors=True):
    cases = cases_of(fit, 10_000)
    work = Deletion(Refitter.of(fit), cases, errors)
    parts = [work(number) for number in range(len(cases.batches))]
    return cases, parts


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"meanstructure": True},
        {"likelihood": "wishart"},
        {"group": "group", "group_labels": ["north", "south"], "group_equal": ["loadings"]},
        {"sampling_weights": "weight"},
        {
            "sampling_weights": "weight",
            "group": "group",
            "group_labels": ["north", "south"],
            "group_equal": ["loadings"],
        },
        {"estimator": "GLS"},
        {"estimator": "MLR"},
        {"missing": "fiml"},
        {"bounds": "pos.var"},
    ],
    ids=str,
)
def test_refits_without_a_respondent_are_fits_without_the_row(small, options):
    if options.get("missing") == "fiml":
        small = small.copy()
        small.iloc[::7, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = cs.cfa(MODEL, small, **options)
        cases, parts = without_each(fit)
        theta, chi2 = (np.concatenate([getattr(p, x) for p in parts]) for x in ("theta", "chi2"))
        covariance = np.concatenate([p.covariance for p in parts])
        # All of them for plain ML; of the others some of each group.
        for i in range(0, len(cases), 1 if not options else 7):
            label = fit.samples[cases.group[i]].index[cases.row[i]]
            alone = cs.cfa(MODEL, small.drop(index=label), **options)
            assert alone.converged
            # Both ended at a decrement of 1e-14 or less.
            np.testing.assert_allclose(theta[i], alone.theta, rtol=1e-6, atol=1e-6)
            assert chi2[i] == pytest.approx(alone.multiplier * alone.state.f, rel=1e-6, abs=1e-6)
            np.testing.assert_allclose(covariance[i], alone.vcov_theta, rtol=1e-5, atol=1e-6)


def test_refits_of_ordinal_items_are_fits_without_the_row():
    frame = data("hs_ordinal")
    fit = cs.cfa("f =~ o1 + o2 + o3 + o4", frame, ordered=True)
    rows = np.array([0, 150, 243])
    work = Deletion(Refitter.of(fit), Cases(np.zeros(3, dtype=np.intp), rows), True)
    found = work(0)
    for i, row in enumerate(rows):
        alone = cs.cfa("f =~ o1 + o2 + o3 + o4", frame.drop(index=row), ordered=True)
        np.testing.assert_allclose(found.theta[i], alone.theta, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(found.covariance[i], alone.vcov_theta, rtol=1e-6, atol=1e-8)


def test_measures_are_those_of_lavaan(fit):
    told = case("influence")
    table = influence(fit, n_jobs=1, progress=False).table.set_index("row")
    names = list(fit.vcov.index)
    order = [told["parameters"].index(name) for name in names]
    _, (first, *_) = without_each(fit)
    for one in told["cases"]:
        row = table.loc[one["row"]]
        # lavaan was brought to a gradient of 1e-12.
        assert row["gcd"] == pytest.approx(one["gcd"], rel=1e-7)
        assert row["delta_chisq"] == pytest.approx(one["delta_chisq"], abs=1e-7)
        dfbetas = np.array(one["dfbetas"])[order]
        largest = np.abs(dfbetas).argmax()
        assert row["parameter"] == names[largest]
        assert row["dfbetas"] == pytest.approx(dfbetas[largest], rel=1e-7)
    np.testing.assert_allclose(
        first.theta[0], np.array(told["cases"][0]["theta"])[order], rtol=1e-7
    )


def test_the_likelihood_displacement_is_that_of_all_respondents(small):
    fit = cs.cfa(MODEL, small)
    table = influence(fit, n_jobs=1, progress=False).table
    _, (part,) = without_each(fit)
    displacement = [fit.multiplier * (fit.objective.at(t).f - fit.state.f) for t in part.theta]
    np.testing.assert_allclose(table["likelihood_displacement"], displacement, rtol=1e-9)
    assert (table["likelihood_displacement"] > 0).all()
    assert table["row"].tolist() == small.index.tolist()


def test_one_respondent_on_whom_a_path_hangs_is_named(small):
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.standard_normal((60, 2)), columns=["x", "y"])
    frame.loc[17] = [9.0, 9.0]
    fit = cs.sem("y ~ x", frame)
    alone = cs.sem("y ~ x", frame.drop(index=17))
    p, q = (f.estimates.loc[0, "p_value"] for f in (fit, alone))
    assert p < 0.05 < q
    found = influence(fit, n_jobs=1, progress=False)
    assert found.check.status == "doubtful"
    assert (
        f"y ~ x (p = {p:.3f}) is not significant without row 17 ({q:.3f})" in found.check.sentence
    )
    row = found.table.set_index("row").loc[17]
    assert row["gcd"] == found.table["gcd"].max()
    assert "not significant" in row["changes"]


def test_robust_standard_errors_are_those_without_the_respondent(small):
    fit = cs.cfa(MODEL, small, estimator="MLR")
    found = influence(fit, n_jobs=1, progress=False)
    row = found.table.iloc[found.table["gcd"].argmax()]
    alone = cs.cfa(MODEL, small.drop(index=row["row"]), estimator="MLR")
    moved = fit.theta - alone.theta
    expected = moved @ np.linalg.solve(alone.vcov_theta, moved)
    # The inverse of a covariance matrix of estimates loses some digits.
    assert row["gcd"] == pytest.approx(expected, rel=1e-4)


def test_of_many_respondents_those_unlike_the_others_are_left_out(fit, holzinger, monkeypatch):
    monkeypatch.setattr("clustersem.certify.influence.AT_MOST", 30)
    found = influence(fit, n_jobs=1, progress=False)
    x = holzinger[[f"x{k}" for k in range(1, 10)]]
    away = x - x.mean()
    distance = np.einsum("ij,ij->i", away @ np.linalg.inv(np.cov(x.T)), away)
    assert found.table["row"].tolist() == sorted(np.argsort(-distance)[:30].tolist())
    assert "30 respondents left out one by one of 301" in found.check.sentence


def test_a_solution_that_one_respondent_makes_improper_is_told():
    rng = np.random.default_rng(5)
    f = rng.standard_normal(50)
    frame = pd.DataFrame({f"x{k}": 0.6 * f + 0.8 * rng.standard_normal(50) for k in range(3)})
    frame.loc[7] = [8.0, 8.0, -1.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = cs.cfa("f =~ x0 + x1 + x2", frame)
    found = influence(fit, n_jobs=1, progress=False)
    row = found.table.set_index("row").loc[7]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = cs.cfa("f =~ x0 + x1 + x2", frame.drop(index=7))
    assert bool(alone.diagnose().checks[0].passed) == row["admissible"]
    assert found.check.status == "doubtful"


def test_the_index_plot_names_those_who_matter_most(fit, tmp_path):
    found = cs.certificate(fit, starts=0, second_opinion=False)
    labels = [text.get_text() for text in cs.influence_figure(found).axes[0].texts]
    top = found.influence.sort_values("gcd", ascending=False).head(5)
    assert labels == [f"{r.row}: {r.parameter}" for r in top.itertuples()]
    path = cs.influence_figure(found, tmp_path / "influence.svg")
    assert path.read_text().startswith("<?xml")


def test_there_is_no_plot_without_answers():
    cov = pd.DataFrame(0.5 + 0.5 * np.eye(4), index=list("abcd"), columns=list("abcd"))
    found = cs.certificate(cs.cfa("f =~ a + b + c + d", cov=cov, n_obs=100), starts=0)
    with pytest.raises(DataError, match="no answers to leave out"):
        cs.influence_figure(found)
    with pytest.raises(DataError, match=r"what cs\.certificate returns"):
        cs.influence_figure(None)
