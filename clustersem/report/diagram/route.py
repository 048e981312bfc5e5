"""The curve of every arrow: straight where the way is free, arcs for covariances."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from clustersem.report.diagram import geometry
from clustersem.report.diagram.geometry import Box, Floats
from clustersem.report.diagram.graph import Graph, Link
from clustersem.report.diagram.layers import Waypoint
from clustersem.report.diagram.place import ARC_STEP, Column, Placement

ITEM_ARC_STEP = 0.44
"""Distance between nested arcs of residual covariances, label included."""


@dataclass(frozen=True)
class Route:
    """An arrow as a chain of cubic segments, and where its label would stand best.

    Attributes
    ----------
    best : float
        Preferred place of the label along the curve, from 0 to 1.
    beside : float
        -1 or 1 where the label stands left or right of the curve rather than on it, else 0.
    """

    link: Link
    segments: Floats
    best: float
    beside: float = 0.0


@dataclass(frozen=True)
class Arc:
    """A covariance between two members of one column and how many arcs it must clear."""

    link: int
    upper: int
    lower: int
    level: int


def nested_arcs(graph: Graph, members: tuple[str, ...]) -> tuple[Arc, ...]:
    """Return the covariances within a column; an arc that spans another bulges further."""
    place = {name: i for i, name in enumerate(members)}
    spans = sorted(
        (
            (abs(place[k.source] - place[k.target]), i)
            for i, k in enumerate(graph.links)
            if k.kind == "covariance" and k.source in place and k.target in place
        ),
    )
    arcs: list[Arc] = []
    for _, i in spans:
        link = graph.links[i]
        upper, lower = sorted((place[link.source], place[link.target]))
        inside = [a.level for a in arcs if a.upper >= upper and a.lower <= lower]
        arcs.append(Arc(i, upper, lower, 1 + max(inside, default=0)))
    return tuple(arcs)


def routes_of(graph: Graph, placement: Placement, *, stretch: float) -> tuple[Route, ...]:
    """Draw every arrow of the graph between the placed nodes."""
    found: dict[int, Route] = {}
    for k, column in enumerate(placement.columns):
        found.update(_column_arcs(graph, placement, column, stretch, last=k > 0))
        outer = _row_arcs if column.items == "rows" else _item_arcs
        found.update(outer(graph, placement, column, stretch))
    for k, link in enumerate(graph.links):
        if link.kind != "covariance":
            found[k] = _arrow(graph, placement, k)
    for k, link in enumerate(graph.links):
        if k not in found:
            drawn = [geometry.sample(route.segments, 80) for route in found.values()]
            found[k] = _free_arc(graph, placement, link, drawn)
    return tuple(found[k] for k in range(len(graph.links)))


def _column_arcs(
    graph: Graph, placement: Placement, column: Column, stretch: float, *, last: bool
) -> dict[int, Route]:
    """Arcs between constructs of one column, on the side where its field for arcs lies."""
    found: dict[int, Route] = {}
    arcs = nested_arcs(graph, column.members)
    deepest = max((arc.level for arc in arcs), default=1)
    for arc in arcs:
        link = graph.links[arc.link]
        a, b = (placement.boxes[column.members[i]] for i in (arc.upper, arc.lower))
        if last and arc.lower == arc.upper + 1:
            route = _facing_arc(placement, link, a, b)
            if route is not None:
                found[arc.link] = route
                continue
        side = column.arc_side
        depth = column.arc_start + side * (arc.level - 0.3) * ARC_STEP * stretch
        # Longer arcs leave nearer to the tip, so arcs of one construct do not cross at once.
        slant = 0.85 - 0.65 * (arc.level - 1) / max(1, deepest - 1)
        segments = _bulge(a.port(side, slant), b.port(side, -slant), depth)
        found[arc.link] = Route(link, segments, 0.5)
    return found


def _facing_arc(placement: Placement, link: Link, a: Box, b: Box) -> Route | None:
    """Return a flat arc from the foot of one construct to the head of the next, if it is free."""
    start, end = np.array([a.x, a.bottom]), np.array([b.x, b.top])
    reach = (end[1] - start[1]) / 3
    bend = min(0.25 * a.width, 0.5 * reach)
    segments = geometry.cubic(
        start, start + np.array([bend, reach]), end + np.array([bend, -reach]), end
    )
    if reach < 0.2 or _hits(placement, segments, (link.source, link.target)):
        return None
    return Route(link, segments, 0.5)


def _item_arcs(
    graph: Graph, placement: Placement, column: Column, stretch: float
) -> dict[int, Route]:
    """Arcs between residuals of indicators of one column, on its outer side."""
    items = tuple(item for name in column.members for item in graph.items.get(name, ()))
    side = -1 if column.items == "left" else 1
    found: dict[int, Route] = {}
    for arc in nested_arcs(graph, items):
        link = graph.links[arc.link]
        a, b = (placement.boxes[items[i]] for i in (arc.upper, arc.lower))
        edge = a.left if side < 0 else a.right
        depth = edge + side * (0.2 + (arc.level - 1) * ITEM_ARC_STEP) * stretch
        segments = _bulge(a.port(side, 0.35), b.port(side, -0.35), depth)
        found[arc.link] = Route(link, segments, 0.5, beside=float(side))
    return found


def _bulge(start: Floats, end: Floats, depth: float) -> Floats:
    """One cubic from start to end whose middle lies at x = `depth`."""
    x = (8 * depth - start[0] - end[0]) / 6
    lift = 0.12 * (end[1] - start[1])
    return geometry.cubic(start, np.array([x, start[1] + lift]), np.array([x, end[1] - lift]), end)


def _arrow(graph: Graph, placement: Placement, k: int) -> Route:
    """Return a single-headed arrow: straight, else through the gaps of the columns, else bent."""
    link = graph.links[k]
    a, b = placement.boxes[link.source], placement.boxes[link.target]
    best = 0.6 if link.target in graph.owner or link.source in graph.owner else 0.7
    if graph.owner.get(link.target) == link.source:
        direct = _to_own_item(placement, a, b, link.source)
        if not _hits(placement, direct, (link.source, link.target)):
            return Route(link, direct, best)
    mutual = any(o.source == link.target and o.target == link.source for o in graph.links)
    candidates = [] if mutual else [*_from_tip(graph, placement, link, a, b), _bent(a, b, 0.0)]
    way = sorted((w for w in placement.waypoints if w.link == k), key=lambda w: w.layer)
    if way:
        candidates.append(_through(placement, a, b, way))
    sizes = (0.06, 0.12, 0.2, 0.3, 0.45)
    candidates += [_bent(a, b, sign * size) for size in sizes for sign in (1, -1)]
    ends = (link.source, link.target)
    hits = [_hits(placement, segments, ends) for segments in candidates]
    return Route(link, candidates[int(np.argmin(hits))], best)


def _to_own_item(placement: Placement, a: Box, b: Box, factor: str) -> Floats:
    """Straight to the middle of the side of an indicator that faces its construct."""
    in_row = any(factor in c.members and c.items == "rows" for c in placement.columns)
    if in_row:
        end = np.array([b.x, b.bottom if a.y > b.y else b.top])
    else:
        end = np.array([b.right if a.x > b.x else b.left, b.y])
    return geometry.straight(a.toward(*end), end)


def _from_tip(graph: Graph, placement: Placement, link: Link, a: Box, b: Box) -> list[Floats]:
    """Start at the tip of a construct, between the arcs that leave it above and below."""
    column = next((c for c in placement.columns if link.source in c.members), None)
    if column is None or not any(
        k.kind == "covariance" and link.source in (k.source, k.target) for k in graph.links
    ):
        return []
    if (b.x - a.x) * column.arc_side <= 0:
        return []
    start = a.port(column.arc_side, 0.0)
    return [geometry.straight(start, b.toward(*start))]


def _bent(a: Box, b: Box, bend: float) -> Floats:
    """From outline to outline, bent to one side by a share of the distance."""
    dx, dy = b.x - a.x, b.y - a.y
    middle = np.array([a.x + dx / 2 - bend * 2 * dy, a.y + dy / 2 + bend * 2 * dx])
    if bend == 0:
        return geometry.straight(a.toward(b.x, b.y), b.toward(a.x, a.y))
    start, end = a.toward(*middle), b.toward(*middle)
    return geometry.cubic(start, start + (middle - start) * 0.6, end + (middle - end) * 0.6, end)


def _through(placement: Placement, a: Box, b: Box, way: list[Waypoint]) -> Floats:
    """Along the passages that were kept free in the columns between."""
    points: list[Floats] = []
    forward = a.x < b.x
    for waypoint in way if forward else way[::-1]:
        left, right, y = placement.waypoints[waypoint]
        ends = [np.array([left, y]), np.array([right, y])]
        points += ends if forward else ends[::-1]
    return geometry.smooth_through([a.toward(*points[0]), *points, b.toward(*points[-1])])


def _row_arcs(
    graph: Graph, placement: Placement, column: Column, stretch: float
) -> dict[int, Route]:
    """Arcs between residuals of one row of indicators, on the side away from the construct."""
    found: dict[int, Route] = {}
    for name in column.members:
        items = graph.items.get(name, ())
        side = -1 if name in placement.upward else 1
        for arc in nested_arcs(graph, items):
            link = graph.links[arc.link]
            a, b = (placement.boxes[items[i]] for i in (arc.upper, arc.lower))
            edge = a.y + side * a.height / 2
            start, end = np.array([a.x + 0.1, edge]), np.array([b.x - 0.1, edge])
            depth = side * (0.2 + 0.25 * (arc.level - 1)) * stretch * 4 / 3
            lift = np.array([0.0, depth])
            found[arc.link] = Route(link, geometry.cubic(start, start + lift, end + lift, end), 0.5)
    return found


def _free_arc(graph: Graph, placement: Placement, link: Link, drawn: list[Floats]) -> Route:
    """Return a covariance between columns: the curve that touches least, then the shortest.

    Indicators are left on the side that faces away from their construct, and their curves run
    around the drawing on tracks; where that does not help, any curve will do.
    """
    a, b = placement.boxes[link.source], placement.boxes[link.target]
    ways = _ways_out(graph, placement, link.source), _ways_out(graph, placement, link.target)
    curves = [(0.0, curve) for curve in _tracks(placement, a, b, *ways)]
    reaches = (0.3, 0.6, 1.0, 1.5, 2.2, 3.2)
    for out, into, near, far in itertools.product(*ways, reaches, reaches):
        start, end = _leave(a, out), _leave(b, into)
        curves.append(
            (
                2.0 * bool(len(curves)),
                geometry.cubic(start, start + out * near, end + into * far, end),
            )
        )
    best: tuple[float, Floats] | None = None
    for extra, segments in curves:
        points = geometry.sample(segments)
        step = np.hypot(*np.diff(points, axis=0).T)
        cost = 100.0 * _hits(placement, segments, (link.source, link.target))
        cost += extra + float(step.sum())
        if best is None or cost < best[0]:
            cost += _crowding(points, drawn)
        if best is None or cost < best[0] - 1e-9:
            best = (cost, segments)
    assert best is not None
    return Route(link, best[1], 0.5)


def _leave(box: Box, way: Floats) -> Floats:
    """Return the middle of one side of a node."""
    return np.array([box.x + way[0] * box.width / 2, box.y + way[1] * box.height / 2])


def _tracks(
    placement: Placement, a: Box, b: Box, outs: list[Floats], intos: list[Floats]
) -> list[Floats]:
    """Return rounded lines around the drawing between two indicators, further and further out."""
    if len(outs) > 1 or len(intos) > 1:
        return []
    out, into = outs[0], intos[0]
    boxes = placement.boxes.values()
    left, right = min(x.left for x in boxes), max(x.right for x in boxes)
    top, bottom = min(x.top for x in boxes), max(x.bottom for x in boxes)
    found = []
    for level in range(10):
        away = 0.35 + 0.3 * level
        xs = (left - away, right + away)
        ys = (top - away, bottom + away)
        start, end = _leave(a, out), _leave(b, into)
        first = (
            np.array([start[0], ys[int(out[1] > 0)]])
            if out[1]
            else np.array([xs[int(out[0] > 0)], start[1]])
        )
        last = (
            np.array([end[0], ys[int(into[1] > 0)]])
            if into[1]
            else np.array([xs[int(into[0] > 0)], end[1]])
        )
        middles: list[list[Floats]]
        if out[1] and into[0]:
            middles = [[np.array([last[0], first[1]])]]
        elif out[0] and into[1]:
            middles = [[np.array([first[0], last[1]])]]
        elif (out == into).all():
            middles = [[]]
        elif out[0]:
            middles = [[np.array([first[0], y]), np.array([last[0], y])] for y in ys]
        else:
            middles = [[np.array([x, first[1]]), np.array([x, last[1]])] for x in xs]
        found += [geometry.rounded([start, first, *middle, last, end], 0.45) for middle in middles]
    return found


def _ways_out(graph: Graph, placement: Placement, name: str) -> list[Floats]:
    """Return the directions in which a covariance may leave a node."""
    left, right, up, down = (
        np.array(side) for side in ((-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0))
    )
    factor = graph.owner.get(name)
    for column in placement.columns:
        if factor in column.members:
            if column.items == "rows":
                return [up if factor in placement.upward else down]
            return [left if column.items == "left" else right]
    return [left, right, up, down]


def _crowding(points: Floats, drawn: list[Floats]) -> float:
    """Return the price of crossing other arrows, and the far higher one of running along them."""
    step = float(np.hypot(*np.diff(points, axis=0).T).mean())
    price = 0.0
    for other in drawn:
        dx = points[:, None, 0] - other[None, :, 0]
        dy = points[:, None, 1] - other[None, :, 1]
        together = step * float((dx**2 + dy**2 < 0.06**2).any(axis=1).sum())
        price += 0.3 * (together > 0) + 8.0 * max(0.0, together - 0.35)
    return price


def _hits(placement: Placement, segments: Floats, ends: tuple[str, ...]) -> int:
    """How many nodes a curve passes through; at its own two ends it may touch the outline."""
    points = geometry.sample(segments)[1:-1]
    return sum(
        bool(box.holds(points, pad=-0.03 if name in ends else 0.04).any())
        for name, box in placement.boxes.items()
    )
