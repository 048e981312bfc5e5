"""What cannot come out of any data, because the printed numbers contradict each other.

Every rule works on the intervals of all numbers that round to the printed ones, so a finding is
never an artefact of rounding. A rule says that some numbers cannot all be right; which of them
is wrong, or why, cannot be told from the printed page.
"""

from __future__ import annotations

from clustersem.studies.cross_border import coefficient_rules, fit_rules, text_rules
from clustersem.studies.cross_border.contradiction import Contradiction
from clustersem.studies.cross_border.paper import Published, published

_RULES = (
    coefficient_rules.critical_ratios,
    coefficient_rules.significance,
    coefficient_rules.latent_scales,
    coefficient_rules.disturbance_scale,
    fit_rules.rmsea,
    fit_rules.incremental_indices,
    fit_rules.null_model,
    fit_rules.degrees_of_freedom,
    text_rules.two_item_alphas,
    text_rules.explained_variance,
    text_rules.text_against_tables,
)


def find_contradictions(paper: Published | None = None) -> tuple[Contradiction, ...]:
    """Search the printed tables for numbers that cannot all be right.

    Parameters
    ----------
    paper : Published, optional
        The printed numbers; those of the paper where omitted.

    Returns
    -------
    tuple of Contradiction
        In the order of the rules: coefficients, fit indices, reliability and text.

    Examples
    --------
    >>> found = find_contradictions()
    >>> sum(finding.rule == "critical ratio" for finding in found)
    34
    """
    paper = paper or published()
    return tuple(finding for rule in _RULES for finding in rule(paper))
