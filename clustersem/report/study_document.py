"""The report of a study: its results in the order in which a paper tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from clustersem.audit.result import FAIRNESS
from clustersem.fit.preferred import SUFFIXES, preferred
from clustersem.report import tables
from clustersem.report.diagram import path_diagram_svg
from clustersem.report.document import (
    Block,
    Cell,
    Column,
    Document,
    Figure,
    KeyFacts,
    Listing,
    Note,
    Points,
    Section,
    Table,
    Text,
)
from clustersem.report.figure_file import figure_svg
from clustersem.report.figures import (
    cutoff_figure,
    forest_figure,
    price_figure,
    residual_heatmap,
    scree_figure,
    specification_curve,
)
from clustersem.report.formats import number
from clustersem.report.study_view import FittedModel, ScaleBlock, StudyView
from clustersem.report.tables.fit import path_text
from clustersem.resample.cutoffs_result import DRAWN

_FEW = 3
"""So many warnings stand one by one; more of them make a list."""


def study_document(view: StudyView) -> Document:
    """Set the results of a study into sections; what the study did not do is left out.

    Examples
    --------
    >>> document = study_document(StudyView("Trust survey", warnings=("Only 80 answers.",)))
    >>> [section.title for section in document.sections]
    ['Summary']
    """
    parts = (
        _summary,
        _sample,
        _items,
        _scale,
        _reliability,
        _initial,
        _revision,
        _price,
        _fit,
        _cutoffs,
        _diagram,
        _hypotheses,
        _multiverse,
        _measurement,
        _validity,
        _residuals,
        _published,
        _impossible,
        _provenance,
    )
    found = (part(view) for part in parts)
    return Document(
        view.title, view.subtitle, tuple(section for section in found if section is not None)
    )


def _final(view: StudyView) -> FittedModel | None:
    """Return the model whose estimates are reported."""
    return view.revised or view.initial


def _summary(view: StudyView) -> Section | None:
    """Headline numbers, and everything that the reader must know first."""
    facts: list[tuple[str, str]] = []
    if view.flow is not None:
        facts.append(("Valid answers", str(view.flow.valid)))
    if view.constructs:
        n_items = sum(len(items) for items in view.constructs.values())
        facts.append(("Items and constructs", f"{n_items} · {len(view.constructs)}"))
    final = _final(view)
    if final is not None:
        measures = final.fit.measures
        facts += [
            (_named(measures, key, name), number(float(measures[preferred(measures, key)]), 3))
            for key, name in (
                ("cmin_df", "χ²/df"),
                ("cfi", "CFI"),
                ("rmsea", "RMSEA"),
                ("srmr", "SRMR"),
            )
            if key in measures
        ]
    if view.hypotheses is not None:
        supported = int(view.hypotheses["verdict"].astype(str).str.startswith("supported").sum())
        facts.append(("Hypotheses supported", f"{supported} of {len(view.hypotheses)}"))
    blocks: list[Block] = []
    if view.origin:
        blocks.append(Note(view.origin))
    if facts:
        blocks.append(KeyFacts(tuple(facts)))
    if len(view.warnings) <= _FEW:
        blocks += [Note(warning, "warning") for warning in view.warnings]
    else:
        blocks.append(Note(f"{len(view.warnings)} things to know before reading on:", "warning"))
        blocks.append(Points(view.warnings))
    return Section("summary", "Summary", blocks=tuple(blocks)) if blocks else None


def _named(measures: Mapping[str, float], key: str, name: str) -> str:
    """Return an index's name with the variant of it that is shown."""
    said = SUFFIXES[preferred(measures, key).removeprefix(key)]
    return f"{name} ({said})" if said else name


def _sample(view: StudyView) -> Section | None:
    if view.flow is None:
        return None
    return Section(
        "sample",
        "Sample",
        "Questionnaires were screened before anything else was looked at.",
        (tables.flow_table(view.flow),),
    )


def _items(view: StudyView) -> Section | None:
    if view.items is None:
        return None
    table = tables.items_table(
        view.items, constructs=view.constructs, construct_labels=view.labels, texts=view.texts
    )
    return Section("items", "Items", blocks=(table,))


