"""The figure of power curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import DataError
from clustersem.report.figures.power import _apart, _pooled, _runs, _together

POPULATION = "M ~ 0.3*X; Y ~ 0.25*M + 0.1*X; X ~~ 1*X; M ~~ 0.91*M; Y ~~ 0.9*Y"


@pytest.fixture(scope="module")
def plan():
    return cs.power(POPULATION, n=[50, 100, 400], method="analytic")


def test_a_curve_a_hypothesis(plan):
    axes = cs.power_figure(plan).axes[0]
    curves = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert [text.get_text() for text in axes.texts] == ["M ~ X", "Y ~ M", "Y ~ X"]
    for line, (_, powers) in zip(curves, plan.curves.iterrows(), strict=True):
        assert line.get_xdata().tolist() == [50, 100, 400]
        assert line.get_ydata() == pytest.approx(powers.to_numpy())


def test_simulated_curves_have_their_intervals():
    found = cs.power(POPULATION, "M ~ X", n=[50, 100], n_replications=50, seed=1)
    axes = cs.power_figure(found, wanted=None).axes[0]
    (bars,) = axes.collections
    lower = [segment[0][1] for segment in bars.get_segments()]
    assert lower == pytest.approx(found.table["power_ci_lower"].tolist())


def test_curves_that_nobody_can_tell_apart_share_a_label():
    ids = ["H1", "H2", "H3", "H4", "H5"]
    powers = pd.DataFrame(
        {
            "H1": [0.5, 0.9],
            "H2": [0.7, 1.0],
            "H3": [0.701, 1.0],
            "H4": [0.7, 0.999],
            "H5": [0.5, 0.9],
        }
    )
    groups = _together(powers)
    assert groups == [["H1", "H5"], ["H2", "H3", "H4"]]
    assert [_runs(group, ids) for group in groups] == ["H1, H5", "H2–H4"]


def test_labels_keep_apart_and_inside():
    ends = [1.0, 1.0, 1.0, 0.99, 0.5, 0.02, 0.01, 0.0]
    placed = _apart(ends, 0.06)
    order = np.argsort(placed)[::-1]
    assert (-np.diff(np.array(placed)[order]) >= 0.06 - 1e-12).all()
    assert order.tolist() == list(range(8))
    assert min(placed) >= 0.0
    assert placed[4] == pytest.approx(0.5)


def test_the_same_bytes_every_time(plan, tmp_path):
    first = cs.power_figure(plan, tmp_path / "a.svg").read_bytes()
    assert cs.power_figure(plan, tmp_path / "b.svg").read_bytes() == first
    assert b"Y ~ M" in first
    with pytest.raises(DataError, match=r"\.svg, \.png, \.pdf"):
        cs.power_figure(plan, tmp_path / "a.doc")


def test_a_sample_size_is_drawn_as_its_powers():
    size = cs.sample_size(POPULATION, "M ~ X", method="analytic")
    axes = cs.power_figure(size).axes[0]
    (curve,) = (line for line in axes.lines if len(line.get_xdata()) > 5)
    at = dict(zip(curve.get_xdata().tolist(), curve.get_ydata().tolist(), strict=True))
    assert at[size.n] >= 0.8


def test_sizes_that_a_search_tried_close_together_are_one_point():
    given = {"id": "H1", "n_replications": 100}
    tried = [(50, 0.3), (100, 0.7), (104, 0.8), (110, 0.9), (200, 1.0)]
    table = pd.DataFrame([{**given, "n": n, "power": power} for n, power in tried])
    pooled = _pooled(table)
    assert pooled["n"].tolist() == pytest.approx([50, (100 + 104 + 110) / 3, 200])
    assert pooled["power"].tolist() == pytest.approx([0.3, 0.8, 1.0])
    # Wilson's interval of 240 of 300, by prop.test(240, 300, correct = FALSE) of R.
    limits = pooled.loc[1, ["power_ci_lower", "power_ci_upper"]].tolist()
    assert limits == pytest.approx([0.7511, 0.8413], abs=1e-4)
    size = cs.sample_size(POPULATION, "M ~ X", n_replications=100, seed=1)
    curve = cs.power_figure(size, wanted=None).axes[0].lines[-1]
    assert np.asarray(curve.get_xdata()) == pytest.approx(_pooled(size.power.table)["n"].to_numpy())
