"""Parameter tables against lavaan's: rows, order, values, labels, variables."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from spec_oracle import CASES, HERE, REFUSED, Case, Row, options_of

from clustersem.errors import ModelSyntaxError
from clustersem.spec import Expression, ModelSpec, build_spec, options_for
from clustersem.spec.arithmetic import parse_expression
from clustersem.spec.tokens import tokenize

#: Where this library labels otherwise on purpose: lavaan calls the target of ``equal()`` by a row
#: number, and takes the blank out of a label in quotes although its manual allows one.
LABELS = {"equal_function": {".p4.": "y1~1"}, "label_function": {"twowords": "two words"}}


def rows_of(spec: ModelSpec) -> list[Row]:
    return [
        Row(
            row.lhs,
            row.op,
            row.rhs,
            row.user,
            row.group,
            row.free,
            row.start if row.free else row.value,
            row.label,
            row.from_sample,
        )
        for row in spec.parameters
    ]


def expected_rows(case: Case) -> list[Row]:
    renamed = LABELS.get(case.name, {})
    return [
        replace(
            row,
            label=renamed.get(row.label, row.label),
            # R prints fifteen digits, as in 1/3 and sqrt(2).
            value=None if row.value is None else pytest.approx(row.value, rel=1e-14, abs=0),
            # With fixed_x=False lavaan still marks covariates; their moments are free parameters.
            exogenous=row.exogenous and not row.free,
        )
        for row in case.rows
    ]


@pytest.mark.parametrize("name", CASES)
def test_rows_are_lavaans_in_lavaans_order(name: str) -> None:
    case = CASES[name]
    assert rows_of(build_spec(case.model, case.options)) == expected_rows(case)


@pytest.mark.parametrize("name", CASES)
def test_variables_stand_in_lavaans_order(name: str) -> None:
    case = CASES[name]
    spec = build_spec(case.model, case.options)
    assert spec.observed == case.observed
    assert spec.latent == case.latent
    assert spec.exogenous_observed == case.exogenous_observed


@pytest.mark.parametrize("name", CASES)
def test_free_rows_bounds_and_constraints(name: str) -> None:
    case = CASES[name]
    spec = build_spec(case.model, case.options)
    assert spec.n_free_rows == case.npar
    assert tuple((b.parameter, b.lower, b.upper) for b in spec.bounds) == case.bounds
    assert [(c.lhs, c.op, c.rhs) for c in spec.constraints] == [
        (lhs, op, expression(rhs)) for lhs, op, rhs in case.constraints
    ]


def expression(text: str) -> Expression:
    return parse_expression(tokenize(text), text)


@pytest.mark.parametrize("name", REFUSED)
def test_what_lavaan_refuses_is_refused(name: str) -> None:
    with pytest.raises(ModelSyntaxError, match="was given before"):
        build_spec(REFUSED[name], options_for("sem"))


REFERENCE = json.loads((HERE / "reference_models.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("name", REFERENCE)
def test_reference_fits_have_the_same_table(name: str) -> None:
    case = REFERENCE[name]
    options = options_of(case["fun"], case["options"])
    thresholds: dict[str, int] = {}
    for row in case["rows"]:
        if " | " in row:
            item = row.split()[0]
            thresholds[item] = thresholds.get(item, 0) + 1
    spec = build_spec(case["model"], replace(options, thresholds=tuple(thresholds.items())))
    suffix = {1: ""}
    assert [row.name + suffix.get(row.group, f" g{row.group}") for row in spec.parameters] == case[
        "rows"
    ]
    assert spec.n_free_rows == case["npar"]
