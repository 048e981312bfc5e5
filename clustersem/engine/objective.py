"""What the optimiser minimises: the discrepancies of all groups over one parameter vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from clustersem.engine.discrepancy import Discrepancy, Evaluation
from clustersem.engine.ram import Array, Cells, Ram


@dataclass(frozen=True)
class Block:
    """One group: its structure, its discrepancy and its share n_g / n of the observations."""

    model: Ram
    discrepancy: Discrepancy
    share: float = 1.0


@dataclass(frozen=True)
class State:
    """The objective at one theta: its value and every group's evaluation."""

    f: float
    groups: tuple[Evaluation, ...]


@dataclass(frozen=True)
class Objective:
    """F = sum of share_g F_g.

    Attributes
    ----------
    blocks : tuple of Block
        The groups. All models have the same theta.
    unit : float
        What F is measured in; 1 where it is a pure number.
    """

    blocks: tuple[Block, ...]
    unit: float = 1.0

    @property
    def n_free(self) -> int:
        """Length q of theta."""
        return self.blocks[0].model.n_free

    @cached_property
    def n_terms(self) -> int:
        """Number of observed variables: F is a sum of terms of that order."""
        return max(block.model.n_observed for block in self.blocks)

    def at(self, theta: Array) -> State | None:
        """Return F at theta, or None where it is not defined in some group."""
        groups = []
        f = 0.0
        for block in self.blocks:
            here = block.discrepancy.at(block.model, theta)
            if here is None:
                return None
            groups.append(here)
            f += block.share * here.f
        return State(f, tuple(groups))

    def gradient(self, state: State) -> Array:
        """Return dF / dtheta (q)."""
        return self._sum(
            state,
            lambda block, at: block.model.by_theta(
                block.discrepancy.gradient(at, block.model.cells)
            ),
        )

    def expected(self, state: State) -> Array:
        """Return the expected Hessian of F (q x q); times N/2 it is the expected information."""
        return self._sum(
            state,
            lambda block, at: block.model.hessian_by_theta(
                block.discrepancy.expected(at, block.model.cells, block.model.cells)
            ),
        )

    def exact(self, state: State) -> Array:
        """Return the exact Hessian of F (q x q); times N/2 it is the observed information."""
        return self._sum(
            state,
            lambda block, at: block.model.hessian_by_theta(
                block.discrepancy.exact(at, block.model.cells)
            ),
        )

    def _sum(
        self,
        state: State,
        by_theta: Callable[[Block, Evaluation], Array],
    ) -> Array:
        total: Array | None = None
        for block, at in zip(self.blocks, state.groups, strict=True):
            part = by_theta(block, at)
            if block.share != 1.0:
                part = block.share * part
            total = part if total is None else total + part
        assert total is not None
        return total

    def cross(self, state: State, group: int, candidates: Cells) -> Array:
        """Return the expected Hessian of F between theta and any cells of one group (q x cells)."""
        block = self.blocks[group]
        part = block.discrepancy.expected(state.groups[group], block.model.cells, candidates)
        return block.share * block.model.by_theta(part.T).T
