"""Scores of respondents on the latent variables, and predictions of items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.engine.eap import Measurement, posterior_mode, posterior_moments
from clustersem.engine.ram import Array, Index, Point
from clustersem.engine.scores import (
    bartlett_scores,
    conditional_means,
    item_means,
    measurement_given,
)
from clustersem.errors import DataError, EstimationError, ModelError, UnsupportedError
from clustersem.fit.answers import answers_of
from clustersem.fit.solution import Solution
from clustersem.moments import SampleMoments
from clustersem.moments.sources import numeric_columns
from clustersem.survey import Survey

Method = Literal["regression", "bartlett", "eap", "ebm"]
Answers = pd.DataFrame | Survey
Data = Answers | Mapping[str, Answers] | None

_FOR_NUMBERS, _FOR_CATEGORIES = ("regression", "bartlett"), ("eap", "ebm")


def factor_scores(fit: Solution, data: Data, method: Method | None) -> pd.DataFrame:
    """Return scores; see :meth:`clustersem.Fit.factor_scores`."""
    method = _method(fit, method)

    def scores(group: int, values: Array) -> Array:
        return _scores(fit, group, values, method)

    return _by_group(fit, data, fit.spec.target, fit.spec.latent, "factor_scores", scores)


def predict_items(fit: Solution, data: Data, method: Method | None) -> pd.DataFrame:
    """Return predictions of items; see :meth:`clustersem.Fit.predict_items`."""
    _refuse_categories(fit, "predict_items")
    method = _method(fit, method)
    p = len(fit.spec.target)
    paths = np.logical_or.reduce([point.a[:p] != 0 for point in fit.points])
    dependent = np.flatnonzero(paths.any(axis=1))

    def items(group: int, values: Array) -> Array:
        scores = _scores(fit, group, values, method)
        point, nu = _own(fit, group, values)
        return item_means(point, nu, values, scores)[:, dependent]

    names = [fit.spec.target[i] for i in dependent]
    return _by_group(fit, data, fit.spec.target, names, "predict_items", items)


def predict(
    fit: Solution, targets: str | Sequence[str], data: Data, given: Sequence[str] | None
) -> pd.DataFrame:
    """Return predictions; see :meth:`clustersem.Fit.predict`."""
    _refuse_categories(fit, "predict")
    wanted = (targets,) if isinstance(targets, str) else tuple(targets)
    index_of = fit.layout.index()
    for name in (*wanted, *(given or ())):
        if name not in index_of:
            raise ModelError(
                f"predict: the model has no variable {name!r}; it has"
                f" {', '.join(fit.layout.names)}."
            )
    observed = fit.spec.observed
    if given is None:
        given = [name for name in fit.spec.target if name not in wanted]
    latent = [name for name in given if name not in observed]
    if latent:
        raise ModelError(
            f"predict: {latent[0]!r} is a latent variable, and nobody's value of it is known. Name"
            " observed variables in given=."
        )
    beside = [name for name in given if name in fit.auxiliary]
    if beside and any(name in fit.spec.latent for name in wanted):
        raise ModelError(
            f"predict: {beside[0]!r} is an auxiliary variable, of whose relation to latent"
            " variables the model says nothing. Leave it out of given=."
        )
    both = [name for name in given if name in wanted]
    if both or not given or not wanted:
        what = f"{both[0]!r} is to be predicted from itself" if both else "nothing is left to use"
        raise ModelError(
            f"predict: {what}. Name what to predict, and leave at least one other observed variable"
            " to predict it from."
        )
    to, of = (
        np.array([index_of[name] for name in names], dtype=np.intp) for names in (wanted, given)
    )

    def means(group: int, values: Array) -> Array:
        sample = fit.samples[group]
        if not fit.spec.options.meanstructure and sample.mean is None:
            raise DataError(
                "predict: the model was fitted to a covariance matrix without means, so predictions"
                " have no origin. Fit with mean=, or to the answers."
            )
        nu = _means(fit, group, np.empty((0, len(observed))))
        incomplete = sample.patterns is not None
        return conditional_means(fit.points[group], nu, to, of, values, incomplete=incomplete)

    return _by_group(fit, data, given, wanted, "predict", means)


def _by_group(
    fit: Solution,
    data: Data,
    names: Sequence[str],
    columns: Sequence[str],
    who: str,
    compute: Callable[[int, Array], Array],
) -> pd.DataFrame:
    """Return what is computed of every group's answers to some variables."""
    parts = []
    for group, (sample, answers) in enumerate(_answers_of_groups(fit, data, who)):
        index: pd.Index | None = None
        if answers is None:
            if sample.data is None:
                what = "a covariance matrix" if sample.drawn is None else "moments read in one pass"
                raise DataError(
                    f"{who}: the model was fitted to {what}. Pass the answers as data=."
                )
            values = sample.data[:, [sample.names.index(name) for name in names]]
            index = sample.index
        else:
            frame, source = answers_of(answers, names)
            values = numeric_columns(frame, tuple(names), source=source)
            index = frame.index
        parts.append(pd.DataFrame(compute(group, values), columns=list(columns), index=index))
    if len(parts) == 1:
        return parts[0]
    return pd.concat(parts, keys=fit.groups, names=["group"])


