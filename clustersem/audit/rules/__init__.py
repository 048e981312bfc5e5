"""The relations that must hold among printed numbers, a family a file."""

from __future__ import annotations

from clustersem.audit.finding import Rule
from clustersem.audit.rules import (
    absolute,
    alpha,
    chisquare,
    claims,
    coefficients,
    confidence,
    counts,
    discriminant,
    drawn,
    effects,
    explained,
    factoring,
    incremental,
    information,
    matrices,
    nested,
    reliability,
    scales,
    significance,
)

#: In the order in which a page tells them: coefficients, fit, the scale, the text.
ALL_RULES: tuple[Rule, ...] = (
    *coefficients.RULES,
    *significance.RULES,
    *confidence.RULES,
    *scales.RULES,
    *effects.RULES,
    *explained.RULES,
    *chisquare.RULES,
    *absolute.RULES,
    *incremental.RULES,
    *information.RULES,
    *drawn.RULES,
    *nested.RULES,
    *matrices.RULES,
    *reliability.RULES,
    *alpha.RULES,
    *discriminant.RULES,
    *counts.RULES,
    *factoring.RULES,
    *claims.RULES,
)
