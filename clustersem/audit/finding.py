"""What a rule says of printed numbers: that they can all be right, or that they cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from clustersem.audit.interval import Interval
from clustersem.audit.published import Published

#: ``"impossible"``: no data give these numbers together. ``"implausible"``: data could, but they
#: would have to be of a kind that the sentence names.
Certainty = Literal["impossible", "implausible"]
#: ``"decisive"``: a conclusion that is printed would change by one of the ways to resolve it;
#: ``"serious"``: a conclusion rests on one of these numbers; ``"minor"``: none does.
Severity = Literal["minor", "serious", "decisive"]


@dataclass(frozen=True)
class Finding:
    """Printed numbers that cannot all be right; which of them is wrong the page does not tell.

    Attributes
    ----------
    rule : str
        Name of the rule, the same for all findings of a kind.
    place : str
        Where the number is printed.
    quantity : str
        What it is, as in ``"C.R."``.
    printed : str
        As printed.
    required : Interval or None
        What it would have to be for the other numbers to be right; None where several numbers
        disagree and none of them stands out.
    required_text : str
        The same for a table.
    sentence : str
        For a reader: which numbers, why they belong together, that they cannot all be right.
    certainty : str
        ``"impossible"`` or ``"implausible"``.
    severity : str
        ``"minor"``, ``"serious"`` or ``"decisive"``, for what is concluded from them.
    concerns : tuple of str
        What rests on the numbers: hypotheses by their ids, ``"fit"``, ``"reliability"``,
        ``"validity"``, ``"sample"``.
    """

    rule: str
    place: str
    quantity: str
    printed: str
    required: Interval | None
    required_text: str
    sentence: str
    certainty: Certainty = "impossible"
    severity: Severity = "serious"
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held:
    """A relation that was checked, and that the printed numbers can satisfy."""

    rule: str
    place: str


Outcome = Finding | Held


@dataclass(frozen=True)
class Rule:
    """A relation that must hold among printed numbers.

    Attributes
    ----------
    name : str
        Short, the same as in its findings.
    statement : str
        The relation in a sentence.
    reference : str
        Where it is from, with a DOI where there is one.
    needs : str
        What must be printed for it to be checked, in words.
    check : function
        Of a :class:`Published`; an iterator of what was checked. It yields nothing where the paper
        does not print what the rule needs.
    """

    name: str
    statement: str
    reference: str
    needs: str
    check: Callable[[Published], Iterator[Outcome]]
