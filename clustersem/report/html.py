"""A document as one HTML file that needs no network."""

from __future__ import annotations

import functools
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersem.report.atomic import replace_file
from clustersem.report.document import Band, Block, Document, Figure, Table
from clustersem.report.formats import cell_text

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True)
class _Numbered:
    """A block with its number among those of its kind (0 for those that are not numbered)."""

    kind: str
    number: int
    block: Block


def render_html(document: Document) -> str:
    """Render a document as self-contained HTML: styles and drawings stand inside.

    Everything that comes from the study (names, texts, file names) is escaped.

    Examples
    --------
    >>> page = render_html(Document("R & D survey"))
    >>> "<title>R &amp; D survey</title>" in page
    True
    """
    tables, figures = itertools.count(1), itertools.count(1)

    def numbered(block: Block) -> _Numbered:
        kind = type(block).__name__.lower()
        counter = {"table": tables, "figure": figures}.get(kind)
        return _Numbered(kind, next(counter) if counter else 0, block)

    sections = [
        (k, section, [numbered(block) for block in section.blocks])
        for k, section in enumerate(document.sections, 1)
    ]
    return _template().render(
        document=document,
        sections=sections,
        rows=_rows,
        drawing=_drawing,
        is_number=lambda column: column.kind != "text",
    )


def write_html(document: Document, path: str | os.PathLike[str]) -> Path:
    """Render a document into a file; if anything fails, the previous file stays as it was."""
    target = Path(path)
    replace_file(target, render_html(document).encode("utf-8"))
    return target


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("clustersem.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _rows(table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table as texts with the classes that style them."""
    rows: list[dict[str, Any]] = []
    for row in table.rows:
        if isinstance(row, Band):
            rows.append({"band": row.text, "cells": []})
            continue
        cells = []
        for column, cell in zip(table.columns, row, strict=True):
            classes = ["number"] if column.kind != "text" else []
            if cell.style != "plain":
                classes.append(cell.style)
            text = cell_text(cell, column)
            if "←" in text or "↔" in text:
                classes.append("path")
            cells.append({"text": text, "classes": " ".join(classes)})
        rows.append({"band": None, "cells": cells})
    return rows


def _drawing(figure: Figure, number: int) -> Any:  # noqa: ANN401 - markupsafe is untyped here
    """Draw the SVG of a figure with ids of its own, so that no two drawings of a page share one."""
    from markupsafe import Markup

    prefix = f"drawing-{number}-"
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', figure.svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}\1)", svg)
    svg = re.sub(r'((?:xlink:)?href)="#([^"]+)"', rf'\1="#{prefix}\2"', svg)
    # A reader's screen decides the size; the drawing keeps its proportions.
    svg = re.sub(r"<svg\b([^>]*)>", _scalable, svg, count=1)
    return Markup(svg)


def _scalable(match: re.Match[str]) -> str:
    """Return the opening tag with its width as an upper limit instead of a fixed size."""
    attributes = match.group(1)
    width = re.search(r'\bwidth="([0-9.]+)pt"', attributes)
    attributes = re.sub(r'\s(?:width|height)="[^"]*"', "", attributes)
    limit = f' style="max-width:{float(width.group(1)):.0f}pt"' if width else ""
    return f'<svg{attributes}{limit} aria-hidden="true" focusable="false">'
