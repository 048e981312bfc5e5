"""Expression trees against Python's arithmetic and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersem.spec import Expression, build_spec, options_for
from clustersem.spec.arithmetic import parse_expression
from clustersem.spec.expression import FUNCTIONS, Binary, Call, Name, Negative, Number
from clustersem.spec.linear import linear_form
from clustersem.spec.tokens import tokenize

#: Same draws on every run; no deadline, since machines are shared.
REPEATABLE = settings(derandomize=True, deadline=None)


def parse(text: str) -> Expression:
    return parse_expression(tokenize(text), text)


VALUES = {"a": 0.6, "b": 1.7, "c": -0.4}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b + c", 0.6 * 1.7 - 0.4),
        ("-a^2", -(0.6**2)),  # the power binds before the sign, as in R
        ("(-a)^2", 0.36),
        ("2^3^2", 512.0),
        ("2**3", 8.0),
        ("2^-1", 0.5),
        ("a - b - c", 0.6 - 1.7 + 0.4),
        ("a/b/c", 0.6 / 1.7 / -0.4),
        ("a - (b - c)", 0.6 - (1.7 + 0.4)),
        ("1e-3 + .5", 0.501),
        ("sqrt(a) + exp(b*c)/log(b)", math.sqrt(0.6) + math.exp(-0.68) / math.log(1.7)),
        ("abs(c)*sin(a) - cos(b) + tan(a)", 0.4 * math.sin(0.6) - math.cos(1.7) + math.tan(0.6)),
        ("+a", 0.6),
        ("--a", 0.6),
    ],
)
def test_value(text: str, expected: float) -> None:
    # A few operations on doubles differ in the last bits only.
    assert parse(text).evaluate(VALUES) == pytest.approx(expected, rel=1e-14)


def expressions() -> st.SearchStrategy[Expression]:
    leaves = st.sampled_from([Name("a"), Name("b"), Name("c"), Number(2.0), Number(0.25)])

    def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        return st.one_of(
            st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "^"]), inner, inner),
            st.builds(Negative, inner),
            st.builds(Call, st.sampled_from(sorted(FUNCTIONS)), inner),
        )

    return st.recursive(leaves, larger, max_leaves=8)


@REPEATABLE
@given(expressions())
def test_text_reads_back_as_the_same_tree(tree: Expression) -> None:
    assert parse(str(tree)) == tree


@REPEATABLE
@given(expressions(), st.integers(0, 2**32 - 1))
def test_gradient_is_the_finite_difference(tree: Expression, seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = dict(zip("abc", generator.uniform(0.2, 1.5, 3).tolist(), strict=True))
    gradient = tree.gradient(values)
    assert set(gradient) == set(tree.names)
    for name, slope in gradient.items():
        differences = []
        for step in (1e-4, 5e-5):
            above = tree.evaluate({**values, name: values[name] + step})
            below = tree.evaluate({**values, name: values[name] - step})
            differences.append((above - below) / (2 * step))
        coarse, fine = differences
        best = (4 * fine - coarse) / 3  # Richardson: the error is of fourth order in the step
        if not all(map(math.isfinite, (slope, coarse, fine))) or abs(slope) > 1e3:
            continue
        if abs(coarse - fine) > 1e-3 * (1 + abs(fine)):
            continue  # a pole or a kink within the step
        # Rounding: values below 1e6 with sixteen digits, divided by a step of 5e-5.
        scale = 1 + abs(tree.evaluate(values)) + abs(slope)
        assert slope == pytest.approx(best, abs=1e-4 * scale)


@pytest.mark.parametrize("text", ["1/(a - 0.6)", "log(c)", "sqrt(c)", "c^0.5", "exp(2000*a)"])
def test_undefined_values_are_nan_not_exceptions(text: str) -> None:
    tree = parse(text)
    assert math.isnan(tree.evaluate(VALUES))
    assert all(math.isnan(slope) for slope in tree.gradient(VALUES).values())


def test_substitution_replaces_definitions() -> None:
    tree = parse("q^2 + a").substitute({"q": parse("a*b")})
    assert tree == parse("(a*b)^2 + a")
    assert tree.names == ("a", "b")


def test_functions_of_constraints_have_documented_signs() -> None:
    text = "f =~ x1 + a*x2 + b*x3\na == 2*b\na > 0.1\na < 3\nq := a/b"
    equal, above, below, defined = build_spec(text, options_for("cfa")).constraints
    values = {"a": 2.0, "b": 0.5}
    assert equal.function.evaluate(values) == 1.0
    assert above.function.evaluate(values) == 1.9
    assert below.function.evaluate(values) == 1.0
    assert defined.function.evaluate(values) == 4.0
    assert [str(c) for c in (equal, above, below, defined)] == [
        "a == 2*b",
        "a > 0.1",
        "a < 3",
        "q := a/b",
    ]


LINEAR = {
    "a - b": ({"a": 1.0, "b": -1.0}, 0.0),
    "2*a/4 + 3": ({"a": 0.5}, 3.0),
    "-(a - 2*(b + 1))": ({"a": -1.0, "b": 2.0}, 2.0),
    "a*sqrt(4) - a^1": ({"a": 1.0}, 0.0),
    "2^3": ({}, 8.0),
}


@pytest.mark.parametrize("text", LINEAR)
def test_linear_forms(text):
    form = linear_form(parse(text))
    assert form is not None
    assert (form.coefficients, form.constant) == LINEAR[text]


@pytest.mark.parametrize("text", ["a*b", "1/a", "a^2", "exp(a)", "a/b", "2^a", "a/0", "a - abs(b)"])
def test_what_is_not_linear(text):
    assert linear_form(parse(text)) is None