def _answers_of_groups(
    fit: Solution, data: Data, who: str
) -> list[tuple[SampleMoments, Answers | None]]:
    if data is None:
        return [(sample, None) for sample in fit.samples]
    if len(fit.samples) == 1 and not isinstance(data, Mapping):
        return [(fit.samples[0], data)]
    if not isinstance(data, Mapping) or set(data) != set(fit.groups):
        raise DataError(
            f"{who}: the model has {len(fit.samples)} groups. Pass the answers of each by its"
            f" label: data={{{', '.join(f'{label!r}: ...' for label in fit.groups)}}}."
        )
    return [(sample, data[sample.label]) for sample in fit.samples]


def _method(fit: Solution, method: Method | None) -> Method:
    """Return the method that was asked for, or the usual one for the items that there are."""
    fitting = _FOR_CATEGORIES if len(fit.layout.ordinal) else _FOR_NUMBERS
    if method is None:
        return fitting[0]  # type: ignore[return-value]
    if method not in (*_FOR_NUMBERS, *_FOR_CATEGORIES):
        raise EstimationError(
            f"factor_scores: unknown method {method!r}. Use {' or '.join(map(repr, fitting))}."
        )
    if method not in fitting:
        items = "ordinal items" if len(fit.layout.ordinal) else "items that are numbers"
        raise EstimationError(
            f"factor_scores: method {method!r} is not for {items}. Use"
            f" {' or '.join(map(repr, fitting))}."
        )
    return method


def _refuse_categories(fit: Solution, who: str) -> None:
    if len(fit.layout.ordinal):
        raise UnsupportedError(
            f"{who}: the model's items are ordinal, and their answers are categories, not numbers"
            " on the scale of the model. Use factor_scores()."
        )


def _own(fit: Solution, group: int, values: Array) -> tuple[Point, Array]:
    """Return one group's model and its means, without auxiliary variables.

    These covary with what latent variables leave of the items for want of another place, which says
    nothing of anybody's value of a latent variable.
    """
    point, nu = fit.points[group], _means(fit, group, values)
    p, m, n_own = len(fit.spec.observed), len(nu), len(fit.spec.target)
    if n_own == p:
        return point, nu
    kept = np.r_[:n_own, p:m]
    square = np.ix_(kept, kept)
    return replace(
        point,
        a=point.a[square],
        s=point.s[square],
        e=point.e[square],
        uv=point.uv[:n_own, np.r_[kept, m + kept]],
        nu=point.nu[kept],
    ), nu[kept]


