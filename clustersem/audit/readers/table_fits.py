"""Tables of indices of fit: a model a row, or an index a row."""

from __future__ import annotations

import re

from clustersem.audit.printed import Printed
from clustersem.audit.readers.draft import Draft, ModelDraft
from clustersem.audit.readers.headings import role_of
from clustersem.audit.readers.indices import index_label, index_name, index_pair
from clustersem.audit.readers.layout_models import SCALED
from clustersem.audit.readers.numbers import (
    cell_number,
    is_empty,
    parts_of,
    read_count,
    read_number,
    read_p,
)
from clustersem.audit.readers.tables import LaidTable, number_like

_CHANGE = re.compile(r"(difference|change|improvement|δ.*|Δ.*)s?", re.I)


def read_fit_columns(table: LaidTable, columns: dict[int, tuple[str, ...]], draft: Draft) -> None:
    """Read a table with a row for every model."""
    named = 0 not in columns
    for number, row in table.body:
        label = row[0] if named else ""
        if _is_standard(label):
            for j, names in columns.items():
                _standard(names[0], row[j], draft, table)
            continue
        if not any(number_like(row[j]) for j in columns):
            continue
        model = _model(label, table, draft)
        for j, names in columns.items():
            _index_cell(names, row[j], model, draft, table, number, j)


def read_fit_rows(table: LaidTable, draft: Draft) -> None:
    """Read a table with a row for every index, and a column for every model."""
    standards = [j for j, h in enumerate(table.headings) if j and _is_standard(h)]
    models = [
        j
        for j in range(1, len(table.headings))
        if j not in standards
        and any(number_like(row[j]) for _, row in table.body)
        and table.roles[j] != "ignored"
        and not _CHANGE.fullmatch(table.headings[j])
    ]
    for number, row in table.body:
        name = index_name(row[0])
        names = (name,) if name else index_pair(row[0]) or ()
        if not names:
            continue
        for j in standards:
            _standard(names[0], row[j], draft, table)
        for j in models:
            label = table.headings[j] if len(models) > 1 else ""
            _index_cell(names, row[j], _model(label, table, draft), draft, table, number, j)


def _is_standard(text: str) -> bool:
    return bool(text) and role_of(text) == "standard"


def _model(label: str, table: LaidTable, draft: Draft) -> ModelDraft:
    said = re.search(r"(\w+) model\b", table.raw.caption, re.I)
    name = " ".join(label.split()) or (said.group(1) if said else "model")
    name = re.sub(r"(?i)\s+model$", "", name)
    if name.casefold() in ("the", "of", "structural", "measurement", "this", "research"):
        name = "model"
    known = {other.casefold(): other for other in draft.models}
    name = known.get(name.casefold(), name)
    if name == "model" and len(known) == 1:
        # A second table of one model without a name says more of the last one.
        (name,) = draft.models
    model = draft.model(name, table.raw.place)
    model.scaled = model.scaled or SCALED.search(f"{label} {table.raw.caption}") is not None
    return model


def _standard(name: str, cell: str, draft: Draft, table: LaidTable) -> None:
    text = cell.strip()
    if re.fullmatch(r"[<>≤≥]=?\s*\d*\.?\d+", text):
        draft.standards.setdefault(name, read_number(text, f"{table.raw.place}, standard"))


def _index_cell(
    names: tuple[str, ...],
    cell: str,
    model: ModelDraft,
    draft: Draft,
    table: LaidTable,
    number: int,
    column: int,
) -> None:
    if is_empty(cell):
        return
    first, stars, second = parts_of(cell)
    place = f"{table.raw.place}, {index_label(names[0])}"
    where = table.where(number, column)
    if names[0] == "rmsea_ci" or (not second and re.match(r"[\[(]", first)):
        _interval_ends(cell, model, place)
        return
    found = {names[0]: first}
    if second and len(names) == 2:
        found[names[1]] = second
    elif second and names[0] == "rmsea":
        found["rmsea_ci"] = second
    if stars and names[0] == "chisq":
        model.indices.setdefault("pvalue", read_p(stars, draft.stars, where))
    for name, one in found.items():
        if name == "rmsea_ci":
            _interval_ends(one, model, place)
        elif name == "n":
            model.n = read_count(one, where)
        elif name.startswith(("pvalue", "rmsea_pvalue", "baseline_pvalue")):
            read = read_p(one, draft.stars, where)
            # A p-value says more than the stars of chi2 in the same row.
            if not model.indices.get(name) or not model.indices[name].text.strip("*"):
                model.indices[name] = read.at(place)
        elif name in ("df", "npar", "baseline_df", "df_diff") and re.fullmatch(r"\d+", one.strip()):
            model.indices.setdefault(name, Printed.count(int(one), f"{table.raw.place}, {name}"))
        else:
            read = cell_number(one, where)
            model.indices.setdefault(name, read.at(f"{table.raw.place}, {index_label(name)}"))


def _interval_ends(text: str, model: ModelDraft, place: str) -> None:
    found = re.findall(r"\d*\.\d+", text)
    if len(found) == 2:
        for end, side in zip(found, ("lower", "upper"), strict=True):
            model.indices.setdefault(f"rmsea_ci_{side}", read_number(end, f"{place}, CI"))
