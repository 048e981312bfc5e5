"""The grammar: what may stand where, and what does not matter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec_oracle import CASES

from clustersem.spec import build_spec, options_for, parse_model
from clustersem.spec.tokens import tokenize

#: Same draws on every run; no deadline, since machines are shared.
REPEATABLE = settings(derandomize=True, deadline=None)

CFA = options_for("cfa")


def same(first: str, second: str) -> bool:
    return build_spec(first, CFA) == build_spec(second, CFA)


@pytest.mark.parametrize(
    ("variant", "plain"),
    [
        ("f =~ x1 +\n   x2 +\n\n   x3", "f =~ x1 + x2 + x3"),
        ("f =~ x1\n   + x2\n   + x3", "f =~ x1 + x2 + x3"),
        ("f =~\n x1 + x2", "f =~ x1 + x2"),
        ("f\n=~ x1 + x2", "f =~ x1 + x2"),
        ("f =~ x1 + # the marker\n x2 ! the other", "f =~ x1 + x2"),
        (";;f =~ x1 + x2;; f ~~ a*f;", "f =~ x1 + x2\nf ~~ a*f"),
        ("f=~x1+x2\r\nf~~f\r\n", "f =~ x1 + x2\nf ~~ f"),
        ("f =~ x1 + x2\rf ~~ f", "f =~ x1 + x2\nf ~~ f"),
        ("\ufefff =~ x1 +\u00a0x2", "f =~ x1 + x2"),
        ("f =~ c(\n1\n)*x1 + x2", "f =~ 1*x1 + x2"),
        ("f =~ x1 + 'a'*x2", "f =~ x1 + a*x2"),
        ('f =~ x1 + label("a")*x2', "f =~ x1 + a*x2"),
        ("f =~ x1 + 0.5?x2", "f =~ x1 + start(0.5)*x2"),
        ("f =~ x1 + a*start(0.5)*x2", "f =~ x1 + a*x2 + start(0.5)*x2"),
        ("f =~ x1 + -(1 + 2)^2/3*x2", "f =~ x1 + -3*x2"),
        ("f =~ x1 + x2\ny ~ 0 + f", "f =~ x1 + x2\ny ~ 0*1 + f"),
        ("f + g =~ x1 + x2", "f =~ x1 + x2\ng =~ x1 + x2"),
        ("y1 + y2 ~ x\nx ~~ y1", "y1 ~ x\ny2 ~ x\ny1 ~~ x"),
        ("x1 + x2 ~ 1\nx2 ~~ x1", "x1 ~ 1; x2 ~ 1; x2 ~~ x1"),
    ],
)
def test_two_ways_of_writing_the_same(variant: str, plain: str) -> None:
    assert same(variant, plain)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("f =~ x1 + x2", "f =~ x2 + x1"),
        ("f =~ x1 + x2 + x3", "f =~ x1 + a*x2 + x3"),
        ("f =~ x1 + 0.5*x2", "f =~ x1 + start(0.5)*x2"),
        ("f =~ x1 + x2", "f =~ x1 + lower(0)*x2"),
        ("f =~ x1 + a*x2", "f =~ x1 + a*x2\nq := a"),
    ],
)
def test_two_models_that_differ(first: str, second: str) -> None:
    assert not same(first, second)


def test_tokens_know_where_they_stood() -> None:
    source = "f =~ x1 + 'la bel'*x2 # comment\n y ~~ .5*z_1.a"
    for token in tokenize(source):
        covered = source[token.position : token.end]
        assert covered.strip("'") == token.text
    assert [t.text for t in tokenize("a:=b<~c~*~d~~e==f<g>h=~i|j")][1::2] == [
        ":=", "<~", "~*~", "~~", "==", "<", ">", "=~", "|",
    ]  # fmt: skip


def test_settings_per_group() -> None:
    spec = build_spec(
        "f =~ x1 + c(a, NA)*x2 + c(0.5, b)*x3 + start(c(1, 2))*x4 + lower(c(0, 1))*x5\n"
        "f =~ c('', 'k')*x6 + c(\"q'\", '')*x7\ng =~ c('', 'm')*y1 + y2",
        options_for("cfa", n_groups=2),
    )
    got = {
        (row.rhs, row.group): (row.free, row.value, row.start, row.label)
        for row in spec.parameters
        if row.op == "=~"
    }
    assert got["x2", 1] == (True, None, None, "a")
    assert got["x2", 2] == (True, None, None, "")
    assert got["x3", 1] == (False, 0.5, None, "")
    assert got["x3", 2] == (True, None, None, "b")
    assert got["x4", 1] == (True, None, 1.0, "")
    assert got["x4", 2] == (True, None, 2.0, "")
    assert got["x6", 1] == (True, None, None, "")
    assert got["x6", 2] == (True, None, None, "k")
    assert got["y1", 1] == (False, 1.0, None, "")
    assert got["y1", 2] == (False, 1.0, None, "m")
    assert build_spec(spec.to_text(), spec.options) == spec
    assert [bound.lower for bound in spec.bounds] == [0.0, 1.0]


def test_names_in_any_script() -> None:
    spec = build_spec(
        "信任 =~ 题目1 + 题目2 + 题_3.a\nΦ =~ é + हिन्दी\nΦ ~ 信任", options_for("sem")
    )
    assert spec.latent == ("信任", "Φ")
    assert spec.observed == ("题目1", "题目2", "题_3.a", "é", "हिन्दी")


@pytest.mark.parametrize("name", CASES)
def test_tidy_text_reads_back_as_the_same_model(name: str) -> None:
    case = CASES[name]
    spec = build_spec(case.model, case.options)
    again = build_spec(spec.to_text(), case.options)
    assert again == spec
    assert again.to_text() == spec.to_text()
    assert hash(again) == hash(spec)


BLANKS = st.sampled_from([" ", "  ", "\t", " \u00a0", "\u3000"])
BREAKS = st.sampled_from(
    ["\n", "\r\n", "\n\n", ";", " ; ", " # noise =~ ~ (\n", "! x := 1\n", "\n;\n"]
)
INSIDE = st.one_of(BLANKS, st.sampled_from(["", "\n", " # a + b\n  "]))


@REPEATABLE
@given(st.sampled_from(sorted(CASES)), st.data())
def test_blanks_comments_and_line_ends_do_not_matter(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    spec = build_spec(case.model, case.options)
    text = data.draw(st.sampled_from(["", "\n# title\n", "\ufeff "]))
    for statement in spec.to_text().split("\n"):
        for token in tokenize(statement):
            word = statement[token.position : token.end]
            after_plus = token.text in ("+", "*", "(", ",") or token.kind == "operator"
            text += word + data.draw(INSIDE if after_plus else BLANKS)
        text += data.draw(BREAKS)
    assert build_spec(text, case.options) == spec


def test_parsing_is_cached() -> None:
    text = "f =~ x1 + x2 + x3"
    assert parse_model(text) is parse_model(text)
    assert build_spec(text, CFA) is build_spec(text, CFA)
