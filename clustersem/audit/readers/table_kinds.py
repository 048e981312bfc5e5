"""What a table says, by its headings: coefficients, fit, matrices, reliability."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCorrelation, VarianceExplained
from clustersem.audit.readers.draft import Draft
from clustersem.audit.readers.indices import index_name, index_pair
from clustersem.audit.readers.layout import OF_CONSTRUCTS
from clustersem.audit.readers.numbers import (
    is_empty,
    read_count,
    split_stars,
)
from clustersem.audit.readers.table_fits import read_fit_columns, read_fit_rows
from clustersem.audit.readers.table_rows import PathRows, read_loading_rows, read_path_rows
from clustersem.audit.readers.tables import (
    LaidTable,
    RawTable,
    index_columns,
    lay_out,
    matrix_columns,
    number_at,
    number_like,
    path_column,
)
from clustersem.survey.names import listed

#: An index that no table of coefficients has.
_STRONG = frozenset(
    {"chisq", "cmin_df", "rmsea", "cfi", "tli", "nfi", "ifi", "gfi", "agfi", "srmr", "pgfi"}
)
_OF_CONSTRUCT = frozenset(OF_CONSTRUCTS.values())
_NO_FIT = re.compile(r"cut-?offs?|equivalence|simulat|modification|and reproduced", re.I)
_COUNTED = {
    "distributed": re.compile(r"(distributed|issued|sent)\b", re.I),
    "returned": re.compile(r"(returned|recovered|collected|received)\b", re.I),
    "valid": re.compile(r"(valid|usable|effective|analy[sz]ed|complete)\b", re.I),
}
_OF_SCORES = re.compile(r"\b(scores?|pearson|zero-order|bivariate|spearman)\b", re.I)
_EFA = re.compile(
    r"explorat|purif|delet|eliminat|\befa\b|principal comp|rotat|varimax|promax", re.I
)


def read_tables(tables: Iterable[RawTable], draft: Draft) -> None:
    """Add what tables say to a draft; what is not understood is noted in it.

    Raises
    ------
    DataError
        Where a table that is understood has words in place of a number; table, row and heading are
        named.
    """
    paths: list[PathRows] = []
    for raw in tables:
        table = lay_out(raw)
        if table is None:
            continue
        if _read(table, draft, paths):
            _note_repeated(table, draft)
            continue
        named = listed([f"{one!r}" for one in table.headings if one], limit=8)
        said = f"its headings are {named}" if named else "it has no headings"
        draft.notes.append(f"{raw.place} was not understood: {said}.")
    # Which names are items, and whose, turns out only when all tables are read.
    read_path_rows(paths, draft)
    owners = {row.rhs: row.lhs for row in draft.coefficients if row.op == "=~"}
    owners |= {i: name for name, c in draft.constructs.items() for i in c.get("items", ())}
    for item, alpha in draft.alpha_beside.items():
        if item in owners:
            draft.constructs[owners[item]].setdefault("alpha", alpha)


def _note_repeated(table: LaidTable, draft: Draft) -> None:
    """Say which columns were left out because another one holds the same, as of a second model."""
    once = ("est", "std", "se", "cr", "p", *_OF_CONSTRUCT)
    left = [
        table.headings[j]
        for j, role in enumerate(table.roles)
        if role in once and role in table.roles[:j]
    ]
    if left and not matrix_columns(table):
        draft.notes.append(
            f"{table.raw.place} has several columns of one kind, of which the first was read; left"
            f" out: {listed([repr(one) for one in left], limit=8)}."
        )


def _read(table: LaidTable, draft: Draft, paths: list[PathRows]) -> bool:
    """Read a table as what it is; say whether it is anything."""
    matrix = matrix_columns(table)
    at = path_column(table)
    values = {"est", "std", "se", "cr", "p", "loading", "effect"}
    if at is not None and (values | {"ci_lower"}) & set(table.roles):
        paths.append(PathRows(table, at))
        return True
    if matrix:
        return _matrix(table, matrix, draft)
    columns = index_columns(table)
    of_fit = not _NO_FIT.search(table.raw.caption)
    if of_fit and {name for names in columns.values() for name in names} & _STRONG:
        read_fit_columns(table, columns, draft)
        return True
    named = {index_name(row[0]) or (index_pair(row[0]) or ("",))[0] for _, row in table.body}
    if of_fit and len(named & _STRONG) >= 2:
        read_fit_rows(table, draft)
        return True
    item, construct = table.column("item"), table.column("construct")
    loads = table.column("std", "loading", "est")
    if loads is not None and (item is not None or construct is not None):
        return read_loading_rows(table, draft, exploratory=_is_exploratory(table))
    if _components(table):
        _exploratory(table, draft)
        return True
    if _OF_CONSTRUCT & set(table.roles):
        _of_constructs(table, draft)
        return True
    return _questionnaires(table, draft)


def _is_exploratory(table: LaidTable) -> bool:
    return _EFA.search(table.raw.caption) is not None


def _questionnaires(table: LaidTable, draft: Draft) -> bool:
    """Read how many questionnaires there were; say whether the table tells.

    How many are valid is not taken for the n of a model: answers that are incomplete may have been
    left out of it.
    """
    found: dict[str, Printed] = {}
    for number, row in table.body:
        count = next((cell for cell in row[1:] if cell.isdigit()), None)
        key = next((key for key, word in _COUNTED.items() if word.match(row[0])), None)
        if count is not None and key is not None and key not in found:
            place = f"{table.raw.place}, {row[0].casefold()}"
            read = read_count(count, table.where(number))
            found[key] = read.at(place)
    if len(found) < 2:
        return False
    draft.distributed = draft.distributed or found.get("distributed")
    draft.returned = draft.returned or found.get("returned")
    return True


# -- reliability, validity, descriptives ---------------------------------------------------------


def _of_constructs(table: LaidTable, draft: Draft) -> None:
    at = table.column("construct", "item") or 0
    of_items = table.roles[at] == "item"
    for number, row in table.body:
        if is_empty(row[at]):
            continue
        name = draft.name(row[at])
        place = f"{table.raw.place}, {name}"
        read: dict[str, Printed] = {}
        for j, role in enumerate(table.roles):
            if role in _OF_CONSTRUCT and not is_empty(row[j]):
                read[role] = number_at(table, number, row, j, place)
        if not read:
            continue
        listed_items = {i for c in draft.constructs.values() for i in c.get("items", ())}
        if of_items and "n" in table.roles and row[table.roles.index("n")].isdigit():
            read["n"] = read_count(row[table.roles.index("n")], table.where(number))
        if (of_items or name in listed_items) and {*read} <= {"mean", "sd", "n"}:
            draft.items.setdefault(name, {"place": place}).update(read)
            continue
        fields = draft.construct(row[at], place)
        for known, value in read.items():
            fields.setdefault(known, value)


def _components(table: LaidTable) -> list[int]:
    """Return the columns of an exploratory factor analysis."""
    return [
        j
        for j, heading in enumerate(table.headings)
        if j and re.fullmatch(r"(?:.*(?:component|factor)s?\D*|F|PC)\s*\d+|\d", heading, re.I)
    ]


def _exploratory(table: LaidTable, draft: Draft) -> None:
    columns, alpha = _components(table), table.column("alpha")
    for number, row in table.body:
        cells = [j for j in columns if number_like(row[j])]
        if is_empty(row[0]) or not cells:
            continue
        if re.search(r"cumulative", row[0], re.I):
            percent = number_at(table, number, row, cells[-1], table.raw.place)
            draft.variance.append(VarianceExplained("", table.raw.place, percent, len(columns)))
        elif not re.search(
            r"eigen|varian|factor|component|sum|%|kmo|bartlett|total|alpha", row[0], re.I
        ):
            name = draft.name(row[0])
            place = f"{table.raw.place}, {name}"
            read = [number_at(table, number, row, j, place) for j in cells]
            largest = max(read, key=lambda one: abs(one.value))
            draft.items.setdefault(name, {"place": place})["loading"] = largest
            if alpha is not None and number_like(row[alpha]):
                draft.alpha_beside[name] = number_at(table, number, row, alpha, table.raw.place)


# -- matrices ------------------------------------------------------------------------------------


def _matrix(table: LaidTable, columns: dict[int, int], draft: Draft) -> bool:
    caption = table.raw.caption
    everything = f"{caption} {' '.join(table.headings)}"
    if re.search(
        r"htmt|heterotrait|squared (inter-?construct )?corr|cross.?load", everything, re.I
    ):
        draft.notes.append(
            f"{table.raw.place} holds no correlations of one matrix (it is headed as HTMT, squared "
            "correlations or cross-loadings) and was not checked."
        )
        return True
    roles = {role for j, role in enumerate(table.roles) if j not in columns}
    labels = [row[0] for _, row in table.body]
    items = {i for c in draft.constructs.values() for i in c.get("items", ())} | {*draft.items}
    names = [draft.name(label) for label in labels]
    kind: Any = "latent"
    if all(name in items for name in names):
        kind = "items"
    elif _OF_SCORES.search(caption) or (
        {"mean", "sd"} & roles and not {"ave", "sqrt_ave", "composite_reliability"} & roles
    ):
        kind = "scores"
    diagonal, kind = _diagonal(table, columns, kind)
    for i, (number, row) in enumerate(table.body):
        place = f"{table.raw.place}, {names[i]}"
        if kind != "items":
            fields = draft.construct(labels[i], place)
            for j, role in enumerate(table.roles):
                if j not in columns and role in _OF_CONSTRUCT and number_like(row[j]):
                    fields.setdefault(role, number_at(table, number, row, j, place))
        for j, k in columns.items():
            if k == i and diagonal and number_like(row[j]):
                value = number_at(table, number, row, j, f"{place} (diagonal)")
                if value.interval.upper < 1.0 and kind != "items":
                    draft.constructs[names[i]].setdefault(diagonal, value)
    _add_correlations(table, columns, names, kind, draft)
    return True


def _diagonal(table: LaidTable, columns: dict[int, int], kind: str) -> tuple[str, str]:
    """Return what stands on the diagonal, and the kind of the matrix that it makes of it."""
    caption = table.raw.caption
    cells = [table.body[k][1][j] for j, k in columns.items()]
    if re.search(r"fornell|larcker|discriminant|square root|√|ave\b", caption, re.I):
        return "sqrt_ave", "latent" if kind != "items" else kind
    if re.search(r"alpha|α|reliab", caption, re.I):
        return "alpha", "scores" if kind != "items" else kind
    # Without a word on it, brackets are the usual sign of a reliability, and no sign of which.
    if any(cell.strip().startswith(("(", "[")) for cell in cells):
        return "", kind
    return ("sqrt_ave" if kind == "latent" else ""), kind


def _add_correlations(
    table: LaidTable,
    columns: dict[int, int],
    names: list[str],
    kind: Any,  # noqa: ANN401 - one of the kinds of a correlation
    draft: Draft,
) -> None:
    below: dict[tuple[int, int], tuple[int, list[str], int]] = {}
    above: dict[tuple[int, int], tuple[int, list[str], int]] = {}
    for i, (number, row) in enumerate(table.body):
        for j, k in columns.items():
            if i != k and number_like(row[j]):
                side = below if i > k else above
                side[max(i, k), min(i, k)] = (number, row, j)
    differ = [
        pair
        for pair in below.keys() & above.keys()
        if split_stars(below[pair][1][below[pair][2]])[0]
        != split_stars(above[pair][1][above[pair][2]])[0]
    ]
    if differ:
        draft.notes.append(
            f"{table.raw.place} has different numbers above and below its diagonal; only those "
            "below were read as correlations."
        )
    for (i, k), (number, row, j) in {**above, **below}.items():
        place = f"{table.raw.place}, {names[k]} with {names[i]}"
        value = number_at(table, number, row, j, place)
        draft.correlations.append(
            PrintedCorrelation(names[k], names[i], place, value, kind, table.raw.place)
        )