def _scale(view: StudyView) -> Section | None:
    """Adequacy, purification, factors and how many there are, block by block."""
    if not view.blocks:
        return None
    tested = {b.name: (b.kmo, b.bartlett) for b in view.blocks if b.kmo and b.bartlett}
    blocks: list[Block] = [Note(view.scale_note)] if view.scale_note else []
    if tested:
        blocks.append(tables.adequacy_table(tested))
    steps = [step for b in view.blocks for step in b.purification or ()]
    if any(b.purification is not None for b in view.blocks):
        if steps:
            blocks.append(tables.purification_table(steps, cutoff=view.loading_cutoff))
        else:
            blocks.append(Text("Purification: no item had to be deleted."))
    for block in view.blocks:
        blocks += _block_of_items(view, block)
    return Section(
        "scale",
        "Structure of the scale",
        "Before a model is fitted, the items must measure what they were written for.",
        tuple(blocks),
    )


def _block_of_items(view: StudyView, block: ScaleBlock) -> Iterator[Block]:
    """Yield loadings and scree plot of one block."""
    if block.efa is not None:
        yield tables.loadings_table(
            block.efa,
            block=block.name,
            constructs=view.constructs or None,
            labels=view.labels,
            cutoff=view.loading_cutoff,
        )
    if block.parallel is not None:
        count = block.n_factors_parallel
        found = "" if count is None else f" Parallel analysis keeps {count}."
        first = ", ".join(number(float(v), 2) for v in block.parallel["observed"].iloc[:4])
        yield Figure(
            f"Scree plot: {block.name}",
            figure_svg(scree_figure(block.parallel)),
            f"Eigenvalues of {len(block.parallel)} components, beginning with {first}, against "
            f"those of random answers.{found}",
            f"Components above the dashed line explain more than random answers would.{found}",
        )


def _reliability(view: StudyView) -> Section | None:
    if view.reliability is None:
        return None
    table = tables.reliability_table(view.reliability, labels=view.labels)
    return Section("reliability", "Reliability", blocks=(table,))


def _initial(view: StudyView) -> Section | None:
    """Return the model as it was hypothesised: syntax, checks and, if it was revised, its fit."""
    model = view.initial
    if model is None:
        return None
    blocks: list[Block] = []
    if model.syntax:
        blocks.append(Listing("The model in lavaan's syntax", model.syntax.strip()))
    if model.checks:
        blocks.append(
            tables.checks_table(model.checks, caption="Offending estimates, initial model")
        )
    if view.revised is not None:
        blocks.append(
            tables.fit_index_table(
                model.fit.measures,
                view.standards,
                caption="Fit of the initial model against the reference standards",
            )
        )
    if not blocks:
        return None
    return Section(
        "initial-model", "Initial model", "The model as the hypotheses have it.", tuple(blocks)
    )


def _revision(view: StudyView) -> Section | None:
    if view.steps is None:
        return None
    blocks: list[Block] = [tables.respecification_table(view.steps)]
    if view.respecification_note:
        blocks.append(Note(view.respecification_note))
    if view.search_steps:
        blocks.append(
            tables.respecification_table(
                view.search_steps,
                caption="The search that was not made",
                summary="What a search by modification indices would have freed instead of the"
                " given steps.",
            )
        )
    if view.search_note:
        blocks.append(Note(view.search_note))
    if view.revised is not None and view.revised.checks:
        blocks.append(
            tables.checks_table(view.revised.checks, caption="Offending estimates, revised model")
        )
    return Section(
        "revision",
        "Revision of the model",
        "Each change has its evidence beside it, so that a reader can undo it.",
        tuple(blocks),
    )


def _price(view: StudyView) -> Section | None:
    """Return what the steps cost, and those of the search that was not made."""
    if not view.prices:
        return None
    blocks: list[Block] = []
    for name, price in view.prices.items():
        of = "the search" if name else "the revision"
        picture = (
            f"How often each parameter is picked in {int(price.counts['resamples_searched'])}"
            " resamples, and the indices of the initial, the revised and the corrected fit."
        )
        blocks += [
            tables.price_fit_table(price, caption=f"Fit on new respondents, {of}"),
            tables.price_steps_table(price, caption=f"Steps in resamples, {of}"),
            Figure(f"What {of} costs", figure_svg(price_figure(price)), picture),
        ]
    return Section(
        "price",
        "The price of the revision",
        "Steps that were chosen on the answers fit these answers better than others.",
        tuple(blocks),
    )


