"""The certificate: all checks, the verdict, and a page for a reader."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from textwrap import fill

import pandas as pd

from clustersem.certify.check import Check
from clustersem.survey.names import listed

TRUSTED = "The solution can be trusted as a solution."
RESERVED = "The solution can be trusted with reservations."
NOT_TRUSTED = "The solution cannot be trusted."
NOT_CERTIFIED = (
    "This does not certify that the model is true, nor that it fits: only that the numbers are what"
    " the model and these answers give. Another model may give the same fit, and wrong answers give"
    " a flawless solution. For the fit see fit.summary() and cs.cutoffs(fit)."
)

_MARKS = {"passed": "ok", "doubtful": "LOOK", "failed": "FAILED", "not applicable": "-"}
_WIDTH = 98
_NAME = 20


@dataclass(frozen=True, eq=False)
class Certificate:
    """Why a solution can be trusted, or not; what :func:`clustersem.certificate` returns.

    Attributes
    ----------
    checks : tuple of Check
        Every check with ``name status sentence bound values``; ``status`` is ``"passed"``,
        ``"doubtful"`` (a reservation), ``"failed"`` or ``"not applicable"``.
    influence : DataFrame
        One row a respondent, in the order of the data: ``row`` (its label), ``group`` with several
        groups; ``gcd``, the generalised Cook's distance; ``likelihood_displacement``;
        ``delta_chisq``, chi2 of all less chi2 without the respondent, positive where the model fits
        worse because of them; ``parameter`` and ``dfbetas``, the estimate that is moved most and by
        how many standard errors; ``converged``, ``admissible``, the solution without the
        respondent; ``changes``, which conclusions are others then. Empty where there are no
        answers.
    n_obs : int
        Number of respondents of the fit.
    n_free : int
        Number of its free parameters.
    seed : int
        Of the random starts and units.
    """

    checks: tuple[Check, ...]
    influence: pd.DataFrame
    n_obs: int
    n_free: int
    seed: int

    def __getitem__(self, name: str) -> Check:
        """Return a check by its name."""
        return {check.name: check for check in self.checks}[name]

    @property
    def passed(self) -> bool:
        """Whether the solution can be trusted without reservations."""
        return not self._of("failed") and not self._of("doubtful")

    @property
    def verdict(self) -> str:
        """The verdict with its reasons, in two or three sentences."""
        failed, doubtful = self._of("failed"), self._of("doubtful")
        if failed:
            why = f" Failed: {listed(failed)}."
            return NOT_TRUSTED + why + (f" Reservations: {listed(doubtful)}." if doubtful else "")
        if doubtful:
            return f"{RESERVED} Look at: {listed(doubtful)}."
        passed = len(self._of("passed"))
        return f"{TRUSTED} All {passed} checks that apply were passed."

    def _of(self, status: str) -> list[str]:
        return [check.name for check in self.checks if check.status == status]

    @cached_property
    def _table(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "check": [check.name for check in self.checks],
                "status": [check.status for check in self.checks],
                "values": [dict(check.values) for check in self.checks],
                "bound": [check.bound for check in self.checks],
                "sentence": [check.sentence for check in self.checks],
            }
        )

    @property
    def table(self) -> pd.DataFrame:
        """The checks, one a row: ``check status values bound sentence``."""
        return self._table.copy()

    def __str__(self) -> str:
        head = f"Certificate of a fit of {self.n_free} parameters to {self.n_obs} respondents"
        lines = [head, "=" * len(head), "", fill(self.verdict, _WIDTH), ""]
        for check in self.checks:
            lead = f"{_MARKS[check.status]:>6}  {check.name:<{_NAME}}"
            lines.append(
                fill(
                    check.sentence,
                    _WIDTH,
                    initial_indent=lead,
                    subsequent_indent=" " * len(lead),
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
        lines += ["", fill(NOT_CERTIFIED, _WIDTH), f"Seed {self.seed}."]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Certificate: {self.verdict.partition('.')[0]}>"
