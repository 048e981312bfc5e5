"""Two-step statistics as one matrix, and whether that is a covariance matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigh

from clustersem.moments.sample import Array, OrdinalStatistics
from clustersem.moments.sources import SINGULAR
from clustersem.survey.names import listed


def assembled(
    statistics: OrdinalStatistics, covariates: tuple[Array, Array] | None = None
) -> tuple[Array, Array]:
    """Return the p x p matrix of the covariances, and the means.

    An ordinal variable stands for its latent response, with mean 0 and variance 1. Where the
    moments are those given covariates, whose covariance matrix and means are then wanted, mean 0
    and variance 1 are those of the residual.

    Examples
    --------
    >>> from clustersem.moments import ordinal_statistics
    >>> answers = np.array([[1, 1], [1, 2], [2, 1], [2, 2], [1, 1], [2, 2.0]])
    >>> found = ordinal_statistics(answers, np.array([True, True]), names=["x", "y"])
    >>> assembled(found)[0].round(6)
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    order, values = statistics.order, statistics.values
    mean = np.zeros(order.n_observed)
    mean[order.continuous] = values[order.means]
    cov = np.eye(order.n_observed)
    cov[order.continuous, order.continuous] = values[order.variances]
    cov[order.rows, order.cols] = cov[order.cols, order.rows] = values[order.covariances]
    if covariates is not None:
        x, dependent = np.array(order.covariates), order.dependent
        slopes = values[order.slopes].reshape(len(x), -1).T
        mean[dependent] += slopes @ covariates[1]
        mean[x] = covariates[1]
        cov[np.ix_(dependent, dependent)] += slopes @ covariates[0] @ slopes.T
        cov[np.ix_(dependent, x)] = slopes @ covariates[0]
        cov[np.ix_(x, dependent)] = cov[np.ix_(dependent, x)].T
        cov[np.ix_(x, x)] = covariates[0]
    return cov, mean


def check_polychoric(cov: Array, names: Sequence[str]) -> str | None:
    """Return a sentence on what is wrong where a polychoric matrix is not positive definite.

    Parameters
    ----------
    cov : ndarray of shape (p, p)
        Polychoric, polyserial and Pearson covariances, as `assembled` returns them.
    names : sequence of p str
        Variables.

    Returns
    -------
    str or None
        Which items are involved and what to do; None where the matrix is positive definite.
        Diagonally weighted and unweighted least squares can go on with such a matrix.

    Examples
    --------
    >>> check_polychoric(np.array([[1.0, 0.3], [0.3, 1.0]]), ["x", "y"]) is None
    True
    """
    sd = np.sqrt(cov.diagonal())
    values, vectors = eigh(cov / np.outer(sd, sd))
    if values[0] > SINGULAR:
        return None
    size = np.abs(vectors[:, 0])
    worst = np.argsort(-size, kind="stable")[:6]
    involved = [names[i] for i in sorted(worst.tolist()) if size[i] > 0.1]
    return (
        "The matrix of polychoric correlations is not positive definite (smallest eigenvalue"
        f" {values[0]:.2g}). Items involved: {listed(involved)}. Each correlation is estimated from"
        " its own two items, so that with few respondents, rare categories or nearly identical"
        " items they can contradict each other. Merge rare categories, leave out one of two nearly"
        " identical items, or collect more answers."
    )
