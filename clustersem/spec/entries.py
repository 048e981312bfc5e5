"""Formulas flattened into one entry a parameter, with its modifiers merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from clustersem.errors import ModelSyntaxError
from clustersem.spec.syntax import Formula, Modifier, ParsedModel, Setting, Term, Variable
from clustersem.spec.table import Operator

#: lhs, op, rhs; of a covariance the two variables in alphabetical order.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One parameter as the user wrote it, before it is repeated for groups.

    Attributes
    ----------
    lhs, op, rhs : str
        As in the parameter table, in the order of the text.
    modifiers : tuple of Modifier
        All modifiers of the parameter, in the order of the text.
    position, length : int
        Where its first term stands.
    statement : int
        Index of its formula among the model's statements.
    """

    lhs: str
    op: Operator
    rhs: str
    modifiers: tuple[Modifier, ...]
    position: int
    length: int
    statement: int

    @property
    def key(self) -> Key:
        """What identifies the parameter."""
        return key_of(self.lhs, self.op, self.rhs)


def key_of(lhs: str, op: str, rhs: str) -> Key:
    """Return what identifies a parameter: a covariance has no direction."""
    return (rhs, op, lhs) if op == "~~" and rhs < lhs else (lhs, op, rhs)


@lru_cache(maxsize=1024)
def collect_entries(parsed: ParsedModel) -> tuple[Entry, ...]:
    """Flatten the formulas, one left-hand side after the other.

    Terms of one formula that name the same parameter are merged (``4*x3 + b*x3``); the same
    parameter in two formulas is a mistake.

    Raises
    ------
    ModelSyntaxError
        For a parameter given twice, and for a latent variable among its own indicators.
    """
    entries: dict[Key, Entry] = {}
    for index, statement in enumerate(parsed.statements):
        if not isinstance(statement, Formula):
            continue
        merged: dict[Key, Entry] = {}
        for variable, term in _pairs(statement):
            entry = _entry(statement, variable, term, index)
            _check_pair(statement, variable, term, parsed.text)
            if entry.key in entries:
                raise _given_twice(entry, entries[entry.key], parsed.text)
            before = merged.get(entry.key)
            if before is None:
                merged[entry.key] = entry
            elif (before.lhs, before.rhs) != (entry.lhs, entry.rhs):
                raise _given_twice(entry, before, parsed.text)
            else:
                merged[entry.key] = Entry(
                    before.lhs,
                    before.op,
                    before.rhs,
                    (*before.modifiers, *term.modifiers),
                    before.position,
                    before.length,
                    index,
                )
        entries.update(merged)
    for entry in entries.values():
        _check_modifiers(entry, parsed.text)
    return tuple(entries.values())


def settings_of(entry: Entry, kind: str, group: int) -> list[Setting]:
    """Return what the modifiers of one kind say about one group (0-based), in order."""
    return [
        modifier.settings[group if len(modifier.settings) > 1 else 0]
        for modifier in entry.modifiers
        if modifier.kind == kind
    ]


def _pairs(formula: Formula) -> Iterator[tuple[Variable, Term]]:
    for variable in formula.lhs:
        if not formula.terms:  # f =~ 0, a latent variable without indicators
            fixed = Modifier("value", (0.0,), variable.position, variable.length)
            yield variable, Term(variable.name, (fixed,), variable.position, variable.length)
        for term in formula.terms:
            yield variable, term


def _entry(formula: Formula, variable: Variable, term: Term, index: int) -> Entry:
    op: Operator = "~1" if formula.op == "~" and not term.name else formula.op
    return Entry(variable.name, op, term.name, term.modifiers, term.position, term.length, index)


def _check_pair(formula: Formula, variable: Variable, term: Term, source: str) -> None:
    if variable.name != term.name or not formula.terms:
        return
    if formula.op in ("=~", "<~"):
        raise ModelSyntaxError(
            f"{variable.name} cannot be measured by itself; give the latent variable a name of its "
            "own",
            source,
            term.position,
            term.length,
        )
    if formula.op == "~":
        raise ModelSyntaxError(
            f"{variable.name} cannot predict itself; a variance is written "
            f"{variable.name} ~~ {variable.name}",
            source,
            term.position,
            term.length,
        )


def _given_twice(entry: Entry, before: Entry, source: str) -> ModelSyntaxError:
    line = source.count("\n", 0, before.position) + 1
    name = f"{entry.lhs} ~ 1" if entry.op == "~1" else f"{entry.lhs} {entry.op} {entry.rhs}"
    advice = ". Several modifiers of one parameter go into one formula: f =~ 1*x + a*x"
    return ModelSyntaxError(
        f"{name} was given before, in line {line}; keep one of the two"
        + (advice if entry.modifiers else ""),
        source,
        entry.position,
        entry.length,
    )


def _check_modifiers(entry: Entry, source: str) -> None:
    """Refuse two values, labels or bounds that contradict each other."""
    seen: dict[tuple[str, str], Modifier] = {}
    for modifier in entry.modifiers:
        names = any(isinstance(setting, str) for setting in modifier.settings)
        sort = "label" if names else modifier.kind
        before = seen.setdefault((modifier.kind, sort), modifier)
        if before.settings != modifier.settings:
            raise ModelSyntaxError(
                f"{entry.lhs} {entry.op} {entry.rhs} has a second {sort}, beside "
                f"{before}; keep one",
                source,
                modifier.position,
                modifier.length,
            )
