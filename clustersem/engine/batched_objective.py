"""The normal-theory discrepancies of all groups in many samples, as one batch of problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Array, Batch, Device
from clustersem.engine.batched_hessian import HessianPlaces, exact, expected, hessian_places
from clustersem.engine.batched_likelihood import (
    BatchedEvaluation,
    BatchedSamples,
    batched_samples,
    discrepancy,
    gradient,
)
from clustersem.engine.batched_ram import BatchedRam, batched_ram
from clustersem.engine.ram import Cells, Ram


@dataclass(frozen=True, eq=False)
class BatchedGroup:
    """One group laid out: its structure, its Hessians and its share of the observations."""

    ram: BatchedRam
    places: HessianPlaces
    share: float


@dataclass(frozen=True, eq=False)
class BatchedState:
    """All groups at a batch of theta."""

    groups: tuple[BatchedEvaluation, ...]
    device: Device

    def some(self, which: Batch) -> BatchedState:
        """Return the state of some of the problems."""
        xp = self.device.xp
        return BatchedState(tuple(at.some(xp, which) for at in self.groups), self.device)


@dataclass(frozen=True, eq=False)
class BatchedObjective:
    """F = sum of share_g F_g of many samples; what the batched optimiser minimises.

    Attributes
    ----------
    groups : tuple of BatchedGroup
    samples : tuple of BatchedSamples
        The moments of every group.
    """

    groups: tuple[BatchedGroup, ...]
    samples: tuple[BatchedSamples, ...]

    @property
    def device(self) -> Device:
        """Where the arrays live."""
        return self.groups[0].ram.device

    @property
    def n_terms(self) -> int:
        """Number of observed variables: F is a sum of terms of that order."""
        return max(group.ram.model.n_observed for group in self.groups)

    @property
    def good(self) -> np.ndarray:
        """In which samples the covariance matrices of all groups are positive definite."""
        each = [self.device.numpy(samples.good) for samples in self.samples]
        result: np.ndarray = np.logical_and.reduce(each)
        return result

    def some(self, which: Batch) -> BatchedObjective:
        """Return some of the problems, by their places."""
        xp = self.device.xp
        return BatchedObjective(self.groups, tuple(s.some(xp, which) for s in self.samples))

    def at(self, theta: Batch) -> tuple[Batch, BatchedState]:
        """Return F at theta (B x q), infinite where it is not defined, and the state there."""
        each = [
            discrepancy(group.ram, samples, theta)
            for group, samples in zip(self.groups, self.samples, strict=True)
        ]
        f = self._sum([at.f for at in each])
        return f, BatchedState(tuple(each), self.device)

    def gradient(self, state: BatchedState) -> Batch:
        """Return dF / dtheta (B x q)."""
        return self._each(state, lambda group, samples, at: gradient(group.ram, samples, at))

    def expected(self, state: BatchedState) -> Batch:
        """Return the expected Hessians (B x q x q); times N/2 they are the information."""
        return self._each(state, lambda group, _, at: expected(group.ram, group.places, at))

    def exact(self, state: BatchedState) -> Batch:
        """Return the exact Hessians (B x q x q)."""
        return self._each(
            state, lambda group, samples, at: exact(group.ram, group.places, samples, at)
        )

    def _each(
        self,
        state: BatchedState,
        part: Callable[[BatchedGroup, BatchedSamples, BatchedEvaluation], Batch],
    ) -> Batch:
        return self._sum(
            [
                part(group, samples, at)
                for group, samples, at in zip(self.groups, self.samples, state.groups, strict=True)
            ]
        )

    def _sum(self, parts: Sequence[Batch]) -> Batch:
        total = parts[0] if len(parts) == 1 else self.groups[0].share * parts[0]
        for group, part in zip(self.groups[1:], parts[1:], strict=True):
            total = total + group.share * part
        return total


def batched_group(model: Ram, sampled: Cells, share: float, device: Device) -> BatchedGroup:
    """Lay a group out; see :func:`clustersem.engine.batched_ram.batched_ram`."""
    ram = batched_ram(model, sampled, device)
    return BatchedGroup(ram, hessian_places(ram), share)


def batched_objective(
    groups: tuple[BatchedGroup, ...], moments: Sequence[tuple[Array, Array]]
) -> BatchedObjective:
    """Return the objective of many samples.

    Parameters
    ----------
    groups : tuple of BatchedGroup
        The groups.
    moments : sequence of (cov, mean)
        Of every group covariance matrices (B x p x p), in the divisor of the likelihood in use,
        and means (B x p).
    """
    samples = [
        batched_samples(group.ram, cov, mean)
        for group, (cov, mean) in zip(groups, moments, strict=True)
    ]
    return BatchedObjective(groups, tuple(samples))
