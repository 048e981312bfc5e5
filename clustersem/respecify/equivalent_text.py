"""Equivalent models as a page of text."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from clustersem.fit.summary_text import p_text
from clustersem.respecify.columns import number, raw_number
from clustersem.respecify.equivalent_result import EquivalentModel, EquivalentModels

# Models that are listed; the others are in the table.
LISTED = 50
# Columns for what was replaced.
WORDS = 60
LOCAL = (
    "Only local equivalents were looked for: a few replacements within the equations of this model."
    " Others may exist, with other latent variables for one."
)
MEANING = (
    "No sample can tell these models from the one that was fitted: every index of fit is the same."
    " Only theory, the order in time, or a design can: an experiment, an instrument."
)


def text_of(found: EquivalentModels) -> str:
    """Return the page."""
    return "\n".join(
        [*_head(found), *_models(found), *_hypotheses(found), *_foot(found)],
    )


def _head(found: EquivalentModels) -> Iterator[str]:
    n = len(found.models)
    chi2, df = found.fit.measures["chisq"], found.fit.df
    same = f"chi2 {chi2:.3f}, df {df}, n = {found.fit.n_obs}"
    if n:
        models = "model is" if n == 1 else "models are"
        yield f"Equivalent models: {n} {models} found that fit any data alike ({same})"
        return
    yield f"Equivalent models: none was found ({same})"
    yield ""
    yield from _wrapped(
        f"No arrow or covariance of this model can be replaced by another one, in up to"
        f" {found.depth} steps, without a change of what the model says about data."
    )


def _models(found: EquivalentModels) -> Iterator[str]:
    if not found.models:
        return
    yield ""
    yield f"{'':>4}{'':<{WORDS}}{'est':>9}{'se':>8}{'p':>7}{'std':>8}"
    for model in found.models[:LISTED]:
        yield from _model(model)
    more = len(found.models) - LISTED
    if more > 0:
        yield f"     and {more} more, in .table"


def _improper(found: EquivalentModels) -> Iterator[str]:
    if not all(model.proper for model in found.models):
        yield from _wrapped(
            "! The solution is not admissible in this sample (a negative variance, or a correlation"
            " above one), although the model fits as well."
        )


def _model(model: EquivalentModel) -> Iterator[str]:
    rows = model.estimates.to_dict("records")
    number = f"{model.number:>3}{' ' if model.proper else '!'}"
    if len(rows) == 1 and len(model.changes) <= WORDS:
        yield f"{number}{model.changes:<{WORDS}}{_numbers(rows[0])}"
        return
    lines = textwrap.wrap(model.changes, 92)
    yield f"{number}{lines[0]}"
    yield from (f"    {line}" for line in lines[1:])
    for row in rows:
        name = f"{row['lhs']} {row['op']} {row['rhs']}"
        if len(model.fit.groups) > 1:
            name += f" ({model.fit.groups[int(row['group']) - 1]})"
        yield f"      {name:<{WORDS - 2}}{_numbers(row)}"


def _numbers(row: Mapping[Hashable, Any]) -> str:
    p = float(row["p_value"])
    return "".join(
        [
            raw_number(float(row["est"]), 9),
            raw_number(float(row["se"]), 8),
            f"{'-' if p != p else p_text(p):>7}",
            number(round(float(row["std_all"]), 3) + 0.0, 8),
        ]
    )


def _hypotheses(found: EquivalentModels) -> Iterator[str]:
    if not found.hypotheses:
        return
    yield ""
    yield "What they make of the hypotheses (in brackets the model)"
    ids = max(len(each.id) for each in found.hypotheses)
    paths = max(len(each.path) for each in found.hypotheses)
    for each in found.hypotheses:
        words = found.in_words(each.id)
        if not words:
            why = found.kept[each.id]
            words = f"kept by every model: {why}" if why else "kept by every model"
        start = f"  {each.id:<{ids}}  {each.path:<{paths}}  "
        yield from _wrapped(words, start, " " * len(start))


def _foot(found: EquivalentModels) -> Iterator[str]:
    yield ""
    if found.models:
        yield from _improper(found)
        yield from _wrapped(MEANING)
    if found.fit.df == 0:
        yield from _wrapped(
            "The model is saturated: with no degrees of freedom it fits every sample, and so does"
            " every other saturated model of these variables, listed or not."
        )
    yield from _wrapped(LOCAL)
    n = len(found.dropped)
    if n:
        models = "model was" if n == 1 else "models were"
        yield from _wrapped(
            f"{n} proposed {models} dropped, as fitting did not confirm the equivalence"
            " (.dropped says why)."
        )
    if found.left_out:
        yield from _wrapped(
            f"{found.left_out} more were proposed and not fitted; raise limit= to see them."
        )
    for note in found.notes:
        yield from _wrapped(note)


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(text, 98, initial_indent=first, subsequent_indent=rest)
