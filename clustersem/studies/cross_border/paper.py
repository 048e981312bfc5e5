"""The numbers that the paper prints, as immutable records."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

DECIMALS = 3
"""Every coefficient, standard error, critical ratio and fit index has three decimals."""


@dataclass(frozen=True)
class Construct:
    """A latent variable of the questionnaire (Table 1)."""

    name: str
    label: str
    subsystem: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class PrintedPath:
    """One row of Table 7: a hypothesis with its standardised and unstandardised estimate."""

    id: str
    lhs: str
    op: str
    rhs: str
    std: float
    est: float
    se: float
    cr: float

    @property
    def path(self) -> str:
        """The row as model syntax, ``"A1 ~ B1"``."""
        return f"{self.lhs} {self.op} {self.rhs}"


@dataclass(frozen=True)
class PrintedLoading:
    """One row of Table 9; a marker item has ``est == 1`` and neither `se` nor `cr`."""

    item: str
    construct: str
    std: float
    est: float
    se: float | None
    cr: float | None

    @property
    def is_marker(self) -> bool:
        """Whether the row fixes the scale of its construct."""
        return self.se is None


@dataclass(frozen=True)
class Published:
    """Everything that Wang et al. (2022) print, nothing corrected.

    Attributes
    ----------
    sample : mapping
        ``distributed``, ``returned``, ``valid`` questionnaires, ``scale`` and the pilot.
    constructs : mapping of str to Construct
        The 8 constructs with all 29 items, in the paper's order.
    items : mapping of str to str
        Item names and texts.
    deleted : tuple of str
        The items that the exploratory factor analysis removed.
    efa_loadings, alphas, cumulative_variance : mapping
        Tables 3 to 5; the variance is in per cent, by subsystem.
    fit_initial, fit_revised : mapping of str to float
        Section 4.2 and Table 6, named as ``fit.measures`` names them.
    reached_standard : tuple of str
        The indices of the initial model that the text says reached their reference standard.
    modifications : tuple of (str, str)
        Residual covariances, in the order in which the paper frees them.
    correlation_range : (float, float)
        Section 4.2 on offending estimates.
    paths : tuple of PrintedPath
        Table 7, in its order.
    loadings : tuple of PrintedLoading
        Table 9, in its order: the 26 items that the model holds.
    """

    sample: Mapping[str, Any]
    constructs: Mapping[str, Construct]
    items: Mapping[str, str]
    deleted: tuple[str, ...]
    efa_loadings: Mapping[str, float]
    alphas: Mapping[str, float]
    cumulative_variance: Mapping[str, float]
    fit_initial: Mapping[str, float]
    fit_revised: Mapping[str, float]
    reached_standard: tuple[str, ...]
    modifications: tuple[tuple[str, str], ...]
    correlation_range: tuple[float, float]
    paths: tuple[PrintedPath, ...]
    loadings: tuple[PrintedLoading, ...]

    def path(self, path: str) -> PrintedPath:
        """Return the row of Table 7 for ``"A1 ~ B1"``; ``~~`` may stand either way round."""
        for row in self.paths:
            if path == row.path or (row.op == "~~" and path == f"{row.rhs} ~~ {row.lhs}"):
                return row
        raise KeyError(f"Table 7 has no path {path!r}; it has {[row.path for row in self.paths]}")

    def marker(self, construct: str) -> PrintedLoading:
        """Return the row of Table 9 whose loading is fixed to 1 for `construct`."""
        return next(row for row in self.loadings if row.construct == construct and row.is_marker)


@cache
def published() -> Published:
    """Load the printed numbers that ship with the package.

    Returns
    -------
    Published
        Immutable; loaded once.

    References
    ----------
    Wang, C., et al. (2022). Cross-border e-commerce trade and industrial clusters: Evidence from
    China. *Sustainability*, 14(6), 3576. https://doi.org/10.3390/su14063576 (CC BY 4.0)

    Examples
    --------
    >>> published().path("A1 ~ B2").std
    0.153
    """
    source = Path(__file__).with_name("published.toml")
    raw = tomllib.loads(source.read_text(encoding="utf-8"))
    initial = dict(raw["fit"]["initial"])
    reached = tuple(initial.pop("reached_standard"))
    efa_loadings = {
        item: value for group in raw["efa"]["loadings"].values() for item, value in group.items()
    }
    low, high = raw["offending_estimates"]["correlation_range"]
    return Published(
        sample=MappingProxyType(raw["sample"]),
        constructs=MappingProxyType(
            {
                name: Construct(name, entry["label"], entry["subsystem"], tuple(entry["items"]))
                for name, entry in raw["constructs"].items()
            }
        ),
        items=MappingProxyType(raw["items"]),
        deleted=tuple(raw["efa"]["deleted"]),
        efa_loadings=MappingProxyType(efa_loadings),
        alphas=MappingProxyType(raw["alpha"]),
        cumulative_variance=MappingProxyType(raw["efa"]["cumulative_variance_percent"]),
        fit_initial=MappingProxyType(initial),
        fit_revised=MappingProxyType(raw["fit"]["revised"]),
        reached_standard=reached,
        modifications=tuple((first, second) for first, second in raw["modifications"]["order"]),
        correlation_range=(low, high),
        paths=tuple(_path(entry) for entry in raw["paths"]),
        loadings=tuple(_loading(row) for row in raw["loadings"][0]["rows"]),
    )


def _path(entry: Mapping[str, Any]) -> PrintedPath:
    lhs, op, rhs = entry["path"].split()
    return PrintedPath(
        entry["id"], lhs, op, rhs, entry["std"], entry["est"], entry["se"], entry["cr"]
    )


def _loading(row: list[Any]) -> PrintedLoading:
    item, construct, std, est, *rest = row
    se, cr = rest if rest else (None, None)
    return PrintedLoading(item, construct, std, est, se, cr)
