"""Structural equation modelling for Likert surveys, from a questionnaire to tested hypotheses."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from clustersem.audit import audit, read_published
from clustersem.fit import Fit, cfa, growth, sem
from clustersem.later import later
from clustersem.respecify import respecify
from clustersem.spec import ModelSpec

if TYPE_CHECKING:
    from clustersem import studies
    from clustersem.audit import Audit, Published
    from clustersem.certify import Certificate, certificate
    from clustersem.fit import Hypothesis, test_hypotheses
    from clustersem.fit.comparison import Comparison, compare
    from clustersem.fit.invariance import invariance
    from clustersem.fit.invariance_result import Invariance
    from clustersem.fit.nested import check_nested
    from clustersem.fit.nesting import Nesting, nesting
    from clustersem.fit.second_opinion import SecondOpinion
    from clustersem.fit.semopy_import import from_semopy
    from clustersem.moments.streamed import read_moments
    from clustersem.moments.streamed_moments import StreamedMoments
    from clustersem.report import (
        cutoff_figure,
        influence_figure,
        path_diagram,
        power_figure,
        price_figure,
        specification_curve,
    )
    from clustersem.resample.bootstrap import bootstrap
    from clustersem.resample.bootstrap_result import Bootstrap
    from clustersem.resample.cutoffs import cutoffs
    from clustersem.resample.cutoffs_result import Cutoffs
    from clustersem.resample.misfit import misspecified
    from clustersem.resample.missingness import MAR, MCAR
    from clustersem.resample.power import (
        Power,
        SampleSize,
        power,
        rmsea_power,
        rmsea_sample_size,
        sample_size,
    )
    from clustersem.resample.simulate import simulate
    from clustersem.respecify import Respecification, RespecificationPolicy
    from clustersem.respecify.equivalent import equivalent_models
    from clustersem.respecify.equivalent_result import EquivalentModels
    from clustersem.respecify.multiverse import multiverse, screenings
    from clustersem.respecify.multiverse_result import Multiverse
    from clustersem.respecify.price import price
    from clustersem.respecify.price_result import Price
    from clustersem.scale import (
        bartlett,
        efa,
        item_statistics,
        kmo,
        mardia,
        parallel_analysis,
        purify,
        reliability,
        validity,
    )
    from clustersem.study import Study, StudyResult
    from clustersem.survey import NO_SCREENING, Codebook, ScreeningPolicy, Survey, read_survey

__version__ = "0.1.0"

# What these need (pydantic, jinja2, matplotlib, the scale, comparisons) is not worth waiting for in
# a script that fits. (respecify and audit are rooms and functions; loading them here makes their
# names the functions'.)
_HOMES = {
    **dict.fromkeys(
        (
            "bartlett",
            "efa",
            "item_statistics",
            "kmo",
            "mardia",
            "parallel_analysis",
            "purify",
            "reliability",
            "validity",
        ),
        "clustersem.scale",
    ),
    **dict.fromkeys(
        ("Power", "SampleSize", "power", "rmsea_power", "rmsea_sample_size", "sample_size"),
        "clustersem.resample.power",
    ),
    **dict.fromkeys(("Audit", "Published"), "clustersem.audit"),
    "MAR": "clustersem.resample.missingness",
    "MCAR": "clustersem.resample.missingness",
    "Bootstrap": "clustersem.resample.bootstrap_result",
    "Certificate": "clustersem.certify",
    "Codebook": "clustersem.survey.codebook",
    "Comparison": "clustersem.fit.comparison",
    "Cutoffs": "clustersem.resample.cutoffs_result",
    "EquivalentModels": "clustersem.respecify.equivalent_result",
    "Invariance": "clustersem.fit.invariance_result",
    "Nesting": "clustersem.fit.nesting",
    "SecondOpinion": "clustersem.fit.second_opinion",
    "Multiverse": "clustersem.respecify.multiverse_result",
    "Study": "clustersem.study",
    "StreamedMoments": "clustersem.moments.streamed_moments",
    "StudyResult": "clustersem.study",
    "bootstrap": "clustersem.resample.bootstrap",
    "certificate": "clustersem.certify",
    "check_nested": "clustersem.fit.nested",
    "cutoff_figure": "clustersem.report",
    "cutoffs": "clustersem.resample.cutoffs",
    "compare": "clustersem.fit.comparison",
    "equivalent_models": "clustersem.respecify.equivalent",
    "from_semopy": "clustersem.fit.semopy_import",
    "influence_figure": "clustersem.report",
    "invariance": "clustersem.fit.invariance",
    "misspecified": "clustersem.resample.misfit",
    "multiverse": "clustersem.respecify.multiverse",
    "nesting": "clustersem.fit.nesting",
    "path_diagram": "clustersem.report",
    "read_moments": "clustersem.moments.streamed",
    "power_figure": "clustersem.report",
    "Price": "clustersem.respecify.price_result",
    "price": "clustersem.respecify.price",
    "price_figure": "clustersem.report",
    "screenings": "clustersem.respecify.multiverse",
    "simulate": "clustersem.resample.simulate",
    "specification_curve": "clustersem.report",
    **dict.fromkeys(("Hypothesis", "test_hypotheses"), "clustersem.fit"),
    **dict.fromkeys(("Respecification", "RespecificationPolicy"), "clustersem.respecify"),
    **dict.fromkeys(
        ("NO_SCREENING", "ScreeningPolicy", "Survey", "read_survey"), "clustersem.survey"
    ),
}
_find = later("clustersem", _HOMES)

__all__ = [
    "MAR",
    "MCAR",
    "NO_SCREENING",
    "Audit",
    "Bootstrap",
    "Certificate",
    "Codebook",
    "Comparison",
    "Cutoffs",
    "EquivalentModels",
    "Fit",
    "Hypothesis",
    "Invariance",
    "ModelSpec",
    "Multiverse",
    "Nesting",
    "Power",
    "Price",
    "Published",
    "Respecification",
    "RespecificationPolicy",
    "SampleSize",
    "ScreeningPolicy",
    "SecondOpinion",
    "StreamedMoments",
    "Study",
    "StudyResult",
    "Survey",
    "audit",
    "bartlett",
    "bootstrap",
    "certificate",
    "cfa",
    "check_nested",
    "compare",
    "cutoff_figure",
    "cutoffs",
    "efa",
    "equivalent_models",
    "from_semopy",
    "growth",
    "influence_figure",
    "invariance",
    "item_statistics",
    "kmo",
    "mardia",
    "misspecified",
    "multiverse",
    "nesting",
    "parallel_analysis",
    "path_diagram",
    "power",
    "power_figure",
    "price",
    "price_figure",
    "purify",
    "read_moments",
    "read_published",
    "read_survey",
    "reliability",
    "respecify",
    "rmsea_power",
    "rmsea_sample_size",
    "sample_size",
    "screenings",
    "sem",
    "simulate",
    "specification_curve",
    "studies",
    "test_hypotheses",
    "validity",
]


def __getattr__(name: str) -> object:
    return import_module("clustersem.studies") if name == "studies" else _find(name)


def __dir__() -> list[str]:
    return sorted(__all__)
