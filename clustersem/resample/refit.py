"""A fitted model, fitted again to other samples: what all resampling and simulation is made of.

Maximum likelihood for complete continuous data without constraints is fitted in batches from the
samples' moments. Everything else is fitted one sample after the other, from where the model ended
in the sample that it was fitted to.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial

import numpy as np

from clustersem.engine.arrays import Array, Device, Index, device_of, usable
from clustersem.engine.batched_objective import (
    BatchedGroup,
    BatchedObjective,
    batched_group,
    batched_objective,
)
from clustersem.engine.batched_optimiser import minimise_batch
from clustersem.engine.constrained import minimise_constrained
from clustersem.engine.discrepancy import cholesky
from clustersem.engine.objective import Objective
from clustersem.engine.optimiser import minimise
from clustersem.engine.ram import Ram
from clustersem.engine.unitless import Unitless
from clustersem.errors import DataError, EstimationError, UnsupportedError
from clustersem.fit.assemble import Layout
from clustersem.fit.discrepancies import fitted_cov, objective_of
from clustersem.fit.options import FitOptions
from clustersem.fit.restrictions import restrictions_of
from clustersem.fit.result import Fit
from clustersem.moments import SampleMoments
from clustersem.moments.ordinal import Asymptotic
from clustersem.moments.resampled import resampled
from clustersem.spec import ModelSpec

CONVERGED, NOT_CONVERGED, NO_MOMENTS = 0, 1, 2
# A sample that needs more steps than this from the original estimates has no minimum near them.
MAX_STEPS = 100
# Bytes of the largest array of a batch.
LARGEST = 1 << 26

#: How much of the moments' covariance matrix the weights of an estimator need.
ASYMPTOTIC: dict[str, Asymptotic] = {"WLS": "full", "DWLS": "diagonal"}


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of one group in many samples.

    Attributes
    ----------
    cov : ndarray of shape (B, p, p)
        Covariance matrices with divisor n, variables in the order of ``fit.spec.observed``.
    mean : ndarray of shape (B, p) or None
        Means; None where the model has no mean structure.
    n_obs : float
        Number of observations of each sample, or what their weights sum to.
    """

    cov: Array
    mean: Array | None
    n_obs: float


@dataclass(frozen=True, eq=False)
class Refits:
    """A model fitted to many samples.

    Attributes
    ----------
    theta : ndarray of shape (B, q)
        Free parameters; NaN in samples that gave none.
    f : ndarray of shape (B,)
        The discrepancy there; chi2 is N f.
    code : ndarray of int, shape (B,)
        0: converged. 1: not converged. 2: the sample has no moments to fit, as an item is constant,
        a category empty or the covariance matrix singular.
    """

    theta: Array
    f: Array
    code: Index

    @property
    def converged(self) -> np.ndarray:
        """Which samples gave estimates."""
        return np.equal(self.code, CONVERGED)


