"""A whole analysis: from a file of answers to the report."""

from clustersem.study.result import ScaleAnalysis, StudyResult
from clustersem.study.settings import (
    CutoffSettings,
    ModelSettings,
    OptionSettings,
    ScaleSettings,
)
from clustersem.study.study import Study

__all__ = [
    "CutoffSettings",
    "ModelSettings",
    "OptionSettings",
    "ScaleAnalysis",
    "ScaleSettings",
    "Study",
    "StudyResult",
]
