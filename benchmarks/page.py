"""Tables of text, on the screen and in the marked regions of a page; how numbers are written."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """A titled table of text."""

    title: str
    head: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """Return it as a page shows it."""
        return f"### {self.title}\n\n{self.markdown_body()}"

    def markdown_body(self) -> str:
        """Return it without its title."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def show(tables: Iterable[Table]) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table as RichTable

    # Wide enough for the tables where the output is no terminal.
    console = Console() if sys.stdout.isatty() else Console(width=170)
    for table in tables:
        shown = RichTable(*table.head, title=table.title, title_justify="left")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def fill(path: Path, regions: Mapping[str, Iterable[Table]]) -> None:
    """Fill the marked regions of a page and leave the rest as it is."""
    text = path.read_text(encoding="utf-8")
    for name, tables in regions.items():
        start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
        before, rest = text.split(start)
        _, after = rest.split(end)
        text = before + "\n\n".join([start, *(table.markdown() for table in tables), end]) + after
    write(path, text)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    new = path.with_suffix(".tmp")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def seconds(value: float) -> str:
    """Return a duration with two or three digits."""
    if value != value:
        return "no result"
    if value >= 7200.0:
        return f"{value / 3600.0:.1f} h"
    if value >= 120.0:
        return f"{value / 60.0:.1f} min"
    if value >= 1.0:
        return f"{value:.1f} s"
    if value >= 0.01:
        return f"{1e3 * value:.0f} ms"
    return f"{1e3 * value:.2g} ms" if value >= 1e-4 else f"{1e6 * value:.2g} us"


def ratio(value: float) -> str:
    """Return how many times; nothing of NaN."""
    return "" if value != value else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def verdict(*, reached: bool) -> str:
    """Return whether a target is reached, so that a miss catches the eye."""
    return "reached" if reached else "MISSED"