@dataclass(frozen=True, eq=False)
class Refitter:
    """Fits the model of a fit to other samples, by the same estimator; made by :meth:`of`.

    It is small and can be sent to other processes.
    """

    spec: ModelSpec
    layout: Layout
    options: FitOptions
    samples: tuple[SampleMoments, ...]
    models: tuple[Ram, ...]
    restricted: bool
    start: Array
    hessian: Array
    device: Device

    @classmethod
    def of(cls, fit: Fit, *, device: str | None = None) -> Refitter:
        """Return what fits the model of `fit` again.

        Parameters
        ----------
        fit : Fit
            A fit that converged.
        device : str, optional
            Where batches are computed: see :func:`clustersem.engine.arrays.device_of`. Fits that
            are not done in batches do not use it.

        Raises
        ------
        EstimationError
            Where the fit did not converge.
        UnsupportedError
            Where the device cannot be used.
        """
        if not fit.converged:
            raise EstimationError(f"there is nothing to start from. {fit.status}")
        hessian = fit.objective.exact(fit.state)
        if cholesky(hessian) is None:
            hessian = fit.hessian
        if cholesky(hessian) is None:
            raise EstimationError(
                "the fit has parameters that are not identified, so there is no sampling"
                " distribution to look for. See fit.diagnose()."
            )
        return cls(
            spec=fit.spec,
            layout=fit.layout,
            options=fit.options,
            samples=fit.samples,
            models=tuple(block.model for block in fit.objective.blocks),
            restricted=not fit.held.restrictions.are_none,
            start=fit.theta,
            hessian=hessian,
            device=usable(device_of(device)),
        )

    def __getstate__(self) -> dict[str, object]:
        # What is laid out for batches is laid out again where it arrives.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)

    @property
    def in_batches(self) -> bool:
        """Whether samples are fitted many at once, from nothing but means and covariances."""
        return self.options.discrepancy == "ML" and not self.restricted

    def n_total(self, n_obs: Iterable[float]) -> float:
        """Return N in chi2 = N f, given the number of observations of each group."""
        return sum(n - 1.0 if self.options.unbiased else n for n in n_obs)

    def from_moments(self, moments: Sequence[Moments]) -> Refits:
        """Fit samples of which the moments are known.

        Parameters
        ----------
        moments : sequence of Moments
            One a group; all of them hold the same number B of samples.

        Raises
        ------
        UnsupportedError
            Where the estimator needs the observations themselves.
        """
        if self.in_batches:
            return self._batched(moments)
        ordinal = any(sample.ordinal is not None for sample in self.samples)
        if ordinal or self.options.discrepancy not in ("ML", "GLS", "ULS"):
            raise UnsupportedError(
                f"estimator={self.options.estimator!r} needs the answers of every sample, not their"
                " means and covariances only."
            )
        return self._one_by_one(
            partial(self._with_moments, moments, b) for b in range(len(moments[0].cov))
        )

    def from_data(self, data: Sequence[Array]) -> Refits:
        """Fit samples of observations.

        Parameters
        ----------
        data : sequence of ndarray of shape (B, n, p)
            One a group: B samples of n rows, variables in the order of ``fit.spec.observed``.
            NaN for a missing answer, where the fit allows for these; ordinal items have the values
            that they have in the data of the fit.
        """
        if self.in_batches:
            return self._batched([moments_of(part) for part in data])
        return self._one_by_one(partial(self._with_data, data, b) for b in range(len(data[0])))

    def from_rows(self, rows: Iterable[Sequence[tuple[Index, Index | None]]]) -> Refits:
        """Fit samples of rows of the fit's own samples, one after the other.

        Parameters
        ----------
        rows : iterable of (rows, clusters) for every group
            The rows of each sample, and their clusters, or None.
        """
        return self._one_by_one(partial(self._with_rows, own) for own in rows)

    def standard_errors(self, theta: Array, moments: Sequence[Moments]) -> Array:
        """Return the standard errors (B x q) that information gives, for fits in batches.

        Expected or observed information, as the fit takes it; NaN where `theta` is.

        Raises
        ------
        UnsupportedError
            Where the fit's standard errors rest on more than moments.
        """
        if not (self.in_batches and self.options.se == "standard"):
            raise UnsupportedError(
                f"standard errors {self.options.se!r} of estimator={self.options.estimator!r} need"
                " the answers of every sample."
            )
        known = np.flatnonzero(np.isfinite(theta).all(axis=1))
        found = np.full(theta.shape, np.nan)
        n = self.n_total(part.n_obs for part in moments)
        for rows in self._chunks(known, self._hessian_bytes):
            objective = self._objective(moments, rows)
            _, state = objective.at(self.device.asarray(theta[rows]))
            expected = self.options.information == "expected"
            h = objective.expected(state) if expected else objective.exact(state)
            found[rows] = _errors(self.device.numpy(h), n)
        return found

    def _batched(self, moments: Sequence[Moments]) -> Refits:
        size, q = len(moments[0].cov), len(self.start)
        found = Refits(
            np.full((size, q), np.nan), np.full(size, np.nan), np.full(size, NO_MOMENTS, np.intp)
        )
        for rows in self._chunks(np.arange(size), self._state_bytes):
            objective = self._objective(moments, rows)
            usable_rows = np.flatnonzero(objective.good)
            if len(usable_rows) < len(rows):
                objective = objective.some(self.device.asarray(usable_rows))
            own = rows[usable_rows]
            optimum = minimise_batch(objective, np.tile(self.start, (len(own), 1)), self.hessian)
            found.theta[own] = np.where(optimum.converged[:, None], optimum.theta, np.nan)
            found.f[own] = np.where(optimum.converged, optimum.f, np.nan)
            found.code[own] = np.where(optimum.converged, CONVERGED, NOT_CONVERGED)
        return found

    @property
    def _state_bytes(self) -> int:
        return max(16 * model.n_observed * model.n_variables for model in self.models)

    @property
    def _hessian_bytes(self) -> int:
        return max(8 * len(self.start) ** 2, self._state_bytes)

    @staticmethod
    def _chunks(rows: Index, size: int) -> list[Index]:
        """Split samples so that no array of a batch becomes large."""
        most = max(1, LARGEST // size)
        return [rows[first : first + most] for first in range(0, len(rows), most)]

    def _objective(self, moments: Sequence[Moments], rows: Index) -> BatchedObjective:
        total = self.n_total(part.n_obs for part in moments)
        shares = [self.n_total([part.n_obs]) / total for part in moments]
        groups = [
            replace(group, share=share) for group, share in zip(self._groups, shares, strict=True)
        ]
        each = []
        for part in moments:
            cov = part.cov[rows]
            if self.options.unbiased:
                cov = cov * (part.n_obs / (part.n_obs - 1.0))
            mean = np.zeros(cov.shape[:2]) if part.mean is None else part.mean[rows]
            each.append((cov, mean))
        return batched_objective(tuple(groups), each)

    @cached_property
    def _groups(self) -> tuple[BatchedGroup, ...]:
        """The groups laid out for batches."""
        result = []
        for own, model in zip(self.layout.groups, self.models, strict=True):
            from_sample = [self.spec.parameters[row].from_sample for row in own.rows]
            sampled = own.cells.take(np.flatnonzero(from_sample))
            result.append(batched_group(model, sampled, 1.0, self.device))
        return tuple(result)

    def _one_by_one(self, makers: Iterable[Callable[[], tuple[SampleMoments, ...]]]) -> Refits:
        found = [self._fitted(make) for make in makers]
        theta, f, code = zip(*found, strict=True)
        return Refits(np.array(theta), np.array(f), np.array(code, dtype=np.intp))

    def _fitted(self, make: Callable[[], tuple[SampleMoments, ...]]) -> tuple[Array, float, int]:
        """Return theta, F and code of one sample."""
        nothing = np.full(len(self.start), np.nan)
        with warnings.catch_warnings():
            # What is unusual about a sample is counted in its code.
            warnings.simplefilter("ignore")
            try:
                samples = make()
                objective = objective_of(self.spec, self.layout, samples, self.options)
            except DataError:
                return nothing, np.nan, NO_MOMENTS
            optimum = self._minimum(objective, samples)
        if optimum is None:
            return nothing, np.nan, NOT_CONVERGED
        return *optimum, CONVERGED

    def _minimum(
        self, objective: Objective, samples: tuple[SampleMoments, ...]
    ) -> tuple[Array, float] | None:
        unitless = Unitless(objective)
        if not self.restricted:
            found = minimise(unitless, self.start, MAX_STEPS)
        else:
            variances = [fitted_cov(sample, self.options).diagonal() for sample in samples]
            restrictions = restrictions_of(
                self.spec, self.layout.places, bounds=self.options.bounds, variances=variances
            )
            found = minimise_constrained(unitless, self.start, restrictions.numbers, MAX_STEPS)
        if found.code != "converged" or found.at is None:
            return None
        return found.theta, found.at.raw.f

    def _with_moments(self, moments: Sequence[Moments], b: int) -> tuple[SampleMoments, ...]:
        result = []
        for sample, part in zip(self.samples, moments, strict=True):
            if cholesky(part.cov[b]) is None:
                raise DataError("the covariance matrix of a sample is singular.")
            mean = sample.mean if part.mean is None else part.mean[b].copy()
            n = int(part.n_obs)
            own = replace(sample, cov=part.cov[b].copy(), mean=mean, n_obs=n, n_rows=n)
            result.append(replace(own, data=None, weights=None, cluster=None, index=None))
        return tuple(result)

    def _with_data(self, data: Sequence[Array], b: int) -> tuple[SampleMoments, ...]:
        result = []
        for sample, part in zip(self.samples, data, strict=True):
            n = part.shape[1]
            template = replace(
                sample, data=part[b].copy(), n_obs=n, weights=None, cluster=None, index=None
            )
            result.append(resampled(template, np.arange(n), asymptotic=self._asymptotic))
        return tuple(result)

    def _with_rows(self, own: Sequence[tuple[Index, Index | None]]) -> tuple[SampleMoments, ...]:
        return tuple(
            resampled(sample, rows, asymptotic=self._asymptotic, cluster=cluster)
            for sample, (rows, cluster) in zip(self.samples, own, strict=True)
        )

    @property
    def _asymptotic(self) -> Asymptotic:
        return ASYMPTOTIC.get(self.options.discrepancy, "none")


def moments_of(data: Array) -> Moments:
    """Return the moments of complete samples (B x n x p), with divisor n."""
    n = data.shape[1]
    mean = data.mean(axis=1)
    centred = data - mean[:, None, :]
    return Moments(centred.transpose(0, 2, 1) @ centred / n, mean, n)


def _errors(hessian: Array, n: float) -> Array:
    """Return standard errors from Hessians of F (B x q x q); NaN where one is singular."""
    scale = np.sqrt(np.abs(np.diagonal(hessian, axis1=1, axis2=2)))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = hessian / (scale[:, :, None] * scale[:, None, :])
        try:
            inverse = np.linalg.inv(unit)
        except np.linalg.LinAlgError:
            inverse = np.stack([_inverse(one) for one in unit])
        errors: Array = np.sqrt(2.0 / n * np.diagonal(inverse, axis1=1, axis2=2)) / scale
    return errors


def _inverse(matrix: Array) -> Array:
    try:
        return np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
