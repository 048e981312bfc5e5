"""The model at another point than its estimates, where nothing holds by accident.

Models may fit one sample equally well without being equivalent: where a path is estimated at zero,
it makes no difference what it is replaced by. Two models that agree at a point chosen at random
agree everywhere, but for a set of points of probability zero.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clustersem.engine.ram import COVARIANCE, Array
from clustersem.fit.nested import implied_samples
from clustersem.fit.result import Fit
from clustersem.fit.standardized import scale_factors

# Standardised distances from the estimates, the next where a model makes no sense at the last.
DISTANCES = (0.1, 0.05, 0.02)


def elsewhere(fit: Fit, *, seed: int) -> Fit | None:
    """Return the fit as if its estimates were others; None where constraints leave no choice.

    Parameters
    ----------
    fit : Fit
        A converged fit. What is returned has its objective and samples, but theta is moved by
        normal deviates on the standardised scale; variances keep their signs.
    seed : int
        Of the deviates.
    """
    if fit.held.restrictions.numbers.n_curved_equal:
        return None
    z = np.random.default_rng(seed).standard_normal(len(fit.theta))
    scale, of_variance = _scales(fit)
    basis = fit.inference.basis
    for distance in DISTANCES:
        step = np.where(of_variance, fit.theta * np.expm1(distance * z), distance * z * scale)
        if basis is not None:
            step = basis @ np.linalg.lstsq(basis, step, rcond=None)[0]
        theta = fit.theta + step
        state = fit.objective.at(theta)
        if state is not None:
            inference = replace(fit.inference, state=state)
            return replace(fit, theta=theta, state=state, inference=inference)
    return None


def at_its_moments(fit: Fit) -> Fit:
    """Return a fit with the moments that it implies as its samples, to fit other models to them.

    Estimation is the plainest that these allow: there are no answers behind such moments.
    """
    options = replace(fit.options, se="standard", test="standard", information="expected")
    if fit.samples[0].ordinal is None:
        options = replace(options, discrepancy="ML")
    plain = replace(fit, options=options)
    return replace(plain, samples=implied_samples(plain, plain, options))


def _scales(fit: Fit) -> tuple[Array, Array]:
    """Return for every parameter what one unit of its standardised value is, and the variances."""
    scale = np.ones(len(fit.theta))
    of_variance = np.zeros(len(fit.theta), dtype=bool)
    for block, point in zip(fit.objective.blocks, fit.points, strict=True):
        cells, places = block.model.cells, block.model.parameter
        factors = np.abs(scale_factors(cells, point, observed=True))
        usable = np.isfinite(factors) & (factors > 0.0)
        scale[places[usable]] = 1.0 / factors[usable]
        of_variance[places[(cells.kind == COVARIANCE) & (cells.row == cells.other)]] = True
    return scale, of_variance
