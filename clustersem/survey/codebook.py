"""The codebook: which items there are, what they ask, what may be answered, what they measure."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from clustersem.errors import CodebookError
from clustersem.survey.contradictions import (
    ContradictionError,
    Problem,
    contradictions,
    message,
    unknown_reversed,
)
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.toml import read_toml

SECTIONS = ("data", "constructs", "items")
"""The sections of a study file that make up its codebook."""


def _range(value: object) -> object:
    if value is None:
        return None
    wanted = "write the lowest and the highest answer, for example [1, 5]"
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"{wanted}, not {value!r}")
    if not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in value):
        raise ValueError(f"{wanted}, not {value!r}")
    if not all(map(math.isfinite, value)):
        raise ValueError(f"{wanted}; both must be finite")
    low, high = value
    if low >= high:
        raise ValueError(
            f"the lowest answer, {low:g}, is not below the highest, {high:g}; {wanted}"
        )
    return (float(low), float(high))


def _names(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(f'write a list: ["{value}"]')
    return _as_names(value) if isinstance(value, (list, tuple)) else value


def _as_names(values: Iterable[object]) -> list[object]:
    # Columns of a data frame may be numbered; the survey names them by the digits.
    return [str(value) if type(value) is int else value for value in values]


AnswerRange = Annotated[tuple[float, float], BeforeValidator(_range)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Code = float | str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Part):
    """One question.

    Attributes
    ----------
    text : str
        Its wording.
    reverse : bool
        Whether agreement means less of the construct.
    answers : tuple of float or None
        Lowest and highest answer, where they differ from the construct's or the file's.
    whole : bool or None
        Whether answers are whole numbers, where that differs from the file's.
    labels : dict of str to float
        The number behind each answer text, beside the file's labels.
    missing : tuple of float or str, or None
        Codes for "no answer" in place of the file's.
    """

    text: str = ""
    reverse: bool = False
    answers: AnswerRange | None = None
    whole: bool | None = None
    labels: dict[str, float] = Field(default_factory=dict)
    missing: tuple[Code, ...] | None = None


class Construct(_Part):
    """What a group of items measures.

    Attributes
    ----------
    items : tuple of str
        Its items.
    label : str
        Its name in tables and figures.
    subsystem : str or None
        The part of the model that it belongs to; items of one subsystem are factored together.
    answers : tuple of float or None
        Lowest and highest answer to its items, where they differ from the file's.
    """

    items: Names
    label: str = ""
    subsystem: str | None = None
    answers: AnswerRange | None = None


class Codebook(_Part):
    """What the columns of a file mean.

    In a TOML file everything but ``[constructs]`` and ``[items]`` may stand at the top or under
    ``[data]``. A construct may be written as the list of its items, an item as its text.

    Attributes
    ----------
    constructs : dict of str to Construct
        By name.
    items : dict of str to Item
        By name. Items of constructs need not be listed; items listed here that no construct has
        are single items. Where neither names any item, every numeric column is an item.
    reverse : tuple of str
        Reverse-keyed items, beside those that say so themselves. Needs their answer range.
    answers : tuple of float or None
        Lowest and highest answer.
    whole : bool
        Whether answers are whole numbers.
    labels : dict of str to float
        The number behind each answer text, for files that hold texts.
    missing : tuple of float or str
        Numbers and texts that mean "no answer", such as 9, 99 or "don't know".
    id : str or None
        Column with the respondents' ids.
    covariates : tuple of str or None
        Other columns to keep, such as group variables. None keeps all.
    distributed : int or None
        How many questionnaires were sent out.
    file, sheet, encoding, delimiter, decimal : str or None
        The file with the answers, and how to read it; see `read_survey`.

    Raises
    ------
    CodebookError
        If it contradicts itself. Every contradiction is listed.

    Examples
    --------
    >>> codebook = Codebook(
    ...     constructs={"Trust": ["t1", "t2", "t3"]}, reverse=["t3"], answers=[1, 5], missing=[9]
    ... )
    >>> codebook.reversed_items, codebook.answer_range("t1")
    (('t3',), (1.0, 5.0))
    """

    constructs: dict[str, Construct] = Field(default_factory=dict)
    items: dict[str, Item] = Field(default_factory=dict)
    reverse: Names = ()
    answers: AnswerRange | None = None
    whole: bool = True
    labels: dict[str, float] = Field(default_factory=dict)
    missing: tuple[Code, ...] = ()
    id: str | None = None
    covariates: Names | None = None
    distributed: int | None = Field(default=None, ge=1)
    file: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None

    def __init__(self, **values: object) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ContradictionError(_problems(error, self.__class__)) from None
        if problems := list(contradictions(self)):
            raise ContradictionError(problems)

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        expanded = dict(values)
        data = expanded.pop("data", {})
        if not isinstance(data, Mapping):
            raise ValueError("[data] is a section: write its keys below the line [data]")
        for key, value in data.items():
            if key in expanded:
                raise ValueError(f"{key!r} stands both at the top and under [data]; delete one")
            expanded[key] = value
        constructs = expanded.get("constructs")
        if isinstance(constructs, Mapping):
            expanded["constructs"] = {
                name: {"items": value} if isinstance(value, (list, tuple, str)) else value
                for name, value in constructs.items()
            }
        items = expanded.get("items")
        if isinstance(items, (list, tuple)):
            expanded["items"] = {name: {} for name in _as_names(items)}
        elif isinstance(items, Mapping):
            expanded["items"] = {
                name: {"text": value} if isinstance(value, str) else value
                for name, value in items.items()
            }
        return expanded

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Codebook:
        """Read a codebook file.

        Raises
        ------
        CodebookError
            If the file is not there, is not TOML, or contradicts itself; file and line are named.
        """
        document, text = read_toml(Path(path))
        return cls.from_mapping(document, source=Path(path).name, text=text)

    @classmethod
    def from_study_file(cls, path: str | os.PathLike[str]) -> Codebook:
        """Read the sections ``[data]``, ``[constructs]`` and ``[items]`` of a study file.

        Raises
        ------
        CodebookError
            As `from_file`.
        """
        document, text = read_toml(Path(path))
        sections = {name: document[name] for name in SECTIONS if name in document}
        return cls.from_mapping(sections, source=Path(path).name, text=text)

    @classmethod
    def from_mapping(
        cls, values: Mapping[str, Any], *, source: str = "codebook", text: str | None = None
    ) -> Codebook:
        """Make a codebook of a mapping as TOML delivers it.

        Parameters
        ----------
        values : mapping
            The keys of this class, or ``data``, ``constructs`` and ``items``.
        source : str
            What messages call it.
        text : str or None
            The text that `values` was read from; with it messages name the line.

        Raises
        ------
        CodebookError
            If it contradicts itself.
        """
        try:
            return cls(**values)
        except ContradictionError as error:
            raise CodebookError(message(error.problems, source, text)) from None

    @property
    def item_names(self) -> tuple[str, ...]:
        """All items: the constructs' in their order, then single items."""
        names = [item for construct in self.constructs.values() for item in construct.items]
        return tuple(dict.fromkeys([*names, *self.items]))

    @property
    def reversed_items(self) -> tuple[str, ...]:
        """The reverse-keyed items, in the order of `item_names`."""
        said = {name for name, item in self.items.items() if item.reverse} | set(self.reverse)
        return tuple(name for name in self.item_names if name in said)

    def construct_of(self, item: str) -> str | None:
        """Return the name of the construct that has the item."""
        return next((name for name, c in self.constructs.items() if item in c.items), None)

    def answer_range(self, item: str) -> tuple[float, float] | None:
        """Return lowest and highest answer: the item's, else the construct's, else the file's."""
        own = self.items.get(item, _PLAIN).answers
        if own is not None:
            return own
        construct = self.construct_of(item)
        shared = None if construct is None else self.constructs[construct].answers
        return self.answers if shared is None else shared

    def is_whole(self, item: str) -> bool:
        """Whether answers to the item are whole numbers."""
        own = self.items.get(item, _PLAIN).whole
        return self.whole if own is None else own

    def answer_labels(self, item: str) -> dict[str, float]:
        """Return the number behind each answer text of the item."""
        return {**self.labels, **self.items.get(item, _PLAIN).labels}

    def missing_codes(self, item: str) -> tuple[Code, ...]:
        """Return what means "no answer" to the item."""
        own = self.items.get(item, _PLAIN).missing
        return self.missing if own is None else own

    def text(self, item: str) -> str:
        """Return the wording of the item, or an empty text."""
        return self.items.get(item, _PLAIN).text

    def label(self, construct: str) -> str:
        """Return the label of a construct, or its name where it has none."""
        return self.constructs[construct].label or construct

    def completed(
        self,
        items: Iterable[str],
        *,
        texts: Mapping[str, str],
        labels: Mapping[str, Mapping[str, float]],
        source: str = "codebook",
    ) -> Codebook:
        """Return a codebook that lists `items`, with what the file itself says of them.

        What this codebook says goes before what the file says.

        Raises
        ------
        CodebookError
            If an item named here turns out not to be among them.
        """
        full = {}
        for name in items:
            item = self.items.get(name, _PLAIN)
            own = {} if item.labels or self.labels else dict(labels.get(name, {}))
            full[name] = item.model_copy(
                update={
                    "text": item.text or texts.get(name, ""),
                    "labels": item.labels or own,
                }
            )
        completed = self.model_copy(update={"items": full})
        if problems := list(unknown_reversed(completed)):
            raise CodebookError(message(problems, source, None))
        return completed


