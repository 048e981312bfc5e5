"""Labels: what ``equal()`` refers to, and what equality with a fixed parameter means."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from clustersem.errors import ModelSyntaxError
from clustersem.spec.entries import Entry, key_of, settings_of
from clustersem.spec.table import Parameter, SpecOptions

_NAMED_OPERATORS = ("~*~", "=~", "<~", "~~", "~1", "~", "|")


def resolve_equal(
    rows: list[Parameter], entries: tuple[Entry, ...], options: SpecOptions, source: str
) -> list[Parameter]:
    """Give parameters that ``equal()`` joins the label of their target.

    The target is a label or the name of a parameter, ``"f=~x2"``; a target without a label is
    labelled with its name.
    """
    rows = list(rows)
    per_group = len(rows) // options.n_groups
    for number, entry in enumerate(entries):
        for group in range(options.n_groups):
            for target in settings_of(entry, "equal", group):
                if not isinstance(target, str):
                    continue
                label = _label_of(target, rows, group, per_group)
                if label is None:
                    raise _unknown_target(target, rows, entry, source)
                index = group * per_group + number
                rows[index] = replace(rows[index], label=label)
    return rows


def propagate_fixed(
    rows: list[Parameter], entries: tuple[Entry, ...], source: str
) -> list[Parameter]:
    """Fix the free parameters that share their label with a fixed one, at its value."""
    values: dict[str, float] = {}
    for row in rows:
        if row.label and row.value is not None:
            before = values.setdefault(row.label, row.value)
            if before != row.value:
                raise _contradiction(row, before, entries, source)
    if not values:
        return rows
    return [
        replace(row, free=False, value=values[row.label], start=None)
        if row.free and row.label in values
        else row
        for row in rows
    ]


def _label_of(target: str, rows: list[Parameter], group: int, per_group: int) -> str | None:
    compact = "".join(target.split())
    if any(row.label == compact for row in rows):
        return compact
    key = _parse_name(compact)
    for index in range(group * per_group, (group + 1) * per_group):
        row = rows[index]
        if key_of(row.lhs, row.op, row.rhs) == key:
            if not row.label:
                rows[index] = replace(row, label=compact)
            return rows[index].label
    return None


def _parse_name(compact: str) -> tuple[str, str, str] | None:
    for op in _NAMED_OPERATORS:
        lhs, found, rhs = compact.partition(op)
        if found and lhs:
            return key_of(lhs, op, rhs)
    return None


def _unknown_target(
    target: str, rows: list[Parameter], entry: Entry, source: str
) -> ModelSyntaxError:
    known = [row.name.replace(" ", "") for row in rows] + [row.label for row in rows if row.label]
    near = get_close_matches("".join(target.split()), known, n=1)
    modifier = next(m for m in entry.modifiers if m.kind == "equal")
    return ModelSyntaxError(
        f"equal() refers to {target!r}, which is neither a label nor a parameter of this model"
        + (f"; did you mean {near[0]!r}?" if near else '; name it as in equal("f=~x2")'),
        source,
        modifier.position,
        modifier.length,
    )


def _contradiction(
    row: Parameter, before: float, entries: tuple[Entry, ...], source: str
) -> ModelSyntaxError:
    key = key_of(row.lhs, row.op, row.rhs)
    entry = next(entry for entry in entries if entry.key == key)
    return ModelSyntaxError(
        f"parameters with the label {row.label!r} are equal, but one is fixed at {before:g} and "
        f"this one at {row.value:g}",
        source,
        entry.position,
        entry.length,
    )
