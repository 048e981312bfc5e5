"""The grammar of right-hand sides: terms joined by ``+``, each with its modifiers."""

from __future__ import annotations

import math
from typing import cast

from clustersem.errors import ModelSyntaxError
from clustersem.spec.arithmetic import parse_expression
from clustersem.spec.syntax import RESERVED, Modifier, ModifierKind, Setting, Term
from clustersem.spec.table import Operator
from clustersem.spec.tokens import Token

_MODIFIER_FUNCTIONS: dict[str, ModifierKind] = {
    "start": "start",
    "equal": "equal",
    "label": "value",
    "lower": "lower",
    "upper": "upper",
}
_CONSTANTS: dict[str, Setting] = {"NA": None, "Inf": math.inf}


def parse_terms(tokens: list[Token], op: Operator, source: str) -> tuple[Term, ...]:
    """Read a right-hand side.

    Parameters
    ----------
    tokens : list of Token
        What stands to the right of the operator.
    op : str
        The operator, which decides what a number without a ``*`` means.
    source : str
        The model text, for error messages.

    Returns
    -------
    tuple of Term
        In the order of the text; empty for ``f =~ 0``, a latent variable without indicators.
    """
    if op == "=~" and len(tokens) == 1 and tokens[0].text == "0":
        return ()
    return tuple(_parse_term(piece, op, source) for piece in _split_at(tokens, "+", source))


def _split_at(tokens: list[Token], separator: str, source: str) -> list[list[Token]]:
    """Cut at a separator that stands in no parentheses."""
    pieces: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "symbol":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == separator and depth == 0:
                if not pieces[-1]:
                    raise _nothing_before(token, source)
                pieces.append([])
                continue
        pieces[-1].append(token)
    if not pieces[-1]:
        last = tokens[-1]
        raise ModelSyntaxError(
            f"nothing stands after this {last.text}; remove it or write what is missing",
            source,
            last.position,
            last.length,
        )
    return pieces


def _nothing_before(token: Token, source: str) -> ModelSyntaxError:
    remedy = "write what is missing or remove it"
    return ModelSyntaxError(
        f"nothing stands before this {token.text}; {remedy}", source, token.position
    )


def _parse_term(tokens: list[Token], op: Operator, source: str) -> Term:
    pieces = _split_at(_question_marks(tokens), "*", source)
    target = pieces[-1]
    position = tokens[0].position
    length = tokens[-1].end - position
    modifiers = _merge_factors([_parse_modifier(piece, source) for piece in pieces[:-1]])
    if len(target) > 1:
        raise _wrong_target(target, source)
    token = target[0]
    if token.kind == "number":
        before = pieces[-2][-1] if len(pieces) > 1 else token
        if before.kind == "name" and (op != "~" or float(token.text) != 1.0):
            raise ModelSyntaxError(
                f"the modifier comes first: {token.text}*{before.text}", source, position, length
            )
        return _intercept(token, modifiers, op, source, position, length)
    if token.kind != "name":
        raise ModelSyntaxError(
            "names are written without quotes"
            if token.kind == "string"
            else "expected the name of a variable",
            source,
            token.position,
            token.length,
        )
    if token.text in RESERVED:
        raise ModelSyntaxError(
            f"{token.text} is a reserved word and cannot name a variable; rename it"
            + (", or write NA*x to free a parameter" if token.text == "NA" else ""),
            source,
            token.position,
            token.length,
        )
    if op == "|" and not (token.text[0] == "t" and token.text[1:].isdigit()):
        raise ModelSyntaxError(
            "thresholds are named t1, t2, ... in ascending order: y | t1 + t2",
            source,
            token.position,
            token.length,
        )
    return Term(token.text, modifiers, position, length)


def _question_marks(tokens: list[Token]) -> list[Token]:
    """Turn the short form ``0.5?x`` of a starting value into ``start(0.5)*x``."""
    for index, token in enumerate(tokens):
        if token.kind == "symbol" and token.text == "?":
            inner, at = tokens[:index], token.position
            first = inner[0].position if inner else at
            return [
                Token("name", "start", first, 1),
                Token("symbol", "(", first, 1),
                *inner,
                Token("symbol", ")", at, 1),
                Token("symbol", "*", at, 1),
                *tokens[index + 1 :],
            ]
    return tokens


def _intercept(
    token: Token,
    modifiers: tuple[Modifier, ...],
    op: Operator,
    source: str,
    position: int,
    length: int,
) -> Term:
    value = float(token.text)
    if op != "~":
        raise ModelSyntaxError(
            f"a number cannot stand alone after {op}; write the name of a variable, and for a "
            f"fixed value {token.text}*name",
            source,
            token.position,
            token.length,
        )
    if value == 0.0 and not modifiers:  # y ~ 0 + x, R's formula without an intercept
        fixed = Modifier("value", (0.0,), token.position, token.length)
        return Term("", (fixed,), position, length)
    if value != 1.0:
        raise ModelSyntaxError(
            f"an intercept is written 1; to fix it at {token.text} write {token.text}*1",
            source,
            token.position,
            token.length,
        )
    return Term("", modifiers, position, length)


