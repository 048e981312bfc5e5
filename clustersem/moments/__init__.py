"""Answers into sufficient statistics."""

from clustersem.moments.order import MomentOrder
from clustersem.moments.ordinal import assembled, check_polychoric, ordinal_statistics
from clustersem.moments.sample import MissingPatterns, OrdinalStatistics, SampleMoments
from clustersem.moments.sources import moments_from_cov, moments_from_data, numeric_columns

__all__ = [
    "MissingPatterns",
    "MomentOrder",
    "OrdinalStatistics",
    "SampleMoments",
    "assembled",
    "check_polychoric",
    "moments_from_cov",
    "moments_from_data",
    "numeric_columns",
    "ordinal_statistics",
]
