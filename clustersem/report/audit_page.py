"""An audit as a page for the browser, and as JSON for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from clustersem.audit import Audit
from clustersem.audit.finding import Finding
from clustersem.audit.result import FAIRNESS
from clustersem.audit.text import share_of, title_of
from clustersem.report.atomic import replace_file
from clustersem.report.document import (
    Block,
    Cell,
    Column,
    Document,
    KeyFacts,
    Note,
    Points,
    Section,
    Style,
    Table,
    Text,
)
from clustersem.report.html import write_html

_FEW = 4
_COLUMNS = (
    Column("Place"),
    Column("Quantity"),
    Column("Printed"),
    Column("Would have to be"),
    Column("Weight"),
)


def audit_document(audit: Audit) -> Document:
    """Set an audit into sections: what was found in short, then rule by rule.

    Examples
    --------
    >>> from clustersem.audit import audit
    >>> document = audit_document(audit({"alpha": {"B1": "0.853"}}))
    >>> [section.title for section in document.sections][0]
    'Summary'
    """
    sections = [_summary(audit)]
    for k, (rule, found, held) in enumerate(audit.by_rule(), 1):
        name = title_of(rule)
        blocks: list[Block] = [_table(name, found)]
        told = found if len(found) <= _FEW else found[:1]
        blocks.append(Points(tuple(f"{one.place}: {one.sentence}" for one in told)))
        if rule.reference:
            blocks.append(Text(f"Reference: {rule.reference}"))
        lead = f"{rule.statement} It does not hold in {share_of(found, held)}."
        sections.append(Section(f"rule-{k}", name, lead, tuple(blocks)))
    if audit.unchecked:
        sections.append(
            Section(
                "unchecked",
                "Not checked",
                "These relations need numbers that are not printed, or were not given.",
                (Points(tuple(f"{rule.name}: needs {rule.needs}" for rule in audit.unchecked)),),
            )
        )
    if audit.published.notes:
        lead = "What is good to know of how the file was understood."
        blocks = [Points(audit.published.notes)]
        sections.append(Section("reading", "How the numbers were read", lead, tuple(blocks)))
    title = audit.published.title or "the printed tables"
    return Document(
        f"Audit of {title}", "Printed numbers that cannot all be right", tuple(sections)
    )


def audit_html(audit: Audit, path: str | os.PathLike[str]) -> Path:
    """Write the page of an audit as one HTML file that needs no network.

    Raises
    ------
    ClusterSemError
        Where it cannot be written; a file that was there stays as it was.
    """
    return write_html(audit_document(audit), path)


def audit_json(audit: Audit, path: str | os.PathLike[str]) -> Path:
    """Write the findings as JSON, with the layout of :meth:`clustersem.Audit.to_dict`.

    Raises
    ------
    ClusterSemError
        Where it cannot be written; a file that was there stays as it was.
    """
    target = Path(path)
    text = json.dumps(audit.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    replace_file(target, f"{text}\n".encode())
    return target


def _summary(audit: Audit) -> Section:
    checked = len(audit.findings) + len(audit.held)
    facts = (
        ("relations checked", str(checked)),
        ("cannot hold", str(len(audit.findings))),
        ("decisive", str(sum(one.severity == "decisive" for one in audit.findings))),
        ("rules without numbers", str(len(audit.unchecked))),
    )
    blocks: tuple[Block, ...] = (KeyFacts(facts),)
    if audit.findings:
        blocks = (*blocks, Note(FAIRNESS))
    return Section("summary", "Summary", audit.summary, blocks)


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


_STYLES: dict[str, Style] = {"decisive": "bad", "minor": "muted"}


def _weight(one: Finding) -> str:
    return one.severity if one.certainty == "impossible" else f"{one.severity}, {one.certainty}"
