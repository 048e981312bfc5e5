"""Tables as they stand on a page: where their headings end, and what kind they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from clustersem.audit.printed import Printed
from clustersem.audit.readers.headings import Role, role_of, roles_of
from clustersem.audit.readers.indices import index_name, index_pair
from clustersem.audit.readers.names import is_path, name_of
from clustersem.audit.readers.numbers import (
    cell_number,
    half_width,
    has_decimal_comma,
    has_point,
    is_empty,
    parts_of,
    with_point,
    without_thousands,
)
from clustersem.errors import DataError

_NUMBER = re.compile(r"[<>=≤≥]*\s*[+−–-]?(\d+\.?\d*|\.\d+)%?")
# What is longer than this is text, and none that is read further.
_LONGEST = 1000
_ARROWS = re.compile(r"<-+>?|-+>|=~|~~?|[←→↔⟵⟶⟷]|~1|:=|\|")
_CAUSE = frozenset({"from", "predictor", "independentvariable", "independent", "iv", "cause"})
_OUTCOME = frozenset({"to", "outcome", "dependentvariable", "dependent", "dv", "criterion"})


@dataclass(frozen=True)
class RawTable:
    """A table as cells; merged cells are repeated.

    Attributes
    ----------
    place : str
        ``"Table 7"``; where the page does not number it, which of the file's tables it is.
    caption : str
        The whole caption; may be empty.
    rows : tuple of tuple of str
        The cells.
    numbers : tuple of int
        For every row how a message counts it.
    """

    place: str
    caption: str
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class LaidTable:
    """A table with its headings told from its body.

    Attributes
    ----------
    raw : RawTable
        As it stands on the page.
    headings : list of str
        One a column; those of several rows are joined.
    roles : list of (Role or None)
        What the columns hold.
    body : list of (int, list of str)
        The rows below the headings, with their numbers.
    """

    raw: RawTable
    headings: list[str]
    roles: list[Role | None]
    body: list[tuple[int, list[str]]] = field(default_factory=list)

    def column(self, *roles: Role) -> int | None:
        """Return the first column that holds one of these."""
        return next((j for role in roles for j, r in enumerate(self.roles) if r == role), None)

    def where(self, number: int, column: int | None = None) -> str:
        """Say where a cell stands, for a message."""
        at = f"{self.raw.place}, row {number}"
        return at if column is None else f"{at}, {self.headings[column]!r}"


def number_like(cell: str) -> bool:
    """Whether a cell is a number, with or without stars and brackets."""
    if len(cell) > _LONGEST:
        return False
    plain = parts_of(cell)[0]
    plain = plain.strip("()[] ").replace("−", "-")
    return any(_NUMBER.fullmatch(one) for one in (plain, with_point(plain)))


def lay_out(raw: RawTable) -> LaidTable | None:
    """Tell headings from body; None for what is too small to be a table of numbers."""
    rows = [list(row) for row in raw.rows]
    numbers = list(raw.numbers)
    width = max((len(row) for row in rows), default=0)
    rows = [[" ".join(cell.split()) for cell in row] + [""] * (width - len(row)) for row in rows]
    while rows and rows[0][0] and len({cell for cell in rows[0] if cell}) < 2:
        rows, numbers = rows[1:], numbers[1:]  # a title over all columns
    if len(rows) < 2 or width < 2:
        return None
    rows = [_without_repeats(row) for row in rows]
    height = 1
    while height < min(3, len(rows) - 1) and _is_heading(rows[height]):
        height += 1
    headings = [
        " ".join(dict.fromkeys(row[j] for row in rows[:height] if row[j])) for j in range(width)
    ]
    body = list(zip(numbers[height:], rows[height:], strict=True))
    headings, body = _with_paths(headings, body)
    roles = roles_of(headings, raw.caption)
    for j, role in enumerate(roles):
        cells = [row[j] for _, row in body if row[j]]
        if role == "item" and cells and all(cell.isdigit() for cell in cells):
            roles[j] = "ignored"  # how many items, not which
    return LaidTable(raw, headings, roles, body)


def _without_repeats(row: list[str]) -> list[str]:
    """Return a row over all columns, which heads those below it, as one cell."""
    if len({*row}) == 1 and not number_like(row[0]):
        return [row[0], *([""] * (len(row) - 1))]
    return row


def _is_heading(row: Sequence[str]) -> bool:
    cells = [cell for cell in row[1:] if cell]
    if not cells or any(is_path(cell) for cell in row):
        return False
    if _is_numbering([cell for cell in row if cell]) and not row[0]:
        return True
    if any(number_like(cell) for cell in cells):
        return False
    known = [role_of(cell) or index_name(cell) for cell in cells]
    return any(role not in (None, "supported", "ignored") for role in known)


def _is_numbering(cells: Sequence[str]) -> bool:
    """Whether cells count 1, 2, 3, as those above a matrix or its components do."""
    return len(cells) > 1 and [cell.strip(" .()") for cell in cells] == [
        str(k + 1) for k in range(len(cells))
    ]


def _with_paths(
    headings: list[str], body: list[tuple[int, list[str]]]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Join what programs and papers spread over columns: ``A1 | <--- | B1``, or from and to."""
    width = len(headings)
    for j in range(1, width - 1):
        cells = [row[j] for _, row in body if row[j]]
        if cells and all(_ARROWS.fullmatch(cell) for cell in cells):
            joined = [
                (n, [f"{row[j - 1]} {row[j]} {row[j + 1]}", *row[: j - 1], *row[j + 2 :]])
                for n, row in body
            ]
            return ["path", *headings[: j - 1], *headings[j + 2 :]], joined
    plain = [re.sub(r"\W", "", heading).casefold() for heading in headings]
    cause = next((j for j, one in enumerate(plain) if one in _CAUSE), None)
    outcome = next((j for j, one in enumerate(plain) if one in _OUTCOME), None)
    if cause is None or outcome is None:
        return headings, body
    keep = [j for j in range(width) if j not in (cause, outcome)]
    joined = []
    last = {cause: "", outcome: ""}
    for n, row in body:
        last = {j: row[j] or last[j] for j in (cause, outcome)}
        joined.append((n, [f"{last[cause]} -> {last[outcome]}", *(row[j] for j in keep)]))
    return ["path", *(headings[j] for j in keep)], joined


