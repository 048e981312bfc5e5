"""The models of an invariance study against lavaan's and semTools' numbers of parameters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.reference import case

from clustersem.fit.invariance_models import CONTINUOUS_STEPS, Family, Release
from clustersem.spec import build_spec, options_for
from clustersem.spec.entries import key_of
from clustersem.spec.explicit import respecified

HS = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
BFI = "A =~ A2 + A3 + A4 + A5; C =~ C1 + C2 + C3 + C4"
ITEMS = ("A2", "A3", "A4", "A5", "C1", "C2", "C3", "C4")


def family(model, thresholds=None, parameterization="theta", **options):
    thresholds = thresholds or {}
    options = {"n_groups": 2, "std_lv": True, **options}
    kind = options_for("cfa", ordered=tuple(thresholds), **options)
    kind = replace(kind, thresholds=tuple(thresholds.items()))
    return Family(build_spec(model, kind), parameterization)


def n_free(spec):
    free = [row for row in spec.parameters if row.free]
    return len({row.label or (row.name, row.group) for row in free})


def rows(spec):
    return {
        (key_of(r.lhs, r.op, r.rhs), r.group): (r.free, r.value, r.start, r.label)
        for r in spec.parameters
    }


MIXED = {"A2": 1, "A3": 2, "A4": 3, "A5": 5}
STUDIES = {
    "hs_ml": (HS, {}, "theta", 2),
    "hs_three_groups": (HS, {}, "theta", 3),
    "bfi_six_theta": (BFI, dict.fromkeys(ITEMS, 5), "theta", 2),
    "bfi_six_delta": (BFI, dict.fromkeys(ITEMS, 5), "delta", 2),
    "bfi_mixed_theta": ("A =~ A2 + A3 + A4 + A5", MIXED, "theta", 2),
    "bfi_mixed_delta": ("A =~ A2 + A3 + A4 + A5", MIXED, "delta", 2),
    "bfi_binary_theta": (BFI, dict.fromkeys(ITEMS, 1), "theta", 2),
    "bfi_both_theta": (BFI, dict.fromkeys(ITEMS[:4], 3), "theta", 2),
}


@pytest.mark.parametrize("name", STUDIES)
def test_steps_have_as_many_parameters_as_in_lavaan(name):
    model, thresholds, parameterization, n_groups = STUDIES[name]
    ours = family(model, thresholds, parameterization, n_groups=n_groups)
    told = case("invariance")[name]["steps"]
    assert set(told) <= set(ours.steps)
    for step, measures in told.items():
        assert n_free(ours.at(ours.steps[step])) == measures["npar"], step


@pytest.mark.parametrize("step", CONTINUOUS_STEPS)
@pytest.mark.parametrize("std_lv", [True, False])
def test_continuous_steps_are_what_group_equal_makes(step, std_lv):
    """The same cells are free, fixed and equal as with lavaan's group.equal."""
    options = {"n_groups": 3, "std_lv": std_lv}
    equal = CONTINUOUS_STEPS[step]
    ours = family(HS, **options).at(equal)
    theirs = build_spec(HS, options_for("cfa", group_equal=equal, **options))

    def classes(spec):
        result = {}
        for row in spec.parameters:
            place = (key_of(row.lhs, row.op, row.rhs), row.group)
            result.setdefault(row.label or place, set()).add((place, row.free, row.value))
        return set(map(frozenset, result.values()))

    assert classes(ours) == classes(theirs)


@pytest.mark.parametrize("name", STUDIES)
def test_the_text_says_it_all(name):
    """The text of a step, read with the same options, makes the same table."""
    model, thresholds, parameterization, n_groups = STUDIES[name]
    ours = family(model, thresholds, parameterization, n_groups=n_groups)
    for equal in ours.steps.values():
        spec = ours.at(equal)
        assert rows(build_spec(spec.text, spec.options)) == rows(spec)
        assert spec.observed == ours.configural.observed


def test_explicit_text_keeps_everything_a_user_can_write():
    text = (
        "f =~ x1 + start(0.8)*x2 + NA*x3\nf ~ b*age\nx1 ~~ x2\nx3 ~~ lower(0.1)*x3\nx1 ~ 2*1\n"
        "half := b/2\nb > 0"
    )
    spec = build_spec(text, options_for("sem"))
    again = respecified(spec, spec.parameters)
    assert rows(again) == rows(spec)
    assert (again.constraints, again.exogenous_observed) == (spec.constraints, ("age",))
    bounded = [(again.parameters[b.parameter].name, b.lower) for b in again.bounds]
    assert bounded == [("x3 ~~ x3", 0.1)]


def test_a_label_of_one_group_alone_survives():
    spec = build_spec("f =~ x1 + x2 + x3", options_for("cfa", n_groups=3))
    wanted = [
        replace(row, label="f.x2") if row.rhs == "x2" and row.op == "=~" and row.group < 3 else row
        for row in spec.parameters
    ]
    again = respecified(spec, wanted)
    labels = [again.find("f", "=~", "x2", group=g).label for g in (1, 2, 3)]
    assert labels == ["f.x2", "f.x2", "f.x2.g3"]


