"""Arithmetic with rounded numbers: a printed 0.472 is every number that prints as 0.472."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A closed interval of real numbers.

    Parameters
    ----------
    lower, upper : float
        The ends; `lower` must not exceed `upper`.

    References
    ----------
    Moore, R. E., Kearfott, R. B., & Cloud, M. J. (2009). *Introduction to interval analysis*.
    SIAM. https://doi.org/10.1137/1.9780898717716

    Examples
    --------
    >>> Interval.printed(2.730, decimals=3) / Interval.exact(2)
    Interval(lower=1.36475, upper=1.36525)
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ValueError(f"an interval needs lower <= upper, not [{self.lower}, {self.upper}]")

    @classmethod
    def printed(cls, value: float, *, decimals: int) -> Interval:
        """Every number that rounds to `value` at `decimals` decimals, both halves included."""
        half = 0.5 * 10.0**-decimals
        return cls(value - half, value + half)

    @classmethod
    def exact(cls, value: float) -> Interval:
        """Wrap a number that was counted, not rounded."""
        return cls(value, value)

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.lower + other.lower, self.upper + other.upper)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.lower - other.upper, self.upper - other.lower)

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.lower, self.upper) for b in (other.lower, other.upper)]
        return Interval(min(ends), max(ends))

    def __truediv__(self, other: Interval) -> Interval:
        if other.lower <= 0.0 <= other.upper:
            raise ZeroDivisionError(f"{other} contains zero")
        return self * Interval(1.0 / other.upper, 1.0 / other.lower)

    def sqrt(self) -> Interval:
        """Square root, of the part that is not negative."""
        return Interval(math.sqrt(max(self.lower, 0.0)), math.sqrt(max(self.upper, 0.0)))

    def overlaps(self, other: Interval) -> bool:
        """Whether some number lies in both."""
        return self.lower <= other.upper and other.lower <= self.upper

    def text(self, decimals: int) -> str:
        """Write the interval for a reader: one number where both ends print alike.

        Examples
        --------
        >>> Interval(0.05996, 0.06003).text(3), Interval(1.664, 1.724).text(3)
        ('0.060', '1.664 to 1.724')
        """
        lower, upper = f"{self.lower:.{decimals}f}", f"{self.upper:.{decimals}f}"
        return lower if lower == upper else f"{lower} to {upper}"
