"""What a parsed model text consists of: formulas with terms and their modifiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from clustersem.spec.expression import Constraint, format_number
from clustersem.spec.table import Operator

ModifierKind = Literal["value", "start", "equal", "lower", "upper"]

#: One setting of one group: a number fixes, None frees (``NA``), a text labels.
Setting = float | str | None


@dataclass(frozen=True, slots=True)
class Modifier:
    """What stands before the ``*`` of a term.

    Attributes
    ----------
    kind : str
        ``value`` (a number, ``NA`` or a label), ``start``, ``equal``, ``lower`` or ``upper``.
    settings : tuple
        One setting for all groups, or one for each.
    position, length : int
        Where it stands in the source.
    """

    kind: ModifierKind
    settings: tuple[Setting, ...]
    position: int = 0
    length: int = 1

    def __str__(self) -> str:
        texts = [_format_setting(self.kind, setting) for setting in self.settings]
        text = texts[0] if len(texts) == 1 else f"c({', '.join(texts)})"
        if self.kind != "value":
            return f"{self.kind}({text})"
        setting = self.settings[0]
        if len(texts) == 1 and isinstance(setting, str) and not is_name(setting):
            return f"label({text})"
        return text


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a right-hand side; the empty name is the intercept."""

    name: str
    modifiers: tuple[Modifier, ...] = ()
    position: int = 0
    length: int = 1

    def __str__(self) -> str:
        name = self.name or "1"
        if not self.modifiers:
            return name
        # One modifier a term: lavaan merges the terms, and reads no longer chains.
        return " + ".join(f"{modifier}*{name}" for modifier in self.modifiers)


@dataclass(frozen=True, slots=True)
class Variable:
    """A name on the left-hand side."""

    name: str
    position: int = 0
    length: int = 1


@dataclass(frozen=True, slots=True)
class Formula:
    """``lhs + lhs op term + term``, from `position` to `end` in the source."""

    lhs: tuple[Variable, ...]
    op: Operator
    terms: tuple[Term, ...]
    position: int = 0
    end: int = 0

    def mentions(self) -> Iterator[tuple[str, int]]:
        """Yield the variables with their offsets, in the order of the text."""
        for variable in self.lhs:
            yield variable.name, variable.position
        for term in self.terms:
            if term.name and self.op != "|":
                yield term.name, term.position + term.length - len(term.name)

    def __str__(self) -> str:
        if self.op == "=~" and not self.terms:
            right = "0"
        else:
            right = " + ".join(str(term) for term in self.terms)
        return f"{' + '.join(variable.name for variable in self.lhs)} {self.op} {right}"


@dataclass(frozen=True)
class ParsedModel:
    """A model text as read, before anything is added by default.

    Attributes
    ----------
    text : str
        The source.
    statements : tuple of Formula or Constraint
        In the order of the text.
    """

    text: str
    statements: tuple[Formula | Constraint, ...]

    def __hash__(self) -> int:
        """Hash the text, from which the statements follow."""
        return hash(self.text)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """The statements about parameters."""
        return tuple(s for s in self.statements if isinstance(s, Formula))

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The statements ``:= == < >``."""
        return tuple(s for s in self.statements if isinstance(s, Constraint))

    def locate(self, name: str) -> tuple[int, int] | None:
        """Return offset and length of the first mention of a variable, None without one."""
        mentions = [
            (position, len(name))
            for formula in self.formulas
            for mentioned, position in formula.mentions()
            if mentioned == name
        ]
        return min(mentions, default=None)

    def locate_term(self, lhs: str, op: str, rhs: str) -> tuple[int, int] | None:
        """Return offset and length of a parameter's right-hand side, None where not written."""
        for formula in self.formulas:
            if formula.op != op or lhs not in (variable.name for variable in formula.lhs):
                continue
            for term in formula.terms:
                if term.name == rhs:
                    return term.position + term.length - len(rhs), len(rhs)
        return None

    def __str__(self) -> str:
        return "\n".join(str(statement) for statement in self.statements)


def is_name(text: str) -> bool:
    """Whether a text can stand unquoted as a name or a label."""
    return (
        bool(text)
        and (text[0].isalpha() or text[0] in "._")
        and not (text[0] == "." and text[1:2].isdigit())
        and all(c.isalnum() or c in "._" for c in text)
        and text not in RESERVED
    )


#: Words of R that can be neither a variable nor a label.
RESERVED = frozenset(
    {"NA", "NaN", "Inf", "NULL", "TRUE", "FALSE", "if", "else", "for", "while", "repeat"}
    | {"function", "break", "next", "in"}
)


def _format_setting(kind: ModifierKind, setting: Setting) -> str:
    if setting is None:
        return "NA"
    if isinstance(setting, str):
        quote = "'" if '"' in setting else '"'
        return setting if kind == "value" and is_name(setting) else f"{quote}{setting}{quote}"
    if setting == float("inf"):
        return "Inf"
    return "-Inf" if setting == float("-inf") else format_number(setting)
