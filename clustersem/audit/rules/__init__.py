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
)
