"""Batches of problems on any array library, and the same problems one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Device, device_of
from clustersem.engine.batched_objective import BatchedObjective, batched_group, batched_objective
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.objective import Block, Objective
from clustersem.engine.ram import Cells, Ram
from helpers.random_ram import random_ram, random_sample, sample_at

NO_CELLS = Cells(*(np.empty(0, np.intp) for _ in range(3)), 0)


@dataclass(frozen=True)
class Batch:
    """The same problems together and one at a time, and where to look at them."""

    together: BatchedObjective
    alone: tuple[Objective, ...]
    theta: np.ndarray

    @property
    def device(self) -> Device:
        return self.together.device

    def values(self, name: str) -> np.ndarray:
        """Return F ("f"), "gradient", "expected" or "exact" of the batch."""
        f, state = self.together.at(self.device.asarray(self.theta))
        found = f if name == "f" else getattr(self.together, name)(state)
        return self.device.numpy(found)

    def values_alone(self, name: str) -> np.ndarray:
        """Return the same of every problem on its own."""
        found = []
        for problem, theta in zip(self.alone, self.theta, strict=True):
            state = problem.at(theta)
            assert state is not None
            found.append(state.f if name == "f" else getattr(problem, name)(state))
        return np.array(found)

    def at(self, theta: np.ndarray, problem: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return F and gradients of one problem at many theta, as one batch."""
        places = self.device.asarray(np.full(len(theta), problem))
        problems = self.together.some(places)
        f, state = problems.at(self.device.asarray(theta))
        return self.device.numpy(f), self.device.numpy(problems.gradient(state))


def shuffled(model: Ram, seed: int) -> Ram:
    """Return the structure with its cells in random order, as users write rows."""
    order = np.random.default_rng(seed).permutation(len(model.cells))
    fields = {name: getattr(model, name) for name in ("a0", "s0", "m0", "has_means")}
    cells, parameter = model.cells.take(order), model.parameter[order]
    return Ram(model.n_observed, model.n_free, cells, parameter, **fields)


def random_batch(
    seed: int, *, means: bool, library: str, size: int = 3, groups: int = 1, near: bool = False
) -> Batch:
    """Return problems of random structures; several groups share one structure's parameters.

    `near` samples are what the structure implies near its theta; others fit no model.
    """
    model, theta = random_ram(seed, means=means)
    models = [shuffled(model, seed + number) for number in range(groups)]
    shares = np.arange(1.0, groups + 1.0)
    shares /= shares.sum()
    samples = [
        [random_sample(100 * seed + 10 * number + b, model.n_observed) for number in range(groups)]
        for b in range(size)
    ]
    if near:
        rng = np.random.default_rng(seed + 1)
        samples = [
            [sample_at(own, theta + 0.05 * rng.standard_normal(len(theta))) for own in models]
            for _ in range(size)
        ]
    noise = 0.01 * np.random.default_rng(seed).standard_normal((size, model.n_free))
    return batch_of(models, [NO_CELLS] * groups, shares, samples, theta + noise, library)


def batch_of(
    models: Sequence[Ram],
    sampled: Sequence[Cells],
    shares: Sequence[float],
    samples: Sequence[Sequence[MaximumLikelihood]],
    theta: np.ndarray,
    library: str,
) -> Batch:
    """Return problems of these structures, given the samples (one a group) of each problem."""
    device = device_of(library)
    laid_out = tuple(
        batched_group(model, cells, share, device)
        for model, cells, share in zip(models, sampled, shares, strict=True)
    )
    moments = [
        (np.array([own.cov for own in each]), np.array([own.mean for own in each]))
        for each in zip(*samples, strict=True)
    ]
    alone = tuple(
        Objective(
            tuple(
                Block(model, sample, share)
                for model, sample, share in zip(models, own, shares, strict=True)
            )
        )
        for own in samples
    )
    return Batch(batched_objective(laid_out, moments), alone, theta)


def largest_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference, relative to the largest number."""
    assert one.shape == other.shape
    return float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))


def check_against_one(batch: Batch) -> None:
    """Assert that a batch gives what its problems give alone."""
    for name in ("f", "gradient", "expected", "exact"):
        # The same sums in another order: rounding, times the condition of Sigma.
        assert largest_difference(batch.values(name), batch.values_alone(name)) < 1e-11, name


def check_differences(batch: Batch) -> None:
    """Assert that gradients and exact Hessians are those of central differences."""
    theta, step = batch.theta[0], 1e-5
    steps = step * np.eye(len(theta))
    above, below = batch.at(theta + steps), batch.at(theta - steps)
    of_f, of_gradient = ((high - low) / (2 * step) for high, low in zip(above, below, strict=True))
    # Rounding of F, 1e-15 or so, over the step, and its square times third derivatives.
    np.testing.assert_allclose(batch.values("gradient")[0], of_f, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(batch.values("exact")[0], of_gradient, rtol=1e-5, atol=1e-6)
