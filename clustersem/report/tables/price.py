"""What the revision of a model costs: fit on new respondents, and how stable its steps are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from clustersem.report.document import Cell, Column, Table
from clustersem.report.tables.fit import path_text
from clustersem.respecify.price_text import label_of

if TYPE_CHECKING:
    from clustersem.respecify.price_result import Price


def price_fit_table(price: Price, *, caption: str) -> Table:
    """Return the indices before and after the steps, and on as many new respondents."""
    rows = [
        (
            Cell(label_of(str(index)).replace("chi2", "χ²")),
            *(Cell(float(row[name])) for name in ("initial", "plain", "corrected", "mc_se")),
        )
        for index, row in price.fit_table.iterrows()
    ]
    numbers = [Column(name, "number") for name in ("Initial", "Revised", "Corrected", "MC S.E.")]
    judged = price.validation
    n = price.final.n_obs
    told = "; ".join(
        f"{model} {float(judged.loc[model, 'cv_ecvi']):.3f}"
        for model in judged.index
        if math.isfinite(float(judged.loc[model, "cv_ecvi"]))
    )
    return Table(
        caption,
        (Column("Index"), *numbers),
        tuple(rows),
        f"The fit of the revised model on these {n} respondents, and what it would be on as many"
        " new ones.",
        "Corrected: less what the steps gain because they were found on these answers, by"
        f" {int(price.counts['partings_used'])} random halves of the sample in which the search was"
        " repeated; MC S.E., its Monte Carlo error."
        + (
            " The steps were given: if they were named before the answers were seen, nothing is to"
            " be corrected."
            if price.given
            else ""
        )
        + (
            f" Cross-validated ECVI in {price.n_folds} folds (Cudeck and Browne, 1983): {told}."
            if told
            else ""
        ),
    )


def price_steps_table(price: Price, *, caption: str) -> Table:
    """Return how often each step is picked in resamples, and its estimate on new answers."""
    rows = [
        (
            Cell(path_text(f"{step['lhs']} {step['op']} {step['rhs']}")),
            *(Cell(100.0 * step[name]) for name in ("picked", "picked_halves")),
            *(Cell(step[name]) for name in ("est", "est_found", "est_new", "shrinkage")),
            Cell(step["caution"]),
        )
        for step in price.steps.to_dict("records")
    ]
    c = price.counts
    return Table(
        caption,
        (
            Column("Freed"),
            Column("Picked, %", "number", 0),
            Column("In halves, %", "number", 0),
            Column("Estimate", "number"),
            Column("Found", "number"),
            Column("Elsewhere", "number"),
            Column("Ratio", "number", 2),
            Column("Caution"),
        ),
        tuple(rows),
        "How often a search would free the same parameters, and what becomes of their estimates.",
        f"Picked: share of {int(c['resamples_searched'])} bootstrap resamples whose search frees"
        " the parameter, and of random halves; found and elsewhere: mean estimate in the halves"
        " that freed it and in the other halves, whose ratio is the shrinkage."
        f" The resamples led to {int(c['distinct_sets'])} different models, to this one"
        f" {int(c['final_set'])} times.",
    )
