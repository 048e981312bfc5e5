"""A questionnaire file into documented, screened answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.survey.flow import Flow
from clustersem.survey.load import DEFAULT_SCREENING, read_survey
from clustersem.survey.screening import NO_SCREENING, ScreeningPolicy
from clustersem.survey.survey import Survey

if TYPE_CHECKING:
    from clustersem.survey.codebook import Codebook, Construct, Item

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


def __getattr__(name: str) -> object:
    # pydantic costs more to import than the rest of the survey room together.
    if name in ("Codebook", "Construct", "Item"):
        from clustersem.survey import codebook

        return getattr(codebook, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
