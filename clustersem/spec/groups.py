"""Equality across groups: ``group_equal`` and its exceptions."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from clustersem.errors import ModelError
from clustersem.spec.entries import key_of
from clustersem.spec.table import EQUALITIES, Parameter, SpecOptions
from clustersem.spec.variables import Variables


def equate_groups(
    rows: list[Parameter], variables: Variables, options: SpecOptions
) -> list[Parameter]:
    """Label rows so that the parameters named by ``group_equal`` are equal across groups.

    With equal intercepts or thresholds, latent means are free in all groups but the first, and with
    equal loadings and ``std_lv`` latent variances are: the first group sets the scale. Equal
    thresholds free the scales of ordered variables in the same way (Muthen & Asparouhov, 2002).

    Raises
    ------
    ModelError
        For an unknown kind, or an exemption that the model does not have.

    References
    ----------
    Muthen, B., & Asparouhov, T. (2002). Latent variable analysis with categorical outcomes:
    Multiple-group and growth modeling in Mplus. Mplus Web Notes, No. 4.
    """
    _check(rows, options)
    if options.n_groups == 1 or not options.group_equal:
        return rows
    kinds = set(options.group_equal)
    exempt = {"".join(name.split()) for name in options.group_partial}
    per_group = len(rows) // options.n_groups
    result = [_freed(row, kinds, variables, options) for row in rows]
    for number in range(per_group):
        row = result[number]
        name = row.name.replace(" ", "")
        if kind_of(row, variables) not in kinds or name in exempt or row.label in exempt:
            continue
        members = [group * per_group + number for group in range(options.n_groups)]
        if any(result[m].label for m in members) and row.label == "":
            continue
        label = row.label or f".p{number + 1}."
        for member in members:
            # A label that the user gave to a group stands against the equality.
            if result[member].free and row.free and not result[member].label:
                result[member] = replace(result[member], label=label)
    return result


def kind_of(row: Parameter, variables: Variables) -> str:
    """Return which kind of ``group_equal`` a row belongs to; empty for none."""
    latent = set(variables.latent)
    if row.lhs in variables.auxiliary or row.rhs in variables.auxiliary:
        return ""
    if row.from_sample or (row.lhs in variables.exogenous_observed and row.op in ("~~", "~1")):
        return ""
    if row.op == "=~":
        return "loadings"
    if row.op == "<~":
        return "composite_loadings"
    if row.op == "~":
        return "regressions"
    if row.op == "|":
        return "thresholds"
    if row.op == "~1":
        return "means" if row.lhs in latent else "intercepts"
    if row.op == "~~":
        if row.lhs == row.rhs:
            return "lv_variances" if row.lhs in latent else "residuals"
        both = row.lhs in latent and row.rhs in latent
        return "lv_covariances" if both else "residual_covariances"
    return ""


def _freed(
    row: Parameter, kinds: set[str], variables: Variables, options: SpecOptions
) -> Parameter:
    if row.group == 1 or row.user:
        return row
    itself = row.op == "~~" and row.lhs == row.rhs
    if row.lhs in variables.latent:
        equal_items = bool(kinds & {"intercepts", "thresholds"})
        freed = row.op == "~1" and "means" not in kinds and equal_items
        factor = itself and row.lhs not in variables.formative
        freed |= factor and options.std_lv and "loadings" in kinds
    else:
        # With equal thresholds a group's own scale of the latent responses is identified.
        scale = itself if options.parameterization == "theta" else row.op == "~*~"
        ordinal = row.lhs in dict(options.thresholds)
        freed = scale and ordinal and "thresholds" in kinds and "residuals" not in kinds
    return replace(row, free=True, value=None) if freed else row


def _check(rows: list[Parameter], options: SpecOptions) -> None:
    for kind in options.group_equal:
        if kind not in EQUALITIES:
            near = get_close_matches(kind, EQUALITIES, n=1)
            raise ModelError(
                f"group_equal has no {kind!r}; "
                + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(EQUALITIES)}")
            )
    names = {row.name.replace(" ", "") for row in rows} | {row.label for row in rows}
    keys = {key_of(row.lhs, row.op, row.rhs) for row in rows}
    for exemption in options.group_partial:
        compact = "".join(exemption.split())
        if compact not in names and keys:
            near = get_close_matches(compact, names, n=1)
            raise ModelError(
                f"group_partial names {exemption!r}, which is no parameter of the model"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
