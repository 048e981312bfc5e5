"""A model as arrows and arcs, and the rules by which they may be replaced.

An arrow leads from a cause to its effect, loadings among them; an arc is a free covariance of two
disturbances, or of two exogenous variables. The rules are identities of the equations, so they hold
for every sample: they only ask which coefficients are there to take up what a replacement moves.

References
----------
Stelzl, I. (1986). Changing a causal hypothesis without changing the fit. Multivariate Behavioral
Research, 21, 309-331. doi:10.1207/s15327906mbr2103_3
Lee, S., & Hershberger, S. (1990). A simple rule for generating equivalent models in covariance
structure modeling. Multivariate Behavioral Research, 25, 313-334.
doi:10.1207/s15327906mbr2503_4
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from clustersem.spec.entries import Key, key_of


@dataclass(frozen=True)
class Graph:
    """Arrows and arcs of a model, with what of them is fixed, held equal or given.

    Two graphs with the same arrows and arcs are the same model, whatever the order in which it was
    arrived at.

    Attributes
    ----------
    arrows : frozenset of (str, str)
        Cause and effect.
    arcs : frozenset of (str, str)
        Pairs in alphabetical order.
    rigid : frozenset of tuple of str
        Keys of arrows (``effect ~ cause``) and arcs that are there but neither free nor a marker:
        they cannot be replaced and cannot take up anything.
    still : frozenset of str
        Variables without a disturbance that is free to change; they keep their equations.
    """

    arrows: frozenset[tuple[str, str]]
    arcs: frozenset[tuple[str, str]]
    rigid: frozenset[Key] = frozenset()
    still: frozenset[str] = frozenset()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.arrows == other.arrows and self.arcs == other.arcs

    def __hash__(self) -> int:
        return hash((self.arrows, self.arcs))

    @cached_property
    def edges(self) -> frozenset[Key]:
        """Arrows as ``effect ~ cause`` and arcs as ``a ~~ b``, without intercepts."""
        arrows = {arrow_key(*arrow) for arrow in self.arrows if not is_constant(arrow[0])}
        return frozenset(arrows | {arc_key(*arc) for arc in self.arcs})

    def between(self, a: str, b: str) -> frozenset[Key]:
        """Return the edges of a pair of variables."""
        arrows = {arrow_key(x, y) for x, y in ((a, b), (b, a)) if (x, y) in self.arrows}
        return frozenset(arrows | {arc_key(*arc) for arc in (_pair(a, b),) if arc in self.arcs})

    def causes(self, name: str) -> frozenset[str]:
        """Return what a variable's equation has on its right-hand side."""
        return self._causes.get(name, frozenset())

    def spouses(self, name: str) -> frozenset[str]:
        """Return the variables whose disturbances covary freely with a variable's."""
        return self._spouses.get(name, frozenset())

    @cached_property
    def _causes(self) -> dict[str, frozenset[str]]:
        return _gathered((effect, cause) for cause, effect in self.arrows)

    @cached_property
    def _spouses(self) -> dict[str, frozenset[str]]:
        return _gathered(pair for a, b in self.arcs for pair in ((a, b), (b, a)))


def constant_of(group: int) -> str:
    """Return the constant of a group, the cause of its intercepts where means are structured."""
    return str(group)


def is_constant(name: str) -> bool:
    """Whether a cause is a constant; no variable is called like one."""
    return name.isdigit()


def arrow_key(cause: str, effect: str) -> Key:
    """Return an arrow as ``effect ~ cause``."""
    return effect, "~", cause


def arc_key(a: str, b: str) -> Key:
    """Return an arc as ``a ~~ b``, in alphabetical order."""
    return key_of(a, "~~", b)


def to_arcs(graph: Graph, sources: frozenset[str], target: str) -> Graph | None:
    """Replace arrows into a variable by arcs, all at once; None where that changes the model.

    In the target's equation every source is replaced by its own equation. The sources' causes must
    be causes of the target already (the rule of inclusion), and what their disturbances covary with
    must covary with the target's.
    """
    if not all((source, target) in graph.arrows for source in sources):
        return None
    if not _replaceable(graph, sources, target) or sources & graph.spouses(target):
        return None
    if any(arrow_key(source, target) in graph.rigid for source in sources):
        return None
    return replace(
        graph,
        arrows=graph.arrows - {(source, target) for source in sources},
        arcs=graph.arcs | {_pair(source, target) for source in sources},
    )


