"""The fitted model: its numbers and all that is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from clustersem.fit.diagnosis import Diagnosis, diagnose
from clustersem.fit.factor_scores import factor_scores
from clustersem.fit.second_opinion import SecondOpinion
from clustersem.fit.semopy_engine import second_opinion
from clustersem.fit.solution import Solution
from clustersem.fit.summary import summary_text
from clustersem.survey import Survey


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Solution):
    """A model fitted to a sample. Made by :func:`clustersem.sem` and its siblings.

    Everything that is a number is on the :class:`~clustersem.fit.solution.Solution` that it is.
    """

    def factor_scores(
        self,
        data: pd.DataFrame | Survey | None = None,
        method: Literal["regression", "bartlett"] = "regression",
    ) -> pd.DataFrame:
        """Return every respondent's scores on the latent variables.

        Parameters
        ----------
        data : DataFrame or Survey, optional
            Answers to score; by default those that were fitted.
        method : str
            ``"regression"`` (Thurstone) or ``"bartlett"``.

        Returns
        -------
        DataFrame
            Respondents x latent variables, in the metric of the latent variables. Rows with a
            missing answer are NaN. Deviations are from the means of the fitted sample, or from
            those of `data` where only a covariance matrix was fitted.
        """
        return factor_scores(self, data, method)

    def summary(self) -> str:
        """Return the fit as text: how it ended, the measures, the estimates."""
        return summary_text(self)

    def diagnose(self) -> Diagnosis:
        """Check the solution for offending estimates and for identification."""
        return diagnose(self)

    def second_opinion(self) -> SecondOpinion:
        """Fit the same model to the same moments with semopy and compare."""
        return second_opinion(self)
