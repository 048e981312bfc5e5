"""ModelSpec: looking things up, changing a model, exporting it."""

from __future__ import annotations

import dataclasses
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_oracle import CASES

from clustersem.errors import ModelError, ModelSyntaxError, UnsupportedError
from clustersem.spec import ModelSpec, Parameter, SpecOptions, build_spec, options_for

#: Same draws on every run; no deadline, since machines are shared.
REPEATABLE = settings(derandomize=True, deadline=None)

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
SEM = options_for("sem")
CFA = options_for("cfa")


def spec_of(name: str) -> ModelSpec:
    case = CASES[name]
    return build_spec(case.model, case.options)


def test_a_specification_cannot_be_changed() -> None:
    spec = build_spec(HS, CFA)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.text = "f =~ x1"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.parameters[0].free = True  # type: ignore[misc]


def test_find_ignores_the_direction_of_covariances_only() -> None:
    spec = spec_of("democracy")
    row = spec.find("y6", "~~", "y2")
    assert row is not None
    assert (row.lhs, row.rhs) == ("y2", "y6")
    assert spec.find("ind60", "~", "dem60") is None
    assert spec.find("dem60", "~", "ind60") == Parameter("dem60", "~", "ind60")
    assert spec.find("x1", "~1") is None
    mean = spec_of("democracy_means").find("x1", "~1")
    assert mean is not None
    assert mean.name == "x1 ~1"
    assert spec_of("groups_labels").find("f", "=~", "x2", group=2) == Parameter(
        "f", "=~", "x2", group=2, label="b"
    )


def test_properties() -> None:
    spec = spec_of("hs_second_order")
    assert spec.indicators("g") == ("visual", "textual", "speed")
    assert spec.indicators("speed") == ("x7", "x8", "x9")
    assert spec.endogenous == ("visual", "textual", "speed", *(f"x{i}" for i in range(1, 10)))
    assert spec_of("phantom").indicators("f") == ()
    assert spec_of("formative").indicators("h") == ("z1", "z2", "z3")
    assert [row.name for row in spec_of("groups_regression").regressions] == [
        "speed ~ visual",
        "speed ~ textual",
    ]
    assert repr(spec) == "ModelSpec(9 observed, 4 latent, 21 free parameters)"
    with pytest.raises(ModelError, match="did you mean 'visual'"):
        spec.indicators("visaul")


ADDITIONS = [
    ("x1", "~~", "x4"),
    ("x9", "~~", "x1"),
    ("visual", "=~", "x9"),
    ("g", "=~", "visual"),
    ("speed", "~", "visual"),
    ("speed", "~", "age"),
    ("x4", "~", "visual"),
    ("x5", "~1", ""),
    ("visual", "~1", ""),
    ("new", "~~", "x3"),
]


@pytest.mark.parametrize("option", [{}, {"std_lv": True}, {"orthogonal": True}, {"n_groups": 2}])
@pytest.mark.parametrize(("lhs", "op", "rhs"), ADDITIONS)
def test_an_added_parameter_is_one_more_formula(
    lhs: str, op: str, rhs: str, option: dict[str, object]
) -> None:
    options = options_for("sem", **option)
    spec = build_spec(HS, options)
    shown = f"{lhs} ~ 1" if op == "~1" else f"{lhs} {op} {rhs}"
    if (lhs, op) == ("g", "=~") and not options.std_lv:
        shown = "g =~ NA*visual"  # what would be the marker has to be freed
    changed = spec.with_parameter(lhs, op, rhs)
    assert changed == build_spec(f"{HS}\n{shown}", options)
    row = changed.find(lhs, op, rhs)
    assert row is not None
    assert row.free
    assert build_spec(changed.text, options) == changed


