"""What an audit found, for scripts and for readers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from clustersem.audit.finding import Finding, Held, Rule
from clustersem.audit.interval import Interval
from clustersem.audit.published import Published

#: Version of the layout of :meth:`Audit.to_dict`.
LAYOUT = 1

FAIRNESS = (
    "A finding says that printed numbers cannot all be right. It does not say which of them is "
    "wrong, how that came about, or who erred: misprints and slips of transcription, also into the "
    "file that was audited, are the commonest cause. Every number stands for all numbers that "
    "print so, so no finding is an artefact of rounding."
)


@dataclass(frozen=True, eq=False)
class Audit:
    """The contradictions of a paper's tables.

    Attributes
    ----------
    published : Published
        What was audited.
    rules : tuple of Rule
        The relations that were looked at.
    findings : tuple of Finding
        In the order of the rules; within a rule the most serious first.
    held : tuple of Held
        What was checked and can be right.
    unchecked : tuple of Rule
        Relations for which the paper prints too little; ``.needs`` says what.
    """

    published: Published
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    held: tuple[Held, ...]
    unchecked: tuple[Rule, ...]

    @property
    def consistent(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @cached_property
    def table(self) -> pd.DataFrame:
        """The findings, one a row; ``required_lower`` and ``required_upper`` are NaN for none."""
        columns = (
            "rule", "certainty", "severity", "place", "quantity", "printed", "required",
            "required_lower", "required_upper", "concerns", "sentence",
        )  # fmt: skip
        rows = [
            (
                one.rule,
                one.certainty,
                one.severity,
                one.place,
                one.quantity,
                one.printed,
                one.required_text,
                math.nan if one.required is None else one.required.lower,
                math.nan if one.required is None else one.required.upper,
                ", ".join(one.concerns),
                one.sentence,
            )
            for one in self.findings
        ]
        return pd.DataFrame(rows, columns=list(columns))

    def by_rule(self) -> Iterator[tuple[Rule, tuple[Finding, ...], int]]:
        """Yield the rules that found something, their findings, and how often each held."""
        held = Counter(one.rule for one in self.held)
        for rule in self.rules:
            found = tuple(one for one in self.findings if one.rule == rule.name)
            if found:
                yield rule, found, held[rule.name]

    @property
    def summary(self) -> str:
        """How much was checked, how much cannot be right, and what rests on it."""
        checked = len(self.findings) + len(self.held)
        if not checked:
            return (
                "Nothing could be checked: no two of the printed numbers have a relation that an "
                "audit knows."
            )
        if not self.findings:
            return f"{_counted(checked, 'relation')} checked; the printed numbers can all be right."
        n_rules = len({one.rule for one in self.findings})
        text = (
            f"{_counted(checked, 'relation')} checked; {len(self.findings)} of them, by "
            f"{_counted(n_rules, 'rule')}, cannot hold with the numbers as printed."
        )
        decisive = [one for one in self.findings if one.severity == "decisive"]
        if decisive:
            concerned = dict.fromkeys(name for one in decisive for name in one.concerns)
            on = f" ({', '.join(concerned)})" if concerned else ""
            verb = "is" if len(decisive) == 1 else "are"
            text += f" {len(decisive)} {verb} decisive: a printed conclusion{on} hangs on it."
        implausible = sum(one.certainty == "implausible" for one in self.findings)
        if implausible:
            text += (
                f" {implausible} could hold for data of an unusual kind, which the finding names."
            )
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as texts, numbers and lists, ready for JSON.

        Ends of intervals that are infinite are None.
        """
        rules = {rule.name: rule for rule in self.rules}
        return {
            "layout": LAYOUT,
            "title": self.published.title,
            "summary": self.summary,
            "checked": len(self.findings) + len(self.held),
            "findings": [
                {
                    "rule": one.rule,
                    "statement": rules[one.rule].statement if one.rule in rules else "",
                    "reference": rules[one.rule].reference if one.rule in rules else "",
                    "certainty": one.certainty,
                    "severity": one.severity,
                    "place": one.place,
                    "quantity": one.quantity,
                    "printed": one.printed,
                    "required": _ends(one.required),
                    "required_text": one.required_text,
                    "sentence": one.sentence,
                    "concerns": list(one.concerns),
                }
                for one in self.findings
            ],
            "held": [{"rule": one.rule, "place": one.place} for one in self.held],
            "unchecked": [{"rule": rule.name, "needs": rule.needs} for rule in self.unchecked],
            "notes": list(self.published.notes),
        }

    def __str__(self) -> str:
        from clustersem.audit.text import page

        return page(self)

    def __repr__(self) -> str:
        return f"Audit({len(self.findings)} findings, {len(self.held)} relations that hold)"


def _ends(interval: Interval | None) -> list[float | None] | None:
    if interval is None:
        return None
    return [None if math.isinf(end) else end for end in (interval.lower, interval.upper)]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
