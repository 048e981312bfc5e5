"""What a certificate is made of: one question, its answer, and where the bound comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clustersem.fit.solution import Solution

# Differences below this are rounding, or what the optimiser leaves; nobody can use their digits.
ROUNDING = 1e-6

Status = Literal["passed", "doubtful", "failed", "not applicable"]


@dataclass(frozen=True)
class Check:
    """One check of a solution.

    Attributes
    ----------
    name : str
        What was asked.
    status : str
        ``"passed"``; ``"doubtful"``, a reservation that belongs beside the results; ``"failed"``,
        the numbers are not to be used; ``"not applicable"``, with the reason in `sentence`.
    sentence : str
        What was found and, where something was, what to do.
    bound : str
        What was asked for, and why that much.
    values : tuple of (str, float)
        The numbers behind it, by name.
    """

    name: str
    status: Status
    sentence: str
    bound: str = ""
    values: tuple[tuple[str, float], ...] = ()

    def __getitem__(self, name: str) -> float:
        """Return one of the numbers."""
        return dict(self.values)[name]


def not_applicable(name: str, reason: str) -> Check:
    """Return a check that could not be made, with the reason."""
    return Check(name, "not applicable", reason)


def of_grades(grades: tuple[bool, bool]) -> Status:
    """Return the status, given whether there is a failure and whether there is a doubt."""
    failed, doubtful = grades
    return "failed" if failed else "doubtful" if doubtful else "passed"


def in_words(difference: float) -> str:
    """Return a difference, of which what is rounding is not told from machine to machine."""
    return f"less than {ROUNDING:g}" if difference < ROUNDING else f"{difference:.1g}"


def rounded(value: float) -> str:
    """Return a number to two digits, without an exponent where it needs none."""
    return f"{float(f'{value:.2g}'):g}"


def names_of(fit: Solution) -> list[str]:
    """Return for every place of theta the first parameter there, as the model text would name it.

    Labels are left out: those that make groups equal mean nothing to a reader.
    """
    names = [""] * fit.layout.n_free
    free = [row for row in fit.spec.parameters if row.free]
    for row, place in zip(free, fit.layout.parameter, strict=True):
        several = row.group > 1 or (row.label == "" and len(fit.groups) > 1)
        where = f" [{fit.groups[row.group - 1]}]" if several else ""
        names[place] = names[place] or f"{row.name}{where}"
    return names
