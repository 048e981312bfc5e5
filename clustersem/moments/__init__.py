"""Answers into sufficient statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.later import later
from clustersem.moments.assembled import assembled, check_polychoric
from clustersem.moments.categories import ordered_names
from clustersem.moments.grouping import Grouping, grouping_of
from clustersem.moments.order import MomentOrder
from clustersem.moments.request import check_column, missing_method
from clustersem.moments.sample import OrdinalStatistics, SampleMoments
from clustersem.moments.samples import samples_from_data
from clustersem.moments.sources import moments_from_cov, moments_from_data, numeric_columns

if TYPE_CHECKING:
    from clustersem.moments.ordinal import ordinal_statistics
    from clustersem.moments.patterns import MissingPatterns

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

__getattr__ = later(
    __name__,
    {
        "MissingPatterns": "clustersem.moments.patterns",
        "ordinal_statistics": "clustersem.moments.ordinal",
    },
)
