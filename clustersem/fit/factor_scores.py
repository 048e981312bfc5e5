"""Scores of respondents on the latent variables, and predictions of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array, Index
from clustersem.engine.scores import bartlett_scores, conditional_means, item_means
from clustersem.errors import DataError, EstimationError, ModelError
from clustersem.fit.answers import answers_of
from clustersem.fit.solution import Solution
from clustersem.moments.sources import numeric_columns
from clustersem.survey import Survey

Method = Literal["regression", "bartlett"]


def factor_scores(
    fit: Solution, data: pd.DataFrame | Survey | None, method: Method
) -> pd.DataFrame:
    """Return scores; see :meth:`clustersem.Fit.factor_scores`."""
    values, index = _answers(fit, data, fit.moments.names, "factor_scores")
    scores = _scores(fit, _means(fit, values), values, method)
    return pd.DataFrame(scores, columns=list(fit.spec.latent), index=index)


def predict_items(
    fit: Solution, data: pd.DataFrame | Survey | None, method: Method
) -> pd.DataFrame:
    """Return predictions of items; see :meth:`clustersem.Fit.predict_items`."""
    values, index = _answers(fit, data, fit.moments.names, "predict_items")
    p, nu = fit.model.n_observed, _means(fit, values)
    point = fit.point
    scores = _scores(fit, nu, values, method)
    predicted = item_means(point, nu, values, scores)
    dependent = np.flatnonzero((point.a[:p] != 0).any(axis=1))
    names = [fit.moments.names[i] for i in dependent]
    return pd.DataFrame(predicted[:, dependent], columns=names, index=index)


def predict(
    fit: Solution,
    targets: str | Sequence[str],
    data: pd.DataFrame | Survey | None,
    given: Sequence[str] | None,
) -> pd.DataFrame:
    """Return predictions; see :meth:`clustersem.Fit.predict`."""
    wanted = (targets,) if isinstance(targets, str) else tuple(targets)
    index_of = fit.layout.index()
    for name in (*wanted, *(given or ())):
        if name not in index_of:
            raise ModelError(
                f"predict: the model has no variable {name!r}; it has"
                f" {', '.join(fit.layout.names)}."
            )
    observed = fit.moments.names
    if given is None:
        given = [name for name in observed if name not in wanted]
    latent = [name for name in given if name not in observed]
    if latent:
        raise ModelError(
            f"predict: {latent[0]!r} is a latent variable, and nobody's value of it is known. Name"
            " observed variables in given=."
        )
    both = [name for name in given if name in wanted]
    if both or not given or not wanted:
        what = f"{both[0]!r} is to be predicted from itself" if both else "nothing is left to use"
        raise ModelError(
            f"predict: {what}. Name what to predict, and leave at least one other observed variable"
            " to predict it from."
        )
    values, index = _answers(fit, data, given, "predict")
    if fit.model.has_means or fit.moments.mean is not None:
        nu = _means(fit, np.empty((0, len(observed))))
    else:
        raise DataError(
            "predict: the model was fitted to a covariance matrix without means, so predictions"
            " have no origin. Fit with mean=, or to the answers."
        )
    predicted = conditional_means(
        fit.point,
        nu,
        _places(index_of, wanted),
        _places(index_of, given),
        values,
        incomplete=_uses_incomplete(fit),
    )
    return pd.DataFrame(predicted, columns=list(wanted), index=index)


def _places(index_of: dict[str, int], names: Sequence[str]) -> Index:
    return np.array([index_of[name] for name in names], dtype=np.intp)


def _uses_incomplete(fit: Solution) -> bool:
    """Return whether rows with gaps are used: those of a fit that used them."""
    return fit.moments.patterns is not None


def _scores(fit: Solution, nu: Array, values: Array, method: Method) -> Array:
    point, incomplete = fit.point, _uses_incomplete(fit)
    p, m = fit.model.n_observed, len(nu)
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
    raise EstimationError(
        f"factor_scores: unknown method {method!r}. Use 'regression' or 'bartlett'."
    )


def _answers(
    fit: Solution, data: pd.DataFrame | Survey | None, names: Sequence[str], who: str
) -> tuple[Array, pd.Index | None]:
    """Return the values of some observed variables, and the labels of their rows."""
    if data is None:
        if fit.moments.data is None:
            raise DataError(
                f"{who}: the model was fitted to a covariance matrix. Pass the answers as data=."
            )
        columns = [fit.moments.names.index(name) for name in names]
        return fit.moments.data[:, columns], None
    frame, source = answers_of(data, names)
    return numeric_columns(frame, tuple(names), source=source), frame.index


def _means(fit: Solution, values: Array) -> Array:
    """Return the means of all variables; without a mean structure latent ones have mean zero.

    Those of the sample where the model has none, and those of the complete rows of `values` where a
    covariance matrix alone was fitted.
    """
    nu = fit.point.nu.copy()
    if not fit.model.has_means:
        p = fit.model.n_observed
        nu[p:] = 0.0
        nu[:p] = fit.moments.mean if fit.moments.mean is not None else _mean_of_complete(values)
    return nu


def _mean_of_complete(values: Array) -> Array:
    complete = values[~np.isnan(values).any(axis=1)]
    return complete.mean(axis=0) if len(complete) else np.full(values.shape[1], np.nan)
