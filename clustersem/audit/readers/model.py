"""The model as drawn: from syntax, or from the tables of its coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clustersem.audit.published import PrintedCoefficient
from clustersem.spec import ModelSpec, build_spec, options_for


def drawn(syntax: str) -> ModelSpec:
    """Return the specification with the defaults of ``sem``.

    Raises
    ------
    ModelError
        Where the syntax cannot be read.
    """
    return build_spec(syntax, options_for("sem"))


def model_syntax(kept: Mapping[str, Sequence[str]], rows: Iterable[PrintedCoefficient]) -> str:
    """Return the syntax of the model that the tables show, empty where they show none.

    A table of paths alone does not: what measures its constructs is not on the page, so nothing can
    be counted.

    Parameters
    ----------
    kept : mapping of str to sequence of str
        The items of each construct, after deletions.
    rows : iterable of PrintedCoefficient
        Loadings, paths and covariances.
    """
    rows = list(rows)
    measured = {name: list(items) for name, items in kept.items() if items}
    for row in rows:
        if row.op == "=~":
            items = measured.setdefault(row.lhs, [])
            if row.rhs not in items:
                items.append(row.rhs)
    known = {*measured, *(item for items in measured.values() for item in items)}
    structural = [row for row in rows if row.op != "=~"]
    if not measured or any(not {row.lhs, row.rhs} <= known for row in structural):
        return ""
    lines = [f"{name} =~ {' + '.join(items)}" for name, items in measured.items()]
    return "\n".join([*lines, *dict.fromkeys(row.path for row in structural)])


def covariance_rows(syntax: str, freed: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return what was freed as lines to add to a model that does not have it yet."""
    spec = drawn(syntax)
    lines = []
    for lhs, op, rhs in freed:
        found = spec.find(lhs, op, rhs)
        if found is None or not found.free:
            lines.append(f"{lhs} {op} {rhs}")
    return lines
