"""Fitting a model to many simulated samples: all at once from moments, or one by one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array, Index
from clustersem.errors import ClusterSemError, ClusterSemWarning
from clustersem.fit import Fit, sem
from clustersem.fit.admissible import negative_variances
from clustersem.fit.options import FitOptions
from clustersem.fit.preferred import preferred
from clustersem.resample.generators import Generator, Normal
from clustersem.resample.missingness import Missing
from clustersem.resample.power.plan import drawn
from clustersem.resample.power.second_attempt import second_attempt
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import CONVERGED, NO_MOMENTS, NOT_CONVERGED, Moments, moments_of

#: About how many rows of answers are in memory at a time.
ROWS = 100_000


@dataclass(frozen=True, eq=False)
class Sampled:
    """What a batch of samples gave.

    Attributes
    ----------
    theta : ndarray of shape (B, q)
        Estimates; NaN rows where there is no result.
    vcov : ndarray of shape (B, q, q)
        Their covariance matrices.
    chisq, df : ndarray of shape (B,)
        The test of fit, corrected where the estimator corrects it.
    code : ndarray of int, shape (B,)
        0 converged, 1 not converged, 2 nothing to fit (a constant item, say).
    improper : ndarray of bool, shape (B,)
        Whether a variance came out negative.
    """

    theta: Array
    vcov: Array
    chisq: Array
    df: Array
    code: Index
    improper: np.ndarray


class Laboratory(Protocol):
    """What draws samples and fits the model to them."""

    def work(self, rng: Sequence[np.random.Generator], n: Sequence[int], size: int) -> Sampled:
        """Return `size` fits to samples of n_g respondents a group."""
        ...


@dataclass(frozen=True, eq=False)
class OneByOne:
    """Every sample is fitted as :func:`clustersem.sem` would fit it: any estimator.

    Attributes
    ----------
    generators : tuple of Generator
        One a group.
    fit : Fit
        The model.
    options : FitOptions
        How it is fitted.
    """

    generators: tuple[Generator, ...]
    fit: Fit
    options: FitOptions

    def work(self, rng: Sequence[np.random.Generator], n: Sequence[int], size: int) -> Sampled:
        """Return the fits."""
        q = self.fit.layout.n_free
        theta, vcov = np.full((size, q), np.nan), np.full((size, q, q), np.nan)
        chisq, df = np.full(size, np.nan), np.full(size, np.nan)
        code, improper = np.full(size, NO_MOMENTS), np.zeros(size, dtype=bool)
        for b in range(size):
            found = self._fitted(*drawn(self.generators, self.fit.groups, rng, n))
            if found is None or found.layout.n_free != q:
                continue  # with an empty category there are fewer thresholds
            code[b] = CONVERGED if found.converged else NOT_CONVERGED
            if not found.converged:
                continue
            theta[b], vcov[b] = found.theta, found.vcov_theta
            measures = found.measures
            chisq[b], df[b] = (measures[preferred(measures, name)] for name in ("chisq", "df"))
            improper[b] = any(len(negative_variances(point)) for point in found.points)
        return Sampled(theta, vcov, chisq, df, code, improper)

    def _fitted(self, frame: pd.DataFrame, group: str | None) -> Fit | None:
        options, spec = self.options, self.fit.spec
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ClusterSemWarning)
                return sem(
                    spec,
                    frame,
                    estimator=options.estimator,
                    missing=options.missing,
                    group=group,
                    group_labels=self.fit.groups if group else None,
                    likelihood=options.likelihood,
                    information=options.information,
                    se=options.se,
                    test=options.test,
                    parameterization=options.parameterization,
                    bounds=options.bounds,
                )
        except ClusterSemError:
            # A constant item, an empty category: no sample that this model could be fitted to.
            return None


@dataclass(frozen=True, eq=False)
class InBatches:
    """All samples of a batch are fitted at once, from their means and covariances.

    Attributes
    ----------
    generators : tuple of Generator
        One a group.
    refitter : Refitter
        The model, starting from its values in the population.
    df : int
        Its degrees of freedom.
    variances : ndarray of int
        Places in theta of variances, and of residual ones.
    """

    generators: tuple[Generator, ...]
    refitter: Refitter
    df: int
    variances: Index

    def work(self, rng: Sequence[np.random.Generator], n: Sequence[int], size: int) -> Sampled:
        """Return the fits."""
        moments = [
            _moments(generator, own, of_group, size)
            for generator, own, of_group in zip(self.generators, rng, n, strict=True)
        ]
        found = second_attempt(self.refitter, moments, self.refitter.from_moments(moments))
        with np.errstate(invalid="ignore"):
            improper = np.asarray((found.theta[:, self.variances] < 0.0).any(axis=1))
        return Sampled(
            theta=found.theta,
            vcov=self.refitter.covariances(found.theta, moments),
            chisq=self.refitter.n_total(n) * np.maximum(found.f, 0.0),
            df=np.full(size, float(self.df)),
            code=found.code,
            improper=improper,
        )


def laboratory_of(
    generators: tuple[Generator, ...], fit: Fit, options: FitOptions
) -> InBatches | OneByOne:
    """Return the fastest laboratory that does what the options say."""
    plain = options.se == "standard" and options.test == "standard" and options.engine == "native"
    if plain and options.discrepancy == "ML" and options.missing == "listwise":
        refitter = Refitter.of(fit)
        if refitter.in_batches and all(_is_complete(one) for one in generators):
            return InBatches(generators, refitter, fit.df, _variances(fit))
    return OneByOne(generators, fit, options)


def _is_complete(generator: Generator) -> bool:
    """Whether no answer is missing in what is drawn."""
    return not isinstance(generator, Missing)


def _variances(fit: Fit) -> Index:
    rows = [
        at
        for row, at in zip(fit.spec.parameters, fit.layout.places.tolist(), strict=True)
        if row.op == "~~" and row.lhs == row.rhs and at >= 0
    ]
    return np.array(sorted(set(rows)), dtype=np.intp)


def _moments(generator: Generator, rng: np.random.Generator, n: int, size: int) -> Moments:
    """Return the moments of samples, drawn without their rows where that can be done."""
    if isinstance(generator, Normal):
        cov, mean = generator.moments(rng, n, size)
        return Moments(cov, mean, n)
    step = max(1, ROWS // n)
    parts = [
        moments_of(generator.draw(rng, n, min(step, size - at))) for at in range(0, size, step)
    ]
    return Moments(
        np.concatenate([part.cov for part in parts]),
        np.concatenate([part.mean for part in parts if part.mean is not None]),
        n,
    )
