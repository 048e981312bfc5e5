"""Between a specification and its graph: reading one off the other, and writing it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from clustersem.errors import ModelError, UnsupportedError
from clustersem.respecify.equivalent_graph import Graph, arrow_key, constant_of
from clustersem.spec import Constraint, ModelSpec
from clustersem.spec.checks import row_number
from clustersem.spec.entries import Key, key_of
from clustersem.spec.explicit import explicit_text
from clustersem.spec.model import build_spec
from clustersem.spec.table import Parameter

_LIMITS = ("==", "<", ">")


@dataclass(frozen=True)
class Template:
    """A specification with its graph: what other graphs of the same variables are written with.

    Attributes
    ----------
    spec : ModelSpec
        The model; its covariates are random, so that they may come to depend on something.
    graph : Graph
        Its arrows and arcs.
    given : frozenset of str
        Covariates that all moments are conditional on; nothing can be made to predict them.
    """

    spec: ModelSpec
    graph: Graph
    given: frozenset[str]


def template_of(spec: ModelSpec, given: Iterable[str] = ()) -> Template:
    """Read the graph of a specification.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    given : iterable of str
        Covariates that all moments are conditional on (ordinal models with covariates).

    Raises
    ------
    UnsupportedError
        Where a constraint names a row by its number, which would not be the same one elsewhere.
    """
    _refuse_numbered(spec)
    given = frozenset(given)
    spec = spec if given else _randomised(spec)
    restricted = _restricted(spec)
    rows: dict[Key, list[Parameter]] = {}
    for row in spec.parameters:
        if not {row.lhs, row.rhs} & set(spec.options.auxiliary):
            rows.setdefault(_edge(row), []).append(row)
    markers = _markers(spec, restricted)
    arrows, arcs, rigid = set(), set(), set()
    for key, members in rows.items():
        op = members[0].op
        if op not in ("=~", "~", "<~", "~~") or key[0] == key[2]:
            continue
        if not any(row.free or row.value for row in members):
            continue
        if op == "~~":
            if given & {key[0], key[2]}:
                continue
            arcs.add((key[0], key[2]))
        else:
            arrows.add((key[2], key[0]))
        free = all(row.free and row not in restricted for row in members)
        if op == "<~" or not (free or key in markers):
            rigid.add(key)
    if _structured_means(spec, restricted):
        for row in (row for row in spec.parameters if row.op == "~1"):
            if row.free or row.value:
                arrows.add((constant_of(row.group), row.lhs))
            if not row.free or row in restricted:
                rigid.add(arrow_key(constant_of(row.group), row.lhs))
    graph = Graph(
        frozenset(arrows), frozenset(arcs), frozenset(rigid), _still(spec, restricted) | given
    )
    return Template(spec, graph, given)


def written(
    template: Template,
    graph: Graph,
    start: Mapping[tuple[str, str, str, int], float] | None = None,
) -> ModelSpec:
    """Write a graph of the template's variables as a specification.

    Parameters
    ----------
    template : Template
        Where everything that is no arrow and no arc comes from.
    graph : Graph
        Any arrows and arcs; a latent variable that lost its marker gets another one.
    start : mapping, optional
        Starting values by ``(lhs, op, rhs, group)``.

    Raises
    ------
    ModelError
        Where a latent variable is left without an indicator, or the model makes no sense.
    """
    spec = template.spec
    before, after = template.graph.edges, graph.edges
    gone = before - after
    kept = [(i, row) for i, row in enumerate(spec.parameters) if _edge(row) not in gone]
    place = {old: new for new, (old, _) in enumerate(kept)}
    rows = _with_markers(spec, [row for _, row in kept])
    rows += [
        Parameter(*_row_of(edge, spec), group=group + 1)  # type: ignore[arg-type]
        for edge in sorted(after - before)
        for group in range(spec.n_groups)
    ]
    if start is not None:
        rows = [
            replace(row, start=start.get((row.lhs, row.op, row.rhs, row.group), row.start))
            if row.free
            else row
            for row in rows
        ]
    labels = {row.label for row in rows}
    frame = replace(
        spec,
        bounds=tuple(
            replace(bound, parameter=place[bound.parameter])
            for bound in spec.bounds
            if bound.parameter in place
        ),
        constraints=_computable(spec, labels),
    )
    options = replace(spec.options, group_equal=(), group_partial=())
    text = explicit_text(frame, rows)
    # What the defaults would add is not in the model: say so.
    wanted = {_edge(row) for row in rows}
    extra = {
        (row.lhs, row.rhs): None
        for row in build_spec(text, options).parameters
        if row.free and row.op == "~~" and _edge(row) not in wanted
    }
    text += "".join(f"{lhs} ~~ 0*{rhs}\n" for lhs, rhs in extra)
    return build_spec(text, options)


def in_syntax(edge: Key, spec: ModelSpec) -> str:
    """Return an edge as a user would write it in a model of these variables."""
    return " ".join(_row_of(edge, spec))


def edge_of(lhs: str, op: str, rhs: str) -> Key:
    """Return the edge of a parameter: of a loading the arrow from factor to item."""
    return arrow_key(lhs, rhs) if op == "=~" else key_of(lhs, op, rhs)


def _edge(row: Parameter) -> Key:
    return arrow_key(row.rhs, row.lhs) if row.op == "<~" else edge_of(row.lhs, row.op, row.rhs)


def _row_of(edge: Key, spec: ModelSpec) -> Key:
    """Return an edge as a row: as it stands in the model, and a loading where it can be one."""
    lhs, op, rhs = edge
    if op == "~~":
        names = (*spec.latent, *spec.observed)
        return edge if names.index(lhs) < names.index(rhs) else (rhs, op, lhs)
    loads = spec.find(rhs, "=~", lhs) is not None
    crosses = rhs in spec.latent and lhs not in spec.latent and lhs in _items(spec)
    return (rhs, "=~", lhs) if loads or crosses else edge


def _items(spec: ModelSpec) -> set[str]:
    return {row.rhs for row in spec.parameters if row.op == "=~"}


def _randomised(spec: ModelSpec) -> ModelSpec:
    """Return the model with the moments of covariates estimated; chi2 and df stay as they are."""
    rows = tuple(
        replace(row, free=True, value=None, from_sample=False) if row.from_sample else row
        for row in spec.parameters
    )
    options = replace(spec.options, fixed_x=False)
    return replace(spec, parameters=rows, exogenous_observed=(), options=options)


def _restricted(spec: ModelSpec) -> set[Parameter]:
    """Return the rows that something besides the data determines: equalities and bounds."""
    labels = [row.label for row in spec.parameters if row.label]
    bound = {name for c in spec.constraints if c.op in _LIMITS for name in c.names}
    # A constraint may hold what := defines.
    definitions = {c.lhs: c.names for c in spec.constraints if c.op == ":="}
    waiting = [name for name in bound if name in definitions]
    while waiting:
        more = set(definitions[waiting.pop()]) - bound
        bound |= more
        waiting += [name for name in more if name in definitions]
    shared = {label for label in labels if labels.count(label) > 1} | bound
    limited = {bound.parameter for bound in spec.bounds}
    return {row for i, row in enumerate(spec.parameters) if row.label in shared or i in limited}


def _refuse_numbered(spec: ModelSpec) -> None:
    named = {row.label for row in spec.parameters}
    for constraint in spec.constraints:
        for name in constraint.names:
            if row_number(name) and name not in named:
                raise UnsupportedError(
                    f"{constraint}: {name} is a row's number, which is another parameter in another"
                    " model. Give the parameter a label, as in y ~ a*x, and write that."
                )


def _markers(spec: ModelSpec, restricted: set[Parameter]) -> set[Key]:
    """Return the loadings that are fixed to set a latent variable's scale, and nothing else.

    Where another loading or the variance is restricted, too, another scale is another model.
    """
    markers = set()
    for name in spec.latent:
        own = [row for row in spec.parameters if row.op == "=~" and row.lhs == name]
        own += [row for row in spec.parameters if name == row.lhs == row.rhs and row.op == "~~"]
        fixed = {_edge(row) for row in own if row in restricted or (not row.free and row.value)}
        zero = any(row.lhs == row.rhs and not row.free for row in own)
        if len(fixed) == 1 and not zero and not restricted.intersection(own):
            markers |= fixed
    return markers


def _still(spec: ModelSpec, restricted: set[Parameter]) -> frozenset[str]:
    """Return the variables whose disturbance variance cannot change.

    That of an ordered item is a matter of scale, and so is that of a latent variable which it was
    fixed for. Composites have no disturbance at all.
    """
    still = {row.lhs for row in spec.parameters if row.op == "<~"}
    for row in spec.parameters:
        if row.op != "~~" or row.lhs != row.rhs:
            continue
        scale = row.lhs in spec.options.ordered or row.lhs in spec.latent
        if row in restricted or not (row.free or (scale and row.value)):
            still.add(row.lhs)
    return frozenset(still)


def _structured_means(spec: ModelSpec, restricted: set[Parameter]) -> bool:
    """Whether the model says anything of means, beyond that they are what they are."""
    for row in spec.parameters:
        if row in restricted and row.op in ("~1", "|"):
            return True
        if row.op != "~1":
            continue
        fixed_item = row.lhs not in spec.latent and row.lhs not in spec.options.ordered
        if (row.lhs in spec.latent and (row.free or row.value)) or (fixed_item and not row.free):
            return True
    return False


def _with_markers(spec: ModelSpec, rows: list[Parameter]) -> list[Parameter]:
    """Fix another loading of latent variables that lost the one that set their scale."""
    left = {_edge(row) for row in rows}
    for lost in sorted(_markers(spec, _restricted(spec)) - left):
        name = lost[2]
        free = [row for row in rows if row.op == "=~" and row.lhs == name and row.free]
        if not free:
            raise ModelError(f"{name} would have no indicator left to set its scale.")
        marker = _edge(free[0])
        rows = [
            replace(row, free=False, value=1.0, start=None, label="")
            if _edge(row) == marker
            else row
            for row in rows
        ]
    kept = {row.lhs for row in rows if row.op in ("=~", "<~")}
    for name in spec.latent:
        if name not in kept:
            raise ModelError(f"{name} would have no indicator left.")
    return rows


def _computable(spec: ModelSpec, labels: set[str]) -> tuple[Constraint, ...]:
    """Return the constraints without definitions of what is no longer in the model."""
    known = set(labels)
    kept = []
    for constraint in spec.constraints:
        if constraint.op == ":=" and not set(constraint.names) <= known:
            continue
        known.add(constraint.lhs)
        kept.append(constraint)
    return tuple(kept)
