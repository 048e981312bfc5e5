"""How the model was revised, step by step, with the evidence for each step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

from clustersem.fit.preferred import SUFFIXES, index_suffix, preferred
from clustersem.report.document import Cell, Column, Table
from clustersem.report.tables.fit import path_text


class ModificationStep(Protocol):
    """One parameter that was freed."""

    @property
    def lhs(self) -> str:
        """Left-hand side of the parameter."""

    @property
    def op(self) -> str:
        """Its operator."""

    @property
    def rhs(self) -> str:
        """Right-hand side."""

    @property
    def mi(self) -> float:
        """Modification index before it was freed."""

    @property
    def epc(self) -> float:
        """Expected change of the parameter."""

    @property
    def p_adjusted(self) -> float:
        """P-value of the index, adjusted for all that could have been freed."""

    @property
    def after(self) -> Mapping[str, float]:
        """Measures of the model with it."""

    @property
    def reason(self) -> str:
        """Why it was freed."""


def respecification_table(
    steps: Iterable[ModificationStep],
    *,
    caption: str = "Revision of the model",
    summary: str = (
        "Every change that was made to the model after seeing the answers, in the order made."
    ),
) -> Table:
    """Each freed parameter with its modification index, what it promised and what it brought."""
    rows = []
    suffix = ratio = ""
    for k, step in enumerate(steps, 1):
        after = step.after
        suffix = index_suffix(after)
        ratio = ", χ²/df is scaled" if "cmin_df_scaled" in after else ""
        rows.append(
            (
                Cell(str(k)),
                Cell(path_text(f"{step.lhs} {step.op} {step.rhs}")),
                Cell(float(step.mi)),
                Cell(float(step.epc)),
                Cell(float(step.p_adjusted)),
                Cell(_measure(after, "chisq")),
                Cell(_measure(after, preferred(after, "cmin_df"))),
                Cell(_measure(after, preferred(after, "cfi"))),
                Cell(_measure(after, preferred(after, "rmsea"))),
                Cell(str(step.reason)),
            )
        )
    return Table(
        caption,
        (
            Column("Step"),
            Column("Freed"),
            Column("MI", "number", 2),
            Column("EPC", "number"),
            Column("Adjusted p", "p"),
            Column("χ²", "number", 2),
            Column("χ²/df", "number"),
            Column("CFI", "number"),
            Column("RMSEA", "number"),
            Column("Reason"),
        ),
        tuple(rows),
        summary if rows else "The model was not changed.",
        "χ² to RMSEA: after the step. "
        "MI, modification index: about how much χ² falls when the parameter is freed; EPC, "
        "expected parameter change; adjusted p, of the index among all that could have been freed. "
        + (
            f"CFI and RMSEA are {SUFFIXES[suffix]}{ratio}; χ² and MI are without correction. "
            if suffix
            else ""
        )
        + "Fit after a search flatters the model, which was chosen on "
        "the same answers.",
    )


def _measure(measures: Mapping[str, float], name: str) -> float:
    return float(measures.get(name, math.nan))
