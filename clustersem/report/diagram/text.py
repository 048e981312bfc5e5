"""How wide a text is in inches, how it breaks into lines, and which font can show it."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any

LINE_HEIGHT = 1.22
"""Distance between two lines of text in units of the font size."""

# A high resolution keeps the rounding to whole pixels out of the measure.
_DPI = 720
_LATIN = "DejaVu Sans"
_EAST_ASIAN = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Arial Unicode MS",
)


def is_wide(character: str) -> bool:
    """Whether a character takes a full em (Chinese, Japanese, Korean, full-width forms)."""
    return unicodedata.east_asian_width(character) in "WF"


@functools.cache
def font_families() -> tuple[str, ...]:
    """DejaVu Sans, followed by the East Asian fonts that this machine has, in order of preference.

    Matplotlib takes each character from the first family that has it. Where no East Asian font is
    installed the SVG still names the text itself, so a browser shows it with its own fonts.
    """
    from matplotlib import font_manager

    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return (_LATIN, *(name for name in _EAST_ASIAN if name in installed))


@functools.cache
def _renderer() -> Any:  # noqa: ANN401 - its methods are not annotated
    """Return a drawing surface of a few pixels, to ask for the size of texts."""
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(8, 8, _DPI)  # type: ignore[no-untyped-call]


@functools.cache
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of one line in inches at a font size in points.

    East Asian characters count as one em each whether or not a font for them is installed, so that
    boxes fit the text on the machine of the reader too.
    """
    from matplotlib.font_manager import FontProperties

    wide = sum(is_wide(c) for c in text)
    narrow = "".join(c for c in text if not is_wide(c))
    width = 0.0
    if narrow:
        font = FontProperties(family=_LATIN, size=size, weight=weight)
        width = _renderer().get_text_width_height_descent(narrow, font, False)[0] / _DPI
    return width + wide * size / 72


def block_size(lines: tuple[str, ...], size: float, weight: str = "normal") -> tuple[float, float]:
    """Width and height in inches of lines set one under the other."""
    width = max((text_width(line, size, weight) for line in lines), default=0.0)
    return width, len(lines) * size * LINE_HEIGHT / 72


def wrap(
    text: str, size: float, max_width: float, *, max_lines: int = 3, weight: str = "normal"
) -> tuple[str, ...]:
    """Break a name into lines no wider than `max_width` inches, the last one with an ellipsis.

    Lines break at spaces and between East Asian characters, and inside a word only where the word
    alone is wider than the line.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        for part in _chop(piece, size, max_width, weight):
            if line and text_width((line + part).rstrip(), size, weight) > max_width:
                lines.append(line.rstrip())
                line = part.lstrip()
            else:
                line += part
    if line.strip() or not lines:
        lines.append(line.rstrip())
    if len(lines) > max_lines:
        last = lines[max_lines - 1]
        while last and text_width(last + "…", size, weight) > max_width:
            last = last[:-1]
        lines = [*lines[: max_lines - 1], last.rstrip() + "…"]
    return tuple(lines)


def _pieces(text: str) -> list[str]:
    """Return the parts between which a line breaks: words, and single East Asian characters."""
    pieces: list[str] = []
    for word in re.findall(r"\S+\s*", text):
        run = ""
        for character in word:
            if is_wide(character):
                if run:
                    pieces.append(run)
                pieces.append(character)
                run = ""
            else:
                run += character
        if run:
            pieces.append(run)
    return pieces


def _chop(piece: str, size: float, max_width: float, weight: str) -> list[str]:
    """Return a piece, or its parts where it is wider than a line; ``_ - / .`` end a part."""
    parts: list[str] = []
    while len(piece) > 1 and text_width(piece.rstrip(), size, weight) > max_width:
        cut = len(piece) - 1
        while cut > 1 and text_width(piece[:cut], size, weight) > max_width:
            cut -= 1
        joint = max(piece.rfind(mark, 0, cut) for mark in "_-/.") + 1
        cut = joint if joint > 1 else cut
        parts.append(piece[:cut])
        piece = piece[cut:]
    return [*parts, piece]
