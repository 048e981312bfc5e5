"""Moments, specification and engine into a fit, and all that is read off one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.fit.entry_points import cfa, growth, sem
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.status import Status
from clustersem.later import later

if TYPE_CHECKING:
    from clustersem.fit.diagnosis import Check, Diagnosis
    from clustersem.fit.hypotheses import Hypothesis, parse_hypotheses, test_hypotheses

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

__getattr__ = later(
    __name__,
    {
        "Check": "clustersem.fit.diagnosis",
        "Diagnosis": "clustersem.fit.diagnosis",
        "Hypothesis": "clustersem.fit.hypotheses",
        "parse_hypotheses": "clustersem.fit.hypotheses",
        "test_hypotheses": "clustersem.fit.hypotheses",
    },
)
