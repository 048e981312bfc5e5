"""Who answered and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from clustersem.report.document import Band, Cell, Column, Table
from clustersem.report.tables.frames import plain_value


class FlowLike(Protocol):
    """The way of the questionnaires, as `survey.flow` tells it."""

    @property
    def distributed(self) -> int | None:
        """Questionnaires sent out, if known."""

    @property
    def returned(self) -> int:
        """Questionnaires that came back."""

    @property
    def valid(self) -> int:
        """Those that passed the screening."""

    @property
    def exclusions(self) -> tuple[tuple[str, int], ...]:
        """Reason and number of those that did not."""


def flow_table(flow: FlowLike) -> Table:
    """From the distributed questionnaires to the valid ones, with a reason for every loss."""
    base = flow.distributed or flow.returned
    rows: list[tuple[Cell, ...]] = []
    if flow.distributed:
        rows.append((Cell("Distributed"), Cell(flow.distributed), Cell(None)))
    rows.append((Cell("Returned"), Cell(flow.returned), Cell(100 * flow.returned / base)))
    for reason, count in flow.exclusions:
        rows.append(
            (Cell(f"excluded: {reason}", "muted"), Cell(-count), Cell(100 * count / base, "muted"))
        )
    rows.append(
        (Cell("Valid", "strong"), Cell(flow.valid, "strong"), Cell(100 * flow.valid / base))
    )
    return Table(
        "From questionnaires to valid answers",
        (
            Column("Questionnaires"),
            Column("Number", "count"),
            Column("% of distributed" if flow.distributed else "% of returned", "number", 2),
        ),
        tuple(rows),
        "How many questionnaires the results rest on, and why the others were left out.",
        "A respondent with several reasons for exclusion is counted under the first."
        if flow.exclusions
        else "",
    )


def items_table(
    description: pd.DataFrame,
    *,
    constructs: Mapping[str, tuple[str, ...]] | None = None,
    construct_labels: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Table:
    """Describe the items, grouped by construct.

    Parameters
    ----------
    description : DataFrame
        One row an item: n, missing, mean, sd, skewness, kurtosis, minimum, maximum, or some of
        these.
    """
    construct_labels = construct_labels or {}
    # A wording that only repeats the item's name is none.
    texts = {item: text for item, text in (texts or {}).items() if text and text != item}
    known = {
        "n": ("n", "count", 0),
        "missing": ("Missing", "count", 0),
        "mean": ("M", "number", 2),
        "sd": ("SD", "number", 2),
        "skewness": ("Skewness", "number", 2),
        "kurtosis": ("Kurtosis", "number", 2),
        "minimum": ("Min", "count", 0),
        "maximum": ("Max", "count", 0),
    }
    shown = [name for name in known if name in description]
    columns = [Column("Item")]
    if texts:
        columns.append(Column("Wording"))
    columns += [Column(known[n][0], known[n][1], known[n][2]) for n in shown]  # type: ignore[arg-type]
    described = {str(item): row for item, row in description.iterrows()}
    groups = dict(constructs or {"": tuple(described)})
    listed = {item for items in groups.values() for item in items}
    rest = tuple(item for item in described if item not in listed)
    if rest:
        groups["other items"] = rest
    rows: list[tuple[Cell, ...] | Band] = []
    for construct, items in groups.items():
        if construct:
            rows.append(Band(label_of(construct, construct_labels)))
        for item in items:
            if item in described:
                start = [Cell(item)] + ([Cell(texts.get(item, ""))] if texts else [])
                cells = [Cell(plain_value(described[item][name])) for name in shown]
                rows.append(tuple(start + cells))
    return Table(
        "Descriptive statistics of the items",
        tuple(columns),
        tuple(rows),
        "How the respondents used the answer scale, item by item.",
        "M, mean; SD, standard deviation (divisor n − 1); skewness and excess kurtosis are 0 for a "
        "normal distribution.",
    )


def label_of(name: str, labels: Mapping[str, str]) -> str:
    """Return a name with what it stands for."""
    return f"{name}: {labels[name]}" if labels.get(name, name) != name else name