def _multiverse(view: StudyView) -> Section | None:
    """Return what becomes of the hypotheses in other models."""
    found = view.multiverse
    if found is None:
        return None
    kept = f"{len(found.robust)} of {len(found.hypotheses)}"
    figure = Figure(
        "Specification curves",
        figure_svg(specification_curve(found)),
        f"Standardised estimates of each hypothesis in {found.counts['fitted']} models, sorted.",
        "One panel a hypothesis, one point a model, smallest estimate first; significant ones with"
        " the expected sign in blue.",
    )
    return Section(
        "multiverse",
        "Do the conclusions depend on the model?",
        f"The verdict of the final model is the same in all models for {kept} hypotheses.",
        (tables.multiverse_table(found), figure, *(Note(note) for note in found.notes)),
    )


def _fit(view: StudyView) -> Section | None:
    final = _final(view)
    if final is None:
        return None
    models = {"Model": final.fit.measures}
    if view.initial is not None and view.revised is not None:
        models = {"Initial": view.initial.fit.measures, "Revised": view.revised.fit.measures}
    method = (Text(f"Estimation: {final.method}."),) if final.method else ()
    shown = (tables.fit_index_table(models, view.standards), tables.fit_summary_table(models))
    return Section("fit", "Model fit", blocks=(*method, *shown))


def _cutoffs(view: StudyView) -> Section | None:
    """Return what the indices would be if the model were right, or wrong."""
    found = view.cutoffs
    if found is None:
        return None
    blocks: list[Block] = []
    if not found.table.empty:
        blocks.append(tables.cutoffs_table(found))
        blocks.append(Points(found.findings))
        blocks.append(
            Figure(
                "Fit indices with and without misspecification",
                figure_svg(cutoff_figure(found)),
                f"Histograms of SRMR, RMSEA and CFI in {found.n} samples of {found.n_obs} from the"
                f" model and from each of {len(found.levels) - 1} misspecified ones. "
                + " ".join(found.findings),
                f"Answers drawn: {DRAWN[found.answers]}. Blue: the model is right; grey: it leaves"
                " out what its level adds.",
            )
        )
    if found.equivalence is not None:
        blocks.append(tables.equivalence_table(found.equivalence))
    blocks += [Note(note) for note in found.notes]
    return Section(
        "cutoffs",
        "Cutoffs for this model and this n",
        "Fixed cutoffs come from a simulation of one model; these come from the model at hand.",
        tuple(blocks),
    )


def _diagram(view: StudyView) -> Section | None:
    final = _final(view)
    if final is None:
        return None
    estimates = final.fit.estimates
    paths = estimates[estimates["op"] == "~"]
    told = "; ".join(
        f"{path_text(f'{row.lhs} ~ {row.rhs}')} {number(float(row.std_all), 2)}"  # type: ignore[arg-type]
        for row in paths.itertuples()
    )
    what = "revised model" if view.revised is not None else "model"
    figure = Figure(
        f"Path diagram of the {what}, standardised",
        path_diagram_svg(final.fit),
        f"Path diagram with {len(view.constructs) or 'all'} constructs and their items."
        + (f" Standardised paths: {told}." if told else ""),
        "Ellipses are constructs, rectangles items. Single-headed arrows are loadings and "
        "regressions, double-headed ones correlations. Dashed: p ≥ .05; grey: fixed."
        + _meanings(view),
    )
    return Section("path-diagram", "Path diagram", blocks=(figure,))


def _meanings(view: StudyView) -> str:
    """Return what the constructs' names stand for, as a sentence."""
    listed = "; ".join(f"{name}, {label}" for name, label in view.labels.items() if name != label)
    return f" {listed}." if listed else ""


def _hypotheses(view: StudyView) -> Section | None:
    if view.hypotheses is None:
        return None
    final = _final(view)
    errors = final.errors if final is not None else ""
    blocks: list[Block] = [
        tables.hypotheses_table(view.hypotheses, labels=view.labels, errors=errors)
    ]
    blocks.append(_forest(view.hypotheses, f"{100 * view.confidence:g} %"))
    if "equivalent" in view.hypotheses:
        blocks.append(tables.equivalents_table(view.hypotheses))
    if final is not None:
        blocks.append(tables.estimates_table(final.fit))
    return Section("hypotheses", "Hypotheses", blocks=tuple(blocks))


