"""What an audit finds, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clustersem.audit import Audit
from clustersem.audit.finding import Finding, Rule
from clustersem.audit.text import FEW, share_of, title_of
from clustersem.report.document import Cell, Column, Points, Style, Table

_COLUMNS = (
    Column("Place"),
    Column("Quantity"),
    Column("Printed"),
    Column("Would have to be"),
    Column("Weight"),
)
_STYLES: dict[str, Style] = {"decisive": "bad", "minor": "muted"}


def findings_by_rule(audit: Audit) -> Iterator[tuple[Rule, str, Table, Points]]:
    """Yield each rule that found something, with what it says, its findings and their sentences."""
    for rule, found, held in audit.by_rule():
        lead = f"{rule.statement} It fails in {share_of(found, held)}."
        told = found if len(found) <= FEW else found[:1]
        sentences = Points(tuple(f"{one.place}: {one.sentence}" for one in told))
        yield rule, lead, _table(title_of(rule), found), sentences


def _table(name: str, found: Sequence[Finding]) -> Table:
    return Table(
        name,
        _COLUMNS,
        tuple(
            (
                Cell(one.place),
                Cell(one.quantity),
                Cell(one.printed),
                Cell(one.required_text),
                Cell(_weight(one), _STYLES.get(one.severity, "plain")),
            )
            for one in found
        ),
    )


def _weight(one: Finding) -> str:
    return one.severity if one.certainty == "impossible" else f"{one.severity}, {one.certainty}"
