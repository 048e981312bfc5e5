"""Golden texts of the errors that a model text can give, each with its caret."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_oracle import HERE

from clustersem.errors import ModelError, ModelSyntaxError
from clustersem.spec import build_spec, options_for


def blocks() -> list[tuple[str, str]]:
    golden = (HERE / "errors.txt").read_text(encoding="utf-8")
    result = []
    for block in re.split(r"\n\n(?=>>>)", golden)[1:]:
        lines = block.rstrip("\n").split("\n")
        model = [line[3:].removeprefix(" ") for line in lines if line.startswith(">>>")]
        message = [line for line in lines if not line.startswith(">>>")]
        result.append(("\n".join(model), "\n".join(message)))
    return result


@pytest.mark.parametrize(("text", "message"), blocks())
def test_error_text_and_caret(text: str, message: str) -> None:
    with pytest.raises(ModelSyntaxError) as caught:
        build_spec(text, options_for("sem"))
    assert re.sub(r" +$", "", str(caught.value), flags=re.MULTILINE) == message


def test_every_error_ends_in_a_caret_below_its_line() -> None:
    for text, message in blocks():
        *_, line, carets = message.split("\n")
        assert set(carets.strip()) == {"^"}, text
        assert len(carets) <= max(len(line), 5), text


WORDS = [
    *"abxy123.;\n\t,+-*/^()'\"~=<>:|?!#@“～ ",
    *[
        "f",
        "x1",
        "x2",
        "=~",
        "~~",
        "~",
        ":=",
        "==",
        "<~",
        "~*~",
        "NA",
        "c(",
        "start(",
        "equal(",
        "label(",
        "lower(",
        "0.5",
        "1",
        "~1",
        "->",
        "exp(",
    ],
]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map("".join), st.sampled_from([1, 2]))
def test_any_text_is_a_model_or_a_model_error(text: str, n_groups: int) -> None:
    try:
        spec = build_spec("f =~ x1 + a*x2 + " + text, options_for("sem", n_groups=n_groups))
    except ModelError:
        return
    assert build_spec(spec.to_text(), spec.options) == spec


def test_group_settings_must_match_the_number_of_groups() -> None:
    with pytest.raises(ModelSyntaxError, match=r"3 settings but the model has 2 groups"):
        build_spec("f =~ x1 + c(a, b, d)*x2", options_for("cfa", n_groups=2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group_equal": ["loading"], "n_groups": 2}, "did you mean 'loadings'"),
        ({"group_equal": ["everything"], "n_groups": 2}, "there are loadings"),
        (
            {"group_equal": ["loadings"], "group_partial": ["f=~x9"], "n_groups": 2},
            "no parameter of the model; did you mean 'f=~x3'",
        ),
        ({"ordered": ["age"]}, "exogenous covariate cannot be ordered"),
        ({"n_groups": 0}, "at least one group"),
    ],
)
def test_options_that_do_not_fit_the_model(options: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build_spec("f =~ x1 + x2 + x3\nf ~ age", options_for("cfa", **options))
