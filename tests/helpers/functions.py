"""Small functions for the batched optimiser, with known minima."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersem.engine.arrays import Device


@dataclass(frozen=True)
class Functions:
    """Functions of two parameters with targets: f(x, y, target); one problem a target."""

    targets: Any
    value: Callable[..., Any]
    slope: Callable[..., Any]
    curvature: Callable[..., Any]
    bowl: Callable[..., Any]
    device: Device
    n_terms: int = 1

    def some(self, which: Any) -> Functions:
        """Return some of the problems."""
        fields = {name: getattr(self, name) for name in ("value", "slope", "curvature", "bowl")}
        return Functions(self.xp.take(self.targets, which, axis=0), **fields, device=self.device)

    @property
    def xp(self) -> Any:
        """The array library."""
        return self.device.xp

    def at(self, theta: Any) -> tuple[Any, State]:
        """Return values."""
        x, y = theta[:, 0], theta[:, 1]
        return self.value(self.xp, x, y, self.targets), State(self.xp, x, y, self.targets)

    def gradient(self, state: State) -> Any:
        """Return gradients."""
        return self.xp.stack(self.slope(*state.parts), axis=1)

    def exact(self, state: State) -> Any:
        """Return Hessians."""
        return self._matrices(self.curvature(*state.parts))

    def expected(self, state: State) -> Any:
        """Return Hessians that are never indefinite."""
        return self._matrices(self.bowl(*state.parts))

    def _matrices(self, entries: tuple[Any, Any, Any]) -> Any:
        xx, xy, yy = entries
        rows = [self.xp.stack([xx, xy], axis=1), self.xp.stack([xy, yy], axis=1)]
        return self.xp.stack(rows, axis=1)


@dataclass(frozen=True)
class State:
    """Where functions were evaluated."""

    xp: Any
    x: Any
    y: Any
    target: Any

    @property
    def parts(self) -> tuple[Any, ...]:
        return self.xp, self.x, self.y, self.target

    def some(self, which: Any) -> State:
        """Return the state of some of the problems."""
        take = self.xp.take
        return State(self.xp, *(take(part, which, axis=0) for part in self.parts[1:]))


def two_wells(targets: np.ndarray, device: Device) -> Functions:
    """Return (x^2 - t)^2 / 4 + y^2 / 2: minima at x = +-sqrt(t), a saddle at 0."""
    return Functions(
        device.asarray(targets),
        value=lambda xp, x, y, t: (x**2 - t) ** 2 / 4 + y**2 / 2,
        slope=lambda xp, x, y, t: [x * (x**2 - t), y],
        curvature=lambda xp, x, y, t: (3 * x**2 - t, xp.zeros_like(x), xp.ones_like(x)),
        bowl=lambda xp, x, y, t: (2 * x**2 + t, xp.zeros_like(x), xp.ones_like(x)),
        device=device,
    )


def running_away(targets: np.ndarray, device: Device) -> Functions:
    """Return (x - t)^2 / 2 + y^2 / 2 where t > 0, else exp(x) + y^2 / 2: it has no minimum."""

    def either(xp: Any, t: Any, one: Any, other: Any) -> Any:
        return xp.where(t > 0, one, other)

    def curvature(xp: Any, x: Any, y: Any, t: Any) -> tuple[Any, Any, Any]:
        return either(xp, t, xp.ones_like(x), xp.exp(x)), xp.zeros_like(x), xp.ones_like(x)

    return Functions(
        device.asarray(targets),
        value=lambda xp, x, y, t: either(xp, t, (x - t) ** 2 / 2, xp.exp(x)) + y**2 / 2,
        slope=lambda xp, x, y, t: [either(xp, t, x - t, xp.exp(x)), y],
        curvature=curvature,
        bowl=curvature,
        device=device,
    )


def flat(targets: np.ndarray, device: Device) -> Functions:
    """Return (x - t)^2 / 2 + y^2 / 2 where t > 0, and y^2 / 2, which says nothing of x."""

    def weight(xp: Any, t: Any) -> Any:
        return xp.where(t > 0, xp.ones_like(t), xp.zeros_like(t))

    def curvature(xp: Any, x: Any, y: Any, t: Any) -> tuple[Any, Any, Any]:
        return weight(xp, t), xp.zeros_like(x), xp.ones_like(x)

    return Functions(
        device.asarray(targets),
        value=lambda xp, x, y, t: weight(xp, t) * (x - t) ** 2 / 2 + y**2 / 2,
        slope=lambda xp, x, y, t: [weight(xp, t) * (x - t), y],
        curvature=curvature,
        bowl=curvature,
        device=device,
    )
