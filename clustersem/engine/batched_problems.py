"""What the batched optimiser can minimise."""

from __future__ import annotations

from typing import Any, Protocol

from clustersem.engine.arrays import Batch, Device


class Problems(Protocol):
    """Many functions of q parameters, evaluated together.

    `state` is what :meth:`at` returned; its ``some(which)`` are the states of some problems.
    """

    @property
    def device(self) -> Device:
        """Where their arrays live."""

    @property
    def n_terms(self) -> int:
        """F is a sum of so many terms of order one: its rounding error goes with it."""

    def some(self, which: Batch) -> Problems:
        """Return some of the problems, by their places."""

    def at(self, theta: Batch) -> tuple[Batch, Any]:
        """Return F at theta (B x q), infinite where it is not defined, and the state there."""

    def gradient(self, state: Any) -> Batch:  # noqa: ANN401
        """Return dF / dtheta (B x q)."""

    def expected(self, state: Any) -> Batch:  # noqa: ANN401
        """Return Hessians (B x q x q) that are never indefinite."""

    def exact(self, state: Any) -> Batch:  # noqa: ANN401
        """Return the exact Hessians (B x q x q)."""
