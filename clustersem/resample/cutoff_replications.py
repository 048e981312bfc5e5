"""Replications for cutoffs: data from a known population, the model fitted, its indices.

Two ways lead there. Where plain maximum likelihood fits complete, continuous answers, covariances
say all and whole batches are fitted at once. With ordered items, gaps or corrected tests every
replication is a fit of its own.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from clustersem.engine.arrays import Array, Device, Index
from clustersem.engine.batched_ram import BatchedRam, batched_ram, evaluate
from clustersem.errors import ClusterSemError, EstimationError
from clustersem.fit import Fit
from clustersem.fit.estimation import fit_samples
from clustersem.moments import samples_from_data
from clustersem.resample import batch_indices
from clustersem.resample.generators import Generator, Normal
from clustersem.resample.population import Population
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import CONVERGED, NO_MOMENTS, NOT_CONVERGED, Moments
from clustersem.resample.streams import sizes, stream

#: The columns of an array of indices.
INDICES = ("srmr", "rmsea", "cfi")

#: Numbers in memory at once while covariances are taken from answers.
AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class Replications:
    """What became of some replications.

    Attributes
    ----------
    indices : ndarray of shape (B, 3)
        SRMR, RMSEA and CFI; NaN without a result.
    code : ndarray of int, shape (B,)
        0 converged, 1 not converged, 2 the data could not be used (a category that nobody chose).
    """

    indices: Array
    code: np.ndarray


class Indexer(Protocol):
    """What fits the model to replications and returns its indices."""

    def __call__(self, generator: Generator, rng: np.random.Generator, size: int) -> Replications:
        """Draw `size` replications and fit them."""


@dataclass(frozen=True, eq=False)
class CutoffWork:
    """All replications of all levels, batch by batch.

    Attributes
    ----------
    generators : tuple of Generator
        One a level: of data from the model itself, then from misspecified ones.
    indexers : tuple of Indexer
        What fits them, one a level.
    n : int
        Replications of each level.
    seed : int
        Of the random numbers.
    """

    generators: tuple[Generator, ...]
    indexers: tuple[Indexer, ...]
    n: int
    seed: int

    @property
    def n_batches(self) -> int:
        """Number of batches, of all levels together."""
        return len(self.generators) * len(sizes(self.n))

    def place(self, number: int) -> tuple[int, int]:
        """Return the level and the batch within it."""
        return divmod(number, len(sizes(self.n)))

    def __call__(self, number: int) -> Replications:
        """Do one batch of one level."""
        level, batch = self.place(number)
        rng = stream(self.seed, batch, level)
        return self.indexers[level](self.generators[level], rng, sizes(self.n)[batch])


@dataclass(frozen=True, eq=False)
class MomentIndexer:
    """Fits whole batches of covariance matrices (plain maximum likelihood).

    Attributes
    ----------
    refitter : Refitter
        Fits the model to other moments.
    implied : BatchedRam
        The model, laid out to return what it implies.
    n_obs, df, df_baseline : int
        Observations in each replication, and degrees of freedom.
    covariates : ndarray of int
        Places of exogenous covariates.
    has_means : bool
        Whether means are part of the model.
    """

    refitter: Refitter
    implied: BatchedRam
    n_obs: int
    df: int
    df_baseline: int
    covariates: Index
    has_means: bool

    @classmethod
    def of(cls, fit: Fit, truth: Population, device: str | None) -> MomentIndexer:
        """Return what fits the model of a fit with one group to samples from a population.

        It starts where the model ends in the population itself, near which all samples lie.
        """
        (own,), index = fit.layout.groups, fit.layout.index()
        from_sample = [fit.spec.parameters[row].from_sample for row in own.rows]
        sampled = own.cells.take(np.flatnonzero(from_sample))
        return cls(
            _refitter_near(fit, truth, device),
            batched_ram(fit.model, sampled, Device()),
            fit.n_obs,
            fit.df,
            int(fit.measures["baseline_df"]),
            np.array([index[x] for x in fit.spec.exogenous_observed], dtype=np.intp),
            fit.spec.options.meanstructure,
        )

    def __call__(self, generator: Generator, rng: np.random.Generator, size: int) -> Replications:
        """Draw `size` replications and fit them."""
        n = self.n_obs
        if isinstance(generator, Normal):
            cov, mean = generator.moments(rng, n, size)
        else:
            cov, mean = _sample_moments(generator, rng, n, size)
        refits = self.refitter.from_moments([Moments(cov, mean, n)])
        indices = np.full((size, len(INDICES)), np.nan)
        good = np.flatnonzero(refits.converged)
        if len(good):
            indices[good] = self._indices(refits.theta[good], refits.f[good], cov[good], mean[good])
        return Replications(indices, refits.code)

    def _indices(self, theta: Array, f: Array, cov: Array, mean: Array) -> Array:
        """Return the indices of replications that converged."""
        multiplier = self.refitter.n_total([self.n_obs])
        if multiplier < self.n_obs:
            cov = cov * (self.n_obs / multiplier)
        at = evaluate(self.implied, theta, np.hstack([cov.reshape(len(cov), -1), mean]))
        chisq = multiplier * np.maximum(f, 0.0)
        baseline = multiplier * batch_indices.baseline_f(cov, self.covariates)
        means = (mean, at.mu) if self.has_means else (None, None)
        return np.column_stack(
            [
                batch_indices.srmr(cov, at.sigma, *means),
                batch_indices.rmsea(chisq, self.df, multiplier),
                batch_indices.cfi(chisq, self.df, baseline, self.df_baseline),
            ]
        )


def _refitter_near(fit: Fit, truth: Population, device: str | None) -> Refitter:
    """Return a refitter that starts where the model ends in a population.

    Where the model has no minimum there, or an ill-determined one, it starts from the fit.
    """
    (sample,) = fit.samples
    mean = None if sample.mean is None else truth.mean
    known = replace(sample, cov=truth.cov, mean=mean, data=None, index=None)
    plain = replace(fit.options, engine="native", se="standard", information="expected")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = fit_samples(fit.spec, (known,), plain)
            return Refitter.of(found, device=device)
        except EstimationError:
            return Refitter.of(fit, device=device)


@dataclass(frozen=True, eq=False)
class FitIndexer:
    """Fits replications one by one, as the sample was fitted.

    Attributes
    ----------
    fit : Fit
        The model.
    suffix : str
        Which variant of RMSEA and CFI to read: ``""``, ``"_scaled"`` or ``"_robust"``.
    """

    fit: Fit
    suffix: str

    def __call__(self, generator: Generator, rng: np.random.Generator, size: int) -> Replications:
        """Draw `size` replications and fit them."""
        indices, code = np.full((size, len(INDICES)), np.nan), np.full(size, NO_MOMENTS)
        for b in range(size):
            answers = generator.draw(rng, self.fit.n_obs, 1)[0]
            with warnings.catch_warnings():
                # What is to be said of a replication is said by its code.
                warnings.simplefilter("ignore")
                indices[b], code[b] = self._one(answers)
        return Replications(indices, code)

    def _one(self, answers: Array) -> tuple[Array, int]:
        fit, spec = self.fit, self.fit.spec
        (sample,) = fit.samples
        none = np.full(len(INDICES), np.nan)
        if sample.data is not None and np.isnan(sample.data).any():
            answers = np.where(np.isnan(sample.data), np.nan, answers)
        helped = bool(spec.options.auxiliary)
        try:
            samples = samples_from_data(
                pd.DataFrame(answers, columns=list(spec.observed)),
                spec.observed,
                ordered=spec.options.ordered,
                missing=fit.options.missing,
                exogenous=spec.exogenous_observed if spec.options.fixed_x and not helped else (),
                source="a replication",
            )
            if not _same_categories(samples[0].ordinal, sample.ordinal):
                return none, NO_MOMENTS
            refit = fit_samples(spec, samples, replace(fit.options, engine="native"))
            if not refit.converged:
                return none, NOT_CONVERGED
            measures = refit.measures
        except ClusterSemError:
            return none, NO_MOMENTS
        names = ("srmr", f"rmsea{self.suffix}", f"cfi{self.suffix}")
        found = np.array([measures.get(name, np.nan) for name in names])
        return (found, CONVERGED) if np.isfinite(found).all() else (none, NO_MOMENTS)


def _same_categories(first: object, second: object) -> bool:
    """Whether all categories of ordered items were chosen by somebody."""
    counts = [
        [len(own) for own in getattr(ordinal, "categories", ())] for ordinal in (first, second)
    ]
    return counts[0] == counts[1]


def _sample_moments(
    generator: Generator, rng: np.random.Generator, n: int, size: int
) -> tuple[Array, Array]:
    """Return covariances (divisor n) and means of replications, a few of them at a time."""
    p = len(generator.names)
    cov, mean = np.empty((size, p, p)), np.empty((size, p))
    step = max(1, AT_ONCE // (n * p))
    for start in range(0, size, step):
        part = slice(start, min(start + step, size))
        answers = generator.draw(rng, n, part.stop - part.start)
        mean[part] = answers.mean(axis=1)
        answers -= mean[part][:, None, :]
        cov[part] = answers.transpose(0, 2, 1) @ answers / n
    return cov, mean