def path_column(table: LaidTable) -> int | None:
    """Return the column whose cells are paths."""
    for j in range(len(table.headings)):
        cells = [row[j] for _, row in table.body if row[j]]
        if cells and sum(map(is_path, cells)) > 0.5 * len(cells):
            return j
    return None


def matrix_columns(table: LaidTable) -> dict[int, int]:
    """Return the columns of a matrix, each with the row of the same name; empty for no matrix."""
    names = [name_of(row[0])[0].casefold() for _, row in table.body]
    found: dict[int, int] = {}
    counted = [one for one in (h.strip(" .()") for h in table.headings) if one.isdigit()]
    # A matrix numbers all its rows, or all but the last; components are fewer.
    numbered = len(counted) in (len(names), len(names) - 1)
    for j, heading in enumerate(table.headings[1:], 1):
        number = heading.strip(" .()")
        if numbered and number.isdigit() and 0 < int(number) <= len(names):
            found[j] = int(number) - 1
        elif heading and (name := name_of(heading)[0].casefold()) in names:
            found[j] = names.index(name)
    others = [
        j
        for j in range(1, len(table.headings))
        if j not in found and table.roles[j] is None and table.headings[j]
    ]
    return found if len(found) >= 2 and len(others) < len(found) else {}


def index_columns(table: LaidTable) -> dict[int, tuple[str, ...]]:
    """Return the columns that are headed by indices of fit."""
    found: dict[int, tuple[str, ...]] = {}
    for j, heading in enumerate(table.headings):
        if name := index_name(heading):
            found[j] = (name,)
        elif pair := index_pair(heading):
            found[j] = pair
    return found


def with_decimal_points(
    tables: Iterable[RawTable], source: str
) -> tuple[list[RawTable], tuple[str, ...]]:
    """Write all numbers with a point.

    Returns
    -------
    tables : list of RawTable
        With points, and without commas between thousands.
    notes : tuple of str
        That the comma was read as the decimal sign, where it was.

    Raises
    ------
    DataError
        Where some numbers have a decimal comma and others a point; a row of each is named.
    """
    tables = [
        replace(
            one, rows=tuple(tuple(half_width(cell[:_LONGEST]) for cell in row) for row in one.rows)
        )
        for one in tables
    ]
    commas: list[str] = []
    points: list[str] = []
    for table in tables:
        for number, row in zip(table.numbers, table.rows, strict=True):
            for cell in row:
                if is_empty(cell) or not number_like(without_thousands(cell)):
                    continue
                where = f"{table.place}, row {number} ({cell.strip()})"
                if has_decimal_comma(cell):
                    commas.append(where)
                elif has_point(cell):
                    points.append(where)
    if commas and points:
        raise DataError(
            f"{source} writes some numbers with a decimal comma and others with a point: "
            f"{commas[0]} and {points[0]}. Write all of them one way."
        )

    def clean(cell: str) -> str:
        if commas:
            return cell if re.search(r"[^\W\d_]", cell) else with_point(cell)
        return without_thousands(cell) if number_like(without_thousands(cell)) else cell

    cleaned = [
        replace(table, rows=tuple(tuple(clean(cell) for cell in row) for row in table.rows))
        for table in tables
    ]
    note = f"{source}: the comma was read as the decimal sign (0,472 as 0.472)."
    return cleaned, ((note,) if commas else ())


def number_at(table: LaidTable, number: int, row: list[str], column: int, place: str) -> Printed:
    """Read a cell, without its stars and what stands in brackets after it."""
    return cell_number(parts_of(row[column])[0], table.where(number, column)).at(place)
