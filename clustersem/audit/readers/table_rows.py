"""Tables with a coefficient a row: paths, covariances, loadings, effects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, PrintedEffect
from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.headings import bracketed_role
from clustersem.audit.readers.layout_rows import verdict
from clustersem.audit.readers.names import PathText, is_path, read_id, read_path
from clustersem.audit.readers.numbers import (
    cell_number,
    is_empty,
    parts_of,
    read_p,
)
from clustersem.audit.readers.tables import LaidTable, number_at, number_like

_NUMBERS = ("est", "se", "cr", "std", "ci_lower", "ci_upper")
_FIXED = re.compile(r"(?i)fixed.*|ref\.?|reference|constrained|marker|\*?1\.0+\*?a|na")
_CONSTRUCT_VALUES = ("alpha", "composite_reliability", "ave", "sqrt_ave", "r_squared", "msv", "asv")


@dataclass(frozen=True)
class PathRows:
    """A table of paths whose names are not yet sorted into items and constructs."""

    table: LaidTable
    column: int


@dataclass(frozen=True)
class _Row:
    table: LaidTable
    number: int
    cells: list[str]
    path: PathText
    fields: dict[str, Any]
    model: str


def read_path_rows(tables: Sequence[PathRows], draft: Draft) -> None:
    """Add the rows of tables of paths.

    A row ``C1 <--- B1`` is a loading where C1 is an item; where no table lists items, it is one
    where nothing comes from C1 and a row of B1 is a marker (an estimate of one that has no S.E.).
    """
    rows = [row for one in tables for row in _rows(one, draft)]
    causes = {row.path.steps[0] for row in rows if row.path.op == "~" and len(row.path.steps) == 2}
    causes |= {row.path.lhs for row in rows if row.path.op == "=~"}
    outer = {step for row in rows if row.path.op == "~~" for step in row.path.steps}
    marked = {row.path.steps[0] for row in rows if row.path.op == "~" and _is_marker(row.fields)}
    listed = {item for fields in draft.constructs.values() for item in fields.get("items", ())}
    listed |= {row.rhs for row in draft.coefficients if row.op == "=~"} | {*draft.items}
    for row in rows:
        path = row.path
        if path.op == "~" and len(path.steps) > 2:
            _add_effect(row, draft)
            continue
        cause, outcome = path.steps
        is_item = outcome in listed or (
            outcome not in causes
            and outcome not in outer
            and outcome not in draft.constructs
            and cause in marked
        )
        if path.op == "~" and is_item:
            path = replace(path, op="=~")
        if path.op == "=~":
            draft.constructs.setdefault(path.lhs, {"place": row.table.raw.place})
        elif re.search(r"indirect|total effect", row.table.raw.caption, re.I):
            _add_effect(row, draft)
            continue
        if path.lhs != path.rhs:
            _add(row, path, draft)


def _rows(one: PathRows, draft: Draft) -> list[_Row]:
    table, at = one.table, one.column
    rows = []
    model, last_id = "", ""
    id_column, model_column = table.column("id"), table.column("model")
    for number, cells in table.body:
        if not is_path(cells[at]):
            continue
        path = read_path(cells[at], table.where(number, at))
        path = replace(path, steps=tuple(draft.name(step) for step in path.steps))
        if id_column is not None and id_column != at and cells[id_column]:
            last_id = read_id(cells[id_column])[0] or cells[id_column]
            path = replace(path, id=last_id)
        if model_column is not None:
            model = cells[model_column]
        rows.append(_Row(table, number, cells, path, _fields(table, number, cells, draft), model))
    return rows


def _is_marker(fields: dict[str, Any]) -> bool:
    est = fields.get("est")
    return est is not None and est.value == 1.0 and not {"se", "cr", "p"} & {*fields}


def _fields(table: LaidTable, number: int, cells: list[str], draft: Draft) -> dict[str, Any]:
    """Read the numbers of a row; their places are set when its path is known."""
    fields: dict[str, Any] = {}
    stars = ""
    for j, role in enumerate(table.roles):
        cell = cells[j]
        if role is None or is_empty(cell) or _FIXED.fullmatch(cell.strip()):
            continue
        where = table.where(number, j)
        known: Any = {"loading": "std", "effect": "est"}.get(role, role)
        if known in _NUMBERS and known not in fields:
            text, found, second = parts_of(cell)
            stars = stars or found
            fields[known] = cell_number(text, where)
            extra = bracketed_role(table.headings[j]) if second else None
            if extra == "p":
                fields.setdefault("p", read_p(second, draft.stars, where))
            elif extra is not None:
                fields.setdefault(extra, cell_number(second, where))
        elif known == "p" and "p" not in fields:
            fields["p"] = read_p(cell, draft.stars, where)
        elif known == "ci":
            ends = re.findall(r"[-−–]?\d*\.\d+", cell)
            if len(ends) == 2:
                fields["ci_lower"], fields["ci_upper"] = (cell_number(end, where) for end in ends)
        elif known == "supported" and verdict(cell) is not None:
            fields["supported"] = verdict(cell)
        elif known == "expect" and cell.strip() in ("+", "-", "−"):
            fields["expect"] = cell.strip().replace("−", "-")
    if stars and "p" not in fields:
        fields["p"] = read_p(stars, draft.stars, table.where(number))
    return fields


def _placed(fields: dict[str, Any], place: str) -> dict[str, Any]:
    return {key: one.at(place) if isinstance(one, Printed) else one for key, one in fields.items()}


def _add(row: _Row, path: PathText, draft: Draft) -> None:
    """Add a row, or what it says beyond one that another table has of the same path."""
    place = path.place(row.table.raw.place)
    fields = _placed(row.fields, place)
    for k, other in enumerate(draft.coefficients):
        same = {other.lhs, other.rhs} == {path.lhs, path.rhs} and other.op == path.op
        if same and (path.op == "~~" or other.lhs == path.lhs) and other.model == row.model:
            if not _agree(other, fields):
                continue
            # The place is that of the table with the estimate, which the other one adds to.
            both = place if other.est is None and "est" in fields else other.place
            draft.coefficients[k] = replace(
                other, **{**fields, **_filled(other)}, place=both, id=other.id or path.id
            )
            return
    draft.coefficients.append(
        PrintedCoefficient(path.lhs, path.op, path.rhs, place, path.id, model=row.model, **fields)
    )


def _filled(row: PrintedCoefficient) -> dict[str, Any]:
    names = (*_NUMBERS, "p", "supported")
    return {key: one for key in names if (one := getattr(row, key)) is not None}


def _agree(row: PrintedCoefficient, fields: dict[str, Any]) -> bool:
    """Whether what a table prints of a coefficient is nowhere other than in the row."""
    for key, value in fields.items():
        there = getattr(row, key)
        if isinstance(value, Printed) and there is not None and there.text != value.text:
            return False
        if not isinstance(value, Printed) and there not in (None, "", value):
            return False
    return True


def _add_effect(row: _Row, draft: Draft) -> None:
    steps, caption = row.path.steps, row.table.raw.caption
    place = f"{row.table.raw.place}, {' -> '.join(steps)}"
    fields = _placed(row.fields, place)
    kind: Any = "indirect" if len(steps) > 2 else "total"
    if len(steps) == 2 and re.search(r"indirect", caption, re.I):
        kind = "total_indirect"
    draft.effects.append(
        PrintedEffect(steps, kind, place, row.path.id, fields.get("est"), fields.get("std"))
    )


def read_loading_rows(table: LaidTable, draft: Draft, *, exploratory: bool) -> bool:
    """Add a table of items with their loadings; reliabilities of constructs may stand beside them.

    The construct stands in a column of its own, in the first of its rows or in all; or in a row
    above its items.
    """
    at = table.column("item")
    owner = table.column("construct")
    if at is None:
        # "Variable" heads items where a row above them names the construct.
        at, owner = owner, None
    if at is None:
        return False
    construct = ""
    added = 0
    loadings = [j for j, role in enumerate(table.roles) if role in ("std", "loading", "est")]
    for number, cells in table.body:
        if owner is not None and cells[owner]:
            construct = cells[owner]
        cell = cells[at]
        loads = any(number_like(cells[j]) for j in loadings)
        if cell and not loads and (owner is None or cells[owner] in ("", cell)):
            construct = cell
        if construct:
            _construct_values(table, number, cells, construct, draft)
        if not cell or not loads or not construct:
            continue
        fields = _fields(table, number, cells, draft)
        if not {"est", "std"} & {*fields}:
            continue
        added += 1
        item = draft.name(cell)
        place = f"{table.raw.place}, {item}"
        if exploratory:
            draft.items.setdefault(item, {"place": place})["loading"] = fields.get(
                "std", fields.get("est")
            )
        else:
            path = PathText("", "=~", (draft.name(construct), item))
            draft.construct(construct, f"{table.raw.place}, {draft.name(construct)}")
            _add(_Row(table, number, cells, path, fields, ""), path, draft)
        for j, role in enumerate(table.roles):
            if role in ("mean", "sd") and number_like(cells[j]):
                kept = draft.items.setdefault(item, {"place": place})
                kept[role] = number_at(table, number, cells, j, place)
    return added > 0


def _construct_values(
    table: LaidTable, number: int, cells: list[str], construct: str, draft: Draft
) -> None:
    for j, role in enumerate(table.roles):
        if role in _CONSTRUCT_VALUES and number_like(cells[j]):
            place = f"{table.raw.place}, {draft.name(construct)}"
            fields = draft.construct(construct, place)
            if role not in fields:
                fields[role] = number_at(table, number, cells, j, place)
