"""Changes to the model text: one formula appended, or one parameter written anew."""

from __future__ import annotations

from collections.abc import Iterable

from clustersem.spec.entries import Key, key_of
from clustersem.spec.syntax import Formula, Modifier, ParsedModel, Term, Variable
from clustersem.spec.table import Operator


def append_formulas(parsed: ParsedModel, formulas: Iterable[tuple[str, Operator, Term]]) -> str:
    """Return the text with more formulas at its end, each of one parameter."""
    lines = [parsed.text.rstrip()]
    for lhs, op, term in formulas:
        shown: Operator = "~" if op == "~1" else op
        lines.append(str(Formula((Variable(lhs),), shown, (term,))))
    return "\n".join(lines) + "\n"


def replace_parameter(parsed: ParsedModel, key: Key, term: Term | None) -> str:
    """Return the text with one written parameter replaced, or left out where `term` is None.

    Only the formula that holds it is written anew, one line for each of its left-hand sides.
    """
    for statement in parsed.statements:
        if not isinstance(statement, Formula):
            continue
        lines = _rewritten(statement, key, term)
        if lines is not None:
            before, after = parsed.text[: statement.position], parsed.text[statement.end :]
            return before + "\n".join(lines) + after
    return parsed.text


def make_term(name: str, *, free: bool, value: float | None, label: str, keep_free: bool) -> Term:
    """Write a parameter's state as a term.

    Parameters
    ----------
    name : str
        Right-hand side; empty for an intercept.
    free : bool
        Estimated or fixed.
    value : float, optional
        The fixed value, or the starting value of a free parameter.
    label : str
        A label, or empty.
    keep_free : bool
        Write ``NA*`` because the defaults would fix the parameter.
    """
    modifiers: list[Modifier] = []
    if not free:
        modifiers.append(Modifier("value", (0.0 if value is None else float(value),)))
    else:
        if keep_free:
            modifiers.append(Modifier("value", (None,)))
        if value is not None:
            modifiers.append(Modifier("start", (float(value),)))
    if label:
        modifiers.append(Modifier("value", (label,)))
    return Term(name, tuple(modifiers))


def _rewritten(statement: Formula, key: Key, term: Term | None) -> list[str] | None:
    """Return the lines of a formula with the parameter replaced, None where it is not there."""
    found = False
    lines: list[str] = []
    for variable in statement.lhs:
        terms: list[Term] = []
        replaced = False
        for old in statement.terms:
            op = "~1" if statement.op == "~" and not old.name else statement.op
            if key_of(variable.name, op, old.name) != key:
                terms.append(old)
                continue
            found = True
            if term is not None and not replaced:
                terms.append(Term(old.name, term.modifiers))
            replaced = True
        if terms:
            lines.append(str(Formula((variable,), statement.op, tuple(terms))))
    return lines if found else None
