"""Which expressions are linear, and their coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from clustersem.spec.expression import Binary, Expression, Name, Negative, Number


@dataclass(frozen=True)
class LinearForm:
    """A sum of parameters times coefficients, plus a constant.

    Attributes
    ----------
    coefficients : dict
        By name; a parameter that cancels has a coefficient of zero.
    constant : float
        What is added.
    """

    coefficients: dict[str, float]
    constant: float


def linear_form(expression: Expression) -> LinearForm | None:
    """Return an expression as a linear form, or None where it is not written as one.

    Parameters
    ----------
    expression : Expression
        A tree; it counts as linear if sums, differences and products with or quotients by numbers
        make it.

    Returns
    -------
    LinearForm or None

    Examples
    --------
    >>> linear_form(Binary("-", Name("a"), Binary("*", Number(2.0), Name("b"))))
    LinearForm(coefficients={'a': 1.0, 'b': -2.0}, constant=0.0)
    >>> linear_form(Binary("*", Name("a"), Name("b"))) is None
    True
    """
    if not expression.names:
        return LinearForm({}, expression.evaluate({}))
    if isinstance(expression, Name):
        return LinearForm({expression.name: 1.0}, 0.0)
    if isinstance(expression, Negative):
        return _scaled(linear_form(expression.operand), -1.0)
    if not isinstance(expression, Binary):
        return None
    operator, left, right = expression.operator, expression.left, expression.right
    if operator in "+-":
        return _sum(linear_form(left), _scaled(linear_form(right), -1.0 if operator == "-" else 1))
    if operator == "*" and not left.names:
        return _scaled(linear_form(right), left.evaluate({}))
    if operator == "*" and not right.names:
        return _scaled(linear_form(left), right.evaluate({}))
    if operator == "/" and not right.names and right.evaluate({}) != 0.0:
        return _scaled(linear_form(left), 1.0 / right.evaluate({}))
    if operator == "^" and right == Number(1.0):
        return linear_form(left)
    return None


def _scaled(form: LinearForm | None, factor: float) -> LinearForm | None:
    if form is None:
        return None
    coefficients = {name: factor * value for name, value in form.coefficients.items()}
    return LinearForm(coefficients, factor * form.constant)


def _sum(left: LinearForm | None, right: LinearForm | None) -> LinearForm | None:
    if left is None or right is None:
        return None
    coefficients = dict(left.coefficients)
    for name, value in right.coefficients.items():
        coefficients[name] = coefficients.get(name, 0.0) + value
    return LinearForm(coefficients, left.constant + right.constant)
