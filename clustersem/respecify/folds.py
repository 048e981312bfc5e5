"""The sample in parts: fitted to all but one, judged on that one.

References
----------
Cudeck, R., & Browne, M. W. (1983). Cross-validation of covariance structures. Multivariate
Behavioral Research, 18, 147-167. doi:10.1207/s15327906mbr1802_2
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from clustersem.errors import DataError, UnsupportedError
from clustersem.fit.discrepancies import objective_of
from clustersem.fit.result import Fit
from clustersem.moments import SampleMoments
from clustersem.moments.order import Index
from clustersem.moments.resampled import resampled
from clustersem.resample.streams import stream


class Fold(NamedTuple):
    """One way to part the sample.

    Attributes
    ----------
    training, validation : SampleMoments
        What models are fitted to, and the rest.
    """

    training: SampleMoments
    validation: SampleMoments


def folds_of(fit: Fit, k: int, seed: int, repeat: int = 0) -> tuple[Fold, ...]:
    """Part the respondents of a fit into k folds of the same size, at random.

    Parameters
    ----------
    fit : Fit
        Of one group, fitted to answers. Clusters are kept together.
    k : int
        How many folds, 2 or more.
    seed, repeat : int
        Of the random numbers; another repeat parts anew.

    Raises
    ------
    UnsupportedError
        Where there are no answers, only moments.
    DataError
        Where there are fewer respondents (or clusters) than folds, or a fold does not determine the
        moments.
    """
    sample = fit.moments
    if sample.data is None:
        raise UnsupportedError(
            "cross-validation needs the answers: the model was fitted to a covariance matrix."
        )
    n = len(sample.data)
    unit = np.arange(n) if sample.cluster is None else sample.cluster
    n_units = int(unit.max()) + 1
    if not 2 <= k <= n_units:
        raise DataError(f"{k} folds of {n_units} respondents or clusters: write 2 to {n_units}.")
    shuffled = stream(seed, repeat).permutation(n_units)
    fold_of_unit = np.empty(n_units, dtype=np.intp)
    fold_of_unit[shuffled] = np.arange(n_units) % k
    fold = fold_of_unit[unit]
    return tuple(
        Fold(_part(sample, np.flatnonzero(fold != j)), _part(sample, np.flatnonzero(fold == j)))
        for j in range(k)
    )


def validation_discrepancy(fit: Fit, validation: SampleMoments) -> float:
    """Return F between other respondents' moments and what a fit implies, by its estimator.

    It is the cross-validation index of Cudeck and Browne (1983): per respondent, like F.

    Parameters
    ----------
    fit : Fit
        The model at its estimates.
    validation : SampleMoments
        Other respondents.

    Returns
    -------
    float
        Infinite where F is not defined for them.
    """
    sample = (validation.in_order(fit.spec.observed),)
    objective = objective_of(fit.spec, fit.layout, sample, fit.options)
    state = objective.at(fit.theta)
    return np.inf if state is None else float(state.f)


def _part(sample: SampleMoments, rows: Index) -> SampleMoments:
    return resampled(sample, rows)
