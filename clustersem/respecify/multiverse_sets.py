"""Which sets of modifications a multiverse looks at.

References
----------
Steegen, S., Tuerlinckx, F., Gelman, A., & Vanpaemel, W. (2016). Increasing transparency through a
multiverse analysis. Perspectives on Psychological Science, 11, 702-712.
doi:10.1177/1745691616658637
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from clustersem.engine.ram import Array
from clustersem.resample.streams import stream
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.search import search
from clustersem.respecify.space import NOTHING, Freed, ModelSpace
from clustersem.respecify.stepwise import nothing_left
from clustersem.respecify.trail import Walk

# Sets are listed where there are no more than so many for each one wanted, else drawn until there
# are enough, in so many attempts for each at most.
FEW, ATTEMPTS = 4, 40
# A sample holds sets of up to this many parameters, or as many as the search frees if more.
LEAST_LARGEST = 3
# The weight of parameters without an index, where the policy names no smallest one.
SMALLEST = 1.0


@dataclass(frozen=True)
class Selection:
    """The sets that are looked at.

    Attributes
    ----------
    sets : tuple of frozenset
        By size, then in the order of the model; the first frees nothing.
    way : tuple of frozenset
        From the initial model to the one that the policy leads to, both of them included.
    whole : bool
        Whether they are all sets that the policy allows.
    how : str
        How they were chosen, in sentences.
    """

    sets: tuple[Freed, ...]
    way: tuple[Freed, ...]
    whole: bool
    how: str

    @property
    def final(self) -> Freed:
        """The model that the policy leads to."""
        return self.way[-1]


def selected(space: ModelSpace, most: int, seed: int) -> Selection:
    """Choose the sets of a space: all, or where there are too many a random sample.

    Parameters
    ----------
    space : ModelSpace
        The initial model and what may be freed.
    most : int
        How many sets are wanted at most; the initial model and those on the policy's way are there
        in any case.
    seed : int
        Of the random numbers.
    """
    trail = search(space)
    passed = dict.fromkeys((NOTHING, *(move.after for move in trail.moves)))
    # The model at the end may have been passed before: what was freed may be fixed again.
    way = (*(model for model in passed if model != trail.model), trail.model)
    named: Freed = frozenset().union(*way)
    given = [key for key in sorted(named) if key not in set(map(key_of, space.allowed))]
    everything = [*map(key_of, space.allowed), *given]
    limit = space.policy.max_steps
    n_all = _count(len(everything), _largest(everything, limit))
    if n_all <= most:
        chosen = _all(everything, _largest(everything, limit))
        how = _of_all(space, len(everything), n_all, limit)
        return Selection(_sorted(space, [*chosen, *way]), way, whole=True, how=how)
    mi = dict(zip(map(key_of, space.allowed), space.indices(space.initial).mi, strict=True))
    plausible = [
        key
        for key in everything
        if key in named or mi.get(key, -math.inf) >= space.policy.minimum_mi
    ]
    told = (
        f"The policy allows {len(everything)} parameters, which make {_big(n_all)} models. Looked"
        f" at are those of the {len(plausible)} parameters that have an index of"
        f" {space.policy.minimum_mi:g} or more in the initial model or belong to a model on the"
        " way of the policy"
    )
    n_plausible = _count(len(plausible), _largest(plausible, limit))
    if n_plausible <= most:
        chosen = _all(plausible, _largest(plausible, limit))
        how = f"{told}: all {n_plausible:,} of them."
        return Selection(_sorted(space, [*chosen, *way]), way, whole=False, how=how)
    largest = _largest(plausible, max(LEAST_LARGEST, *map(len, way)) if limit is None else limit)
    least = max(space.policy.minimum_mi, SMALLEST)
    weights = np.array([max(mi.get(key, least), least) for key in plausible])
    chosen = _stratified(plausible, weights, largest, most, stream(seed, 0))
    how = (
        f"{told}: a random sample of sets of up to {largest}, as many of each size as there are or"
        f" as there is room for, those with larger indices the likelier (seed {seed}); and the"
        " models on the way."
    )
    return Selection(_sorted(space, [*chosen, *way]), way, whole=False, how=how)


def _of_all(space: ModelSpace, n: int, n_sets: int, limit: int | None) -> str:
    if not n:
        return f"{nothing_left(Walk(space))} The initial model is the only one."
    named = f"of up to {limit} " if limit is not None and limit < n else ""
    what = "parameter" if n == 1 else "parameters"
    return f"All {n_sets:,} sets {named}of the {n} {what} that the policy allows."


def _largest(keys: Sequence[Row], limit: int | None) -> int:
    return len(keys) if limit is None else min(limit, len(keys))


def _count(n: int, largest: int) -> int:
    return sum(math.comb(n, size) for size in range(largest + 1))


def _big(n: int) -> str:
    return f"{n:,}" if n < 10**7 else f"{n:.1e}".replace("e+", " x 10^").replace("^0", "^")


def _all(keys: Sequence[Row], largest: int) -> list[Freed]:
    return [frozenset(rows) for k in range(largest + 1) for rows in combinations(keys, k)]


def _stratified(
    keys: Sequence[Row], weights: Array, largest: int, most: int, rng: np.random.Generator
) -> list[Freed]:
    """Draw sets without replacement, as many of each size as far as there are so many."""
    sizes = sorted(range(largest + 1), key=lambda size: (math.comb(len(keys), size), size))
    chosen: list[Freed] = []
    for done, size in enumerate(sizes):
        share = (most - len(chosen)) // (len(sizes) - done)
        chosen += _drawn(keys, weights, size, min(share, math.comb(len(keys), size)), rng)
    return chosen


def _drawn(
    keys: Sequence[Row], weights: Array, size: int, wanted: int, rng: np.random.Generator
) -> list[Freed]:
    """Draw sets of a size, their parameters one after the other with chances as their weights."""
    found: dict[Freed, None] = {}
    if math.comb(len(keys), size) > FEW * wanted:
        # Where a few sets have nearly all of the chance, the rest is drawn without weights.
        for attempt in range(ATTEMPTS * wanted):
            p = weights / weights.sum() if attempt < ATTEMPTS * wanted // 2 else None
            places = rng.choice(len(keys), size=size, replace=False, p=p)
            found[frozenset(keys[i] for i in places)] = None
            if len(found) == wanted:
                break
        return list(found)
    every = list(combinations(range(len(keys)), size))
    chance = np.array([np.log(weights[list(places)]).sum() for places in every])
    # The largest of these are a sample with these chances (the Gumbel distribution's way).
    order = np.argsort(-(chance + rng.gumbel(size=len(every))), kind="stable")
    return [frozenset(keys[i] for i in every[place]) for place in order[:wanted]]


def _sorted(space: ModelSpace, sets: Sequence[Freed]) -> tuple[Freed, ...]:
    """Return the sets once each, by size, then in the order of the model."""
    keys = [*map(key_of, space.allowed)]
    keys += [key for key in sorted(frozenset().union(*sets)) if key not in set(keys)]
    place = {key: i for i, key in enumerate(keys)}
    return tuple(
        sorted(dict.fromkeys(sets), key=lambda rows: (len(rows), sorted(place[r] for r in rows)))
    )
