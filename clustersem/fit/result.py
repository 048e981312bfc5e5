"""The fitted model and all that is read off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from clustersem.engine.likelihood import Evaluation, Sample
from clustersem.engine.ram import Array, Ram
from clustersem.engine.score_test import score_tests
from clustersem.fit import residuals as residual_matrices
from clustersem.fit import tables
from clustersem.fit.assemble import Layout
from clustersem.fit.candidates import candidate_cells
from clustersem.fit.diagnosis import Diagnosis, diagnose
from clustersem.fit.factor_scores import factor_scores
from clustersem.fit.measures import MeasureInputs, all_measures
from clustersem.fit.options import FitOptions
from clustersem.fit.status import Status
from clustersem.fit.summary import summary_text
from clustersem.moments import SampleMoments
from clustersem.spec import ModelSpec
from clustersem.survey import Survey

if TYPE_CHECKING:
    from clustersem.fit.semopy_engine import SecondOpinion


@dataclass(frozen=True, eq=False)
class Fit:
    """A model fitted to a sample. Made by :func:`clustersem.sem` and its siblings.

    Attributes
    ----------
    spec : ModelSpec
        The model.
    moments : SampleMoments
        The sample.
    options : FitOptions
        How it was fitted.
    status : Status
        How the optimiser ended.
    warnings : tuple of str
        What the researcher should know before reading the numbers, in plain sentences.
    theta : ndarray of shape (q,)
        Free parameters.
    vcov_theta : ndarray of shape (q, q)
        Their covariance matrix; NaN for parameters that are not identified.
    """

    spec: ModelSpec
    moments: SampleMoments
    options: FitOptions
    status: Status
    warnings: tuple[str, ...]
    theta: Array
    vcov_theta: Array
    layout: Layout
    model: Ram
    sample: Sample
    at: Evaluation
    hessian: Array

    def __setstate__(self, state: dict[str, object]) -> None:
        # An array that was pickled or copied comes back writable.
        self.__dict__.update(state)
        for array in (self.theta, self.vcov_theta):
            array.setflags(write=False)

    @property
    def converged(self) -> bool:
        """Whether the optimiser met its criterion."""
        return self.status.code == "converged"

    @property
    def n_obs(self) -> int:
        """Number of observations used."""
        return self.moments.n_obs

    @property
    def n_free(self) -> int:
        """Number of free parameters, equal ones counted once."""
        return self.layout.n_free

    @property
    def multiplier(self) -> float:
        """N in chi2 = N F: n, or n - 1 with the Wishart likelihood."""
        return self.options.multiplier(self.n_obs)

    @cached_property
    def _measure_inputs(self) -> MeasureInputs:
        index = self.layout.index()
        covariates = [index[x] for x in self.spec.exogenous_observed]
        return MeasureInputs(
            self.at,
            self.sample.cov,
            self.sample.mean,
            self.n_obs,
            self.multiplier,
            self.n_free,
            self.model.has_means,
            np.array(covariates, dtype=np.intp),
            fixed_x=any(row.from_sample for row in self.spec.parameters),
        )

    @property
    def df(self) -> int:
        """Degrees of freedom."""
        return self._measure_inputs.df

    @property
    def loglik(self) -> float:
        """Normal log-likelihood at the estimates."""
        return self.measures["logl"]

    @cached_property
    def measures(self) -> Mapping[str, float]:
        """All fit measures by lavaan's names with ``_`` for ``.``, and ``cmin_df`` and ``pcfi``."""
        return all_measures(self._measure_inputs)

    @cached_property
    def _estimates(self) -> pd.DataFrame:
        return tables.estimates(
            self.spec, self.layout, self.model, self.at.point, self.theta, self.vcov_theta
        )

    @property
    def estimates(self) -> pd.DataFrame:
        """Every parameter, fixed and defined ones too.

        Columns are ``lhs op rhs group label est se z p_value ci_lower ci_upper std_lv std_all``:
        raw estimates with standard errors, the z of est / se (AMOS's C.R.) with its two-sided p, a
        95 % interval, and the values standardised on latent (``std_lv``) and on all variables
        (``std_all``). Fixed rows have a standard error of 0 and no z.
        """
        return self._estimates.copy()

    def standardized(self, on: Literal["all", "lv"] = "all") -> pd.DataFrame:
        """Return the standardised solution with delta-method standard errors and intervals.

        Parameters
        ----------
        on : str
            Standardise ``"all"`` variables or latent ones (``"lv"``) only.

        Returns
        -------
        DataFrame
            ``lhs op rhs group label est se z p_value ci_lower ci_upper``, without defined
            parameters. What is fixed by the standardisation itself has a standard error of 0.

        References
        ----------
        Bollen, K. A., & Stine, R. (1990). Direct and indirect effects: Classical and bootstrap
        estimates of variability. Sociological Methodology, 20, 115-140. doi:10.2307/271084
        """
        return tables.standardized(
            self.spec,
            self.layout,
            self.model,
            self.at.point,
            self.theta,
            self.vcov_theta,
            observed=on == "all",
        )

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the free parameters, labelled by the parameters' names."""
        names = tables.parameter_names(self.spec, self.layout)
        return pd.DataFrame(self.vcov_theta, index=names, columns=names)

    @property
    def r_squared(self) -> pd.Series:
        """Share of variance explained of every dependent variable: 1 - S_ii / T_ii."""
        return tables.r_squared(self.layout, self.model, self.at.point)

    @property
    def implied_cov(self) -> pd.DataFrame:
        """Model-implied covariance matrix of the observed variables."""
        return self.moments.frame(self.at.point.sigma.copy())

    @property
    def implied_mean(self) -> pd.Series:
        """Model-implied means; the sample's own without a mean structure."""
        mean = self.at.point.mu if self.model.has_means else self.sample.mean
        return pd.Series(mean.copy(), index=list(self.moments.names), name="mean")

    @property
    def sample_cov(self) -> pd.DataFrame:
        """Sample covariance matrix as fitted: divisor n, or n - 1 with the Wishart likelihood."""
        return self.moments.frame(self.sample.cov.copy())

    @property
    def latent_cov(self) -> pd.DataFrame:
        """Model-implied covariance matrix of the latent variables."""
        p, names = self.model.n_observed, list(self.spec.latent)
        covariance = self.at.point.covariance[p:, p:].copy()
        return pd.DataFrame(covariance, index=names, columns=names)

    @property
    def latent_cor(self) -> pd.DataFrame:
        """Model-implied correlation matrix of the latent variables."""
        cov = self.latent_cov
        with np.errstate(invalid="ignore"):
            sd = np.sqrt(cov.to_numpy().diagonal())
        return cov.div(sd, axis=0).div(sd, axis=1)

    def residuals(
        self,
        type: Literal["raw", "cor", "standardized"] = "raw",
    ) -> pd.DataFrame:
        """Return what the model leaves unexplained of the covariances.

        Parameters
        ----------
        type : str
            ``"raw"``: S - Sigma. ``"cor"``: the difference of the two correlation matrices.
            ``"standardized"``: S - Sigma over its standard error, close to standard normal; 0 where
            the model reproduces a covariance by construction.

        Returns
        -------
        DataFrame
            p x p, by variable.
        """
        given = self._measure_inputs
        fixed = given.covariates if given.fixed_x else given.covariates[:0]
        return self.moments.frame(
            residual_matrices.residuals(
                type, self.sample, self.at, self.model, self.hessian, self.multiplier, fixed
            )
        )

    def modification_indices(self, minimum: float = 0.0) -> pd.DataFrame:
        """Return what freeing each fixed parameter would do, largest first.

        Parameters
        ----------
        minimum : float
            Leave out indices below this; 3.84 keeps those significant at 5 %.

        Returns
        -------
        DataFrame
            ``lhs op rhs group``; ``mi``, the expected drop of chi2 with 1 df; ``epc``, the expected
            value of the parameter less its fixed value, and the same standardised on latent
            (``sepc_lv``) and all variables (``sepc_all``). A parameter that would leave the model
            unidentified is not listed.

        References
        ----------
        Soerbom, D. (1989). Model modification. Psychometrika, 54, 371-384. doi:10.1007/BF02294623
        """
        rows, cells = candidate_cells(self.spec)
        mi, epc = self._score_tests
        return tables.modification_table(rows, cells, mi, epc, self.model, self.at.point, minimum)

    @cached_property
    def _score_tests(self) -> tuple[Array, Array]:
        _, cells = candidate_cells(self.spec)
        return score_tests(self.model, self.sample, self.at, self.hessian, cells, self.multiplier)

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
        from clustersem.fit.semopy_engine import second_opinion

        return second_opinion(self)

    def __repr__(self) -> str:
        return (
            f"<Fit of {self.n_free} parameters to {len(self.moments.names)} variables,"
            f" n = {self.n_obs}: {self.status.code}, chi2({self.df}) ="
            f" {self.measures['chisq']:.3f}>"
        )
