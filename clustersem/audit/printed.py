"""A number as it is printed: its text, its place, and every number that would print so."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from clustersem.audit.interval import Interval
from clustersem.errors import DataError

_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": "", "\u2009": "", "\u202f": ""})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BOUND = re.compile(r"(<=|>=|<|>|\u2264|\u2265)(.+)")


@dataclass(frozen=True)
class Printed:
    """A number of a table, nothing corrected.

    Attributes
    ----------
    text : str
        As printed, ``"0.472"``, ``"<.001"``, ``"71.9%"``.
    interval : Interval
        Every number that would be printed so: half of the last digit to both sides, or what an
        inequality leaves.
    place : str
        Where it stands, for a reader: ``"Table 7, H1: A1 ~ B1"``.
    """

    text: str
    interval: Interval
    place: str = ""

    @classmethod
    def read(cls, text: str, place: str = "") -> Printed:
        """Read a rounded number, or a bound of one.

        Parameters
        ----------
        text : str
            With a decimal point; a percent sign, a leading plus, brackets and the typographic minus
            are read too. Per cents stay per cents.
        place : str
            Where it stands.

        Raises
        ------
        DataError
            Where this is no number.

        Examples
        --------
        >>> Printed.read("4.990").interval.text(4), Printed.read("<.001").interval
        ('4.9895 to 4.9905', Interval(lower=-inf, upper=0.001))
        """
        plain = text.translate(_MINUS).replace(" ", "").strip("()[]%")
        bound = _BOUND.fullmatch(plain)
        if bound is not None and _NUMBER.fullmatch(bound.group(2)):
            value = float(bound.group(2))
            below = bound.group(1) in ("<", "<=", "\u2264")
            ends = (-math.inf, value) if below else (value, math.inf)
            return cls(text, Interval(*ends), place)
        if not _NUMBER.fullmatch(plain):
            at = f"{place}: " if place else ""
            comma = re.fullmatch(r"[+-]?\d*,\d+", plain)
            hint = f" Write {plain.replace(',', '.')} with a decimal point." if comma else ""
            raise DataError(f"{at}{text!r} is no number.{hint}")
        return cls(text, Interval.printed(float(plain), decimals=_decimals(plain)), place)

    @classmethod
    def count(cls, number: int, place: str = "") -> Printed:
        """Wrap a number that was counted, so that nothing of it is rounded."""
        return cls(str(number), Interval.exact(float(number)), place)

    def at(self, place: str) -> Printed:
        """Return the same number with the place where it stands."""
        return Printed(self.text, self.interval, place)

    @property
    def value(self) -> float:
        """The number in the middle, which is the printed one; the bound of an inequality."""
        lower, upper = self.interval.lower, self.interval.upper
        if math.isinf(lower) or math.isinf(upper):
            return upper if math.isinf(lower) else lower
        return round(self.interval.middle, max(self.decimals, 0))

    @property
    def decimals(self) -> int:
        """How many digits after the point are printed; negative for 3e4."""
        plain = self.text.translate(_MINUS).replace(" ", "").strip("()[]%<>=\u2264\u2265")
        return _decimals(plain)


def _decimals(plain: str) -> int:
    mantissa, _, exponent = plain.lower().partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)
