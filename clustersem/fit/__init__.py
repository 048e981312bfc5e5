"""Moments, specification and engine into a fit, and all that is read off one."""

from clustersem.fit.diagnosis import Check, Diagnosis
from clustersem.fit.estimation import cfa, growth, sem
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.status import Status

__all__ = ["Check", "Diagnosis", "Fit", "FitOptions", "Status", "cfa", "growth", "sem"]
