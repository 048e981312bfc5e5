"""Power and sample size, by simulation and by noncentral distributions."""

from clustersem.resample.power.public import power, sample_size
from clustersem.resample.power.result import Power
from clustersem.resample.power.rmsea import rmsea_power, rmsea_sample_size
from clustersem.resample.power.sample_size import SampleSize

__all__ = ["Power", "SampleSize", "power", "rmsea_power", "rmsea_sample_size", "sample_size"]