def test_changing_a_written_parameter_keeps_its_place() -> None:
    spec = spec_of("democracy")
    names = [row.name for row in spec.parameters]
    for lhs, op, rhs in [("dem65", "=~", "y6"), ("y2", "~~", "y6"), ("dem60", "~", "ind60")]:
        fixed = spec.with_parameter(lhs, op, rhs, free=False, value=0.3)
        assert [row.name for row in fixed.parameters] == names
        row = fixed.find(lhs, op, rhs)
        assert row is not None
        assert (row.free, row.value, row.label) == (False, 0.3, "")
        assert fixed.with_parameter(lhs, op, rhs).find(lhs, op, rhs) == Parameter(lhs, op, rhs)
    assert "# regressions" in fixed.text  # comments outside the formula stay


def test_freeing_the_marker_and_fixing_another() -> None:
    spec = build_spec(HS, CFA).with_parameter("visual", "=~", "x1")
    assert spec.find("visual", "=~", "x1") == Parameter("visual", "=~", "x1")
    other = spec.with_parameter("visual", "=~", "x3", free=False, value=1.0)
    assert other == build_spec(HS.replace("x1 + x2 + x3", "NA*x1 + x2 + 1*x3"), CFA)


def test_labels_and_starting_values() -> None:
    spec = build_spec(HS, CFA)
    labelled = spec.with_parameter("x1", "~~", "x2", label="a").with_parameter(
        "x4", "~~", "x5", label="a", value=0.1
    )
    assert labelled.find("x4", "~~", "x5") == Parameter("x4", "~~", "x5", start=0.1, label="a")
    assert labelled == build_spec(HS + "\nx1 ~~ a*x2\nx4 ~~ start(.1)*x5 + a*x5", CFA)


def test_a_formula_for_several_variables_is_taken_apart() -> None:
    spec = build_spec("y1 + y2 ~ x1 + x2; z ~ y1 # last", SEM)
    changed = spec.with_parameter("y2", "~", "x1", free=False, value=0.0)
    assert changed == build_spec("y1 ~ x1 + x2\ny2 ~ 0*x1 + x2\nz ~ y1", SEM)


def test_freeing_what_the_defaults_fix() -> None:
    orthogonal = build_spec(HS, options_for("cfa", orthogonal=True))
    row = orthogonal.with_parameter("visual", "~~", "speed").find("visual", "~~", "speed")
    assert row is not None
    assert row.free
    standardised = build_spec(HS, options_for("cfa", std_lv=True))
    row = standardised.with_parameter("visual", "~~", "visual").find("visual", "~~", "visual")
    assert row is not None
    assert row.free


def test_taking_parameters_out() -> None:
    spec = spec_of("democracy")
    smaller = spec.without_parameter("y6", "~~", "y2")
    assert smaller.find("y2", "~~", "y6") is None
    assert smaller.find("y2", "~~", "y4") is not None
    assert smaller.n_free_rows == spec.n_free_rows - 1
    # The defaults would bring this one back, so it is fixed at zero.
    listed = spec_of("cross_border_listed").without_parameter("B1", "~~", "B2")
    row = listed.find("B1", "~~", "B2")
    assert row is not None
    assert (row.free, row.value) == (False, 0.0)
    automatic = build_spec(HS, CFA).without_parameter("visual", "~~", "speed")
    assert automatic == build_spec(HS + "\nvisual ~~ 0*speed", CFA)
    with pytest.raises(ModelError, match="no parameter 'x1 ~~ x5'"):
        spec.without_parameter("x1", "~~", "x5")


def test_a_change_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ModelSyntaxError, match="cannot be measured by itself"):
        build_spec(HS, CFA).with_parameter("visual", "=~", "visual")


PAIRS = [(f"x{i}", f"x{j}") for i in range(1, 10) for j in range(1, i)]


@REPEATABLE
@given(st.permutations(PAIRS).map(lambda pairs: pairs[:4]))
def test_adding_and_taking_out_again_is_the_same_model(pairs: list[tuple[str, str]]) -> None:
    spec = build_spec(HS, CFA)
    larger = spec
    for lhs, rhs in pairs:
        larger = larger.with_parameter(lhs, "~~", rhs)
    assert larger.n_free_rows == spec.n_free_rows + 4
    for lhs, rhs in reversed(pairs):
        larger = larger.without_parameter(lhs, "~~", rhs)
    assert larger == spec


