"""Whether a model that a rule proposes is equivalent: fitted, compared, and tested for nesting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from clustersem.errors import DataError, ModelError
from clustersem.fit.nested import check_nested
from clustersem.fit.result import Fit
from clustersem.respecify.equivalent_generic import at_its_moments
from clustersem.respecify.equivalent_graph import Graph
from clustersem.respecify.equivalent_spec import Template, written
from clustersem.respecify.trial import fit_model

# Chi2 of two equivalent models agrees to the optimiser's accuracy.
SAME_CHI2 = 1e-6
# Fits from other starting values, where the first one ends above the model that it should equal.
TRIES = 4

Start = Mapping[tuple[str, str, str, int], float]


@dataclass(frozen=True, eq=False)
class Verified:
    """What came of a proposed model: a fit, or why it is none of the equivalent ones."""

    fit: Fit | None
    why: str = ""


def verify(fit: Fit, generic: Fit | None, template: Template, graph: Graph, seed: int) -> Verified:
    """Fit a proposed model to the samples of a fit, and test that the two are equivalent.

    Parameters
    ----------
    fit : Fit
        The model that the other one should be equivalent to.
    generic : Fit or None
        The same model at another point, see :func:`~.equivalent_generic.elsewhere`.
    template, graph : Template, Graph
        The proposed model.
    seed : int
        Of the starting values of later tries.
    """
    why, first = "", fit.multiplier * fit.state.f
    for start in (None, *_starts(fit, seed)):
        try:
            trial = fit_model(written(template, graph, start), fit.samples, fit.options)
        except ModelError as error:
            return Verified(None, str(error))
        other = trial.fit
        if other is None:
            why = why or trial.failure
            if not trial.identified:
                break
            continue
        if other.df != fit.df:
            return Verified(None, f"it has {other.df} degrees of freedom, not {fit.df}.")
        chi2 = other.multiplier * other.state.f
        if abs(chi2 - first) <= SAME_CHI2 * max(1.0, first):
            return _tested(fit, generic, other)
        why = why or f"its chi2 is {chi2:.6f}, not {first:.6f}."
    return Verified(None, why)


def _tested(fit: Fit, generic: Fit | None, other: Fit) -> Verified:
    try:
        for where, point in (("at the estimates", fit), ("at other values", generic)):
            if point is not None and not _reproduced(point, other):
                return Verified(None, f"{where} of its parameters the model implies other moments.")
    except DataError as error:
        return Verified(None, str(error))
    return Verified(other)


def _reproduced(point: Fit, other: Fit) -> bool:
    if check_nested(point, other).equivalent:
        return True
    # The other model's values there may be far from its estimates: fit it to these moments anew.
    moved = at_its_moments(point)
    there = fit_model(other.spec, moved.samples, moved.options).fit
    return there is not None and check_nested(point, there).equivalent


def _starts(fit: Fit, seed: int) -> Iterator[Start]:
    """Yield starting values: the estimates of what both models have, then these with noise."""
    table = fit.estimates
    table = table[table["op"] != ":="]
    keys = table[["lhs", "op", "rhs", "group"]].itertuples(index=False, name=None)
    known = dict(zip(keys, table["est"].tolist(), strict=True))
    yield known
    rng = np.random.default_rng(seed)
    for _ in range(TRIES - 1):
        # Variances far from zero keep the first step inside what is possible.
        yield {
            key: value * float(np.exp(0.3 * rng.standard_normal())) for key, value in known.items()
        }
