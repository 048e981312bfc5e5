"""Arithmetic with rounded numbers: a printed 0.472 is every number that prints as 0.472."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

# A number half-way between two printed ones may have been rounded either way, and 0.0005 has no
# exact binary form; this much of the last decimal is given to both sides.
SLACK = 1e-6


@dataclass(frozen=True)
class Interval:
    """A closed interval of real numbers.

    Parameters
    ----------
    lower, upper : float
        The ends; `lower` must not exceed `upper`. Either may be infinite.

    References
    ----------
    Moore, R. E., Kearfott, R. B., & Cloud, M. J. (2009). *Introduction to interval analysis*.
    SIAM. doi:10.1137/1.9780898717716

    Examples
    --------
    >>> (Interval.exact(3) / Interval.exact(2)).sqrt().text(3)
    '1.225'
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ValueError(f"an interval needs lower <= upper, not [{self.lower}, {self.upper}]")

    @classmethod
    def printed(cls, value: float, *, decimals: int) -> Interval:
        """Every number that rounds to `value` at `decimals` decimals, both halves included."""
        half = (0.5 + SLACK) * 10.0**-decimals
        return cls(value - half, value + half)

    @classmethod
    def exact(cls, value: float) -> Interval:
        """Wrap a number that was counted, not rounded."""
        return cls(value, value)

    @classmethod
    def hull(cls, intervals: Iterable[Interval]) -> Interval:
        """Return the smallest interval that holds all of several."""
        each = tuple(intervals)
        return cls(min(one.lower for one in each), max(one.upper for one in each))

    @property
    def width(self) -> float:
        """The distance of the ends."""
        return self.upper - self.lower

    @property
    def middle(self) -> float:
        """The number half-way between the ends."""
        return 0.5 * (self.lower + self.upper)

    def __add__(self, other: Interval | float) -> Interval:
        other = _interval(other)
        return Interval(self.lower + other.lower, self.upper + other.upper)

    __radd__ = __add__

    def __neg__(self) -> Interval:
        return Interval(-self.upper, -self.lower)

    def __sub__(self, other: Interval | float) -> Interval:
        return self + -_interval(other)

    def __rsub__(self, other: Interval | float) -> Interval:
        return _interval(other) + -self

    def __mul__(self, other: Interval | float) -> Interval:
        other = _interval(other)
        ends = [_times(a, b) for a in (self.lower, self.upper) for b in (other.lower, other.upper)]
        return Interval(min(ends), max(ends))

    __rmul__ = __mul__

    def __truediv__(self, other: Interval | float) -> Interval:
        other = _interval(other)
        if other.lower <= 0.0 <= other.upper:
            raise ZeroDivisionError(f"{other} contains zero")
        return self * Interval(1.0 / other.upper, 1.0 / other.lower)

    def __rtruediv__(self, other: float) -> Interval:
        return _interval(other) / self

    def __abs__(self) -> Interval:
        if self.lower >= 0.0:
            return self
        return -self if self.upper <= 0.0 else Interval(0.0, max(-self.lower, self.upper))

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    def square(self) -> Interval:
        """Return the squares; never below zero, as ``x * x`` of a wide interval could be."""
        size = abs(self)
        return Interval(size.lower**2, size.upper**2)

    def sqrt(self) -> Interval:
        """Square root, of the part that is not negative."""
        return Interval(math.sqrt(max(self.lower, 0.0)), math.sqrt(max(self.upper, 0.0)))

    def log(self) -> Interval:
        """Natural logarithm of a positive interval; of zero it is minus infinity."""
        if self.upper <= 0.0 or self.lower < 0.0:
            raise ValueError(f"{self} has no logarithm")
        return Interval(math.log(self.lower) if self.lower else -math.inf, math.log(self.upper))

    def overlaps(self, other: Interval) -> bool:
        """Whether some number lies in both."""
        return self.lower <= other.upper and other.lower <= self.upper

    def intersection(self, other: Interval) -> Interval | None:
        """Return what lies in both; None where nothing does."""
        lower, upper = max(self.lower, other.lower), min(self.upper, other.upper)
        return Interval(lower, upper) if lower <= upper else None

    def clipped(self, lower: float, upper: float) -> Interval:
        """Return the interval with its ends moved into [lower, upper]."""
        return Interval(min(max(self.lower, lower), upper), min(max(self.upper, lower), upper))

    def text(self, decimals: int) -> str:
        """Write the interval for a reader: one number where both ends print alike.

        Examples
        --------
        >>> Interval(0.05996, 0.06003).text(3), Interval(1.664, 1.724).text(3)
        ('0.060', '1.664 to 1.724')
        >>> Interval(0.5, math.inf).text(1), Interval(-math.inf, 0.2).text(1)
        ('at least 0.5', 'at most 0.2')
        """
        lower, upper = f"{self.lower:.{decimals}f}", f"{self.upper:.{decimals}f}"
        if math.isinf(self.upper):
            return "any number" if math.isinf(self.lower) else f"at least {lower}"
        if math.isinf(self.lower):
            return f"at most {upper}"
        return lower if lower == upper else f"{lower} to {upper}"


def _interval(value: Interval | float) -> Interval:
    return value if isinstance(value, Interval) else Interval(value, value)


def _times(a: float, b: float) -> float:
    # An end at infinity stands for arbitrarily large numbers, of which zero times is zero.
    return 0.0 if a == 0.0 or b == 0.0 else a * b