def test_equal_models_share_a_hash_and_survive_pickling() -> None:
    first, second = build_spec(HS, CFA), build_spec(HS.replace("+", "  +  ") + "\n# end", CFA)
    assert first == second
    assert first is not second
    assert len({first, second}) == 1
    assert pickle.loads(pickle.dumps(first)) == first


def test_notes_say_how_the_text_was_understood() -> None:
    assert build_spec(HS, SEM).notes == ()
    (note,) = build_spec("y ~ x1 + x2\nx1 ~~ x2", SEM).notes
    assert "exogenous x1, x2" in note
    (note,) = build_spec("f =~ start(0.8)*x1 + x2 + x3", SEM).notes
    assert "stays fixed, at its starting value" in note
    (note,) = build_spec("f =~ x1 + a*x2 + x3", options_for("cfa", n_groups=2)).notes
    assert "equal across them: a" in note
    (note,) = build_spec("y ~ x1 + x1*x2", SEM).notes
    assert "x1 is read as a label" in note


def test_equality_with_a_fixed_parameter_is_noted() -> None:
    (note,) = build_spec("f =~ a*x1 + a*x2 + a*x3", CFA).notes
    assert "fixed at 1, so these are fixed there, too: f =~ x2, f =~ x3" in note


def test_errors_of_the_data_point_into_the_model_text() -> None:
    spec = build_spec("# items\nf =~ x1 + a*x2 + 0.5*x2b\nf ~ age", SEM)
    error = spec.error_at("age", "no such column")
    assert (error.line, error.column, error.reason) == (3, 5, "no such column")
    assert spec.error_at("x2b", "?").column == 22
    assert spec.error_at("x2", "?").column == 13
    assert spec.error_at("absent", "?").line == 1


def test_options_of_the_fitting_functions() -> None:
    assert options_for("sem") == options_for("cfa") == SpecOptions()
    growth = options_for("growth")
    assert (growth.meanstructure, growth.int_ov_free, growth.int_lv_free) == (True, False, True)
    assert options_for("cfa", n_groups=2).meanstructure
    assert options_for("cfa", ordered=["x1"]).meanstructure
    assert not options_for("cfa", n_groups=2, meanstructure=False).meanstructure
    assert options_for("cfa", group_equal=["lv.variances"]).group_equal == ("lv_variances",)


def test_semopy_text_writes_everything_out() -> None:
    spec = build_spec("f =~ x1 + a*x2 + x3\nf ~ age\ny ~ start(0.2)*f + -0.5*age", SEM)
    assert spec.to_semopy().split("\n") == [
        "f =~ 1*x1",
        "f =~ a*x2",
        "f =~ x3",
        "f ~ age",
        "y ~ f",
        "y ~ -0.5*age",
        "x1 ~~ x1",
        "x2 ~~ x2",
        "x3 ~~ x3",
        "y ~~ y",
        "f ~~ f",
    ]
    scaled = build_spec("f =~ x1 + x2 + x3", options_for("cfa", std_lv=True)).to_semopy()
    assert scaled.startswith("f =~ loading_f_x1*x1\n")
    assert scaled.endswith("f ~~ 1*f\nstart 1: loading_f_x1 loading_f_x2 loading_f_x3")
    absent = SpecOptions(auto_cov_lv_x=False)
    assert "f ~~ 0*g" in build_spec("f =~ a + b\ng =~ d + e", absent).to_semopy()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hs_two_groups", "no groups"),
        ("ordered_cfa", r"no '\|'"),
        ("democracy_defined", "cannot impose r == 1-q/2"),
    ],
)
def test_what_semopy_cannot_say(name: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        spec_of(name).to_semopy()
