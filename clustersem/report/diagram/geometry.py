"""Boxes, curves and their intersections, in inches, y pointing down."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Shape = Literal["ellipse", "rectangle"]


@dataclass(frozen=True)
class Box:
    """The outline of a node or of a text: centre, full width and height."""

    x: float
    y: float
    width: float
    height: float
    shape: Shape = "rectangle"

    @property
    def left(self) -> float:
        """Smallest x."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """Largest x."""
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        """Smallest y."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """Largest y."""
        return self.y + self.height / 2

    def toward(self, x: float, y: float) -> Floats:
        """Return where the line from the centre to a point outside meets the outline."""
        dx, dy = x - self.x, y - self.y
        a, b = self.width / 2, self.height / 2
        if self.shape == "ellipse":
            reach = 1 / max(math.hypot(dx / a, dy / b), 1e-12)
        else:
            reach = 1 / max(abs(dx) / a, abs(dy) / b, 1e-12)
        return np.array([self.x + reach * dx, self.y + reach * dy])

    def port(self, side: float, slant: float) -> Floats:
        """Return a point of the right (`side` 1) or left (-1) outline; `slant` -1 top, 1 bottom."""
        if self.shape == "ellipse":
            angle = slant * math.radians(80)
            return np.array(
                [
                    self.x + side * self.width / 2 * math.cos(angle),
                    self.y + self.height / 2 * math.sin(angle),
                ]
            )
        return np.array([self.x + side * self.width / 2, self.y + slant * self.height / 2])

    def overlaps(self, other: Box, *, pad: float = 0.0) -> bool:
        """Whether two bounding rectangles come closer than `pad`."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 + pad
            and abs(self.y - other.y) < (self.height + other.height) / 2 + pad
        )

    def holds(self, points: Floats, *, pad: float = 0.0) -> npt.NDArray[np.bool_]:
        """Which of the points (n x 2) lie within the outline grown by `pad`."""
        dx = np.abs(points[:, 0] - self.x) / (self.width / 2 + pad)
        dy = np.abs(points[:, 1] - self.y) / (self.height / 2 + pad)
        if self.shape == "ellipse":
            inside: npt.NDArray[np.bool_] = dx**2 + dy**2 < 1
        else:
            inside = np.maximum(dx, dy) < 1
        return inside


def straight(start: Floats, end: Floats) -> Floats:
    """Return a straight line as one cubic segment (1 x 4 x 2)."""
    return np.array([[start, start + (end - start) / 3, start + 2 * (end - start) / 3, end]])


def cubic(p0: Floats, p1: Floats, p2: Floats, p3: Floats) -> Floats:
    """One cubic Bezier segment (1 x 4 x 2)."""
    return np.array([[p0, p1, p2, p3]])


def smooth_through(points: list[Floats]) -> Floats:
    """Return a curve through points whose tangent at every inner point is horizontal."""
    segments = []
    for a, b in itertools.pairwise(points):
        reach = np.array([(b[0] - a[0]) * 0.45, 0.0])
        segments.append([a, a + reach, b - reach, b])
    first, last = segments[0], segments[-1]
    # The ends leave and arrive in the direction of the curve, as an arrow should.
    first[1] = first[0] + (first[2] - first[0]) / 2
    last[2] = last[3] + (last[1] - last[3]) / 2
    return np.array(segments)


def rounded(corners: list[Floats], radius: float) -> Floats:
    """Return a line with right angles through points, its corners rounded."""
    quarter = 0.5523  # of a circle by one cubic: 4/3 (sqrt 2 - 1)
    segments = []
    at = corners[0]
    for before, corner, after in zip(corners[:-2], corners[1:-1], corners[2:], strict=True):
        into, out = corner - before, after - corner
        lengths = float(np.hypot(*into)), float(np.hypot(*out))
        r = min(radius, 0.5 * min(lengths))
        into, out = into / max(lengths[0], 1e-9), out / max(lengths[1], 1e-9)
        start, end = corner - into * r, corner + out * r
        segments.append(straight(at, start)[0])
        segments.append(np.array([start, start + into * r * quarter, end - out * r * quarter, end]))
        at = end
    segments.append(straight(at, corners[-1])[0])
    return np.array(segments)


def sample(segments: Floats, n: int = 40) -> Floats:
    """Points along a curve, `n` for every segment, spaced evenly by length."""
    t = np.linspace(0, 1, n)[:, None]
    points = np.concatenate(
        [
            (1 - t) ** 3 * s[0]
            + 3 * (1 - t) ** 2 * t * s[1]
            + 3 * (1 - t) * t**2 * s[2]
            + t**3 * s[3]
            for s in segments
        ]
    )
    step = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(step)])
    if along[-1] == 0:
        return points
    at = np.linspace(0, along[-1], n * len(segments))
    return np.column_stack([np.interp(at, along, points[:, k]) for k in (0, 1)])


def trimmed(segments: Floats, *, start: float, end: float) -> Floats:
    """Return the curve without its first `start` and last `end` inches, which arrow heads cover."""
    result = segments.copy()
    if end > 0:
        result[-1] = _cut(result[-1][::-1], end)[::-1]
    if start > 0:
        result[0] = _cut(result[0], start)
    return result


def _cut(segment: Floats, length: float) -> Floats:
    """Return a segment from where it is `length` away from its start."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if np.hypot(*(_split(segment, middle)[0] - segment[0])) < length:
            low = middle
        else:
            high = middle
    return _split(segment, low)


def _split(segment: Floats, t: float) -> Floats:
    """Return the part of a cubic segment from `t` to 1 (de Casteljau)."""
    a, b, c, d = segment
    bc, cd = b + (c - b) * t, c + (d - c) * t
    ab = a + (b - a) * t
    abc, bcd = ab + (bc - ab) * t, bc + (cd - bc) * t
    return np.array([abc + (bcd - abc) * t, bcd, cd, d])
