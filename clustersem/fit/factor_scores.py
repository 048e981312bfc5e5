"""Scores of respondents on the latent variables."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array, Point
from clustersem.errors import DataError, EstimationError
from clustersem.fit.answers import answers_of
from clustersem.fit.solution import Solution
from clustersem.moments.sources import numeric_columns
from clustersem.survey import Survey


def score_weights(point: Point, n_observed: int, method: str) -> Array:
    """Return the matrix (latent x observed) that turns deviations into scores.

    Parameters
    ----------
    point : Point
        The fitted model.
    n_observed : int
        Number p of observed variables.
    method : str
        ``"regression"``: Phi Lambda' Sigma^-1. ``"bartlett"``:
        (Lambda' Theta^-1 Lambda)^-1 Lambda' Theta^-1.

    References
    ----------
    Lawley, D. N., & Maxwell, A. E. (1971). Factor analysis as a statistical method (2nd ed.,
    chapter 8). Butterworths.
    """
    p = n_observed
    if method == "regression":
        cross = point.covariance[p:, :p]
        return np.asarray(np.linalg.solve(point.sigma, cross.T).T)
    if method == "bartlett":
        # Effects of latent variables on observed ones other than through other latent variables.
        direct = np.linalg.solve(np.eye(p) - point.a[:p, :p], point.a[:p, p:])
        inside = np.linalg.inv(np.eye(p) - point.a[:p, :p])
        unique = inside @ point.s[:p, :p] @ inside.T
        try:
            weighted = np.linalg.solve(unique, direct)
            return np.asarray(np.linalg.solve(direct.T @ weighted, weighted.T))
        except np.linalg.LinAlgError:
            raise EstimationError(
                "factor_scores: Bartlett scores need items with positive residual variances and"
                " latent variables with items of their own. Use method='regression'."
            ) from None
    raise EstimationError(
        f"factor_scores: unknown method {method!r}. Use 'regression' or 'bartlett'."
    )


def factor_scores(
    fit: Solution, data: pd.DataFrame | Survey | None, method: Literal["regression", "bartlett"]
) -> pd.DataFrame:
    """Return scores; see :meth:`clustersem.Fit.factor_scores`."""
    if data is None:
        if fit.moments.data is None:
            raise DataError(
                "factor_scores: the model was fitted to a covariance matrix. Pass the answers as"
                " data=."
            )
        values, index = fit.moments.data, None
    else:
        frame, source = answers_of(data, fit.moments.names)
        values = numeric_columns(frame, fit.moments.names, source=source)
        index = frame.index
    p, point = fit.model.n_observed, fit.point
    weights = score_weights(point, p, method)
    if fit.model.has_means:
        centre = point.mu
    elif fit.moments.mean is not None:
        centre = fit.moments.mean
    else:
        centre = _mean_of_complete(values)
    # Without a mean structure latent variables have mean zero.
    latent_mean = point.nu[p:]
    if method == "bartlett" and latent_mean.any():
        centre = centre - point.e[:p, p:] @ point.nu[p:]
        scores = (values - centre) @ weights.T
    else:
        scores = latent_mean + (values - centre) @ weights.T
    return pd.DataFrame(scores, columns=list(fit.spec.latent), index=index)


def _mean_of_complete(values: Array) -> Array:
    """Return the means of the complete rows: a covariance matrix alone knows no others."""
    complete = values[~np.isnan(values).any(axis=1)]
    return complete.mean(axis=0) if len(complete) else np.full(values.shape[1], np.nan)
