"""What a user calls to see which models no data can tell from the fitted one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clustersem.errors import EstimationError, ModelError, UnsupportedError
from clustersem.fit.hypotheses import (
    Hypotheses,
    Hypothesis,
    parse_hypotheses,
    parse_path,
    suggestion,
)
from clustersem.fit.result import Fit
from clustersem.progress import progress_bar
from clustersem.respecify.equivalent_chains import chains
from clustersem.respecify.equivalent_check import verify
from clustersem.respecify.equivalent_generic import elsewhere
from clustersem.respecify.equivalent_graph import Graph, in_the_way
from clustersem.respecify.equivalent_result import (
    Dropped,
    EquivalentModel,
    EquivalentModels,
    Instead,
)
from clustersem.respecify.equivalent_spec import Template, edge_of, in_syntax, template_of
from clustersem.respecify.equivalent_ties import ties
from clustersem.respecify.space import check_fit
from clustersem.spec.entries import Key
from clustersem.survey.names import listed

# The replacing rules' year; where a model is tried beside its estimates must not change.
SEED = 1990


def equivalent_models(
    fit: Fit,
    hypotheses: Hypotheses | None = None,
    *,
    depth: int = 2,
    limit: int = 200,
    progress: bool | None = None,
) -> EquivalentModels:
    """Find models that fit any data exactly as well as a fitted one, with other arrows.

    That a model fits speaks for its arrows only as far as no equivalent model turns them round,
    and for nearly every published model there are such models (MacCallum et al., 1993).

    They are proposed by rules: an arrow X -> Y becomes a covariance of disturbances, or Y -> X, and
    the reverse, where the predictors of the one variable include those of the other (Lee and
    Hershberger, 1990); so do covariances of exogenous variables, residual covariances of items, and
    loadings. Residual covariances of items are also exchanged for whatever has the same
    modification index in their place (Luijben, 1991). Every proposed model is then fitted, and kept
    if its degrees of freedom and chi2 are the same and if it reproduces what the fitted model
    implies, at the estimates and at other values of its parameters (Bentler and Satorra, 2010).

    Parameters
    ----------
    fit : Fit
        A converged fit, of any estimator, of one group or several; it stays as it is.
    hypotheses : str, sequence or DataFrame, optional
        As :func:`clustersem.test_hypotheses` takes them: which of their arrows are reversed is
        then told.
    depth : int
        How many replacements in a row, from 1 to 3. A reversal is one replacement. Models whose
        changes are those of two others side by side are not listed.
    limit : int
        How many proposed models to fit at most; those that change a hypothesised parameter come
        first, then those with the fewest replacements.
    progress : bool, optional
        Show a bar while models are fitted; by default where it takes more than two seconds.

    Returns
    -------
    EquivalentModels
        ``.models``, ``.table``, ``.of(id)``, ``.verdicts(table)``; print it to read it. None found
        is a result too: only local equivalents are looked for.

    Raises
    ------
    EstimationError
        Where the fit did not converge.
    ModelError
        Where a hypothesis is about a parameter that the model does not have.
    UnsupportedError
        Where semopy was the engine, or a constraint names a parameter by its row's number.

    Notes
    -----
    Labelled, constrained and bounded parameters, and fixed ones that do not set a scale, stay as
    they are. With several groups every replacement is made in all of them. A latent variable
    whose marker is replaced takes its first other loading as the marker.

    References
    ----------
    Lee, S., & Hershberger, S. (1990). A simple rule for generating equivalent models in covariance
    structure modeling. Multivariate Behavioral Research, 25, 313-334.
    doi:10.1207/s15327906mbr2503_4
    MacCallum, R. C., Wegener, D. T., Uchino, B. N., & Fabrigar, L. R. (1993). The problem of
    equivalent models in applications of covariance structure analysis. Psychological Bulletin,
    114, 185-199. doi:10.1037/0033-2909.114.1.185
    Luijben, T. C. W. (1991). Equivalent models in covariance structure analysis. Psychometrika, 56,
    653-665. doi:10.1007/BF02294497
    Bentler, P. M., & Satorra, A. (2010). Testing model nesting and equivalence. Psychological
    Methods, 15, 111-123. doi:10.1037/a0019625

    Examples
    --------
    >>> import pandas as pd, clustersem as cs
    >>> cov = [[1, 0.5, 0.3], [0.5, 1, 0.6], [0.3, 0.6, 1]]
    >>> cov = pd.DataFrame(cov, index=list("xyz"), columns=list("xyz"))
    >>> fit = cs.sem("y ~ x; z ~ y", cov=cov, n_obs=200)
    >>> found = cs.equivalent_models(fit, "H1: y ~ x, +; H2: z ~ y, +".replace("; ", chr(10)))
    >>> found.models[0].changes
    'y ~ x replaced by x ~ y'
    >>> found.verdicts(cs.test_hypotheses(fit, found.hypotheses))["equivalent"].tolist()
    ['reversed: x ~ y (1); covariance: y ~~ x (2)', 'reversed: y ~ z (3); covariance: y ~~ z (4)']
    """
    _check(fit, depth, limit)
    parsed = parse_hypotheses(hypotheses) if hypotheses is not None else ()
    sample = fit.samples[0]
    template = template_of(fit.spec, (sample.names[i] for i in sample.given))
    claims = {each.id: _claimed(fit, template, each) for each in parsed}
    generic = elsewhere(fit, seed=SEED)
    proposed = _proposed(fit, generic, template, depth)
    proposed.sort(key=lambda each: not any(each.lacks(edges) for edges in claims.values()))
    models: list[EquivalentModel] = []
    dropped: list[Dropped] = []
    chosen = proposed[:limit]
    with progress_bar("equivalent models", len(chosen), unit="models", wanted=progress) as advance:
        for each in chosen:
            found = verify(fit, generic, template, each.graph, SEED)
            if found.fit is None:
                dropped.append(Dropped(each.words, each.source, found.why))
            else:
                models.append(_model(len(models) + 1, each, found.fit, claims))
            advance()
    return EquivalentModels(
        fit=fit,
        models=tuple(models),
        hypotheses=parsed,
        kept=_kept(template, claims, models),
        dropped=tuple(dropped),
        left_out=len(proposed) - len(chosen),
        depth=depth,
        notes=tuple(_notes(fit, generic)),
    )


@dataclass(frozen=True)
class _Proposal:
    """A model that a rule or a tie proposes."""

    template: Template
    graph: Graph
    source: Literal["rule", "tie"]

    @property
    def removed(self) -> list[Key]:
        return self._ordered(self.template.graph.edges - self.graph.edges)

    @property
    def added(self) -> list[Key]:
        return self._ordered(self.graph.edges - self.template.graph.edges)

    @property
    def words(self) -> str:
        """Pair by pair; what moved to another pair at the end."""
        left = self.added
        clauses, alone = [], []
        for edge in self.removed:
            here = [new for new in left if {new[0], new[2]} == {edge[0], edge[2]}]
            left = [new for new in left if new not in here]
            if here:
                clauses.append(f"{self.written(edge)} replaced by {self._listed(here)}")
            else:
                alone.append(edge)
        if alone or left:
            clauses.append(f"{self._listed(alone)} replaced by {self._listed(left)}")
        return "; ".join(clauses)

    def lacks(self, edges: Iterable[Key]) -> bool:
        return not set(edges) <= self.graph.edges

    def written(self, edge: Key) -> str:
        return in_syntax(edge, self.template.spec)

    def instead_of(self, edge: Key) -> Instead:
        """Return what stands where an edge stood."""
        lhs, op, rhs = edge
        here = [new for new in self.added if {new[0], new[2]} == {lhs, rhs}]
        if not here:
            return Instead("replaced", self._listed(self.added))
        if op == "~~":
            return Instead("arrow", self._listed(here))
        if (rhs, "~", lhs) in here:
            return Instead("reversed", self.written((rhs, "~", lhs)))
        return Instead("covariance", self._listed(here))

    def _listed(self, edges: Iterable[Key]) -> str:
        return ", ".join(self.written(edge) for edge in edges)

    def _ordered(self, edges: Iterable[Key]) -> list[Key]:
        spec = self.template.spec
        place = {name: i for i, name in enumerate((*spec.latent, *spec.observed))}
        return sorted(edges, key=lambda edge: (edge[1], place[edge[0]], place[edge[2]]))


def _proposed(fit: Fit, generic: Fit | None, template: Template, depth: int) -> list[_Proposal]:
    covariates = set(fit.spec.exogenous_observed)
    found: dict[Graph, Literal["rule", "tie"]] = {}
    own: set[frozenset[Key]] = set()
    for graph in chains(template.graph, depth):
        # How given covariates relate to each other is no part of the model.
        changed = graph.edges ^ template.graph.edges
        changed = frozenset(edge for edge in changed if not {edge[0], edge[2]} <= covariates)
        if changed and changed not in own:
            own.add(changed)
            found[graph] = "rule"
    if len(fit.groups) == 1:
        for graph in ties(generic or fit, template):
            found.setdefault(graph, "tie")
    return [_Proposal(template, graph, source) for graph, source in found.items()]


def _model(
    number: int, proposal: _Proposal, fit: Fit, claims: dict[str, tuple[Key, ...]]
) -> EquivalentModel:
    instead = {}
    for name, edges in claims.items():
        lost = [edge for edge in edges if proposal.lacks([edge])]
        if lost:
            instead[name] = proposal.instead_of(lost[0])
    return EquivalentModel(
        number=number,
        changes=proposal.words,
        removed=tuple(proposal.written(edge) for edge in proposal.removed),
        added=tuple(proposal.written(edge) for edge in proposal.added),
        source=proposal.source,
        spec=fit.spec,
        fit=fit,
        instead=instead,
    )


def _claimed(fit: Fit, template: Template, hypothesis: Hypothesis) -> tuple[Key, ...]:
    """Return the edges that a hypothesis is about: one, or those that a definition is made of."""
    path = parse_path(hypothesis.path)
    edges = _defined_by(fit, path.lhs) if path.op == ":=" else (edge_of(*path),)
    known = template.graph.edges
    if not edges or not set(edges) <= known:
        raise ModelError(
            f"hypothesis {hypothesis.id} is about {path}, which is not in the model:"
            f" {suggestion(fit.spec, path)}"
        )
    return edges


def _defined_by(fit: Fit, name: str) -> tuple[Key, ...]:
    definitions = {c.lhs: c.names for c in fit.spec.constraints if c.op == ":="}
    labels, waiting = set(), [name]
    while waiting:
        for each in definitions.get(waiting.pop(), ()):
            labels.add(each)
            waiting += [each] if each in definitions else []
    rows = [row for row in fit.spec.parameters if row.label in labels]
    return tuple(dict.fromkeys(edge_of(r.lhs, r.op, r.rhs) for r in rows if r.lhs != r.rhs))


def _kept(
    template: Template, claims: Mapping[str, tuple[Key, ...]], models: Sequence[EquivalentModel]
) -> dict[str, str]:
    """Say of every hypothesis that no model changes why the rules do not reach it."""
    kept = {}
    for name, edges in claims.items():
        if any(name in model.instead for model in models):
            continue
        reasons = [_obstacle(template, *edge) for edge in edges]
        kept[name] = "; ".join(reason for reason in reasons if reason)
    return kept


def _obstacle(template: Template, lhs: str, op: str, rhs: str) -> str:
    graph, spec = template.graph, template.spec
    place = {name: i for i, name in enumerate((*spec.latent, *spec.observed))}
    ways = ((rhs, lhs),) if op == "~" else ((rhs, lhs), (lhs, rhs))
    clauses = []
    for cause, effect in ways:
        names = sorted(in_the_way(graph, cause, effect), key=place.__getitem__)
        if names:
            clauses.append(f"{cause} is related to {listed(names)}, and {effect} is not")
    return "; ".join(clauses)


def _check(fit: Fit, depth: int, limit: int) -> None:
    check_fit(fit, "equivalent_models")
    if not fit.converged:
        raise EstimationError(f"a fit that did not converge has no equivalents. {fit.status}")
    if fit.options.engine == "semopy":
        raise UnsupportedError(
            "equivalent models are compared to more digits than semopy's optimiser gives. Fit the"
            " model without engine='semopy'."
        )
    if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= 3:
        raise ModelError(f"depth={depth!r}: write a number of replacements from 1 to 3.")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ModelError(f"limit={limit!r}: write a number of models, 1 or more.")


def _notes(fit: Fit, generic: Fit | None) -> Iterable[str]:
    if len(fit.groups) > 1:
        yield (
            "With several groups only the replacing rules propose models; ties of modification"
            " indices are looked for in one group."
        )
    if generic is None:
        yield (
            "The model has nonlinear constraints, so equivalence was tested at the estimates only."
        )