def _forest(hypotheses: pd.DataFrame, level: str) -> Figure:
    """Estimates with intervals: standardised if their intervals are known, else as estimated."""
    standardised = {"std_ci_lower", "std_ci_upper"} <= set(hypotheses.columns)
    value, low, high = (
        ("std_all", "std_ci_lower", "std_ci_upper")
        if standardised
        else ("est", "ci_lower", "ci_upper")
    )
    kind = "Standardised" if standardised else "Unstandardised"
    names = [f"{row['id']}: {path_text(str(row['path']))}" for row in hypotheses.to_dict("records")]
    figure = forest_figure(
        names,
        [float(v) for v in hypotheses[value]],
        [float(v) for v in hypotheses[low]],
        [float(v) for v in hypotheses[high]],
        axis=f"{kind} estimate with {level} confidence interval",
    )
    told = "; ".join(
        f"{name} {number(float(v), 2)}" for name, v in zip(names, hypotheses[value], strict=True)
    )
    return Figure(
        f"{kind} estimates of the hypothesised relations",
        figure_svg(figure),
        f"{kind} estimates: {told}.",
        f"Bars are {level} confidence intervals; hollow red points have intervals that include "
        "zero.",
    )


def _measurement(view: StudyView) -> Section | None:
    final = _final(view)
    if final is None or not final.fit.estimates["op"].isin(["=~", "<~"]).any():
        return None
    table = tables.measurement_table(final.fit, labels=view.labels)
    return Section("measurement", "Measurement model", blocks=(table,))


def _validity(view: StudyView) -> Section | None:
    if view.validity is None:
        return None
    return Section(
        "validity",
        "Validity of the constructs",
        "Items of one construct should agree; constructs should differ.",
        (
            *tables.validity_tables(view.validity, labels=view.labels),
            *(Note(sentence) for sentence in view.validity.notes),
        ),
    )


def _residuals(view: StudyView) -> Section | None:
    final = _final(view)
    if final is None or final.residuals is None:
        return None
    values = final.residuals.to_numpy(dtype=float)
    i, j = divmod(int(np.nanargmax(np.abs(np.tril(values, -1)))), len(values))
    largest = f"{number(float(values[i, j]))}"
    pair = (final.residuals.columns[j], final.residuals.index[i])
    figure = Figure(
        "Residual correlations",
        figure_svg(residual_heatmap(final.residuals)),
        f"Heat map of {len(final.residuals)} by {len(final.residuals)} residual correlations; the "
        f"largest is {largest}, between {pair[0]} and {pair[1]}.",
        f"Blue: the answers correlate more than the model says; red: less. The largest is "
        f"{largest} ({pair[0]}, {pair[1]}); those of .1 and more are written in.",
    )
    return Section(
        "residuals",
        "Where the model misses",
        "Overall indices can hide a model that is wrong in one place.",
        (figure,),
    )


def _published(view: StudyView) -> Section | None:
    if view.published is None:
        return None
    blocks: list[Block] = []
    if view.published.note:
        blocks.append(Note(view.published.note))
    blocks.append(tables.published_table(view.published.comparison))
    return Section(
        "published",
        "Against the publication",
        f"Printed in: {view.published.source}",
        tuple(blocks),
    )


def _impossible(view: StudyView) -> Section | None:
    """Show what the printed numbers say of each other."""
    if view.published is None:
        return None
    audit, further = view.published.audit, view.published.further
    blocks: list[Block] = []
    if audit is not None and audit.findings:
        blocks += [Text(audit.summary), Note(FAIRNESS)]
        for _, lead, table, sentences in tables.findings_by_rule(audit):
            blocks += [replace(table, meaning=lead), sentences]
    if further:
        blocks.append(tables.further_table(further))
    if not blocks:
        return None
    return Section(
        "impossible",
        "What can't come out, whatever the data",
        "Printed numbers that contradict others of the same publication, so that no analysis can "
        "return them all.",
        tuple(blocks),
    )


def _provenance(view: StudyView) -> Section | None:
    """How to get this report again."""
    if not view.provenance:
        return None
    table = Table(
        "Provenance of this report",
        (Column("What"), Column("Value")),
        tuple((Cell(name), Cell(value)) for name, value in view.provenance.items()),
        "With the same data, versions, options and seed the same numbers come out.",
    )
    return Section("provenance", "Provenance", blocks=(table,))
