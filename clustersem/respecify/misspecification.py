"""Whether an index says that a parameter is misspecified, given what the test could have found.

A large index can come from a trifle in a large sample, and a small one from a test without power.
So the index is read together with its power against a misspecification that would matter.

References
----------
Saris, W. E., Satorra, A., & van der Veld, W. M. (2009). Testing structural equation models or
detection of misspecifications? Structural Equation Modeling, 16, 561-582.
doi:10.1080/10705510903203433
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from clustersem.engine.ram import Array
from clustersem.respecify.rules import Row

#: The standardised misspecification that matters, by operator: the recommendations of Saris et al.
RELEVANT: Mapping[str, float] = {"=~": 0.4, "~": 0.1, "~~": 0.1}
#: From here on the power is called high.
HIGH_POWER = 0.75
# The 5 % point of the normal distribution, two-sided.
CRITICAL_Z = 1.959963984540054

#: Decisions that call for a step.
MISSPECIFIED = ("misspecified", "large change")


class Decisions(NamedTuple):
    """Power and decision of every candidate; NaN and an empty text where there is none to judge."""

    power: Array
    decision: tuple[str, ...]


def decisions(
    rows: Sequence[Row], mi: Array, sepc: Array, relevant: Mapping[str, float]
) -> Decisions:
    """Decide for every candidate whether it is misspecified.

    Parameters
    ----------
    rows : sequence of (lhs, op, rhs)
        The candidates.
    mi, sepc : ndarray
        Modification index, and expected change standardised on all variables.
    relevant : mapping of str to float
        By operator, the standardised change that would matter.

    Returns
    -------
    Decisions
        ``power``: the chance that the index is significant at 5 % where the misspecification is as
        large as `relevant`. ``decision``: ``"misspecified"`` (significant without much power),
        ``"large change"`` (significant with much power, and the expected change matters),
        ``"trifle"`` (it does not matter), ``"well specified"`` (not significant in spite of much
        power), ``"inconclusive"`` (not significant, and no power).
    """
    # What would matter of a mean nobody has said.
    delta = np.array([relevant.get(row[1], np.nan) for row in rows])
    with np.errstate(divide="ignore", invalid="ignore"):
        # MI = (EPC / s)^2, so sqrt(MI) / |EPC| is one over the standard error s of the change; in
        # the standardised metric, too, where both are multiplied alike.
        noncentrality = np.sqrt(mi) * delta / np.abs(sepc)
    power = ndtr(noncentrality - CRITICAL_Z) + ndtr(-noncentrality - CRITICAL_Z)
    significant = mi >= CRITICAL_Z**2
    high = power >= HIGH_POWER
    matters = np.abs(sepc) >= delta
    words = np.select(
        [
            ~np.isfinite(mi) | np.isnan(delta),
            significant & ~high,
            significant & matters,
            significant,
            high,
        ],
        ["", "misspecified", "large change", "trifle", "well specified"],
        "inconclusive",
    )
    return Decisions(power, tuple(str(word) for word in words))
