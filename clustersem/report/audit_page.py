"""An audit as a page for the browser, and as JSON for programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

from clustersem.audit import Audit
from clustersem.audit.result import FAIRNESS
from clustersem.audit.text import title_of
from clustersem.report.atomic import replace_file
from clustersem.report.document import (
    Block,
    Document,
    KeyFacts,
    Note,
    Points,
    Section,
    Text,
)
from clustersem.report.html import write_html
from clustersem.report.tables.audit import findings_by_rule


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
    for k, (rule, lead, table, sentences) in enumerate(findings_by_rule(audit), 1):
        reference = (Text(f"Reference: {rule.reference}"),) if rule.reference else ()
        blocks = (table, sentences, *reference)
        sections.append(Section(f"rule-{k}", title_of(rule), lead, blocks))
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
        notes = (Points(audit.published.notes),)
        sections.append(Section("reading", "How the numbers were read", lead, notes))
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
