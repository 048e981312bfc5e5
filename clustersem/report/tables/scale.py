"""Is the scale sound: adequacy, factors, purification, reliability."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pandas as pd

from clustersem.report.document import Band, Cell, Column, Style, Table
from clustersem.report.tables.frames import plain_value
from clustersem.report.tables.sample import label_of


class KmoLike(Protocol):
    """The result of `clustersem.kmo`."""

    @property
    def overall(self) -> float:
        """Kaiser-Meyer-Olkin measure of all items."""


class BartlettLike(Protocol):
    """The result of `clustersem.bartlett`."""

    @property
    def chi2(self) -> float:
        """Test statistic."""

    @property
    def df(self) -> int:
        """Degrees of freedom."""

    @property
    def p_value(self) -> float:
        """Its p value."""


class EfaLike(Protocol):
    """The result of `clustersem.efa`."""

    @property
    def loadings(self) -> pd.DataFrame:
        """Items by factors."""

    @property
    def communalities(self) -> pd.Series[float]:
        """One for each item."""

    @property
    def variance(self) -> pd.DataFrame:
        """Rows ss_loadings, proportion, cumulative; one column a factor."""


def adequacy_table(blocks: Mapping[str, tuple[KmoLike, BartlettLike]]) -> Table:
    """KMO and Bartlett's test, a row for each block of items."""
    rows = tuple(
        (
            Cell(name),
            Cell(kmo.overall),
            Cell(bartlett.chi2),
            Cell(bartlett.df),
            Cell(bartlett.p_value),
        )
        for name, (kmo, bartlett) in blocks.items()
    )
    return Table(
        "Sampling adequacy",
        (
            Column("Block of items"),
            Column("KMO", "number"),
            Column("Bartlett χ²", "number", 2),
            Column("df", "count"),
            Column("p", "p"),
        ),
        rows,
        "Whether the items of each block share enough variance to be factored at all.",
        "KMO, Kaiser-Meyer-Olkin measure: above .7 is middling, above .8 meritorious. Bartlett's "
        "test rejects uncorrelated items where p is small.",
    )


def loadings_table(
    efa: EfaLike,
    *,
    block: str = "",
    constructs: Mapping[str, tuple[str, ...]] | None = None,
    labels: Mapping[str, str] | None = None,
    cutoff: float = 0.5,
) -> Table:
    """Rotated loadings of items on factors; those below the cut-off are greyed."""
    loadings = efa.loadings
    factors = [str(name) for name in loadings.columns]
    place = {item: construct for construct, items in (constructs or {}).items() for item in items}
    columns = [Column("Item"), *(Column(name, "number") for name in factors)]
    columns.append(Column("Communality", "number"))
    items = [str(item) for item in loadings.index]
    if place:
        order = {name: i for i, name in enumerate(constructs or {})}
        items.sort(key=lambda item: order.get(place.get(item, ""), len(order)))
    values = {str(item): row for item, row in loadings.iterrows()}
    rows: list[tuple[Cell, ...] | Band] = []
    previous = None
    for item in items:
        if place and place.get(item, "") != previous:
            previous = place.get(item, "")
            rows.append(Band(label_of(previous, labels or {}) if previous else "other items"))
        cells = [
            Cell(float(v), "muted" if abs(float(v)) < cutoff else "strong") for v in values[item]
        ]
        rows.append((Cell(item), *cells, Cell(float(efa.communalities[item]))))
    rows.append(Band("Variance accounted for, %"))
    for key, name in (("proportion", "each factor"), ("cumulative", "cumulative")):
        if key in efa.variance.index:
            shares = [Cell(100 * float(v)) for v in efa.variance.loc[key].to_numpy(float)]
            rows.append((Cell(name), *shares, Cell("")))
    method = {
        "principal": "Principal components",
        "ml": "Maximum likelihood factors",
        "minres": "Minimum residual factors",
        "pa": "Principal axis factors",
    }.get(getattr(efa, "method", ""), "Factors")
    rotation = getattr(efa, "rotation", "")
    how = f"{method}, {rotation} rotation. " if rotation and rotation != "none" else f"{method}. "
    return Table(
        "Rotated loadings" + (f": {block}" if block else ""),
        tuple(columns),
        tuple(rows),
        "Each item should load high on one factor, the one of its own construct, and low on the "
        "others.",
        f"{how}Loadings below {cutoff:g} in absolute value are grey.",
    )


