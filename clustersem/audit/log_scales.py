"""Standardised against unstandardised values, as linear relations of logarithms of scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clustersem.audit.interval import Interval
from clustersem.audit.published import PrintedCoefficient, Published
from clustersem.audit.structure import Structure, is_fixed

#: A variable's standard deviation, or its disturbance's.
Scale = tuple[str, str]


@dataclass(frozen=True)
class Relation:
    """``sum of powers * log scale`` lies in an interval.

    Attributes
    ----------
    powers : tuple of (Scale, float)
        What the relation is about: ``((("sd", "A1"), 1), (("sd", "B1"), -1))``.
    bounds : Interval
        Of the logarithm; an end may be infinite.
    row : PrintedCoefficient or None
        The row that says so; None for what holds by what a disturbance is.
    reason : str
        For a reader: the printed numbers, or why it holds.
    concerns : tuple of str
        Ids that rest on it.
    """

    powers: tuple[tuple[Scale, float], ...]
    bounds: Interval
    row: PrintedCoefficient | None
    reason: str
    concerns: tuple[str, ...] = ()

    @property
    def quantity(self) -> str:
        """The product or ratio of scales, ``"sd(A1) / sd(B1)"``."""
        above = [_named(scale, power) for scale, power in self.powers if power > 0]
        below = [_named(scale, -power) for scale, power in self.powers if power < 0]
        return " ".join(above) + (f" / {' '.join(below)}" if below else "")


def _named(scale: Scale, power: float) -> str:
    kind, name = scale
    text = f"sd({name})" if kind == "sd" else f"sd(disturbance of {name})"
    return text if power == 1 else f"{text}^{power:g}"


def relations(paper: Published, structure: Structure) -> tuple[Relation, ...]:
    """Return everything that a model's printed numbers say of standard deviations.

    A path is standardised by sd(cause) / sd(outcome), a loading by sd(construct) / sd(item), a
    covariance by two standard deviations: of the variables, or where an arrow points at one, of its
    disturbance, which is sqrt(1 - R2) times the variable's. Rows whose value is rounded to nothing
    say nothing.
    """
    made = [one for row in structure.rows if (one := _of_row(row, structure)) is not None]
    disturbances = {
        scale[1] for one in made for scale, _ in one.powers if scale[0] == "disturbance"
    }
    for name in sorted(disturbances):
        made.extend(_of_disturbance(paper, structure, name))
    return tuple(made)


def _of_row(row: PrintedCoefficient, structure: Structure) -> Relation | None:
    if row.est is None or row.std is None or (row.lhs == row.rhs and row.op != "~~"):
        return None
    est, std = row.est.interval, row.std.interval
    if _is_exactly_one(row, structure):
        est = Interval.exact(1.0)
    if 0.0 in est or 0.0 in std or (est.lower > 0.0) != (std.lower > 0.0):
        return None
    lhs, rhs = ("sd", row.lhs), ("sd", row.rhs)
    if row.op == "~":
        powers = {lhs: 1.0, rhs: -1.0}
    elif row.op == "=~":
        powers = {rhs: 1.0, lhs: -1.0}
    elif row.lhs == row.rhs:
        powers = {lhs: 2.0}
    else:
        if row.lhs in structure.ancestors.get(row.rhs, ()):
            return None
        if row.rhs in structure.ancestors.get(row.lhs, ()):
            return None
        powers = {_own(row.lhs, structure): 1.0, _own(row.rhs, structure): 1.0}
    return Relation(
        tuple(powers.items()),
        (abs(est) / abs(std)).log(),
        row,
        f"{row.id + ': ' if row.id else ''}{row.path} prints {row.est.text} and standardised "
        f"{row.std.text}",
        (row.id,) if row.id else (),
    )


def _own(name: str, structure: Structure) -> Scale:
    return ("disturbance" if structure.is_dependent(name) else "sd", name)


def _is_exactly_one(row: PrintedCoefficient, structure: Structure) -> bool:
    if row.op != "=~" or row.est is None or row.est.value != 1.0:
        return False
    return is_fixed(row, structure.rows) and (row.se is None or row.se.decimals >= 3)


def _of_disturbance(paper: Published, structure: Structure, name: str) -> list[Relation]:
    """Return what ties a disturbance's standard deviation to its variable's."""
    if not structure.has_plain_disturbance(name):
        return []
    powers = ((("disturbance", name), 1.0), (("sd", name), -1.0))
    parents = structure.parents[name]
    construct = paper.construct.get(name)
    if construct is not None and construct.r_squared is not None and structure.is_final:
        share = _unexplained(construct.r_squared.interval)
        reason = f"R2 of {name} is printed as {construct.r_squared.text}"
        return [Relation(powers, share, None, reason)]
    cause = parents[0]
    row = structure.row(cause, "=~", name)
    if len(parents) == 1 and row is not None and row.std is not None:
        share = _unexplained(row.std.interval.square())
        reason = f"{name} measures only {cause}, with the standardised loading {row.std.text}"
        return [Relation(powers, share, None, reason)]
    reason = f"the disturbance of {name} varies at most as {name} does"
    return [Relation(powers, Interval(-math.inf, 0.0), None, reason)]


def _unexplained(r_squared: Interval) -> Interval:
    rest = (1.0 - r_squared).clipped(0.0, 1.0)
    if rest.upper <= 0.0:
        return Interval(-math.inf, 0.0)
    log = rest.log()
    return Interval(0.5 * log.lower, 0.5 * log.upper)


def by_total_variances(system: Sequence[Relation]) -> tuple[Relation, ...]:
    """Return the rows as LISREL standardises: disturbances' covariances by total variances too."""
    made = []
    for one in system:
        if one.row is not None:
            powers = tuple((("sd", name), power) for (_, name), power in one.powers)
            made.append(replace(one, powers=powers))
    return tuple(made)


def scales_of(system: Sequence[Relation]) -> tuple[Scale, ...]:
    """Return the unknowns of some relations."""
    return tuple(sorted({scale for one in system for scale, _ in one.powers}))
