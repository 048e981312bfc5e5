"""Which variables a model has, what part each plays, and in which order they stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from clustersem.spec.entries import Entry


@dataclass(frozen=True)
class Variables:
    """The variables of a model by the part they play, each tuple in lavaan's order.

    Attributes
    ----------
    observed : tuple of str
        Those of the model itself: indicators, then dependent variables, then predictors, then those
        that only covariances or intercepts mention.
    latent : tuple of str
        In order of their first measurement formula.
    formative : frozenset of str
        Latent variables defined by ``<~``.
    exogenous_observed : tuple of str
        Predictors that are neither indicators nor dependent and whose moments the user's text
        leaves alone.
    randomised : tuple of str
        Predictors that would be exogenous, had the user not written a variance, covariance or
        intercept of theirs.
    exogenous_latent : tuple of str
        Latent variables that neither measure another one nor are dependent in a regression.
    final_dependent : tuple of str
        Dependent variables that are neither indicators nor predictors, latent ones first.
    auxiliary : tuple of str
        Observed variables beside the model.
    """

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    formative: frozenset[str]
    exogenous_observed: tuple[str, ...]
    randomised: tuple[str, ...]
    exogenous_latent: tuple[str, ...]
    final_dependent: tuple[str, ...]
    auxiliary: tuple[str, ...] = ()

    @cached_property
    def order(self) -> dict[str, int]:
        """Rank of each variable: latent ones first, then observed, then auxiliary ones."""
        names = (*self.latent, *self.observed, *self.auxiliary)
        return {name: rank for rank, name in enumerate(names)}


def classify(entries: Iterable[Entry], auxiliary: tuple[str, ...] = ()) -> Variables:
    """Work out the variables of a model from what the user wrote."""
    entries = tuple(entries)
    latent = _unique(e.lhs for e in entries if e.op in ("=~", "<~"))
    indicators = _unique(e.rhs for e in entries if e.op == "=~" and e.rhs != e.lhs)
    dependent = _unique(e.lhs for e in entries if e.op == "~")
    predictors = _unique(e.rhs for e in entries if e.op in ("~", "<~"))
    in_covariances = _unique(
        name
        for side in ("lhs", "rhs")
        for e in entries
        if e.op == "~~"
        for name in [getattr(e, side)]
    )
    in_means = _unique(e.lhs for e in entries if e.op in ("~1", "|", "~*~"))

    lv = set(latent)
    inner = set(indicators) | set(dependent)
    ov_indicators = [name for name in indicators if name not in lv]
    ov_dependent = [n for n in dependent if n not in lv and n not in set(ov_indicators)]
    inside = lv | set(ov_indicators) | set(ov_dependent)
    ov_predictors = [name for name in predictors if name not in inside]
    others = [name for name in (*in_covariances, *in_means) if name not in lv]
    touched = set(in_covariances) | set(in_means)

    not_final = set(indicators) | set(predictors)
    final = [name for name in latent if name in set(dependent)]
    return Variables(
        observed=_unique((*ov_indicators, *ov_dependent, *ov_predictors, *others)),
        latent=latent,
        formative=frozenset(e.lhs for e in entries if e.op == "<~"),
        exogenous_observed=tuple(n for n in ov_predictors if n not in touched),
        randomised=tuple(n for n in ov_predictors if n in touched),
        exogenous_latent=tuple(n for n in latent if n not in inner),
        final_dependent=tuple(n for n in (*final, *ov_dependent) if n not in not_final),
        auxiliary=auxiliary,
    )


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
