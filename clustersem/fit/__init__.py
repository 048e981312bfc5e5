"""Moments, specification and engine into a fit, and all that is read off one."""

from clustersem.fit.conventions import Cause, Conventions
from clustersem.fit.diagnosis import Check, Diagnosis
from clustersem.fit.effects import Effects
from clustersem.fit.entry_points import cfa, growth, sem
from clustersem.fit.hypotheses import Hypothesis, parse_hypotheses, test_hypotheses
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.second_opinion import SecondOpinion
from clustersem.fit.semopy_import import from_semopy
from clustersem.fit.status import Status

__all__ = [
    "Cause",
    "Check",
    "Conventions",
    "Diagnosis",
    "Effects",
    "Fit",
    "FitOptions",
    "Hypothesis",
    "SecondOpinion",
    "Status",
    "cfa",
    "from_semopy",
    "growth",
    "parse_hypotheses",
    "sem",
    "test_hypotheses",
]
