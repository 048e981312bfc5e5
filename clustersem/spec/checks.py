"""Checks that need the whole table: what constraints refer to."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches

from clustersem.errors import ModelSyntaxError
from clustersem.spec.expression import Constraint
from clustersem.spec.syntax import ParsedModel
from clustersem.spec.table import Parameter

_AUTOMATIC = re.compile(r"\.p([1-9][0-9]{0,6})\.")


def check_constraints(parsed: ParsedModel, parameters: tuple[Parameter, ...]) -> None:
    """Refuse constraints on labels that no parameter has, and definitions given twice.

    A right side without labels has to be a number: 1/0 is none. Constraints ``== < >`` may name a
    parameter by its row in the parameter table, too: ``.p2.`` is the second row, as in lavaan.

    Raises
    ------
    ModelSyntaxError
        With a caret under the constraint.
    """
    labels = {row.label for row in parameters if row.label}
    defined: set[str] = set()
    for constraint in parsed.constraints:
        _check_constants(constraint, parsed)
        for name in constraint.names:
            is_row = constraint.op != ":=" and 1 <= row_number(name) <= len(parameters)
            if name not in labels and name not in defined and not is_row:
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


def _check_constants(constraint: Constraint, parsed: ParsedModel) -> None:
    side = constraint.rhs
    if not side.names and not math.isfinite(side.evaluate({})):
        raise ModelSyntaxError(
            f"{side} is no number; write one that can be computed",
            parsed.text,
            constraint.position,
            len(str(constraint)),
        )


def row_number(name: str) -> int:
    """Return the row that an automatic name ``.p12.`` stands for, 1-based; 0 of any other name."""
    found = _AUTOMATIC.fullmatch(name)
    return int(found[1]) if found else 0


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
    elif row_number(name) and constraint.op == ":=":
        remedy = "a definition needs a label: give the parameter one, as in y ~ a*x"
    elif row_number(name):
        remedy = f"the parameter table has fewer than {row_number(name)} rows"
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
