"""Cutoffs against lavaan's distributions, published values, and fits one at a time."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.errors import (
    AdmissibilityWarning,
    ConvergenceWarning,
    DataError,
    EstimationError,
    ModelError,
    UnsupportedError,
)
from clustersem.resample.cutoff_data import generators_of, truths_of
from clustersem.resample.cutoff_replications import (
    INDICES,
    CutoffWork,
    MomentIndexer,
)
from clustersem.resample.generators import Normal
from clustersem.resample.measurement import measurement_of
from clustersem.resample.misspecified import levels_of
from clustersem.resample.refits import CONVERGED
from clustersem.resample.streams import stream

THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
ITEMS = [f"x{k}" for k in range(1, 10)]
ONE = "g =~ " + " + ".join(ITEMS)
ORDINAL = THREE.replace("x1", "o1").replace("x2", "o2").replace("x3", "o3")
for number in range(4, 10):
    ORDINAL = ORDINAL.replace(f"x{number}", f"o{number}")


@pytest.fixture(scope="module")
def three():
    fit = cs.cfa(THREE, data("holzinger1939"))
    return fit, cs.cutoffs(fit, n=500, seed=1)


@pytest.fixture(scope="module")
def one():
    fit = cs.cfa(ONE, data("holzinger1939"))
    return fit, cs.cutoffs(fit, n=500, seed=1)


def test_published_cutoffs(three):
    """The vignette of the authors' software prints .040, .044 and .984 for this model, level 1.

    Theirs and ours are quantiles of 500 replications each, whose standard errors are about .001
    (SRMR, CFI) and .002 (RMSEA).
    """
    _, cutoffs = three
    told = ["textual =~ x2 (0.424)", "textual =~ x7 (0.570)"]
    assert cutoffs.levels["added"].tolist()[1:] == told
    assert cutoffs.cutoff("srmr", 1) == pytest.approx(0.040, abs=0.003)
    assert cutoffs.cutoff("rmsea", 1) == pytest.approx(0.044, abs=0.006)
    assert cutoffs.cutoff("cfi", 1) == pytest.approx(0.984, abs=0.003)
    for ask in (lambda: cutoffs.cutoff("RMSEA", 1), lambda: cutoffs.best_level("tli")):
        with pytest.raises(UnsupportedError, match="only of 'srmr', 'rmsea', 'cfi'"):
            ask()


@pytest.mark.parametrize("which", ["three", "one"])
def test_distributions_are_those_of_lavaan(which, request):
    """So many replications lie below lavaan's quantiles as should, at every level.

    Four standard errors of a difference of shares in 500 and 400 replications, over all of 105
    comparisons.
    """
    _, cutoffs = request.getfixturevalue(which)
    reference = case("cutoffs")
    told = reference[{"three": "factors", "one": "single"}[which]]["quantiles"]
    assert len(cutoffs.levels) == len(told)
    for level, quantiles in enumerate(told):
        rows = cutoffs.replications[cutoffs.replications["level"] == level]
        for index in INDICES:
            values = rows[index].to_numpy()
            for p, quantile in zip(reference["probabilities"], quantiles[index], strict=True):
                tolerance = 4 * np.sqrt(p * (1 - p) * (1 / 500 + 1 / reference["replications"]))
                below, upto = np.mean(values < quantile - 1e-9), np.mean(values <= quantile + 1e-9)
                # An index of exactly 0 or 1 has a share of its own.
                assert below - tolerance <= p <= upto + tolerance, (level, index, p)


def test_cutoffs_tell_what_they_should(three):
    _, cutoffs = three
    sure = cutoffs.table.query("level > 0 and rule == '95/5'")
    assert len(sure) >= 3
    for level, index, cutoff in zip(sure["level"], sure["measure"], sure["cutoff"], strict=True):
        for own, least, most in ((0, 0.0, 0.05), (level, 0.95, 1.0)):
            values = cutoffs.replications.loc[cutoffs.replications["level"] == own, index]
            beyond = values < cutoff if index == "cfi" else values > cutoff
            # A quantile lies between two of 500 replications.
            assert least - 1 / 500 <= beyond.mean() <= most + 1 / 500


def test_prefix_and_pickle(three):
    fit, cutoffs = three
    fewer = cs.cutoffs(fit, n=150, seed=1)
    for level in range(3):
        long, short = (
            c.replications[c.replications["level"] == level][list(INDICES)].to_numpy()
            for c in (cutoffs, fewer)
        )
        # The rest of a batch is another batch, but whole ones are the same.
        np.testing.assert_array_equal(long[:100], short[:100])
    truths = truths_of(fit, levels_of(measurement_of(fit)).added)
    _, generators, _ = generators_of(fit, truths, None)
    indexers = tuple(MomentIndexer.of(fit, truth, None) for truth in truths.populations)
    work = CutoffWork(generators, indexers, 150, 1)
    again = pickle.loads(pickle.dumps(work))
    np.testing.assert_array_equal(work(3).indices, again(3).indices)
    other = cs.cutoffs(fit, n=100, seed=2)
    assert not np.array_equal(other.replications["srmr"][:100], fewer.replications["srmr"][:100])


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (THREE, {}),
        (THREE, {"meanstructure": True}),
        (THREE, {"likelihood": "wishart"}),
        (THREE + "\nvisual ~ ageyr + sex", {}),
        (THREE + "\nvisual ~ ageyr\ntextual ~ ageyr", {"fixed_x": False}),
        ("visual =~ x1 + a*x2 + a*x3\ntextual =~ x4 + x5 + x6", {}),
    ],
    ids=["plain", "means", "wishart", "fixed x", "random x", "equal loadings"],
)
def test_batches_have_the_indices_of_fits(model, options):
    fit = cs.sem(model, data("holzinger1939"), **options)
    truths = truths_of(fit, levels_of(measurement_of(fit)).added)
    generator = Normal(truths.populations[-1])
    found = MomentIndexer.of(fit, truths.populations[-1], None)(generator, stream(7, 0, 1), 3)
    assert (found.code == CONVERGED).all()
    cov, mean = generator.moments(stream(7, 0, 1), fit.n_obs, 3)
    names = list(fit.spec.observed)
    n = fit.n_obs
    for b in range(3):
        means = {"mean": mean[b]} if options.get("meanstructure") else {}
        sample = pd.DataFrame(cov[b] * n / (n - 1), names, names)
        with warnings.catch_warnings():
            # A replication of level 2 may well have a negative variance.
            warnings.simplefilter("ignore", AdmissibilityWarning)
            own = cs.sem(model, cov=sample, n_obs=n, **means, **options)
        told = [own.measures[index] for index in INDICES]
        # Two optimisers stop within 1e-7 of the same minimum.
        np.testing.assert_allclose(found.indices[b], told, atol=1e-6)


def test_likert_answers_are_those_of_the_sample_and_the_model():
    answers = data("cross_border_simulated")[[f"C{k}" for k in (1, 2, 3, 4, 5, 6, 7, 8)]]
    fit = cs.cfa("B1 =~ C1 + C2 + C3 + C4\nB2 =~ C5 + C6 + C7 + C8", answers)
    drawn, (generator, *_), notes = generators_of(fit, truths_of(fit, ()), None)
    assert drawn == "likert"
    assert notes == ()
    many = generator.draw(np.random.default_rng(1), 200_000, 1)[0]
    for column, (_, own) in zip(many.T, answers.items(), strict=True):
        share = pd.Series(column).value_counts(normalize=True).sort_index()
        told = own.value_counts(normalize=True).sort_index()
        assert list(share.index) == list(told.index)
        # Four standard errors of a share in 200000.
        np.testing.assert_allclose(share, told, atol=4 * np.sqrt(0.25 / 200_000))
    sd = np.sqrt(np.diag(fit.implied_cov))
    implied = fit.implied_cov.to_numpy() / np.outer(sd, sd)
    # Four standard errors of a correlation.
    np.testing.assert_allclose(np.corrcoef(many.T), implied, atol=4 / np.sqrt(200_000))
    assert generators_of(fit, truths_of(fit, ()), "normal")[0] == "normal"


def test_likert_with_batches():
    answers = data("cross_border_simulated")
    fit = cs.cfa("B1 =~ C1 + C2 + C3 + C4\nB2 =~ C5 + C6 + C7 + C8", answers)
    cutoffs = cs.cutoffs(fit, n=60, seed=3)
    assert cutoffs.answers == "likert"
    assert cutoffs.levels["used"].tolist() == [60, 60]
    assert cutoffs.replications.notna().all(axis=None)


def test_corrected_tests_are_read_as_the_report_reads_them():
    fit = cs.cfa(THREE, data("holzinger1939"), estimator="MLM")
    cutoffs = cs.cutoffs(fit, n=3, seed=1)
    assert cutoffs.values["rmsea"] == fit.measures["rmsea_robust"]
    assert cutoffs.values["cfi"] == fit.measures["cfi_robust"]
    assert cutoffs.levels["used"].tolist() == [3, 3, 3]
    assert any("scaled chi2" in note for note in cutoffs.notes)


@pytest.mark.parametrize(
    ("options", "name", "equivalent"),
    [
        ({"estimator": "MLMV"}, "holzinger1939", False),
        ({"estimator": "MLF"}, "holzinger1939", True),
        ({"estimator": "GLS"}, "holzinger1939", False),
        ({"bounds": "pos.var"}, "holzinger1939", True),
        ({"missing": "pairwise"}, "holzinger1939_missing", True),
        ({"missing": "ml", "auxiliary": ["ageyr"]}, "holzinger1939_missing", True),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_any_estimator(options, name, equivalent):
    fit = cs.cfa(THREE, data(name), **options)
    cutoffs = cs.cutoffs(fit, n=2, seed=1)
    assert cutoffs.levels["used"].tolist() == [2, 2, 2]
    assert (cutoffs.equivalence is not None) == equivalent


def test_ordered_items_are_drawn_through_their_thresholds():
    fit = cs.cfa(ORDINAL, data("hs_ordinal"), ordered=True)
    drawn, (generator, *_), _ = generators_of(fit, truths_of(fit, ()), None)
    assert drawn == "ordered"
    many = generator.draw(np.random.default_rng(1), 100_000, 1)[0]
    share = (many[:, :1] == np.unique(many[:, 0])).mean(axis=0)
    told = data("hs_ordinal")["o1"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(share, told, atol=4 * np.sqrt(0.25 / 100_000))
    cutoffs = cs.cutoffs(fit, n=2, seed=1)
    assert cutoffs.levels["used"].sum() == 6
    assert cutoffs.equivalence is None
    assert any("No equivalence tests" in note for note in cutoffs.notes)


def test_gaps_stay_where_they_are():
    fit = cs.cfa(THREE, data("holzinger1939_missing"), missing="ml")
    cutoffs = cs.cutoffs(fit, n=2, seed=1)
    assert cutoffs.levels["used"].tolist() == [2, 2, 2]
    assert cutoffs.equivalence.rmsea == pytest.approx(fit.measures["rmsea_ci_upper"])


def test_replications_that_fail_are_counted():
    rare = data("hs_ordinal").head(60).copy()
    rare["o7"] = np.where(np.arange(60) == 3, 3, rare["o7"].clip(upper=2))
    fit = cs.cfa("f =~ o1 + o2 + o3 + o7", rare, ordered=True)
    cutoffs = cs.cutoffs(fit, n=12, seed=5)
    counts = cutoffs.levels[["used", "not_converged", "unusable"]]
    assert counts.sum(axis=1).tolist() == [12, 12]
    # Nobody in 60 has a category that one in 60 has with probability .36.
    assert (counts["unusable"] > 0).all()
    failed = counts["not_converged"] + counts["unusable"]
    assert cutoffs.replications["srmr"].isna().sum() == failed.sum()
    assert any("gave no result" in note for note in cutoffs.notes)
    assert "unusable" in cutoffs.summary()


def test_only_equivalence_where_no_level_is_defined():
    fit = cs.sem("x1 ~ x2 + x3\nx4 ~ x1", data("holzinger1939"))
    cutoffs = cs.cutoffs(fit, seed=1)
    assert cutoffs.table.empty
    assert cutoffs.answers == "none"
    assert cutoffs.equivalence is not None
    assert cutoffs.findings == ()
    assert np.isnan(cutoffs.cutoff("rmsea", 1))
    assert cutoffs.best_level("rmsea") is None
    assert "No dynamic cutoffs: the model has no latent variable" in cutoffs.summary()
    weighted = cs.cfa(THREE, data("hs_design"), sampling_weights="weight")
    assert any("sampling weights" in note for note in cs.cutoffs(weighted).notes)


def test_verdicts(three):
    _, cutoffs = three
    assert cutoffs.best_level("rmsea") is None
    assert cutoffs.table.query("level == 0")["verdict"].tolist() == ["not better"] * 3
    said = cutoffs.summary()
    assert "Level" not in said
    assert "1  + textual =~ x2 (0.424)" in said
    assert "SRMR 0.065: no better than misfit of level 2." in said
    assert repr(cutoffs) == "<Cutoffs: df 24, n 301, 2 levels, 500 replications>"
    correct = cs.cfa(THREE, cov=cs.cfa(THREE, data("holzinger1939")).implied_cov, n_obs=301)
    found = cs.cutoffs(correct, n=100, seed=1)
    assert [found.best_level(index) for index in INDICES] == [0, 0, 0]
    assert all("as a correct model" in text for text in found.findings)


def test_bad_input(three):
    fit, _ = three
    answers = data("holzinger1939")
    with pytest.raises(ModelError, match="no degrees of freedom"):
        cs.cutoffs(cs.cfa("f =~ x1 + x2 + x3", answers))
    with pytest.raises(UnsupportedError, match=r"Pasteur, Grant-White.*Fit each group alone"):
        cs.cutoffs(cs.cfa(THREE, answers, group="school"))
    with pytest.raises(UnsupportedError, match="takes a fit, not a str"):
        cs.cutoffs(THREE)
    with pytest.raises(UnsupportedError, match="n=0 replications"):
        cs.cutoffs(fit, n=0)
    with pytest.raises(UnsupportedError, match=r"alpha=0\.7"):
        cs.cutoffs(fit, alpha=0.7)
    with pytest.raises(UnsupportedError, match="answers='uniform'"):
        cs.cutoffs(fit, answers="uniform")
    with pytest.raises(UnsupportedError, match="seed=-1"):
        cs.cutoffs(fit, seed=-1)
    with pytest.raises(UnsupportedError, match="n_jobs=0"):
        cs.cutoffs(fit, n_jobs=0)
    with pytest.raises(DataError, match=r"answers=.likert. cannot be drawn"):
        cs.cutoffs(cs.cfa(THREE, cov=fit.sample_cov, n_obs=301), answers="likert")
    with pytest.warns(ConvergenceWarning):
        lost = cs.cfa(ONE + "\n" + THREE, answers, orthogonal=True)
    with pytest.raises(EstimationError, match="did not converge"):
        cs.cutoffs(lost)


def test_negative_variance_is_no_population():
    s = pd.DataFrame(np.eye(4), list("abcd"), list("abcd"))
    s.loc["a", "b"] = s.loc["b", "a"] = 0.9
    for i, j in (("a", "c"), ("b", "c")):
        s.loc[i, j] = s.loc[j, i] = 0.3
    for k in "abc":
        s.loc[k, "d"] = s.loc["d", k] = 0.5 if k == "a" else 0.3
    with pytest.warns(AdmissibilityWarning):
        fit = cs.cfa("f =~ a + b\ng =~ c + d", cov=s, n_obs=200)
    found = cs.cutoffs(fit)
    assert found.table.empty
    assert any("negative variance" in note for note in found.notes)
