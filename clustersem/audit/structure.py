"""The arrows of one printed model: who depends on whom, as far as it is drawn or printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from clustersem.audit.fixed import Fixed
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedCoefficient, PrintedModel, Published

Pair = frozenset[str]

#: What Mplus prints for the test of a parameter that has none.
NO_TEST = 999.0


@dataclass(frozen=True)
class Structure:
    """The rows of one model, and its arrows.

    Attributes
    ----------
    rows : tuple of PrintedCoefficient
        In the order of the paper.
    model : PrintedModel or None
        What they belong to, if it is printed.
    arrows : frozenset of (str, str)
        (cause, effect) of paths and loadings, drawn or printed.
    covaried : frozenset of frozenset of str
        The pairs of variables whose covariance, or that of whose disturbances, is drawn or printed.
    measured : frozenset of str
        The variables that have items.
    is_final : bool
        Whether what is printed of constructs, as R2, is of this model.
    """

    rows: tuple[PrintedCoefficient, ...]
    model: PrintedModel | None
    arrows: frozenset[tuple[str, str]]
    covaried: frozenset[Pair]
    measured: frozenset[str]
    is_final: bool

    @property
    def drawn(self) -> bool:
        """Whether the whole model is known, not only what its tables print."""
        return self.model is not None and self.model.spec is not None

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The direct causes of every variable that has any."""
        found: dict[str, list[str]] = {}
        for cause, effect in sorted(self.arrows):
            found.setdefault(effect, []).append(cause)
        return Fixed({effect: tuple(causes) for effect, causes in found.items()})

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """All causes of every dependent variable; one in a loop is its own ancestor."""
        found: dict[str, frozenset[str]] = {}
        for effect in self.parents:
            above: set[str] = set()
            waiting = list(self.parents[effect])
            while waiting:
                cause = waiting.pop()
                if cause not in above:
                    above.add(cause)
                    waiting.extend(self.parents.get(cause, ()))
            found[effect] = frozenset(above)
        return Fixed(found)

    @cached_property
    def is_one_solution(self) -> bool:
        """Whether no parameter is printed with two values, as those of two groups would be."""
        first: dict[tuple[str, str, str], PrintedCoefficient] = {}
        for row in self.rows:
            other = first.setdefault(key(row), row)
            for mine, its in ((row.est, other.est), (row.std, other.std)):
                if mine and its and not mine.interval.overlaps(its.interval):
                    return False
        return True

    def is_dependent(self, name: str) -> bool:
        """Whether an arrow points at a variable, so that a covariance is its disturbance's."""
        return name in self.parents

    def has_plain_disturbance(self, name: str) -> bool:
        """Whether a variable's disturbance goes with none of its causes.

        Then its variance is what the causes explain and the disturbance's, added.
        """
        above = self.ancestors.get(name, frozenset())
        if name in above or any(cause in self.ancestors.get(cause, ()) for cause in above):
            return False
        return all(Pair((name, cause)) not in self.covaried for cause in above)

    def children(self, name: str) -> tuple[str, ...]:
        """Return the direct effects of a variable."""
        return tuple(sorted(effect for cause, effect in self.arrows if cause == name))

    def row(self, lhs: str, op: str, rhs: str) -> PrintedCoefficient | None:
        """Return a printed row; a covariance may stand either way round."""
        for row in self.rows:
            if row.op == op and (row.lhs, row.rhs) == (lhs, rhs):
                return row
            if op == row.op == "~~" and (row.rhs, row.lhs) == (lhs, rhs):
                return row
        return None


def key(row: PrintedCoefficient) -> tuple[str, str, str]:
    """Return what a row is about, with the names of a covariance in one order."""
    first, second = sorted((row.lhs, row.rhs)) if row.op == "~~" else (row.lhs, row.rhs)
    return first, row.op, second


def is_fixed(row: PrintedCoefficient, rows: Iterable[PrintedCoefficient]) -> bool:
    """Whether a row prints a value that was fixed, so that nothing of it is estimated.

    Programs print no standard error for it, or zeros and 999 (Mplus: 0.000, 999.000). Where the
    table has standard errors for none of its rows, an estimate of 1.000 may be anybody's.
    """
    if row.est is None or not all(_is_no_test(one) for one in (row.cr, row.p)):
        return False
    if row.se is not None:
        return row.se.value == 0.0
    return any(other.se is not None for other in rows)


def _is_no_test(number: Printed | None) -> bool:
    return number is None or number.value >= NO_TEST


def structures(paper: Published) -> tuple[Structure, ...]:
    """Return every printed model that has coefficients; rows of two models are never mixed."""
    groups: dict[str, list[PrintedCoefficient]] = {}
    for row in paper.coefficients:
        model = paper.model(row.model)
        groups.setdefault(row.model if model is None else model.name, []).append(row)
    made = []
    for rows in groups.values():
        model = paper.model(rows[0].model)
        is_final = model is paper.final and (model is not None or len(groups) == 1)
        made.append(_structure(tuple(rows), model, is_final=is_final))
    return tuple(made)


def _structure(
    rows: tuple[PrintedCoefficient, ...], model: PrintedModel | None, *, is_final: bool
) -> Structure:
    triples = [(row.lhs, str(row.op), row.rhs) for row in rows]
    if model is not None and model.spec is not None:
        triples += [
            (row.lhs, str(row.op), row.rhs)
            for row in model.spec.parameters
            if row.free or row.from_sample or row.value != 0.0
        ]
    arrows = {(lhs, rhs) for lhs, op, rhs in triples if op == "=~"}
    arrows |= {(rhs, lhs) for lhs, op, rhs in triples if op in ("~", "<~")}
    covaried = {Pair((lhs, rhs)) for lhs, op, rhs in triples if op == "~~" and lhs != rhs}
    measured = frozenset(lhs for lhs, op, _ in triples if op in ("=~", "<~"))
    return Structure(rows, model, frozenset(arrows), frozenset(covaried), measured, is_final)