def to_arrows(graph: Graph, sources: frozenset[str], target: str) -> Graph | None:
    """Replace arcs of a variable by arrows into it, all at once; None where not allowed.

    The target's disturbance is regressed on those of the sources; the conditions are those of
    :func:`to_arcs`, read backwards.
    """
    if not sources <= graph.spouses(target) or sources & graph.causes(target):
        return None
    if not _replaceable(graph, sources, target):
        return None
    if any(arc_key(source, target) in graph.rigid for source in sources):
        return None
    return replace(
        graph,
        arrows=graph.arrows | {(source, target) for source in sources},
        arcs=graph.arcs - {_pair(source, target) for source in sources},
    )


def in_the_way(graph: Graph, cause: str, effect: str) -> frozenset[str]:
    """Return what a cause is directly related to and its effect is not.

    These keep an arrow or an arc between the two from being replaced.
    """
    related = graph.causes(cause) | graph.spouses(cause)
    missing = related - graph.causes(effect) - graph.spouses(effect) - {effect}
    return frozenset(name for name in missing if not is_constant(name))


def replacements(graph: Graph) -> Iterator[Graph]:
    """Yield every model that differs by one replacement.

    An arrow becomes an arc or the reverse arrow, an arc an arrow either way. Where covariances of
    the cause with other predictors of the effect stand in the way, these become arrows first, as
    those of a saturated block may, and arcs again afterwards.
    """
    for cause, effect in sorted(graph.arrows):
        if not is_constant(cause):
            yield from _with_predictors_explained(graph, cause, effect, _arrow_replaced)
    for a, b in sorted(graph.arcs):
        for cause, effect in ((a, b), (b, a)):
            yield from _with_predictors_explained(graph, cause, effect, _arc_replaced)


def _arrow_replaced(graph: Graph, cause: str, effect: str) -> Iterator[Graph]:
    as_arc = to_arcs(graph, frozenset({cause}), effect)
    if as_arc is not None:
        turned = to_arrows(as_arc, frozenset({effect}), cause)
        yield from (as_arc,) if turned is None else (turned, as_arc)


def _arc_replaced(graph: Graph, cause: str, effect: str) -> Iterator[Graph]:
    as_arrow = to_arrows(graph, frozenset({cause}), effect)
    if as_arrow is not None:
        yield as_arrow


def _with_predictors_explained(
    graph: Graph, cause: str, effect: str, replaced: Callable[[Graph, str, str], Iterator[Graph]]
) -> Iterator[Graph]:
    """Yield replacements of one edge, at once or with the cause explained by other predictors."""
    yield from (found := tuple(replaced(graph, cause, effect)))
    shared = graph.spouses(cause) & graph.causes(effect)
    explained = to_arrows(graph, shared, cause) if shared else None
    if explained is None:
        return
    for after in replaced(explained, cause, effect):
        simple = to_arcs(after, shared, cause) or after
        if simple not in found:
            yield simple


def _replaceable(graph: Graph, sources: frozenset[str], target: str) -> bool:
    """Whether the target's equation has room for those of the sources, and the reverse."""
    if graph.still & {*sources, target}:
        return False
    causes = frozenset().union(*(graph.causes(source) for source in sources)) - sources
    spouses = frozenset().union(*(graph.spouses(source) for source in sources)) - sources
    spouses -= {target}
    if target in causes:
        return False
    moved = {arrow_key(cause, target) for cause in causes}
    moved |= {arc_key(spouse, target) for spouse in spouses}
    return (
        causes <= graph.causes(target)
        and spouses <= graph.spouses(target)
        and not moved & graph.rigid
    )


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _gathered(pairs: Iterator[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, other in pairs:
        found.setdefault(name, set()).add(other)
    return {name: frozenset(others) for name, others in found.items()}
