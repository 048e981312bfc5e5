"""Searches that compare whole models: every set of allowed parameters, or the most promising.

References
----------
Marcoulides, G. A., Drezner, Z., & Schumacker, R. E. (1998). Model specification searches in
structural equation modeling using tabu search. Structural Equation Modeling, 5, 365-376.
doi:10.1080/10705519809540112
Marcoulides, K. M., & Falk, C. F. (2018). Model specification searches in structural equation
modeling with R. Structural Equation Modeling, 25, 484-491. doi:10.1080/10705511.2017.1409074
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from clustersem.errors import ModelError
from clustersem.respecify.criteria import Criterion, criterion_of
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.space import NOTHING, Freed, ModelSpace
from clustersem.respecify.stepwise import nothing_left
from clustersem.respecify.trail import Trail, Walk
from clustersem.respecify.trial import local_minimum, newly_improper

# A move is not taken back for so many steps of a tabu search, unless that gives the best model yet.
TENURE = 7
# A tabu search ends after so many steps without a better model.
PATIENCE = 10


def exhaustive(space: ModelSpace) -> Trail:
    """Compare every set of allowed parameters.

    Raises
    ------
    ModelError
        Where there are more of them than ``policy.max_models``.
    """
    n = n_sets(space)
    if n > space.policy.max_models:
        raise ModelError(
            f"{len(space.allowed)} allowed parameters make {n:,} models, more than max_models ="
            f" {space.policy.max_models:,}. Write search='best_subset' or 'beam', which look at the"
            " promising ones; or allow fewer, name a max_steps, or raise max_models."
        )
    seen = _Seen(space)
    keys = [key_of(row) for row in space.allowed]
    for size in range(_largest(space) + 1):
        for rows in combinations(keys, size):
            seen.score(frozenset(rows))
    return _ended(seen, f"All {len(seen.scores):,} sets of allowed parameters were compared")


def beam(space: ModelSpace) -> Trail:
    """Go on from the best few sets of each size, while the best one gets better."""
    seen, breadth = _Seen(space), space.policy.breadth
    seen.score(NOTHING)
    level: list[Freed] = [NOTHING]
    for _ in range(_largest(space)):
        if len(seen.scores) >= space.policy.max_models:
            break
        before = seen.scores[seen.best]
        larger = {rows | {key} for rows in level for key in _promising(space, rows)}
        ranked = sorted(larger, key=lambda rows: (seen.score(rows), space.ordered(rows)))
        level = [rows for rows in ranked if math.isfinite(seen.scores[rows])][:breadth]
        if not level or not seen.scores[seen.best] < before:
            break
    return _ended(
        seen, f"{len(seen.scores):,} models were compared, the {breadth} best of each size"
    )


def tabu(space: ModelSpace) -> Trail:
    """Go from set to neighbouring set, to the best one that is not tabu, better or not."""
    seen = _Seen(space)
    here, since = NOTHING, 0
    seen.score(here)
    until: dict[Row, int] = {}
    for step in range(space.policy.max_models):
        if since >= PATIENCE or len(seen.scores) >= space.policy.max_models:
            break
        moves = [*_promising(space, here), *sorted(here)]
        if len(here) >= _largest(space):
            moves = [key for key in moves if key in here]
        before = seen.scores[seen.best]
        ranked = [
            (seen.score(here ^ {key}), number, key)
            for number, key in enumerate(moves)
            if until.get(key, 0) <= step or seen.score(here ^ {key}) < before
        ]
        if not ranked or not math.isfinite(min(ranked)[0]):
            break
        _, _, key = min(ranked)
        here, until[key] = here ^ {key}, step + 1 + TENURE
        since = 0 if seen.scores[seen.best] < before else since + 1
    return _ended(seen, f"{len(seen.scores):,} models were compared by tabu search")


def best_subset(space: ModelSpace) -> Trail:
    """Compare every set where there are few enough, and search among them where there are not."""
    return (exhaustive if n_sets(space) <= space.policy.max_models else tabu)(space)


def n_sets(space: ModelSpace) -> int:
    """Return how many sets of allowed parameters there are, none larger than ``max_steps``."""
    return sum(math.comb(len(space.allowed), size) for size in range(_largest(space) + 1))


class _Seen:
    """The models that were compared, each once, with the best of them."""

    def __init__(self, space: ModelSpace) -> None:
        self.space = space
        self.criterion: Criterion = criterion_of(space)
        self.scores: dict[Freed, float] = {}
        self.best: Freed = NOTHING

    def score(self, rows: Freed) -> float:
        """Return a model's criterion; infinite where it cannot be fitted or is not admissible."""
        known = self.scores.get(rows)
        if known is not None:
            return known
        score = self.criterion(rows) if self._is_sound(rows) else math.inf
        self.scores[rows] = score
        if self.best not in self.scores or score < self.scores[self.best]:
            self.best = rows
        return score

    def _is_sound(self, rows: Freed) -> bool:
        space = self.space
        trial = space.trial(rows)
        if trial.fit is None or local_minimum(space.initial, trial.fit):
            return False
        keep = space.policy.keeps_inadmissible(given=False)
        return keep or not newly_improper(space.trial(NOTHING), trial)


def _largest(space: ModelSpace) -> int:
    most = space.policy.max_steps
    return len(space.allowed) if most is None else min(most, len(space.allowed))


def _promising(space: ModelSpace, rows: Freed) -> list[Row]:
    """Return the parameters with a model's largest indices, as many as the policy's breadth."""
    fit = space.trial(rows).fit
    if fit is None:
        return []
    mi = space.indices(fit).mi
    order = [i for i in np.argsort(-mi, kind="stable") if np.isfinite(mi[i])]
    return [key_of(space.allowed[i]) for i in order[: space.policy.breadth]]


def _ended(seen: _Seen, how: str) -> Trail:
    """Go to the best model step by step, the largest index among its parameters first."""
    space, policy = seen.space, seen.space.policy
    walk = Walk(space)
    while walk.model != seen.best:
        mi = dict(zip(map(key_of, space.allowed), space.indices(walk.fit).mi, strict=True))
        left = sorted(map(key_of, space.ordered(seen.best - walk.model)), key=lambda key: -mi[key])
        # On the way to a model that can be fitted may lie one that cannot.
        ways = [key for key in left if space.trial(walk.model | {key}).fit is not None]
        walk.pass_to(ways[:1] or left)
    if not space.allowed:
        return walk.ended(nothing_left(walk), seen.scores)
    failed = sum(math.isinf(score) for score in seen.scores.values())
    lost = f"; {failed} of them cannot be fitted or are not admissible" if failed else ""
    best = "the initial model" if not seen.best else "this one"
    return walk.ended(
        f"{how} by {policy.judge.upper()}{lost}; {best} has the smallest.", seen.scores
    )
