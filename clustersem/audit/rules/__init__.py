"""The relations that must hold among printed numbers, a family a file."""

from clustersem.audit.finding import Rule
from clustersem.audit.rules import (
    coefficients,
    confidence,
    effects,
    explained,
    scales,
    significance,
)

ALL_RULES: tuple[Rule, ...] = (
    *coefficients.RULES,
    *significance.RULES,
    *confidence.RULES,
    *scales.RULES,
    *effects.RULES,
    *explained.RULES,
)
