"""What a study found."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from clustersem.fit import Fit
from clustersem.fit.in_words import errors_in_words, method_in_words
from clustersem.fit.sample_notes import rows_used
from clustersem.report import (
    FittedModel,
    PublishedView,
    ScaleBlock,
    StudyView,
    csv_files,
    earlier_csvs,
    figure_bytes,
    path_diagram,
    render_html,
    render_text,
    replace_files,
    study_document,
)
from clustersem.resample.cutoffs_result import Cutoffs
from clustersem.respecify import Respecification
from clustersem.respecify.equivalent_result import EquivalentModels
from clustersem.respecify.multiverse_result import Multiverse
from clustersem.respecify.price_result import Price
from clustersem.scale import (
    BartlettResult,
    EfaResult,
    KmoResult,
    ParallelAnalysis,
    PurifyResult,
    ValidityResult,
)
from clustersem.survey import Survey
from clustersem.survey.names import listed

if TYPE_CHECKING:
    from clustersem.study.study import Study
    from clustersem.survey.codebook import Codebook

REPORT = "report.html"
DIAGRAM = "path-diagram.svg"


@dataclass(frozen=True, eq=False)
class ScaleAnalysis:
    """The factor analysis of items that belong together.

    Attributes
    ----------
    name : str
        The subsystem.
    constructs : dict
        Construct to its items, after purification.
    kmo, bartlett
        Adequacy of all its items, before purification.
    purification : PurifyResult or None
        The deletions.
    efa : EfaResult
        The final solution.
    parallel : ParallelAnalysis or None
        How many factors the remaining items hold.
    """

    name: str
    constructs: Mapping[str, tuple[str, ...]]
    kmo: KmoResult
    bartlett: BartlettResult
    purification: PurifyResult | None
    efa: EfaResult
    parallel: ParallelAnalysis | None


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult:
    """All that a study found, from the sample to the verdicts.

    Attributes
    ----------
    study : Study
        What was asked for.
    survey : Survey
        The answers; ``survey.flow`` counts them.
    blocks : tuple of ScaleAnalysis
        One for each subsystem.
    constructs : dict
        Construct to its items, after purification.
    reliability : DataFrame or None
        One row a construct.
    model : str
        The syntax of the model as hypothesised.
    initial : Fit
        Its fit.
    respecification : Respecification or None
        What was freed.
    search : Respecification or None
        Where the steps were given: what a search would have freed instead, in as many steps.
    prices : mapping of str to Price
        What the steps cost: under ``""`` those that were made, under ``"search"`` the others.
    multiverse : Multiverse or None
        The hypotheses in every model that the policy allows.
    equivalent_models : EquivalentModels or None
        Models that fit exactly as well as the final one.
    fit : Fit
        The final fit, on which everything after it stands.
    hypotheses : DataFrame or None
        The verdicts.
    validity : ValidityResult or None
        CR, AVE, Fornell-Larcker, HTMT.
    provenance : dict
        Where it all comes from.
    published : PublishedView or None
        Printed numbers beside these, where the study repeats a published one.
    cutoffs : Cutoffs or None
        Cutoffs of fit indices for the final model and its n.
    """

    study: Study
    survey: Survey
    blocks: tuple[ScaleAnalysis, ...]
    constructs: Mapping[str, tuple[str, ...]]
    reliability: pd.DataFrame | None
    model: str
    initial: Fit
    respecification: Respecification | None
    fit: Fit
    hypotheses: pd.DataFrame | None
    validity: ValidityResult | None
    provenance: Mapping[str, str]
    published: PublishedView | None = None
    cutoffs: Cutoffs | None = None
    search: Respecification | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    multiverse: Multiverse | None = None
    equivalent_models: EquivalentModels | None = None

    @property
    def deleted(self) -> tuple[str, ...]:
        """Items that purification deleted."""
        return deleted_from(self.blocks)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that the researcher should know, from all stages, each once."""
        said = [*self.survey.warnings]
        for block in self.blocks:
            if block.purification is not None:
                said += [f"purification: {text}" for text in block.purification.warnings]
        said += self.initial.warnings
        said += self.fit.warnings
        said += self.fit.likert_notes
        return tuple(dict.fromkeys(said))

    def __repr__(self) -> str:
        return f"<StudyResult {self.study.title!r}: {self.survey!r}, {self.fit!r}>"

    def with_published(self, published: PublishedView) -> StudyResult:
        """Return the result with printed numbers beside its own."""
        return replace(self, published=published)

    def view(self) -> StudyView:
        """Return the results by the names under which the report looks for them."""
        book = self.survey.codebook
        steps = None
        note = ""
        if self.respecification is not None:
            steps = self.respecification.freed
            note = " ".join([self.respecification.stopped, *_cautions(self.respecification)])
        revised = None
        if self.respecification is not None and self.fit is not self.initial:
            revised = _fitted(self.fit, "")
        return StudyView(
            title=self.study.title,
            subtitle=self.study.subtitle,
            origin=self.study.origin,
            flow=self.survey.flow,
            items=self.survey.describe(),
            constructs=dict(self.survey.constructs),
            labels={name: book.label(name) for name in book.constructs},
            texts={item: _wording(book, item) for item in self.survey.items},
            blocks=tuple(
                ScaleBlock(
                    name=block.name,
                    kmo=block.kmo,
                    bartlett=block.bartlett,
                    efa=block.efa,
                    purification=None
                    if block.purification is None
                    else tuple(block.purification.steps),
                    parallel=None if block.parallel is None else block.parallel.eigenvalues,
                    n_factors_parallel=None if block.parallel is None else block.parallel.n_factors,
                )
                for block in self.blocks
            ),
            loading_cutoff=self.study.scale.cutoff,
            scale_note=_taken_as(self.study, self.fit),
            reliability=self.reliability,
            initial=_fitted(self.initial, self.model),
            steps=steps,
            respecification_note=note,
            search_steps=() if self.search is None else self.search.freed,
            search_note=""
            if self.search is None
            else " ".join([self.search.stopped, *_cautions(self.search)]),
            prices=self.prices,
            multiverse=self.multiverse,
            revised=revised,
            hypotheses=self._judged(),
            confidence=1.0 - self.study.options.alpha,
            validity=self.validity,
            published=self.published,
            cutoffs=self.cutoffs,
            warnings=self.warnings,
            provenance=self.provenance,
        )

    def _judged(self) -> pd.DataFrame | None:
        """Return the verdicts, with the models that fit as well next to them."""
        if self.hypotheses is None or self.equivalent_models is None:
            return self.hypotheses
        return self.equivalent_models.verdicts(self.hypotheses)

    def report(self, folder: str | os.PathLike[str]) -> Path:
        """Write the report.

        Parameters
        ----------
        folder : path
            Made where it is not there. It gets ``report.html``, which needs no network,
            ``path-diagram.svg``, and every table as a CSV file under ``tables``. Those of an
            earlier run are replaced, together, once all new ones are complete.

        Returns
        -------
        Path
            Of ``report.html``.

        Raises
        ------
        ClusterSemError
            Where the folder cannot be written to; an earlier report is left as it was.
        """
        folder = Path(folder)
        document = study_document(self.view())
        contents = csv_files(document, folder / "tables")
        contents[folder / DIAGRAM] = figure_bytes(path_diagram(self.fit), "svg")
        contents[folder / REPORT] = render_html(document).encode("utf-8")
        replace_files(contents, stale=earlier_csvs(folder / "tables"))
        return folder / REPORT

    def summary(self) -> str:
        """Return the report as text."""
        return render_text(study_document(self.view()))


