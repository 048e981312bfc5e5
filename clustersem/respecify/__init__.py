"""A fit into better models, with the evidence for every step and its price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.later import later
from clustersem.respecify.entry_point import respecify

if TYPE_CHECKING:
    from clustersem.respecify.policy import GivenStep, RespecificationPolicy
    from clustersem.respecify.result import Respecification, Step

__all__ = ["GivenStep", "Respecification", "RespecificationPolicy", "Step", "respecify"]

__getattr__ = later(
    __name__,
    {
        "GivenStep": "clustersem.respecify.policy",
        "Respecification": "clustersem.respecify.result",
        "RespecificationPolicy": "clustersem.respecify.policy",
        "Step": "clustersem.respecify.result",
    },
)
