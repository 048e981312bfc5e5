"""Data in which the model holds, and the test that resamples them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.park_miller import ParkMiller
from helpers.reference import case, data, fitted

import clustersem as cs
from clustersem.errors import EstimationError, UnsupportedError
from clustersem.resample.bollen_stine import fit_test, null_data, symmetric_root

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
PATH = "x4 ~ x1 + ageyr\nx7 ~ x4"


def frame_of(fit, arrays, group=None):
    """Return null data as a frame that can be fitted."""
    frames = []
    for sample, array in zip(fit.samples, arrays, strict=True):
        frame = pd.DataFrame(array, columns=list(sample.names))
        frames.append(frame.assign(**{group: sample.label}) if group else frame)
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(
    ("model", "name", "options"),
    [
        (HS, "holzinger1939", {}),
        (HS, "holzinger1939", {"meanstructure": True}),
        (HS, "holzinger1939", {"likelihood": "wishart"}),
        (HS, "holzinger1939", {"estimator": "GLS"}),
        (HS, "holzinger1939", {"estimator": "ULS"}),
        (HS, "holzinger1939", {"group": "school"}),
        (
            HS,
            "holzinger1939",
            {"group": "school", "group_equal": ["loadings", "intercepts"]},
        ),
        (PATH, "holzinger1939", {}),
        (HS, "holzinger1939_missing", {"missing": "ml"}),
        (HS, "holzinger1939_missing", {"missing": "ml", "group": "school"}),
    ],
)
def test_the_model_holds_exactly_in_null_data(model, name, options):
    fit = cs.sem(model, data(name), **options)
    again = cs.sem(model, frame_of(fit, null_data(fit), options.get("group")), **options)
    # n = 301 times what rounding, and with gaps the tolerance of 1e-8, leaves of F.
    assert abs(again.measures["chisq"]) < 1e-8
    assert fit.measures["chisq"] > 1
    assert again.theta == pytest.approx(fit.theta, rel=1e-6, abs=1e-7)


def test_gaps_stay_where_they_are():
    fit = fitted("hs_cfa_fiml")
    (null,) = null_data(fit)
    assert np.array_equal(np.isnan(null), np.isnan(fit.samples[0].data))
    # And the answers are still nearly what they were: the model fits decently.
    kept = ~np.isnan(null)
    assert np.corrcoef(null[kept], fit.samples[0].data[kept])[0, 1] > 0.97


def test_few_gaps_change_null_data_little():
    whole = data("holzinger1939")
    holed = whole.copy()
    holed.loc[3, "x2"] = np.nan
    complete = null_data(cs.cfa(HS, whole, meanstructure=True))[0]
    incomplete = null_data(cs.cfa(HS, holed, missing="ml"))[0]
    # But for the row with the gap, where what came from the missing answer is gone.
    # One answer in 301 changes the covariances by .005; the same share of a deviation of four.
    assert np.abs(np.delete(complete - incomplete, 3, axis=0)).max() < 0.02


def test_the_order_of_items_and_their_common_unit_do_not_matter():
    fit = cs.cfa(HS, data("holzinger1939"))
    other = cs.cfa(
        "\n".join(HS.split("\n")[::-1]),
        data("holzinger1939")[[f"x{k}" for k in range(1, 10)]] * 1000,
    )
    one = pd.DataFrame(null_data(fit)[0], columns=list(fit.samples[0].names))
    two = pd.DataFrame(null_data(other)[0], columns=list(other.samples[0].names))
    assert two[one.columns].to_numpy() == pytest.approx(one.to_numpy() * 1000, rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("name", ["null", "null_groups"])
def test_statistics_of_resampled_null_data_are_lavaans(name):
    told = case(f"bootstrap/{name}")
    options = {key.replace(".", "_"): value for key, value in dict(told["options"] or {}).items()}
    fit = cs.cfa(told["model"], data(told["data"]), **options)
    resamples = ParkMiller(told["seed"]).resamples(told["sizes"], told["B"])
    null = null_data(fit)
    for b in range(4):
        arrays = [one[rows[b]] for one, rows in zip(null, resamples, strict=True)]
        again = cs.cfa(told["model"], frame_of(fit, arrays, options.get("group")), **options)
        assert again.measures["chisq"] == pytest.approx(told["resampled_chisq"][b], abs=1e-6)
    test = fit_test(fit.measures["chisq"], np.array(told["resampled_chisq"]))
    assert test.p_value_share == told["null_p"]


def test_symmetric_root():
    matrix = np.cov(np.random.default_rng(1).standard_normal((5, 40)))
    root, inverse = symmetric_root(matrix), symmetric_root(matrix, inverse=True)
    assert root @ root == pytest.approx(matrix, abs=1e-13)
    assert inverse @ root == pytest.approx(np.eye(5), abs=1e-12)
    assert np.array_equal(root, root.T)
    with pytest.raises(EstimationError, match=r"smallest eigenvalue is -1\. See"):
        symmetric_root(np.diag([2.0, -1.0]))


def test_p_values():
    found = fit_test(10.0, np.array([10.0, 9.0, 12.0, np.nan, 3.0, np.nan]))
    assert (found.n_used, found.n_failed, found.n_worse) == (4, 2, 2)
    assert found.p_value == 3 / 5
    assert found.p_value_share == 0.5
    assert found.p_value_cautious == 5 / 7
    assert [text.split() for text in str(found).splitlines()] == [
        ["Chi-square", "10.000"],
        ["Resamples", "above", "it", "2", "of", "4"],
        ["P-value", f"{found.p_value:.3f}".lstrip("0")],
        ["failures", "as", "worse", f"{found.p_value_cautious:.3f}".lstrip("0")],
    ]
    nothing = fit_test(10.0, np.full(3, np.nan))
    assert np.isnan(nothing.p_value_share)
    assert np.isnan(nothing.p_value)


def test_p_values_are_uniform_where_the_model_holds():
    # Statistics that follow one distribution: the p value of one among 99 others is uniform. Its
    # mean over 500 has a standard error of .013.
    rng = np.random.default_rng(2)
    p = [fit_test(one[0], one[1:]).p_value for one in rng.chisquare(5, (500, 100))]
    assert np.mean(p) == pytest.approx(0.505, abs=0.04)
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.03)


def test_what_cannot_be_transformed_is_refused_in_words():
    ordinal = cs.cfa("f =~ o1 + o2 + o3 + o4", data("hs_ordinal"), ordered=True)
    with pytest.raises(UnsupportedError, match="categories would be categories no more"):
        null_data(ordinal)
    whole = data("holzinger1939")
    from_cov = cs.cfa(HS, cov=whole[[f"x{k}" for k in range(1, 10)]].cov(), n_obs=301)
    with pytest.raises(UnsupportedError, match="made from a covariance matrix"):
        null_data(from_cov)
    weighted = cs.cfa(HS, data("hs_design"), sampling_weights="weight")
    with pytest.raises(UnsupportedError, match="without sampling weights"):
        null_data(weighted)
    pairwise = cs.cfa(HS, data("holzinger1939_missing"), missing="pairwise")
    with pytest.raises(UnsupportedError, match="cannot do with missing='pairwise'"):
        null_data(pairwise)
