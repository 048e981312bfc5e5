"""A study: what to analyse and how, from a file or from Python, and the run through it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from clustersem.errors import CodebookError
from clustersem.fit import Fit, cfa, sem
from clustersem.fit.hypotheses import Hypothesis, parse_hypotheses, test_hypotheses
from clustersem.respecify import RespecificationPolicy, respecify
from clustersem.scale import bartlett, kmo, parallel_analysis, purify, reliability, validity
from clustersem.scale.efa import efa
from clustersem.study.model_text import model_of
from clustersem.study.provenance import provenance_of
from clustersem.study.result import ScaleAnalysis, StudyResult
from clustersem.study.settings import (
    ModelSettings,
    OptionSettings,
    RespecificationSettings,
    ScaleSettings,
    read_section,
)
from clustersem.survey import ScreeningPolicy, Survey, read_survey
from clustersem.survey.codebook import Codebook
from clustersem.survey.names import did_you_mean, listed
from clustersem.survey.toml import read_toml

HEAD = ("title", "subtitle", "origin")
SECTIONS = (
    *("data", "constructs", "items", "screening", "scale"),
    *("hypotheses", "model", "respecification", "options"),
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
    options: OptionSettings = field(default_factory=OptionSettings)
    source: str = ""

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
        path = Path(path)
        document, text = read_toml(path)
        source = path.name
        for name in document:
            if name not in (*HEAD, *SECTIONS):
                known = (*HEAD, *SECTIONS)
                raise CodebookError(
                    f"{source}: there is no section {name!r} in a study file"
                    f"{did_you_mean(name, known) or '.'} It may have {listed(known, limit=20)}."
                )
        codebook = Codebook.from_study_file(path)
        if codebook.file is None:
            raise CodebookError(
                f'{source}: [data] needs the file with the answers: file = "answers.csv"'
            )

        def table(name: str) -> object:
            return document.get(name, {})

        respecification = document.get("respecification")
        screening = table("screening")
        if not isinstance(screening, Mapping):
            raise CodebookError(f"{source}: [screening] is a section: write its keys below it.")
        rows = document.get("hypotheses", [])
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise CodebookError(
                f"{source}: write each hypothesis as a section [[hypotheses]] with the keys id,"
                " path and expect."
            )
        return cls(
            data=path.parent / codebook.file,
            codebook=codebook,
            hypotheses=parse_hypotheses(rows) if rows else (),
            **{name: str(document[name]) for name in HEAD if name in document},
            screening=ScreeningPolicy.from_mapping(screening, source=source),
            scale=read_section(ScaleSettings, "scale", table("scale"), source=source, text=text),
            model=read_section(ModelSettings, "model", table("model"), source=source, text=text),
            respecification=None
            if respecification is None
            else read_section(
                RespecificationSettings,
                "respecification",
                respecification,
                source=source,
                text=text,
            ).policy(),
            options=read_section(
                OptionSettings, "options", table("options"), source=source, text=text
            ),
            source=source,
        )

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
        initial = self._fit(syntax, survey)
        respecification = None
        if self.respecification is not None:
            progress("respecification")
            respecification = respecify(initial, self.respecification)
        final = initial if respecification is None else respecification.fit
        progress("hypotheses and validity")
        hypotheses = None
        if self.hypotheses:
            hypotheses = test_hypotheses(
                final,
                self.hypotheses,
                alpha=self.options.alpha,
                main_path=self.options.main_path,
            )
        return StudyResult(
            study=self,
            survey=survey,
            blocks=blocks,
            constructs=constructs,
            reliability=reliabilities,
            model=syntax,
            initial=initial,
            respecification=respecification,
            fit=final,
            hypotheses=hypotheses,
            validity=validity(final) if final.spec.latent else None,
            provenance=provenance_of(self, survey, final, time.perf_counter() - started),
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

    def _fit(self, syntax: str, survey: Survey) -> Fit:
        settings = self.model
        fitter = sem if self.hypotheses or settings.syntax else cfa
        return fitter(
            syntax,
            survey,
            std_lv=settings.std_lv,
            orthogonal=settings.orthogonal,
            fixed_x=settings.fixed_x,
            likelihood=settings.likelihood,
            engine=settings.engine,
        )
