"""How a codebook can contradict itself, and in which line it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clustersem.errors import CodebookError
from clustersem.survey.names import did_you_mean
from clustersem.survey.toml import line_of

if TYPE_CHECKING:
    from clustersem.survey.codebook import Codebook

Problem = tuple[tuple[object, ...], str]
"""The keys that lead to a wrong value, and what is wrong with it."""


class ContradictionError(CodebookError):
    """A codebook that was made in Python contradicts itself.

    Attributes
    ----------
    problems : list of (tuple, str)
        The keys that lead to each wrong value, and what is wrong.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(message(problems, "codebook", None))


def message(problems: list[Problem], source: str, text: str | None) -> str:
    """Return one line a problem, with the line number where `text` is what was read."""
    lines = []
    for location, reason in problems:
        line = None
        if text is not None and location:
            line = line_of(text, location, ("data", *location))
        place = f", line {line}" if line is not None else ""
        lines.append(f"{source}{place}: {reason}")
    return "\n".join(lines)


def contradictions(book: Codebook) -> Iterator[Problem]:
    """Yield everything in which a codebook contradicts itself."""
    owner: dict[str, str] = {}
    for name, construct in book.constructs.items():
        if not construct.items:
            yield ("constructs", name), f"construct {name!r} has no item; list its items"
        for item in construct.items:
            if owner.get(item) == name:
                yield (
                    ("constructs", name),
                    f"item {item!r} stands twice in construct {name!r}; delete one",
                )
            elif item in owner:
                yield (
                    ("constructs", name),
                    f"item {item!r} is in construct {owner[item]!r} and in construct {name!r}; "
                    "an item belongs to one",
                )
            owner.setdefault(item, name)
    items = set(book.item_names)
    for name in book.constructs:
        if name in items:
            yield ("constructs", name), f"{name!r} names a construct and an item; rename one"
    if book.id in items:
        yield ("id",), f"the respondent id {book.id!r} is also an item"
    for name in book.covariates or ():
        if name in items:
            yield ("covariates",), f"{name!r} is a covariate and an item; take it out of one"
    if items:
        yield from unknown_reversed(book)
    for item in dict.fromkeys((*book.reversed_items, *book.reverse)):
        if book.answer_range(item) is None:
            yield (
                ("items", item) if item in book.items else ("reverse",),
                f"item {item!r} is reverse-keyed but its answer range is not known; "
                "add the lowest and highest answer, for example answers = [1, 5]",
            )
    yield from _codes_out_of_range(book)


def unknown_reversed(book: Codebook) -> Iterator[Problem]:
    """Yield the reverse-keyed items that are no items."""
    for item in book.reverse:
        if item not in book.item_names:
            kind = "in any construct" if book.constructs else "an item"
            yield (
                ("reverse",),
                f"reverse item {item!r} is not {kind}{did_you_mean(item, book.item_names)}",
            )


def _codes_out_of_range(book: Codebook) -> Iterator[Problem]:
    seen: set[str] = set()
    for item in book.item_names or ("",):
        limits = book.answers if item == "" else book.answer_range(item)
        if limits is None:
            continue
        low, high = limits
        own = book.items.get(item)
        own_labels = {} if own is None else own.labels
        own_missing = None if own is None else own.missing
        missing = book.missing if own_missing is None else own_missing
        for code in missing:
            reason = (
                f"missing code {code!r} is a valid answer from {low:g} to {high:g}; "
                "correct missing or answers"
            )
            if isinstance(code, float) and low <= code <= high and reason not in seen:
                seen.add(reason)
                yield (("items", item) if own_missing is not None else ("missing",)), reason
        for text, number in {**book.labels, **own_labels}.items():
            reason = (
                f"label {text!r} = {number:g} is not an answer from {low:g} to {high:g}; "
                "correct labels or answers"
            )
            if not low <= number <= high and number not in missing and reason not in seen:
                seen.add(reason)
                yield (("items", item) if text in own_labels else ("labels",)), reason
