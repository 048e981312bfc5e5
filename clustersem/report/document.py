"""A report as plain data: sections of tables, figures and text, without a word of layout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from clustersem.errors import ClusterSemError

Kind = Literal["text", "number", "count", "p"]
Style = Literal["plain", "muted", "strong", "good", "bad"]
Value = str | float | int | bool | None


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    kind : {"text", "number", "count", "p"}
        Text is set left; numbers right with `digits` decimals; counts without; p values as
        ``<.001`` or ``.034``.
    """

    heading: str
    kind: Kind = "text"
    digits: int = 3


@dataclass(frozen=True)
class Cell:
    """A value and how it is set; None and NaN print as an en dash."""

    value: Value
    style: Style = "plain"

    @property
    def missing(self) -> bool:
        """Whether there is nothing to print."""
        return self.value is None or (isinstance(self.value, float) and math.isnan(self.value))


@dataclass(frozen=True)
class Band:
    """A heading across all columns that begins a group of rows."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table; the first cell of every row names the row.

    Attributes
    ----------
    meaning : str
        One plain sentence that says what the table is for.
    note : str
        What stands below: abbreviations, conventions, cut-offs.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...] | Band, ...]
    meaning: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if not isinstance(row, Band) and len(row) != len(self.columns):
                raise ClusterSemError(
                    f"table {self.caption!r} has {len(self.columns)} columns, but one of its rows "
                    f"has {len(row)} cells; give every row one cell for each column."
                )


@dataclass(frozen=True)
class Figure:
    """A drawing as the text of one SVG element; `alt` says in words what it shows."""

    caption: str
    svg: str
    alt: str
    note: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Note:
    """A paragraph that must not be overlooked; a warning asks the reader to act."""

    text: str
    level: Literal["information", "warning"] = "information"


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """Text in which every character counts, such as a model."""

    caption: str
    text: str


@dataclass(frozen=True)
class KeyFacts:
    """A few headline numbers, already written out, each with its label."""

    facts: tuple[tuple[str, str], ...]


Block = Table | Figure | Text | Note | Points | Listing | KeyFacts


@dataclass(frozen=True)
class Section:
    """A numbered part of the report; `id` is its anchor (letters, digits, hyphens)."""

    id: str
    title: str
    lead: str = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Document:
    """A whole report.

    Raises
    ------
    ClusterSemError
        If two sections carry the same id: links would lead to the wrong one.

    Examples
    --------
    >>> table = Table("Fit", (Column("index"), Column("value", "number")),
    ...               ((Cell("CFI"), Cell(0.948)),))
    >>> document = Document("A study", sections=(Section("fit", "Model fit", blocks=(table,)),))
    >>> [section.id for section in document.sections]
    ['fit']
    """

    title: str
    subtitle: str = ""
    sections: tuple[Section, ...] = ()
    footer: str = ""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for section in self.sections:
            if section.id in seen:
                raise ClusterSemError(
                    f"two sections of the report {self.title!r} have the id {section.id!r}; "
                    "give each its own."
                )
            seen.add(section.id)
