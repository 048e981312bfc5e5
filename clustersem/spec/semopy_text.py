"""The same model in semopy's syntax.

Every parameter is written out, so that semopy's defaults have nothing to add, and four of its
habits are met on the way:

* Of a latent variable without a fixed loading it fixes the first loading that has no name, and the
  search for a starting value of the others never ends. Such loadings get a name and a start.
* Residuals of dependent variables that predict nothing stand outside its structural part, so that
  their covariance with a variable inside is refused or means something else. A path of zero from
  such a variable to itself brings it inside.
* It does not know a variable that stands in covariances only; the same path makes it known.
* A latent variable without indicators has to be declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

from clustersem.errors import UnsupportedError
from clustersem.spec.expression import Constraint, format_number
from clustersem.spec.table import Parameter

_NAME = re.compile(r"\w[\w.]*")
#: Labels that semopy would read as its command or as a number.
_NO_LABEL = re.compile(r"START|nan|inf|infinity|[\d.][\w.]*", re.IGNORECASE)


def to_semopy_text(
    parameters: Iterable[Parameter],
    constraints: Iterable[Constraint],
    *,
    latent: tuple[str, ...],
) -> str:
    """Write every parameter out, so that semopy's own defaults have nothing to add.

    Moments of exogenous covariates are left to semopy, which takes them from the sample, too.
    Definitions are left out: they change nothing in the fit.

    Parameters
    ----------
    parameters : iterable of Parameter
        Rows of one group.
    constraints : iterable of Constraint
        Of these only definitions can be served.
    latent : tuple of str
        The latent variables.

    Raises
    ------
    UnsupportedError
        For what semopy's syntax does not have: several groups, ``~*~``, thresholds,
        constraints, and names that it cannot read.
    """
    for constraint in constraints:
        if constraint.op != ":=":
            raise UnsupportedError(
                f"semopy cannot impose {constraint}; leave the constraint out, or give parameters"
                " that are equal one label"
            )
    # What forms a latent variable predicts it; that it is latent stands in its declaration.
    rows = [
        replace(row, op="~") if row.op == "<~" else row
        for row in parameters
        if not (row.op == "=~" and row.lhs == row.rhs)
    ]
    for row in rows:
        _check(row)
    sources = {row.lhs for row in rows if row.op == "=~"}
    sources |= {row.rhs for row in rows if row.op == "~"}
    targets = {row.rhs for row in rows if row.op == "=~"}
    targets |= {row.lhs for row in rows if row.op == "~"}
    moved = _moved_inside(rows, sources, targets)
    unscaled = _without_marker(rows, latent)
    measured = {row.lhs for row in rows if row.op == "=~"}

    lines = [f"latent: {name}" for name in latent if name not in measured]
    lines.extend(f"{name} ~ 0*{name}" for name in moved)
    started: list[str] = []
    for row in rows:
        if row.from_sample:
            continue
        modifier = _modifier(row)
        if row.free and row.op == "=~" and row.lhs in unscaled:
            modifier = modifier or f"loading_{row.lhs}_{row.rhs}*"
            started.append(modifier[:-1])
        elif row.free and row.op == "~" and row.rhs in unscaled and row.lhs not in sources:
            modifier = modifier or f"path_{row.lhs}_{row.rhs}*"
            started.append(modifier[:-1])
        if row.op != "~1":
            lines.append(f"{row.lhs} {row.op} {modifier}{row.rhs}")
        elif row.lhs not in latent or row.free or row.value != 0.0:
            lines.append(f"{row.lhs} ~ {modifier}1")
    lines.extend(_absent_zeros(rows, sources, targets | set(moved), latent))
    if started:
        lines.append(f"start 1: {' '.join(dict.fromkeys(started))}")
    return "\n".join(lines)


def _check(row: Parameter) -> None:
    if row.group > 1:
        raise UnsupportedError("semopy's syntax has no groups; export the model of one group")
    if row.op in ("~*~", "|"):
        raise UnsupportedError(
            f"semopy's syntax has no {row.op!r} ({row.name}); leave it out of what is exported"
        )
    for name in (row.lhs, row.rhs):
        if name and not _NAME.fullmatch(name):
            raise UnsupportedError(
                f"semopy cannot read the name {name!r}; begin it with a letter and keep to letters,"
                " digits, '_' and '.'"
            )


def _moved_inside(rows: list[Parameter], sources: set[str], targets: set[str]) -> list[str]:
    """Return the variables that need a path of zero to themselves for the covariances they have."""
    pairs = [(row.lhs, row.rhs) for row in rows if row.op == "~~"]
    unknown = [name for pair in pairs for name in pair if name not in sources | targets]
    moved = dict.fromkeys(unknown)
    outside = targets - sources
    while True:
        crossing = [pair for pair in pairs if (pair[0] in outside) != (pair[1] in outside)]
        if not crossing:
            return list(moved)
        names = dict.fromkeys(name for pair in crossing for name in pair if name in outside)
        moved |= names
        outside -= names.keys()


def _without_marker(rows: list[Parameter], latent: tuple[str, ...]) -> set[str]:
    """Return the latent variables from which fixed loadings lead to no observed variable."""
    marker: dict[str, str] = {}
    for row in rows:
        if row.op == "=~" and not row.free:
            marker.setdefault(row.lhs, row.rhs)
    unscaled = set()
    for name in latent:
        end, seen = name, {name}
        while end in marker and marker[end] not in seen:
            end = marker[end]
            seen.add(end)
        if end in latent:
            unscaled.add(name)
    return unscaled


def _modifier(row: Parameter) -> str:
    if not row.free:
        number = format_number(row.value or 0.0)
        # The plus of an exponent would end the term.
        return f"{number.replace('e+', 'e')}*"
    if not row.label:
        return ""
    label = re.sub(r"[^\w.]", "_", row.label)
    return f"label_{label}*" if _NO_LABEL.fullmatch(label) else f"{label}*"


def _absent_zeros(
    rows: list[Parameter], sources: set[str], targets: set[str], latent: tuple[str, ...]
) -> list[str]:
    """Write out as zero what semopy would add and this model does not have."""
    present = {frozenset((row.lhs, row.rhs)) for row in rows if row.op == "~~"}
    exogenous = [name for name in latent if name in sources - targets]
    observed = sorted(sources - targets - set(latent))
    pairs = [
        *((name, name) for name in (*latent, *sorted(targets - set(latent)))),
        *combinations(exogenous, 2),
        *combinations(observed, 2),
    ]
    return [f"{a} ~~ 0*{b}" for a, b in pairs if frozenset((a, b)) not in present]
