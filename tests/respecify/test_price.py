"""The price of a respecification: against brute force, and in its limits."""

import numpy as np
import pandas as pd
import pytest
from respecify_models import ABILITY, DATA

import clustersem as cs
from clustersem.errors import DataError, ModelError, UnsupportedError
from clustersem.respecify.folds import folds_of
from clustersem.respecify.price_numbers import corrected, optimism_of
from clustersem.respecify.price_work import FIRST_HALVES, Contest, Job, Record
from clustersem.respecify.rules import key_of

ITEMS = [f"x{i}" for i in range(1, 10)]
POLICY = cs.RespecificationPolicy(allow="residual_covariances", max_steps=2)


@pytest.fixture(scope="module")
def searched(ability):
    return cs.respecify(ability, POLICY)


@pytest.fixture(scope="module")
def price(searched):
    return cs.price(searched, folds=3, repeats=2, n=12, seed=3)


@pytest.fixture(scope="module")
def given(ability):
    return cs.respecify(ability, cs.RespecificationPolicy(steps=["x7 ~~ x8", "x2 ~~ x7"]))


def discrepancy(cov, sigma):
    return (
        np.linalg.slogdet(sigma)[1]
        - np.linalg.slogdet(cov)[1]
        + np.trace(np.linalg.solve(sigma, cov))
        - len(cov)
    )


def frame(sample):
    return pd.DataFrame(sample.data, columns=list(sample.names))


def divided_by_n(data):
    return np.cov(data[ITEMS].T, bias=True)


# In some parts of the sample the variance of x9 is negative; its fit is as good a number as any.
inadmissible = pytest.mark.filterwarnings("ignore::clustersem.errors.AdmissibilityWarning")


@inadmissible
def test_cross_validation_by_brute_force(ability, given):
    price = cs.price(given, folds=4, repeats=1, n=2, seed=5)
    whole = divided_by_n(frame(ability.moments))
    values, weights, penalties = [], [], []
    for part in folds_of(ability, 4, 5):
        trained = cs.cfa(given.fit.spec.to_text(), frame(part.training))
        new = divided_by_n(frame(part.validation))
        sigma = trained.implied_cov.loc[ITEMS, ITEMS].to_numpy()
        values.append(discrepancy(new, sigma) - discrepancy(new, whole))
        weights.append(part.validation.n_obs)
        penalties.append(trained.n_free * (1 + 301 / part.training.n_obs))
    ecvi = np.average(values, weights=weights)
    row = price.validation.loc["revised"]
    # The optimiser's accuracy, squared twice over: the estimates agree to 1e-6.
    assert row["cv_ecvi"] == pytest.approx(ecvi, rel=1e-6)
    assert row["cv_ecvi_se"] == pytest.approx(np.std(values, ddof=1) / 2, rel=1e-6)
    assert row["cv_chisq"] == pytest.approx(
        301 * ecvi - np.average(penalties, weights=weights), rel=1e-6
    )
    pd.testing.assert_series_equal(row, price.validation.loc["searched"], check_names=False)
    assert row["ecvi"] == pytest.approx(given.fit.measures["ecvi"], rel=1e-12)


@inadmissible
def test_optimism_by_brute_force(ability, searched):
    price = cs.price(searched, folds=2, repeats=1, n=2, seed=5)
    gains = []
    for part in folds_of(ability, 2, 5, FIRST_HALVES):
        own, other = (cs.cfa(ABILITY, frame(half)) for half in part)
        found = cs.respecify(own, POLICY)
        elsewhere = cs.cfa(found.fit.spec.to_text(), frame(part.validation))
        here = own.measures["chisq"] - found.fit.measures["chisq"]
        gains.append(here - (other.measures["chisq"] - elsewhere.measures["chisq"]))
    table = price.fit_table
    assert table.loc["chisq", "optimism"] == pytest.approx(np.mean(gains), rel=1e-6)
    assert table.loc["chisq", "plain"] == pytest.approx(searched.fit.measures["chisq"], rel=1e-12)


