"""A place in a file that is a mapping of mappings: what is asked of it is checked and located."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from numbers import Real
from typing import Any, NoReturn

from clustersem.audit.printed import Printed
from clustersem.audit.readers.numbers import half_width, is_empty, read_count, read_number
from clustersem.errors import DataError
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.toml import line_of


class TextNumber(str):
    """A number as it stands in the file, so that 4.990 keeps its three decimals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Node:
    """A table, list or value of the file.

    Parameters
    ----------
    value : object
        What TOML or the mapping has there.
    keys : tuple
        The keys that lead to it.
    source : str
        What messages call the file.
    text : str or None
        The text of the file; with it messages name the line.
    """

    def __init__(
        self, value: object, keys: tuple[object, ...] = (), *, source: str, text: str | None = None
    ) -> None:
        self.value = value
        self.keys = keys
        self.source = source
        self.text = text

    def __bool__(self) -> bool:
        return self.value is not None

    @property
    def name(self) -> str:
        """The keys, with dots; rows are counted from one."""
        parts: list[str] = []
        for key in self.keys:
            if isinstance(key, int):
                parts[-1:] = [f"{parts[-1] if parts else 'entry'}, row {key + 1}"]
            else:
                parts.append(str(key))
        return ".".join(parts)

    @property
    def where(self) -> str:
        """File, line and key, for a message."""
        line = line_of(self.text, self.keys) if self.text is not None and self.keys else None
        at = f"{self.source}, line {line}" if line else self.source
        return f"{at}: {self.name}" if self.keys else at

    @property
    def blank(self) -> bool:
        """Whether a number stands here that the paper does not print: ``"-"``, ``"n/a"``."""
        return isinstance(self.value, (str, float)) and is_empty(str(self.value))

    def fail(self, reason: str) -> NoReturn:
        """Refuse what stands here."""
        raise DataError(f"{self.where}: {reason}")

    def child(self, key: object, value: object) -> Node:
        """Return what stands under a key."""
        return Node(value, (*self.keys, key), source=self.source, text=self.text)

    def table(
        self, known: Iterable[str] | None = None, *, shape: str = "a table"
    ) -> dict[str, Node]:
        """Return the entries; refuse keys that are not `known`."""
        if not isinstance(self.value, Mapping):
            self.fail(f"this must be {shape}, not {self.value!r}.")
        names = None if known is None else tuple(known)
        for key in self.value:
            if names is not None and key not in names:
                near = did_you_mean(key, names) or f"; known are {listed(names, limit=30)}."
                self.child(key, None).fail(f"unknown key {str(key)!r}{near}")
        # None in a mapping is what is not printed; TOML has no such thing.
        return {str(key): self.child(key, v) for key, v in self.value.items() if v is not None}

    def rows(self, *, shape: str = "a list") -> Iterator[Node]:
        """Return the entries of a list."""
        if not isinstance(self.value, (list, tuple)):
            self.fail(f"this must be {shape}, not {self.value!r}.")
        for k, value in enumerate(self.value):
            yield self.child(k, value)

    def words(self) -> str:
        """Return a text."""
        if not isinstance(self.value, str):
            self.fail(f"this must be a text in quotes, not {self.value!r}.")
        return str(self.value)

    def names(self) -> tuple[str, ...]:
        """Return a list of names."""
        if isinstance(self.value, str):
            return (str(self.value),)
        return tuple(row.words() for row in self.rows(shape='a list of names, ["C1", "C2"]'))

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self.fail(f"this must be true or false, not {self.value!r}.")
        return self.value

    def whole(self) -> int:
        """Return a whole number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.fail(f"this must be a whole number, not {self.value!r}.")
        return self.value

    def printed_text(self) -> str:
        """Return a number as it is written."""
        if isinstance(self.value, bool) or not isinstance(self.value, (str, Real, Decimal)):
            self.fail(f'this must be a number, or text such as "<.001", not {self.value!r}.')
        return half_width(_text(self.value))

    def number(self, place: str) -> Printed:
        """Return a number as printed; `place` is where the paper has it."""
        if isinstance(self.value, Printed):
            return self.value
        read = read_number(self.printed_text(), self.where)
        return read.at(place)

    def count(self, place: str) -> Printed:
        """Return a number that was counted."""
        text = self.printed_text()
        if isinstance(self.value, float) and self.value.is_integer():
            text = str(int(self.value))  # pandas makes floats of counts
        read = read_count(text, self.where)
        return read.at(place)


def _text(value: Any) -> str:  # noqa: ANN401 - whatever the mapping holds
    # A float knows its decimals no more: the shortest text that gives it back has all that count.
    return repr(float(value)) if isinstance(value, float) else str(value)
