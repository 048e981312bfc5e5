"""The fitted model: its numbers and all that is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from clustersem.fit.solution import Solution

# What is asked of a fit now and then is loaded when it is asked: a script that fits need not wait.
if TYPE_CHECKING:
    from clustersem.fit.conventions import Conventions
    from clustersem.fit.diagnosis import Diagnosis
    from clustersem.fit.effects import Effects
    from clustersem.fit.factor_scores import Data, Method
    from clustersem.fit.second_opinion import SecondOpinion


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Solution):
    """A model fitted to a sample. Made by :func:`clustersem.sem` and its siblings.

    Everything that is a number is on the :class:`~clustersem.fit.solution.Solution` that it is.
    """

    def factor_scores(
        self,
        data: Data = None,
        method: Method | None = None,
    ) -> pd.DataFrame:
        """Return every respondent's scores on the latent variables.

        Parameters
        ----------
        data : DataFrame or Survey, or a mapping of group labels to such, optional
            Answers to score; by default those that were fitted.
        method : str, optional
            ``"regression"`` (Thurstone; the default) or ``"bartlett"``; with ordinal items
            ``"eap"``, the mean of the posterior distribution (the default), or ``"ebm"``, its mode,
            which is what lavaan gives.

        Returns
        -------
        DataFrame
            Respondents x latent variables, in the metric of the latent variables. Rows with a
            missing answer are NaN, unless full information was used: then they are scored from the
            answers that are there, and NaN only where these say nothing. Deviations are from the
            means of the fitted sample, or from those of `data` where only a covariance matrix was
            fitted. Ordinal items are scored from whatever answers there are. With several groups
            the first level of the index is the group.

        Raises
        ------
        EstimationError
            Where the method is not for such items, or the scores are not determined.
        DataError
            Where there are no answers, or a category that the fitted sample does not have.

        References
        ----------
        Bock, R. D., & Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a microcomputer
        environment. Applied Psychological Measurement, 6, 431-444. doi:10.1177/014662168200600405
        """
        from clustersem.fit.factor_scores import factor_scores

        return factor_scores(self, data, method)

    def predict_items(
        self,
        data: Data = None,
        method: Method | None = None,
    ) -> pd.DataFrame:
        """Return what the model makes of every item, given the respondent's factor scores.

        Parameters
        ----------
        data : DataFrame or Survey, or a mapping of group labels to such, optional
            Answers; by default those that were fitted.
        method : str
            Factor scores to use, as in :meth:`factor_scores`.

        Returns
        -------
        DataFrame
            Respondents x observed variables that depend on others, raw: intercept, loadings times
            scores, and coefficients times observed causes. What a respondent answered beyond that
            is the residual of the item.

        Examples
        --------
        >>> import clustersem as cs
        >>> import numpy as np
        >>> import pandas as pd
        >>> rng = np.random.default_rng(1)
        >>> f = rng.standard_normal(200)
        >>> data = pd.DataFrame({f"x{k}": 3 + f + rng.standard_normal(200) for k in range(4)})
        >>> fit = cs.cfa("f =~ x0 + x1 + x2 + x3", data)
        >>> predicted = fit.predict_items()
        >>> predicted.shape, bool(np.allclose(predicted.mean(), data.mean()))
        ((200, 4), True)
        """
        from clustersem.fit.factor_scores import predict_items

        return predict_items(self, data, method)

    def predict(
        self,
        targets: str | Sequence[str],
        data: Data = None,
        *,
        given: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Predict some variables from others, through the model.

        Parameters
        ----------
        targets : str or sequence of str
            What to predict: observed or latent variables.
        data : DataFrame or Survey, or a mapping of group labels to such, optional
            Answers to predict from, of other respondents too; they need no column of the targets.
            By default those that were fitted.
        given : sequence of str, optional
            The observed variables to predict from; by default all others of the model.

        Returns
        -------
        DataFrame
            Conditional means, raw: respondents x targets. Rows with a missing answer are NaN,
            unless full information was used.

        Raises
        ------
        ModelError
            Where a variable is not in the model, or is to be predicted from itself.
        DataError
            Where there are no answers, or no means.

        References
        ----------
        de Rooij, M., Karch, J. D., Fokkema, M., Bakk, Z., Pratiwi, B. C., & Kelderman, H. (2023).
        SEM-based out-of-sample predictions. Structural Equation Modeling, 30, 132-148.
        doi:10.1080/10705511.2022.2061494

        Examples
        --------
        >>> import clustersem as cs
        >>> import numpy as np
        >>> import pandas as pd
        >>> rng = np.random.default_rng(1)
        >>> f = rng.standard_normal(200)
        >>> data = pd.DataFrame({f"x{k}": 3 + f + rng.standard_normal(200) for k in range(4)})
        >>> fit = cs.cfa("f =~ x0 + x1 + x2 + x3", data)
        >>> new = pd.DataFrame({"x0": [1.0, 5.0], "x1": [1.0, 5.0], "x2": [2.0, 5.0]})
        >>> fit.predict("x3", new).round(1)["x3"].tolist()
        [1.8, 4.5]
        """
        from clustersem.fit.factor_scores import predict

        return predict(self, targets, data, given)

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
        from clustersem.fit.effects import effects

        return effects(self, level=level, loadings=loadings)

    def conventions(self) -> Conventions:
        """Return the fit as lavaan, Mplus, AMOS, EQS and LISREL would print it, with the causes.

        Returns
        -------
        Conventions
            Prints as a table with a sentence for every difference; ``.table`` holds the measures,
            ``.estimates`` every parameter with each program's standard error, ``.causes`` the
            sentences, ``.gaps`` what is left empty because it is not certain.

        Raises
        ------
        UnsupportedError
            Where the fit is not a maximum likelihood fit of complete answers.
        EstimationError
            Where it did not converge.

        Notes
        -----
        lavaan's and Mplus's columns are held to lavaan's own results, AMOS's, EQS's and LISREL's
        follow the formulas of their manuals. A number that is not certain is not there.

        Examples
        --------
        >>> import clustersem as cs
        >>> import pandas as pd
        >>> cov = [[1, 0.5, 0.4, 0.3], [0.5, 1, 0.6, 0.4], [0.4, 0.6, 1, 0.7], [0.3, 0.4, 0.7, 1]]
        >>> cov = pd.DataFrame(cov, index=list("abcd"), columns=list("abcd"))
        >>> fit = cs.cfa("f =~ a + b + c + d", cov=cov, n_obs=100)
        >>> fit.conventions().table.loc["chisq"].round(2).tolist()
        [12.6, 12.6, 12.48, 12.48, 12.48]
        """
        from clustersem.fit.conventions import conventions

        return conventions(self)

    def summary(self) -> str:
        """Return the fit as text: how it ended, the measures, the estimates."""
        from clustersem.fit.summary import summary_text

        return summary_text(self)

    def diagnose(self) -> Diagnosis:
        """Check the solution for offending estimates and for identification."""
        from clustersem.fit.diagnosis import diagnose

        return diagnose(self)

    def second_opinion(self) -> SecondOpinion:
        """Fit the same model to the same moments with semopy and compare."""
        from clustersem.fit.semopy_engine import second_opinion

        return second_opinion(self)
