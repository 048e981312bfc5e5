"""The fitted model: its numbers and all that is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from clustersem.fit.diagnosis import Diagnosis, diagnose
from clustersem.fit.effects import Effects, effects
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

    def effects(self, *, level: float = 0.95, loadings: bool = False) -> Effects:
        """Return direct, indirect and total effects, raw and standardised, with intervals.

        Nothing has to be defined in the model text: every pair of variables that a path leads
        between is listed, with all of its indirect paths together and one by one.

        Parameters
        ----------
        level : float
            Level of the confidence intervals, between 0 and 1.
        loadings : bool
            List effects on items too. By default effects are those between latent variables and
            observed ones that regress or are regressed.

        Returns
        -------
        Effects
            Prints as a table; ``.table`` is it as a DataFrame, ``.direct``, ``.indirect`` and
            ``.total`` are matrices.

        Raises
        ------
        EstimationError
            Where the fit did not converge.
        ModelError
            Where `level` is not between 0 and 1.

        Notes
        -----
        Intervals are symmetric, from delta-method standard errors. An indirect effect is a product,
        whose distribution is skewed in small samples: bootstrap it where it decides something
        (Shrout and Bolger, 2002). In a model with loops an effect is the sum over all rounds, and
        specific paths through a loop are not listed.

        References
        ----------
        Bollen, K. A. (1987). Total, direct, and indirect effects in structural equation models.
        Sociological Methodology, 17, 37-69. doi:10.2307/271028
        Shrout, P. E., & Bolger, N. (2002). Mediation in experimental and nonexperimental studies.
        Psychological Methods, 7, 422-445. doi:10.1037/1082-989X.7.4.422

        Examples
        --------
        >>> import clustersem as cs
        >>> import pandas as pd
        >>> cov = [[1, 0.5, 0.4], [0.5, 1, 0.6], [0.4, 0.6, 1]]
        >>> cov = pd.DataFrame(cov, index=list("xmy"), columns=list("xmy"))
        >>> fit = cs.sem("m ~ x; y ~ m + x", cov=cov, n_obs=200)
        >>> effects = fit.effects()
        >>> effects.between("x", "y")[["kind", "path", "est", "se"]].round(3)
               kind         path    est     se
        0     total               0.400  0.065
        1    direct       x -> y  0.133  0.065
        2  indirect               0.267  0.046
        3  specific  x -> m -> y  0.267  0.046
        >>> effects.total.round(3)
               m    y    x
        m  0.000  0.0  0.5
        y  0.533  0.0  0.4
        x  0.000  0.0  0.0
        """
        return effects(self, level=level, loadings=loadings)

    def summary(self) -> str:
        """Return the fit as text: how it ended, the measures, the estimates."""
        return summary_text(self)

    def diagnose(self) -> Diagnosis:
        """Check the solution for offending estimates and for identification."""
        return diagnose(self)

    def second_opinion(self) -> SecondOpinion:
        """Fit the same model to the same moments with semopy and compare."""
        return second_opinion(self)