def test_free_in_each_step_of_ordinal_items():
    ours = family("A =~ A2 + A3 + A4 + A5", MIXED, "delta")

    def free(step, lhs, op, rhs=""):
        return ours.at(ours.steps[step]).find(lhs, op, rhs, group=2).free

    for step, intercept, scale, scale_binary, variance, mean in [
        ("configural", False, False, False, False, False),
        ("thresholds", True, True, False, False, False),
        ("metric", True, True, False, True, False),
        ("scalar", False, True, True, True, True),
    ]:
        assert free(step, "A5", "~1") is intercept, step
        assert free(step, "A2", "~1") is intercept, step
        assert free(step, "A5", "~*~", "A5") is scale, step
        assert free(step, "A2", "~*~", "A2") is scale_binary, step
        assert free(step, "A", "~~", "A") is variance, step
        assert free(step, "A", "~1") is mean, step
    assert "strict" not in ours.steps  # residual variances are no parameters of delta


def test_a_factor_of_binary_items_keeps_its_variance_until_the_intercepts_are_equal():
    ours = family(BFI, dict.fromkeys(ITEMS[:4], 1) | dict.fromkeys(ITEMS[4:], 5))
    metric = ours.at(ours.steps["metric"])
    assert not metric.find("A", "~~", "A", group=2).free
    assert metric.find("C", "~~", "C", group=2).free
    assert metric.find("A", "=~", "A2", group=1).label == ""


@pytest.mark.parametrize(
    ("release", "step"),
    [
        (Release("A", "=~", "A4", 2), "metric"),
        (Release("A4", "|", "t3", 2), "thresholds"),
        (Release("A4", "~1", "", 2), "scalar"),
        (Release("A2", "~1", "", 2), "scalar"),
        (Release("A4", "~~", "A4", 2), "strict"),
    ],
)
def test_a_release_is_one_more_parameter(release, step):
    ours = family("A =~ A2 + A3 + A4 + A5", MIXED)
    equal = ours.steps[step]
    assert n_free(ours.at(equal, {release})) == n_free(ours.at(equal)) + 1


def test_restrictions_are_what_the_step_added():
    ours = family("A =~ A2 + A3 + A4 + A5", MIXED)
    assert [r.parameter for r in ours.restrictions(("loadings",))] == [
        "A =~ A3",
        "A =~ A4",
        "A =~ A5",
    ]
    assert len(ours.restrictions(("thresholds",))) == sum(MIXED.values())
    assert [r.parameter for r in ours.restrictions(("intercepts",))] == [
        f"{item} ~1" for item in MIXED
    ]
    three = family(HS, n_groups=3)
    assert {r.group for r in three.restrictions(("residuals",))} == {2, 3}


def test_what_the_user_labelled_or_fixed_otherwise_stays():
    text = "f =~ x1 + c(a, b)*x2 + x3 + x4; x3 ~ c(0, 0)*1; f ~ c(m, m)*1; g =~ x1 + x4; g ~~ 0*g"
    spec = family(text, std_lv=False).at(CONTINUOUS_STEPS["scalar"])
    assert spec.find("f", "=~", "x2", group=2).label == "b"
    assert not spec.find("x3", "~1", group=2).free
    assert spec.find("f", "~1", group=2).label == "m"
    assert not spec.find("g", "~~", "g", group=2).free


@pytest.mark.parametrize("name", ["hs_ml", "bfi_mixed_theta", "bfi_mixed_delta"])
def test_a_study_can_start_from_its_own_configural_text(name):
    """What identifies the configural model is freed, though the text spells it out."""
    model, thresholds, parameterization, n_groups = STUDIES[name]
    ours = family(model, thresholds, parameterization, n_groups=n_groups)
    again = family(ours.at(()).text, thresholds, parameterization, std_lv=False, n_groups=n_groups)
    for equal in ours.steps.values():
        assert rows(again.at(equal)) == rows(ours.at(equal))


def test_higher_order_factors_have_means_through_the_first_order():
    model = f"{HS}; g =~ visual + textual + speed"
    spec = family(model).at(CONTINUOUS_STEPS["scalar"])
    assert [spec.find(name, "~1", group=2).free for name in ("visual", "speed", "g")] == [
        True,
        True,
        False,
    ]


def test_structural_equalities_can_follow():
    scalar = (*CONTINUOUS_STEPS["scalar"], "means", "lv_variances", "lv_covariances")
    spec = family(HS).at(scalar)
    assert not spec.find("visual", "~1", group=2).free
    assert not spec.find("visual", "~~", "visual", group=2).free
    labels = {spec.find("visual", "~~", "speed", group=g).label for g in (1, 2)}
    assert len(labels) == 1
    assert "" not in labels
