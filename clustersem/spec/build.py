"""From the user's entries and the defaults to the rows of the parameter table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clustersem.errors import ModelError, ModelSyntaxError
from clustersem.spec.auxiliary import check_auxiliary
from clustersem.spec.defaults import automatic_parameters, ordered_variables
from clustersem.spec.entries import Entry, Key, collect_entries, key_of, settings_of
from clustersem.spec.groups import equate_groups
from clustersem.spec.labels import propagate_fixed, resolve_equal
from clustersem.spec.syntax import ParsedModel
from clustersem.spec.table import Bound, Parameter, SpecOptions
from clustersem.spec.variables import Variables, classify


@dataclass(frozen=True)
class Table:
    """The finished rows with what else was learnt on the way."""

    parameters: tuple[Parameter, ...]
    bounds: tuple[Bound, ...]
    variables: Variables
    options: SpecOptions
    notes: tuple[str, ...]


def build_table(parsed: ParsedModel, options: SpecOptions) -> Table:
    """Build the rows: per group what the user wrote, then what the defaults add.

    Raises
    ------
    ModelSyntaxError
        Where the text contradicts itself or the number of groups.
    ModelError
        Where the options name what the model does not have.
    """
    entries = collect_entries(parsed)
    variables = classify(entries, options.auxiliary)
    check_auxiliary(variables.observed, variables.latent, variables.auxiliary)
    _check_settings(entries, options, parsed.text)
    _check_ordered(variables, options)
    if any(entry.op == "~1" for entry in entries):
        options = replace(options, meanstructure=True)
    if variables.auxiliary:
        # Full information has means, and what covaries freely with auxiliary variables is random.
        options = replace(options, meanstructure=True, fixed_x=False)
    notes = [*_random_covariates(variables, options), *_markers_with_start(entries, options)]

    written = {entry.key for entry in entries}
    added = [
        _in_order(row, variables)
        for row in automatic_parameters(entries, variables, options)
        if key_of(row.lhs, row.op, row.rhs) not in written
    ]
    rows: list[Parameter] = []
    bounds: list[Bound] = []
    preset = _preset(entries, variables, options)
    for group in range(options.n_groups):
        for entry in entries:
            bounds.extend(_bounds(entry, group, len(rows), parsed.text))
            rows.append(_in_order(_user_row(entry, group, entry.key in preset), variables))
        rows.extend(replace(row, group=group + 1) for row in added)

    rows = resolve_equal(rows, entries, options, parsed.text)
    rows = equate_groups(rows, variables, options)
    free = [row.free for row in rows]
    rows = propagate_fixed(rows, entries, parsed.text)
    notes.extend(_fixed_by_label([r for r, was in zip(rows, free, strict=True) if was != r.free]))
    notes.extend(_labels_in_groups(entries, options))
    notes.extend(_labels_like_variables(rows, variables))
    return Table(tuple(rows), tuple(bounds), variables, options, tuple(notes))


def _markers(entries: tuple[Entry, ...], options: SpecOptions) -> set[Key]:
    """Return the first loading of every latent variable, unless variances set the scale."""
    if options.std_lv or not options.auto_fix_first:
        return set()
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.op == "=~":
            first.setdefault(entry.lhs, entry)
    return {entry.key for entry in first.values()}


def _preset(entries: tuple[Entry, ...], variables: Variables, options: SpecOptions) -> set[Key]:
    """Return the written parameters that are one unless a modifier says otherwise."""
    if not options.std_lv:
        return _markers(entries, options)
    return {key_of(name, "~~", name) for name in variables.latent}


def _user_row(entry: Entry, group: int, is_preset: bool) -> Parameter:
    free, value, label = not is_preset, 1.0 if is_preset else None, ""
    for setting in settings_of(entry, "value", group):
        if isinstance(setting, str):
            label = setting
        else:
            free, value = setting is None, setting
    start: float | None = None
    for setting in settings_of(entry, "start", group):
        if isinstance(setting, float):
            start = setting
    if start is not None and is_preset and not free and value == 1.0:
        # As in lavaan: a starting value does not free the marker, it replaces the one.
        value = start
    return Parameter(
        entry.lhs,
        entry.op,
        entry.rhs,
        group=group + 1,
        free=free,
        value=value,
        start=start if free else None,
        label=label,
    )


def _bounds(entry: Entry, group: int, index: int, source: str) -> list[Bound]:
    lower = [s for s in settings_of(entry, "lower", group) if isinstance(s, float)]
    upper = [s for s in settings_of(entry, "upper", group) if isinstance(s, float)]
    if not lower and not upper:
        return []
    if lower and upper and lower[-1] >= upper[-1]:
        modifier = next(m for m in reversed(entry.modifiers) if m.kind in ("lower", "upper"))
        what = (
            f"the lower bound {lower[-1]:g} lies above the upper bound {upper[-1]:g}; exchange them"
            if lower[-1] > upper[-1]
            else f"the two bounds leave one value only; fix the parameter: "
            f"{lower[-1]:g}*{entry.rhs or 1}"
        )
        raise ModelSyntaxError(what, source, modifier.position, modifier.length)
    return [Bound(index, lower[-1] if lower else None, upper[-1] if upper else None)]


def _in_order(row: Parameter, variables: Variables) -> Parameter:
    """Put the two variables of a covariance in the order of the model's variables."""
    if row.op != "~~":
        return row
    order = variables.order
    if order[row.lhs] <= order[row.rhs]:
        return row
    return replace(row, lhs=row.rhs, rhs=row.lhs)


