"""The printed numbers load as printed, and the model texts say what the tables say."""

import re
from dataclasses import FrozenInstanceError

import pytest

from clustersem.studies.cross_border.models import HYPOTHESES, INITIAL_MODEL, REVISED_MODEL
from clustersem.studies.cross_border.paper import published


def statements(model, op):
    pattern = rf"^(\w+) {re.escape(op)} (.+)$"
    return [
        (lhs, rhs)
        for lhs, right in re.findall(pattern, model, flags=re.MULTILINE)
        for rhs in right.split(" + ")
    ]


def test_counts_of_the_paper():
    paper = published()
    assert [paper.sample[k] for k in ("distributed", "returned", "valid")] == [532, 503, 481]
    assert round(100 * 481 / 532, 2) == paper.sample["valid_rate_percent"]
    assert len(paper.items) == 29
    assert len(paper.loadings) == 26 == len(paper.efa_loadings)
    assert len(paper.paths) == 16
    assert sum(row.is_marker for row in paper.loadings) == 8
    assert {item for c in paper.constructs.values() for item in c.items} == set(paper.items)
    assert set(paper.items) - {row.item for row in paper.loadings} == set(paper.deleted)


def test_records_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        published().paths[0].std = 0.5
    with pytest.raises(TypeError):
        published().alphas["B1"] = 0.9


def test_a_path_is_found_either_way_round_only_if_symmetric():
    assert published().path("A1 ~~ A2").id == "H16"
    assert published().path("B4 ~~ B1").std == 0.581
    with pytest.raises(KeyError, match="B1 ~ A1"):
        published().path("B1 ~ A1")


def test_measurement_model_is_table_9_with_its_markers():
    paper = published()
    loadings = statements(INITIAL_MODEL, "=~")
    assert set(loadings) == {(row.construct, row.item) for row in paper.loadings}
    first = dict(reversed(loadings))
    assert first == {name: paper.marker(name).item for name in paper.constructs}


def test_structural_model_is_table_7():
    paper = published()
    assert set(statements(INITIAL_MODEL, "~")) == {
        (row.lhs, row.rhs) for row in paper.paths if row.op == "~"
    }
    covariances = {frozenset(pair) for pair in statements(INITIAL_MODEL, "~~")}
    printed = {frozenset((row.lhs, row.rhs)) for row in paper.paths if row.op == "~~"}
    assert printed < covariances
    assert len(covariances - printed) == 6
    assert len(covariances) == 16


def test_revision_frees_the_five_published_covariances():
    added = REVISED_MODEL.removeprefix(INITIAL_MODEL)
    assert tuple(statements(added, "~~")) == published().modifications


def test_hypotheses_are_those_of_table_7_in_the_order_of_table_2():
    found = [re.fullmatch(r"(H\d+): (.+), \+", text).groups() for text in HYPOTHESES]
    assert [name for name, _ in found] == [f"H{k}" for k in range(1, 17)]
    for name, path in found:
        assert published().path(path).id == name
