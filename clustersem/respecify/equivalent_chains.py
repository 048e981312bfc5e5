"""Chains of replacements: which models are a few steps away, each of them once."""

from __future__ import annotations

from clustersem.respecify.equivalent_graph import Graph, replacements
from clustersem.spec.entries import Key

#: What of a model was replaced: for every pair of variables its new edges.
Changes = frozenset[tuple[frozenset[str], frozenset[Key]]]


def chains(start: Graph, depth: int) -> tuple[Graph, ...]:
    """Return the models that up to `depth` replacements lead to, the nearest first.

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
    seen = {start}
    reached: set[Changes] = set()
    found: list[Graph] = []
    frontier = [start]
    for _ in range(depth):
        level: list[Graph] = []
        for graph in frontier:
            for after in replacements(graph):
                if after not in seen:
                    seen.add(after)
                    level.append(after)
        changed = {graph: changes_of(start, graph) for graph in level}
        for graph in sorted(level, key=lambda each: (len(changed[each]), _steady(changed[each]))):
            if not _falls_apart(changed[graph], reached):
                found.append(graph)
            reached.add(changed[graph])
        frontier = level
    return tuple(found)


def changes_of(before: Graph, after: Graph) -> Changes:
    """Return what was replaced, pair by pair."""
    pairs = {frozenset((lhs, rhs)) for lhs, _, rhs in before.edges ^ after.edges}
    return frozenset(
        (pair, frozenset(edge for edge in after.edges if {edge[0], edge[2]} == pair))
        for pair in pairs
    )


def in_order(edges: frozenset[Key]) -> tuple[Key, ...]:
    """Return edges in an order that does not depend on hashing."""
    return tuple(sorted(edges))


def _falls_apart(changes: Changes, reached: set[Changes]) -> bool:
    return any(part < changes and changes - part in reached for part in reached)


def _steady(changes: Changes) -> list[tuple[list[str], list[Key]]]:
    return sorted((sorted(pair), sorted(edges)) for pair, edges in changes)
