"""The relations that must hold among printed numbers, a family a file."""

from clustersem.audit.finding import Rule
from clustersem.audit.rules import (
    alpha,
    claims,
    counts,
    discriminant,
    factoring,
    matrices,
    reliability,
)

ALL_RULES: tuple[Rule, ...] = (
    *matrices.RULES,
    *reliability.RULES,
    *alpha.RULES,
    *discriminant.RULES,
    *counts.RULES,
    *factoring.RULES,
    *claims.RULES,
    absolute,
    chisquare,
    drawn,
    incremental,
    information,
    nested,
)

#: Every rule, in the order in which a reader meets the numbers.
ALL_RULES: tuple[Rule, ...] = (
    *chisquare.RULES,
    *incremental.RULES,
    *absolute.RULES,
    *information.RULES,
    *nested.RULES,
    *drawn.RULES,
)

__all__ = ["ALL_RULES"]
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
