"""The hypotheses in every model that the policy allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.report.document import Cell, Column, Table
from clustersem.report.tables.fit import path_text

if TYPE_CHECKING:
    from clustersem.respecify.multiverse_result import Multiverse


def multiverse_table(multiverse: Multiverse) -> Table:
    """Return the range of each estimate and the share of models that support the hypothesis."""
    rows = []
    for row in multiverse.table.to_dict("records"):
        holds = row["survives"]
        rows.append(
            (
                Cell(row["id"]),
                Cell(path_text(row["path"])),
                *(Cell(row[name]) for name in ("std_min", "std_median", "std_max", "p_max")),
                Cell(row["final"]),
                Cell(100.0 * row["share_supported"]),
                Cell(holds, "good" if holds == "in all" else "plain"),
            )
        )
    counts = multiverse.counts
    left_out = sum(counts.values()) - counts["fitted"]
    return Table(
        "The hypotheses in every model",
        (
            Column("Hypothesis"),
            Column("Path"),
            Column("Least", "number"),
            Column("Median", "number"),
            Column("Largest", "number"),
            Column("Largest p", "p"),
            Column("Final model"),
            Column("Supported, %", "number", 0),
            Column("Its verdict holds"),
        ),
        tuple(rows),
        f"What becomes of the hypotheses in {counts['fitted']} models that the policy allows.",
        f"Least, median and largest standardised estimate. {multiverse.how} {left_out} more are"
        " left out: they cannot be fitted or are not admissible. Shares count models, each once;"
        " they are no probabilities (Steegen et al., 2016, doi:10.1177/1745691616658637).",
    )
