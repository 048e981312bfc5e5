"""The grammar of arithmetic: tokens into an expression tree."""

from __future__ import annotations

from typing import Literal, cast

from clustersem.errors import ModelSyntaxError
from clustersem.spec.expression import (
    FUNCTIONS,
    Binary,
    Call,
    Expression,
    Name,
    Negative,
    Number,
)
from clustersem.spec.syntax import RESERVED
from clustersem.spec.tokens import Token


def parse_expression(tokens: list[Token], source: str) -> Expression:
    """Read an arithmetic expression with R's precedence (``^`` binds before the sign).

    Parameters
    ----------
    tokens : list of Token
        All of the expression, nothing else.
    source : str
        The model text, for error messages.

    Returns
    -------
    Expression

    Raises
    ------
    ModelSyntaxError
        With a caret under the token that does not fit.
    """
    reader = _Reader(tokens, source)
    tree = reader.sum()
    extra = reader.peek()
    if extra is not None:
        raise reader.error("an operator such as + or * is missing before this", extra)
    return tree


class _Reader:
    """Recursive descent over one expression's tokens."""

    def __init__(self, tokens: list[Token], source: str) -> None:
        self._tokens = tokens
        self._source = source
        self._at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def error(self, reason: str, token: Token) -> ModelSyntaxError:
        return ModelSyntaxError(reason, self._source, token.position, token.length)

    def sum(self) -> Expression:
        left = self._product()
        while operator := self._take("+", "-"):
            left = Binary(cast('Literal["+", "-"]', operator), left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._sign()
        while operator := self._take("*", "/"):
            if operator == "*" and self._take("*"):  # the ** of a power with a missing base
                raise self.error("a number or a name is missing before **", self._last())
            left = Binary(cast('Literal["*", "/"]', operator), left, self._sign())
        return left

    def _sign(self) -> Expression:
        if self._take("-"):
            return Negative(self._sign())
        if self._take("+"):
            return self._sign()
        return self._power()

    def _power(self) -> Expression:
        base = self._atom()
        if self._take_power():
            return Binary("^", base, self._sign())
        return base

    def _atom(self) -> Expression:
        token = self.peek()
        if token is None:
            raise self.error("something is missing after this", self._last())
        self._at += 1
        if token.kind == "number":
            return Number(float(token.text))
        if token.kind == "name":
            following = self.peek()
            if following is not None and following.text == "(":
                return self._call(token)
            if token.text in RESERVED:
                raise self.error(f"{token.text} has no meaning in a constraint", token)
            return Name(token.text)
        if token.text == "(":
            inner = self.sum()
            self._close()
            return inner
        if token.kind == "string":
            raise self.error("labels are written without quotes here", token)
        if token.text == ",":
            raise self.error("decimals are written with a point: 0.5", token)
        raise self.error("expected a number, a label or a (", token)

    def _call(self, name: Token) -> Expression:
        if name.text not in FUNCTIONS:
            raise self.error(
                f"there is no function {name.text!r}; there are {', '.join(sorted(FUNCTIONS))}",
                name,
            )
        self._at += 1
        argument = self.sum()
        self._close()
        return Call(name.text, argument)

    def _close(self) -> None:
        token = self.peek()
        if token is None or token.text != ")":
            raise self.error(
                "decimals are written with a point, 0.5, and functions take one argument"
                if token is not None and token.text == ","
                else "an operator such as + or * is missing before this",
                token or self._last(),
            )
        self._at += 1

    def _take(self, *texts: str) -> str | None:
        token = self.peek()
        if token is None or token.kind != "symbol" or token.text not in texts:
            return None
        self._at += 1
        return token.text

    def _take_power(self) -> bool:
        if self._take("^"):
            return True
        first, second = self.peek(), self.peek(1)
        stars = first is not None and second is not None and first.text == second.text == "*"
        if stars and first is not None and second is not None and second.position == first.end:
            self._at += 2
            return True
        return False

    def _last(self) -> Token:
        return self._tokens[min(self._at, len(self._tokens)) - 1]
