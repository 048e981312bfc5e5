"""A study: what to analyse and how, from a file or from Python, and the run through it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from clustersem.errors import (
    ClusterSemError,
    CodebookError,
    ModelSyntaxError,
    UnsupportedError,
)
from clustersem.fit import Fit, cfa, sem
from clustersem.fit.hypotheses import Hypothesis, parse_hypotheses, test_hypotheses
from clustersem.resample.cutoffs import cutoffs
from clustersem.respecify import Respecification, RespecificationPolicy, respecify
from clustersem.respecify.equivalent import equivalent_models
from clustersem.respecify.multiverse import multiverse
from clustersem.respecify.multiverse_result import Multiverse
from clustersem.respecify.price import price
from clustersem.respecify.price_result import Price
from clustersem.scale import bartlett, kmo, parallel_analysis, purify, reliability, validity
from clustersem.scale.efa import efa
from clustersem.study.estimation import check_ordered, ordered_of
from clustersem.study.model_text import model_of
from clustersem.study.provenance import provenance_of
from clustersem.study.result import ScaleAnalysis, StudyResult, deleted_from
from clustersem.study.settings import (
    AnySection,
    CutoffSettings,
    EquivalentSettings,
    ModelSettings,
    MultiverseSettings,
    OptionSettings,
    PriceSettings,
    RespecificationSettings,
    ScaleSettings,
    read_section,
)
from clustersem.survey import ScreeningPolicy, Survey, read_survey
from clustersem.survey.codebook import Codebook
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.toml import line_of, read_toml

HEAD = ("title", "subtitle", "origin")
SECTIONS = (
    *("data", "constructs", "items", "screening", "scale"),
    *("hypotheses", "model", "respecification", "price", "multiverse", "equivalent_models"),
    *("cutoffs", "options"),
)

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Study:
    """A whole analysis, from answers to tested hypotheses.

    Attributes
    ----------
    data : path or DataFrame
        The answers.
    codebook : Codebook
        Constructs, items, texts, answer range.
    hypotheses : tuple of Hypothesis
        Paths and covariances among constructs, with the sign expected.
    title, subtitle : str
        Of the report.
    origin : str
        A sentence about the answers that no reader may overlook, such as that they are synthetic.
    screening : ScreeningPolicy or None
        Which respondents are left out; None keeps all.
    scale : ScaleSettings
        How items are factored and purified.
    model : ModelSettings
        The model and how it is fitted.
    respecification : RespecificationPolicy or None
        What may be freed when the model does not fit; None leaves the model as it is.
    price : PriceSettings or None
        How the price of the respecification is found; None leaves it out.
    multiverse : MultiverseSettings or None
        How the hypotheses are tested in other models; None leaves that out.
    equivalent_models : EquivalentSettings or None
        How models that fit as well are looked for; None leaves them out.
    cutoffs : CutoffSettings or None
        How cutoffs for this model and this n are found; None leaves them out.
    options : OptionSettings
        How hypotheses are read.
    source : str
        Name of the study file, for the report.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.normal(size=(300, 2)) @ [[1, 0.5], [0, 0.9]], 3, axis=1)
    >>> noise = rng.normal(size=(300, 6))
    >>> answers = pd.DataFrame(traits + 0.7 * noise, columns=list("abcdef"))
    >>> study = Study(
    ...     answers,
    ...     Codebook(constructs={"Trust": ["a", "b", "c"], "Use": ["d", "e", "f"]}),
    ...     parse_hypotheses("H1: Use ~ Trust, +"),
    ...     scale=ScaleSettings(parallel=False),
    ... )
    >>> study.run().hypotheses["verdict"].tolist()
    ['supported']
    """

    data: str | os.PathLike[str] | pd.DataFrame
    codebook: Codebook
    hypotheses: tuple[Hypothesis, ...] = ()
    title: str = "Survey analysis"
    subtitle: str = ""
    origin: str = ""
    screening: ScreeningPolicy | None = field(default_factory=ScreeningPolicy)
    scale: ScaleSettings = field(default_factory=ScaleSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    respecification: RespecificationPolicy | None = None
    price: PriceSettings | None = None
    multiverse: MultiverseSettings | None = None
    equivalent_models: EquivalentSettings | None = None
    cutoffs: CutoffSettings | None = None
    options: OptionSettings = field(default_factory=OptionSettings)
    source: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.codebook, Codebook):
            raise CodebookError(
                f"codebook: expected a Codebook, got {type(self.codebook).__name__}. Write"
                ' clustersem.Codebook(constructs={"Trust": ["t1", "t2", "t3"]}).'
            )
        if not all(isinstance(hypothesis, Hypothesis) for hypothesis in self.hypotheses):
            object.__setattr__(self, "hypotheses", parse_hypotheses(self.hypotheses))
        # What does not depend on the answers is refused before they are read.
        written = bool(self.model.syntax.strip())
        if written and self.model.markers:
            raise CodebookError(
                "[model] has both syntax and markers. In syntax, the item that stands first"
                " after =~ is the marker: leave markers out."
            )
        self._check_estimation()
        if self.equivalent_models is not None and self.model.engine == "semopy":
            raise CodebookError(
                "[equivalent_models] compares models to more digits than semopy's optimiser gives:"
                ' leave it out, or leave engine = "semopy" out of [model].'
            )
        if self.codebook.constructs and not written:
            constructs = {name: c.items for name, c in self.codebook.constructs.items()}
            model_of(constructs, self.hypotheses, self.model.markers)

    def _check_estimation(self) -> None:
        """Refuse options that do not go together, and columns that are no items."""
        try:
            self.model.options()
        except UnsupportedError as error:
            raise CodebookError(f"[model]: {error}") from None
        constructs = self.codebook.constructs.values()
        if not self.model.syntax.strip():
            check_ordered(self.model.ordered, (i for c in constructs for i in c.items))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Study:
        """Read a study file.

        Parameters
        ----------
        path : path
            A TOML file; ``clustersem init answers.csv`` writes one to start from. The path of the
            answers in it is relative to the file.

        Raises
        ------
        CodebookError
            Where the file is not TOML, lacks something or contradicts itself; the line is named.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise CodebookError(
                f"Study.from_file takes the path of a study file, not a {type(path).__name__}."
            )
        path = Path(path)
        document, text = read_toml(path)
        source = path.name
        try:
            return cls(**_parts(path, document, text))
        except ClusterSemError as error:
            said = str(error)
            raise CodebookError(said if said.startswith(source) else f"{source}: {said}") from None

    def run(self, progress: Progress = _silent) -> StudyResult:
        """Analyse: screen, factor, purify, fit, respecify, test.

        Parameters
        ----------
        progress : callable
            Called with the name of each stage as it begins.

        Returns
        -------
        StudyResult
            All that was found; nothing is written before :meth:`StudyResult.report`.

        Raises
        ------
        ClusterSemError
            Where the answers or the model cannot be used; the message says what to do.
        """
        started = time.perf_counter()
        progress("reading and screening the answers")
        survey = read_survey(self.data, self.codebook, screening=self.screening)
        blocks = self._factor(survey, progress)
        constructs = {name: items for block in blocks for name, items in block.constructs.items()}
        constructs = {name: constructs[name] for name in survey.constructs}
        reliabilities = None
        if constructs:
            progress("reliability")
            reliabilities = reliability(survey, constructs)
        progress("fitting the model")
        syntax = self.model.syntax.strip() or self._model_text(constructs)
        initial = self._fit(syntax, survey, deleted_from(blocks))
        # Without estimates there is nothing to revise or to test; the report says why.
        respecification = search = None
        if self.respecification is not None and initial.converged:
            progress("respecification")
            respecification = respecify(initial, self.respecification, progress=False)
            if self.respecification.given:
                progress("the search that was not made")
                search = respecify(initial, self.respecification.searching(), progress=False)
        final = initial if respecification is None else respecification.fit
        progress("hypotheses and validity")
        hypotheses = None
        if self.hypotheses and final.converged:
            hypotheses = test_hypotheses(
                final,
                self.hypotheses,
                alpha=self.options.alpha,
                main_path=self.options.main_path,
            )
        prices = self._prices(respecification, search, progress)
        worlds = equivalents = None
        if self.multiverse is not None and self.hypotheses and final.converged:
            progress("the hypotheses in other models")
            worlds = self._multiverse(initial, self.multiverse)
        if self.equivalent_models is not None and self.hypotheses and final.converged:
            progress("models that fit as well")
            equivalents = equivalent_models(
                final, self.hypotheses, progress=False, **self.equivalent_models.model_dump()
            )
        found = None
        if self.cutoffs is not None and final.converged and final.df > 0:
            progress("cutoffs for this model and this n")
            found = cutoffs(final, progress=False, **self.cutoffs.model_dump())
        return StudyResult(
            study=self,
            survey=survey,
            blocks=blocks,
            constructs=constructs,
            reliability=reliabilities,
            model=syntax,
            initial=initial,
            respecification=respecification,
            search=search,
            prices=prices,
            multiverse=worlds,
            equivalent_models=equivalents,
            fit=final,
            hypotheses=hypotheses,
            validity=validity(final) if final.spec.latent and final.converged else None,
            provenance=provenance_of(self, survey, final, time.perf_counter() - started),
            cutoffs=found,
        )

    def _prices(
        self,
        respecification: Respecification | None,
        search: Respecification | None,
        progress: Progress,
    ) -> dict[str, Price]:
        """Return what the steps cost, and where they were given those of the search."""
        if self.price is None or respecification is None:
            return {}
        wanted = self.price.model_dump()
        progress("the price of the respecification")
        found = {"": price(respecification, progress=False, **wanted)}
        if search is not None:
            progress("the price of the search that was not made")
            found["search"] = price(search, progress=False, **wanted)
        return found

    def _multiverse(self, initial: Fit, wanted: MultiverseSettings) -> Multiverse:
        return multiverse(
            initial,
            self.respecification,
            self.hypotheses,
            alpha=self.options.alpha,
            progress=False,
            **wanted.model_dump(),
        )

    def _factor(self, survey: Survey, progress: Progress) -> tuple[ScaleAnalysis, ...]:
        """Analyse the items of each subsystem, or of all constructs together."""
        groups: dict[str, dict[str, tuple[str, ...]]] = {}
        for name, items in survey.constructs.items():
            subsystem = self.codebook.constructs[name].subsystem
            together = self.scale.together == "all" or subsystem is None
            groups.setdefault("all items" if together else str(subsystem), {})[name] = items
        found = []
        for name, constructs in groups.items():
            progress(f"factor analysis of {name}")
            answers = survey.answers[[i for members in constructs.values() for i in members]]
            purified = None
            if self.scale.purify:
                purified = purify(
                    survey,
                    constructs,
                    cutoff=self.scale.cutoff,
                    minimum_items=self.scale.minimum_items,
                )
                constructs = purified.constructs
            solution = efa(answers, n_factors=len(constructs)) if purified is None else purified.efa
            found.append(
                ScaleAnalysis(
                    name=name,
                    constructs=dict(constructs),
                    kmo=kmo(answers),
                    bartlett=bartlett(answers),
                    purification=purified,
                    efa=solution,
                    parallel=parallel_analysis(
                        survey.answers[[i for members in constructs.values() for i in members]],
                        seed=self.scale.seed,
                    )
                    if self.scale.parallel
                    else None,
                )
            )
        return tuple(found)

    def _model_text(self, constructs: Mapping[str, tuple[str, ...]]) -> str:
        if not constructs:
            raise CodebookError(
                f"{self.source or 'the study'}: there are neither constructs nor a model to fit."
                " List constructs with their items, or write model syntax under [model]."
            )
        return model_of(constructs, self.hypotheses, self.model.markers)

    def _fit(self, syntax: str, survey: Survey, deleted: tuple[str, ...]) -> Fit:
        settings = self.model
        fitter = sem if self.hypotheses or settings.syntax else cfa
        return fitter(
            syntax,
            survey,
            estimator=settings.estimator,
            missing=settings.missing,
            ordered=ordered_of(settings.ordered, () if settings.syntax.strip() else deleted),
            parameterization=settings.parameterization,
            se=settings.se,
            test=settings.test,
            bounds=settings.bounds,
            sampling_weights=settings.sampling_weights,
            cluster=settings.cluster,
            std_lv=settings.std_lv,
            orthogonal=settings.orthogonal,
            fixed_x=settings.fixed_x,
            likelihood=settings.likelihood,
            engine=settings.engine,
        )


