"""Answers into sufficient statistics."""

from clustersem.moments.categories import ordered_names
from clustersem.moments.grouping import Grouping, grouping_of
from clustersem.moments.order import MomentOrder
from clustersem.moments.ordinal import assembled, check_polychoric, ordinal_statistics
from clustersem.moments.patterns import MissingPatterns
from clustersem.moments.request import check_column, missing_method
from clustersem.moments.sample import OrdinalStatistics, SampleMoments
from clustersem.moments.samples import samples_from_data
from clustersem.moments.sources import moments_from_cov, moments_from_data, numeric_columns

__all__ = [
    "Grouping",
    "MissingPatterns",
    "MomentOrder",
    "OrdinalStatistics",
    "SampleMoments",
    "assembled",
    "check_column",
    "check_polychoric",
    "grouping_of",
    "missing_method",
    "moments_from_cov",
    "moments_from_data",
    "numeric_columns",
    "ordered_names",
    "ordinal_statistics",
    "samples_from_data",
]
