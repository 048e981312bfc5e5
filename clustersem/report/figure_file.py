"""Figures as files and as SVG text, the same bytes every time."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersem.errors import DataError
from clustersem.report.atomic import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUFFIXES = (".svg", ".png", ".pdf")
_PNG_DPI = 200


def write_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as SVG, PNG or PDF by its suffix; an existing file is replaced at the end.

    Raises
    ------
    DataError
        If the suffix is none of the three.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _SUFFIXES:
        raise DataError(
            f"{target}: cannot write a figure as {suffix or 'a file without suffix'!r}; "
            f"end the name in {', '.join(_SUFFIXES)}."
        )
    replace_file(target, figure_bytes(figure, suffix[1:]))
    return target


def figure_svg(figure: Figure) -> str:
    """Return a figure as one ``<svg>`` element without prologue or metadata, for HTML."""
    text = figure_bytes(figure, "svg").decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL).strip()
    # An id that nothing refers to is only weight, and in a page a chance for two to be the same.
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
    return re.sub(
        r' id="([^"]*)"', lambda found: found.group(0) if found.group(1) in used else "", text
    )


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """Return the figure as ``"svg"``, ``"png"`` or ``"pdf"``, without the date of writing."""
    import matplotlib

    options: dict[str, dict[str, Any]] = {
        "svg": {"metadata": {"Date": None, "Creator": None}},
        "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
        "png": {"metadata": {"Software": None}, "dpi": _PNG_DPI},
    }
    buffer = io.BytesIO()
    # Text stays text, so that a reader's own fonts show what this machine has no glyphs for.
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "clustersem",
        "pdf.fonttype": 42,
    }
    with matplotlib.rc_context(settings), _missing_glyphs_allowed():
        figure.savefig(buffer, format=kind, **options[kind])
    return buffer.getvalue()


@contextmanager
def _missing_glyphs_allowed() -> Iterator[None]:
    """Without an East Asian font a PNG shows boxes; the warning for each glyph helps nobody."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        yield
