"""Two-step statistics of ordinal and continuous answers, and their sampling covariances.

First every item's thresholds (or mean and variance), then every pair's correlation with those held
fixed. The covariance matrix of all of them follows from the scores of every respondent in both
steps, the second step's corrected for the sampling of the first.

References
----------
Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and
continuous latent variable indicators. Psychometrika, 49, 115-132.
https://doi.org/10.1007/BF02294210
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clustersem.errors import DataError
from clustersem.moments.contingency import CodedAnswers, coded
from clustersem.moments.continuous import ContinuousAnswers, standardised
from clustersem.moments.influence import gamma, variances
from clustersem.moments.order import Index, MomentOrder
from clustersem.moments.probit import ordered_probits
from clustersem.moments.request import Asymptotic
from clustersem.moments.sample import Array, OrdinalStatistics
from clustersem.moments.sources import check_positive_definite
from clustersem.moments.two_step import two_steps
from clustersem.survey.names import listed


def ordinal_statistics(
    data: Array,
    ordinal: NDArray[np.bool_],
    *,
    names: Sequence[str],
    categories: Sequence[Array] | None = None,
    weights: Array | None = None,
    cluster: Index | None = None,
    covariates: Sequence[int] = (),
    asymptotic: Asymptotic = "full",
    source: str = "the data",
) -> OrdinalStatistics:
    """Return thresholds, correlations and their covariance matrix Gamma.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Answers, NaN where missing. Missing answers are left out pairwise: a threshold is computed
        from all answers to its item, a correlation from the respondents who answered both.
        Rows without any answer do not count towards n.
    ordinal : ndarray of bool, shape (p,)
        Which variables are ordinal; the others are continuous.
    names : sequence of p str
        Variables, for error messages.
    categories : sequence of p ndarrays, optional
        Values of every item's categories, ascending, where they are known beforehand, as those
        that several groups share; what stands for continuous variables is not read. By default
        the values that occur.
    weights : ndarray of shape (n,), optional
        Sampling weights; only their ratios matter.
    cluster : ndarray of int, shape (n,), optional
        Cluster of every row, 0-based: Gamma is then robust to dependence within clusters.
    covariates : sequence of int
        Places of covariates given which the moments are wanted, whose values are all known. Latent
        responses and continuous variables are then regressed on them.
    asymptotic : str
        How much of Gamma is worked out: ``"full"``, its ``"diagonal"`` (for diagonally weighted
        estimates) or ``"none"`` of it (for unweighted ones). The rest is NaN; given covariates
        all of it is known.
    source : str
        What to call the data, or the group, in error messages.

    Returns
    -------
    OrdinalStatistics
        `values` holds thresholds of a standard normal latent response, means and variances
        (divisor n) of continuous variables, and polychoric, polyserial and Pearson covariances;
        given covariates, these are of residuals, with slopes beside them, and thresholds and means
        those at covariates of zero. `gamma` is n times their covariance matrix (divisor n), as
        lavaan's NACOV.

    Raises
    ------
    DataError
        Where an item has one category only, a given category is empty, no respondent answered
        both items of a pair, a correlation runs to 1 or -1, or covariates are collinear or tell
        the answers to an item apart.

    Notes
    -----
    An empty cell is replaced by 0.5 in 2 x 2 tables only, with the margins kept; larger tables
    are used as they are. In Gamma the information matrices are cross-products of scores. For
    continuous variables that supposes normality, as the polyserial correlation itself does; a
    continuous variable with two values, for which they would be singular, has expected information.
    Variables are jointly normal unless named in `covariates`: correlations of others with the
    items' latent responses are polyserial. lavaan has that with ``conditional.x = FALSE``, and
    moments given covariates with ``conditional.x = TRUE``.

    Examples
    --------
    >>> answers = np.array([[1, 1], [1, 2], [2, 1], [2, 2], [1, 1], [2, 2.0]])
    >>> found = ordinal_statistics(answers, np.array([True, True]), names=["x", "y"])
    >>> found.values.round(6) + 0.0  # two thresholds; the correlation is sin(pi / 6)
    array([0. , 0. , 0.5])
    """
    ordinal = np.asarray(ordinal, dtype=np.bool_)
    given = list(covariates)
    explained = np.setdiff1d(np.arange(len(ordinal)), given)
    items, others = np.flatnonzero(ordinal).tolist(), explained[~ordinal[explained]].tolist()
    known = ~np.isnan(data)
    if not known.all():
        _check_answered_together(known, names, source)
        answered = known[:, explained].any(axis=1) & known[:, given].all(axis=1)
        data = data[answered]
        weights = None if weights is None else weights[answered]
        cluster = None if cluster is None else cluster[answered]
    if weights is not None:
        weights = weights * (len(weights) / weights.sum())
    answers, found = coded(
        data[:, items],
        [names[j] for j in items],
        None if categories is None else [categories[j] for j in items],
        weights=weights,
        source=source,
    )
    x = standardised(data[:, given], weights)
    if given:
        answers = _given(answers, x, [names[j] for j in given], [names[j] for j in items], source)
    values = standardised(data[:, others], weights, x.z)
    sizes = np.zeros(len(ordinal), dtype=np.intp)
    sizes[items] = answers.sizes - 1
    if not (values.sd > 0.0).all():
        constant = names[others[int(np.argmin(values.sd > 0.0))]]
        raise DataError(
            f"{source}: every respondent has the same value of {constant}, which has therefore no"
            " variance to explain. Leave it out of the model."
        )
    order = MomentOrder(tuple(sizes.tolist()), True, tuple(given))
    steps = two_steps(order, answers, values, names, source)
    own = iter(found)
    moments = steps.moments
    if given or asymptotic == "full":
        covariances = gamma(steps, cluster)
    else:
        covariances = np.full((order.n_moments, order.n_moments), np.nan)
        if asymptotic == "diagonal":
            np.fill_diagonal(covariances, variances(steps, cluster))
    if given:
        unscaled = _from_standardised(order, x)
        moments, covariances = unscaled @ moments, unscaled @ covariances @ unscaled.T
    for array in (moments, covariances, *found):
        array.setflags(write=False)
    return OrdinalStatistics(
        order,
        moments,
        covariances,
        tuple(next(own) if is_ordinal else np.empty(0) for is_ordinal in ordinal.tolist()),
    )


def _given(
    answers: CodedAnswers,
    x: ContinuousAnswers,
    covariates: Sequence[str],
    items: Sequence[str],
    source: str,
) -> CodedAnswers:
    """Return the answers with their regressions on covariates."""
    check_positive_definite(x.total(x.z[:, None] * x.z) / answers.n_rows, covariates, source)
    probits = ordered_probits(answers.codes, answers.sizes, x.z, answers.weights)
    for name, fit in zip(items, probits.items, strict=True):
        if not fit.converged:
            raise DataError(
                f"{source}: the covariates {listed(covariates)} tell the answers to {name} apart,"
                " so that its slopes on them run to infinity. Leave a covariate out, or"
                f" merge rare categories of {name}."
            )
    return replace(answers, given=probits)


def _from_standardised(order: MomentOrder, x: ContinuousAnswers) -> Array:
    """Return the matrix from moments given standardised covariates to those given raw ones."""
    result = np.eye(order.n_moments)
    slopes = np.arange(order.n_moments)[order.slopes].reshape(len(x.sd), -1)
    result[slopes, slopes] = 1.0 / x.sd[:, None]
    by_mean = (x.mean / x.sd)[:, None]
    items = np.searchsorted(order.dependent, order.threshold_item)
    result[np.arange(len(items)), slopes[:, items]] = by_mean
    others = np.searchsorted(order.dependent, order.continuous)
    result[np.arange(order.n_moments)[order.means], slopes[:, others]] = -by_mean
    return result


def _check_answered_together(known: NDArray[np.bool_], names: Sequence[str], source: str) -> None:
    """Refuse two variables that nobody answered together."""
    answered = known.astype(np.float64)
    together = answered.T @ answered
    if not together.diagonal().all():
        nobody = names[int(np.argmin(together.diagonal()))]
        raise DataError(
            f"{source}: nobody answered {nobody}. Leave it out of the model, or check the column"
            " names and missing-value codes."
        )
    if not together.all():
        i, j = np.argwhere(together == 0.0)[0]
        raise DataError(
            f"{source}: nobody answered both {names[i]} and {names[j]}, so that their"
            " correlation is unknown. Leave one of them out of the model."
        )