def test_steps_named_in_advance_have_no_optimism(given):
    price = cs.price(given, folds=2, repeats=1, n=8, seed=2)
    # What one half gains the other one loses, so nothing but rounding is left.
    np.testing.assert_allclose(price.fit_table["optimism"], 0.0, atol=1e-9)
    np.testing.assert_allclose(price.steps["shrinkage"], 1.0, rtol=1e-9)
    assert price.given
    assert price.steps["picked_halves"].isna().all()
    assert "The steps were given, not searched for." in str(price)
    # Resamples search, by the policy's rule: cross-construct pairs are not within_construct.
    picked = price.steps.set_index(["lhs", "rhs"])["picked"]
    assert 0.0 <= picked["x7", "x8"] <= 1.0
    assert np.isnan(picked["x2", "x7"])


def test_indices_follow_from_the_corrected_chi2(price, searched):
    table, fit = price.fit_table["corrected"], searched.fit
    chisq, df, n = table["chisq"], fit.df, 301
    assert table["cmin_df"] == pytest.approx(chisq / df, rel=1e-12)
    assert table["rmsea"] == pytest.approx(np.sqrt((chisq - df) / (df * n)), rel=1e-12)
    baseline = fit.measures["baseline_chisq"] - fit.measures["baseline_df"]
    assert table["cfi"] == pytest.approx(1 - (chisq - df) / baseline, rel=1e-12)
    assert table["ecvi"] == pytest.approx((chisq + 2 * fit.n_free) / n, rel=1e-12)


def test_frequencies_agree_with_the_models_found(price):
    sets, counts = price.sets, price.counts
    assert sets["times"].sum() == counts["resamples"] == 12
    assert sets["share"].sum() == pytest.approx(1.0)
    assert counts["distinct_sets"] == len(sets)
    assert counts["mean_freed"] == pytest.approx((sets["times"] * sets["n_freed"]).sum() / 12)
    for row in price.candidates.itertuples():
        name = f"{row.lhs} {row.op} {row.rhs}"
        with_it = [name in freed.split(", ") for freed in sets["freed"]]
        assert row.picked == pytest.approx(sets.loc[with_it, "share"].sum())
    merged = price.steps.merge(price.candidates, on=["lhs", "op", "rhs"])
    assert (merged["picked_x"] == merged["picked_y"]).all()
    assert merged["in_final"].all()


def test_the_number_of_processes_does_not_matter(searched, price):
    again = cs.price(searched, folds=3, repeats=2, n=12, seed=3, n_jobs=2)
    for name in ("fit_table", "validation", "steps", "candidates", "sets"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(price, name))
    assert str(again) == str(price)


def test_units_do_not_matter(price):
    data = pd.read_csv(DATA / "holzinger1939.csv")[ITEMS] * 1000.0
    again = cs.price(cs.respecify(cs.cfa(ABILITY, data), POLICY), folds=3, repeats=2, n=12, seed=3)
    # Ratios of sums in other units: rounding, through an optimiser that stops at 1e-10 or so.
    for name in ("fit_table", "validation"):
        pd.testing.assert_frame_equal(
            getattr(again, name), getattr(price, name), rtol=1e-6, atol=1e-7
        )
    assert again.steps["est"].to_numpy() == pytest.approx(price.steps["est"] * 1e6, rel=1e-6)
    assert again.steps["shrinkage"].to_numpy() == pytest.approx(price.steps["shrinkage"], rel=1e-5)


def test_a_parting_counts_only_with_both_halves():
    def record(number, optimism):
        contest = None if optimism is None else Contest(optimism, 0.0, {})
        return Record(Job("halves", number), (), contest=contest)

    records = [record(0, 4.0), record(0, -2.0), record(1, 50.0), record(1, None), record(2, 3.0)]
    records += [record(2, 2.0)]
    chisq, _ = optimism_of(records)
    assert (chisq.value, chisq.se) == pytest.approx((1.75, 0.75))


