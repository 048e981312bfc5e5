"""Parameters that can take the place of one another without a change of fit, found by their ties.

Take a parameter out of a model. If the model that another one is added to is equivalent to the
first, both parameters have the same modification index in the model without either, whatever the
sample (Luijben, 1991). So ties of modification indices propose what no rule about single equations
does: a residual covariance of the two items of a factor may be tied with a covariance of the
factor and its consequence.

References
----------
Luijben, T. C. W. (1991). Equivalent models in covariance structure analysis. Psychometrika, 56,
653-665. doi:10.1007/BF02294497
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clustersem.fit.result import Fit
from clustersem.respecify.equivalent_generic import at_its_moments
from clustersem.respecify.equivalent_graph import Graph
from clustersem.respecify.equivalent_spec import Template, edge_of, written
from clustersem.respecify.trial import fit_model
from clustersem.spec.entries import Key

# Indices that agree to this share propose a model; whether it is equivalent is then tested.
TIE = 1e-4
# Below this an index is rounding error, and so are its ties.
NO_INDEX = 1e-6


def ties(generic: Fit, template: Template) -> tuple[Graph, ...]:
    """Return the models in which something else stands in for a residual covariance of items.

    Parameters
    ----------
    generic : Fit
        The model at values of its parameters at which nothing holds by accident.
    template : Template
        The model.
    """
    found: dict[Graph, None] = {}
    moved = at_its_moments(generic)
    for edge in sorted(_residual_covariances(template)):
        for graph in _in_place_of(moved, template, edge):
            if graph != template.graph:
                found[graph] = None
    return tuple(found)


def _residual_covariances(template: Template) -> Iterator[Key]:
    graph, latent = template.graph, template.spec.latent
    for a, b in graph.arcs:
        edge = edge_of(a, "~~", b)
        explained = graph.causes(a) and graph.causes(b)
        if edge not in graph.rigid and explained and a not in latent and b not in latent:
            yield edge


def _in_place_of(moved: Fit, template: Template, edge: Key) -> Iterator[Graph]:
    graph = template.graph
    reduced = replace(graph, arcs=graph.arcs - {(edge[0], edge[2])})
    without = fit_model(written(template, reduced), moved.samples, moved.options).fit
    if without is None:
        return
    own = without.index_of(*edge)["mi"]
    if own.empty or not own.iloc[0] > NO_INDEX:
        return
    mi = float(own.iloc[0])
    indices = without.modification_indices(minimum=mi * (1.0 - TIE))
    for row in indices[indices["mi"] <= mi * (1.0 + TIE)].itertuples():
        lhs, op, rhs = edge_of(str(row.lhs), str(row.op), str(row.rhs))
        if op == "~~":
            yield replace(reduced, arcs=reduced.arcs | {(lhs, rhs)})
        elif op == "~":
            yield replace(reduced, arrows=reduced.arrows | {(rhs, lhs)})
