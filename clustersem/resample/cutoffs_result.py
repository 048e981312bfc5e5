"""Cutoffs for one model and one sample size, as tables and as text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clustersem.errors import UnsupportedError
from clustersem.fit.summary_text import line, number
from clustersem.resample.cutoff_rules import LARGER_IS_WORSE
from clustersem.resample.equivalence import WORDS, Equivalence

#: How indices are called in print.
NAMES = {"srmr": "SRMR", "rmsea": "RMSEA", "cfi": "CFI"}

#: How answers were drawn, in words.
DRAWN = {
    "normal": "normal distribution",
    "likert": "Likert categories, as often chosen as in the sample",
    "ordered": "ordered categories, through the model's thresholds",
    "none": "none drawn",
}

_WIDTH = 96
#: Width of the column of levels.
_NAMES = 34


@dataclass(frozen=True, eq=False, repr=False)
class Cutoffs:
    """Cutoffs of fit indices for one model and one sample size; made by :func:`clustersem.cutoffs`.

    Attributes
    ----------
    values : mapping of str to float
        The fit's own ``srmr``, ``rmsea`` and ``cfi``: robust or scaled ones where it has these.
    table : DataFrame
        One row a level and measure: ``level measure cutoff rule value verdict sensitivity``. Level
        0 is the model itself: 95 % of correct models keep to its cutoff. The cutoffs of the levels
        beyond tell misspecified from correct models by `rule` (``"95/5"``, ``"90/10"``; ``"none"``
        with NaN for a cutoff where the two overlap too much). `verdict` is ``"better"``, ``"not
        better"`` or ``"no cutoff"``; `sensitivity` is the share of misspecified replications
        beyond the cutoff of level 0. Empty where nothing was simulated.
    levels : DataFrame
        One row a level: ``level added used not_converged unusable``: what it adds to the level
        before (standardised), and what became of its replications.
    replications : DataFrame
        One row a replication: ``level srmr rmsea cfi``, NaN where the model was not fitted.
    equivalence : Equivalence or None
        T-size RMSEA and CFI with adjusted cutoffs.
    n : int
        Replications asked for, of every level.
    n_obs : int
        Respondents in each.
    df : int
        The model's degrees of freedom.
    seed : int
        Of the random numbers.
    answers : str
        How answers were drawn: ``"normal"``, ``"likert"``, ``"ordered"`` or ``"none"``.
    method : str
        The estimator.
    notes : tuple of str
        What is to be known before cutoffs are read.
    """

    values: Mapping[str, float]
    table: pd.DataFrame
    levels: pd.DataFrame
    replications: pd.DataFrame
    equivalence: Equivalence | None
    n: int
    n_obs: int
    df: int
    seed: int
    answers: str
    method: str
    notes: tuple[str, ...] = ()

    def cutoff(self, index: str, level: int) -> float:
        """Return one cutoff; NaN where there is none.

        Parameters
        ----------
        index : str
            ``"srmr"``, ``"rmsea"`` or ``"cfi"``.
        level : int
            0 for the correct model.

        Raises
        ------
        UnsupportedError
            For another index.
        """
        _check_index(index)
        rows = self.table[(self.table["measure"] == index) & (self.table["level"] == level)]
        return float(rows["cutoff"].iloc[0]) if len(rows) else math.nan

    def best_level(self, index: str) -> int | None:
        """Return the lowest level whose cutoff the fit is better than; None if there is none.

        0 says that the index is what a correct model has.

        Parameters
        ----------
        index : str
            ``"srmr"``, ``"rmsea"`` or ``"cfi"``.

        Raises
        ------
        UnsupportedError
            For another index.
        """
        _check_index(index)
        rows = self.table[(self.table["measure"] == index) & (self.table["verdict"] == "better")]
        return int(rows["level"].min()) if len(rows) else None

    @property
    def findings(self) -> tuple[str, ...]:
        """What the cutoffs say of the fit, a sentence an index."""
        if self.table.empty:
            return ()
        return tuple(self._finding(index) for index in NAMES)

    def _finding(self, index: str) -> str:
        said = f"{NAMES[index]} {number(self.values[index])}"
        level = self.best_level(index)
        if level == 0:
            return f"{said}: as a correct model has it (95 % of the replications)."
        if level is not None:
            return f"{said}: worse than a correct model, better than misfit of level {level}."
        rows = self.table[(self.table["measure"] == index) & (self.table["rule"] != "none")]
        worst = int(rows["level"].max()) if len(rows) else 0
        if worst == 0:
            return f"{said}: worse than a correct model; no level has a cutoff."
        return f"{said}: no better than misfit of level {worst}."

    def summary(self) -> str:
        """Return the cutoffs as text."""
        lines = ["clustersem: cutoffs for this model and this n", ""]
        lines += [
            line("Estimator", self.method),
            line("Observations", f"{self.n_obs}"),
            line("Degrees of freedom", f"{self.df}"),
        ]
        if not self.table.empty:
            done = self.levels[["used", "not_converged", "unusable"]].sum(axis=1)
            asked = "" if (done == self.n).all() else " asked for"
            lines += [
                line("Replications", f"{self.n} of each level{asked}, seed {self.seed}"),
                line("Answers drawn", DRAWN[self.answers]),
            ]
        if self.equivalence is not None:
            lines += ["", *_equivalence_lines(self.equivalence)]
        if not self.table.empty:
            lines += ["", *self._dynamic_lines()]
            lines += ["", *self.findings]
        for note in self.notes:
            lines += ["", textwrap.fill(f"Note: {note}", _WIDTH)]
        return "\n".join(lines)

    def _dynamic_lines(self) -> list[str]:
        """Return the dynamic cutoffs, a line a level."""
        lines = [
            "Dynamic cutoffs (levels of misspecification, each with what it adds)",
            _row("", [*NAMES.values()], "replications"),
            _row("This fit", [number(self.values[index]) for index in NAMES], ""),
        ]
        for level, added, used, lost, bad in self.levels.itertuples(index=False, name=None):
            cells = [self._cell(index, level) for index in NAMES]
            failed = ", ".join(
                f"{count} {what}"
                for count, what in ((lost, "not converged"), (bad, "unusable"))
                if count
            )
            what = f"{used} ({failed})" if failed else f"{used}"
            name = "0  correct model" if level == 0 else f"{level}  + {added}"
            *before, last = textwrap.wrap(name, _NAMES - 1, subsequent_indent="   ")
            lines += [f"  {part}" for part in before]
            lines.append(_row(last, cells, what))
        lines.append("  * tells 90 % from 10 %, not 95 % from 5 %")
        return lines if (self.table["rule"] == "90/10").any() else lines[:-1]

    def _cell(self, index: str, level: int) -> str:
        rows = self.table[(self.table["measure"] == index) & (self.table["level"] == level)]
        if rows.empty:
            return "not done"
        row = rows.iloc[0]
        if row["rule"] == "none":
            return "none"
        sign = "<" if LARGER_IS_WORSE[index] else ">"
        return f"{sign} {number(float(row['cutoff']))}{'*' if row['rule'] == '90/10' else ''}"

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        n_levels = max(len(self.levels) - 1, 0)
        return f"<Cutoffs: df {self.df}, n {self.n_obs}, {n_levels} levels, {self.n} replications>"


def _check_index(index: str) -> None:
    if index not in NAMES:
        raise UnsupportedError(
            f"there are no cutoffs of {index!r}, only of {', '.join(map(repr, NAMES))}."
        )


def _equivalence_lines(found: Equivalence) -> list[str]:
    """Return the equivalence tests, with the cutoffs of the words."""
    confidence = f"{100 * (1 - found.alpha):g} %"
    lines = [f"Equivalence tests: with {confidence} confidence the misfit is no larger"]
    words = [f"{word:>10}" for word in WORDS[:-1]] if found.rmsea_cutoffs else []
    lines.append(f"  {'':<12}{'T-size':>8}{''.join(words)}".rstrip())
    for name, size, sign, cuts, verdict in (
        ("RMSEA", found.rmsea, "<=", found.rmsea_cutoffs, found.rmsea_verdict),
        ("CFI", found.cfi, ">=", found.cfi_cutoffs, found.cfi_verdict),
    ):
        cells = "".join(f"{f'{sign} {number(cut)}':>10}" for cut in cuts)
        lines.append(f"  {name:<12}{number(size):>8}{cells}  {verdict}".rstrip())
    return lines


def _row(name: str, cells: list[str], last: str) -> str:
    return f"  {name:<{_NAMES}}{''.join(f'{cell:>10}' for cell in cells)}  {last}".rstrip()