_PLAIN = Item()
_SHAPES = {
    "constructs": 'write the list of its items, or { label = "...", items = [...] }',
    "items": 'write its text, or { text = "...", reverse = true }',
}


def _problems(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    problems: list[Problem] = []
    for detail in error.errors():
        location = tuple(part for part in detail["loc"] if part not in ("float", "str"))
        key = ".".join(str(part) for part in location) or "codebook"
        if detail["type"] == "extra_forbidden":
            known = _keys_at(location, model)
            hint = (
                did_you_mean(str(location[-1]), known) or f"; known are {listed(known, limit=20)}"
            )
            reason = f"unknown key {key!r}{hint}"
        elif detail["type"] == "missing":
            reason = f"{'.'.join(map(str, location[:-1]))!r} needs the key {str(location[-1])!r}"
        elif detail["type"] == "model_type" and location[0] in _SHAPES:
            reason = f"{key}: {_SHAPES[str(location[0])]}, not {detail['input']!r}"
        else:
            text = detail["msg"].removeprefix("Value error, ")
            reason = f"{key}: {text[:1].lower()}{text[1:]}"
            if detail["type"] != "value_error":
                reason += f", not {detail['input']!r}"
        if (location, reason) not in problems:
            problems.append((location, reason))
    return problems


def _keys_at(location: tuple[object, ...], model: type[BaseModel]) -> list[str]:
    parts: dict[str, type[BaseModel]] = {"constructs": Construct, "items": Item}
    owner = parts.get(str(location[0]), model) if location[1:] else model
    return list(owner.model_fields)
