"""The figure of a multiverse."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import DataError, ModelError

MODEL = """
visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
speed ~ visual + textual
"""
HYPOTHESES = "V: speed ~ visual, +\nT: speed ~ textual, -\nC: visual ~~ textual, +"


@pytest.fixture(scope="module")
def fit():
    return cs.sem(MODEL, data("holzinger1939"))


@pytest.fixture(scope="module")
def found(fit):
    policy = cs.RespecificationPolicy(allow=["visual =~ x9", "x7 ~~ x8", "textual =~ x1"])
    return cs.multiverse(fit, policy, HYPOTHESES)


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


def test_a_panel_a_hypothesis_and_the_influence_of_choices(found):
    figure = cs.specification_curve(found)
    assert titles(figure) == [
        "V: speed ~ visual, +",
        "T: speed ~ textual, -",
        "C: visual ~~ textual, +",
    ]
    (image,) = figure.axes[3].images
    assert np.asarray(image.get_array()) == pytest.approx(found.influence.to_numpy())
    shown = [label.get_text() for label in figure.axes[3].get_yticklabels()]
    assert shown == list(found.influence.index)


def test_estimates_are_sorted_and_coloured_by_verdict(found):
    axes = cs.specification_curve(found, hypothesis="T").axes[0]
    points = [
        line for line in axes.lines if line.get_markeredgewidth() == 0 and len(line.get_xdata())
    ]
    pairs = [p for line in points for p in zip(line.get_xdata(), line.get_ydata(), strict=True)]
    drawn = [y for _, y in sorted(pairs)]
    own = found.estimates.query("id == 'T'")
    assert drawn == sorted(own["std_all"])
    assert len(points) == own["verdict"].nunique()


def test_the_dashboard_shows_the_choices_of_the_model_above(found):
    top, bottom = cs.specification_curve(found, hypothesis="V").axes
    (image,) = bottom.images
    made = np.asarray(image.get_array())
    names = [label.get_text() for label in bottom.get_yticklabels()]
    own = found.estimates.query("id == 'V'").sort_values("std_all", kind="stable")
    for k, model in enumerate(own["model"]):
        freed = found.models.loc[found.models["model"] == model, "freed"].iloc[0]
        assert {name for name, mark in zip(names, made[:, k], strict=True) if mark} == set(
            freed.split(", ") if freed else []
        )
    influence = found.influence.loc[names, "V"].to_numpy()
    assert (np.diff(influence) <= 0).all()
    assert top.get_title(loc="right") == "100 %"


def test_rings_and_diamonds_are_the_initial_and_the_final_model(fit, found):
    axes = cs.specification_curve(found, hypothesis="V").axes[0]
    (final,) = [line for line in axes.lines if line.get_marker() == "D"]
    assert final.get_ydata() == pytest.approx([found.values[found.place_of("final"), 0, 3]])
    (first,) = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    std = cs.test_hypotheses(fit, HYPOTHESES)["std_all"].iloc[0]
    assert first.get_ydata() == pytest.approx([std])


def test_a_single_model_can_be_drawn(fit, tmp_path):
    alone = cs.multiverse(fit, cs.RespecificationPolicy(allow=()), HYPOTHESES)
    assert len(cs.specification_curve(alone).axes) == 3
    path = cs.specification_curve(alone, tmp_path / "one.svg", hypothesis="V")
    assert "speed ~ visual" in path.read_text(encoding="utf-8")


def test_what_cannot_be_drawn_is_refused(found, fit):
    with pytest.raises(ModelError, match="there are V, T, C"):
        cs.specification_curve(found, hypothesis="X")
    with pytest.raises(DataError, match=r"draws what cs\.multiverse returns, not a Fit"):
        cs.specification_curve(fit)
    with pytest.raises(DataError, match="nothing to draw"):
        cs.specification_curve(found.among({"cfi": "> 2"}))
    with pytest.raises(DataError, match=r"\.svg, \.png, \.pdf"):
        cs.specification_curve(found, "curve.gif")
