"""Which of the allowed parameters the policy's evidence would free next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from clustersem.engine.ram import Array
from clustersem.respecify.misspecification import MISSPECIFIED, decisions
from clustersem.respecify.multiplicity import adjusted
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.trail import Walk

# Indices that agree to this share belong to parameters whose scores have one direction.
TIE = 1e-6


@dataclass(frozen=True)
class Evidence:
    """What is known of the allowed parameters in one model, in the order of ``space.allowed``.

    Attributes
    ----------
    mi, epc, sepc_all : ndarray
        Modification index, expected change raw and standardised; NaN for those that are free or
        cannot be.
    p_value, p_adjusted : ndarray
        Of the index as chi2 with 1 df; adjusted for the number of allowed parameters.
    power : ndarray
        See :func:`clustersem.respecify.misspecification.decisions`.
    decision : tuple of str
        The same.
    """

    mi: Array
    epc: Array
    sepc_all: Array
    p_value: Array
    p_adjusted: Array
    power: Array
    decision: tuple[str, ...]


def evidence_of(walk: Walk) -> Evidence:
    """Return what the model so far says of the allowed parameters."""
    space, policy = walk.space, walk.space.policy
    found = space.indices(walk.fit)
    p = np.where(np.isfinite(found.mi), chdtrc(1.0, found.mi), np.nan)
    judged = decisions(space.allowed, found.mi, found.sepc_all, policy.relevance)
    return Evidence(
        *(found.mi, found.epc, found.sepc_all),
        *(p, adjusted(p, policy.adjust)),
        *(judged.power, judged.decision),
    )


def eligible(walk: Walk, evidence: Evidence) -> list[Row]:
    """Return the parameters that may be freed next, the largest index first.

    Of tied ones the first in the model comes first, because rounding differs between machines.
    """
    policy, rows = walk.space.policy, walk.space.allowed
    with np.errstate(invalid="ignore"):
        good = evidence.mi >= policy.minimum_mi
        if policy.alpha is not None:
            good &= evidence.p_adjusted <= policy.alpha
    if policy.relevant is not None:
        good &= np.array([word in MISSPECIFIED for word in evidence.decision], dtype=bool)
    places = [int(i) for i in np.flatnonzero(good) if key_of(rows[i]) not in walk.skipped]
    places.sort(key=lambda i: -evidence.mi[i])
    return [rows[i] for i in _steady(places, evidence.mi)]


def _steady(places: list[int], mi: Array) -> list[int]:
    """Put tied places, which are sorted by their index, into the order of the model."""
    ordered: list[int] = []
    tied: list[int] = []
    for place in places:
        if tied and mi[tied[-1]] - mi[place] > TIE * mi[tied[-1]]:
            ordered += sorted(tied)
            tied = []
        tied.append(place)
    return ordered + sorted(tied)
