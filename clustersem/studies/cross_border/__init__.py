"""The home study: Wang et al. (2022), cross-border e-commerce and industrial clusters in China."""

from clustersem.studies.cross_border.answers import (
    answers_file,
    generate_answers,
    study_file,
    synthetic_answers,
)
from clustersem.studies.cross_border.models import HYPOTHESES, INITIAL_MODEL, REVISED_MODEL
from clustersem.studies.cross_border.paper import contradictions, published
from clustersem.studies.cross_border.populations import implied_covariance, population
from clustersem.studies.cross_border.reproduction import refit_printed, reproduce, summary_of

__all__ = [
    "HYPOTHESES",
    "INITIAL_MODEL",
    "REVISED_MODEL",
    "answers_file",
    "contradictions",
    "generate_answers",
    "implied_covariance",
    "population",
    "published",
    "refit_printed",
    "reproduce",
    "study_file",
    "summary_of",
    "synthetic_answers",
]
