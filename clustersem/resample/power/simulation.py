"""Power by simulation: samples are drawn, the model is fitted to each, decisions are counted.

References
----------
Muthen, L. K., & Muthen, B. O. (2002). How to use a Monte Carlo study to decide on sample size and
determine power. Structural Equation Modeling, 9, 599-620. doi:10.1207/S15328007SEM0904_8
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr

from clustersem.engine.ram import Array, Index
from clustersem.resample.batches import run_batches
from clustersem.resample.population import Population
from clustersem.resample.power.laboratory import Laboratory
from clustersem.resample.power.quantities import Quantity, estimates_of
from clustersem.resample.refits import CONVERGED
from clustersem.resample.simulate import group_sizes
from clustersem.resample.streams import BATCH, sizes, stream


@dataclass(frozen=True, eq=False)
class Replications:
    """All replications at one sample size, in their order.

    Attributes
    ----------
    n : int
        Respondents of all groups.
    est, se : ndarray of shape (R, K)
        Estimates of the K targets and their standard errors; NaN where a fit did not converge.
    p_value : ndarray of shape (R, K)
        Two-sided; of a joint test the largest p-value of the paths along the chain.
    chisq, df, fit_p_value : ndarray of shape (R,)
        The test of fit.
    code : ndarray of int, shape (R,)
        0 converged, 1 not converged, 2 nothing to fit.
    improper : ndarray of bool, shape (R,)
        Negative variances.
    """

    n: int
    est: Array
    se: Array
    p_value: Array
    chisq: Array
    df: Array
    fit_p_value: Array
    code: Index
    improper: np.ndarray

    @property
    def converged(self) -> np.ndarray:
        """Which replications converged."""
        return np.asarray(self.code == CONVERGED)


@dataclass(frozen=True, eq=False)
class Study:
    """A simulation at some sample sizes; called with the number of a batch it does that batch."""

    laboratory: Laboratory
    populations: tuple[Population, ...]
    quantities: tuple[Quantity, ...]
    joint: bool
    ns: tuple[int, ...]
    n_replications: int
    seed: int

    @property
    def per_n(self) -> int:
        """Batches at one sample size."""
        return -(-self.n_replications // BATCH)

    def __call__(self, number: int) -> Replications:
        """Return one batch."""
        which, batch = divmod(number, self.per_n)
        n, size = self.ns[which], sizes(self.n_replications)[batch]
        of_groups = group_sizes(n, self.populations)
        # A stream belongs to a sample size, whatever other sizes are asked for beside it.
        rng = [stream(self.seed, batch, n, group) for group in range(len(of_groups))]
        found = self.laboratory.work(rng, of_groups, size)
        est, se = estimates_of(self.quantities, found.theta, found.vcov)
        # A fit that did not converge has no estimates to be counted.
        est[found.code != CONVERGED] = se[found.code != CONVERGED] = np.nan
        with np.errstate(invalid="ignore"):
            fit_p_value = np.where(found.df > 0, chdtrc(found.df, found.chisq), np.nan)
        return Replications(
            n,
            est,
            se,
            self._p_values(est, se, found.theta, found.vcov),
            found.chisq,
            found.df,
            fit_p_value,
            found.code,
            found.improper,
        )

    def _p_values(self, est: Array, se: Array, theta: Array, vcov: Array) -> Array:
        p_value = _two_sided(est, se)
        if not self.joint:
            return p_value
        with np.errstate(invalid="ignore"):
            of_paths = _two_sided(theta, np.sqrt(np.einsum("bii->bi", vcov)))
        for k, quantity in enumerate(self.quantities):
            if quantity.parts is not None:
                p_value[:, k] = of_paths[:, quantity.parts].max(axis=1)
        return p_value


def _two_sided(est: Array, se: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(se > 0, 2.0 * ndtr(-np.abs(est / se)), np.nan)


def simulated(
    study: Study, *, n_jobs: int | None, progress: bool | None
) -> tuple[tuple[Replications, ...], str]:
    """Return the replications of every sample size, and why they are fewer than asked for, if so.

    A sample size none of whose batches was finished is left out.
    """
    finished = run_batches(
        study, len(study.ns) * study.per_n, n_jobs=n_jobs, progress=progress, label="power"
    )
    of_n: dict[int, list[Replications]] = {}
    for _, part in finished.results:
        of_n.setdefault(part.n, []).append(part)
    return tuple(_joined(parts) for parts in of_n.values()), finished.stopped


def _joined(parts: Sequence[Replications]) -> Replications:
    names = ("est", "se", "p_value", "chisq", "df", "fit_p_value", "code", "improper")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Replications(n=parts[0].n, **columns)