def _parts(path: Path, document: Mapping[str, object], text: str) -> dict[str, Any]:
    """Return the attributes of a study as its file has them."""
    source = path.name
    for name in document:
        if name not in (*HEAD, *SECTIONS):
            known = (*HEAD, *SECTIONS)
            line = line_of(text, (name,))
            raise CodebookError(
                f"{source}{f', line {line}' if line else ''}: there is no section {name!r} in a"
                f" study file{did_you_mean(name, known) or '.'} It may have"
                f" {listed(known, limit=20)}."
            )
    for name in HEAD:
        if not isinstance(document.get(name, ""), str):
            raise CodebookError(
                f"{source}, line {line_of(text, (name,))}: {name} is a text: write it in quotes."
            )
    codebook = Codebook.from_study_file(path)
    if not codebook.file:
        raise CodebookError(
            f'{source}: [data] needs the file with the answers: file = "answers.csv"'
        )
    screening = document.get("screening", {})
    if not isinstance(screening, Mapping):
        raise CodebookError(f"{source}: [screening] is a section: write its keys below it.")

    def section(kind: type[AnySection], name: str) -> AnySection:
        return read_section(kind, name, document.get(name, {}), source=source, text=text)

    def optional(kind: type[AnySection], name: str) -> AnySection | None:
        return section(kind, name) if name in document else None

    return {
        "data": path.parent / codebook.file,
        "codebook": codebook,
        "hypotheses": _hypotheses(document.get("hypotheses", []), source),
        **{name: document[name] for name in HEAD if name in document},
        "screening": ScreeningPolicy.from_mapping(screening, source=source),
        "scale": section(ScaleSettings, "scale"),
        "model": section(ModelSettings, "model"),
        "respecification": section(RespecificationSettings, "respecification").policy()
        if "respecification" in document
        else None,
        "price": optional(PriceSettings, "price"),
        "multiverse": optional(MultiverseSettings, "multiverse"),
        "equivalent_models": optional(EquivalentSettings, "equivalent_models"),
        "cutoffs": optional(CutoffSettings, "cutoffs"),
        "options": section(OptionSettings, "options"),
        "source": source,
    }


def _hypotheses(rows: object, source: str) -> tuple[Hypothesis, ...]:
    """Read the sections ``[[hypotheses]]``, which hold three keys and no other."""
    if not isinstance(rows, list):
        raise CodebookError(
            f"{source}: write each hypothesis as a section [[hypotheses]] with the keys id, path"
            " and expect."
        )
    known = ("id", "path", "expect")
    for number, row in enumerate(rows, 1):
        unknown = [key for key in row if key not in known] if isinstance(row, Mapping) else []
        if unknown:
            which = row.get("id", f"number {number}")
            hint = did_you_mean(unknown[0], known) or "; known are id, path, expect"
            raise CodebookError(f"{source}: hypothesis {which} has no key {unknown[0]!r}{hint}")
        try:
            parse_hypotheses([row])
        except ModelSyntaxError as error:
            _, shown = str(error).split("\n", 1)
            which = row["id"] if isinstance(row, Mapping) else f"number {number}"
            raise CodebookError(f"{source}: hypothesis {which}: {error.reason}\n{shown}") from None
    return parse_hypotheses(rows) if rows else ()
