"""Expression trees of constraints: evaluated and differentiated exactly.

A constraint such as ``indirect := a*b`` or ``b == exp(a)/2`` is kept as a tree of small frozen
nodes. Its value and gradient are what the delta method and constrained estimation need.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

ConstraintOperator = Literal[":=", "==", "<", ">"]

#: A value with its derivatives by parameter name (forward mode).
_Dual = tuple[float, dict[str, float]]

_Function = tuple[Callable[[float], float], Callable[[float], float]]

#: Name -> (function, derivative).
FUNCTIONS: dict[str, _Function] = {
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1.0 / x),
    "log10": (math.log10, lambda x: 1.0 / (x * math.log(10.0))),
    "log2": (math.log2, lambda x: 1.0 / (x * math.log(2.0))),
    "abs": (abs, lambda x: math.copysign(1.0, x)),
    "sin": (math.sin, math.cos),
    "cos": (math.cos, lambda x: -math.sin(x)),
    "tan": (math.tan, lambda x: 1.0 / math.cos(x) ** 2),
    "asin": (math.asin, lambda x: 1.0 / math.sqrt(1.0 - x * x)),
    "acos": (math.acos, lambda x: -1.0 / math.sqrt(1.0 - x * x)),
    "atan": (math.atan, lambda x: 1.0 / (1.0 + x * x)),
    "sinh": (math.sinh, math.cosh),
    "cosh": (math.cosh, math.sinh),
    "tanh": (math.tanh, lambda x: 1.0 - math.tanh(x) ** 2),
}

# Binding strength for printing: sums, products, signs, powers, atoms.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)


class Expression(ABC):
    """A node of an expression tree; immutable, hashable and comparable by structure.

    Examples
    --------
    >>> tree = Binary("*", Name("a"), Name("b"))
    >>> tree.evaluate({"a": 2.0, "b": 3.0})
    6.0
    >>> tree.gradient({"a": 2.0, "b": 3.0})
    {'a': 3.0, 'b': 2.0}
    """

    __slots__ = ()

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Parameter names that occur, in order of first appearance."""

    @abstractmethod
    def dual(self, values: Mapping[str, float]) -> _Dual:
        """Value and derivatives by name at once."""

    @abstractmethod
    def format(self, outer: int = _SUM) -> str:
        """Text of the node where an operator of strength `outer` surrounds it."""

    @abstractmethod
    def substitute(self, definitions: Mapping[str, Expression]) -> Expression:
        """Return the tree with names replaced by trees."""

    def evaluate(self, values: Mapping[str, float]) -> float:
        """Return the value at `values`.

        Parameters
        ----------
        values : mapping of str to float
            A value for every name in `names`.

        Returns
        -------
        float
            ``nan`` where the expression is undefined (a division by zero, the logarithm of a
            negative number), never an exception: an optimiser has to be able to step back.
        """
        return self.dual(values)[0]

    def gradient(self, values: Mapping[str, float]) -> dict[str, float]:
        """Return the exact derivative by every name that occurs."""
        derivatives = self.dual(values)[1]
        return {name: derivatives.get(name, 0.0) for name in self.names}

    def __str__(self) -> str:
        return self.format()


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A constant."""

    value: float

    @property
    def names(self) -> tuple[str, ...]:
        """No names."""
        return ()

    def dual(self, values: Mapping[str, float]) -> _Dual:
        """Return the constant; its derivatives are zero."""
        return self.value, {}

    def format(self, outer: int = _SUM) -> str:
        """Return the shortest text that reads back as the same number."""
        return format_number(self.value)

    def substitute(self, definitions: Mapping[str, Expression]) -> Expression:
        """Return the node itself."""
        return self


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A labelled or defined parameter."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """The name itself."""
        return (self.name,)

    def dual(self, values: Mapping[str, float]) -> _Dual:
        """Return the parameter's value; its derivative by itself is one."""
        return float(values[self.name]), {self.name: 1.0}

    def format(self, outer: int = _SUM) -> str:
        """Return the name."""
        return self.name

    def substitute(self, definitions: Mapping[str, Expression]) -> Expression:
        """Return the definition of the name if there is one."""
        return definitions.get(self.name, self)


