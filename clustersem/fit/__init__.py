"""Moments, specification and engine into a fit, and all that is read off one."""

from clustersem.fit.comparison import Comparison, compare
from clustersem.fit.conventions import Cause, Conventions
from clustersem.fit.diagnosis import Check, Diagnosis
from clustersem.fit.effects import Effects
from clustersem.fit.entry_points import cfa, growth, sem
from clustersem.fit.hypotheses import Hypothesis, parse_hypotheses, test_hypotheses
from clustersem.fit.invariance import invariance
from clustersem.fit.invariance_result import Invariance
from clustersem.fit.nested import NestedCheck, check_nested
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.second_opinion import SecondOpinion
from clustersem.fit.semopy_import import from_semopy
from clustersem.fit.status import Status

__all__ = [
    "Cause",
    "Check",
    "Comparison",
    "Conventions",
    "Diagnosis",
    "Effects",
    "Fit",
    "FitOptions",
    "Hypothesis",
    "Invariance",
    "NestedCheck",
    "SecondOpinion",
    "Status",
    "cfa",
    "check_nested",
    "compare",
    "from_semopy",
    "growth",
    "invariance",
    "parse_hypotheses",
    "sem",
    "test_hypotheses",
]
