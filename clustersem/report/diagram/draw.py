"""A composed scene as a matplotlib figure: no layout is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clustersem.report.diagram import geometry, text
from clustersem.report.diagram.geometry import Floats
from clustersem.report.diagram.place import CONSTRUCT_FONT, ITEM_FONT, NOTE_FONT, VALUE_FONT
from clustersem.report.diagram.scene import CAPTION_FONT, MARGIN, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1c2733"
MUTED = "#5b6773"
FIXED = "#9aa4ae"
EXOGENOUS = "#e6eef7"
ENDOGENOUS = "#fbeedd"
OBSERVED = "#ffffff"
_HEAD_LENGTH = 0.095
_HEAD_WIDTH = 0.07


def draw(scene: Scene) -> Figure:
    """Draw a scene; one data unit is one inch, so nothing moves when the figure is saved."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=scene.size, dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, scene.size[0])
    axes.set_ylim(scene.size[1], 0)
    axes.axis("off")
    shift = np.array(scene.offset)
    for route in scene.routes:
        _draw_route(
            axes, route.segments + shift, route.link.status, route.link.kind == "covariance"
        )
    _draw_labels(axes, scene)
    _draw_nodes(axes, scene)
    _draw_captions(axes, scene)
    return figure


def _draw_route(axes: Axes, segments: Floats, status: str, double: bool) -> None:
    """One arrow: grey where fixed, dashed where not significant, two heads where a covariance."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    colour = FIXED if status == "fixed" else INK
    reach = 0.8 * _HEAD_LENGTH
    line = geometry.trimmed(segments, start=reach if double else 0.0, end=reach)
    codes = [Path.MOVETO] + [Path.CURVE4] * (3 * len(line))
    vertices = np.concatenate([line[0][:1], *(segment[1:] for segment in line)])
    axes.add_patch(
        PathPatch(
            Path(vertices, codes),
            fill=False,
            edgecolor=colour,
            linewidth=0.9,
            linestyle=(0, (4.0, 2.2)) if status == "weak" else "solid",
            capstyle="butt",
            zorder=1,
        )
    )
    _draw_head(axes, segments[-1][3], line[-1][3], colour)
    if double:
        _draw_head(axes, segments[0][0], line[0][0], colour)


def _draw_head(axes: Axes, tip: Floats, back: Floats, colour: str) -> None:
    """Draw a filled arrow head whose point touches the node."""
    from matplotlib.patches import Polygon

    along = (tip - back) / max(float(np.hypot(*(tip - back))), 1e-9)
    across = np.array([-along[1], along[0]]) * _HEAD_WIDTH / 2
    foot = tip - along * _HEAD_LENGTH
    axes.add_patch(
        Polygon([tip, foot + across, foot - across], closed=True, facecolor=colour, lw=0, zorder=2)
    )


def _draw_labels(axes: Axes, scene: Scene) -> None:
    """Draw the values, each on a white ground that interrupts the line."""
    from matplotlib.patches import Rectangle

    dx, dy = scene.offset
    for k, (route, label) in enumerate(zip(scene.routes, scene.labels, strict=True)):
        box = label.box
        if not route.beside:
            axes.add_patch(
                Rectangle(
                    (box.left + dx, box.top + dy),
                    box.width,
                    box.height,
                    facecolor="white",
                    lw=0,
                    zorder=3,
                )
            )
        colour = MUTED if route.link.status == "fixed" else INK
        _write(
            axes, box.x + dx, box.y + dy, label.text, VALUE_FONT, colour=colour, gid=f"value-{k}"
        )


def _draw_nodes(axes: Axes, scene: Scene) -> None:
    """Ellipses and rectangles with their names, and R2 under the name of what is explained."""
    from matplotlib.patches import Ellipse, Patch, Rectangle

    dx, dy = scene.offset
    owner = scene.graph.owner
    for k, (name, box) in enumerate(scene.placement.boxes.items()):
        node, face = scene.graph.nodes[name], scene.placement.faces[name]
        shade = OBSERVED if not node.latent else ENDOGENOUS if node.endogenous else EXOGENOUS
        style: dict[str, Any] = {
            "facecolor": shade,
            "edgecolor": INK,
            "linewidth": 1.0,
            "zorder": 4,
        }
        patch: Patch
        if box.shape == "ellipse":
            patch = Ellipse((box.x + dx, box.y + dy), box.width, box.height, **style)
        else:
            patch = Rectangle((box.left + dx, box.top + dy), box.width, box.height, **style)
        patch.set_gid(f"node-{k}")
        axes.add_patch(patch)
        item = name in owner
        size, weight = (ITEM_FONT, "normal") if item else (CONSTRUCT_FONT, "bold")
        lines = [(line, size, weight, INK) for line in face.lines]
        if face.note:
            lines.append((face.note, NOTE_FONT, "normal", MUTED))
        heights = [line[1] * text.LINE_HEIGHT / 72 for line in lines]
        y = box.y + dy - sum(heights) / 2
        for j, ((words, font, bold, colour), height) in enumerate(zip(lines, heights, strict=True)):
            middle = y + height / 2
            gid = f"name-{k}-{j}"
            _write(axes, box.x + dx, middle, words, font, weight=bold, colour=colour, gid=gid)
            y += height


def _draw_captions(axes: Axes, scene: Scene) -> None:
    """Fit of the model and the key to the lines, below the drawing."""
    line = CAPTION_FONT * 1.5 / 72
    y = scene.size[1] - MARGIN - line * len(scene.captions) - line / 2
    middle = scene.size[0] / 2
    for i, caption in enumerate(scene.captions):
        _write(axes, middle, y + line * i, caption, CAPTION_FONT, gid=f"caption-{i}")
    y += line * len(scene.captions)
    key = [("p < .05", "significant"), ("p ≥ .05", "weak"), ("fixed", "fixed")]
    present = {route.link.status for route in scene.routes}
    key = [(name, status) for name, status in key if status in present]
    widths = [0.5 + text.text_width(name, NOTE_FONT) for name, _ in key]
    x = middle - (sum(widths) + 0.3 * (len(key) - 1)) / 2
    for (name, status), width in zip(key, widths, strict=True):
        sample = geometry.straight(np.array([x, y]), np.array([x + 0.4, y]))
        _draw_route(axes, sample, status, False)
        _write(
            axes, x + 0.5 + (width - 0.5) / 2, y, name, NOTE_FONT, colour=MUTED, gid=f"key-{status}"
        )
        x += width + 0.3


def _write(
    axes: Axes,
    x: float,
    y: float,
    words: str,
    size: float,
    *,
    gid: str,
    weight: str = "normal",
    colour: str = INK,
) -> None:
    """Text centred on a point; a dollar sign in a name is a dollar sign."""
    artist = axes.text(
        x,
        y,
        words,
        fontsize=size,
        fontweight=weight,
        color=colour,
        ha="center",
        va="center_baseline",
        family=list(text.font_families()),
        parse_math=False,
        zorder=5,
    )
    artist.set_gid(gid)
