"""The same model in semopy's syntax."""

from __future__ import annotations

from collections.abc import Iterable

from clustersem.errors import UnsupportedError
from clustersem.spec.expression import Constraint, format_number
from clustersem.spec.table import Parameter


def to_semopy_text(
    parameters: Iterable[Parameter],
    constraints: Iterable[Constraint],
    *,
    latent: tuple[str, ...],
) -> str:
    """Write every parameter out, so that semopy's own defaults have nothing to add.

    Moments of exogenous covariates are left to semopy, which takes them from the sample, too.

    Raises
    ------
    UnsupportedError
        For what semopy's syntax does not have: several groups, ``<~``, ``~*~``, thresholds,
        constraints and fixed means.
    """
    lines: list[str] = []
    for row in parameters:
        if row.group > 1:
            raise UnsupportedError("semopy's syntax has no groups; export one group's model")
        if row.from_sample:
            continue
        if row.op in ("<~", "~*~", "|"):
            raise UnsupportedError(f"semopy's syntax has no {row.op!r} ({row.name})")
        if row.op == "~1":
            if row.lhs in latent and not row.free and row.value == 0.0:
                continue
            lines.append(f"{row.lhs} ~ {_modifier(row)}1")
        elif row.lhs != row.rhs or row.op == "~~":
            lines.append(f"{row.lhs} {row.op} {_modifier(row)}{row.rhs}")
    for constraint in constraints:
        if constraint.op != ":=":
            raise UnsupportedError(f"semopy cannot impose {constraint}")
    return "\n".join(lines)


def _modifier(row: Parameter) -> str:
    if not row.free:
        return f"{format_number(row.value or 0.0)}*"
    return f"{row.label}*" if row.label else ""
