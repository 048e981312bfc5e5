"""Checks that need the whole table: what constraints refer to."""

from __future__ import annotations

from difflib import get_close_matches

from clustersem.errors import ModelSyntaxError
from clustersem.spec.expression import Constraint
from clustersem.spec.syntax import ParsedModel
from clustersem.spec.table import Parameter


def check_constraints(parsed: ParsedModel, parameters: tuple[Parameter, ...]) -> None:
    """Refuse constraints on labels that no parameter has, and definitions given twice.

    Raises
    ------
    ModelSyntaxError
        With a caret under the constraint.
    """
    labels = {row.label for row in parameters if row.label}
    defined: set[str] = set()
    for constraint in parsed.constraints:
        for name in constraint.names:
            if name not in labels and name not in defined:
                raise _unknown(name, constraint, labels | defined, parsed)
        if constraint.op != ":=":
            continue
        if constraint.lhs in labels or constraint.lhs in defined:
            what = "the label of a parameter" if constraint.lhs in labels else "defined before"
            raise ModelSyntaxError(
                f"{constraint.lhs} is already {what}; give the new parameter another name",
                parsed.text,
                constraint.position,
                len(constraint.lhs),
            )
        defined.add(constraint.lhs)


def _unknown(
    name: str, constraint: Constraint, known: set[str], parsed: ParsedModel
) -> ModelSyntaxError:
    itself = constraint.op == ":=" and constraint.lhs == name
    later = any(c.op == ":=" and c.lhs == name for c in parsed.constraints)
    near = get_close_matches(name, sorted(known), n=1)
    if itself:
        remedy = "a parameter cannot be defined by itself"
    elif later:
        remedy = "it is defined further down; move that definition before this line"
    elif near:
        remedy = f"did you mean {near[0]}?"
    else:
        remedy = f"give a parameter this label, as in y ~ {name}*x"
    at = _find_name(name, parsed.text, constraint.position)
    return ModelSyntaxError(
        f"no parameter has the label {name}; {remedy}", parsed.text, at, len(name)
    )


def _find_name(name: str, source: str, start: int) -> int:
    """Return where a name stands as a whole word, from the start of its constraint on."""
    at = source.find(name, start)
    while at >= 0:
        before = source[at - 1 : at]
        after = source[at + len(name) : at + len(name) + 1]
        if not any(c.isalnum() or c in "._" for c in before + after):
            return at
        at = source.find(name, at + 1)
    return start