def deleted_from(blocks: Iterable[ScaleAnalysis]) -> tuple[str, ...]:
    """Return the items that purification deleted."""
    return tuple(
        item
        for block in blocks
        if block.purification is not None
        for item in block.purification.deleted
    )


def _taken_as(study: Study, fit: Fit) -> str:
    """Say what of the model's estimation the analysis of the scale does not follow."""
    found = []
    if fit.spec.options.ordered:
        found.append("takes the answers as numbers, not as ordered categories")
    if study.model.sampling_weights is not None:
        found.append("leaves sampling weights out")
    if fit.options.missing in ("ml", "ml.x"):
        found.append("uses complete answers only")
    if not found:
        return ""
    return f"Unlike the model, the analysis of the scale {listed(found)}."


def _wording(book: Codebook, item: str) -> str:
    """Return what an item asks, and whether its answers are shown turned."""
    text = book.text(item)
    if item not in book.reversed_items:
        return text
    return f"{text} (reverse-keyed, shown turned)".strip()


def _cautions(respecification: Respecification) -> list[str]:
    """Return what to know of the steps before believing them, and why some were not made."""
    cautions = [f"{step.name}: {text}" for step in respecification.freed for text in step.warnings]
    cautions += [f"{step.name} was skipped: {step.why}" for step in respecification.skipped]
    return [text if text.endswith(".") else f"{text}." for text in cautions]


def _fitted(fit: Fit, syntax: str) -> FittedModel:
    return FittedModel(
        fit=fit,
        syntax=syntax,
        checks=fit.diagnose().checks,
        residuals=fit.residuals("cor"),
        method=_method(fit),
        errors="" if fit.options.se == "standard" else _errors(fit),
    )


def _errors(fit: Fit) -> str:
    return errors_in_words(fit.options, clustered=_clustered(fit))


def _clustered(fit: Fit) -> bool:
    return any(sample.cluster is not None for sample in fit.samples)


def _method(fit: Fit) -> str:
    """Say how the model was estimated, from whose answers."""
    said = [method_in_words(fit.options, clustered=_clustered(fit))]
    ordered = fit.spec.options.ordered
    if ordered:
        which = "all items" if len(ordered) == len(fit.spec.observed) else listed(ordered)
        said.append(
            f"ordered categories: {which} ({fit.options.parameterization} parameterization)"
        )
    if any(sample.weights is not None for sample in fit.samples):
        said.append("sampling weights")
    said.append(rows_used(fit.samples).removesuffix("."))
    return "; ".join(said)
