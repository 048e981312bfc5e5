"""The same model in semopy's syntax."""

from __future__ import annotations

import re
from itertools import combinations

from clustersem.errors import UnsupportedError
from clustersem.spec.expression import Constraint, format_number
from clustersem.spec.table import Parameter


def to_semopy_text(
    parameters: tuple[Parameter, ...],
    constraints: tuple[Constraint, ...],
    *,
    latent: tuple[str, ...],
) -> str:
    """Write every parameter out, so that semopy's own defaults have nothing to add.

    Moments of exogenous covariates are left to semopy, which takes them from the sample, too.

    Parameters
    ----------
    parameters : tuple of Parameter
        Rows of one group.
    constraints : tuple of Constraint
        Definitions are left out: they change nothing in the fit.
    latent : tuple of str
        The latent variables.

    Raises
    ------
    UnsupportedError
        For what semopy's syntax does not have: several groups, ``<~``, ``~*~``, thresholds,
        constraints, latent variables without indicators, and covariances of a latent variable with
        an observed one that predicts nothing or of observed variables outside any regression.
    """
    for constraint in constraints:
        if constraint.op != ":=":
            raise UnsupportedError(f"semopy cannot impose {constraint}")
    sources, targets = _arrows(parameters)
    unscaled = _latent_without_fixed_loading(parameters)
    lines: list[str] = []
    higher_order: list[str] = []
    for row in parameters:
        _check(row, sources, targets, set(latent))
        if row.from_sample:
            continue
        modifier = _modifier(row)
        if row.op == "=~" and row.free and row.lhs in unscaled and row.rhs in latent:
            # semopy starts loadings of latent variables at zero, where this gradient is zero, too.
            modifier = modifier or f"loading_{row.lhs}_{row.rhs}*"
            higher_order.append(modifier[:-1])
        if row.op == "~1":
            if row.lhs not in latent or row.free or row.value != 0.0:
                lines.append(f"{row.lhs} ~ {modifier}1")
        else:
            lines.append(f"{row.lhs} {row.op} {modifier}{row.rhs}")
    lines.extend(_anchors(parameters, unscaled))
    if higher_order:
        lines.append(f"START(0.5) {' '.join(dict.fromkeys(higher_order))}")
    lines.extend(_absent_zeros(parameters, latent, sources, targets))
    return "\n".join(lines)


def _arrows(parameters: tuple[Parameter, ...]) -> tuple[set[str], set[str]]:
    """Return the variables that arrows leave, and those that arrows reach."""
    loadings = [row for row in parameters if row.op == "=~"]
    regressions = [row for row in parameters if row.op == "~"]
    sources = {row.lhs for row in loadings} | {row.rhs for row in regressions}
    targets = {row.rhs for row in loadings if row.rhs != row.lhs}
    return sources, targets | {row.lhs for row in regressions}


def _latent_without_fixed_loading(parameters: tuple[Parameter, ...]) -> set[str]:
    """Return the latent variables that their variances scale."""
    loadings = [row for row in parameters if row.op == "=~"]
    return {row.lhs for row in loadings} - {row.lhs for row in loadings if not row.free}


def _anchors(parameters: tuple[Parameter, ...], unscaled: set[str]) -> list[str]:
    """Give latent variables without a fixed loading one that changes nothing.

    Without one semopy fixes the first loading; with names on all loadings it searches for one for
    ever. So an auxiliary variable of zero variance takes a zero loading, and the starting values
    come from the first indicator, for which it stands.
    """
    first: dict[str, str] = {}
    for row in parameters:
        if row.op == "=~":
            first.setdefault(row.lhs, row.rhs)
    lines: list[str] = []
    for name in first:
        if name in unscaled:
            item = first[name]
            while item in first:
                item = first[item]
            anchor = f"anchor_of_{name}"
            lines += [f"{anchor} =~ 1*{item}", f"{anchor} ~~ 0*{anchor}", f"{name} =~ 0*{anchor}"]
    return lines


def _check(row: Parameter, sources: set[str], targets: set[str], latent: set[str]) -> None:
    if row.group > 1:
        raise UnsupportedError("semopy's syntax has no groups; export the model of one group")
    if row.op == "=~" and row.lhs == row.rhs:
        raise UnsupportedError(f"semopy has no latent variable without indicators ({row.lhs})")
    if row.op in ("<~", "~*~", "|"):
        raise UnsupportedError(f"semopy's syntax has no {row.op!r} ({row.name})")
    if row.op != "~~":
        return
    for name in (row.lhs, row.rhs):
        if name not in sources and name not in targets:
            raise UnsupportedError(
                f"semopy knows no {name}, which is in no regression ({row.name})"
            )
    if row.lhs in latent and row.rhs not in latent and row.rhs not in sources:
        raise UnsupportedError(
            f"semopy has no covariance of a latent variable with a dependent observed one "
            f"({row.name}); measure {row.rhs} by a latent variable of its own"
        )


def _modifier(row: Parameter) -> str:
    if not row.free:
        return f"{format_number(row.value or 0.0)}*"
    return re.sub(r"[^\w.]", "_", row.label) + "*" if row.label else ""


def _absent_zeros(
    parameters: tuple[Parameter, ...],
    latent: tuple[str, ...],
    sources: set[str],
    targets: set[str],
) -> list[str]:
    """Write out as zero what semopy would add and this model does not have."""
    present = {frozenset((row.lhs, row.rhs)) for row in parameters if row.op == "~~"}
    exogenous = [name for name in latent if name not in targets]
    observed = sorted(sources - targets - set(latent))
    pairs = [
        *((name, name) for name in (*latent, *sorted(targets - set(latent)))),
        *combinations(exogenous, 2),
        *combinations(observed, 2),
    ]
    return [f"{a} ~~ 0*{b}" for a, b in pairs if frozenset((a, b)) not in present]
