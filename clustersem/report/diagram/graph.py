"""The estimates of a fit as a graph: which variables are nodes, which parameters are arrows."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pandas as pd

from clustersem.errors import ModelError

_DRAWN = ("=~", "<~", "~", "~~")

LinkKind = Literal["loading", "regression", "covariance"]
LinkStatus = Literal["significant", "weak", "fixed"]


class FitLike(Protocol):
    """What a drawing needs of a fit."""

    @property
    def estimates(self) -> pd.DataFrame:
        """One row a parameter."""

    @property
    def measures(self) -> Mapping[str, float]:
        """The fit measures by name."""


@dataclass(frozen=True)
class Node:
    """A variable: its name in the model, the text that stands for it and what it is."""

    name: str
    label: str
    latent: bool
    endogenous: bool
    r_squared: float


@dataclass(frozen=True)
class Link:
    """A free or fixed parameter between two variables; `value` is standardised (``std_all``)."""

    source: str
    target: str
    kind: LinkKind
    value: float
    status: LinkStatus


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of the model, links in the order of the parameter table.

    Attributes
    ----------
    items : dict
        Each factor's own indicators; an indicator of several factors stands with one of them.
    """

    nodes: dict[str, Node]
    links: tuple[Link, ...]
    items: dict[str, tuple[str, ...]]

    @property
    def owner(self) -> dict[str, str]:
        """The factor with which each indicator stands."""
        return {item: factor for factor, items in self.items.items() for item in items}

    @property
    def structural(self) -> tuple[str, ...]:
        """The constructs, and the observed variables that are nobody's indicator."""
        owner = self.owner
        return tuple(name for name in self.nodes if name not in owner)


def graph_of(fit: FitLike, labels: Mapping[str, str] | None = None, *, group: int = 0) -> Graph:
    """Read the graph off the estimates of one group (counted from 0).

    Variances, intercepts, thresholds, constraints and covariances fixed at zero are no arrows.

    Raises
    ------
    ModelError
        If there is nothing to draw, or no such group.
    """
    table = _rows_of_group(getattr(fit, "own_estimates", fit.estimates), group)
    labels = labels or {}
    r_squared = getattr(fit, "r_squared", None)
    factors = list(dict.fromkeys(table.loc[table["op"].isin(["=~", "<~"]), "lhs"]))
    links = tuple(link for link in map(_link, table.to_dict("records")) if link is not None)
    if not links:
        raise ModelError(
            "a path diagram of no arrows: the model has no loading, regression or covariance; "
            "draw a model that has at least one."
        )
    names = list(dict.fromkeys([*factors, *(n for k in links for n in (k.source, k.target))]))
    pointed_at = {k.target for k in links if k.kind != "covariance"}
    nodes = {
        name: Node(
            name=name,
            label=str(labels.get(name, name)),
            latent=name in factors,
            endogenous=name in pointed_at,
            r_squared=_r_squared(r_squared, name, group_labels(fit)[group]),
        )
        for name in names
    }
    return Graph(nodes=nodes, links=links, items=_own_items(factors, links, nodes))


def group_labels(fit: FitLike) -> tuple[str, ...]:
    """Return the names of a fit's groups; of one that has no names, their numbers from 1."""
    labels = getattr(fit, "groups", None)
    if labels is not None:
        return tuple(str(label) for label in labels)
    table = fit.estimates
    drawn = table[table["op"].isin(_DRAWN)]
    found = dict.fromkeys(drawn["group"]) if "group" in table else {}
    return tuple(str(number) for number in found) or ("",)


def _rows_of_group(estimates: pd.DataFrame, group: int) -> pd.DataFrame:
    """Return the rows of one group; the groups are numbered in the order in which they appear."""
    if "group" not in estimates:
        return estimates
    rows = estimates[estimates["op"].isin(_DRAWN)]
    groups = list(dict.fromkeys(rows["group"]))
    return rows[rows["group"] == groups[group]] if groups else rows


def _link(row: dict[Any, Any]) -> Link | None:
    """One parameter as an arrow, or None where it is none."""
    op, lhs, rhs = row["op"], str(row["lhs"]), str(row["rhs"])
    if op not in _DRAWN or lhs == rhs:
        return None
    se, p = _number(row.get("se")), _number(row.get("p_value"))
    fixed = not se > 0
    if op == "~~" and fixed and _number(row.get("est")) == 0:
        return None
    status: LinkStatus = "fixed" if fixed else "significant" if p < 0.05 else "weak"
    value = _number(row.get("std_all"))
    if op == "~~":
        return Link(lhs, rhs, "covariance", value, status)
    if op == "=~":
        return Link(lhs, rhs, "loading", value, status)
    return Link(rhs, lhs, "regression" if op == "~" else "loading", value, status)


def _number(value: object) -> float:
    """Return a number as float; None and NA as NaN."""
    return float(value) if isinstance(value, numbers.Real) else math.nan


def _r_squared(values: object, name: str, group: str) -> float:
    """R2 of a variable, NaN where the fit has none."""
    if isinstance(values, pd.Series):
        for key in (name, (group, name)):
            if key in values.index:
                return _number(float(values[key]))
    return math.nan


def _own_items(
    factors: list[str], links: tuple[Link, ...], nodes: Mapping[str, Node]
) -> dict[str, tuple[str, ...]]:
    """Which indicators stand with which factor.

    A factor all of whose indicators belong to smaller factors too is a general one (as in a
    bifactor model) and stands apart; any other shared indicator stays with its first factor.
    """
    of_factor: dict[str, list[str]] = {factor: [] for factor in factors}
    for link in links:
        if link.kind == "loading":
            factor, item = (
                (link.source, link.target)
                if link.source in of_factor
                else (link.target, link.source)
            )
            if not nodes[item].latent:
                of_factor[factor].append(item)
    sizes = {factor: len(items) for factor, items in of_factor.items()}
    general = {
        factor
        for factor, items in of_factor.items()
        if items
        and all(
            any(item in of_factor[other] and sizes[other] < sizes[factor] for other in factors)
            for item in items
        )
    }
    own: dict[str, list[str]] = {factor: [] for factor in factors}
    taken: set[str] = set()
    for factor in factors:
        for item in of_factor[factor]:
            if factor not in general and item not in taken:
                own[factor].append(item)
                taken.add(item)
    return {factor: tuple(items) for factor, items in own.items()}
