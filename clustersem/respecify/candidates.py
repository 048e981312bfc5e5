"""Which parameters a policy allows to be freed next, on what evidence, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from clustersem.respecify.eligible import TIE
from clustersem.respecify.misspecification import decisions
from clustersem.respecify.multiplicity import adjusted
from clustersem.respecify.rules import Row, in_words, key_of, matching
from clustersem.respecify.space import ModelSpace, steady_order
from clustersem.respecify.trail import Trail


def candidate_table(space: ModelSpace, trail: Trail, skipped: Mapping[Row, str]) -> pd.DataFrame:
    """Return every parameter that could be freed next, with whether the policy lets it be.

    Parameters
    ----------
    space : ModelSpace
        Where was searched.
    trail : Trail
        Where that ended.
    skipped : mapping
        Parameters that were tried and did not work, with the reason.

    Returns
    -------
    DataFrame
        ``lhs op rhs mi epc sepc_all``, ``p_value`` of the index and ``p_adjusted`` for the number
        of allowed ones, ``power`` and ``decision`` (Saris, Satorra & van der Veld), ``allowed`` and
        ``why`` not; largest index first, and of tied ones the first in the model.
    """
    policy, fit = space.policy, space.trial(trail.model).fit
    assert fit is not None
    table = fit.modification_indices()
    rows: list[Row] = list(zip(table["lhs"], table["op"], table["rhs"], strict=True))
    why = [_why_not(row, space, skipped) for row in rows]
    result = table[["lhs", "op", "rhs", "mi", "epc", "sepc_all"]].copy()
    mi, sepc = result["mi"].to_numpy(), result["sepc_all"].to_numpy()
    p = chdtrc(1.0, mi)
    keys = {key_of(row) for row in space.allowed}
    mine = np.array([key_of(row) in keys for row in rows], dtype=bool)
    result["p_value"] = p
    result["p_adjusted"] = adjusted(np.where(mine, p, np.nan), policy.adjust)
    judged = decisions(rows, mi, sepc, policy.relevance)
    result["power"], result["decision"] = judged.power, list(judged.decision)
    result["allowed"] = [not text for text in why]
    small = (result["mi"] < policy.minimum_mi) & result["allowed"]
    result["why"] = why
    result.loc[small, "why"] = f"its index is below {policy.minimum_mi:g}"
    return _in_steady_order(result, space)


def _why_not(row: Row, space: ModelSpace, skipped: Mapping[Row, str]) -> str:
    policy = space.policy
    if matching(policy.forbidden, space.roles, row):
        return "forbidden by the policy"
    if not matching(policy.allowed, space.roles, row):
        return f"the policy allows {in_words(policy.allowed)}"
    return f"skipped: {skipped[key_of(row)]}" if key_of(row) in skipped else ""


def _in_steady_order(table: pd.DataFrame, space: ModelSpace) -> pd.DataFrame:
    """Order ties by the model's variables, because rounding differs between machines."""
    order_of = steady_order(space.initial.spec)
    mi = table["mi"].to_numpy()
    ties = ((mi[:-1] - mi[1:]) > TIE * mi[:-1]).cumsum() if len(mi) else mi
    rows = list(zip(table["lhs"], table["op"], table["rhs"], strict=True))
    order = sorted(
        range(len(table)), key=lambda i: (int(ties[i - 1]) if i else 0, order_of(rows[i]))
    )
    return table.iloc[order].reset_index(drop=True)
