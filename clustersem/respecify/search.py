"""From a space to the model that its policy leads to."""

from __future__ import annotations

from collections.abc import Callable

from clustersem.respecify import sets, stepwise
from clustersem.respecify.space import ModelSpace
from clustersem.respecify.trail import Trail

STRATEGIES: dict[str, Callable[[ModelSpace], Trail]] = {
    "forward": stepwise.forward,
    "stepwise": stepwise.stepwise,
    "backward": stepwise.backward,
    "exhaustive": sets.exhaustive,
    "beam": sets.beam,
    "tabu": sets.tabu,
    "best_subset": sets.best_subset,
}


def search(space: ModelSpace) -> Trail:
    """Make the given steps, or look for a model as the policy says, on the data of a space."""
    if space.policy.given:
        return stepwise.given(space)
    return STRATEGIES[space.policy.search](space)
