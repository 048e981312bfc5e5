"""Chains of replacements: which models are a few steps away, each of them once."""

from __future__ import annotations

from itertools import combinations

from clustersem.respecify.equivalent_graph import Graph, replacements
from clustersem.spec.entries import Key

#: What of a model was replaced: for every pair of variables its new edges.
Changes = frozenset[tuple[frozenset[str], frozenset[Key]]]


def chains(start: Graph, depth: int) -> tuple[Graph, ...]:
    """Return the models that up to `depth` replacements lead to, with few changes first.

    A model found in two orders is one. One whose changes are two others' changes side by side is
    left out: it would say nothing that these do not, and there are as many as there are subsets.

    Parameters
    ----------
    start : Graph
        The model.
    depth : int
        The most replacements in a row, at least 1.

    Returns
    -------
    tuple of Graph
        Without `start`.
    """
    reached: dict[Graph, Changes] = {start: frozenset()}
    frontier = [start]
    for _ in range(depth):
        level: list[Graph] = []
        for graph in frontier:
            for after in replacements(graph):
                if after not in reached:
                    reached[after] = changes_of(start, after)
                    level.append(after)
        frontier = level
    del reached[start]
    all_changes = frozenset(reached.values())
    found = [graph for graph, own in reached.items() if not _falls_apart(own, all_changes)]
    return tuple(sorted(found, key=lambda graph: _order(reached[graph])))


def changes_of(before: Graph, after: Graph) -> Changes:
    """Return what was replaced, pair by pair."""
    pairs = {frozenset(pair) for pair in before.arrows ^ after.arrows}
    pairs |= {frozenset(pair) for pair in before.arcs ^ after.arcs}
    return frozenset((pair, after.between(*pair)) for pair in pairs)


def _falls_apart(changes: Changes, all_changes: frozenset[Changes]) -> bool:
    """Whether two other models' changes side by side are the same."""
    sizes = range(1, len(changes) // 2 + 1)
    parts = (frozenset(part) for size in sizes for part in combinations(changes, size))
    return any(part in all_changes and changes - part in all_changes for part in parts)


def _order(changes: Changes) -> tuple[int, list[tuple[list[str], list[Key]]]]:
    """Return few replacements first, and what does not depend on hashing."""
    return len(changes), sorted((sorted(pair), sorted(edges)) for pair, edges in changes)
