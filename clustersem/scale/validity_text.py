"""Validity of constructs in words: what print() shows."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd

_WIDTH = 96
_COLUMNS = {
    "n_items": ("items", "{:.0f}"),
    "cr_standardized": ("CR", "{:.3f}"),
    "ave_standardized": ("AVE", "{:.3f}"),
    "msv": ("MSV", "{:.3f}"),
    "asv": ("ASV", "{:.3f}"),
    "max_r_h": ("MaxR(H)", "{:.3f}"),
}


def validity_text(
    table: pd.DataFrame,
    fornell_larcker: pd.DataFrame,
    htmt: pd.DataFrame,
    failed: Sequence[str],
    n_criteria: int,
    criteria: str,
    remarks: Sequence[str],
) -> str:
    """Return the tables of a :class:`clustersem.scale.validity.ValidityResult` and what they say.

    Parameters
    ----------
    table, fornell_larcker, htmt : DataFrame
        As there.
    failed : sequence of str
        For each criterion that is not met, of which construct, and the numbers.
    n_criteria : int
        How many there are.
    criteria : str
        What they are.
    remarks : sequence of str
        Constructs left out, and notes.
    """
    shown = pd.DataFrame(
        {
            head: [_number(value, form) for value in table[name].to_numpy(dtype=np.float64)]
            for name, (head, form) in _COLUMNS.items()
        },
        index=list(table.index),
    )
    parts = [f"Validity, from standardised loadings\n\n{shown.to_string()}"]
    if len(table) > 1:
        parts.append(
            "Correlations of the constructs, root of AVE on the diagonal (Fornell-Larcker)\n\n"
            + _lower(fornell_larcker, diagonal=True)
        )
        parts.append(
            "Heterotrait-monotrait ratios of correlations (HTMT)\n\n" + _lower(htmt, diagonal=False)
        )
    if failed:
        lines = [f"{len(failed)} of {n_criteria} criteria are not met ({criteria}):"]
        for text in failed:
            lines += textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
        parts.append("\n".join(lines))
    else:
        parts.append(f"All {n_criteria} criteria are met ({criteria}).")
    parts += [textwrap.fill(f"Note: {text}", _WIDTH) for text in remarks]
    return "\n".join(line.rstrip() for line in "\n\n".join(parts).splitlines())


def _lower(matrix: pd.DataFrame, *, diagonal: bool) -> str:
    """Return the lower triangle as text."""
    values = matrix.to_numpy(dtype=np.float64)
    names = [str(name) for name in matrix.index]
    rows = [
        [_number(v, "{:.3f}") if j < i or (diagonal and j == i) else "" for j, v in enumerate(row)]
        for i, row in enumerate(values)
    ]
    shown = pd.DataFrame(rows, index=names, columns=names)
    if not diagonal:
        shown = shown.iloc[1:, :-1]
    return shown.to_string()


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else form.format(value)
