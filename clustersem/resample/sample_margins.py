"""Likert answers with the frequencies that a fitted sample has."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from clustersem.engine.ram import Array
from clustersem.errors import DataError, UnsupportedError
from clustersem.fit.solution import Solution
from clustersem.resample.generators import Normal
from clustersem.resample.likert import Correlations, Likert
from clustersem.resample.population import Population
from clustersem.resample.underlying import underlying

#: A variable with more different values is taken as continuous.
CATEGORIES = 20


def sample_margins(
    population: Population, fit: Solution, number: int, correlations: Correlations
) -> Likert:
    """Return a generator of answers that are as frequent as in the sample of a fit.

    Parameters
    ----------
    population : Population
        What the answers' responses correlate, or the answers themselves.
    fit : Fit
        Whose sample.
    number : int
        Which group of it.
    correlations : str
        ``"underlying"`` or ``"answers"``, as of :func:`clustersem.resample.likert.likert`.

    Returns
    -------
    Likert
        With the sample's own answers as categories. Variables with more than 20 different values
        stay continuous.

    Raises
    ------
    UnsupportedError
        Where the fit holds no answers.
    DataError
        Where no variable has so few different values, or such answers cannot correlate so.
    """
    sample = fit.samples[number]
    if sample.data is None:
        raise UnsupportedError(
            "marginals='sample' needs the answers that were fitted, and this fit was given moments."
            " Write the probabilities: marginals=[0.1, 0.2, 0.4, 0.2, 0.1]."
        )
    weights = np.ones(len(sample.data)) if sample.weights is None else sample.weights
    cuts: list[Array] = []
    categories: list[Array] = []
    for j, column in enumerate(sample.data.T):
        known = ~np.isnan(column)
        values, codes = np.unique(column[known], return_inverse=True)
        if not 2 <= len(values) <= CATEGORIES:
            cuts.append(np.empty(0))
            categories.append(np.empty(0))
            continue
        share = np.bincount(codes, weights=weights[known])
        z = ndtri(np.cumsum(share / share.sum())[:-1])
        cuts.append(population.mean[j] + population.sd[j] * z)
        categories.append(values)
    if not any(len(own) for own in cuts):
        raise DataError(
            f"marginals='sample': no variable has {CATEGORIES} different values or fewer, so none"
            " is a Likert item."
        )
    if correlations == "answers":
        population = underlying(population, cuts, categories)
    return Likert(Normal(population), tuple(cuts), tuple(categories))
