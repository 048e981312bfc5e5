"""The printed numbers load as printed, and the model texts say what the tables say."""

import re
import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from clustersem.studies import cross_border
from clustersem.studies.cross_border.models import HYPOTHESES, INITIAL_MODEL, REVISED_MODEL
from clustersem.studies.cross_border.paper import (
    loadings,
    marker,
    modifications,
    n_valid,
    path,
    paths,
    published,
    value,
)

FILE = Path(cross_border.__file__).with_name("published.toml")


def statements(model, op):
    pattern = rf"^(\w+) {re.escape(op)} (.+)$"
    return [
        (lhs, rhs)
        for lhs, right in re.findall(pattern, model, flags=re.MULTILINE)
        for rhs in right.split(" + ")
    ]


def test_counts_of_the_paper():
    paper = published()
    sample = paper.sample
    assert [one.text for one in (sample.distributed, sample.returned, sample.n)] == [
        "532", "503", "481",
    ]  # fmt: skip
    assert n_valid() == 481
    assert sample.shares[0].percent.text == f"{100 * 481 / 532:.2f}"
    assert len(loadings(paper)) == 26 == len([item for item in paper.items if item.loading])
    assert len(paths(paper)) == 16
    assert sum(row.se is None for row in loadings(paper)) == 8
    assert [(row.lhs, row.rhs) for row in loadings(paper)] == [
        (one.name, item) for one in paper.constructs for item in one.items
    ]


def test_records_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        published().coefficients[0].std = None
    with pytest.raises(TypeError):
        published().construct["B1"] = None


def test_values_are_the_numbers_of_the_file():
    """Reading texts gives the floats that TOML gives, so nothing computed from them changes."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    rows = [[p[key] for key in ("est", "se", "cr", "std")] for p in raw["paths"]]
    assert rows == [
        [value(number) for number in (row.est, row.se, row.cr, row.std)]
        for row in paths(published())
    ]
    assert raw["alpha"] == {one.name: value(one.alpha) for one in published().constructs}


def test_a_number_that_is_not_printed_has_no_value():
    with pytest.raises(ValueError, match="does not print"):
        value(marker("B1").se)


def test_a_path_is_found_either_way_round_only_if_symmetric():
    assert path("A1 ~~ A2").id == "H16"
    assert path("B4 ~~ B1").std.text == "0.581"
    with pytest.raises(KeyError, match="B1 ~ A1"):
        path("B1 ~ A1")


def test_measurement_model_is_table_9_with_its_markers():
    paper = published()
    found = statements(INITIAL_MODEL, "=~")
    assert set(found) == {(row.lhs, row.rhs) for row in loadings(paper)}
    first = dict(reversed(found))
    assert first == {name: marker(name).rhs for name in paper.construct}


def test_structural_model_is_table_7():
    paper = published()
    assert set(statements(INITIAL_MODEL, "~")) == {
        (row.lhs, row.rhs) for row in paths(paper) if row.op == "~"
    }
    covariances = {frozenset(pair) for pair in statements(INITIAL_MODEL, "~~")}
    printed = {frozenset((row.lhs, row.rhs)) for row in paths(paper) if row.op == "~~"}
    assert printed < covariances
    assert len(covariances - printed) == 6
    assert len(covariances) == 16


def test_revision_frees_the_five_published_covariances():
    added = REVISED_MODEL.removeprefix(INITIAL_MODEL)
    assert tuple(statements(added, "~~")) == modifications()


def test_hypotheses_are_those_of_table_7_in_the_order_of_table_2():
    found = [re.fullmatch(r"(H\d+): (.+), \+", text).groups() for text in HYPOTHESES]
    assert [name for name, _ in found] == [f"H{k}" for k in range(1, 17)]
    for name, hypothesis in found:
        assert path(hypothesis).id == name