def _scores(fit: Solution, group: int, values: Array, method: Method) -> Array:
    """Return one group's scores (n x latent)."""
    point, nu = _own(fit, group, values)
    p, m = len(fit.spec.target), len(nu)
    incomplete = fit.samples[group].patterns is not None
    if method == "regression":
        latent, observed = np.arange(p, m, dtype=np.intp), np.arange(p, dtype=np.intp)
        return conditional_means(point, nu, latent, observed, values, incomplete=incomplete)
    if method == "bartlett":
        try:
            return bartlett_scores(point, nu, values, incomplete=incomplete)
        except np.linalg.LinAlgError:
            raise EstimationError(
                "factor_scores: Bartlett scores need items with positive residual variances and"
                " latent variables with items of their own. Use method='regression'."
            ) from None
    return _scores_of_categories(fit, group, point, nu, values, method)


def _scores_of_categories(
    fit: Solution, group: int, point: Point, nu: Array, values: Array, method: Method
) -> Array:
    """Return scores from ordinal and continuous items, given the covariates."""
    p, names = len(fit.spec.observed), fit.spec.observed
    index_of = fit.layout.index()
    covariates: Index = np.array(
        [index_of[name] for name in fit.spec.exogenous_observed], dtype=np.intp
    )
    items = np.setdiff1d(np.arange(p), covariates)
    acting = [i for i in items if point.a[p:, i].any()]
    if acting:
        raise UnsupportedError(
            f"factor_scores: {names[acting[0]]} acts on a latent variable and depends on others"
            " itself; scores of ordinal items are not worked out for such a model."
        )
    ordinal = fit.samples[group].ordinal
    ends = np.cumsum(fit.layout.n_thresholds)
    cuts = np.split(point.tau, ends[:-1])
    given = values[:, covariates]
    known = ~np.isnan(given).any(axis=1)
    answers = values[np.ix_(known, items)].copy()
    for column, item in enumerate(items):
        if fit.layout.n_thresholds[item]:
            assert ordinal is not None
            answers[:, column] = _codes(answers[:, column], ordinal.categories[item], names[item])
    parts = measurement_given(point, nu, items, covariates, given[known])
    scores = np.full((len(values), len(nu) - p), np.nan)
    try:
        measurement = Measurement(tuple(cuts[item] for item in items), *parts)
        if method == "eap":
            scores[known], _ = posterior_moments(measurement, answers)
        else:
            scores[known] = posterior_mode(measurement, answers)
    except ValueError as reason:
        raise EstimationError(
            f"factor_scores: there are no such scores, because {reason}. See fit.diagnose()."
        ) from None
    return scores


def _codes(answers: Array, categories: Array, item: str) -> Array:
    """Return the number of every answer's category, from 0; NaN where it is missing."""
    codes = np.searchsorted(categories, answers).clip(0, len(categories) - 1)
    given = ~np.isnan(answers)
    strange = given & (categories[codes] != answers)
    if strange.any():
        listed = ", ".join(f"{category:g}" for category in categories)
        raise DataError(
            f"factor_scores: item {item} has the answer {answers[strange][0]:g}, which nobody gave"
            f" in the sample that was fitted; there it has {listed}. Correct it or set it to"
            " missing."
        )
    return np.where(given, codes.astype(np.float64), np.nan)


def _means(fit: Solution, group: int, values: Array) -> Array:
    """Return the means of all variables; without a mean structure latent ones have mean zero.

    Those of the sample where the model has none, and those of the complete rows of `values` where a
    covariance matrix alone was fitted.
    """
    nu = fit.points[group].nu.copy()
    if not fit.spec.options.meanstructure:
        p, mean = len(fit.spec.observed), fit.samples[group].mean
        nu[p:] = 0.0
        nu[:p] = mean if mean is not None else _mean_of_complete(values)
    return nu


def _mean_of_complete(values: Array) -> Array:
    complete = values[~np.isnan(values).any(axis=1)]
    return complete.mean(axis=0) if len(complete) else np.full(values.shape[1], np.nan)
