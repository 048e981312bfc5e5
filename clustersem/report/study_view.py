"""What a study shows: results by the names under which the report looks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from clustersem.audit import Audit
from clustersem.report.diagram.graph import FitLike
from clustersem.report.tables.fit import STANDARDS, CheckLike, FitStandard
from clustersem.report.tables.respecification import ModificationStep
from clustersem.report.tables.sample import FlowLike
from clustersem.report.tables.scale import BartlettLike, EfaLike, KmoLike
from clustersem.report.tables.validity import ValidityLike
from clustersem.resample.cutoffs_result import Cutoffs
from clustersem.respecify.multiverse_result import Multiverse
from clustersem.respecify.price_result import Price


@dataclass(frozen=True)
class ScaleBlock:
    """Items that were factored together; anything that was not done is None.

    Attributes
    ----------
    purification : sequence of steps, optional
        ``purify(...).steps``; an empty one says that nothing had to be deleted.
    parallel : DataFrame, optional
        ``parallel_analysis(...).eigenvalues``.
    """

    name: str
    kmo: KmoLike | None = None
    bartlett: BartlettLike | None = None
    efa: EfaLike | None = None
    purification: tuple[Any, ...] | None = None
    parallel: pd.DataFrame | None = None
    n_factors_parallel: int | None = None


@dataclass(frozen=True)
class FittedModel:
    """A model, its fit and what was checked of it.

    Attributes
    ----------
    method : str
        How it was estimated, in a sentence.
    errors : str
        What its standard errors are; empty for the usual ones.
    """

    fit: FitLike
    syntax: str = ""
    checks: tuple[CheckLike, ...] = ()
    residuals: pd.DataFrame | None = None
    method: str = ""
    errors: str = ""


@dataclass(frozen=True)
class PublishedView:
    """Printed numbers beside reproduced ones, and what of them no data can give.

    Attributes
    ----------
    source : str
        Where the numbers are printed.
    comparison : DataFrame
        As `published_table` takes it.
    audit : Audit, optional
        The printed numbers that cannot all be right.
    further : tuple of (str, str)
        What is printed, and why a computation shows that it cannot come out.
    note : str
        What to know before reading the comparison.
    """

    source: str
    comparison: pd.DataFrame
    audit: Audit | None = None
    further: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class StudyView:
    """All that a study's report may show, in plain results; parts left None are left out.

    Attributes
    ----------
    origin : str
        A sentence about the answers that no reader may overlook, such as that they are synthetic.
    items : DataFrame
        ``survey.describe()``.
    texts, labels : mapping
        Wording of the items; what the constructs stand for.
    scale_note : str
        What of the model's estimation the analysis of the scale does not follow.
    initial, revised : FittedModel
        Before and after respecification. Without revision `revised` is None.
    steps : tuple
        The respecification, step by step; None if there was none to make.
    respecification_note : str
        What is to be said about the search (policy, hold-out, multiplicity).
    search_steps : tuple
        Where the steps were given: those that a search would have made instead.
    search_note : str
        What is to be said about these.
    prices : mapping of str to Price
        What the steps cost: under ``""`` those that were made, under ``"search"`` those of the
        search that was not.
    multiverse : Multiverse
        The hypotheses in every model that the policy allows.
    hypotheses : DataFrame
        ``test_hypotheses(fit, ...)``; columns ``std_ci_lower`` and ``std_ci_upper``, where there,
        give the forest plot of the standardised paths its intervals.
    confidence : float
        Level of the intervals of the hypotheses.
    cutoffs : Cutoffs
        ``cutoffs(fit)`` of the final model.
    provenance : mapping
        Data fingerprint, versions, options, seed, time: label to text.
    """

    title: str
    subtitle: str = ""
    origin: str = ""
    flow: FlowLike | None = None
    items: pd.DataFrame | None = None
    constructs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[ScaleBlock, ...] = ()
    loading_cutoff: float = 0.5
    scale_note: str = ""
    reliability: pd.DataFrame | None = None
    initial: FittedModel | None = None
    steps: tuple[ModificationStep, ...] | None = None
    respecification_note: str = ""
    search_steps: tuple[ModificationStep, ...] = ()
    search_note: str = ""
    prices: Mapping[str, Price] = field(default_factory=dict)
    multiverse: Multiverse | None = None
    revised: FittedModel | None = None
    standards: tuple[FitStandard, ...] = STANDARDS
    hypotheses: pd.DataFrame | None = None
    confidence: float = 0.95
    validity: ValidityLike | None = None
    published: PublishedView | None = None
    cutoffs: Cutoffs | None = None
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
