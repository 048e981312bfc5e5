"""What is added to a user's model by default, in lavaan's order.

The rules are those of lavaan's documentation of ``sem()``, ``cfa()`` and ``growth()`` (Rosseel
2012, doi:10.18637/jss.v048.i02) and were established from the parameter tables that it prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations, combinations_with_replacement
from typing import Literal

from clustersem.spec.auxiliary import saturated_correlates
from clustersem.spec.entries import Entry
from clustersem.spec.table import Parameter, SpecOptions
from clustersem.spec.variables import Variables


def options_for(
    kind: Literal["sem", "cfa", "growth"],
    *,
    meanstructure: bool | None = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    fixed_x: bool = True,
    n_groups: int = 1,
    ordered: Iterable[str] = (),
    group_equal: Iterable[str] = (),
    group_partial: Iterable[str] = (),
    parameterization: Literal["delta", "theta"] = "delta",
    auxiliary: Iterable[str] = (),
) -> SpecOptions:
    """Return the defaults of one of lavaan's fitting functions.

    Parameters
    ----------
    kind : {"sem", "cfa", "growth"}
        ``growth`` frees latent means and fixes observed intercepts at zero.
    meanstructure : bool, optional
        None: yes for growth models, several groups and ordered variables; an intercept formula in
        the model text turns it on in any case.
    std_lv, orthogonal, fixed_x, n_groups, ordered, group_equal, group_partial
    parameterization, auxiliary
        See :class:`SpecOptions`.

    Returns
    -------
    SpecOptions

    Examples
    --------
    >>> options_for("growth").int_lv_free
    True
    """
    ordered = tuple(ordered)
    if meanstructure is None:
        meanstructure = kind == "growth" or n_groups > 1 or bool(ordered)
    return SpecOptions(
        meanstructure=meanstructure,
        int_ov_free=kind != "growth",
        int_lv_free=kind == "growth",
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=fixed_x,
        n_groups=n_groups,
        ordered=ordered,
        group_equal=tuple(name.replace(".", "_") for name in group_equal),
        group_partial=tuple(group_partial),
        parameterization=parameterization,
        auxiliary=tuple(auxiliary),
    )


def automatic_parameters(
    entries: tuple[Entry, ...], variables: Variables, options: SpecOptions
) -> list[Parameter]:
    """Return every row that the defaults know, for one group, in lavaan's order.

    Rows that the user wrote are among them: the caller leaves those out.
    """
    ordered = ordered_variables(variables, options)
    rows = [
        *_thresholds(ordered, options),
        *_variances(entries, variables, ordered, options),
        *_latent_covariances(variables, options),
        *_dependent_covariances(variables, options),
        *_exogenous_moments(variables, options),
    ]
    rows.extend(_fixed(name, "~*~", name, 1.0) for name in ordered)
    if options.meanstructure:
        rows.extend(_intercepts(variables, ordered, options))
    rows.extend(saturated_correlates(variables.observed, variables.auxiliary))
    return rows


def ordered_variables(variables: Variables, options: SpecOptions) -> tuple[str, ...]:
    """Return the ordered variables of this model, in the order of the observed ones."""
    return tuple(name for name in variables.observed if name in options.ordered)


def _thresholds(ordered: tuple[str, ...], options: SpecOptions) -> Iterator[Parameter]:
    counts = dict(options.thresholds)
    for name in ordered:
        for number in range(1, counts.get(name, 0) + 1):
            yield Parameter(name, "|", f"t{number}", user=False)


def _variances(
    entries: tuple[Entry, ...],
    variables: Variables,
    ordered: tuple[str, ...],
    options: SpecOptions,
) -> Iterator[Parameter]:
    exogenous = set(variables.exogenous_observed)
    single = _single_indicators(entries) if options.auto_fix_single else set()
    for name in variables.observed:
        if name in exogenous:
            continue
        if name in ordered:
            yield _fixed(name, "~~", name, 1.0)
        elif name in single or not options.auto_var:
            yield _fixed(name, "~~", name, 0.0)
        else:
            yield Parameter(name, "~~", name, user=False)
    for name in variables.latent:
        if name in single:
            yield _fixed(name, "~~", name, 0.0)
        elif options.std_lv:
            yield _fixed(name, "~~", name, 1.0)
        elif name in variables.formative or not options.auto_var:
            yield _fixed(name, "~~", name, 0.0)
        else:
            yield Parameter(name, "~~", name, user=False)


def _single_indicators(entries: tuple[Entry, ...]) -> set[str]:
    """Return what is the only indicator of one latent variable and of no other."""
    loadings = [entry for entry in entries if entry.op == "=~" and entry.rhs != entry.lhs]
    times_lhs = Counter(entry.lhs for entry in loadings)
    times_rhs = Counter(entry.rhs for entry in loadings)
    return {e.rhs for e in loadings if times_lhs[e.lhs] == 1 and times_rhs[e.rhs] == 1}


def _latent_covariances(variables: Variables, options: SpecOptions) -> Iterator[Parameter]:
    if options.auto_cov_lv_x:
        for lhs, rhs in combinations(variables.exogenous_latent, 2):
            yield _covariance(lhs, rhs, fixed=options.orthogonal)


def _dependent_covariances(variables: Variables, options: SpecOptions) -> Iterator[Parameter]:
    if options.auto_cov_y:
        latent = set(variables.latent)
        for lhs, rhs in combinations(variables.final_dependent, 2):
            both_latent = lhs in latent and rhs in latent
            yield _covariance(lhs, rhs, fixed=options.orthogonal and both_latent)


def _exogenous_moments(variables: Variables, options: SpecOptions) -> Iterator[Parameter]:
    for lhs, rhs in combinations_with_replacement(variables.exogenous_observed, 2):
        yield _moment(lhs, "~~", rhs, options)


def _intercepts(
    variables: Variables, ordered: tuple[str, ...], options: SpecOptions
) -> Iterator[Parameter]:
    exogenous = set(variables.exogenous_observed)
    for name in variables.observed:
        if name in exogenous:
            yield _moment(name, "~1", "", options)
        elif options.int_ov_free and name not in ordered:
            yield Parameter(name, "~1", "", user=False)
        else:
            yield _fixed(name, "~1", "", 0.0)
    for name in variables.latent:
        if options.int_lv_free:
            yield Parameter(name, "~1", "", user=False)
        else:
            yield _fixed(name, "~1", "", 0.0)


def _covariance(lhs: str, rhs: str, *, fixed: bool) -> Parameter:
    return _fixed(lhs, "~~", rhs, 0.0) if fixed else Parameter(lhs, "~~", rhs, user=False)


def _moment(lhs: str, op: Literal["~~", "~1"], rhs: str, options: SpecOptions) -> Parameter:
    fixed = options.fixed_x
    return Parameter(lhs, op, rhs, free=not fixed, from_sample=fixed, user=False)


def _fixed(lhs: str, op: Literal["~~", "~1", "~*~"], rhs: str, value: float) -> Parameter:
    return Parameter(lhs, op, rhs, free=False, value=value, user=False)
