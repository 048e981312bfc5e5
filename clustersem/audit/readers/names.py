"""Names of variables, and the paths between them, as papers write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from clustersem.errors import DataError

_ARROW = re.compile(r"\s*(<-+>|<=+>|[↔⟷⇔]|~~|=~|~|<-+|[←⟵]|-+>|[→⟶⇒➔]|=>)\s*")
_BOTH = re.compile(r"<-+>|<=+>|[↔⟷⇔]|~~")
_LEFT = re.compile(r"<-+|[←⟵]|~")
_LABELLED = re.compile(r"([A-Za-z]\w{0,7})\s*:\s+(\S.*)")
_SHORT = re.compile(r"(.+?)\s*[(\[]\s*([A-Za-z][\w.&-]{0,11})\s*[)\]]\s*")


@dataclass(frozen=True)
class PathText:
    """A path: cause first in `steps`; two of them for a plain one."""

    id: str
    op: Literal["=~", "~", "~~"]
    steps: tuple[str, ...]

    @property
    def lhs(self) -> str:
        """The left-hand side in model syntax."""
        return self.steps[-1] if self.op == "~" else self.steps[0]

    @property
    def rhs(self) -> str:
        """The right-hand side in model syntax."""
        return self.steps[0] if self.op == "~" else self.steps[-1]

    def place(self, table: str) -> str:
        """Return where the row of a table stands: ``"Table 7, H1: A1 ~ B1"``."""
        name = f"{self.id}: " if self.id else ""
        return f"{table}, {name}{self.lhs} {self.op} {self.rhs}"


def read_id(text: str) -> tuple[str, str]:
    """Return the hypothesis that a text begins with, and the rest.

    Examples
    --------
    >>> read_id("H1: B1→A1"), read_id("B1 -> A1")
    (('H1', 'B1→A1'), ('', 'B1 -> A1'))
    """
    found = re.match(r"\s*((?:H|Hypothesis\s+|RH)\d+[a-z]?)\s*[:.)–]?\s*(?=\S|$)", text, re.I)
    if found is None:
        return "", text.strip()
    number = re.sub(r"(?i)hypothesis\s+", "H", found.group(1))
    return number, text[found.end() :].strip()


def is_path(text: str) -> bool:
    """Whether a text has an arrow between two names."""
    parts = _ARROW.split(read_id(text)[1])
    return len(parts) >= 3 and all(part.strip() for part in parts[::2])


def read_path(text: str, place: str) -> PathText:
    """Read ``A1 ~ B1``, ``A1 <--- B1``, ``H1: B1 → A1``, ``B1 <-> B4``, ``B1 → M → A1``.

    Raises
    ------
    DataError
        Where it is no path.

    Examples
    --------
    >>> read_path("H1: A1 <--- B1", "").steps, read_path("B1 <--> B4", "").op
    (('B1', 'A1'), '~~')
    """
    found, rest = read_id(text)
    parts = _ARROW.split(rest)
    names, arrows = [name_of(part)[0] for part in parts[::2]], parts[1::2]
    if not arrows or not all(names):
        raise DataError(
            f'{place}: {text!r} is no path. Write "A1 ~ B1" (outcome first), "B1 -> A1", or '
            '"B1 ~~ B4" for a covariance.'
        )
    if len(arrows) == 1 and _BOTH.fullmatch(arrows[0]):
        return PathText(found, "~~", (names[0], names[1]))
    if len(arrows) == 1 and arrows[0] == "=~":
        return PathText(found, "=~", (names[0], names[1]))
    left = [bool(_LEFT.fullmatch(arrow)) for arrow in arrows]
    if any(left) != all(left) or any(_BOTH.fullmatch(arrow) or arrow == "=~" for arrow in arrows):
        raise DataError(f"{place}: the arrows of {text!r} point both ways. Write B1 -> M -> A1.")
    return PathText(found, "~", tuple(reversed(names)) if left[0] else tuple(names))


def name_of(text: str) -> tuple[str, str]:
    """Return the name that a model can have of what a table calls a variable, and its label.

    Examples
    --------
    >>> name_of("1. Perceived trust (PT)"), name_of("Perceived trust"), name_of("B1")
    (('PT', 'Perceived trust'), ('Perceived_trust', 'Perceived trust'), ('B1', ''))
    """
    plain = re.sub(r"\s+", " ", re.sub(r"^\s*\(?\d+\s*[.)]\s*(?=[^\W\d])", "", text)).strip()
    short = _SHORT.fullmatch(plain)
    if short is not None:
        return re.sub(r"[^\w.]+", "_", short.group(2)), short.group(1)
    labelled = _LABELLED.fullmatch(plain)
    if labelled is not None:
        return labelled.group(1), labelled.group(2)
    name = re.sub(r"[^\w.]+", "_", plain).strip("_")
    return name, plain if plain != name else ""
