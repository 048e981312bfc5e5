"""Tables of results: on the console, and in the marked region of a page."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

#: Title, headings, rows.
Table = tuple[str, list[str], list[list[str]]]


def show(tables: Iterable[Table]) -> None:
    """Print tables."""
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console() if sys.stdout.isatty() else Console(width=120)
    for title, head, rows in tables:
        shown = RichTable(*head, title=title, title_justify="left")
        for row in rows:
            shown.add_row(*row)
        console.print(shown)


def write_region(path: Path, name: str, tables: Iterable[Table]) -> None:
    """Fill the region of a page between the marks of a name, and leave the rest as it is."""
    start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
    before, rest = path.read_text(encoding="utf-8").split(start)
    _, after = rest.split(end)
    parts = [start]
    for title, head, rows in tables:
        if not rows:
            continue
        lines = [head, ["---"] * len(head), *rows]
        parts += [f"### {title}", "\n".join(f"| {' | '.join(line)} |" for line in lines)]
    parts.append(end)
    new = path.with_suffix(".tmp")
    new.write_text(before + "\n\n".join(parts) + after, encoding="utf-8")
    new.replace(path)
