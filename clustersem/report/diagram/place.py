"""Where every node stands, in inches: indicators fan out on the outside, arrows run between."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from clustersem.report.diagram import text
from clustersem.report.diagram.geometry import Box
from clustersem.report.diagram.graph import Graph
from clustersem.report.diagram.layers import Entry, Layers, Waypoint

ITEM_FONT = 8.5
CONSTRUCT_FONT = 10.5
NOTE_FONT = 7.5
VALUE_FONT = 8.0

ARC_STEP = 0.45
"""Distance between nested covariance arcs: a label and the air around it."""


@dataclass(frozen=True)
class Face:
    """What is written into a node."""

    lines: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Column:
    """One column of constructs: its members from top to bottom and where their arcs may bulge."""

    members: tuple[str, ...]
    arc_side: int
    arc_start: float
    items: str
    """Where the indicators stand: "left", "right" or "rows" (above or below each construct)."""


@dataclass(frozen=True)
class Placement:
    """Boxes of all nodes, the columns that they stand in, and the points that arrows go through."""

    boxes: dict[str, Box]
    faces: dict[str, Face]
    columns: tuple[Column, ...]
    waypoints: dict[Waypoint, tuple[float, float, float]]
    """Left x, right x and y of each passage through a column."""
    upward: frozenset[str]
    """Constructs whose row of indicators stands above them."""


@dataclass(frozen=True)
class _Sizes:
    item: tuple[float, float]
    construct: tuple[float, float]

    @property
    def pitch(self) -> float:
        return self.item[1] + 0.09


def place(graph: Graph, layers: Layers, arc_levels: list[int], *, stretch: float) -> Placement:
    """Place every node; `arc_levels` says how many nested arcs each column needs.

    Parameters
    ----------
    stretch : float
        1 for the usual distances; larger values set everything wider apart.
    """
    faces = {name: _face(graph, name) for name in graph.nodes}
    sizes = _sizes(graph, faces)
    last = len(layers.columns) - 1
    sides = ["left" if k == 0 else "right" if k == last else "rows" for k in range(last + 1)]
    upward = _upward(layers, sides)
    reach = [
        {entry: _reach(graph, sizes, entry, side, entry in upward) for entry in column}
        for column, side in zip(layers.columns, sides, strict=True)
    ]
    gap = 0.3 * stretch
    y = _heights(layers, reach, gap)
    boxes: dict[str, Box] = {}
    columns: list[Column] = []
    waypoints: dict[Waypoint, tuple[float, float, float]] = {}
    tall = max(
        (sum(up + down + gap for up, down in column.values()) for column in reach), default=0.0
    )
    between = max(1.5, min(3.0, 0.2 * tall)) * stretch
    a = sizes.construct[0] / 2
    x = 0.0
    for k, (column, side) in enumerate(zip(layers.columns, sides, strict=True)):
        members = tuple(entry for entry in column if isinstance(entry, str))
        with_items = [name for name in members if graph.items.get(name)]
        fan = _fan(graph, sizes, with_items) * stretch
        arcs = arc_levels[k] * ARC_STEP * stretch
        half = max([a, *(_row_width(graph, sizes, name) / 2 for name in with_items)])
        if side == "left":
            item_x = x + sizes.item[0] / 2
            centre = x + (sizes.item[0] + fan if with_items else 0.0) + a
            start, stop = centre - a, centre + a + arcs
        elif side == "right":
            centre = x + arcs + a
            item_x = centre + a + fan + sizes.item[0] / 2
            start, stop = centre - a, centre + a
        else:
            centre = x + arcs + half
            item_x = centre
            start, stop = centre - half, centre + half
        for entry in column:
            if isinstance(entry, Waypoint):
                waypoints[entry] = (start, stop, y[entry])
                continue
            width, height = sizes.construct
            shape = "ellipse" if graph.nodes[entry].latent else "rectangle"
            boxes[entry] = Box(centre, y[entry], width, height, shape)  # type: ignore[arg-type]
            _place_items(boxes, graph, sizes, entry, side, item_x, entry in upward)
        arc_side = 1 if side == "left" else -1
        columns.append(
            Column(members, arc_side, centre + arc_side * (a if side != "rows" else half), side)
        )
        x = stop + between
    _place_general(boxes, graph, layers, sizes, stretch)
    return Placement(boxes, faces, tuple(columns), waypoints, frozenset(upward))


def _face(graph: Graph, name: str) -> Face:
    """Break a name into the lines of its node; constructs that are explained carry their R2."""
    node = graph.nodes[name]
    if name in graph.owner:
        return Face(text.wrap(node.label, ITEM_FONT, 1.5, max_lines=3), "")
    lines = text.wrap(node.label, CONSTRUCT_FONT, 1.45, max_lines=4, weight="bold")
    explained = node.endogenous and math.isfinite(node.r_squared)
    return Face(lines, f"R² = {node.r_squared:.2f}" if explained else "")


def _sizes(graph: Graph, faces: dict[str, Face]) -> _Sizes:
    """One size for all indicators and one for all constructs, as large as their texts need."""
    owner = graph.owner
    items = [text.block_size(faces[n].lines, ITEM_FONT) for n in graph.nodes if n in owner]
    constructs = []
    for name in graph.structural:
        face = faces[name]
        width, height = text.block_size(face.lines, CONSTRUCT_FONT, "bold")
        if face.note:
            note = text.block_size((face.note,), NOTE_FONT)
            width, height = max(width, note[0]), height + note[1]
        # The rectangle of the text must fit into the ellipse: axes longer by the root of two.
        grow = 1.36 if graph.nodes[name].latent else 1.05
        constructs.append((width * grow + 0.16, height * grow + 0.14))
    return _Sizes(
        item=(
            max([0.5, *(w + 0.2 for w, _ in items)]),
            max([0.27, *(h + 0.11 for _, h in items)]),
        ),
        construct=(
            max([0.95, *(w for w, _ in constructs)]),
            max([0.5, *(h for _, h in constructs)]),
        ),
    )


def _upward(layers: Layers, sides: list[str]) -> set[str]:
    """In the middle columns the upper half carries its indicators above, the lower half below."""
    found: set[str] = set()
    for column, side in zip(layers.columns, sides, strict=True):
        if side == "rows":
            for i, entry in enumerate(column):
                if isinstance(entry, str) and 2 * i < len(column):
                    found.add(entry)
    return found


def _reach(
    graph: Graph, sizes: _Sizes, entry: Entry, side: str, upward: bool
) -> tuple[float, float]:
    """How far a member of a column reaches above and below its centre."""
    if isinstance(entry, Waypoint):
        return 0.28, 0.28
    half = sizes.construct[1] / 2
    items = graph.items.get(entry, ())
    if side == "rows" and items:
        far = half + _row_fan(graph, sizes, entry) + sizes.item[1]
        return (far, half) if upward else (half, far)
    half = max(half, len(items) * sizes.pitch / 2)
    # Constructs without indicators still need the room in which arcs and arrows part.
    return (half, half) if items else (half + 0.16, half + 0.16)


def _row_width(graph: Graph, sizes: _Sizes, name: str) -> float:
    return len(graph.items[name]) * (sizes.item[0] + 0.12)


def _row_fan(graph: Graph, sizes: _Sizes, name: str) -> float:
    """Height of the fan between a construct and its row of indicators."""
    return max(0.75, min(1.5, 0.22 * _row_width(graph, sizes, name)))


def _fan(graph: Graph, sizes: _Sizes, names: list[str]) -> float:
    """Width of the fan between the constructs of a column and their indicators."""
    tall = max((len(graph.items[name]) * sizes.pitch for name in names), default=0.0)
    return max(1.0, min(1.9, 0.5 * tall))


def _heights(
    layers: Layers, reach: list[dict[Entry, tuple[float, float]]], gap: float
) -> dict[Entry, float]:
    """Return the y of every member: as near to the mean of its neighbours as the order allows."""
    y: dict[Entry, float] = {}
    for column in reach:
        total = sum(up + down + gap for up, down in column.values()) - gap
        at = -total / 2
        for entry, (up, down) in column.items():
            y[entry] = at + up
            at += up + down + gap
    for _ in range(12):
        for column in [*reach, *reach[::-1]]:
            wanted = []
            for entry in column:
                near = [y[other] for other in layers.neighbours.get(entry, ())]
                wanted.append(sum(near) / len(near) if near else y[entry])
            y.update(zip(column, _apart(wanted, list(column.values()), gap), strict=True))
    return y


def _apart(wanted: list[float], reach: list[tuple[float, float]], gap: float) -> list[float]:
    """Find the nearest positions in a given order and distance (pool adjacent violators)."""
    offset = [0.0]
    for (_, down), (up, _) in itertools.pairwise(reach):
        offset.append(offset[-1] + down + gap + up)
    blocks: list[tuple[float, int]] = []
    for want, shift in zip(wanted, offset, strict=True):
        mean, count = want - shift, 1
        while blocks and blocks[-1][0] > mean:
            other, n = blocks.pop()
            mean, count = (mean * count + other * n) / (count + n), count + n
        blocks.append((mean, count))
    levels = [mean for mean, count in blocks for _ in range(count)]
    return [level + shift for level, shift in zip(levels, offset, strict=True)]


def _place_items(
    boxes: dict[str, Box],
    graph: Graph,
    sizes: _Sizes,
    name: str,
    side: str,
    item_x: float,
    upward: bool,
) -> None:
    """Stack a construct's indicators beside it, or set them in a row above or below it."""
    items = graph.items.get(name, ())
    middle = (len(items) - 1) / 2
    centre = boxes[name]
    for i, item in enumerate(items):
        if side == "rows":
            away = centre.height / 2 + _row_fan(graph, sizes, name) + sizes.item[1] / 2
            x = item_x + (i - middle) * (sizes.item[0] + 0.12)
            y = centre.y - away if upward else centre.y + away
        else:
            x, y = item_x, centre.y + (i - middle) * sizes.pitch
        boxes[item] = Box(x, y, *sizes.item)


def _place_general(
    boxes: dict[str, Box], graph: Graph, layers: Layers, sizes: _Sizes, stretch: float
) -> None:
    """Set general factors to the left of all indicators, evenly down the drawing."""
    if not layers.general:
        return
    top = min(box.top for box in boxes.values())
    bottom = max(box.bottom for box in boxes.values())
    left = min(box.left for box in boxes.values())
    width, height = sizes.construct
    fan = max(1.3, 0.25 * (bottom - top)) * stretch
    step = (bottom - top) / len(layers.general)
    for i, name in enumerate(layers.general):
        boxes[name] = Box(left - fan - width / 2, top + (i + 0.5) * step, width, height, "ellipse")
