"""The correlations of normal responses at which their answers correlate as wanted.

A standardised answer is a sum of steps: of height h_a where the response X passes tau_a. So the
correlation of two answers is the sum over both items' steps of h_a h_b times
P(X <= tau_a, Y <= tau_b) - P(X <= tau_a) P(Y <= tau_b), and its derivative by the correlation of
the responses is the same sum of bivariate normal densities, which is positive: Newton's method
finds the one solution. With a continuous variable the answer's correlation is proportional to the
response's.

References
----------
Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
Psychometrika, 44, 443-460. doi:10.1007/BF02296207
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from clustersem.engine.ram import Array, Index
from clustersem.errors import DataError
from clustersem.moments.normal2 import cdf, pdf
from clustersem.resample.population import Population

#: Where Newton's method has arrived.
EXACT = 1e-13
#: How exactly the answers' correlation is met where it can be.
REACHED = 1e-10
#: Beyond this no threshold is passed.
NEVER = 30.0


def underlying(
    population: Population, cuts: Sequence[Array], categories: Sequence[Array]
) -> Population:
    """Return the population of responses whose answers correlate as the given one.

    Parameters
    ----------
    population : Population
        Its correlations are those wanted of the answers; of a continuous variable, of itself.
    cuts : sequence of p ndarrays
        Thresholds in the responses' units; empty for a continuous variable.
    categories : sequence of p ndarrays
        The answers between them.

    Returns
    -------
    Population
        With the same means and standard deviations of the responses.

    Raises
    ------
    DataError
        Where such answers cannot correlate that much, or not all of them together.
    """
    sd, cor = population.sd, population.cor
    lower, upper = np.tril_indices(len(sd), -1)
    steps = _Steps.of(population, cuts, categories)
    found = _solve(cor[lower, upper], steps, lower, upper)
    bad = np.flatnonzero(np.isnan(found))
    if len(bad):
        i, j = lower[bad[0]], upper[bad[0]]
        raise DataError(
            f"answers to {population.names[j]} and {population.names[i]} with these marginal"
            f" probabilities cannot correlate {cor[i, j]:.3f}, however the responses do. Prescribe"
            " the correlations of the responses (correlations='underlying'), or other marginals."
        )
    latent = np.eye(len(sd))
    latent[lower, upper] = latent[upper, lower] = found
    smallest = float(np.linalg.eigvalsh(latent)[0])
    if smallest <= 0.0:
        raise DataError(
            "every two items can correlate as prescribed, but not all together: the responses"
            f" would need a correlation matrix with an eigenvalue of {smallest:.3g}. Prescribe the"
            " correlations of the responses (correlations='underlying'), or finer answers."
        )
    return replace(population, cov=latent * sd[:, None] * sd)


def correlation_of_answers(
    population: Population, cuts: Sequence[Array], categories: Sequence[Array]
) -> Array:
    """Return the product-moment correlations (p x p) of the answers to a population's items."""
    p = len(population.names)
    lower, upper = np.tril_indices(p, -1)
    steps = _Steps.of(population, cuts, categories)
    value, _ = steps.correlation(population.cor[lower, upper], lower, upper)
    result = np.eye(p)
    result[lower, upper] = result[upper, lower] = value
    return result


@dataclass(frozen=True, eq=False)
class _Steps:
    """Where standardised answers step up, in standard deviations, and by how much (k x p).

    Items with fewer steps than others have steps of height zero, where no response comes.
    """

    at: Array
    height: Array
    slope: Array
    is_ordinal: NDArray[np.bool_]

    @classmethod
    def of(
        cls, population: Population, cuts: Sequence[Array], categories: Sequence[Array]
    ) -> _Steps:
        p = len(cuts)
        most = max((len(own) for own in cuts), default=0)
        at, height = np.full((most, p), NEVER), np.zeros((most, p))
        for j, (own, values) in enumerate(zip(cuts, categories, strict=True)):
            if not len(own):
                continue
            z = (own - population.mean[j]) / population.sd[j]
            share = np.diff(np.concatenate(([0.0], ndtr(z), [1.0])))
            spread = np.sqrt(share @ (values - share @ values) ** 2)
            at[: len(own), j] = z
            height[: len(own), j] = np.diff(values) / spread
        slope = (height * np.exp(-0.5 * at**2)).sum(axis=0) / np.sqrt(2.0 * np.pi)
        is_ordinal = np.array([len(own) > 0 for own in cuts], dtype=np.bool_)
        return cls(at, height, np.where(is_ordinal, slope, 1.0), is_ordinal)

    def correlation(self, rho: Array, first: Index, second: Index) -> tuple[Array, Array]:
        """Return the correlations of pairs of answers whose responses' are rho, and derivatives."""
        slope = self.slope[first] * self.slope[second]
        value = slope * rho
        both = np.flatnonzero(self.is_ordinal[first] & self.is_ordinal[second])
        x, y, r = first[both], second[both], rho[both]
        weight = self.height[:, None, x] * self.height[None][:, :, y]
        apart = ndtr(self.at)[:, None, x] * ndtr(self.at)[None][:, :, y]
        below = cdf(self.at[:, x], self.at[:, y], r)
        value[both] = (weight * (below - apart)).sum(axis=(0, 1))
        inside = np.clip(r, -1.0 + 1e-9, 1.0 - 1e-9)
        density = pdf(self.at[:, x], self.at[:, y], inside)
        slope[both] = (weight * density).sum(axis=(0, 1))
        return value, slope


def _solve(wanted: Array, steps: _Steps, first: Index, second: Index) -> Array:
    """Return the responses' correlations, NaN where there is none."""
    low, high = -np.ones_like(wanted), np.ones_like(wanted)
    rho = wanted.copy()
    for _ in range(100):
        value, slope = steps.correlation(rho, first, second)
        excess = value - wanted
        low, high = np.where(excess < 0.0, rho, low), np.where(excess < 0.0, high, rho)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = rho - excess / slope
        # The answers' correlation rises with the responses': bisect where Newton leaves.
        new = np.where((step > low) & (step < high), step, 0.5 * (low + high))
        done = bool((np.abs(new - rho) < EXACT).all())
        rho = new
        if done:
            break
    # Where there is no solution, the search ends at a correlation of one that falls short.
    value, _ = steps.correlation(rho, first, second)
    rho[np.abs(value - wanted) > REACHED] = np.nan
    return rho
