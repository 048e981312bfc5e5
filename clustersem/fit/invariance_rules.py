"""What changes of fit say about a step of an invariance study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Criterion = Literal["cfi", "chisq", "chen"]
Finding = Literal["holds", "holds approximately", "does not hold", "not tested"]

#: Cheung and Rensvold's (2002) limit: the CFI may fall by this much.
CFI_CHANGE = 0.010


@dataclass(frozen=True)
class Change:
    """How fit changed from one step to the next.

    Attributes
    ----------
    cfi, rmsea, srmr : float
        The later step's less the earlier step's.
    p_value : float
        Of the difference test; NaN without one.
    delta_df : int
        Its degrees of freedom; 0 where the step restricts nothing.
    loadings : bool
        Whether the step made loadings equal: Chen's limit of the SRMR is wider there.
    small : bool
        Whether there are 300 respondents or fewer in all.
    """

    cfi: float
    rmsea: float
    srmr: float
    p_value: float
    delta_df: float
    loadings: bool
    small: bool


def exceeds_cheung_rensvold(change: Change) -> bool:
    """Return whether the CFI fell by more than .01.

    References
    ----------
    Cheung, G. W., & Rensvold, R. B. (2002). Evaluating goodness-of-fit indexes for testing
    measurement invariance. Structural Equation Modeling, 9, 233-255.
    doi:10.1207/S15328007SEM0902_5

    Examples
    --------
    >>> exceeds_cheung_rensvold(Change(-0.012, 0.0, 0.0, 0.2, 6, False, False))
    True
    """
    return change.cfi < -CFI_CHANGE


def exceeds_chen(change: Change) -> bool:
    """Return whether the CFI fell and the RMSEA or the SRMR rose beyond Chen's limits.

    The CFI by .010 and the RMSEA by .015 or the SRMR by .030 (loadings) or .010 (intercepts,
    residual variances); with 300 respondents or fewer .005, .010, .025 and .005.

    References
    ----------
    Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance.
    Structural Equation Modeling, 14, 464-504. doi:10.1080/10705510701301834

    Examples
    --------
    >>> exceeds_chen(Change(-0.012, 0.016, 0.0, 0.2, 6, False, False))
    True
    """
    cfi, rmsea, srmr_loadings, srmr = (
        (0.005, 0.010, 0.025, 0.005) if change.small else (0.010, 0.015, 0.030, 0.010)
    )
    limit = srmr_loadings if change.loadings else srmr
    return change.cfi <= -cfi and (change.rmsea >= rmsea or change.srmr >= limit)


def rejected(change: Change, criterion: Criterion, alpha: float) -> bool:
    """Return whether a step is given up, by one criterion.

    Parameters
    ----------
    change : Change
        The step.
    criterion : str
        ``"cfi"``: Cheung and Rensvold's; ``"chen"``: Chen's; ``"chisq"``: the difference test.
    alpha : float
        Significance level of the difference test.
    """
    if change.delta_df == 0:
        return False
    if criterion == "chisq":
        return change.p_value < alpha
    return exceeds_chen(change) if criterion == "chen" else exceeds_cheung_rensvold(change)


def finding(change: Change, criterion: Criterion, alpha: float) -> Finding:
    """Return what is said of a step.

    ``"holds approximately"``: accepted by the criterion, though the difference test, whose
    hypothesis is exact equality, rejects (or the CFI says otherwise, where the test decides).
    """
    if change.delta_df == 0:
        return "not tested"
    if rejected(change, criterion, alpha):
        return "does not hold"
    exact = change.p_value >= alpha or math.isnan(change.p_value)
    close = not exceeds_cheung_rensvold(change)
    return "holds" if exact and close else "holds approximately"


def reason(change: Change) -> str:
    """Return the evidence in words.

    Examples
    --------
    >>> reason(Change(-0.038, 0.015, 0.013, 4.4e-7, 6, False, False))
    'CFI falls by .038 (more than .010), chi2 test p < .001'
    """
    if change.delta_df == 0:
        return "restricts nothing that data could contradict"
    amount = f"{abs(change.cfi):.3f}"[1:] if abs(change.cfi) < 0.9995 else "1.000"
    if abs(change.cfi) < 0.0005:
        cfi = "CFI unchanged"
    elif change.cfi > 0:
        cfi = f"CFI rises by {amount}"
    else:
        more = "more" if exceeds_cheung_rensvold(change) else "not more"
        cfi = f"CFI falls by {amount} ({more} than .010)"
    if math.isnan(change.p_value):
        return f"{cfi}, no chi2 test"
    p = "p < .001" if change.p_value < 0.0005 else f"p = {change.p_value:.3f}".replace("0.", ".", 1)
    return f"{cfi}, chi2 test {p}"