def _wrong_target(tokens: list[Token], source: str) -> ModelSyntaxError:
    first, second = tokens[0], tokens[1]
    if any(token.text == ":" for token in tokens):
        return ModelSyntaxError(
            "interaction terms are not supported; compute the product as a column of the data and "
            "use its name",
            source,
            first.position,
            tokens[-1].end - first.position,
        )
    minus = next((token for token in tokens if token.text == "-"), None)
    if minus is not None:
        return ModelSyntaxError(
            "terms are joined by +; for a coefficient fixed at -1 write -1*x"
            + (
                "; in a name write '_' or '.' in place of the hyphen"
                if minus is second and first.kind == "name"
                else ""
            ),
            source,
            minus.position,
        )
    comma = next((token for token in tokens if token.text == ","), None)
    if comma is not None:
        return ModelSyntaxError(
            "terms are joined by +, not by commas", source, comma.position, comma.length
        )
    if first.kind == "name" and second.text == "(":
        return ModelSyntaxError(
            f"{first.text}() cannot be a variable; compute it as a column of the data"
            if first.text not in _MODIFIER_FUNCTIONS and first.text != "c"
            else f"a * and the variable are missing after {first.text}(...)",
            source,
            first.position,
            tokens[-1].end - first.position,
        )
    if first.text == "(":
        return ModelSyntaxError(
            "parentheses around variables have no meaning; write the terms one by one",
            source,
            first.position,
        )
    next_line = "\n" in source[first.end : second.position]
    return ModelSyntaxError(
        f"is a + or * missing between {first.text} and {second.text}?"
        + (" A line that goes on must end in +" if next_line else ""),
        source,
        second.position,
        second.length,
    )


def _parse_modifier(tokens: list[Token], source: str) -> Modifier:
    first, position = tokens[0], tokens[0].position
    length = tokens[-1].end - position
    kind: ModifierKind = "value"
    is_call = len(tokens) > 2 and tokens[1].text == "(" and tokens[-1].text == ")"
    if is_call and first.kind == "name" and len(tokens) == 3:
        raise ModelSyntaxError(
            f"something is missing between the parentheses of {first.text}()",
            source,
            position,
            length,
        )
    if first.kind == "name" and is_call and first.text in _MODIFIER_FUNCTIONS:
        kind = _MODIFIER_FUNCTIONS[first.text]
        settings = _settings(tokens[2:-1], source)
    elif first.kind == "name" and is_call and first.text in ("efa", "rv", "prior"):
        raise ModelSyntaxError(f"{first.text}() is not supported", source, position, length)
    else:
        settings = _settings(tokens, source)
    wanted: type | None = {"equal": str, "value": None}.get(kind, float)
    if first.text == "label" and is_call:
        wanted = str
    for setting in settings:
        if kind in ("value", "start") and setting in (math.inf, -math.inf):
            raise ModelSyntaxError(
                "a parameter cannot be infinite; Inf belongs into lower() and upper()",
                source,
                position,
                length,
            )
        if wanted is not None and setting is not None and not isinstance(setting, wanted):
            what = "a name in quotes" if wanted is str else "a number"
            raise ModelSyntaxError(f"{first.text}() wants {what}", source, position, length)
    return Modifier(kind, settings, position, length)


def _settings(tokens: list[Token], source: str) -> tuple[Setting, ...]:
    is_vector = tokens[0].text == "c" and len(tokens) > 2 and tokens[1].text == "("
    if is_vector and tokens[-1].text == ")":
        return tuple(_setting(piece, source) for piece in _split_at(tokens[2:-1], ",", source))
    return (_setting(tokens, source),)


def _setting(tokens: list[Token], source: str) -> Setting:
    first = tokens[0]
    if len(tokens) == 1:
        if first.kind == "string":
            return first.text.strip()
        if first.kind == "name":
            if first.text in _CONSTANTS:
                return _CONSTANTS[first.text]
            if first.text in RESERVED:
                raise ModelSyntaxError(
                    f"{first.text} cannot modify a term; write a number, NA or a label",
                    source,
                    first.position,
                    first.length,
                )
            return first.text
    if len(tokens) == 2 and first.text == "-" and tokens[1].text == "Inf":
        return -math.inf
    comma = next((token for token in tokens if token.text == ","), None)
    if comma is not None:
        raise ModelSyntaxError(
            "decimals are written with a point, 0.5, and the settings of groups c(0.5, 1)",
            source,
            comma.position,
        )
    tree = parse_expression(tokens, source)
    if tree.names:
        raise ModelSyntaxError(
            f"{tree} is not a number; a fixed value cannot depend on other parameters: give the "
            "parameter a label and write the relation as a constraint of its own, label == ...",
            source,
            first.position,
            tokens[-1].end - first.position,
        )
    value = tree.evaluate({})
    if not math.isfinite(value):
        raise ModelSyntaxError(
            f"{tree} is not a finite number",
            source,
            first.position,
            tokens[-1].end - first.position,
        )
    return value


def _merge_factors(modifiers: list[Modifier]) -> tuple[Modifier, ...]:
    """Multiply plain numbers that follow each other: ``2*3*x`` fixes at six."""
    merged: list[Modifier] = []
    for modifier in modifiers:
        before = merged[-1] if merged else None
        if before is not None and _is_number(before) and _is_number(modifier):
            product = cast("float", before.settings[0]) * cast("float", modifier.settings[0])
            end = modifier.position + modifier.length
            merged[-1] = Modifier("value", (product,), before.position, end - before.position)
        else:
            merged.append(modifier)
    return tuple(merged)


def _is_number(modifier: Modifier) -> bool:
    settings = modifier.settings
    return modifier.kind == "value" and len(settings) == 1 and isinstance(settings[0], float)
