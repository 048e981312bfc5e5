"""Tables whose standardised column is of the constructs only (lavaan's Std.lv, Mplus's STD)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from clustersem.audit.feasible import MARGIN, common_slack
from clustersem.audit.log_scales import Relation, relations
from clustersem.audit.published import Published
from clustersem.audit.structure import Structure


def only_constructs_standardised(paper: Published, structure: Structure) -> bool:
    """Whether a table can be one in which observed variables keep their units.

    Every loading over its standardised value is then one over the standard deviation of its
    construct, the same for all items. It takes rows that could show otherwise.
    """
    if not structure.is_one_solution:
        return False
    told = [
        (one, _in_own_units(one, structure))
        for one in relations(paper, structure)
        if one.row is not None
    ]
    latent_only = [bare for full, bare in told if bare.powers != full.powers]
    unknowns = Counter(scale for one in latent_only for scale, _ in one.powers)
    if len(latent_only) <= len(unknowns):
        return False
    return common_slack([bare for _, bare in told])[0] <= MARGIN


def _in_own_units(one: Relation, structure: Structure) -> Relation:
    """Drop the scales of observed variables, which are not divided by."""
    kept = tuple((scale, power) for scale, power in one.powers if scale[1] in structure.measured)
    return replace(one, powers=kept)
