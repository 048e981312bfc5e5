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
from clustersem.engine.inference import parameter_covariance
from clustersem.engine.objective import Objective
from clustersem.engine.optimiser import Optimum, minimise
from clustersem.engine.ram import INTERCEPT, Cells, Ram
from clustersem.engine.restricted import null_basis
from clustersem.engine.unitless import Unitless
from clustersem.errors import DataError, EstimationError, UnsupportedError
from clustersem.fit.assemble import Layout
from clustersem.fit.discrepancies import (
    fitted_cov,
    fixed_covariates,
    objective_of,
    saturated_evidence,
)
from clustersem.fit.held import held_by
from clustersem.fit.inference import Inference
from clustersem.fit.options import FitOptions
from clustersem.fit.restrictions import restrictions_of
from clustersem.fit.result import Fit
from clustersem.moments import SampleMoments
from clustersem.moments.request import Asymptotic
from clustersem.moments.resampled import resampled
from clustersem.moments.sources import check_positive_definite
from clustersem.resample.refits import (
    CONVERGED,
    NO_MOMENTS,
    NOT_CONVERGED,
    Moments,
    Refits,
    moments_of,
)
from clustersem.spec import ModelSpec

# A sample that needs more steps than this from the original estimates has no minimum near them.
MAX_STEPS = 40
# Bytes of the largest array of a batch.
LARGEST = 1 << 26

#: How much of the moments' covariance matrix the weights of an estimator need.
ASYMPTOTIC: dict[str, Asymptotic] = {"WLS": "full", "DWLS": "diagonal"}


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

    @cached_property
    def in_batches(self) -> bool:
        """Whether samples are fitted many at once, from nothing but means and covariances."""
        # Moments of pairs of answers are not those of a matrix of answers.
        gaps = any(one.data is not None and np.isnan(one.data.sum()) for one in self.samples)
        return self.options.discrepancy == "ML" and not self.restricted and not gaps

    @cached_property
    def sampled(self) -> tuple[Cells, ...]:
        """For every group the fixed cells whose values are moments of the sample."""
        return tuple(
            own.cells.take(
                np.flatnonzero([self.spec.parameters[row].from_sample for row in own.rows])
            )
            for own in self.layout.groups
        )

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
            partial(self.samples_of, moments, b) for b in range(len(moments[0].cov))
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

    def with_covariances(
        self, rows: Iterable[Sequence[tuple[Index, Index | None]]]
    ) -> tuple[Refits, Array]:
        """Fit samples of rows as :meth:`from_rows` does, with the estimator's standard errors.

        Returns
        -------
        refits : Refits
        covariances : ndarray of shape (B, q, q)
            Of the estimates, NaN where a sample gave none.
        """
        makers = [partial(self._with_rows, own, "full") for own in rows]
        found = [self._fitted(make) for make in makers]
        covariances = [one.covariance(self) for one in found]
        return _together(found), np.array(covariances)

    def from_rows(self, rows: Iterable[Sequence[tuple[Index, Index | None]]]) -> Refits:
        """Fit samples of rows of the fit's own samples, one after the other.

        Parameters
        ----------
        rows : iterable of (rows, clusters) for every group
            The rows of each sample, and their clusters, or None.
        """
        return self._one_by_one(partial(self._with_rows, own, self._asymptotic) for own in rows)

    def standard_errors(self, theta: Array, moments: Sequence[Moments]) -> Array:
        """Return the standard errors (B x q) of estimates, as :meth:`covariances` does."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diagonal(self.covariances(theta, moments), axis1=1, axis2=2))

    def covariances(self, theta: Array, moments: Sequence[Moments]) -> Array:
        """Return the covariance matrices (B x q x q) of estimates, for fits in batches.

        From expected or observed information, as the fit takes it; NaN where `theta` is.

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
        found = np.full((*theta.shape, theta.shape[1]), np.nan)
        n = self.n_total(part.n_obs for part in moments)
        for rows in self._chunks(known, self._hessian_bytes):
            objective = self._objective(moments, rows)
            _, state = objective.at(self.device.asarray(theta[rows]))
            expected = self.options.information == "expected"
            h = objective.expected(state) if expected else objective.exact(state)
            found[rows] = 2.0 / n * _inverses(self.device.numpy(h))
        return found

    def _batched(self, moments: Sequence[Moments]) -> Refits:
        size, q = len(moments[0].cov), len(self.start)
        found = Refits(
            np.full((size, q), np.nan),
            np.full(size, np.nan),
            np.full(size, NO_MOMENTS, np.intp),
            self._sampled_moments(moments),
        )
        n = self.n_total(part.n_obs for part in moments)
        for rows in self._chunks(np.arange(size), self._state_bytes):
            objective = self._objective(moments, rows)
            usable_rows = np.flatnonzero(objective.good)
            if len(usable_rows) < len(rows):
                objective = objective.some(self.device.asarray(usable_rows))
            own = rows[usable_rows]
            start = np.tile(self.start, (len(own), 1))
            optimum = minimise_batch(objective, start, self.hessian, n)
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
            cov = part.cov[rows] * self._divisor(part.n_obs)
            mean = np.zeros(cov.shape[:2]) if part.mean is None else part.mean[rows]
            each.append((cov, mean))
        return batched_objective(tuple(groups), each)

    @cached_property
    def _groups(self) -> tuple[BatchedGroup, ...]:
        """The groups laid out for batches."""
        return tuple(
            batched_group(model, sampled, 1.0, self.device)
            for model, sampled in zip(self.models, self.sampled, strict=True)
        )

    def _sampled_moments(self, moments: Sequence[Moments]) -> Array:
        """Return what the model takes over from every sample (B x k)."""
        parts = [np.empty((len(moments[0].cov), 0))]
        for cells, part in zip(self.sampled, moments, strict=True):
            if not len(cells):
                continue
            cov = part.cov[:, cells.row, cells.other] * self._divisor(part.n_obs)
            mean = cov if part.mean is None else part.mean[:, cells.row]
            parts.append(np.where(cells.kind == INTERCEPT, mean, cov))
        return np.hstack(parts)

    def _divisor(self, n: float) -> float:
        """Return what covariances with divisor n are multiplied with for the estimator."""
        return n / (n - 1.0) if self.options.unbiased else 1.0

    def _one_by_one(self, makers: Iterable[Callable[[], tuple[SampleMoments, ...]]]) -> Refits:
        return _together([self._fitted(make) for make in makers])

    def _fitted(self, make: Callable[[], tuple[SampleMoments, ...]]) -> _Refit:
        """Fit one sample."""
        with warnings.catch_warnings():
            # What is unusual about a sample is counted in its code.
            warnings.simplefilter("ignore")
            try:
                samples = make()
                objective = objective_of(self.spec, self.layout, samples, self.options)
            except DataError:
                return self._nothing(NO_MOMENTS)
            return self._minimum(objective, samples)

    def _nothing(self, code: int) -> _Refit:
        n_sampled = sum(len(cells) for cells in self.sampled)
        return _Refit(np.full(len(self.start), np.nan), np.nan, code, np.full(n_sampled, np.nan))

    def _minimum(self, objective: Objective, samples: tuple[SampleMoments, ...]) -> _Refit:
        unitless = Unitless(objective)
        jacobian = np.empty((0, len(self.start)))
        if not self.restricted:
            found = unitless.measured(minimise(unitless, self.start, MAX_STEPS))
        else:
            variances = [fitted_cov(sample, self.options).diagonal() for sample in samples]
            restrictions = restrictions_of(
                self.spec, self.layout.places, bounds=self.options.bounds, variances=variances
            )
            numbers = restrictions.numbers
            found = held = unitless.measured(
                minimise_constrained(unitless, self.start, numbers, MAX_STEPS)
            )
            if found.code == "converged" and found.at is not None:
                jacobian = held_by(restrictions, held).jacobian
        if found.code != "converged" or found.at is None:
            return self._nothing(NOT_CONVERGED)
        parts = [
            np.where(cells.kind == INTERCEPT, block.model.m0[cells.row], s0)
            for cells, block in zip(self.sampled, objective.blocks, strict=True)
            for s0 in [block.model.s0[cells.row, cells.other]]
        ]
        return _Refit(
            found.theta,
            found.at.f,
            CONVERGED,
            np.concatenate(parts),
            (objective, found, samples, jacobian),
        )

    def covariance_of(
        self,
        objective: Objective,
        optimum: Optimum,
        samples: tuple[SampleMoments, ...],
        jacobian: Array,
    ) -> Array:
        """Return the covariance matrix of one sample's estimates, as the fit computes its own."""
        n = self.n_total(sample.total for sample in samples)
        options = self.options
        if options.se == "standard" and options.information == "expected" and options.is_likelihood:
            return parameter_covariance(optimum.hessian, n, jacobian)[0]
        basis = null_basis(jacobian, optimum.hessian) if len(jacobian) else None
        fixed = fixed_covariates(self.spec, self.layout)
        saturated = saturated_evidence(samples)
        return Inference(objective, optimum.at, samples, options, n, fixed, basis, saturated).vcov()

    def samples_of(self, moments: Sequence[Moments], b: int) -> tuple[SampleMoments, ...]:
        """Return one of many samples of which the moments are known, a group each.

        Raises
        ------
        DataError
            Where its covariance matrix is not positive definite.
        """
        result = []
        for sample, part in zip(self.samples, moments, strict=True):
            check_positive_definite(part.cov[b], sample.names, "a sample")
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

    def _with_rows(
        self, own: Sequence[tuple[Index, Index | None]], asymptotic: Asymptotic
    ) -> tuple[SampleMoments, ...]:
        return tuple(
            resampled(sample, rows, asymptotic=asymptotic, cluster=cluster)
            for sample, (rows, cluster) in zip(self.samples, own, strict=True)
        )

    @property
    def _asymptotic(self) -> Asymptotic:
        return ASYMPTOTIC.get(self.options.discrepancy, "none")


