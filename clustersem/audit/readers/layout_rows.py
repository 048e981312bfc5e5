"""The sections of an audit file with one row a coefficient: paths, loadings, effects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NoReturn

from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, PrintedEffect
from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.names import PathText, read_path
from clustersem.audit.readers.node import Node
from clustersem.audit.readers.numbers import read_p, split_stars
from clustersem.survey.names import did_you_mean, listed

_NUMBERS = ("est", "se", "cr", "p", "std")
_KEYS = (*_NUMBERS, "stars", "ci", "ci_lower", "ci_upper", "supported", "expect", "model", "place")
_LOADING = ("item", "construct", "std", "est", "se", "cr", "p")
_TRUE = frozenset({"yes", "true", "support", "supported", "accepted", "accept", "confirmed", "✓"})
_FALSE = frozenset(
    {"no", "false", "not supported", "unsupported", "rejected", "reject", "not support", "✗"}
    | {"not accepted", "not confirmed", "x", "×"}
)


def verdict(text: str) -> bool | None:
    """Return what a cell concludes of a hypothesis; None where it says neither.

    Examples
    --------
    >>> verdict("Supported"), verdict("Not supported"), verdict("partially")
    (True, False, None)
    """
    plain = text.strip().strip(".").casefold()
    plain = re.sub(r"^[✓✔✗✘×]\s+", "", plain)
    return True if plain in _TRUE else False if plain in _FALSE else None


def read_every(section: Node, draft: Draft, places: Mapping[str, str]) -> None:
    """Read ``[every.paths]`` and ``[every.loadings]``: what all rows of a table have in common."""
    entries = section.table(("paths", "loadings"))
    draft.every = {key: node.table(("p", "stars", "supported")) for key, node in entries.items()}


def read_paths(section: Node, draft: Draft, places: Mapping[str, str]) -> None:
    """Read ``[[paths]]``: regressions and covariances."""
    at = places.get("paths", "paths")
    for row in section.rows(shape="rows, each under [[paths]]"):
        entries = row.table(("id", "path", *_KEYS))
        entries = {key: node for key, node in entries.items() if key == "expect" or not node.blank}
        if "path" not in entries:
            row.fail('this row needs a path, as in path = "A1 ~ B1" (outcome first).')
        path = _one_path(entries["path"])
        if "id" in entries:
            path = replace(path, id=entries["id"].words())
        for variable in path.steps:
            check_name(variable, entries["path"], draft)
        place = path.place(entries["place"].words() if "place" in entries else at)
        draft.coefficients.append(_coefficient(path, entries, draft, place, "paths"))


def read_loadings(section: Node, draft: Draft, places: Mapping[str, str]) -> None:
    """Read ``[[loadings]]``: rows of item, construct, std, est, se, cr, or a table a row."""
    for table in section.rows(shape="tables, each under [[loadings]]"):
        known = ("rows", "columns", "item", "construct", *_KEYS)
        entries = table.table(known)
        at = places.get("loadings", "loadings")
        if "place" in entries:
            at = entries["place"].words()
        if "rows" not in entries:
            _loading(table, entries, draft, at)
            continue
        columns = entries["columns"].names() if "columns" in entries else _LOADING
        if bad := [name for name in columns if name not in known]:
            near = did_you_mean(bad[0], known)
            entries["columns"].fail(
                f"unknown column {bad[0]!r}{near or f'; known: {listed(known)}.'}"
            )
        for row in entries["rows"].rows(shape='rows, ["C1", "B1", 0.807, 0.884, 0.052, 10.483]'):
            cells = list(row.rows(shape='a row, ["C1", "B1", 0.807, 0.884, 0.052, 10.483]'))
            if not 2 < len(cells) <= len(columns):
                row.fail(
                    f"this row has {len(cells)} entries, but there are {len(columns)} columns "
                    f"({', '.join(columns)}). A number with a decimal comma makes two entries; "
                    "write a point, or the number in quotes."
                )
            pairs = zip(columns, cells, strict=False)
            named = {k: c for k, c in pairs if not c.blank}
            shared = {k: node for k, node in entries.items() if k in ("model", "supported")}
            _loading(row, {**shared, **named}, draft, at)


def _loading(row: Node, entries: Mapping[str, Node], draft: Draft, at: str) -> None:
    if "item" not in entries or "construct" not in entries:
        row.fail('a loading needs an item and a construct, as in item = "C1", construct = "B1".')
    construct, item = entries["construct"].words(), entries["item"].words()
    check_name(construct, entries["construct"], draft, constructs_only=True)
    path = PathText("", "=~", (construct, item))
    draft.constructs.setdefault(construct, {"place": at})
    draft.coefficients.append(_coefficient(path, entries, draft, path.place(at), "loadings"))


def read_effects(section: Node, draft: Draft, places: Mapping[str, str]) -> None:
    """Read ``[[effects]]``: indirect and total effects."""
    at = places.get("effects", "effects")
    for row in section.rows(shape="rows, each under [[effects]]"):
        entries = row.table(("id", "path", "kind", "est", "std", "place", *_KEYS))
        entries = {key: node for key, node in entries.items() if not node.blank}
        if "path" not in entries:
            row.fail('this row needs its steps, as in path = "B1 -> M -> A1".')
        path = _one_path(entries["path"])
        if path.op != "~":
            entries["path"].fail('an effect goes from a cause to an outcome: "B1 -> M -> A1".')
        for variable in path.steps:
            check_name(variable, entries["path"], draft)
        kind: Any = entries["kind"].words() if "kind" in entries else ""
        kind = kind or ("indirect" if len(path.steps) > 2 else "total")
        kinds = ("indirect", "total_indirect", "total")
        if kind not in kinds:
            entries["kind"].fail(f"write one of {', '.join(kinds)}, not {kind!r}.")
        name = entries["id"].words() if "id" in entries else path.id
        here = entries["place"].words() if "place" in entries else at
        place = f"{here}, {' -> '.join(path.steps)}"
        est, std = (
            entries[key].number(place) if key in entries else None for key in ("est", "std")
        )
        draft.effects.append(PrintedEffect(path.steps, kind, place, name, est, std))


def _one_path(node: Node) -> PathText:
    """Return the path of a row, which is one arrow between two variables, or a chain of them."""
    text = node.words()
    path = read_path(text, node.where)
    if "+" in text:
        node.fail(f"{text!r} has several predictors; write a row for each of them.")
    if len({*path.steps}) < len(path.steps):
        node.fail(f"{text!r} relates a variable to itself.")
    return path


def check_name(variable: str, node: Node, draft: Draft, *, constructs_only: bool = False) -> None:
    """Refuse a name that no construct or item has, where the file lists its constructs."""
    declared = [key for key, fields in draft.constructs.items() if "items" in fields]
    if not declared or variable in draft.constructs:
        return
    items = {item for fields in draft.constructs.values() for item in fields.get("items", ())}
    if constructs_only or variable not in {*items, *draft.items}:
        unknown_name(variable, node, draft)


def unknown_name(variable: str, node: Node, draft: Draft) -> NoReturn:
    """Refuse a name, with the nearest one that there is."""
    names = list(draft.constructs)
    near = did_you_mean(variable, names) or f"; the constructs are {listed(names, limit=20)}."
    node.fail(f"there is no construct {variable!r}{near}")


def _coefficient(
    path: PathText,
    entries: Mapping[str, Node],
    draft: Draft,
    place: str,
    table: Literal["paths", "loadings"],
) -> PrintedCoefficient:
    fields: dict[str, Any] = {}
    stars = ""
    for key in ("est", "se", "cr", "std"):
        if key in entries:
            node = entries[key]
            if isinstance(node.value, str):
                text, found = split_stars(node.value)
                stars = found or stars
                node = Node(text, node.keys, source=node.source, text=node.text)
            fields[key] = node.number(place)
    if "ci" in entries:
        ends = list(entries["ci"].rows(shape="two numbers, [0.083, 0.205]"))
        if len(ends) != 2:
            entries["ci"].fail("write the lower and the upper end, as in [0.083, 0.205].")
        fields["ci_lower"], fields["ci_upper"] = (end.number(place) for end in ends)
    for key in ("ci_lower", "ci_upper"):
        if key in entries:
            fields[key] = entries[key].number(place)
    every = draft.every.get(table, {})
    if "p" in entries:
        fields["p"] = _p(entries["p"], draft, place)
    elif "stars" in entries:
        fields["p"] = _p(entries["stars"], draft, place)
    elif stars:
        at = next(iter(entries.values()))
        fields["p"] = _p(Node(stars, at.keys, source=at.source, text=at.text), draft, place)
    elif {"p", "stars"} & {*every} and ("se" in fields or "cr" in fields):
        # A marker has no test, so no p in any table.
        fields["p"] = _p(every.get("p") or every["stars"], draft, place)
    if "supported" in entries or "supported" in every:
        fields["supported"] = _supported(entries.get("supported") or every["supported"])
    expect = entries["expect"].words().strip() if "expect" in entries else ""
    if expect not in ("", "+", "-", "−"):
        entries["expect"].fail(f'write "+" or "-", not {expect!r}.')
    model = entries["model"].words() if "model" in entries else ""
    if model and draft.models and model not in draft.models:
        entries["model"].fail(
            f"there is no model {model!r}{did_you_mean(model, draft.models) or '.'}"
        )
    expect = expect.replace("−", "-")
    return PrintedCoefficient(
        path.lhs, path.op, path.rhs, place, path.id, expect=expect, model=model, **fields
    )


def _p(node: Node, draft: Draft, place: str) -> Printed:
    read = read_p(node.printed_text(), draft.stars, node.where)
    return read.at(place)


def _supported(node: Node) -> bool | None:
    if isinstance(node.value, bool):
        return node.value
    said = verdict(node.words())
    if said is None:
        node.fail(f"write true or false, not {node.value!r}.")
    return said
