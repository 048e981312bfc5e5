"""Fits to moments that one pass has collected are those to the answers themselves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import DataError, UnsupportedError
from clustersem.moments.ordinal import ordinal_statistics

DATA = Path(__file__).resolve().parent.parent / "reference" / "data"
ABILITY = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
TESTS = [f"x{i}" for i in range(1, 10)]
TRAITS = "agreeable =~ A1 + A2 + A3 + A4 + A5; neurotic =~ N1 + N2 + N3 + N4 + N5"
TRAIT_ITEMS = [f"{trait}{i}" for trait in "AN" for i in range(1, 6)]


def chunks(frame, size):
    for start in range(0, len(frame), size):
        yield frame.iloc[start : start + size]


@pytest.fixture(scope="module")
def ability():
    return pd.read_csv(DATA / "holzinger1939.csv")


@pytest.fixture(scope="module")
def traits():
    return pd.read_csv(DATA / "bfi.csv")


def assert_same_fit(found, wanted, rtol=1e-9):
    """Sums of the same numbers in another order; iterations carry the last digits on."""
    for column in ("est", "se"):
        np.testing.assert_allclose(
            found.estimates[column], wanted.estimates[column], rtol=rtol, atol=1e-10
        )
    assert list(found.measures) == list(wanted.measures)
    for name in wanted.measures:
        assert found.measures[name] == pytest.approx(
            wanted.measures[name], rel=rtol, abs=1e-9, nan_ok=True
        ), name
    assert found.warnings == wanted.warnings


@pytest.mark.parametrize(
    "estimator", ["ML", "GLS", "ULS", "MLR", "MLM", "MLMV", "MLF", "WLS", "DWLS", "ULSMV"]
)
def test_continuous_items(ability, estimator):
    moments = cs.read_moments(chunks(ability, 40), TESTS)
    found = cs.cfa(ABILITY, moments, estimator=estimator)
    assert_same_fit(found, cs.cfa(ABILITY, ability, estimator=estimator))


def test_moments_agree_to_the_last_digits(ability):
    wanted = cs.cfa(ABILITY, ability).samples[0]
    (found,) = cs.read_moments(chunks(ability, 7), TESTS).samples(wanted.names, ordinal=False)
    # Twelve digits are what the documentation promises; the order of summation takes fewer.
    np.testing.assert_allclose(found.cov, wanted.cov, rtol=1e-12)
    np.testing.assert_allclose(found.mean, wanted.mean, rtol=1e-14)


def test_means_and_covariates(ability):
    model = f"{ABILITY}; visual ~ ageyr"
    moments = cs.read_moments(chunks(ability, 40), [*TESTS, "ageyr"])
    for options in ({"estimator": "MLR"}, {"meanstructure": True, "estimator": "MLM"}):
        assert_same_fit(cs.sem(model, moments, **options), cs.sem(model, ability, **options))


@pytest.mark.parametrize("estimator", ["ML", "MLR", "ULSMV"])
def test_groups(ability, estimator):
    moments = cs.read_moments(chunks(ability, 40), TESTS, group="school")
    options = {"estimator": estimator, "group_equal": ["loadings", "intercepts"]}
    wanted = cs.cfa(ABILITY, ability, group="school", **options)
    assert_same_fit(cs.cfa(ABILITY, moments, **options), wanted)
    assert_same_fit(cs.cfa(ABILITY, moments, group="school", **options), wanted)


def test_groups_in_another_order_and_fewer_of_them(ability):
    moments = cs.read_moments(chunks(ability, 40), TESTS, group="school")
    for labels in (["Grant-White", "Pasteur"], ["Pasteur"]):
        found = cs.cfa(ABILITY, moments, group_labels=labels)
        wanted = cs.cfa(ABILITY, ability, group="school", group_labels=labels)
        assert found.groups == tuple(labels)
        assert_same_fit(found, wanted)


def test_some_of_the_items_in_another_order(ability):
    moments = cs.read_moments(chunks(ability, 40), TESTS[::-1])
    model = "speed =~ x8 + x7 + x9; textual =~ x6 + x4 + x5"
    assert_same_fit(cs.cfa(model, moments), cs.cfa(model, ability))


@pytest.mark.parametrize("estimator", ["WLSMV", "ULSMV", "DWLS", "WLS"])
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_ordinal_items(traits, estimator, missing):
    moments = cs.read_moments(chunks(traits, 300), TRAIT_ITEMS, ordered=True, missing=missing)
    options = {"estimator": estimator, "missing": missing}
    found = cs.cfa(TRAITS, moments, **options)
    wanted = cs.cfa(TRAITS, traits, ordered=True, **options)
    if missing == "pairwise":  # what is missing in the rows is not looked at any more
        assert "223 of their answers" in wanted.warnings[0]
        assert found.warnings == wanted.warnings[1:]
        object.__setattr__(wanted, "warnings", found.warnings)
    assert_same_fit(found, wanted)


def test_ordinal_items_in_groups(traits):
    frame = traits.dropna(subset=TRAIT_ITEMS)
    moments = cs.read_moments(chunks(frame, 300), TRAIT_ITEMS, ordered=True, group="gender")
    equal = ["loadings", "thresholds"]
    found = cs.cfa(TRAITS, moments, group_equal=equal)
    assert_same_fit(found, cs.cfa(TRAITS, frame, ordered=True, group="gender", group_equal=equal))
    # The same pass serves a fit of the same items as continuous.
    assert_same_fit(
        cs.cfa(TRAITS, moments, ordered=False, estimator="MLR"),
        cs.cfa(TRAITS, frame, group="gender", estimator="MLR"),
    )


def test_invariance_reads_nothing_again(ability):
    moments = cs.read_moments(chunks(ability, 40), TESTS, group="school")
    found = cs.invariance(ABILITY, moments, group="school")
    wanted = cs.invariance(ABILITY, ability, group="school")
    assert str(found) == str(wanted)


# -- what rests on a sample of the rows ----------------------------------------------------------


@pytest.fixture(scope="module")
def sampled(traits):
    return cs.read_moments(chunks(traits, 300), TRAIT_ITEMS, ordered=True, rows_kept=1000)


def test_estimates_of_ordinal_items_are_those_of_all(traits, sampled):
    for estimator in ("WLSMV", "ULSMV"):
        found = cs.cfa(TRAITS, sampled, estimator=estimator)
        wanted = cs.cfa(TRAITS, traits, estimator=estimator, ordered=True)
        np.testing.assert_allclose(found.estimates["est"], wanted.estimates["est"], rtol=1e-9)
        assert found.measures["chisq"] == pytest.approx(wanted.measures["chisq"], rel=1e-9)
        free = wanted.estimates["se"] > 0
        ratio = found.estimates["se"][free] / wanted.estimates["se"][free]
        # A variance estimated from m = 1000 rows has a standard error of some sqrt(2 / m), 4.5 %,
        # and half of that as standard deviation; heavy tails add to it. 28 of them at once.
        assert np.abs(ratio - 1.0).max() < 0.1
        assert not np.allclose(ratio, 1.0, atol=1e-6)
        assert found.measures["chisq_scaled"] == pytest.approx(
            wanted.measures["chisq_scaled"], rel=0.1
        )
        assert "rest on 1000 respondents drawn at random from the 2618" in found.warnings[-1]
        assert "weights are those of all" in found.warnings[-1]


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_variances_of_polychorics_follow_from_tables(traits, missing):
    moments = cs.read_moments(
        chunks(traits, 300), TRAIT_ITEMS, ordered=True, missing=missing, rows_kept=100
    )
    (sample,) = moments.samples(TRAIT_ITEMS, ordinal=True)
    values = traits[TRAIT_ITEMS].to_numpy(float)
    if missing == "listwise":
        values = values[~np.isnan(values).any(axis=1)]
    wanted = ordinal_statistics(values, np.ones(10, dtype=bool), names=TRAIT_ITEMS)
    np.testing.assert_allclose(sample.ordinal.values, wanted.values, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(sample.ordinal.gamma.diagonal(), wanted.gamma.diagonal(), rtol=1e-9)
    assert np.linalg.eigvalsh(sample.ordinal.gamma)[0] > -1e-9


def test_robust_errors_of_continuous_items(traits, sampled):
    found = cs.cfa(TRAITS, sampled, estimator="MLR", ordered=False)
    wanted = cs.cfa(TRAITS, traits, estimator="MLR")
    np.testing.assert_allclose(found.estimates["est"], wanted.estimates["est"], rtol=1e-9)
    free = wanted.estimates["se"] > 0
    ratio = found.estimates["se"][free] / wanted.estimates["se"][free]
    assert np.abs(ratio - 1.0).max() < 0.1  # as above
    assert "estimates are those of all" in found.warnings[-1]
    plain = cs.cfa(TRAITS, sampled, ordered=False)
    assert not any("drawn at random" in sentence for sentence in plain.warnings)


def test_weights_from_a_sample_are_said_to_be(traits, sampled):
    found = cs.cfa(TRAITS, sampled, estimator="DWLS", ordered=False)
    assert found.warnings[-1].startswith("the weights of the moments, and with them estimates,")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"estimator": "WLS"}, "estimator='WLS' inverts .* 1000 of 2618"),
        ({"estimator": "WLS", "ordered": False}, "estimator='WLS' inverts"),
        ({"estimator": "ML", "ordered": False, "test": "browne.residual.adf"}, "residual.adf"),
        ({"sampling_weights": "age"}, "sampling_weights= needs the answers"),
        ({"cluster": "age"}, "cluster= needs the answers"),
        ({"missing": "ml", "ordered": False}, "full information .* needs the answers"),
        ({"estimator": "ML"}, "some are ordered.*ordered=False"),
        ({"ordered": ["A1"]}, "would be continuous beside ordered items"),
    ],
)
def test_what_needs_every_answer_is_refused(sampled, options, said):
    with pytest.raises(UnsupportedError, match=said):
        cs.cfa(TRAITS, sampled, **options)


def test_a_call_that_differs_from_how_moments_were_read(ability, traits, sampled):
    plain = cs.read_moments(ability, TESTS)
    pairwise = cs.read_moments(traits, TRAIT_ITEMS, ordered=True, missing="pairwise")
    for call, said in (
        (lambda: cs.cfa(ABILITY, plain, group="school"), "were read of all respondents together"),
        (lambda: cs.cfa(ABILITY, plain, group_labels=["a"]), "Read them with group="),
        (lambda: cs.cfa(ABILITY, plain, ordered=True), "were not counted"),
        (lambda: cs.cfa(f"{ABILITY}; x1 | t1", plain), "categories of x1 were not counted"),
        (lambda: cs.cfa(ABILITY.replace("x9", "X99"), plain), "names X99, .*did you mean 'x9'"),
        (lambda: cs.cfa(ABILITY, plain, n_obs=3), "go with cov="),
        (lambda: cs.cfa(ABILITY, plain, missing="pairwise", ordered=True), "'listwise'"),
        (lambda: cs.cfa(TRAITS, pairwise), "Write missing='pairwise' here, too"),
        (lambda: cs.cfa(TRAITS, pairwise, ordered=False, missing="pairwise"), "'listwise'"),
        (lambda: cs.cfa(TRAITS, sampled, ordered=["A9"]), "no observed variable"),
        (lambda: cs.cfa(TRAITS, sampled).factor_scores(), "ordinal|moments read in one pass"),
        (lambda: cs.cfa(ABILITY, plain).factor_scores(), "moments read in one pass"),
    ):
        with pytest.raises((DataError, UnsupportedError), match=said):
            call()


def test_scores_come_from_answers_piece_by_piece(ability):
    fit = cs.cfa(ABILITY, cs.read_moments(ability, TESTS))
    pieces = [fit.factor_scores(piece) for piece in chunks(ability, 100)]
    pd.testing.assert_frame_equal(pd.concat(pieces), fit.factor_scores(ability))


# -- samples that no model can be fitted to ------------------------------------------------------


def test_what_is_wrong_with_the_items_of_a_model(ability, traits):
    def refused(frame, said, model=ABILITY, items=TESTS, **options):
        moments = cs.read_moments(chunks(frame, 50), items, **options)
        with pytest.raises(DataError, match=said):
            cs.cfa(model, moments)
        # Models without that item are none the worse for it.
        assert cs.cfa("textual =~ x4 + x5 + x6", moments).converged

    refused(ability.assign(x1=3.25), "the chunks: every respondent gave the same answer to x1")
    refused(ability.assign(x2=ability["x1"] * 2.0), "singular .* x1 and x2")
    refused(ability.assign(x1=ability["x1"] * 1e200), "standard deviation of x1 is")
    with pytest.raises(DataError, match="9 observed variables"):
        cs.cfa(ABILITY, cs.read_moments(ability.iloc[:9], TESTS))
    gaps = ability.copy()
    for number, name in enumerate(TESTS):
        gaps.loc[gaps.index[number::9], name] = np.nan
    with pytest.raises(DataError, match="none of the 301 rows has an answer to every item"):
        cs.cfa(ABILITY, cs.read_moments(gaps, TESTS))
    small = ability.assign(school=["tiny"] * 5 + ["large"] * 296)
    with pytest.raises(DataError, match="'tiny' has 5 usable respondents"):
        cs.cfa(ABILITY, cs.read_moments(small, TESTS, group="school"))


def test_what_is_wrong_with_ordinal_items(traits):
    frame = traits.dropna(subset=TRAIT_ITEMS)
    women = frame.assign(A1=frame["A1"].where((frame["gender"] == 2) | (frame["A1"] < 6), 5))
    with pytest.raises(DataError, match="nobody chose 6 of A1 in '1'"):
        cs.cfa(TRAITS, cs.read_moments(women, TRAIT_ITEMS, ordered=True, group="gender"))
    with pytest.raises(DataError, match="A1 has the answer 3 only"):
        cs.cfa(TRAITS, cs.read_moments(frame.assign(A1=3), TRAIT_ITEMS, ordered=True))
    with pytest.raises(DataError, match="runs to 1 or -1"):
        cs.cfa(TRAITS, cs.read_moments(frame.assign(A2=frame["A1"]), TRAIT_ITEMS, ordered=True))
    halves = traits.copy()
    halves.loc[halves.index[::2], "A1"] = np.nan
    halves.loc[halves.index[1::2], "A2"] = np.nan
    moments = cs.read_moments(halves, TRAIT_ITEMS, ordered=True, missing="pairwise")
    with pytest.raises(DataError, match="nobody answered both items of A1 with A2"):
        cs.cfa(TRAITS, moments, missing="pairwise")
