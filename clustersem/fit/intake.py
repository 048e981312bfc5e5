"""From what a user passes to a model and its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

from clustersem.engine.ram import Parameterization
from clustersem.errors import DataError, ModelError, ModelSyntaxError, UnsupportedError
from clustersem.fit.answers import answers_of
from clustersem.fit.checks import check_names, check_same_options, check_switches, is_off, text_of
from clustersem.fit.large import samples_from_moments
from clustersem.fit.matrices import Matrices, Means, Numbers, samples_from_matrices
from clustersem.moments import (
    SampleMoments,
    check_column,
    missing_method,
    ordered_names,
    samples_from_data,
)
from clustersem.moments.request import Missing
from clustersem.moments.streamed_moments import StreamedMoments
from clustersem.spec import ModelSpec, SpecOptions, build_spec, options_for, parse_model
from clustersem.spec.auxiliary import check_auxiliary
from clustersem.spec.entries import collect_entries
from clustersem.spec.variables import Variables, classify

Kind = Literal["sem", "cfa", "growth"]
if TYPE_CHECKING:
    from clustersem.survey import Survey

Data: TypeAlias = "pd.DataFrame | Survey | StreamedMoments"


def intake(
    model: str | ModelSpec,
    data: Data | None = None,
    *,
    kind: Kind = "sem",
    meanstructure: bool | None = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    fixed_x: bool = True,
    ordered: Sequence[str] | str | bool | None = None,
    group: str | None = None,
    group_labels: Sequence[object] | None = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    parameterization: Parameterization = "delta",
    missing: str = "listwise",
    auxiliary: Sequence[str] = (),
    sampling_weights: str | None = None,
    cluster: str | None = None,
    cov: Matrices | None = None,
    mean: Means | None = None,
    n_obs: Numbers | None = None,
) -> tuple[ModelSpec, tuple[SampleMoments, ...]]:
    """Return the model, as the data complete it, and one sample a group.

    How many groups there are and how many categories ordinal items have is read from the data, so
    that the parameter table can only be built once these are there.

    Parameters
    ----------
    model : str or ModelSpec
        Model syntax. A ModelSpec is built anew where the data have other groups or categories.
    data : DataFrame, Survey or StreamedMoments, optional
        Answers, one row a respondent, or what one pass over them has collected. Leave it out with
        `cov`.
    kind : str
        Whose defaults a text is completed with: ``"sem"``, ``"cfa"`` or ``"growth"``.
    meanstructure : bool, optional
        None: where the kind, groups, ordinal items, full information or clusters need it.
    std_lv, orthogonal, fixed_x, group_equal, group_partial, parameterization
        See :class:`clustersem.spec.SpecOptions`.
    ordered : sequence of str, str, bool or None
        The ordinal variables; True for all that are no covariates. None: those whose column is an
        ordered categorical of pandas, and those whose thresholds the model text names.
    group, group_labels, missing, sampling_weights, cluster
        See :func:`clustersem.moments.samples_from_data`.
    auxiliary : sequence of str
        Variables that help to fill gaps under full information; see
        :mod:`clustersem.spec.auxiliary`.
    cov, mean, n_obs
        In place of `data`; see :func:`clustersem.fit.matrices.samples_from_matrices`.

    Returns
    -------
    spec : ModelSpec
        Its `observed` are the names of every sample, in that order.
    samples : tuple of SampleMoments
        One a group.

    Raises
    ------
    ModelSyntaxError, ModelError
        Where the model cannot be read, or names what the data do not have.
    DataError
        Where the data cannot be used as they are.
    UnsupportedError
        For a combination that is not served.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1, 2, 4, 3] * 3, "y": [2, 1, 3, 3, 5, 6] * 2})
    >>> frame["region"] = ["north"] * 6 + ["south"] * 6
    >>> spec, samples = intake("y ~ x", frame, group="region")
    >>> spec.n_groups, [sample.label for sample in samples]
    (2, ['north', 'south'])
    """
    switches = {"std_lv": std_lv, "orthogonal": orthogonal, "fixed_x": fixed_x}
    if meanstructure is not None:
        switches["meanstructure"] = meanstructure
    check_switches(switches)
    for option, value in (("group_equal", group_equal), ("group_partial", group_partial)):
        check_names(option, value)
        if group is None and not is_off(value) and not _has_groups(model, data, cov):
            raise UnsupportedError(
                f"{option}= needs several groups. Name the column that makes them: group='school'."
            )
    if not isinstance(ordered, bool):
        check_names("ordered", ordered)
    method = missing_method(missing)
    if isinstance(model, ModelSpec):
        check_same_options(model, switches)
        text, fixed_x = model.text, model.options.fixed_x
        ordered = model.options.ordered or None if ordered is None else ordered
    else:
        text = text_of(model)
    check_names("auxiliary", auxiliary)
    helpers = tuple(_texts(auxiliary))
    if isinstance(model, ModelSpec):
        helpers = helpers or model.options.auxiliary
    if helpers and method not in ("ml", "ml.x"):
        raise UnsupportedError(
            f"auxiliary= helps full information only, not missing={method!r}: write missing='ml'."
        )
    variables = _variables(text)
    check_auxiliary(variables.observed, variables.latent, helpers)
    names = (*variables.observed, *helpers)
    columns = {"group": group, "sampling_weights": sampling_weights, "cluster": cluster}
    if (data is None) == (cov is None):
        raise DataError("pass either answers as data= or a covariance matrix as cov= with n_obs=.")
    if data is None:
        assert cov is not None
        asked = {**columns, "group_labels": group_labels, "ordered": ordered}
        _check_goes_with_matrices(asked, method)
        samples = samples_from_matrices(cov, variables.observed, n_obs, mean)
    elif isinstance(data, StreamedMoments):
        _check_no_matrix_options(mean, n_obs)
        samples = samples_from_moments(
            data,
            names,
            exogenous=variables.exogenous_observed,
            ordered=ordered,
            with_thresholds=_with_thresholds(text),
            method=method,
            columns=columns,
            group_labels=group_labels,
            auxiliary=helpers,
        )
    else:
        _check_no_matrix_options(mean, n_obs)
        wanted = (*names, *(c for c in columns.values() if isinstance(c, str)))
        frame, source = answers_of(data, wanted, what="the data")
        _check_columns(data, frame, columns, variables.observed, source)
        for name in helpers:
            check_column(frame.columns, name, "auxiliary", (), source)
        try:
            samples = samples_from_data(
                frame,
                names,
                group=group,
                group_labels=group_labels,
                ordered=_ordered(frame, text, variables, ordered),
                missing=method,
                exogenous=variables.exogenous_observed if fixed_x and not helpers else (),
                weights=sampling_weights,
                cluster=cluster,
                source=source,
            )
        except DataError as error:
            raise DataError(f"{error}{_place_of_absent(text, variables, frame)}") from None
    categories = _categories(samples[0])
    needs = _needs_means(categories, method, cluster)
    if meanstructure is None and data is None and mean is None and kind != "growth":
        # Several groups have means by default, but here nobody knows them.
        meanstructure = bool({"intercepts", "means"} & set(_texts(group_equal)))
    if needs and meanstructure is False:
        raise UnsupportedError(
            f"meanstructure=False does not go with {needs}, which estimates means. Leave it out."
        )
    base = options_for(
        kind,
        meanstructure=True if needs else meanstructure,
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=fixed_x,
        n_groups=len(samples),
        ordered=categories,
        group_equal=_texts(group_equal),
        group_partial=_texts(group_partial),
        parameterization=parameterization,
        auxiliary=helpers,
    )
    if isinstance(model, ModelSpec):
        options = _changed(model, base, meanstructure=bool(needs))
    else:
        options = base
    options = replace(options, thresholds=tuple((n, k - 1) for n, k in categories.items()))
    spec = build_spec(text, options)
    _check_thresholds(spec)
    return spec, samples


@lru_cache(maxsize=1024)
def _variables(text: str) -> Variables:
    return classify(collect_entries(parse_model(text)))


@lru_cache(maxsize=1024)
def _with_thresholds(text: str) -> frozenset[str]:
    """Return the variables whose thresholds the text names."""
    entries = collect_entries(parse_model(text))
    return frozenset(entry.lhs for entry in entries if entry.op == "|")


def _categories(sample: SampleMoments) -> dict[str, int]:
    """Return how many categories every ordinal variable has."""
    if sample.ordinal is None:
        return {}
    found = zip(sample.names, sample.ordinal.categories, strict=True)
    return {name: len(categories) for name, categories in found if len(categories)}


def _changed(model: ModelSpec, asked: SpecOptions, *, meanstructure: bool) -> SpecOptions:
    """Return the options of a model that is built, with what the data and the call change."""
    more_groups = asked.n_groups > 1 and model.n_groups == 1
    return replace(
        model.options,
        meanstructure=model.options.meanstructure or meanstructure or more_groups,
        n_groups=asked.n_groups,
        ordered=asked.ordered,
        group_equal=asked.group_equal or model.options.group_equal,
        group_partial=asked.group_partial or model.options.group_partial,
        parameterization=asked.parameterization,
        auxiliary=asked.auxiliary,
    )


def _has_groups(model: str | ModelSpec, data: Data | None, cov: Matrices | None) -> bool:
    """Return whether there are groups without a column that makes them."""
    built = isinstance(model, ModelSpec) and model.n_groups > 1
    built = built or (isinstance(data, StreamedMoments) and data.group is not None)
    return built or (cov is not None and not isinstance(cov, pd.DataFrame))


def _texts(names: Sequence[str] | str) -> Sequence[str]:
    """Return a list of texts where a user may have written one text."""
    return () if is_off(names) else [names] if isinstance(names, str) else names


def _needs_means(categories: dict[str, int], method: Missing, cluster: str | None) -> str:
    """Return the option that needs a mean structure; empty where none does."""
    if categories:
        return "ordered items"
    if method in ("ml", "ml.x"):
        return f"missing={method!r}"
    return "cluster=" if cluster is not None else ""


def _ordered(
    frame: pd.DataFrame,
    text: str,
    variables: Variables,
    ordered: Sequence[str] | str | bool | None,
) -> tuple[str, ...]:
    """Return the ordinal variables: those asked for, and those whose thresholds the text names."""
    exogenous = variables.exogenous_observed
    names = ordered_names(frame, variables.observed, ordered, exogenous=exogenous)
    written = _with_thresholds(text) - set(names)
    if written and ordered is False:
        name = next(name for name in variables.observed if name in written)
        raise ModelError(
            f"the model names a threshold of {name}, but ordered=False makes it continuous. Leave"
            " ordered= out, or the threshold."
        )
    return tuple(name for name in variables.observed if name in written or name in names)


def _check_goes_with_matrices(asked: Mapping[str, object], method: Missing) -> None:
    remedies = {
        "group": "For several groups pass one matrix a group: cov={'north': S1, 'south': S2}.",
        "group_labels": "For several groups pass one matrix a group: cov={'north': S1, ...}.",
        "ordered": "Polychoric correlations and their accuracy come from the answers themselves.",
    }
    for name, value in asked.items():
        if not is_off(value):
            raise DataError(
                f"{name}= needs answers in data=, but only covariances were passed."
                f" {remedies.get(name, 'Pass the answers, or leave it out.')}"
            )
    if method != "listwise":
        raise DataError(
            f"missing={method!r} needs answers in data=, but only covariances were passed. Pass the"
            " answers, or leave it out."
        )


def _check_no_matrix_options(mean: Means | None, n_obs: Numbers | None) -> None:
    if not (mean is None and n_obs is None):
        raise DataError("mean= and n_obs= go with cov=; answers in data= bring their own.")


def _check_columns(
    data: pd.DataFrame | Survey,
    frame: pd.DataFrame,
    columns: dict[str, str | None],
    names: Sequence[str],
    source: str,
) -> None:
    """Refuse columns that are not there, with all that a survey has to choose from."""
    if all(name is None for name in columns.values()):
        return
    more = () if isinstance(data, pd.DataFrame) else data.covariates.columns
    there = [*frame.columns, *more]
    for role, name in columns.items():
        if name is not None:
            check_column(dict.fromkeys(there), name, role, names, source)


def _check_thresholds(spec: ModelSpec) -> None:
    """Refuse thresholds of the text that the data do not have."""
    counts = dict(spec.options.thresholds)
    for row in spec.parameters:
        if row.op != "|" or not row.user:
            continue
        number, count = row.rhs.removeprefix("t"), counts.get(row.lhs, 0)
        if not number.isdigit() or not 1 <= int(number) <= count:
            raise spec.error_at(
                row.lhs,
                f"{row.lhs} has {count + 1} categories in the data, so its thresholds are"
                f" {', '.join(f't{i}' for i in range(1, count + 1))}; there is no {row.rhs}",
                op="|",
                rhs=row.rhs,
            )


def _place_of_absent(text: str, variables: Variables, frame: pd.DataFrame) -> str:
    """Show the first variable of the model that the data do not have; empty where all are there."""
    columns = {str(column) for column in frame.columns}
    absent = next((name for name in variables.observed if name not in columns), None)
    if absent is None:
        return ""
    error = ModelSyntaxError("", text, *(parse_model(text).locate(absent) or (0, 1)))
    _, shown = str(error).split("\n", 1)
    return f"\nIn the model, line {error.line}, column {error.column}:\n{shown}"
