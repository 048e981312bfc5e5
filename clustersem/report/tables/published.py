"""Printed numbers beside those that came out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from clustersem.report.document import Band, Cell, Column, Style, Table
from clustersem.report.tables.frames import plain_value


def published_table(
    comparison: pd.DataFrame, *, caption: str = "Printed and reproduced", digits: int = 3
) -> Table:
    """Set printed, reproduced, their difference and a verdict.

    Parameters
    ----------
    comparison : DataFrame
        Columns quantity, printed, reproduced, difference, verdict, and if wanted table (the rows
        of one printed table stand together).
    """
    rows: list[tuple[Cell, ...] | Band] = []
    previous = None
    for record in comparison.to_dict("records"):
        table = record.get("table")
        if table is not None and table != previous:
            rows.append(Band(str(table)))
            previous = table
        verdict = str(record["verdict"])
        style: Style = (
            "good"
            if verdict.startswith(("agrees", "reproduced", "✓"))
            else "bad"
            if verdict.startswith(("differs", "not", "✗"))
            else "plain"
        )
        rows.append(
            (
                Cell(str(record["quantity"])),
                *(Cell(plain_value(record[k])) for k in ("printed", "reproduced", "difference")),
                Cell(verdict, style),
            )
        )
    return Table(
        caption,
        (
            Column("Quantity"),
            Column("Printed", "number", digits),
            Column("Reproduced", "number", digits),
            Column("Difference", "number", digits),
            Column("Verdict"),
        ),
        tuple(rows),
        "How close this run comes to the numbers of the publication.",
        "Difference: reproduced minus printed.",
    )


def further_table(entries: Sequence[tuple[str, str]]) -> Table:
    """Return what else cannot come out, and why."""
    return Table(
        "What a computation shows besides",
        (Column("Printed"), Column("Why it cannot come out")),
        tuple((Cell(what), Cell(why)) for what, why in entries),
        "No rule of the tables tells these; it takes the model that they imply.",
    )
