"""Which parameters a policy allows to be freed next, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from clustersem.fit.result import Fit
from clustersem.respecify.evidence import TIE
from clustersem.respecify.policy import RespecificationPolicy
from clustersem.respecify.rules import Roles, Row, in_words, key_of, matching


def candidate_table(
    fit: Fit, policy: RespecificationPolicy, roles: Roles, skipped: Mapping[Row, str]
) -> pd.DataFrame:
    """Return every parameter that could be freed, with whether the policy lets it be.

    Parameters
    ----------
    fit : Fit
        The model so far.
    policy : RespecificationPolicy
        What may be freed.
    roles : Roles
        The variables' roles before any step.
    skipped : mapping
        Parameters that were tried and did not work, with the reason.

    Returns
    -------
    DataFrame
        ``lhs op rhs mi epc sepc_all``, ``allowed`` and ``why`` not; largest index first, and of
        tied ones the first in the model.
    """
    table = fit.modification_indices()
    rows = list(zip(table["lhs"], table["op"], table["rhs"], strict=True))
    why = [_why_not(row, policy, roles, skipped) for row in rows]
    result = table[["lhs", "op", "rhs", "mi", "epc", "sepc_all"]].copy()
    result["allowed"] = [not text for text in why]
    small = (result["mi"] < policy.minimum_mi) & result["allowed"]
    result["why"] = why
    result.loc[small, "why"] = f"its index is below {policy.minimum_mi:g}"
    return _in_steady_order(result, fit)


def _why_not(
    row: Row, policy: RespecificationPolicy, roles: Roles, skipped: Mapping[Row, str]
) -> str:
    if matching(policy.forbidden, roles, row):
        return "forbidden by the policy"
    if not matching(policy.allowed, roles, row):
        return f"the policy allows {in_words(policy.allowed)}"
    return f"skipped: {skipped[key_of(row)]}" if key_of(row) in skipped else ""


def _in_steady_order(table: pd.DataFrame, fit: Fit) -> pd.DataFrame:
    """Order ties by the model's variables, because rounding differs between machines."""
    names = {name: i for i, name in enumerate(("", *fit.spec.latent, *fit.spec.observed))}
    mi = table["mi"].to_numpy()
    ties = ((mi[:-1] - mi[1:]) > TIE * mi[:-1]).cumsum() if len(mi) else mi
    order = sorted(
        range(len(table)),
        key=lambda i: (
            int(ties[i - 1]) if i else 0,
            table["op"].iloc[i],
            names[table["lhs"].iloc[i]],
            names[table["rhs"].iloc[i]],
        ),
    )
    return table.iloc[order].reset_index(drop=True)
