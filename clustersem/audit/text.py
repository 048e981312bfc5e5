"""An audit as a page of text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clustersem.audit.finding import Finding, Rule

if TYPE_CHECKING:
    from clustersem.audit.result import Audit

WIDTH = 100
FEW = 4
"""So many findings of a rule are told one by one; of more, the first stands for all."""
_HEADINGS = ("Place", "Quantity", "Printed", "Would have to be")
_ABBREVIATIONS = frozenset(
    {"rmsea", "gfi", "agfi", "pgfi", "cfi", "nfi", "tli", "ifi", "srmr", "aic", "bic", "ave", "r2"}
)
_WIDEST = (44, 20, 14, 18)


def page(audit: Audit) -> str:
    """Return the audit for a reader, in lines of at most 100 characters."""
    from clustersem.audit.result import FAIRNESS

    title = f"Audit of {audit.published.title or 'the printed tables'}"
    lines = [*_filled(title), "=" * min(len(title), WIDTH), *_filled(audit.summary)]
    if audit.findings:
        lines += ["", *_filled(FAIRNESS)]
    for k, (rule, found, held) in enumerate(audit.by_rule(), 1):
        lines += ["", *_group(k, rule, found, held)]
    if audit.unchecked and audit.rules:
        heading = f"Not checked, for what is not printed: {len(audit.unchecked)} rule"
        heading += "" if len(audit.unchecked) == 1 else "s"
        lines += ["", heading, "-" * len(heading)]
        lines += _filled(f"{'; '.join(rule.name for rule in audit.unchecked)}.")
        lines += _filled("What each needs: .unchecked of the audit, its page and its JSON.")
    if audit.published.notes:
        lines += ["", "How the numbers were read", "-" * 25]
        for note in audit.published.notes:
            lines += _filled(f"- {note}", indent="  ")
    return "\n".join(line.rstrip() for line in lines)


def _group(number: int, rule: Rule, found: Sequence[Finding], held: int) -> list[str]:
    heading = f"{number}  {title_of(rule)}: {share_of(found, held)}"
    lines = [heading, "-" * len(heading), *_filled(rule.statement)]
    lines += _filled(f"Reference: {rule.reference}", indent="  ") if rule.reference else []
    lines.append("")
    if len(found) <= FEW:
        for one in found:
            lines += _filled(f"- {_told(one)}", indent="  ")
        return lines
    lines += _table(found)
    lines += ["", *_filled(f"As in: {_told(found[0])}", indent="  ")]
    return lines


def title_of(rule: Rule) -> str:
    """Return the name of a rule as a heading, its abbreviations in capitals.

    Examples
    --------
    >>> title_of(Rule("gfi and chi2", "", "", "", lambda paper: iter(())))
    'GFI and chi2'
    """
    words = [word.upper() if word in _ABBREVIATIONS else word for word in rule.name.split()]
    name = " ".join(words)
    return name if name.startswith(("chi2", "p of")) else name[:1].upper() + name[1:]


def share_of(found: Sequence[Finding], held: int) -> str:
    """Say how many of the checks found something."""
    if len(found) + held == 1:
        return "the one checked"
    return f"{len(found)} of {len(found) + held} checked" if held else f"all {len(found)} checked"


def _told(one: Finding) -> str:
    """Return the sentence of a finding, with how much hangs on it and where."""
    marks: list[str] = [] if one.severity == "serious" else [one.severity]
    marks += [one.certainty] if one.certainty != "impossible" else []
    mark = f" [{', '.join(marks)}]" if marks else ""
    return f"{one.place}{mark}. {one.sentence}"


def _table(found: Sequence[Finding]) -> list[str]:
    rows = [
        (
            one.place + (" (!)" if one.severity == "decisive" else ""),
            one.quantity,
            one.printed,
            one.required_text,
        )
        for one in found
    ]
    widths = [
        min(widest, max(len(cell) for cell in column))
        for widest, column in zip(_WIDEST, zip(_HEADINGS, *rows, strict=True), strict=True)
    ]
    lines = [*_row(_HEADINGS, widths), "  ".join("-" * width for width in widths)]
    for row in rows:
        lines += _row(row, widths)
    if any(one.severity == "decisive" for one in found):
        lines.append("(!) decisive: a printed conclusion hangs on it.")
    return lines


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the lines of a row; a long cell takes several."""
    parts = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
        for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(map(len, parts))
    return [
        "  ".join(
            (part[k] if k < len(part) else "").ljust(width)
            for part, width in zip(parts, widths, strict=True)
        ).rstrip()
        for k in range(height)
    ]


def _filled(words: str, indent: str = "") -> list[str]:
    return textwrap.wrap(words, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [""]
