"""The way that a search went: its moves, and the models that it looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from clustersem.fit.result import Fit
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.space import NOTHING, Freed, ModelSpace
from clustersem.respecify.trial import Trial, local_minimum, newly_improper, newly_offending

Source = Literal["found", "given"]
#: Why a step is skipped whose solution is not; :func:`in_words` says what makes it so.
NOT_ADMISSIBLE = "the solution is not admissible"


class Move(NamedTuple):
    """One parameter freed, left as it was, or fixed again.

    Attributes
    ----------
    row : (str, str, str)
        The parameter.
    status : str
        ``"freed"``, ``"skipped"``, or ``"fixed"`` again after it had been freed.
    source : str
        ``"found"`` or ``"given"``.
    why : str
        Why it was skipped or fixed again; empty when freed.
    before, after : frozenset
        The model before and after it, as the parameters freed; the same when skipped.
    """

    row: Row
    status: Literal["freed", "skipped", "fixed"]
    source: Source
    why: str
    before: Freed
    after: Freed


def in_words(space: ModelSpace, move: Move) -> str:
    """Return why a step was skipped or fixed again, at length; empty when freed.

    What makes a solution inadmissible takes longer to say than to find out, and a search that is
    repeated a thousand times is not read.
    """
    if move.why != NOT_ADMISSIBLE:
        return move.why
    tried = space.trial(move.before | {key_of(move.row)})
    return f"{NOT_ADMISSIBLE}: {newly_offending(space.trial(move.before), tried)}"


@dataclass(frozen=True)
class Trail:
    """Where a search ended, and how it got there.

    Attributes
    ----------
    moves : tuple of Move
        In their order.
    model : frozenset
        The model at the end.
    stopped : str
        Why it ends there, in a sentence.
    visited : mapping of frozenset to float
        The models that a search of sets compared, with its criterion; empty for other searches.
    """

    moves: tuple[Move, ...]
    model: Freed
    stopped: str
    visited: dict[Freed, float] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The parameters freed at the end, in the order in which they were."""
        last = {key_of(move.row): move.row for move in self.moves if move.status == "freed"}
        return tuple(row for key, row in last.items() if key in self.model)


@dataclass
class Walk:
    """A way through a space while it is gone; the only thing in a search that changes."""

    space: ModelSpace
    model: Freed = NOTHING
    moves: list[Move] = field(default_factory=list)
    skipped: dict[Row, str] = field(default_factory=dict)

    @property
    def trial(self) -> Trial:
        """The model so far."""
        return self.space.trial(self.model)

    @property
    def fit(self) -> Fit:
        """The fit of the model so far."""
        fit = self.trial.fit
        assert fit is not None, "a walk only goes to models that can be fitted"
        return fit

    def why_not(self, row: Row, source: Source) -> str:
        """Say why a parameter cannot be freed next; empty where it can."""
        after = self.space.trial(self.model | {key_of(row)})
        if after.fit is None:
            return after.failure
        worse = local_minimum(self.fit, after.fit)
        if worse:
            return worse
        keep = self.space.policy.keeps_inadmissible(given=source == "given")
        return "" if keep or not newly_improper(self.trial, after) else NOT_ADMISSIBLE

    def free(self, row: Row, source: Source = "found") -> bool:
        """Free a parameter, or note why it is skipped; return whether it was freed."""
        why, before = self.why_not(row, source), self.model
        if why:
            self.skipped[key_of(row)] = why
        else:
            self.model = self.model | {key_of(row)}
        status: Literal["freed", "skipped"] = "skipped" if why else "freed"
        self.moves.append(Move(row, status, source, why, before, self.model))
        return not why

    def pass_to(self, rows: Iterable[Row]) -> None:
        """Free parameters of a model that is known to be the end, whatever lies on the way."""
        before, keys = self.model, list(rows)
        self.model = before | set(keys)
        for key in keys:
            row = self.space.written(key)
            self.moves.append(Move(row, "freed", "found", "", before, self.model))

    def fix(self, row: Row, why: str) -> None:
        """Fix a freed parameter again, for good."""
        before = self.model
        self.model = self.model - {key_of(row)}
        self.skipped[key_of(row)] = why
        self.moves.append(Move(row, "fixed", "found", why, before, self.model))

    def ended(self, stopped: str, visited: dict[Freed, float] | None = None) -> Trail:
        """Return the way as it was gone."""
        return Trail(tuple(self.moves), self.model, stopped, visited or {})
