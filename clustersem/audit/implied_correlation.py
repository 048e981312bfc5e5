"""Correlations that standardised paths imply, as intervals: what is not printed may be anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from clustersem.audit.interval import Interval
from clustersem.audit.structure import Pair, Structure

ANY = Interval(-1.0, 1.0)


@dataclass(frozen=True)
class ImpliedCorrelations:
    """Outer bounds of the correlations of a model's variables.

    Parameters
    ----------
    structure : Structure
        Its arrows and its standardised paths.
    printed : mapping of frozenset of str to Interval
        Correlations that are known.
    """

    structure: Structure
    printed: Mapping[Pair, Interval]
    _found: dict[Pair, Interval] = field(default_factory=dict, repr=False, compare=False)

    def between(self, first: str, second: str) -> Interval:
        """Return what the correlation of two variables can be.

        Of a dependent variable by Wright's rule: the sum over its causes of the path times the
        cause's correlation with the other, where its disturbance does not go with that.
        """
        if first == second:
            return Interval.exact(1.0)
        pair = Pair((first, second))
        if pair not in self._found:
            self._found[pair] = ANY  # what a loop of the model would find
            self._found[pair] = self._traced(first, second)
        return self._found[pair]

    def _traced(self, first: str, second: str) -> Interval:
        known = self.printed.get(Pair((first, second)), ANY)
        for one, other in ((first, second), (second, first)):
            causes = self.structure.parents.get(one)
            if not causes or not self._disturbance_is_apart(one, other):
                continue
            total = Interval.exact(0.0)
            for cause in causes:
                total = total + self.path(one, cause) * self.between(cause, other)
            known = known.intersection(total) or known
        return known

    def path(self, outcome: str, cause: str) -> Interval:
        """Return a standardised path as printed; any number where it is not printed."""
        row = self.structure.row(outcome, "~", cause)
        if row is None or row.std is None:
            return Interval(-math.inf, math.inf)
        return row.std.interval

    def _disturbance_is_apart(self, name: str, other: str) -> bool:
        """Whether a disturbance is uncorrelated with another variable: no route leads from it."""
        structure = self.structure
        above = structure.ancestors.get(other, frozenset())
        if not structure.has_plain_disturbance(name) or name in above:
            return False
        return all(Pair((name, one)) not in structure.covaried for one in (other, *above))

    def of_causes(self, causes: tuple[str, ...]) -> dict[Pair, Interval]:
        """Return the correlations of some causes, narrowed by every third one among them.

        The determinant of three variables' correlations is not negative, so that r_ab lies within
        r_ac r_bc -+ sqrt((1 - r_ac^2)(1 - r_bc^2)).
        """
        found = {Pair(pair): self.between(*pair) for pair in combinations(causes, 2)}
        for first, second in combinations(causes, 2):
            for third in causes:
                if third in (first, second):
                    continue
                a, b = found[Pair((first, third))], found[Pair((second, third))]
                spread = ((1.0 - a.square()) * (1.0 - b.square())).sqrt().upper
                middle = a * b
                narrowed = Interval(middle.lower - spread, middle.upper + spread)
                pair = Pair((first, second))
                found[pair] = found[pair].intersection(narrowed) or found[pair]
        return found


def quadratic(
    values: tuple[Interval, ...], correlations: Mapping[tuple[int, int], Interval]
) -> Interval:
    """Bound b'Rb for b and R in intervals, R a correlation matrix.

    About the middle m of b: m'Rm + 2 m'R d + d'Rd, in which d is small and d'Rd not negative.

    Examples
    --------
    >>> half = Interval(0.495, 0.505)
    >>> quadratic((half, half), {(0, 1): Interval(0.0, 0.0)}).text(3)
    '0.490 to 0.510'
    """
    if any(math.isinf(one.width) for one in values):
        return Interval(0.0, math.inf)
    middles = [one.middle for one in values]
    halves = [0.5 * one.width for one in values]
    k = range(len(values))

    def r(i: int, j: int) -> Interval:
        return Interval.exact(1.0) if i == j else correlations[min(i, j), max(i, j)]

    total = Interval.exact(0.0)
    for i in k:
        slope = Interval.exact(0.0)
        for j in k:
            total = total + r(i, j) * (middles[i] * middles[j])
            slope = slope + r(i, j) * middles[j]
        reach = 2.0 * abs(slope).upper * halves[i]
        curve = sum(halves[i] * halves[j] * abs(r(i, j)).upper for j in k)
        total = total + Interval(-reach, reach + curve)
    return Interval(max(total.lower, 0.0), max(total.upper, 0.0))
