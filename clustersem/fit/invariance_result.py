"""What a study of measurement invariance found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clustersem.fit.comparison import METHODS
from clustersem.fit.difference import DifferenceMethod, DifferenceTest
from clustersem.fit.invariance_rules import Change, Finding
from clustersem.fit.invariance_text import released_text, table_text
from clustersem.fit.result import Fit


@dataclass(frozen=True)
class Step:
    """One model of the study.

    Attributes
    ----------
    name : str
        ``"metric"``; ``"metric (partial)"`` after releases.
    equal : tuple of str
        Kinds of parameters that are equal across groups.
    fit : Fit
        The model fitted.
    against : str
        The step that it was compared with; empty for the first.
    test : DifferenceTest or None
        The difference test; None where the step restricts nothing.
    change : Change or None
        The changes of fit.
    finding : str
        ``"holds"``, ``"holds approximately"``, ``"does not hold"`` or ``"not tested"``: this step
        against the one before it, whether that one holds or not.
    reason : str
        The evidence, in words.
    """

    name: str
    equal: tuple[str, ...]
    fit: Fit
    against: str = ""
    test: DifferenceTest | None = None
    change: Change | None = None
    finding: Finding = "not tested"
    reason: str = ""

    @property
    def level(self) -> str:
        """The name without ``(partial)``."""
        return self.name.removesuffix(" (partial)")


@dataclass(frozen=True)
class Released:
    """One restriction that was let go, and why.

    Attributes
    ----------
    step : str
        Where.
    parameter, group : str
        What, and in which group it has a value of its own.
    also : str
        What was freed with it, once the step came to it: the intercept of an item whose loading
        differs.
    score : float
        Score test: expected drop of chi2, 1 df (scaled where the test of the model is).
    p_value : float
        Bonferroni-adjusted for the number of restrictions that the step could have released.
    n_candidates : int
        That number.
    epc : float
        By how much the group's value is expected to differ.
    chisq, cfi : float
        After the release.
    accepted : bool
        Whether the step was acceptable then.
    """

    step: str
    parameter: str
    group: str
    also: str
    score: float
    p_value: float
    n_candidates: int
    epc: float
    chisq: float
    cfi: float
    accepted: bool


@dataclass(frozen=True, eq=False)
class Invariance:
    """What a study of measurement invariance found.

    Attributes
    ----------
    table : DataFrame
        One row a step: ``equal against df chisq p_value cfi tli rmsea srmr aic bic delta_chisq
        delta_df delta_p delta_cfi delta_rmsea delta_srmr finding``. chisq, p_value and the indices
        are the corrected ones where the estimator corrects; the difference test is computed from
        the plain ones, as it must. `finding` is the step's, but ``"cannot be read"`` after a step
        that does not hold.
    steps : tuple of Step
        The same with the fits.
    partial : DataFrame
        The restrictions that were released: ``step parameter group also score p_value n_candidates
        epc chisq cfi accepted``. Empty without ``partial=True``.
    level : str
        The last step that holds, as ``"metric"`` or ``"scalar (partial)"``; empty where none does.
    verdict : str
        What that means, in plain sentences.
    indices : str
        ``"robust"``, ``"scaled"`` or ``"plain"``: which CFI, TLI and RMSEA these are.
    method : str
        The difference test.
    notes : tuple of str
        What the researcher should know.
    """

    table: pd.DataFrame
    steps: tuple[Step, ...]
    partial: pd.DataFrame
    level: str
    verdict: str
    indices: str
    method: DifferenceMethod
    notes: tuple[str, ...]

    @property
    def fits(self) -> Mapping[str, Fit]:
        """The fits by step."""
        return {step.name: step.fit for step in self.steps}

    @property
    def models(self) -> Mapping[str, str]:
        """The model text of every step, in which every parameter is written out.

        lavaan fits the same model with it, given the same ``group``, ``ordered`` and
        ``parameterization``.
        """
        return {step.name: step.fit.spec.text for step in self.steps}

    def __str__(self) -> str:
        lines = [table_text(self.table, METHODS[self.method], self.indices)]
        if len(self.partial):
            lines += ["", released_text(self.partial)]
        lines += ["", self.verdict, *(f"Note: {note}" for note in self.notes)]
        return "\n".join(lines)
