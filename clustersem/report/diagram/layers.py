"""In which column each construct stands and in which order: causes left, outcomes right."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from clustersem.report.diagram.graph import Graph, Link


@dataclass(frozen=True)
class Waypoint:
    """Where an arrow that skips columns passes through one of them."""

    link: int
    layer: int


Entry = str | Waypoint


@dataclass(frozen=True)
class Layers:
    """Columns from left to right, each from top to bottom; `above` are the general factors."""

    columns: tuple[tuple[Entry, ...], ...]
    general: tuple[str, ...]
    neighbours: dict[Entry, tuple[Entry, ...]]


def layers_of(graph: Graph) -> Layers:
    """Assign columns by the longest chain of arrows and order them so that few arrows cross."""
    structural = graph.structural
    arrows = [
        (k, link)
        for k, link in enumerate(graph.links)
        if link.kind != "covariance" and link.source in structural and link.target in structural
    ]
    depth = _depths(structural, [link for _, link in arrows])
    general: tuple[str, ...] = ()
    if not arrows:
        general = tuple(n for n in structural if graph.nodes[n].latent and not graph.items.get(n))
        if len(general) == len(structural):
            general = ()
    columns: list[list[Entry]] = [[] for _ in range(1 + max(depth.values()))]
    for name in structural:
        if name not in general:
            columns[depth[name]].append(name)
    neighbours: dict[Entry, list[Entry]] = {}
    for k, link in arrows:
        ends = sorted((link.source, link.target), key=lambda n: depth[n])
        chain: list[Entry] = [ends[0]]
        for layer in range(depth[ends[0]] + 1, depth[ends[1]]):
            waypoint = Waypoint(k, layer)
            columns[layer].append(waypoint)
            chain.append(waypoint)
        chain.append(ends[1])
        for a, b in itertools.pairwise(chain):
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    frozen = {entry: tuple(others) for entry, others in neighbours.items()}
    return Layers(_few_crossings(columns, frozen), general, frozen)


def _depths(names: tuple[str, ...], arrows: list[Link]) -> dict[str, int]:
    """Count the longest chain of arrows into each name; final outcomes stand in the last column.

    An arrow that would close a circle (a non-recursive model) is left out of the count.
    """
    targets: dict[str, list[str]] = {name: [] for name in names}
    for link in arrows:
        targets[link.source].append(link.target)
    depth = dict.fromkeys(names, 0)
    forward: dict[str, list[str]] = {name: [] for name in names}
    state = dict.fromkeys(names, 0)
    order: list[str] = []

    def visit(name: str) -> None:
        state[name] = 1
        for target in targets[name]:
            if state[target] == 1:
                continue
            forward[name].append(target)
            if state[target] == 0:
                visit(target)
        state[name] = 2
        order.append(name)

    for name in names:
        if state[name] == 0:
            visit(name)
    for name in reversed(order):
        for target in forward[name]:
            depth[target] = max(depth[target], depth[name] + 1)
    last = max(depth.values())
    for name in names:
        if not forward[name] and depth[name] > 0:
            depth[name] = last
    return depth


def _few_crossings(
    columns: list[list[Entry]], neighbours: dict[Entry, tuple[Entry, ...]]
) -> tuple[tuple[Entry, ...], ...]:
    """Reorder by barycentres while that removes crossings; the order of the model wins ties."""
    best = [list(column) for column in columns]
    fewest = _crossings(best, neighbours)
    current = [list(column) for column in best]
    for _ in range(8):
        for side in (-1, 1):
            indices = range(len(current)) if side < 0 else range(len(current) - 1, -1, -1)
            for k in indices:
                if not 0 <= k + side < len(current):
                    continue
                place = {entry: i for i, entry in enumerate(current[k + side])}
                scale = max(1, len(current[k + side]) - 1) / max(1, len(current[k]) - 1)
                weight = {}
                for i, entry in enumerate(current[k]):
                    near = [place[o] for o in neighbours.get(entry, ()) if o in place]
                    weight[entry] = sum(near) / len(near) if near else i * scale
                current[k].sort(key=lambda entry: weight[entry])
        count = _crossings(current, neighbours)
        if count < fewest:
            best, fewest = [list(column) for column in current], count
    return tuple(tuple(column) for column in best)


def _crossings(columns: list[list[Entry]], neighbours: dict[Entry, tuple[Entry, ...]]) -> int:
    """How many pairs of arrows between adjacent columns cross."""
    total = 0
    for left, right in itertools.pairwise(columns):
        place = {entry: i for i, entry in enumerate(right)}
        ends = [
            (i, place[other])
            for i, entry in enumerate(left)
            for other in neighbours.get(entry, ())
            if other in place
        ]
        total += sum(
            (a[0] - b[0]) * (a[1] - b[1]) < 0 for k, a in enumerate(ends) for b in ends[:k]
        )
    return total
