"""From answers, or a covariance matrix, to sufficient statistics."""

from clustersem.moments.sample import SampleMoments
from clustersem.moments.sources import moments_from_cov, moments_from_data

__all__ = ["SampleMoments", "moments_from_cov", "moments_from_data"]
