"""From answers to a verdict on the scale."""

from clustersem.scale.adequacy import BartlettResult, KmoResult, bartlett, kmo
from clustersem.scale.efa import EfaResult, efa
from clustersem.scale.mardia import MardiaResult, mardia
from clustersem.scale.parallel import ParallelAnalysis, parallel_analysis

__all__ = [
    "BartlettResult",
    "EfaResult",
    "KmoResult",
    "MardiaResult",
    "ParallelAnalysis",
    "bartlett",
    "efa",
    "kmo",
    "mardia",
    "parallel_analysis",
]
