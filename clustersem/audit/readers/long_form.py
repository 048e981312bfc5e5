"""One long table of everything that a paper prints: a row a number, or a row a coefficient."""

from __future__ import annotations

from typing import Any

from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.layout import OF_CONSTRUCTS, read_layout
from clustersem.audit.readers.node import TextNumber
from clustersem.audit.readers.numbers import is_empty
from clustersem.audit.readers.tables import RawTable
from clustersem.errors import DataError
from clustersem.survey.names import did_you_mean, listed

_ROWS = {"path": "paths", "paths": "paths", "loading": "loadings", "loadings": "loadings"}
_COEFFICIENT = (
    "id", "path", "item", "construct", "est", "se", "cr", "p", "std", "ci_lower", "ci_upper",
    "supported", "expect", "model", "place",
)  # fmt: skip
_KINDS = ("path", "loading", "effect", "fit", "standard", "sample", "correlation", *OF_CONSTRUCTS)
_COLUMNS = (*_COEFFICIENT, "kind", "lhs", "op", "rhs", "name", "name2", "value")


def is_long(headings: list[str]) -> bool:
    """Whether a table is of the long form: its first columns say what a row is."""
    plain = {heading.strip().casefold() for heading in headings}
    return "kind" in plain and bool({"value", "path", "lhs", "est"} & plain)


def read_long(table: RawTable, draft: Draft) -> None:
    """Add the rows of a long table to a draft.

    Columns: ``kind`` (path, loading, effect, fit, standard, sample, correlation, alpha, ave, ...),
    and for a coefficient those of the audit file's rows; for all others ``name`` (the construct,
    the index, or the key of the sample), ``name2`` (the other variable of a correlation), ``value``
    and ``model``.

    Raises
    ------
    DataError
        Where a column or a kind is unknown, or a value is not what its row asks for.
    """
    headings = [cell.strip().casefold() for cell in table.rows[0]]
    for heading in headings:
        if heading and heading not in _COLUMNS:
            near = did_you_mean(heading, _COLUMNS) or f"; known are {listed(_COLUMNS, limit=30)}."
            raise DataError(f"{table.place}: unknown column {heading!r}{near}")
    for number, row in zip(table.numbers[1:], table.rows[1:], strict=True):
        cells = {h: c for h, c in zip(headings, row, strict=False) if h and not is_empty(c)}
        # An expected sign is a minus that is no empty cell.
        if "expect" in headings and row[headings.index("expect")].strip() in ("-", "−"):
            cells["expect"] = "-"
        if not cells:
            continue
        where = f"{table.place}, row {number}"
        document = _document(cells, where)
        source, draft.source = draft.source, where
        try:
            read_layout(document, draft)
        finally:
            draft.source = source


def _document(cells: dict[str, str], where: str) -> dict[str, Any]:
    """Return a row as the sections of an audit file."""
    kind = cells.pop("kind", "").strip().casefold()
    place = cells.get("place", "")
    if {"lhs", "op", "rhs"} <= {*cells}:
        cells["path"] = " ".join(cells.pop(key) for key in ("lhs", "op", "rhs"))
    if kind in _ROWS or kind in ("effect", "effects"):
        if kind.startswith("loading") and "path" in cells:
            construct, _, item = cells.pop("path").partition("=~")
            cells |= {"construct": construct.strip(), "item": item.strip()}
        rows: list[dict[str, Any]] = [{key: _value(cell) for key, cell in cells.items()}]
        if kind.startswith("effect"):
            rows = [
                {k: v for k, v in rows[0].items() if k in ("id", "path", "est", "std", "place")}
            ]
        return {_ROWS.get(kind, "effects"): rows}
    name, value = cells.get("name", ""), cells.get("value", "")
    if not name or not value:
        raise DataError(f"{where}: a row of kind {kind!r} needs a name and a value.")
    places = {"places": {kind: place}} if place else {}
    if kind == "fit":
        model = cells.get("model", "model")
        section = {"place": place} if place else {}
        return {"fit": {model: {name: _value(value), **section}}}
    if kind == "standard":
        return {"fit": {"standard": {name: value}}}
    if kind == "sample":
        return {"sample": {name: value}, **places}
    if kind == "correlation":
        if "name2" not in cells:
            raise DataError(f"{where}: a correlation needs the names of both, in name and name2.")
        return {"correlations": {name: {cells["name2"]: _value(value)}}, **places}
    if kind in OF_CONSTRUCTS:
        return {kind: {name: _value(value)}, **places}
    near = did_you_mean(kind, _KINDS) or f"; known are {listed(_KINDS, limit=30)}."
    raise DataError(f"{where}: unknown kind {kind!r}{near}")


def _value(cell: str) -> str:
    return TextNumber(cell)
