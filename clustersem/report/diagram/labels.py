"""Where the number of every arrow stands, so that no two texts and no text and node meet."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clustersem.report.diagram import geometry, text
from clustersem.report.diagram.geometry import Box, Floats
from clustersem.report.diagram.place import VALUE_FONT
from clustersem.report.diagram.route import Route

_AIR = 0.025
_FORBIDDEN = 1e4
_CROSSED = 6.0
_HEAD = 4.0
_HEAD_ROOM = 0.1
_SWEEPS = 4


@dataclass(frozen=True)
class Label:
    """The standardised value of an arrow and the rectangle that it fills."""

    text: str
    box: Box


@dataclass(frozen=True)
class Labelling:
    """All labels in the order of the routes, and how many of them still collide."""

    labels: tuple[Label, ...]
    collisions: int


def value_text(value: float, digits: int = 2) -> str:
    """Write a coefficient with a true minus sign; an en dash where there is none."""
    if not math.isfinite(value):
        return "–"
    written = f"{value:.{digits}f}"
    if float(written) == 0:
        written = written.lstrip("-")
    return written.replace("-", "−")


def label_routes(routes: tuple[Route, ...], nodes: list[Box], *, digits: int = 2) -> Labelling:
    """Place the labels by repeated sweeps: each takes the best place that the others leave it.

    Candidates lie along the curve; meeting a node or another label is forbidden, covering another
    arrow is dear, and distance from the preferred place is cheap.
    """
    written = [value_text(route.link.value, digits) for route in routes]
    height = VALUE_FONT * text.LINE_HEIGHT / 72
    sizes = np.array([(text.text_width(t, VALUE_FONT) + 0.05, height) for t in written])
    curves = [geometry.sample(route.segments, 80) for route in routes]
    candidates = [
        _candidates(route, curve, size)
        for route, curve, size in zip(routes, curves, sizes, strict=True)
    ]
    fixed = [
        _fixed_costs(k, candidates[k], curves, sizes[k], nodes, routes[k])
        for k in range(len(routes))
    ]
    chosen = np.full((len(routes), 2), np.inf)
    # The most constrained labels choose first.
    order = np.argsort(
        [-np.sort(cost)[: max(1, len(cost) // 3)].mean() for cost in fixed], kind="stable"
    )
    for _ in range(_SWEEPS):
        for k in order:
            cost = fixed[k] + _FORBIDDEN * _meetings(candidates[k], sizes[k], chosen, sizes, k)
            chosen[k] = candidates[k][int(np.argmin(cost))]
    boxes = [
        Box(float(x), float(y), float(w), float(h))
        for (x, y), (w, h) in zip(chosen, sizes, strict=True)
    ]
    collisions = sum(a.overlaps(b) for i, a in enumerate(boxes) for b in [*boxes[:i], *nodes])
    return Labelling(
        tuple(Label(t, box) for t, box in zip(written, boxes, strict=True)), collisions
    )


def _candidates(route: Route, curve: Floats, size: Floats) -> Floats:
    """Centres along the curve, or beside it where the route asks for that."""
    n = len(curve)
    points = curve[int(0.1 * n) : int(0.9 * n)]
    if route.beside:
        aside: Floats = points + np.array([route.beside * (size[0] / 2 + 0.02), 0.0])
        return aside
    return points


def _fixed_costs(
    k: int, centres: Floats, curves: list[Floats], size: Floats, nodes: list[Box], route: Route
) -> Floats:
    """Return what a place costs whatever the other labels do: nodes, crossed arrows, distance."""
    n = len(centres)
    share = 0.1 + 0.8 * np.arange(n) / max(1, n - 1)
    cost = 10.0 * np.abs(share - route.best)
    for node in nodes:
        dx = np.abs(centres[:, 0] - node.x) - (size[0] + node.width) / 2
        dy = np.abs(centres[:, 1] - node.y) - (size[1] + node.height) / 2
        cost = cost + _FORBIDDEN * ((dx < _AIR) & (dy < _AIR))
    for j, curve in enumerate(curves):
        if j != k:
            near = (np.abs(centres[:, None, 0] - curve[None, :, 0]) < size[0] / 2 + 0.01) & (
                np.abs(centres[:, None, 1] - curve[None, :, 1]) < size[1] / 2 + 0.01
            )
            cost = cost + _CROSSED * near.any(axis=1)
    # An arrow head that is torn from its line by a label looks like dirt.
    for curve in curves:
        for tip in (curve[0], curve[-1]):
            away = np.abs(centres - tip) - size / 2
            cost = cost + _HEAD * (away < _HEAD_ROOM).all(axis=1)
    return cost


def _meetings(centres: Floats, size: Floats, chosen: Floats, sizes: Floats, k: int) -> Floats:
    """How many labels already placed each candidate would meet."""
    others = np.isfinite(chosen[:, 0])
    others[k] = False
    if not others.any():
        return np.zeros(len(centres))
    dx = np.abs(centres[:, None, 0] - chosen[None, others, 0])
    dy = np.abs(centres[:, None, 1] - chosen[None, others, 1])
    wide = (size[0] + sizes[others, 0]) / 2 + _AIR
    high = (size[1] + sizes[others, 1]) / 2 + _AIR
    meets: Floats = ((dx < wide) & (dy < high)).sum(axis=1).astype(float)
    return meets
