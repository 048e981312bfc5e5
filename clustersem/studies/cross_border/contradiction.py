"""One set of printed numbers that cannot all be right, and the words to say so."""

from __future__ import annotations

from dataclasses import dataclass

from clustersem.studies.cross_border.interval import Interval
from clustersem.studies.cross_border.paper import DECIMALS


@dataclass(frozen=True)
class Contradiction:
    """Printed numbers that cannot all be right.

    Attributes
    ----------
    rule : str
        Short name of the rule, the same for all findings of a kind.
    place : str
        Where the number is printed.
    quantity : str
        What it is, e.g. ``"C.R."``.
    printed : str
        As printed.
    required : Interval or None
        What it would have to be for the other printed numbers to be right; None where several
        numbers disagree and none of them stands out.
    required_text : str
        The same in words, for a table.
    sentence : str
        One plain sentence for a reader.
    """

    rule: str
    place: str
    quantity: str
    printed: str
    required: Interval | None
    required_text: str
    sentence: str


def printed(value: float) -> Interval:
    """Every number that the paper would print as `value`."""
    return Interval.printed(value, decimals=DECIMALS)


def contradiction(
    rule: str, place: str, quantity: str, value: float, required: Interval, sentence: str
) -> Contradiction:
    """Dress a printed number that ought to lie in `required`."""
    text = required.text(DECIMALS)
    return Contradiction(rule, place, quantity, f"{value:.{DECIMALS}f}", required, text, sentence)
