"""What changes of the gradient tell of a Hessian: limited-memory BFGS for many problems.

References
----------
Nocedal, J. (1980). Updating quasi-Newton matrices with limited storage. Mathematics of
Computation, 35, 773-782. doi:10.1090/S0025-5718-1980-0572855-7
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from clustersem.engine.arrays import Batch, Device, Index, Namespace

# Pairs that are remembered.
MEMORY = 16
# A pair whose curvature is below this share of its lengths' product is rounding.
FLAT = 1e-10


@dataclass(frozen=True, eq=False)
class Pair:
    """A step, the change of the gradient along it, and one over their product; 0 for no pair."""

    s: Batch
    y: Batch
    rho: Batch

    def some(self, xp: Namespace, which: Batch) -> Pair:
        """Return the pairs of some problems."""
        return Pair(*(xp.take(part, which, axis=0) for part in (self.s, self.y, self.rho)))

    def without(self, device: Device, places: Index) -> Pair:
        """Return the pairs, with none for some problems."""
        kept = np.ones(self.rho.shape[0])
        kept[places] = 0.0
        return Pair(self.s, self.y, self.rho * device.asarray(kept))


def remembered(xp: Namespace, pairs: Sequence[Pair], s: Batch, y: Batch, good: Batch) -> list[Pair]:
    """Return the pairs with one more; it is none where a step was refused or shows no curvature."""
    sy = xp.sum(s * y, axis=1)
    size = xp.sqrt(xp.sum(s * s, axis=1) * xp.sum(y * y, axis=1))
    used = good & (sy > FLAT * size)
    rho = xp.where(used, 1.0 / xp.where(used, sy, xp.ones_like(sy)), xp.zeros_like(sy))
    # What is no pair may be infinite, and is not to be multiplied with.
    nothing = xp.zeros_like(s)
    own = Pair(xp.where(used[:, None], s, nothing), xp.where(used[:, None], y, nothing), rho)
    return [*pairs[1 - MEMORY :], own]


def times_inverse(
    xp: Namespace, g: Batch, pairs: Sequence[Pair], inverse: Callable[[Batch], Batch]
) -> Batch:
    """Return H^-1 g, H^-1 being what the pairs make of an inverse that is known."""
    alphas = []
    for pair in reversed(pairs):
        alpha = pair.rho * xp.sum(pair.s * g, axis=1)
        g = g - alpha[:, None] * pair.y
        alphas.append(alpha)
    g = inverse(g)
    for pair, alpha in zip(pairs, reversed(alphas), strict=True):
        beta = pair.rho * xp.sum(pair.y * g, axis=1)
        g = g + (alpha - beta)[:, None] * pair.s
    return g
