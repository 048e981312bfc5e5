"""compare() and check_nested() against lavaan's numbers, and what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.errors import DataError, ModelError
from clustersem.fit.comparison import compare
from clustersem.fit.nested import at_small, check_nested

HS = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def three_and_one():
    hs = data("holzinger1939")
    return cs.cfa(HS, hs), cs.cfa("g =~ " + " + ".join(f"x{i}" for i in range(1, 10)), hs)


def test_likelihood_ratio_of_nested_models(three_and_one):
    three, _ = three_and_one
    told = cs.cfa(HS, data("holzinger1939"), orthogonal=True)
    result = compare(told, three, names=["orthogonal", "oblique"])
    assert list(result.table.index) == ["oblique", "orthogonal"]
    test = result.tests[0]
    # lavTestLRT of lavaan 0.6-14, which stops when F changes by less than 1e-10 or so.
    assert test.statistic == pytest.approx(68.22157617, rel=1e-8)
    assert test.df == 3
    assert test.p_value == pytest.approx(1.0257e-14, rel=1e-4)
    row = result.table.loc["orthogonal"]
    assert row["delta_cfi"] == pytest.approx(told.measures["cfi"] - three.measures["cfi"])
    assert row["aic"] == told.measures["aic"]
    assert result.method == "standard"
    assert result.notes == ()


def test_order_of_arguments_is_free(three_and_one):
    one_way = compare(*three_and_one)
    other = compare(*three_and_one[::-1], names=["model 2", "model 1"])
    pd.testing.assert_frame_equal(one_way.table, other.table)


def test_three_models_are_compared_in_turn(three_and_one):
    three, one = three_and_one
    hs = data("holzinger1939")
    equal = cs.cfa(HS.replace("x8", "a*x8").replace("x9", "a*x9"), hs)
    result = compare(one, equal, three)
    assert list(result.table["df"]) == [24, 25, 27]
    assert result.tests[0].df == 1
    assert not result.nested[1].nested  # one factor has the two loadings apart
    assert "not nested" in result.notes[0]


def test_nested_and_not(three_and_one):
    three, one = three_and_one
    assert check_nested(one, three).nested
    assert not check_nested(three, one).nested
    crossed = cs.cfa(HS.replace("x3;", "x3 + x9;"), data("holzinger1939"))
    other = cs.cfa(HS.replace("x3;", "x3 + x4;"), data("holzinger1939"))
    assert check_nested(three, crossed).nested
    check = check_nested(other, crossed)
    assert not check.nested
    assert "AIC or BIC" in check.message


def test_equivalent_models_are_told():
    hs = data("holzinger1939")
    names = ["x1", "x2", "x3"]
    forward = cs.sem("x2 ~ x1; x3 ~ x2", hs[names], fixed_x=False)
    backward = cs.sem("x2 ~ x3; x1 ~ x2", hs[names], fixed_x=False)
    check = check_nested(forward, backward)
    assert check.equivalent
    assert "equivalent" in check.message
    result = compare(forward, backward)
    assert result.tests == (None,)
    assert "same degrees of freedom" in result.notes[0]


def test_nesting_does_not_depend_on_marker_units_or_order(three_and_one):
    three, _ = three_and_one
    hs = data("holzinger1939")
    names = [f"x{i}" for i in range(9, 0, -1)]
    turned = cs.cfa("g =~ " + " + ".join(names), hs)
    assert check_nested(turned, three).nested
    units = pd.Series(10.0 ** np.linspace(-3, 3, 9), index=[f"x{i}" for i in range(1, 10)])
    scaled = hs[list(units.index)] * units
    small = cs.cfa("g =~ " + " + ".join(units.index), scaled)
    assert check_nested(small, cs.cfa(HS, scaled, std_lv=True)).nested


def test_large_model_at_the_small_one_implies_its_moments(three_and_one):
    three, one = three_and_one
    there = at_small(three, one)
    np.testing.assert_allclose(there.point.sigma, one.point.sigma, rtol=1e-6)
    assert there.n_free == three.n_free
    # Its discrepancy from the data is then the small model's.
    assert there.measures["chisq"] == pytest.approx(one.measures["chisq"], rel=1e-7)
    with pytest.raises(DataError, match="not nested"):
        at_small(one, three)


def test_wishart_chi2_differences_too():
    hs = data("holzinger1939")
    three = cs.cfa(HS, hs, likelihood="wishart")
    one = cs.cfa(HS, hs, orthogonal=True, likelihood="wishart")
    result = compare(one, three)
    assert result.tests[0].statistic == pytest.approx(67.99492642, rel=1e-8)
    assert result.nested[0].nested


def test_refusals(three_and_one):
    three, one = three_and_one
    hs = data("holzinger1939")
    with pytest.raises(ModelError, match="at least two fits"):
        compare(three)
    with pytest.raises(DataError, match="x9 in one only"):
        compare(three, cs.cfa("g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8", hs))
    with pytest.raises(DataError, match="same observations"):
        compare(three, cs.cfa("g =~ " + " + ".join(f"x{i}" for i in range(1, 10)), hs[:250]))
    with pytest.raises(ModelError, match="differ in likelihood"):
        compare(three, cs.cfa(HS, hs, orthogonal=True, likelihood="wishart"))
    with pytest.raises(ModelError, match="only one of model 1 and model 2 has means"):
        compare(three, cs.cfa(HS, hs, meanstructure=True))
    with pytest.raises(ModelError, match="fitted without a robust test"):
        compare(three, one, method="satorra_bentler_2001")
    with pytest.raises(ModelError, match="method= is one of"):
        compare(three, one, method="wald")
    with pytest.raises(ModelError, match="2 different names"):
        compare(three, one, names=["a", "a"])


def test_text(three_and_one):
    text = str(compare(*three_and_one, names=["three factors", "one factor"]))
    first = text.splitlines()[0].split()
    assert first[:4] == ["df", "chi2", "AIC", "BIC"]
    assert "one factor    27 312.264" in text
    assert "Difference test: likelihood ratio." in text
    assert "nan" not in text.lower()


def test_a_factor_far_from_those_of_the_models_is_told():
    """x9 on visual is what the model lacks most, and the formula of 2001 is at its worst there."""
    hs = data("holzinger1939")
    told, near, free = (
        cs.cfa(HS + more, hs, estimator="MLR") for more in ("", "; speed =~ x5", "; x9 ~ visual")
    )
    result = compare(told, free)
    factor = result.tests[0].scaling_factor
    own = [fit.measures["chisq_scaling_factor"] for fit in (told, free)]
    assert factor < min(own) / 2
    (note,) = result.notes
    assert f"model 1 against model 2: the scaling factor of the difference, {factor:.3f}" in note
    assert f"({own[0]:.3f} and {own[1]:.3f})" in note
    assert "satorra.bentler.2010" in note
    assert compare(told, free, method="satorra.2000").notes == ()
    assert compare(told, near).notes == ()


def test_text_says_which_chi2_is_the_plain_one(three_and_one):
    line = "chi2 is the plain statistic; d chi2 and its p are those of the test."
    robust = [
        cs.cfa(HS, data("holzinger1939"), estimator="MLM", orthogonal=bool(o)) for o in (0, 1)
    ]
    text = str(compare(*robust))
    assert f"{robust[1].measures['chisq']:.3f}" in text
    assert f"\n\n{line}\nDifference test: Satorra & Bentler (2001)" in text
    assert line not in str(compare(*three_and_one))
    assert line not in str(compare(*robust, method="standard"))


SMALL = "visual =~ x1 + x2 + x3; speed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def grouped():
    def fitted(estimator, *equal):
        return cs.cfa(
            SMALL, data("holzinger1939"), group="school", estimator=estimator, group_equal=equal
        )

    return {
        (name, step): fitted(name, *equal)
        for name in ("MLM", "MLR", "MLMVS")
        for step, equal in {
            "large": (),
            "metric": ("loadings",),
            "scalar": ("loadings", "intercepts"),
        }.items()
    }


@pytest.mark.parametrize("step", ["metric", "scalar"])
@pytest.mark.parametrize(
    ("name", "method", "key"),
    [
        ("MLM", "satorra.bentler.2001", "satorra_bentler_2001"),
        ("MLM", "satorra.bentler.2010", "satorra_bentler_2010"),
        ("MLM", "satorra.2000", "not_shifted"),
        ("MLM", "scaled.shifted", "scaled_shifted"),
        ("MLR", "satorra.bentler.2001", "satorra_bentler_2001"),
        ("MLR", "satorra.2000", "not_shifted"),
        ("MLR", "scaled.shifted", "scaled_shifted"),
        ("MLMVS", "scaled.shifted", "scaled_shifted"),
        ("MLMVS", "mean_var_adjusted", "not_shifted"),
    ],
)
def test_scaled_differences_as_lavaan(grouped, step, name, method, key):
    told = case("difference")[f"hs_{step}"]["tests"][name][key]
    result = compare(grouped[name, step], grouped[name, "large"], method=method)
    test = result.tests[0]
    # lavaan's estimates are right to 1e-5; a difference of scaling factors is more sensitive.
    assert test.statistic == pytest.approx(told["statistic"], rel=5e-5)
    assert test.df == pytest.approx(told["df"], rel=5e-5)
    assert result.nested[0].nested
    assert result.notes == ()


@pytest.mark.parametrize("name", ["MLM", "MLR"])
def test_m10_has_the_scaling_factor_of_lavaan_at_the_small_moments(grouped, name):
    for step in ("metric", "scalar"):
        told = case("difference")[f"hs_{step}"]["tests"][name]["scaling_factor_at_small"]
        there = at_small(grouped[name, "large"], grouped[name, step])
        assert there.measures["chisq_scaling_factor"] == pytest.approx(told, rel=1e-5)


def test_defaults_follow_the_test_of_the_models(grouped):
    for name, method in [("MLM", "satorra.bentler.2001"), ("MLMVS", "scaled.shifted")]:
        result = compare(grouped[name, "large"], grouped[name, "metric"])
        assert result.method == method
        told = case("difference")["hs_metric"]["tests"][name]["default"]["statistic"]
        assert result.tests[0].statistic == pytest.approx(told, rel=5e-5)
    assert result.indices in ("robust", "scaled")
    with pytest.raises(ModelError, match="mean-corrected"):
        compare(
            grouped["MLMVS", "large"], grouped["MLMVS", "metric"], method="satorra.bentler.2001"
        )
    with pytest.raises(ModelError, match="differ in estimator"):
        compare(grouped["MLMVS", "large"], grouped["MLM", "metric"])


def test_scaled_tests_do_not_depend_on_the_parametrisation(grouped):
    """Markers or unit variances, labels or constraints: the same two models, the same test."""
    hs = data("holzinger1939")
    options = {"group": "school", "estimator": "MLM", "std_lv": True}
    large = cs.cfa(SMALL, hs, **options)
    small = cs.cfa(SMALL, hs, group_equal=["loadings"], **options)
    for method in ("satorra.bentler.2010", "satorra.2000", "scaled.shifted"):
        expected = compare(grouped["MLM", "metric"], grouped["MLM", "large"], method=method)
        ours = compare(small, large, method=method)
        assert ours.tests[0].statistic == pytest.approx(expected.tests[0].statistic, rel=1e-6)


def test_constraints_instead_of_labels():
    hs = data("holzinger1939")
    large = cs.cfa(HS, hs, estimator="MLM")
    by_label = cs.cfa(HS.replace("x8", "a*x8").replace("x9", "a*x9"), hs, estimator="MLM")
    text = HS.replace("x8", "a*x8").replace("x9", "b*x9") + "; a == b"
    by_constraint = cs.cfa(text, hs, estimator="MLM")
    for method in ("satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"):
        one, other = (compare(s, large, method=method) for s in (by_label, by_constraint))
        assert one.tests[0].statistic == pytest.approx(other.tests[0].statistic, rel=1e-6)
    # A constraint of the larger model holds in the test of nesting, too.
    more = cs.cfa(text + "; textual ~~ c*speed; c == 0.2", hs, estimator="MLM")
    assert check_nested(more, by_constraint).nested
    test = compare(more, by_constraint, method="satorra.2000").tests[0]
    same = compare(more, by_label, method="satorra.2000").tests[0]
    assert test.statistic == pytest.approx(same.statistic, rel=1e-6)


def test_least_squares_without_correction_is_not_referred_to_chi2():
    hs = data("holzinger1939")
    large, small = (cs.cfa(HS, hs, estimator="ULS", orthogonal=o) for o in (False, True))
    result = compare(small, large)
    assert result.method == "scaled.shifted"
    assert result.tests[0].df == 3
    assert result.tests[0].p_value < 1e-4
    assert result.table["aic"].isna().all()