def test_the_correction_brings_the_fit_closer_to_that_on_new_respondents():
    # Two omitted covariances of .25 among 15 candidates, n = 200, searches that stop at 3.84.
    model = "f =~ a + b + c\ng =~ d + e + h"
    names = list("abcdeh")
    loadings = np.array([[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.8], [0, 0.7], [0, 0.6]])
    cov = loadings @ np.array([[1, 0.4], [0.4, 1]]) @ loadings.T
    np.fill_diagonal(cov, 1.0)
    cov[1, 4] = cov[4, 1] = cov[1, 4] + 0.12
    root = np.linalg.cholesky(cov)
    population = cs.cfa(model, cov=pd.DataFrame(cov, names, names), n_obs=200)
    rng = np.random.default_rng(22)
    policy = cs.RespecificationPolicy(allow="residual_covariances", max_steps=2)
    truth = cs.respecify(population, policy).space
    plain, better = [], []
    for seed in range(10):
        data = pd.DataFrame(rng.standard_normal((200, 6)) @ root.T, columns=names)
        result = cs.respecify(cs.cfa(model, data), policy)
        table = cs.price(result, folds=2, repeats=1, n=10, seed=seed).fit_table
        freed = frozenset(key_of((s.lhs, s.op, s.rhs)) for s in result.freed)
        there = truth.trial(freed).fit
        if there is None:
            continue
        # With normal answers chi2 on new ones has the mean N F0 + df, but for terms of order 1/n.
        new = 200 * there.state.f + there.df
        plain.append(table.loc["chisq", "plain"] - new)
        better.append(table.loc["chisq", "corrected"] - new)
    assert np.mean(plain) < -2.0
    assert abs(np.mean(better)) < 0.5 * abs(np.mean(plain))
    assert np.square(better).mean() < np.square(plain).mean()


def test_cross_validated_chi2_is_not_biased_for_a_model_named_in_advance():
    root = np.linalg.cholesky(0.4 * np.ones((5, 5)) + 0.6 * np.eye(5))
    rng = np.random.default_rng(8)
    nothing = cs.RespecificationPolicy(allow=())
    found = []
    for seed in range(30):
        data = pd.DataFrame(rng.standard_normal((150, 5)) @ root.T, columns=list("abcde"))
        result = cs.respecify(cs.cfa("f =~ a + b + c + d + e", data), nothing)
        row = cs.price(result, folds=5, repeats=1, n=2, seed=seed).validation.loc["initial"]
        found.append((row["cv_chisq"], row["cv_ecvi"], row["cv_ecvi_se"]))
    chisq, ecvi, se = np.transpose(found)
    # The model is right, so chi2 has the mean 5; three standard errors of 30 samples.
    assert abs(chisq.mean() - 5.0) < 3.0 * chisq.std(ddof=1) / np.sqrt(30)
    # A standard deviation from 30 samples is known to 13 %, one from five folds a sample is rough.
    assert se.mean() == pytest.approx(ecvi.std(ddof=1), rel=0.4)


@pytest.mark.parametrize(
    ("options", "rmsea"),
    [
        ({}, "rmsea"),
        ({"estimator": "MLM"}, "rmsea_robust"),
        ({"estimator": "MLR"}, "rmsea_robust"),
        ({"estimator": "MLMV"}, "rmsea_scaled"),
        ({"estimator": "GLS"}, "rmsea"),
    ],
)
def test_without_optimism_the_corrected_indices_are_the_reported_ones(options, rmsea):
    fit = cs.cfa(ABILITY, pd.read_csv(DATA / "holzinger1939.csv"), **options)
    same, worse = corrected(fit, 0.0, 0.0), corrected(fit, 10.0, 0.001)
    assert rmsea in same
    for name, value in same.items():
        assert value == pytest.approx(fit.measures[name], rel=1e-9)
        assert (worse[name] < value) if name.startswith("cfi") else (worse[name] > value)


def test_ordinal_answers_and_gaps_have_a_price():
    ordinal = pd.read_csv(DATA / "hs_ordinal.csv")
    fit = cs.cfa("visual =~ o1 + o2 + o3 + o5", ordinal, ordered=True)
    result = cs.respecify(fit, cs.RespecificationPolicy(max_steps=1, minimum_mi=0))
    price = cs.price(result, folds=2, repeats=1, n=2, seed=1)
    assert price.fit_table.index[0] == "chisq_scaled"
    assert np.isfinite(price.fit_table["corrected"]).all()
    assert price.validation["cv_chisq"].isna().all()  # no likelihood: no chi2 to compare with
    gaps = pd.read_csv(DATA / "holzinger1939_missing.csv")
    fit = cs.cfa(ABILITY, gaps, missing="fiml")
    price = cs.price(cs.respecify(fit, POLICY), folds=2, repeats=1, n=2, seed=1)
    assert np.isfinite(price.validation.to_numpy()[:, :4]).all()


