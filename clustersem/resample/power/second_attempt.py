"""A second attempt at samples that a batch brought to no end.

All samples of a batch start from the population's values. Where a weak factor then runs to infinity
there may be a minimum elsewhere, and a study would find it: a fit starts from values of its own
sample, and tries again from cautious ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clustersem.engine.optimiser import minimise
from clustersem.engine.ram import Array
from clustersem.engine.starts import cautious_values, starting_values
from clustersem.engine.unitless import Unitless
from clustersem.errors import ClusterSemWarning
from clustersem.fit.discrepancies import fitted_cov, fitted_mean, objective_of
from clustersem.moments import SampleMoments
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import CONVERGED, NOT_CONVERGED, Moments, Refits

#: A fit that ends at all ends after these steps, with few exceptions; one that runs away does not.
MAX_STEPS = 60


def second_attempt(refitter: Refitter, moments: Sequence[Moments], found: Refits) -> Refits:
    """Return the refits with what a second attempt finds.

    Parameters
    ----------
    refitter : Refitter
        What fitted the batch.
    moments : sequence of Moments
        One a group.
    found : Refits
        What it gave.
    """
    theta, f, code = found.theta.copy(), found.f.copy(), found.code.copy()
    for b in np.flatnonzero(code == NOT_CONVERGED):
        again = _fitted(refitter, refitter.samples_of(moments, int(b)))
        if again is not None:
            theta[b], f[b] = again
            code[b] = CONVERGED
    return replace(found, theta=theta, f=f, code=code)


def _fitted(refitter: Refitter, samples: tuple[SampleMoments, ...]) -> tuple[Array, float] | None:
    """Return theta and F of one sample; None where there is no minimum again."""
    given = refitter.layout.given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        objective = objective_of(refitter.spec, refitter.layout, samples, refitter.options)
    start = refitter.start.copy()
    for block, sample in zip(objective.blocks, samples, strict=True):
        model, cov = block.model, fitted_cov(sample, refitter.options)
        first = starting_values(model, cov, fitted_mean(sample, refitter.spec), given)
        own = cautious_values(model, cov, first, given)
        start[model.parameter] = own[model.parameter]
    found = minimise(Unitless(objective), start, MAX_STEPS)
    if found.code != "converged" or found.at is None:
        return None
    return found.theta, found.at.raw.f
