"""A questionnaire file into documented, screened answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.later import later

if TYPE_CHECKING:
    from clustersem.survey.codebook import Codebook, Construct, Item
    from clustersem.survey.flow import Flow
    from clustersem.survey.load import DEFAULT_SCREENING, read_survey
    from clustersem.survey.screening import NO_SCREENING, ScreeningPolicy
    from clustersem.survey.survey import Survey

__all__ = [
    "DEFAULT_SCREENING",
    "NO_SCREENING",
    "Codebook",
    "Construct",
    "Flow",
    "Item",
    "ScreeningPolicy",
    "Survey",
    "read_survey",
]

__getattr__ = later(
    __name__,
    {
        "DEFAULT_SCREENING": "clustersem.survey.load",
        "NO_SCREENING": "clustersem.survey.screening",
        "Codebook": "clustersem.survey.codebook",
        "Construct": "clustersem.survey.codebook",
        "Flow": "clustersem.survey.flow",
        "Item": "clustersem.survey.codebook",
        "ScreeningPolicy": "clustersem.survey.screening",
        "Survey": "clustersem.survey.survey",
        "read_survey": "clustersem.survey.load",
    },
)
