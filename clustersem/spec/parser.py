"""The grammar: tokens into formulas and constraints."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import cast

from clustersem.errors import ModelSyntaxError
from clustersem.spec.arithmetic import parse_expression
from clustersem.spec.expression import Binary, Constraint, ConstraintOperator, Name
from clustersem.spec.syntax import RESERVED, Formula, ParsedModel, Variable
from clustersem.spec.table import Operator
from clustersem.spec.terms import parse_terms
from clustersem.spec.tokens import Token, tokenize

_CONSTRAINT_OPERATORS = frozenset({":=", "==", "<", ">"})
_CONTINUING_SYMBOLS = frozenset("+-*/^,?")
_MPLUS_WORDS = {"BY": "=~", "ON": "~", "WITH": "~~"}
_BLOCKS = {
    "group": "fit with group= and write one setting a group, c(a, b)*x",
    "level": "multilevel models are not supported",
    "block": "blocks are not supported",
    "class": "mixtures are not supported",
}


@lru_cache(maxsize=1024)
def parse_model(text: str) -> ParsedModel:
    """Read a model in lavaan's syntax.

    Parameters
    ----------
    text : str
        Formulas with ``=~ <~ ~ ~~ ~*~ |`` and constraints with ``:= == < >``, separated by line
        ends or semicolons. A line that ends in an operator, or is followed by one that starts with
        an operator, goes on. ``#`` and ``!`` start comments.

    Returns
    -------
    ParsedModel
        The statements in the order of the text; nothing is added yet.

    Raises
    ------
    ModelSyntaxError
        With the line, the column and a caret under the mistake.

    Examples
    --------
    >>> print(parse_model("f =~ x1 + 0.5*x2; f ~ age  # a covariate"))
    f =~ x1 + 0.5*x2
    f ~ age
    """
    statements = tuple(_parse_statement(s, text) for s in _split(tokenize(text), text))
    if not any(isinstance(statement, Formula) for statement in statements):
        raise ModelSyntaxError(
            "the model is empty; write at least one formula, such as f =~ x1 + x2 + x3", text, 0
        )
    return ParsedModel(text=text, statements=statements)


def _split(tokens: Sequence[Token], source: str) -> list[list[Token]]:
    """Cut the tokens at semicolons and at the line ends that finish a statement."""
    statements: list[list[Token]] = [[]]
    open_brackets: list[Token] = []
    for index, token in enumerate(tokens):
        current = statements[-1]
        if token.kind == "newline":
            goes_on = open_brackets or (current and _continues(current[-1]))
            if not goes_on and not _is_continued(tokens, index):
                statements.append([])
            continue
        if token.kind == "symbol":
            if token.text == "(":
                open_brackets.append(token)
            elif token.text == ")":
                if not open_brackets:
                    raise ModelSyntaxError(
                        "this ) was never opened; remove it or add the missing (",
                        source,
                        token.position,
                    )
                open_brackets.pop()
            elif token.text == ";" and not open_brackets:
                statements.append([])
                continue
        current.append(token)
    if open_brackets:
        raise ModelSyntaxError(
            "this ( is never closed; add the missing )", source, open_brackets[-1].position
        )
    return [statement for statement in statements if statement]


def _continues(token: Token) -> bool:
    return token.kind == "operator" or (
        token.kind == "symbol" and token.text in _CONTINUING_SYMBOLS
    )


def _is_continued(tokens: Sequence[Token], index: int) -> bool:
    following = next((token for token in tokens[index:] if token.kind != "newline"), None)
    return following is not None and _continues(following)


def _parse_statement(tokens: list[Token], source: str) -> Formula | Constraint:
    _refuse_other_languages(tokens, source)
    operators = [index for index, token in enumerate(tokens) if token.kind == "operator"]
    if not operators:
        raise ModelSyntaxError(
            "this is not a formula: an operator such as =~, ~ or ~~ is missing"
            + (
                "; if it goes on from the line before, end that line with +"
                if source.rfind("\n", 0, tokens[0].position) >= 0
                else ""
            ),
            source,
            tokens[0].position,
            tokens[-1].end - tokens[0].position,
        )
    at = operators[0]
    operator = tokens[at]
    _refuse_assignment(tokens, at, source)
    if len(operators) > 1:
        raise _second_operator(tokens, operators[1], source)
    left, right = tokens[:at], tokens[at + 1 :]
    if not left:
        raise ModelSyntaxError(
            f"nothing stands before {operator.text}; write the variable on its left",
            source,
            operator.position,
            operator.length,
        )
    if not right:
        raise ModelSyntaxError(
            f"nothing stands after {operator.text}; write what belongs on its right",
            source,
            operator.position,
            operator.length,
        )
    if operator.text in _CONSTRAINT_OPERATORS:
        return _parse_constraint(left, operator, right, source)
    lhs = _parse_lhs(left, operator, source)
    op = cast("Operator", operator.text)
    terms = parse_terms(right, op, source)
    if op == "~*~" and [v.name for v in lhs] != [t.name for t in terms]:
        raise ModelSyntaxError(
            "a scaling factor has the same variable on both sides: y ~*~ y",
            source,
            right[0].position,
        )
    return Formula(lhs, op, terms, left[0].position, right[-1].end)


def _refuse_assignment(tokens: list[Token], at: int, source: str) -> None:
    operator = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is None or (operator.text, following.text) != ("<", "-"):
        return
    if following.position == operator.end:
        raise ModelSyntaxError(
            "there is no arrow <-; a regression is written y ~ x, a new parameter is defined with "
            ":=, and a bound at a negative value needs a blank: a < -1",
            source,
            operator.position,
            2,
        )


def _second_operator(tokens: list[Token], index: int, source: str) -> ModelSyntaxError:
    second = tokens[index]
    for before, after in pairwise(tokens[:index]):
        if before.text == "+" and "\n" in source[before.end : after.position]:
            return ModelSyntaxError(
                "the formula goes on after this +, into the next formula; remove it or write the "
                "missing term",
                source,
                before.position,
            )
    first = next(token for token in tokens if token.kind == "operator")
    if {first.text, second.text} <= {"<", ">", "=="} and first.end < second.position:
        left = source[tokens[0].position : first.position].strip()
        between = source[first.end : second.position].strip()
        right = source[second.end : tokens[-1].end].strip()
        return ModelSyntaxError(
            f"write two constraints: {left} {first.text} {between}; {between} {second.text}"
            f" {right}",
            source,
            second.position,
            second.length,
        )
    return ModelSyntaxError(
        "a second operator in the same formula; is a line end or a ; missing before it?",
        source,
        second.position,
        second.length,
    )


def _refuse_other_languages(tokens: list[Token], source: str) -> None:
    first = tokens[0]
    if len(tokens) < 2 or first.kind != "name":
        return
    second = tokens[1]
    if second.text == ":" and first.text.lower() in _BLOCKS:
        raise ModelSyntaxError(
            f"'{first.text}:' starts a block; {_BLOCKS[first.text.lower()]}",
            source,
            first.position,
            second.end - first.position,
        )
    if second.kind == "name" and second.text.upper() in _MPLUS_WORDS:
        raise ModelSyntaxError(
            f"{second.text} is Mplus; write {_MPLUS_WORDS[second.text.upper()]} here, and + "
            "between the variables",
            source,
            second.position,
            second.length,
        )


def _parse_lhs(tokens: list[Token], operator: Token, source: str) -> tuple[Variable, ...]:
    variables: list[Variable] = []
    expect_name = True
    for token in tokens:
        if expect_name and token.kind == "name":
            check_name(token, source)
            variables.append(Variable(token.text, token.position, token.length))
        elif expect_name or token.text != "+":
            raise _wrong_left_side(token, expect_name, operator, source)
        expect_name = not expect_name
    if expect_name:
        raise ModelSyntaxError(
            "a variable is missing after this +", source, tokens[-1].position, tokens[-1].length
        )
    return tuple(variables)


def _wrong_left_side(
    token: Token, expect_name: bool, operator: Token, source: str
) -> ModelSyntaxError:
    if token.text == "*":
        reason = f"modifiers belong to the right of {operator.text}, before the term they modify"
    elif token.text == "(" and source[: token.position].rstrip().endswith("efa"):
        reason = "exploratory blocks, efa(), are not supported"
    elif token.text == "(":
        reason = f"functions of variables cannot stand to the left of {operator.text}"
    elif token.text == ":":
        reason = (
            "interaction terms are not supported; compute the product as a column of the data "
            "and name it here"
        )
    elif token.kind == "number":
        reason = "a number cannot stand here; write the name of a variable"
    elif token.kind == "string":
        reason = "names are written without quotes"
    elif expect_name:
        reason = "expected the name of a variable"
    else:
        reason = "variables are joined by +; is a + missing here, or a line end?"
    return ModelSyntaxError(reason, source, token.position, token.length)


def _parse_constraint(
    left: list[Token], operator: Token, right: list[Token], source: str
) -> Constraint:
    op = cast("ConstraintOperator", operator.text)
    rhs = parse_expression(right, source)
    position = left[0].position
    if op == ":=":
        if len(left) > 1 or left[0].kind != "name":
            raise ModelSyntaxError(
                "a new parameter has one name before :=, such as indirect := a*b",
                source,
                position,
                left[-1].end - position,
            )
        check_name(left[0], source)
        return Constraint(left[0].text, op, rhs, rhs, position)
    lhs = parse_expression(left, source)
    if not lhs.names and not rhs.names:
        raise ModelSyntaxError(
            "a constraint needs the label of a parameter on one side at least",
            source,
            position,
            right[-1].end - position,
        )
    if isinstance(lhs, Name) and lhs == rhs:
        raise ModelSyntaxError(
            "both sides are the same parameter", source, position, right[-1].end - position
        )
    function = Binary("-", rhs, lhs) if op == "<" else Binary("-", lhs, rhs)
    return Constraint(str(lhs), op, rhs, function, position)


def check_name(token: Token, source: str) -> None:
    """Refuse a reserved word where a name is wanted."""
    if token.text in RESERVED:
        raise ModelSyntaxError(
            f"{token.text} is a reserved word and cannot name a variable or parameter; rename it",
            source,
            token.position,
            token.length,
        )