def test_the_two_item_construct_is_named(cross_border):
    result = cs.respecify(cross_border, cs.RespecificationPolicy(steps=["C11 ~~ C12", "C2 ~~ C3"]))
    price = cs.price(result, folds=2, repeats=1, n=2, seed=1)
    caution = price.steps["caution"].iloc[0]
    assert caution.startswith("a residual covariance inside the two-item construct B3:")
    assert "tied with B3 ~~ A1: the data cannot tell them apart" in caution
    assert "nearly unidentified" in caution
    assert price.steps["caution"].iloc[1] == ""
    assert max(map(len, str(price).splitlines())) <= 100


def test_what_fails_is_counted_and_named():
    rng = np.random.default_rng(4)
    f = rng.standard_normal(80)
    data = pd.DataFrame({name: f + rng.standard_normal(80) for name in "abcd"})
    data["d"] = 0.0
    data.loc[0, "d"] = 1.0  # one respondent alone makes it an item: halves without them fail
    result = cs.respecify(cs.cfa("f =~ a + b + c\nd ~~ d\nd ~~ 0*f", data))
    price = cs.price(result, folds=2, repeats=1, n=10, seed=1)
    failed = price.failures.set_index("what")["times"]
    assert failed["half"] == 10  # a parting has one such half, and its other lacks the comparison
    assert price.counts["resamples_searched"] == 10 - failed["resample"]
    assert price.counts["partings_used"] == 0
    assert np.isnan(price.fit_table.loc["chisq", "corrected"])
    assert "Failed: resample" in str(price)


def test_a_policy_that_allows_nothing_has_a_price(ability):
    policy = cs.RespecificationPolicy(allow=())
    price = cs.price(cs.respecify(ability, policy), folds=2, repeats=1, n=4, seed=1)
    assert len(price.steps) == 0
    assert price.fit_table.loc["chisq", "optimism"] == pytest.approx(0.0, abs=1e-9)
    assert price.counts["final_set"] == 4
    assert "No parameter was freed." in str(price)
    # It is part of the report of a study, which is not lost for it.
    bars = cs.price_figure(price).axes[0]
    assert [text.get_text() for text in bars.texts] == ["none in any resample"]


def test_the_figure_shows_what_the_tables_say(price, tmp_path):
    figure = cs.price_figure(price)
    bars = [round(bar.get_width(), 6) for bar in figure.axes[0].patches]
    shown = [100 * share for share in price.steps["picked"]]
    assert bars[: len(shown)] == pytest.approx(shown)
    assert [axes.get_xlabel() for axes in figure.axes[1:]] == ["RMSEA", "CFI", "SRMR"]
    path = cs.price_figure(price, tmp_path / "price.svg")
    assert path.read_text(encoding="utf-8").count("x7 ~~ x8") == 1
    with pytest.raises(DataError, match=r"draws what cs\.price returns"):
        cs.price_figure("price")


def test_what_cannot_be_priced_is_refused_in_words(ability, searched):
    with pytest.raises(ModelError, match=r"takes what cs\.respecify returned, not a Fit"):
        cs.price(ability)
    cov = frame(ability.moments).cov()
    of_cov = cs.respecify(cs.cfa(ABILITY, cov=cov, n_obs=301), POLICY)
    with pytest.raises(UnsupportedError, match="needs the answers, to repeat the search"):
        cs.price(of_cov)
    for option in ({"folds": 1}, {"repeats": 0}, {"n": 1}, {"n": 2.5}):
        with pytest.raises(DataError, match="write a whole number"):
            cs.price(searched, **option)
    with pytest.raises(DataError, match="folds=400: there are 301 respondents"):
        cs.price(searched, folds=400)
