"""Structural equation modelling for Likert surveys, from a questionnaire to tested hypotheses."""

from clustersem.fit import Fit, cfa, growth, sem

__version__ = "0.1.0"
__all__ = ["Fit", "cfa", "growth", "sem"]
