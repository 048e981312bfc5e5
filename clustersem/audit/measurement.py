"""What the tables say of a model's constructs: their items, and what is exogenous."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clustersem.audit.published import (
    PrintedCoefficient,
    PrintedConstruct,
    PrintedModel,
    Published,
)

_LIKELIHOOD_ONLY = ("aic", "bic", "sabic", "bic2", "ecvi", "logl", "loglikelihood")


@dataclass(frozen=True)
class Measured:
    """A construct with all its standardised loadings in one model.

    Attributes
    ----------
    construct : PrintedConstruct
        Its row among the constructs.
    model : PrintedModel or None
        The model; None where none is printed.
    rows : tuple of PrintedCoefficient
        Its loadings, each with `std`.
    crossed : bool
        Whether an item loads on another construct too.
    tied : bool
        Whether a residual covariance of two of its items is free.
    """

    construct: PrintedConstruct
    model: PrintedModel | None
    rows: tuple[PrintedCoefficient, ...]
    crossed: bool
    tied: bool


def by_likelihood(model: PrintedModel | None) -> bool:
    """Whether an index is printed that only maximum likelihood has."""
    return model is not None and any(name in model.indices for name in _LIKELIHOOD_ONLY)


def measured_constructs(paper: Published) -> Iterator[Measured]:
    """Yield each construct in each model that prints all its standardised loadings."""
    for model in paper.models or (None,):
        if model is not None and model.n_groups > 1:
            continue
        loadings = [row for row in paper.coefficients_of(model) if row.op == "=~"]
        for construct in paper.constructs:
            rows = tuple(row for row in loadings if row.lhs == construct.name)
            items = {row.rhs for row in rows}
            whole = not construct.items or items == set(construct.items)
            if len(items) < 2 or len(items) < len(rows) or not whole:
                continue
            if any(row.std is None for row in rows) or items & {row.lhs for row in loadings}:
                continue
            crossed = any(row.rhs in items and row.lhs != construct.name for row in loadings)
            yield Measured(construct, model, rows, crossed, _tied(paper, model, items))


def _tied(paper: Published, model: PrintedModel | None, items: set[str]) -> bool:
    pairs = [(row.lhs, row.rhs) for row in paper.coefficients_of(model) if row.op == "~~"]
    pairs += [(lhs, rhs) for each in paper.models for lhs, op, rhs in each.freed if op == "~~"]
    if model is not None and model.spec is not None:
        pairs += [(row.lhs, row.rhs) for row in model.spec.parameters if row.op == "~~"]
    return any(a != b and a in items and b in items for a, b in pairs)


def exogenous(paper: Published, model: PrintedModel | None) -> set[str]:
    """Variables of the printed correlations ``~~`` that nothing in the model predicts.

    Correlations of other variables are those of what the model leaves unexplained of them.
    """
    rows = paper.coefficients_of(model)
    inner = {row.lhs for row in rows if row.op == "~"} | {row.rhs for row in rows if row.op == "=~"}
    if model is not None and model.spec is not None:
        inner |= set(model.spec.endogenous)
    names = {name for row in rows if row.op == "~~" for name in (row.lhs, row.rhs)}
    return names - inner