@dataclass(frozen=True, eq=False)
class _Refit:
    """One sample's fit, with what its covariance matrix is made of."""

    theta: Array
    f: float
    code: int
    sampled: Array
    evidence: tuple[Objective, Optimum, tuple[SampleMoments, ...], Array] | None = None

    def covariance(self, refitter: Refitter) -> Array:
        """Return the covariance matrix of the estimates; NaN where there are none."""
        if self.evidence is None:
            return np.full((len(self.theta), len(self.theta)), np.nan)
        return refitter.covariance_of(*self.evidence)


def _together(found: Sequence[_Refit]) -> Refits:
    return Refits(
        np.array([one.theta for one in found]),
        np.array([one.f for one in found]),
        np.array([one.code for one in found], dtype=np.intp),
        np.array([one.sampled for one in found]),
    )


def _inverses(matrices: Array) -> Array:
    """Return the inverses of symmetric matrices; NaN where one is singular."""
    scale = np.sqrt(np.abs(np.diagonal(matrices, axis1=1, axis2=2)))
    outer = scale[:, :, None] * scale[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = matrices / outer
        try:
            inverse = np.linalg.inv(unit)
        except np.linalg.LinAlgError:
            inverse = np.stack([_inverse(one) for one in unit])
        result: Array = inverse / outer
    return result


def _inverse(matrix: Array) -> Array:
    try:
        return np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
