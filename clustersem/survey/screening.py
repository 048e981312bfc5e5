"""Which respondents cannot be used, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clustersem.errors import CodebookError
from clustersem.survey.names import did_you_mean, listed

MISSING = "too many missing answers"
OUT_OF_RANGE = "answer out of range"
STRAIGHT_LINING = "straight-lining"
DUPLICATE = "duplicate"
REASONS = (MISSING, OUT_OF_RANGE, STRAIGHT_LINING, DUPLICATE)
"""Every reason for exclusion, in the order in which they are applied."""


@dataclass(frozen=True, kw_only=True)
class ScreeningPolicy:
    """What makes a returned questionnaire invalid.

    The default excludes only what hardly any honest respondent does: more than half of the answers
    missing, an answer that the scale does not have, the same answer to every one of ten items or
    more, and the same answers to every item as somebody else.

    Attributes
    ----------
    max_missing : float or None
        Largest share of missing answers among the items, from 0 to 1, that is still valid. 0 keeps
        complete questionnaires only. None or False: not looked at.
    out_of_range : bool
        Exclude who gave an answer outside the item's range, or one that is not whole where
        the codebook says ``whole = true`` (the default). Items without a range are not looked at.
    straight_lining : float or None
        Longest run of one and the same answer, in the order of the items in the file, as a share of
        the answered items [1]_; at this share or above it the respondent is excluded. 1.0: the same
        answer everywhere. Looked at before reverse coding. None or False: not looked at.
    duplicates : bool
        Exclude who has the respondent id of an earlier valid row, or the same answers on all items
        (missing ones at the same places).
    min_items : int
        Fewest answered items for which equal answers, within or between respondents, count as
        evidence: with few items they are common among honest people.

    Raises
    ------
    CodebookError
        If a value is outside what it may be.

    References
    ----------
    .. [1] Johnson, J. A. (2005). Ascertaining the validity of individual protocols from Web-based
       personality inventories. Journal of Research in Personality, 39(1), 103-129.
       doi:10.1016/j.jrp.2004.09.009

    Examples
    --------
    >>> ScreeningPolicy(max_missing=0.1, straight_lining=False).straight_lining is None
    True
    """

    max_missing: float | Literal[False] | None = 0.5
    out_of_range: bool = True
    straight_lining: float | Literal[False] | None = 1.0
    duplicates: bool = True
    min_items: int = 10

    def __post_init__(self) -> None:
        for name in ("max_missing", "straight_lining"):
            share = getattr(self, name)
            if share is False or share is None:
                object.__setattr__(self, name, None)
                continue
            if share is True or not isinstance(share, (int, float)) or not 0 <= share <= 1:
                raise CodebookError(
                    f"screening: {name} = {share!r} is not a share. "
                    "Write a number from 0 to 1, or False to leave this out."
                )
        if self.straight_lining == 0:
            raise CodebookError(
                "screening: straight_lining = 0 would exclude everybody. "
                "Write a share above 0, or False to leave this out."
            )
        for name in ("out_of_range", "duplicates"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, False)
            if not isinstance(getattr(self, name), bool):
                raise CodebookError(
                    f"screening: {name} = {getattr(self, name)!r}. Write true or false."
                )
        if isinstance(self.min_items, bool) or not isinstance(self.min_items, int):
            raise CodebookError(f"screening: min_items = {self.min_items!r} is not a whole number.")
        if self.min_items < 2:
            raise CodebookError(
                f"screening: min_items = {self.min_items}, but answers to fewer than two items "
                "cannot be equal."
            )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, source: str) -> ScreeningPolicy:
        """Make a policy of a table of a study file.

        Raises
        ------
        CodebookError
            If a key is unknown or a value is outside what it may be; `source` is named.
        """
        known = [f.name for f in fields(cls)]
        for key in values:
            if key not in known:
                raise CodebookError(
                    f"{source}: screening has no key {key!r}{did_you_mean(key, known) or '.'} "
                    f"Keys are {listed(known)}."
                )
        try:
            return cls(**values)
        except CodebookError as error:
            raise CodebookError(f"{source}: {error}") from None


NO_SCREENING = ScreeningPolicy(
    max_missing=None, out_of_range=False, straight_lining=None, duplicates=False
)
"""Every returned questionnaire is valid."""


@dataclass(frozen=True)
class Finding:
    """One reason against one respondent."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Scale:
    """What answers the items have.

    Attributes
    ----------
    items : tuple of str
        The items, in the order of the file.
    low, high : numpy.ndarray
        (n_items,) lowest and highest answer, NaN where not known.
    whole : numpy.ndarray
        (n_items,) bool, whether answers are whole numbers; matters only where a range is known.
    """

    items: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    whole: NDArray[np.bool_]

    def wrong(self, answers: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Mark the answers that the items do not have, in an (n, n_items) array."""
        with np.errstate(invalid="ignore"):
            outside = (answers < self.low) | (answers > self.high)
            broken = self.whole & ~np.isnan(self.low) & (answers != np.floor(answers))
        wrong: NDArray[np.bool_] = outside | (broken & ~np.isnan(answers))
        return wrong


def find_invalid(
    answers: NDArray[np.float64],
    scale: Scale,
    policy: ScreeningPolicy,
    *,
    rows: Sequence[object],
    ids: Sequence[str | None] | None = None,
) -> dict[int, tuple[Finding, ...]]:
    """Find who is to be excluded.

    Parameters
    ----------
    answers : numpy.ndarray
        (n, n_items), before reverse coding, NaN where missing. Every row holds an answer.
    scale : Scale
        Items, ranges.
    policy : ScreeningPolicy
        What is invalid.
    rows : sequence
        (n,) row numbers, for the details.
    ids : sequence of str or None, optional
        (n,) respondent ids.

    Returns
    -------
    dict of int to tuple of Finding
        By position, in the order of `REASONS`. Duplicates are sought only among those whom nothing
        else excludes, so that a valid answer is never excluded for the sake of an invalid one; the
        first of them stays.
    """
    n_items = answers.shape[1]
    answered = np.count_nonzero(~np.isnan(answers), axis=1)
    found: dict[int, tuple[Finding, ...]] = {}

    def add(position: int, reason: str, detail: str) -> None:
        found[position] = (*found.get(position, ()), Finding(reason, detail))

    if policy.max_missing is not None:
        missing = n_items - answered
        for i in map(int, np.flatnonzero(missing > policy.max_missing * n_items + 1e-9)):
            add(i, MISSING, f"{missing[i]} of {n_items} answers missing")
    if policy.out_of_range:
        wrong = scale.wrong(answers)
        for i in map(int, np.flatnonzero(wrong.any(axis=1))):
            details = [
                _describe_wrong(answers[i, j], scale, int(j)) for j in np.flatnonzero(wrong[i])
            ]
            add(i, OUT_OF_RANGE, listed(details))
    if policy.straight_lining is not None:
        longest, answer = longest_run(answers)
        flagged = (answered >= policy.min_items) & (
            longest >= policy.straight_lining * answered - 1e-9
        )
        for i in map(int, np.flatnonzero(flagged)):
            add(
                i,
                STRAIGHT_LINING,
                f"answered {answer[i]:g} to {longest[i]} of {answered[i]} items in a row",
            )
    if policy.duplicates:
        left = [i for i in range(len(answers)) if i not in found]
        for i, first, same in _duplicates(answers, answered, left, ids, policy.min_items):
            add(i, DUPLICATE, f"same {same} as row {rows[first]}")
    return found


def longest_run(
    answers: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return for each row the length of its longest run of one answer, and that answer.

    A missing answer neither breaks nor prolongs a run.
    """
    n = len(answers)
    longest, run = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)
    last, answer = np.full(n, np.nan), np.full(n, np.nan)
    for column in answers.T:
        given = ~np.isnan(column)
        run = np.where(given, np.where(column == last, run + 1, 1), run)
        last = np.where(given, column, last)
        longer = run > longest
        longest = np.where(longer, run, longest)
        answer = np.where(longer, last, answer)
    return longest, answer


def _describe_wrong(value: float, scale: Scale, j: int) -> str:
    low, high = scale.low[j], scale.high[j]
    if low <= value <= high:
        return f"{scale.items[j]} = {value:g} is not a whole number"
    return f"{scale.items[j]} = {value:g} is not from {low:g} to {high:g}"


def _duplicates(
    answers: NDArray[np.float64],
    answered: NDArray[np.intp],
    positions: Sequence[int],
    ids: Sequence[str | None] | None,
    min_items: int,
) -> list[tuple[int, int, str]]:
    canonical = np.where(np.isnan(answers), np.nan, answers + 0.0)  # one NaN, one zero
    first_id: dict[str, int] = {}
    first_answers: dict[bytes, int] = {}
    found: list[tuple[int, int, str]] = []
    for i in positions:
        name = ids[i] if ids is not None else None
        if name is not None:
            first = first_id.setdefault(name, i)
            if first != i:
                found.append((i, first, "respondent id"))
                continue
        if answered[i] >= min_items:
            first = first_answers.setdefault(canonical[i].tobytes(), i)
            if first != i:
                found.append((i, first, "answers"))
    return found