@dataclass(frozen=True, slots=True)
class Negative(Expression):
    """Minus an expression."""

    operand: Expression

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the operand."""
        return self.operand.names

    def dual(self, values: Mapping[str, float]) -> _Dual:
        """Negate value and derivatives."""
        value, derivative = self.operand.dual(values)
        return -value, {name: -d for name, d in derivative.items()}

    def format(self, outer: int = _SUM) -> str:
        """Return the text, in parentheses inside a product or a power."""
        text = f"-{self.operand.format(_POWER)}"
        return f"({text})" if outer > _SUM else text

    def substitute(self, definitions: Mapping[str, Expression]) -> Expression:
        """Return the tree with names replaced."""
        return Negative(self.operand.substitute(definitions))


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """Two expressions joined by ``+ - * / ^``."""

    operator: Literal["+", "-", "*", "/", "^"]
    left: Expression
    right: Expression

    @property
    def names(self) -> tuple[str, ...]:
        """Names of both sides, each once."""
        return tuple(dict.fromkeys((*self.left.names, *self.right.names)))

    def dual(self, values: Mapping[str, float]) -> _Dual:
        """Apply the rules of differentiation to both sides."""
        x, dx = self.left.dual(values)
        y, dy = self.right.dual(values)
        try:
            value, by_x, by_y = _apply(self.operator, x, y, bool(dy))
        except (ValueError, ZeroDivisionError, OverflowError):
            value, by_x, by_y = math.nan, math.nan, math.nan
        derivative = {name: by_x * d for name, d in dx.items()}
        for name, d in dy.items():
            derivative[name] = derivative.get(name, 0.0) + by_y * d
        return value, derivative

    def format(self, outer: int = _SUM) -> str:
        """Return the text with as few parentheses as keep the tree."""
        if self.operator == "^":
            strength, left, right = _POWER, _ATOM, _POWER
        elif self.operator in "*/":
            strength, left, right = _PRODUCT, _PRODUCT, _SIGN
        else:
            strength, left, right = _SUM, _SUM, _PRODUCT
        text = f"{self.left.format(left)}{self.operator}{self.right.format(right)}"
        return f"({text})" if strength < outer else text

    def substitute(self, definitions: Mapping[str, Expression]) -> Expression:
        """Return the tree with names replaced on both sides."""
        return Binary(
            self.operator, self.left.substitute(definitions), self.right.substitute(definitions)
        )


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function of one expression; the functions are the keys of `FUNCTIONS`."""

    function: str
    argument: Expression

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the argument."""
        return self.argument.names

    def dual(self, values: Mapping[str, float]) -> _Dual:
        """Apply the chain rule."""
        x, dx = self.argument.dual(values)
        function, slope = FUNCTIONS[self.function]
        try:
            value = function(x)
            by_x = slope(x) if dx else 0.0
        except (ValueError, ZeroDivisionError, OverflowError):
            value, by_x = math.nan, math.nan
        return value, {name: by_x * d for name, d in dx.items()}

    def format(self, outer: int = _SUM) -> str:
        """Return ``function(argument)``."""
        return f"{self.function}({self.argument.format()})"

    def substitute(self, definitions: Mapping[str, Expression]) -> Expression:
        """Return the tree with names replaced in the argument."""
        return Call(self.function, self.argument.substitute(definitions))


@dataclass(frozen=True)
class Constraint:
    """A defined parameter or a constraint.

    Attributes
    ----------
    lhs : str
        The name of the defined parameter, or the text of the left side.
    op : str
        ``:=``, ``==``, ``<`` or ``>``.
    rhs : Expression
        The right side.
    function : Expression
        Of a definition the right side. Of ``lhs == rhs`` and ``lhs > rhs`` it is ``lhs - rhs``, of
        ``lhs < rhs`` it is ``rhs - lhs``: an equality holds where it is zero and an inequality
        where it is not negative.
    position : int
        Offset of the constraint in the model text.
    """

    lhs: str
    op: ConstraintOperator
    rhs: Expression
    function: Expression
    position: int = field(default=0, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names that `function` needs."""
        return self.function.names

    def __str__(self) -> str:
        return f"{self.lhs} {self.op} {self.rhs}"


def format_number(value: float) -> str:
    """Write a number as shortly as it can be read back exactly.

    Examples
    --------
    >>> format_number(1.0), format_number(-0.25)
    ('1', '-0.25')
    """
    if value == int(value) if math.isfinite(value) else False:
        return str(int(value)) if abs(value) < 1e15 else repr(value)
    return repr(value)


def _apply(operator: str, x: float, y: float, y_varies: bool) -> tuple[float, float, float]:
    """Return the value of ``x operator y`` with its partial derivatives."""
    if operator == "+":
        return x + y, 1.0, 1.0
    if operator == "-":
        return x - y, 1.0, -1.0
    if operator == "*":
        return x * y, y, x
    if operator == "/":
        return x / y, 1.0 / y, -x / (y * y)
    value = math.pow(x, y)
    by_x = 0.0 if y == 0.0 else y * math.pow(x, y - 1.0)
    # log(x) is wanted only where the exponent itself holds parameters.
    by_y = value * math.log(x) if y_varies else 0.0
    return value, by_x, by_y
