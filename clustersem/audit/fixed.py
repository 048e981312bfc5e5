"""A mapping that nobody can change, and that goes from one process to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

Value = TypeVar("Value")


class Fixed(Mapping[str, Value]):
    """A read-only copy of a mapping; unlike a ``MappingProxyType`` it can be pickled.

    Examples
    --------
    >>> Fixed({"cfi": 0.95})["cfi"]
    0.95
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, Value]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: str) -> Value:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Fixed({self._entries!r})"
