"""A parameter table written out in full, as a model text in which nothing is left to defaults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from clustersem.spec.entries import Key, key_of
from clustersem.spec.model import ModelSpec, build_spec
from clustersem.spec.syntax import Formula, Modifier, Setting, Term, Variable
from clustersem.spec.table import Bound, Operator, Parameter


def respecified(spec: ModelSpec, parameters: Sequence[Parameter]) -> ModelSpec:
    """Return the specification with other rows, and a text that says so.

    Parameters
    ----------
    spec : ModelSpec
        Where the variables, constraints, bounds and options come from.
    parameters : sequence of Parameter
        Its rows in the same order, each free or fixed, labelled or not, as it should be.

    Returns
    -------
    ModelSpec
        Its text holds every row, with one setting a group; ``group_equal`` is off, as the labels
        say what is equal.

    Examples
    --------
    >>> from clustersem.spec.defaults import options_for
    >>> spec = build_spec("f =~ a + b + c", options_for("cfa", n_groups=2))
    >>> rows = [replace(r, label="same") if r.name == "f =~ b" else r for r in spec.parameters]
    >>> print(respecified(spec, rows).text.splitlines()[0])
    f =~ c(1, 1)*a + c(NA, NA)*b + c(same, same)*b + c(NA, NA)*c
    """
    options = replace(spec.options, group_equal=(), group_partial=())
    return build_spec(explicit_text(spec, parameters), options)


def explicit_text(spec: ModelSpec, parameters: Sequence[Parameter] | None = None) -> str:
    """Return a model text with every parameter of the table, free, fixed or equal, in each group.

    Parameters
    ----------
    spec : ModelSpec
        The specification.
    parameters : sequence of Parameter, optional
        Other states of its rows, in the same order.

    Returns
    -------
    str
        Without the moments of exogenous covariates and auxiliary variables, which the options speak
        for, and without the unit scales and residual variances of ordered variables that no one
        changed: one of the two is no parameter, depending on the parametrisation.
    """
    rows = spec.parameters if parameters is None else tuple(parameters)
    bounds = {bound.parameter: bound for bound in spec.bounds}
    covariates, auxiliary = set(spec.exogenous_observed), set(spec.options.auxiliary)
    by_key: dict[Key, list[tuple[Parameter, Bound | None]]] = {}
    for number, row in enumerate(rows):
        if row.op in ("~~", "~1") and row.lhs in covariates:
            continue
        if row.lhs in auxiliary or row.rhs in auxiliary:
            continue
        pair = (row, bounds.get(number))
        by_key.setdefault(key_of(row.lhs, row.op, row.rhs), []).append(pair)
    used = {row.label for row in rows}
    ordered = set(spec.options.ordered)
    formulas: dict[tuple[str, str], list[Term]] = {}
    for members in by_key.values():
        first = members[0][0]
        if first.lhs in ordered and all(_is_unit_scale(row) for row, _ in members):
            continue
        term = Term("" if first.op == "~1" else first.rhs, _modifiers(members, used))
        formulas.setdefault((first.lhs, first.op), []).append(term)
    lines = [str(_formula(lhs, op, terms)) for (lhs, op), terms in formulas.items()]
    return "\n".join([*lines, *(str(constraint) for constraint in spec.constraints)]) + "\n"


def _is_unit_scale(row: Parameter) -> bool:
    own = row.op == "~*~" or (row.op == "~~" and row.lhs == row.rhs)
    return own and not row.user and not row.free and row.value == 1.0


def _formula(lhs: str, op: str, terms: list[Term]) -> Formula:
    shown: Operator = "~" if op == "~1" else op  # type: ignore[assignment]
    return Formula((Variable(lhs),), shown, tuple(terms))


def _modifiers(
    members: list[tuple[Parameter, Bound | None]], used: set[str]
) -> tuple[Modifier, ...]:
    rows = [row for row, _ in members]
    modifiers = [Modifier("value", tuple(None if row.free else _value(row) for row in rows))]
    labels = [row.label for row in rows]
    if any(labels):
        modifiers.append(Modifier("value", tuple(_labels(rows, labels, used))))
    starts: list[Setting] = [row.start for row in rows]
    if any(start is not None for start in starts):
        modifiers.append(Modifier("start", tuple(starts)))
    for side in ("lower", "upper"):
        limits: list[Setting] = [getattr(bound, side, None) for _, bound in members]
        if any(limit is not None for limit in limits):
            open_end = float("-inf") if side == "lower" else float("inf")
            settings = tuple(open_end if limit is None else limit for limit in limits)
            modifiers.append(Modifier("lower" if side == "lower" else "upper", settings))
    return tuple(modifiers)


def _value(row: Parameter) -> float:
    return 0.0 if row.value is None else row.value


def _labels(rows: list[Parameter], labels: list[str], used: Iterable[str]) -> list[str]:
    """Return one label a group; a group that had none gets one of its own, which binds nothing."""
    own = []
    for row, label in zip(rows, labels, strict=True):
        single = f"{row.lhs}.{row.rhs or 'intercept'}.g{row.group}"
        while single in used:
            single += "_"
        own.append(label or single)
    return own
