"""The path diagram: nothing overlaps, every arrow is there, the file is the same every time."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
import subprocess
import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import PathPatch
from matplotlib.transforms import Bbox

import clustersem as cs
from clustersem.errors import ClusterSemWarning, DataError, ModelError
from clustersem.report import path_diagram, path_diagram_svg
from clustersem.report.diagram import geometry, public
from clustersem.report.diagram.draw import draw
from clustersem.report.diagram.graph import graph_of
from clustersem.report.diagram.scene import Scene, compose

from .standin import LABELS, REFERENCE, StandInFit, made_fit, reference_fit

CHINESE = {
    "B1": "行业服务机构水平",
    "B2": "制度环境与企业关系状况以及其他许多方面的综合评价",
    "A2": "跨境电子商务状况",
    "C1": "教育服务机构",
    "C2": "price in $ and $",
    "C3": "a_very_long_variable_name_with_underscores_and_more_of_them",
}


def crowded() -> StandInFit:
    """Sixty items, twelve constructs, all 66 covariances."""
    rng = np.random.default_rng(1)
    names = [f"F{k}" for k in range(1, 13)]
    rows = [
        (name, "=~", f"q{5 * k + j}", float(rng.uniform(0.4, 0.9)))
        for k, name in enumerate(names)
        for j in range(1, 6)
    ]
    rows += [
        (a, "~~", b, float(rng.uniform(-0.6, 0.7))) for a, b in itertools.combinations(names, 2)
    ]
    return made_fit(rows)


def mediated() -> StandInFit:
    """Five columns, arrows that skip columns, residual covariances across the drawing."""
    rows = [
        (name, "=~", f"{name.lower()}{j}", 0.6 + 0.05 * j)
        for name in ("TRUST", "NORM", "EASE", "USEFUL", "ATTITUDE", "INTENT", "USE")
        for j in (1, 2, 3, 4)
    ]
    paths = "EASE TRUST,USEFUL EASE,USEFUL NORM,ATTITUDE USEFUL,ATTITUDE EASE,INTENT ATTITUDE"
    paths += ",INTENT USEFUL,INTENT TRUST,USE INTENT,USE NORM"
    rows += [(y, "~", x, 0.3) for y, x in (pair.split() for pair in paths.split(","))]
    rows += [
        ("TRUST", "~~", "NORM", 0.3),
        ("useful1", "~~", "useful3", 0.2),
        ("attitude1", "~~", "use2", -0.05),
        ("trust1", "~~", "use1", 0.15),
    ]
    return made_fit(rows)


def mixed() -> StandInFit:
    """Cross-loading, covariates, a direct effect on an item."""
    rows = [("f1", "=~", f"x{j}", 0.6) for j in (1, 2, 3, 4)]
    rows += [("f2", "=~", f"x{j}", -0.6) for j in (5, 6, 7, 4)]
    rows += [("f1", "~", "age", 0.1), ("f2", "~", "age", 0.3), ("f1", "~", "sex", 0.3)]
    rows += [("x2", "~", "sex", 0.2), ("f1", "~~", "f2", 0.2), ("age", "~~", "sex", 0.02)]
    return made_fit(rows)


def mutual() -> StandInFit:
    """Two variables that cause each other."""
    rows = [("a", "~", "b", 0.3), ("b", "~", "a", 0.2), ("a", "~", "z1", 0.3)]
    rows += [("b", "~", "z2", 0.4), ("z1", "~~", "z2", 0.1), ("a", "~~", "b", -0.3)]
    return made_fit(rows)


CASES = {
    "cross-border revised": (lambda: reference_fit("cross_border_revised"), None),
    "cross-border initial": (lambda: reference_fit("cross_border_initial"), None),
    "cross-border, English": (lambda: reference_fit("cross_border_revised"), LABELS),
    "cross-border, Chinese": (lambda: reference_fit("cross_border_revised"), CHINESE),
    "Holzinger-Swineford": (lambda: reference_fit("hs_cfa_ml"), None),
    "second order": (lambda: reference_fit("hs_second_order"), None),
    "bifactor": (lambda: reference_fit("hs_bifactor"), None),
    "observed path model": (lambda: reference_fit("path_observed"), None),
    "democracy": (lambda: reference_fit("democracy_sem_ml"), None),
    "one factor": (lambda: made_fit([("f", "=~", f"x{j}", 0.2 * j - 0.5) for j in range(6)]), None),
    "sixty items": (crowded, None),
    "mediators": (mediated, None),
    "cross-loading and covariates": (mixed, None),
    "mutual causes": (mutual, None),
}


@functools.cache
def scene_of(case: str) -> Scene:
    make, labels = CASES[case]
    return compose(graph_of(make(), labels), make().measures)


def drawn(scene: Scene):
    """The texts with what they are, and the outlines of nodes, in pixels after drawing."""
    figure = draw(scene)
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    renderer = canvas.get_renderer()
    axes = figure.axes[0]
    texts = [
        (str(t.get_gid()).split("-")[0], t.get_text(), t.get_window_extent(renderer))
        for t in axes.texts
    ]
    nodes = [
        patch.get_window_extent(renderer)
        for patch in axes.patches
        if str(patch.get_gid() or "").startswith("node-")
    ]
    return figure, texts, nodes


def drawn_fit(fit: StandInFit):
    return drawn(compose(graph_of(fit), fit.measures))


def overlap(a: Bbox, b: Bbox) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


def within(a: Bbox, b: Bbox) -> bool:
    return b.x0 <= a.x0 and a.x1 <= b.x1 and b.y0 <= a.y0 and a.y1 <= b.y1


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:Glyph .* missing from")  # boxes take the room of the glyphs
def test_no_text_meets_another_or_a_node(case):
    figure, texts, nodes = drawn(scene_of(case))
    for (_, name_a, a), (_, name_b, b) in itertools.combinations(texts, 2):
        assert not overlap(a, b), f"{name_a!r} meets {name_b!r}"
    for kind, name, box in texts:
        for node in nodes:
            own = kind == "name" and within(box, node)
            assert own or not overlap(box, node), f"{name!r} meets a node"
        assert within(box, figure.bbox)
    for a, b in itertools.combinations(nodes, 2):
        assert not overlap(a, b)


@pytest.mark.parametrize("case", [name for name in CASES if name != "sixty items"])
def test_no_arrow_runs_through_a_node_of_others(case):
    scene = scene_of(case)
    for route in scene.routes:
        points = geometry.sample(route.segments)
        for name, box in scene.placement.boxes.items():
            if name not in (route.link.source, route.link.target):
                assert not box.holds(points).any(), f"{route.link} runs through {name}"


@pytest.mark.parametrize("case", CASES)
def test_arrows_end_on_the_outline_of_their_nodes(case):
    scene = scene_of(case)
    for route in scene.routes:
        ends = [route.segments[0][0], route.segments[-1][3]]
        boxes = [scene.placement.boxes[n] for n in (route.link.source, route.link.target)]
        # A double-headed arrow may be drawn from either end.
        orders = [boxes, boxes[::-1]] if route.link.kind == "covariance" else [boxes]
        assert any(all(map(on_outline, order, ends)) for order in orders), route.link


def on_outline(box: geometry.Box, point: np.ndarray) -> bool:
    """Outside of the box when it shrinks by a thousandth of an inch, inside when it grows."""
    shrunk, grown = (box.holds(point[None], pad=pad)[0] for pad in (-0.001, 0.001))
    return bool(grown and not shrunk)


def test_every_parameter_has_its_value():
    fit = reference_fit("cross_border_revised")
    _, texts, nodes = drawn_fit(fit)
    values = [text for kind, text, _ in texts if kind == "value"]
    rows = fit.estimates[fit.estimates["lhs"] != fit.estimates["rhs"]]
    assert len(nodes) == 26 + 8
    assert sorted(values) == sorted(f"{v:.2f}".replace("-", "−") for v in rows["std_all"])
    names = {text for kind, text, _ in texts if kind == "name"}
    assert {"B1", "C29", "R² = 0.76"} <= names


def test_fit_line_states_the_measures():
    _, texts, _ = drawn_fit(reference_fit("cross_border_revised"))
    caption = ", ".join(text for kind, text, _ in texts if kind == "caption")
    assert caption == (
        "χ² = 281.95, df = 272, p = .326, CFI = .998, TLI = .998, RMSEA = .009, SRMR = .027, "
        "n = 481"
    )


def test_lines_tell_what_is_significant_and_what_is_fixed():
    rows = [("f", "=~", "x1", 0.7), ("f", "=~", "x2", 0.05), ("f", "=~", "x3", 0.6)]
    figure, texts, _ = drawn_fit(made_fit(rows))
    lines = [patch for patch in figure.axes[0].patches if isinstance(patch, PathPatch)]
    # Three arrows, then the key: solid, dashed, grey.
    fixed, weak, strong = lines[:3]
    assert weak.get_linestyle() != strong.get_linestyle()
    assert fixed.get_edgecolor() != strong.get_edgecolor()
    assert [text for kind, text, _ in texts if kind == "key"] == ["p < .05", "p ≥ .05", "fixed"]


def test_variances_and_covariances_fixed_at_zero_are_not_drawn():
    fit = made_fit([("f", "=~", "x1", 0.7), ("f", "=~", "x2", 0.6), ("g", "=~", "y1", 0.7)])
    zero = {"lhs": "f", "op": "~~", "rhs": "g", "std_all": 0.0, "est": 0.0, "se": 0.0}
    variance = {"lhs": "f", "op": "~~", "rhs": "f", "std_all": 1.0, "est": 0.4, "se": 0.1}
    fit.estimates.loc[len(fit.estimates)] = {**zero, "p_value": float("nan")}
    fit.estimates.loc[len(fit.estimates)] = {**variance, "p_value": 0.0}
    assert [link.kind for link in graph_of(fit).links] == ["loading"] * 3


def test_missing_standardised_value_is_a_dash():
    _, texts, _ = drawn_fit(made_fit([("f", "=~", "x1", float("nan")), ("f", "=~", "x2", -0.001)]))
    assert [text for kind, text, _ in texts if kind == "value"] == ["–", "0.00"]


def test_groups_are_drawn_one_at_a_time():
    fit = reference_fit("hs_group_configural")
    first, second = graph_of(fit, group=0), graph_of(fit, group=1)
    assert [k.source for k in first.links] == [k.source for k in second.links]
    assert [k.value for k in first.links] != [k.value for k in second.links]
    with pytest.raises(ModelError, match=r"no group 2: pass .*group=0 to group=1"):
        path_diagram(fit, group=2)


def test_a_fit_of_several_groups_asks_which_one():
    answers = pd.read_csv(REFERENCE / "data" / "holzinger1939.csv")
    fit = cs.cfa("visual =~ x1 + x2 + x3 + x9", answers, group="school", estimator="MLR")
    with pytest.raises(ModelError, match=r"pass group='Pasteur', group='Grant-White'\."):
        path_diagram(fit)
    with pytest.raises(ModelError, match=r"no group 'Pastuer': pass group='Pasteur'"):
        path_diagram(fit, group="Pastuer")
    by_name, by_number = (graph_of(fit, group=number) for number in (0, 1))
    assert by_name.nodes["x1"].r_squared == pytest.approx(fit.r_squared["Pasteur", "x1"])
    assert by_number.nodes["x1"].r_squared == pytest.approx(fit.r_squared["Grant-White", "x1"])
    figure = path_diagram(fit, group="Grant-White")
    shown = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert "Group Grant-White, one of 2. Fit of all groups together:" in shown
    assert f"scaled χ² = {fit.measures['chisq_scaled']:.2f}" in shown
    assert f"robust RMSEA = {fit.measures['rmsea_robust']:.3f}".replace("0.", ".") in shown


def test_one_group_has_no_other():
    fit = reference_fit("hs_cfa_ml")
    with pytest.raises(ModelError, match=r"the fit has one\. Leave group= out"):
        path_diagram(fit, group=1)


def test_thresholds_and_scales_are_no_arrows():
    answers = pd.read_csv(REFERENCE / "data" / "hs_ordinal.csv")
    fit = cs.cfa("f =~ o1 + o2 + o3", answers, ordered=True)
    assert [link.kind for link in graph_of(fit).links] == ["loading"] * 3


def test_nothing_to_draw_is_said():
    fit = made_fit([("f", "=~", "x1", 0.7)])
    fit.estimates["op"] = "~1"
    with pytest.raises(ModelError, match="no arrows"):
        path_diagram(fit)


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_files_are_the_same_every_time(tmp_path, suffix):
    fit = reference_fit("hs_cfa_ml")
    path = path_diagram(fit, tmp_path / f"a.{suffix}")
    again = path_diagram(fit, tmp_path / "folder" / f"b.{suffix}")
    assert path.read_bytes() == again.read_bytes()
    assert b"Date" not in path.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a.{suffix}", "folder"]


def test_svg_holds_the_names_as_text_and_no_link_to_anywhere():
    svg = path_diagram_svg(reference_fit("cross_border_revised"), labels=CHINESE)
    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
    assert "行业服务机构" in svg
    assert "price in $ and $" in svg
    assert "<metadata" not in svg
    assert "dc:date" not in svg


def test_ids_of_a_file_are_unique(tmp_path):
    path = path_diagram(reference_fit("cross_border_revised"), tmp_path / "a.svg")
    ids = re.findall(r'\bid="([^"]+)"', path.read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids)) > 60


def test_labels_that_touch_are_not_passed_over(monkeypatch):
    crowded_scene = dataclasses.replace(scene_of("one factor"), collisions=3)
    monkeypatch.setattr(public, "compose", lambda *_, **__: crowded_scene)
    with pytest.warns(ClusterSemWarning, match="3 labels touch something"):
        path_diagram(made_fit([("f", "=~", "x", 0.5)]))


def test_unknown_suffix_leaves_the_old_file(tmp_path):
    old = tmp_path / "diagram.docx"
    old.write_text("old")
    with pytest.raises(DataError, match=r"diagram\.docx.*\.svg, \.png, \.pdf"):
        path_diagram(reference_fit("hs_cfa_ml"), old)
    assert old.read_text() == "old"


def test_settings_of_matplotlib_are_left_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    path_diagram(reference_fit("hs_cfa_ml"), tmp_path / "a.svg")
    assert dict(matplotlib.rcParams) == before


def test_import_is_light_and_pyplot_stays_out():
    program = """
import sys
import pandas as pd
import clustersem.report
assert "matplotlib" not in sys.modules and "jinja2" not in sys.modules
rows = pd.DataFrame([["f", "=~", "x", 1.0, 0.0, float("nan"), 0.7]],
                    columns=["lhs", "op", "rhs", "est", "se", "p_value", "std_all"])
from types import SimpleNamespace
clustersem.report.path_diagram_svg(SimpleNamespace(estimates=rows, measures={}))
assert "matplotlib" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
