"""From answers to a verdict on the scale."""

from clustersem.scale.adequacy import BartlettResult, KmoResult, bartlett, kmo
from clustersem.scale.efa import EfaResult, efa
from clustersem.scale.mardia import MardiaResult, mardia
from clustersem.scale.parallel import ParallelAnalysis, parallel_analysis
from clustersem.scale.purify import PurifyResult, PurifyStep, Violation, purify
from clustersem.scale.reliability import item_statistics, reliability
from clustersem.scale.validity import ValidityResult, Verdict, validity

__all__ = [
    "BartlettResult",
    "EfaResult",
    "KmoResult",
    "MardiaResult",
    "ParallelAnalysis",
    "PurifyResult",
    "PurifyStep",
    "ValidityResult",
    "Verdict",
    "Violation",
    "bartlett",
    "efa",
    "item_statistics",
    "kmo",
    "mardia",
    "parallel_analysis",
    "purify",
    "reliability",
    "validity",
]
