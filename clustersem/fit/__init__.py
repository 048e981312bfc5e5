"""Moments, specification and engine into a fit, and all that is read off one."""

from clustersem.fit.diagnosis import Check, Diagnosis
from clustersem.fit.entry_points import cfa, growth, sem
from clustersem.fit.hypotheses import Hypothesis, parse_hypotheses, test_hypotheses
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.status import Status

__all__ = [
    "Check",
    "Diagnosis",
    "Fit",
    "FitOptions",
    "Hypothesis",
    "Status",
    "cfa",
    "growth",
    "parse_hypotheses",
    "sem",
    "test_hypotheses",
]