def purification_table(steps: Iterable[Any], *, cutoff: float = 0.5) -> Table:
    """Which items were deleted, in which order and why.

    Each step has ``item``, ``construct`` and ``reason``; its ``violation``, where it has one, knows
    the ``loading`` on the construct's factor and the ``other_loading``, the largest elsewhere.
    """
    rows = tuple(
        (
            Cell(str(number)),
            Cell(str(step.item)),
            Cell(str(step.construct)),
            Cell(plain_value(getattr(getattr(step, "violation", step), "loading", None))),
            Cell(plain_value(getattr(getattr(step, "violation", step), "other_loading", None))),
            Cell(str(step.reason)),
        )
        for number, step in enumerate(steps, 1)
    )
    return Table(
        "Purification of the scale",
        (
            Column("Step", "text"),
            Column("Item"),
            Column("Construct"),
            Column("Own loading", "number"),
            Column("Other loading", "number"),
            Column("Reason"),
        ),
        rows,
        "Items that do not belong to their construct were deleted one at a time, and the factors "
        "extracted again after each."
        if rows
        else "No item had to be deleted.",
        "Own loading: on the factor of the item's construct; other loading: the largest "
        f"elsewhere. Cut-off: {cutoff:g}.",
    )


def reliability_table(
    reliability: pd.DataFrame, *, labels: Mapping[str, str] | None = None
) -> Table:
    """Alpha with its interval, omega and whatever else the reliability analysis gives."""
    known = {
        "n_items": "Items",
        "n": "n",
        "alpha": "α",
        "alpha_ci_lower": "95 % CI from",
        "alpha_ci_upper": "to",
        "std_alpha": "α standardised",
        "omega": "ω",
        "lambda6": "λ6",
        "mean_inter_item_r": "Mean r",
    }
    shown = [name for name in known if name in reliability]
    kinds = {"n_items": "count", "n": "count"}
    columns = [Column("Construct")] + [
        Column(known[name], kinds.get(name, "number"))  # type: ignore[arg-type]
        for name in shown
    ]
    rows = tuple(
        (
            Cell(label_of(str(construct), labels or {})),
            *(Cell(plain_value(row[name]), _low_alpha(name, row[name])) for name in shown),
        )
        for construct, row in reliability.iterrows()
    )
    return Table(
        "Reliability of the constructs",
        tuple(columns),
        rows,
        "How consistently the items of each construct measure the same thing.",
        "α, Cronbach's alpha; ω, McDonald's omega from a one-factor model; λ6, Guttman's; mean r, "
        "mean correlation between items. Values of .7 and more are usually called acceptable; "
        "lower ones are marked." + _against(reliability),
    )


def _against(reliability: pd.DataFrame) -> str:
    """Which items run against the others of their construct, as a sentence."""
    if "reversed_items" not in reliability:
        return ""
    named = [
        f"{items} ({construct})"
        for construct, items in reliability["reversed_items"].items()
        if isinstance(items, str) and items
    ]
    return (
        f" These items run against the rest of their construct: {'; '.join(named)}."
        if named
        else ""
    )


def _low_alpha(name: str, value: Any) -> Style:  # noqa: ANN401 - a data frame's cell
    """Mark an alpha or omega below .7."""
    low = name in ("alpha", "omega") and math.isfinite(float(value)) and float(value) < 0.7
    return "bad" if low else "plain"
