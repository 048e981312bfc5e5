"""The relations that must hold among printed numbers, a family a file."""

from __future__ import annotations

from clustersem.audit.finding import Rule

#: In the order in which a page tells them: coefficients, fit, the scale, the text.
ALL_RULES: tuple[Rule, ...] = ()
