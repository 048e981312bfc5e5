"""Do the constructs hold together, and are they different from one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from clustersem.report.document import Table
from clustersem.report.tables.frames import frame_table, matrix_table
from clustersem.report.tables.sample import label_of

_HEADINGS = {
    "n_items": "Items",
    "cr": "CR",
    "cr_standardized": "CR (std.)",
    "ave": "AVE",
    "ave_standardized": "AVE (std.)",
    "msv": "MSV",
    "max_r_h": "H",
}


class ValidityLike(Protocol):
    """The result of `clustersem.validity`."""

    @property
    def table(self) -> pd.DataFrame:
        """One row a construct: composite reliability, AVE, MSV."""

    @property
    def fornell_larcker(self) -> pd.DataFrame:
        """Roots of the AVE on the diagonal, correlations below."""

    @property
    def htmt(self) -> pd.DataFrame:
        """Heterotrait-monotrait ratios."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the numbers."""


def validity_tables(
    validity: ValidityLike, *, labels: Mapping[str, str] | None = None
) -> tuple[Table, ...]:
    """Convergent validity, the Fornell-Larcker criterion and HTMT."""
    table = validity.table[[name for name in _HEADINGS if name in validity.table]].copy()
    table.index = pd.Index([label_of(str(name), labels or {}) for name in table.index])
    return (
        frame_table(
            table,
            "Convergent validity",
            meaning="Whether the items of a construct agree and the construct explains them.",
            note="CR, composite reliability (at least .7); AVE, average variance extracted (at "
            "least .5), both also from the standardised loadings alone (std.), as users of AMOS "
            "compute them; MSV, largest squared correlation with another construct (less than "
            "AVE); H, reliability of the best weighted score.",
            headings=_HEADINGS,
            index="Construct",
        ),
        matrix_table(
            validity.fornell_larcker,
            "Fornell-Larcker criterion",
            meaning="Each diagonal value should exceed the correlations in its row and column.",
            note="Diagonal: square root of the AVE; below it: correlations of the constructs.",
        ),
        matrix_table(
            validity.htmt,
            "Heterotrait-monotrait ratios",
            meaning="Ratios near one say that two constructs are hardly distinct.",
            note="Ratios above .85 are marked.",
            above=0.85,
            diagonal=False,
        ),
    )
