"""Answers into sufficient statistics."""

from clustersem.moments.order import MomentOrder
from clustersem.moments.sample import MissingPatterns, OrdinalStatistics, SampleMoments
from clustersem.moments.sources import moments_from_cov, moments_from_data, numeric_columns

__all__ = [
    "MissingPatterns",
    "MomentOrder",
    "OrdinalStatistics",
    "SampleMoments",
    "moments_from_cov",
    "moments_from_data",
    "numeric_columns",
]
