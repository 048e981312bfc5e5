"""Purification: which items go, in which order, and why."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from clustersem.errors import DataError
from clustersem.scale import efa, purify
from clustersem.scale.assignment import assign_factors

MARKET = {"B4": ["C14", "C15", "C16", "C17", "C18"], "B6": ["C23", "C24", "C25"]}


def likert(latent, rng, loading=0.8):
    noise = np.sqrt(1.0 - loading**2)
    answer = loading * latent + noise * rng.normal(size=len(latent))
    return np.clip(np.round(3.0 + 1.1 * answer), 1, 5)


@pytest.fixture(scope="module")
def market():
    """Two constructs of one subsystem; C14 belongs to the other one, C25 to none."""
    rng = np.random.default_rng(8)
    latent = rng.multivariate_normal([0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]], size=481)
    items = {item: likert(latent[:, 0], rng) for item in MARKET["B4"]}
    items |= {item: likert(latent[:, 1], rng) for item in MARKET["B6"]}
    items["C14"] = likert(latent[:, 1], rng, 0.7)
    items["C25"] = likert(latent[:, 1], rng, 0.1)
    return pd.DataFrame(items)


def test_the_planted_items_go_the_worst_first(market):
    found = purify(market, MARKET)
    assert found.deleted == ("C14", "C25")
    assert found.constructs == {"B4": ("C15", "C16", "C17", "C18"), "B6": ("C23", "C24")}
    assert found.kept == ("C15", "C16", "C17", "C18", "C23", "C24")
    assert found.flagged == ()
    assert found.warnings == ()
    first, second = found.steps
    assert (first.rule, first.construct) == ("wrong_factor", "B4")
    assert first.violation.other_construct == "B6"
    assert (second.rule, second.construct) == ("low_loading", "B6")


def test_every_step_is_a_fresh_factoring_of_the_items_left(market):
    found = purify(market, MARKET)
    items = [item for members in MARKET.values() for item in members]
    for step in found.steps:
        fresh = efa(market, 2, items=items)
        pd.testing.assert_frame_equal(step.loadings, fresh.loadings)
        assert step.cumulative_variance_before == fresh.cumulative_variance
        assert step.n_items == len(items)
        own = fresh.loadings.loc[step.item, step.assignment[step.construct]]
        assert step.violation.loading == own
        items.remove(step.item)
        assert step.cumulative_variance_after == efa(market, 2, items=items).cumulative_variance
        assert step.cumulative_variance_after > step.cumulative_variance_before
    pd.testing.assert_frame_equal(found.efa.loadings, efa(market, 2, items=items).loadings)


def test_the_log_tells_the_course(market):
    found = purify(market, MARKET)
    lines = found.log.splitlines()
    assert lines[0] == (
        "1. C14 (B4) deleted: loads 0.251 on the factor of B4 (F1), below the cutoff 0.5, "
        "and more, 0.769, on the factor of B6 (F2)."
    )
    assert lines[1].startswith("   2 factors accounted for ")
    assert lines[2].startswith("2. C25 (B6) deleted: loads ")
    assert lines[-1].startswith("6 items kept; 2 factors account for ")
    table = found.table
    assert table["item"].tolist() == ["C14", "C25"]
    assert table["rule"].tolist() == ["wrong_factor", "low_loading"]
    assert table.loc[0, "reason"] == found.steps[0].reason


def test_a_clean_scale_is_left_alone(traits):
    found = purify(traits, {"A": ["a", "b", "c"], "B": ["d", "e", "f"]})
    assert found.deleted == ()
    assert found.table.empty
    assert found.log.startswith("No item was deleted.\n6 items kept;")
    assert set(found.assignment.values()) == {"F1", "F2"}


def test_no_construct_is_brought_below_the_minimum(traits):
    data = traits.assign(noise=np.random.default_rng(0).normal(size=len(traits)))
    strict = purify(data, {"A": ["a", "b", "noise"], "B": ["d", "e", "f"]}, minimum_items=3)
    assert strict.deleted == ()
    assert [v.item for v in strict.flagged] == ["noise"]
    assert "noise (A) loads" in strict.warnings[0]
    assert "but stays: A has only 3 items left" in strict.warnings[0]
    assert strict.warnings[0] in strict.log


def test_a_spared_item_does_not_shield_the_next(traits):
    rng = np.random.default_rng(0)
    data = traits.assign(n1=rng.normal(size=len(traits)), n2=rng.normal(size=len(traits)))
    found = purify(data, {"A": ["a", "b", "n1"], "B": ["d", "e", "f", "n2"]}, minimum_items=3)
    assert found.deleted == ("n2",)
    assert [v.item for v in found.flagged] == ["n1"]


def test_more_factors_than_constructs(traits):
    rng = np.random.default_rng(4)
    third = rng.normal(size=(len(traits), 1))
    data = traits.assign(**{n: third[:, 0] + 0.5 * rng.normal(size=len(traits)) for n in "xy"})
    constructs = {"A": ["a", "b", "c", "x"], "B": ["d", "e", "f", "y"]}
    found = purify(data, constructs, n_factors=3)
    assert found.deleted[:2] == ("x", "y")
    assert "a factor that is no construct's" in found.steps[0].reason


def test_order_of_rows_items_and_units_do_not_matter(market):
    base = purify(market, MARKET)
    swapped = {name: list(reversed(items)) for name, items in reversed(MARKET.items())}
    for data, constructs in (
        (market.sample(frac=1.0, random_state=2), MARKET),
        (market * 1000.0, MARKET),
        (market[list(reversed(market.columns))], swapped),
    ):
        assert purify(data, constructs).deleted == base.deleted


def test_a_reversed_item_is_kept_and_named(traits):
    data = traits.assign(b=-traits["b"])
    found = purify(data, {"A": ["a", "b", "c"], "B": ["d", "e", "f"]})
    assert found.deleted == ()
    assert found.warnings[0].startswith("b loads on A against the other items")


def test_rows_missing_only_in_a_deleted_item_come_back(market):
    data = market.copy()
    data.loc[:49, "C14"] = np.nan
    found = purify(data, MARKET)
    assert found.deleted == ("C14", "C25")
    assert found.efa.n == len(market)


@dataclass
class SurveyStandIn:
    answers: pd.DataFrame
    constructs: dict


def test_a_survey_brings_its_constructs(market):
    assert purify(SurveyStandIn(market, MARKET)).deleted == ("C14", "C25")
    only = purify(SurveyStandIn(market, MARKET), {"B4": ["C15", "C16", "C17"]})
    assert only.kept == ("C15", "C16", "C17")


def test_assignment_maximises_the_shared_variance():
    loadings = pd.DataFrame(
        # Both load most on F1; the sum is largest when A, which gains less there, yields.
        [[0.6, 0.5], [0.6, 0.5], [0.9, 0.1], [0.9, 0.1]],
        index=list("abcd"),
        columns=["F1", "F2"],
    )
    assert assign_factors(loadings, {"A": ("a", "b"), "B": ("c", "d")}) == {"A": "F2", "B": "F1"}


@pytest.mark.parametrize(
    ("constructs", "options", "message"),
    [
        (None, {}, "no constructs: pass a mapping"),
        ({}, {}, "no constructs"),
        ({"A": ["a"], "B": ["d", "e"]}, {}, r"construct 'A' has 1 item\(s\), fewer than 2"),
        ({"A": ["a", "b"], "B": ["b", "d"]}, {}, "item 'b' is in 'A' and in construct 'B'"),
        ({"A": ["a", "a"]}, {}, "item 'a' is twice in construct 'A'"),
        ({"A": ["a", "bb"]}, {}, "item 'bb' is not in the data; did you mean 'b'"),
        ({"A": "ab"}, {}, "must be a list of item names, got 'ab'"),
        ({"A": []}, {}, "construct 'A' has no items"),
        ({"A": ["a", "b"], "B": ["d", "e"]}, {"n_factors": 1}, "1 factors for 2 constructs"),
        ({"A": ["a", "b"]}, {"cutoff": 50}, "cutoff must lie between 0 and 1, got 50"),
        ({"A": ["a", "b"]}, {"minimum_items": 0}, "minimum_items must be at least 1"),
    ],
)
def test_bad_input_is_named(constructs, options, message, traits):
    with pytest.raises(DataError, match=message):
        purify(traits, constructs, **options)


def test_a_two_item_construct_keeps_both_and_says_so():
    # The second item of A measures B: it fails, but A would be left with one item.
    rng = np.random.default_rng(3)
    latent = rng.normal(size=(400, 2))
    data = pd.DataFrame(
        {item: latent[:, 1] + 0.7 * rng.normal(size=400) for item in ("b1", "b2", "b3", "a2")}
    )
    data["a1"] = latent[:, 0] + 0.3 * rng.normal(size=400)
    found = purify(data, {"A": ["a1", "a2"], "B": ["b1", "b2", "b3"]})
    assert found.deleted == ()
    assert [(v.item, v.rule, v.other_construct) for v in found.flagged] == [
        ("a2", "wrong_factor", "B")
    ]
    assert "but stays: A has only 2 items left" in found.warnings[0]
