"""A multiverse as a page of text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from clustersem.respecify.columns import name_width, named, number
from clustersem.respecify.multiverse_fits import FITTED

if TYPE_CHECKING:
    from clustersem.respecify.multiverse_result import Multiverse

_WIDTH = 98
_SHORT = {
    "supported": "yes",
    "contradicted": "opposite",
    "not supported": "no",
    "not tested": "-",
    "": "-",
}
CAUTION = (
    "Shares count models, each once. They are no probabilities: the models are not equally"
    " plausible, and what none of them has (an omitted cause, a reversed arrow) no share shows."
)


def multiverse_text(result: Multiverse) -> str:
    """Return how the verdicts fare, a line a hypothesis."""
    return "\n".join([*_head(result), "", *_table(result), "", *_foot(result)])


def _head(result: Multiverse) -> list[str]:
    counts = result.counts
    n = counts[FITTED]
    models = "one model" if n == 1 else f"{n:,} models"
    lines = [f"Multiverse of {models} (n = {result.n_obs})", ""]
    lines += _wrapped(result.how)
    crossed = [
        f"{len(found)} {what} ({', '.join(map(str, found))})"
        for what, found in (
            ("samples", result.models["sample"].unique()),
            ("estimators", result.models["estimator"].unique()),
        )
        if len(found) > 1
    ]
    n_deleted = result.models["deleted"].nunique()
    if n_deleted > 1:
        crossed.append(f"{n_deleted - 1} deletions of items, and none")
    if crossed:
        lines += _wrapped(f"Crossed with {'; '.join(crossed)}.")
    left = [f"{many:,} {why}" for why, many in counts.items() if why != FITTED]
    if left:
        lines += _wrapped(f"Left out: {', '.join(left)}, of {len(result.models):,} looked at.")
    for note in result.notes:
        lines += _wrapped(note)
    if n:
        fit = result.models[result.fitted]
        ranges = [
            f"{label} {fit[name].min():.3f} to {fit[name].max():.3f}"
            for name, label in (("cmin_df", "chi2/df"), ("cfi", "CFI"), ("rmsea", "RMSEA"))
            if fit[name].notna().any()
        ]
        lines += _wrapped(f"Fit: {', '.join(ranges)}.")
    return lines


def _table(result: Multiverse) -> list[str]:
    from clustersem.respecify.multiverse_result import percent

    table = result.table
    ids = max(2, *(len(name) for name in table["id"]))
    # A longer one gets a line of its own, or the numbers would go beyond 100 columns.
    paths = name_width(table["path"], "path", max(4, 30 - ids))
    head = " " * (ids + paths + 8) + f"{'standardised estimate':>23}{'supported':>27}"
    lines = [
        head,
        f"{'':<{ids}}  {'path':<{paths}}  sign{'min':>7}{'median':>8}{'max':>7}"
        f"{'initial':>10}{'final':>9}{'models':>8}  its verdict holds",
    ]
    for row in table.to_dict("records"):
        lines += named(
            row["path"],
            paths,
            f"  {row['expect']:>4}{number(row['std_min'], 7)}{number(row['std_median'], 8)}"
            f"{number(row['std_max'], 7)}{_SHORT[row['initial']]:>10}{_SHORT[row['final']]:>9}"
            f"{percent(row['share_supported']):>8}  {row['survives']}",
            f"{row['id']:<{ids}}  ",
        )
    return lines


def _foot(result: Multiverse) -> list[str]:
    table = result.table
    robust, n = result.robust, len(table)
    if result.counts[FITTED] == 0:
        return _wrapped("There is no model to count.")
    if result.counts[FITTED] == 1:
        return _wrapped("With a single model nothing is learnt about robustness.")
    lines = _wrapped(
        f"The verdict of the final model is the same in all models for {len(robust)} of {n}"
        f" {'hypothesis' if n == 1 else 'hypotheses'}"
        + (f": {', '.join(robust)}." if robust else ".")
    )
    other = table.loc[table["share_contradicted"] > 0, "id"]
    if len(other):
        lines += _wrapped(f"Significant with the opposite sign in some: {', '.join(other)}.")
    return [*lines, *_wrapped(CAUTION)]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH)
