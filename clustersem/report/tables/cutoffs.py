"""Cutoffs for this model and this n, beside the fixed ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustersem.report.document import Cell, Column, Table
from clustersem.report.formats import number
from clustersem.report.tables.fit import STRICT_STANDARDS
from clustersem.resample.equivalence import WORDS, Equivalence

if TYPE_CHECKING:
    from clustersem.resample.cutoffs_result import Cutoffs

_NAMES = {"srmr": "SRMR", "rmsea": "RMSEA", "cfi": "CFI"}


def cutoffs_table(cutoffs: Cutoffs) -> Table:
    """Return fixed and dynamic cutoffs of SRMR, RMSEA and CFI, with the fit's own values.

    Parameters
    ----------
    cutoffs : Cutoffs
        With dynamic cutoffs.
    """
    fixed = {standard.key: standard for standard in STRICT_STANDARDS}
    rows = [
        (
            Cell("This fit"),
            Cell(""),
            *(Cell(number(cutoffs.values[index]), "strong") for index in _NAMES),
            Cell(""),
        ),
        (
            Cell("Fixed"),
            Cell("Hu and Bentler (1999)"),
            *(
                _cell(fixed[index].sign, fixed[index].bound, met=fixed[index].met(value))
                for index, value in ((index, cutoffs.values[index]) for index in _NAMES)
            ),
            Cell(""),
        ),
    ]
    cells = {
        (int(level), index): _dynamic(index, float(cutoff), rule, verdict)
        for level, index, cutoff, rule, _, verdict, _ in cutoffs.table.itertuples(
            index=False, name=None
        )
    }
    for level, added, used, lost, bad in cutoffs.levels.itertuples(index=False, name=None):
        failed = lost + bad
        rows.append(
            (
                Cell("Correct model" if level == 0 else f"Level {level}"),
                Cell("" if level == 0 else f"+ {added}"),
                *(cells.get((level, index), Cell("none", "muted")) for index in _NAMES),
                Cell(f"{used}" + (f" ({failed} failed)" if failed else "")),
            )
        )
    starred = bool((cutoffs.table["rule"] == "90/10").any())
    return Table(
        "Cutoffs for this model and this n",
        (
            Column("Cutoff"),
            Column("Misspecification"),
            *(Column(name, "number") for name in _NAMES.values()),
            Column("Replications", "number"),
        ),
        tuple(rows),
        f"What SRMR, RMSEA and CFI are in samples of {cutoffs.n_obs} if the model is right, and "
        "what they are if it leaves something out.",
        "✓: the fit is on the better side. A level adds what stands beside it (standardised) to "
        "the levels before; 95 % of such samples are worse than its cutoff, no more than 5 % of "
        "correct ones"
        + (" (*: 90 % and 10 %)" if starred else "")
        + "; none: the two overlap too much. Dynamic cutoffs after McNeish and Wolf (2023, "
        "doi:10.1037/met0000425).",
    )


def equivalence_table(equivalence: Equivalence) -> Table:
    """Return T-size RMSEA and CFI with the cutoffs that go with their words."""
    words = WORDS[:-1] if equivalence.rmsea_cutoffs else ()
    rows = []
    for name, size, sign, cuts, verdict in (
        (
            "RMSEA",
            equivalence.rmsea,
            "≤",
            equivalence.rmsea_cutoffs,
            equivalence.rmsea_verdict,
        ),
        ("CFI", equivalence.cfi, "≥", equivalence.cfi_cutoffs, equivalence.cfi_verdict),
    ):
        limits = (Cell(f"{sign} {number(cut)}") for cut in cuts)
        said = (Cell(verdict, "bad" if verdict in WORDS[3:] else "good"),) if words else ()
        rows.append((Cell(name), Cell(size, "strong"), *limits, *said))
    confidence = f"{100 * (1 - equivalence.alpha):g} %"
    return Table(
        "Equivalence tests",
        (
            Column("Index"),
            Column("T-size", "number"),
            *(Column(word, "number") for word in words),
            *((Column("Verdict"),) if words else ()),
        ),
        tuple(rows),
        f"With {confidence} confidence RMSEA is no larger, and CFI no smaller, than the T-size.",
        "Cutoffs are adjusted to df and n, so that the words mean what they mean for the indices "
        "themselves (Yuan et al., 2016, doi:10.1080/10705511.2015.1065414)."
        if words
        else "The published cutoffs do not reach to this model and sample size.",
    )


def _dynamic(index: str, cutoff: float, rule: str, verdict: str) -> Cell:
    if math.isnan(cutoff):
        return Cell("none", "muted")
    sign = ">" if index == "cfi" else "<"
    return _cell(sign, cutoff, met=verdict == "better", mark="*" if rule == "90/10" else "")


def _cell(sign: str, bound: float, *, met: bool, mark: str = "") -> Cell:
    return Cell(f"{sign} {number(bound)}{mark} {'✓' if met else '✗'}", "good" if met else "bad")