def _check_settings(entries: tuple[Entry, ...], options: SpecOptions, source: str) -> None:
    for entry in entries:
        for modifier in entry.modifiers:
            count = len(modifier.settings)
            if count not in (1, options.n_groups):
                groups = f"{options.n_groups} group{'s' if options.n_groups > 1 else ''}"
                raise ModelSyntaxError(
                    f"{modifier} has {count} settings but the model has {groups}; give one for "
                    "each group" + ("; fit with group=" if options.n_groups == 1 else ""),
                    source,
                    modifier.position,
                    modifier.length,
                )


def _check_ordered(variables: Variables, options: SpecOptions) -> None:
    if options.n_groups < 1:
        raise ModelError(f"n_groups is {options.n_groups}; there is at least one group")
    exogenous = set(variables.exogenous_observed) & set(ordered_variables(variables, options))
    if exogenous:
        raise ModelError(
            f"{', '.join(sorted(exogenous))}: an exogenous covariate cannot be ordered; leave it "
            "out of ordered= (it enters as numbers), or write its codes as separate 0/1 columns"
        )


def _random_covariates(variables: Variables, options: SpecOptions) -> list[str]:
    if not options.fixed_x or not variables.randomised:
        return []
    names = ", ".join(variables.randomised)
    return [
        f"The model text has a variance, covariance or intercept of exogenous {names}, so "
        "their moments are estimated; leave those formulas out to take them from the sample, or "
        "set fixed_x=False to treat all covariates alike."
    ]


def _markers_with_start(entries: tuple[Entry, ...], options: SpecOptions) -> list[str]:
    markers = _markers(entries, options)
    return [
        f"{e.lhs} =~ {e.rhs} is the first loading and stays fixed, at its starting value; write "
        f"NA*{e.rhs} to free it."
        for e in entries
        if e.key in markers
        and settings_of(e, "start", 0)
        and not any(s is None for s in settings_of(e, "value", 0))
    ]


def _labels_in_groups(entries: tuple[Entry, ...], options: SpecOptions) -> list[str]:
    if options.n_groups == 1:
        return []
    labels = dict.fromkeys(
        modifier.settings[0]
        for entry in entries
        for modifier in entry.modifiers
        if modifier.kind == "value"
        and len(modifier.settings) == 1
        and isinstance(modifier.settings[0], str)
    )
    if not labels:
        return []
    names = ", ".join(str(label) for label in labels)
    return [
        f"The same label in all groups makes a parameter equal across them: {names}. Where that is "
        "not meant, write one label a group: c(a1, a2)*x."
    ]


def _labels_like_variables(rows: list[Parameter], variables: Variables) -> list[str]:
    both = [row for row in rows if row.label in variables.order and row.group == 1]
    return [
        f"In {row.lhs} {row.op} {row.label}*{row.rhs or 1} the variable {row.label} is read as a "
        "label, not as a predictor; products of variables have to be columns of the data."
        for row in both
    ]


def _fixed_by_label(rows: list[Parameter]) -> list[str]:
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.label, []).append(row.name)
    values = {row.label: row.value for row in rows}
    return [
        f"The label {label} belongs to a parameter that is fixed at {values[label]:g}, so these "
        f"are fixed there, too: {', '.join(dict.fromkeys(members))}. To estimate them, free that "
        "one with NA*."
        for label, members in names.items()
    ]
