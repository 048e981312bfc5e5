"""Structural equation modelling for Likert surveys, from a questionnaire to tested hypotheses."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from clustersem.fit import Fit, Hypothesis, cfa, growth, sem, test_hypotheses
from clustersem.respecify import Respecification, RespecificationPolicy, respecify
from clustersem.spec import ModelSpec
from clustersem.survey import NO_SCREENING, ScreeningPolicy, Survey, read_survey

if TYPE_CHECKING:
    from clustersem import studies
    from clustersem.fit.comparison import Comparison, compare
    from clustersem.fit.invariance import invariance
    from clustersem.fit.invariance_result import Invariance
    from clustersem.fit.nested import check_nested
    from clustersem.fit.second_opinion import SecondOpinion
    from clustersem.fit.semopy_import import from_semopy
    from clustersem.report import path_diagram
    from clustersem.resample.bootstrap import bootstrap
    from clustersem.resample.bootstrap_result import Bootstrap
    from clustersem.resample.misfit import misspecified
    from clustersem.resample.missingness import MAR, MCAR
    from clustersem.resample.simulate import simulate
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
    from clustersem.survey.codebook import Codebook

__version__ = "0.1.0"

# What these need (pydantic, jinja2, matplotlib, the scale, comparisons) is not worth waiting for in
# a script that fits. (respecify is a room and a function; loading it here makes the name the
# function's.)
_LATER = {
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
    "MAR": "clustersem.resample.missingness",
    "MCAR": "clustersem.resample.missingness",
    "Bootstrap": "clustersem.resample.bootstrap_result",
    "Codebook": "clustersem.survey.codebook",
    "Comparison": "clustersem.fit.comparison",
    "Invariance": "clustersem.fit.invariance_result",
    "SecondOpinion": "clustersem.fit.second_opinion",
    "Study": "clustersem.study",
    "StudyResult": "clustersem.study",
    "bootstrap": "clustersem.resample.bootstrap",
    "check_nested": "clustersem.fit.nested",
    "compare": "clustersem.fit.comparison",
    "from_semopy": "clustersem.fit.semopy_import",
    "invariance": "clustersem.fit.invariance",
    "misspecified": "clustersem.resample.misfit",
    "path_diagram": "clustersem.report",
    "simulate": "clustersem.resample.simulate",
}

__all__ = [
    "MAR",
    "MCAR",
    "NO_SCREENING",
    "Bootstrap",
    "Codebook",
    "Comparison",
    "Fit",
    "Hypothesis",
    "Invariance",
    "ModelSpec",
    "Respecification",
    "RespecificationPolicy",
    "ScreeningPolicy",
    "SecondOpinion",
    "Study",
    "StudyResult",
    "Survey",
    "bartlett",
    "bootstrap",
    "cfa",
    "check_nested",
    "compare",
    "efa",
    "from_semopy",
    "growth",
    "invariance",
    "item_statistics",
    "kmo",
    "mardia",
    "misspecified",
    "parallel_analysis",
    "path_diagram",
    "purify",
    "read_survey",
    "reliability",
    "respecify",
    "sem",
    "simulate",
    "studies",
    "test_hypotheses",
    "validity",
]


def __getattr__(name: str) -> object:
    if name == "studies":
        return import_module("clustersem.studies")
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'clustersem' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
