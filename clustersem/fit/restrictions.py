"""From the constraints and bounds of a model to the engine's restrictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersem.engine.ram import Array, Index
from clustersem.engine.restrictions import Curved, Restrictions, independent_rows, unrestricted
from clustersem.errors import ModelError, ModelSyntaxError
from clustersem.fit.bounds import PRESETS, preset_bounds, user_bounds
from clustersem.spec import Constraint, Expression, ModelSpec
from clustersem.spec.checks import row_number
from clustersem.spec.expression import Number, format_number
from clustersem.spec.linear import LinearForm, linear_form

# A constraint that holds only fixed parameters is met where it is met to this.
MET = 1e-9


@dataclass(frozen=True)
class Expressions:
    """Expressions of labelled parameters as a function of theta."""

    functions: tuple[Expression, ...]
    place: tuple[tuple[str, int], ...]
    n_free: int

    def __call__(self, theta: Array) -> tuple[Array, Array]:
        """Return values and Jacobian; NaN where an expression is undefined."""
        values = {name: float(theta[i]) for name, i in self.place}
        place = dict(self.place)
        value = np.empty(len(self.functions))
        jacobian = np.zeros((len(self.functions), self.n_free))
        for row, function in enumerate(self.functions):
            value[row], slopes = function.dual(values)
            for name, slope in slopes.items():
                jacobian[row, place[name]] += slope
        return value, jacobian


@dataclass(frozen=True)
class ModelRestrictions:
    """The restrictions of a model, as numbers and as text.

    Attributes
    ----------
    numbers : Restrictions
        What the engine needs.
    equal : tuple of str
        Every equality as the user wrote it, in the order of the engine's rows.
    least : tuple of str
        Every inequality and every bound, in the order of the engine's rows.
    notes : tuple of str
        What the researcher should know of them before anything is estimated.
    """

    numbers: Restrictions
    equal: tuple[str, ...]
    least: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def are_none(self) -> bool:
        """Whether nothing is restricted."""
        return not self.equal and not self.least

    @property
    def n_independent(self) -> int:
        """How many equalities there are that do not follow from others."""
        linear = independent_rows(self.numbers.linear_equal)
        return len(linear) + self.numbers.n_curved_equal


def refuse_undefined(restrictions: ModelRestrictions, theta: Array) -> None:
    """Refuse constraints that cannot be computed where the search starts.

    Raises
    ------
    ModelError
        For a logarithm of a negative number, a division by zero and the like.
    """
    values = (restrictions.numbers.equal(theta).value, restrictions.numbers.least(theta).value)
    for value, texts in zip(values, (restrictions.equal, restrictions.least), strict=True):
        for i in np.flatnonzero(~np.isfinite(value)):
            raise ModelError(
                f"{texts[i]}: this cannot be computed at the starting values (a logarithm of a"
                " negative number, or a division by zero?). Give its parameters starting values at"
                " which it can, start(2)*x2 say, or write it in another way."
            )


def restrictions_of(
    spec: ModelSpec,
    places: Index,
    *,
    bounds: str = "none",
    variances: Sequence[Array] = (),
) -> ModelRestrictions:
    """Return what the constraints and bounds of a model say about theta.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    places : ndarray of int
        For every row of the parameter table its place in theta, -1 for a fixed one.
    bounds : str
        A name of :data:`clustersem.fit.bounds.PRESETS`, or ``"none"``.
    variances : sequence of ndarray
        For every group the sample variances of the observed variables in the model's order; needed
        by ``"standard"`` and ``"wide"``.

    Raises
    ------
    ModelSyntaxError
        For constraints that contradict each other or the fixed parameters, with a caret.
    ModelError
        For bounds that leave nothing.
    """
    n_free = 1 + int(places.max(initial=-1))
    if (
        bounds == "none"
        and not spec.bounds
        and all(constraint.op == ":=" for constraint in spec.constraints)
    ):
        return ModelRestrictions(unrestricted(n_free), (), (), ())
    from clustersem.fit.feasible import refuse_contradictions, repeated_equalities

    place = _places_of_names(spec, places)
    notes: list[str] = []
    lines = _lines(spec, place, notes)
    lower, upper, bound_notes = _bounds(spec, places, n_free, bounds, variances)
    sorts = {
        (op, linear): [line for line in lines if (line.op, line.form is not None) == (op, linear)]
        for op in ("==", ">")
        for linear in (True, False)
    }
    linear_equal, linear_least = sorts["==", True], sorts[">", True]
    curved_equal, curved_least = sorts["==", False], sorts[">", False]
    a, a_value = _matrix(linear_equal, place, n_free)
    c, c_value = _matrix(linear_least, place, n_free)
    numbers = replace(
        unrestricted(n_free),
        linear_equal=a,
        constant_equal=a_value,
        linear_least=c,
        constant_least=c_value,
        lower=lower,
        upper=upper,
        curved_equal=_curved(curved_equal, place, n_free),
        curved_least=_curved(curved_least, place, n_free),
        n_curved_equal=len(curved_equal),
        n_curved_least=len(curved_least),
    )
    names = _names(spec, places, n_free)
    bound_names = [f"{names[i]} >= {lower[i]:g}" for i in numbers.with_lower]
    bound_names += [f"{names[i]} <= {upper[i]:g}" for i in numbers.with_upper]
    linear = [line.constraint for line in (*linear_equal, *linear_least)]
    refuse_contradictions(
        numbers, linear, bound_names, lambda c, reason: constraint_error(spec, c, reason)
    )
    notes += repeated_equalities(numbers, [str(line.constraint) for line in linear_equal])
    return ModelRestrictions(
        numbers,
        tuple(str(line.constraint) for line in (*linear_equal, *curved_equal)),
        (*(str(line.constraint) for line in (*linear_least, *curved_least)), *bound_names),
        (*notes, *bound_notes),
    )


@dataclass(frozen=True)
class _Line:
    """A constraint with definitions and fixed parameters put in; ``<`` is turned into ``>``."""

    constraint: Constraint
    op: str
    function: Expression
    form: LinearForm | None


def _lines(spec: ModelSpec, place: dict[str, int], notes: list[str]) -> list[_Line]:
    known: dict[str, Expression] = {
        name: Number(value) for name, value in _fixed_values(spec).items()
    }
    lines: list[_Line] = []
    for constraint in spec.constraints:
        if constraint.op == ":=":
            known[constraint.lhs] = constraint.rhs.substitute(known)
            continue
        function = constraint.function.substitute(known)
        form = linear_form(function)
        op = "==" if constraint.op == "==" else ">"
        if form is not None and not any(form.coefficients.values()):
            _check_constant(spec, constraint, form.constant, notes)
            continue
        lines.append(_Line(constraint, op, function, form))
    return lines


def _check_constant(
    spec: ModelSpec, constraint: Constraint, constant: float, notes: list[str]
) -> None:
    """Refuse a constraint that no free parameter can change, or say that it says nothing."""
    fixed = _fixed_values(spec)
    named = [
        f"{name} is fixed at {format_number(fixed[name])}"
        for name in constraint.names
        if name in fixed
    ]
    because = " and ".join(named) if named else "the parameters cancel"
    met = abs(constant) <= MET if constraint.op == "==" else constant >= -MET
    if not met:
        raise constraint_error(
            spec,
            constraint,
            f"{constraint} cannot hold: {because}"
            + ("; free it with NA* or take the constraint out" if named else ""),
        )
    notes.append(f"{constraint} says nothing: {because}.")


def constraint_error(spec: ModelSpec, constraint: Constraint, reason: str) -> ModelSyntaxError:
    """Return an error whose carets stand under a constraint.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    constraint : Constraint
        One of its constraints.
    reason : str
        What is wrong and what to do.
    """
    start, end = constraint.position, len(spec.text)
    for stop in "\n;#!":
        at = spec.text.find(stop, start)
        end = at if 0 <= at < end else end
    return ModelSyntaxError(reason, spec.text, start, len(spec.text[start:end].rstrip()))


def _fixed_values(spec: ModelSpec) -> dict[str, float]:
    """Return the values of labels, and of rows named by constraints, that are fixed."""
    fixed = {
        row.label: row.value
        for row in spec.parameters
        if row.label and not row.free and row.value is not None
    }
    for name, row in _rows_by_number(spec):
        if not spec.parameters[row].free:
            value = spec.parameters[row].value
            if value is None:
                raise ModelError(
                    f"{name} is {spec.parameters[row].name}, a moment of covariates that is taken"
                    " from the sample. Set fixed_x=False to estimate it, or leave it out."
                )
            fixed[name] = value
    return fixed


def _places_of_names(spec: ModelSpec, places: Index) -> dict[str, int]:
    place = {
        row.label: at
        for row, at in zip(spec.parameters, places.tolist(), strict=True)
        if row.label and at >= 0
    }
    for name, row in _rows_by_number(spec):
        if places[row] >= 0:
            place[name] = int(places[row])
    return place


def _rows_by_number(spec: ModelSpec) -> list[tuple[str, int]]:
    """Return names such as ``.p2.`` that constraints use, with their rows (0-based)."""
    labels = {row.label for row in spec.parameters}
    names = dict.fromkeys(name for c in spec.constraints for name in c.names)
    return [
        (name, row_number(name) - 1) for name in names if row_number(name) and name not in labels
    ]


def _names(spec: ModelSpec, places: Index, n_free: int) -> list[str]:
    names = [""] * n_free
    for row, at in zip(spec.parameters, places.tolist(), strict=True):
        if at >= 0:
            names[at] = names[at] or row.label or row.name
    return names


def _matrix(lines: list[_Line], place: dict[str, int], n_free: int) -> tuple[Array, Array]:
    """Return the rows A and b of A theta - b."""
    matrix, value = np.zeros((len(lines), n_free)), np.zeros(len(lines))
    for row, line in enumerate(lines):
        assert line.form is not None
        for name, coefficient in line.form.coefficients.items():
            matrix[row, place[name]] += coefficient
        value[row] = -line.form.constant
    return matrix, value


def _curved(lines: list[_Line], place: dict[str, int], n_free: int) -> Curved | None:
    if not lines:
        return None
    functions = tuple(line.function for line in lines)
    names = dict.fromkeys(name for function in functions for name in function.names)
    return Expressions(functions, tuple((name, place[name]) for name in names), n_free)


def _bounds(
    spec: ModelSpec,
    places: Index,
    n_free: int,
    bounds: str,
    variances: Sequence[Array],
) -> tuple[Array, Array, list[str]]:
    """Return the bounds of theta: the user's where there are some, the preset's elsewhere."""
    lower, upper = np.full(n_free, -np.inf), np.full(n_free, np.inf)
    preset = PRESETS.get(bounds)
    given = user_bounds(spec)
    rows = [(-np.inf, np.inf)] * len(spec.parameters)
    if preset is not None:
        rows = preset_bounds(spec, preset, variances)
    notes: list[str] = []
    for i, (row, at) in enumerate(zip(spec.parameters, places.tolist(), strict=True)):
        if at < 0:
            continue
        low, high = rows[i]
        if i in given:
            low = given[i][0] if np.isfinite(given[i][0]) else low
            high = given[i][1] if np.isfinite(given[i][1]) else high
        lower[at], upper[at] = max(lower[at], low), min(upper[at], high)
        if lower[at] >= upper[at]:
            raise ModelError(
                f"{row.name} would have to be at least {lower[at]:g} and at most {upper[at]:g}: the"
                " bounds of equal parameters, or a bound and bounds=, leave nothing between them."
                " Widen lower() or upper()."
            )
        if row.start is not None and not low <= row.start <= high:
            side = f"below its lower bound {low:g}"
            if row.start > high:
                side = f"above its upper bound {high:g}"
            notes.append(
                f"{row.name} has the starting value {row.start:g}, {side}; the search starts at"
                " the bound."
            )
    return lower, upper, notes
