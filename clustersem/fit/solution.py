"""The numbers of a fitted model: estimates, measures, matrices, score tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from clustersem.engine.objective import Objective, State
from clustersem.engine.ram import Array, Cells, Index, Point, Ram
from clustersem.engine.score_test import score_tests
from clustersem.errors import UnsupportedError
from clustersem.fit import tables
from clustersem.fit.assemble import Layout, cells_of, check_parameter
from clustersem.fit.candidates import Labels, candidate_cells
from clustersem.fit.discrepancies import fitted_cov, fitted_mean
from clustersem.fit.evidence import Evidence
from clustersem.fit.held import Held
from clustersem.fit.identifiable import n_moments
from clustersem.fit.inference import Inference
from clustersem.fit.measures import GroupInputs
from clustersem.fit.options import FitOptions
from clustersem.fit.preferred import preferred
from clustersem.fit.residuals import plain_residuals, standardized_residuals
from clustersem.fit.status import Status
from clustersem.moments import SampleMoments
from clustersem.spec import ModelSpec

T = TypeVar("T")
Table = TypeVar("Table", pd.DataFrame, pd.Series)


@dataclass(frozen=True, eq=False)
class Solution:
    """A model fitted to a sample, as numbers; :class:`clustersem.Fit` adds what is said of it.

    Attributes
    ----------
    spec : ModelSpec
        The model.
    samples : tuple of SampleMoments
        The sample of every group.
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
    samples: tuple[SampleMoments, ...]
    options: FitOptions
    status: Status
    warnings: tuple[str, ...]
    theta: Array
    vcov_theta: Array
    layout: Layout
    objective: Objective
    state: State
    hessian: Array
    held: Held
    inference: Inference

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
    def groups(self) -> tuple[str, ...]:
        """The groups' labels; one empty text where there is one group."""
        return tuple(sample.label for sample in self.samples)

    @property
    def moments(self) -> SampleMoments:
        """The sample of a fit with one group."""
        return self._only(self.samples)

    @property
    def points(self) -> tuple[Point, ...]:
        """Every group's model at the estimates."""
        return tuple(at.point for at in self.state.groups)

    @property
    def point(self) -> Point:
        """The model at the estimates, of a fit with one group."""
        return self._only(self.points)

    @property
    def model(self) -> Ram:
        """The structure of a fit with one group."""
        return self._only(tuple(block.model for block in self.objective.blocks))

    def _only(self, of_groups: tuple[T, ...]) -> T:
        if len(of_groups) > 1:
            raise UnsupportedError(
                f"this is done for one group at a time, and the fit has {len(of_groups)}:"
                f" {', '.join(self.groups)}. Fit the group that you mean alone."
            )
        return of_groups[0]

    @property
    def n_obs(self) -> int:
        """Number of observations used, in all groups."""
        return sum(sample.n_obs for sample in self.samples)

    @property
    def n_free(self) -> int:
        """Number of free parameters: equal ones count once, and each equality takes one away."""
        return self.layout.n_free - self.held.df

    @property
    def multiplier(self) -> float:
        """N in chi2 = N F: n, or n less the number of groups with unbiased covariances."""
        return sum(self.options.weight(sample) for sample in self.samples)

    @cached_property
    def _group_inputs(self) -> tuple[GroupInputs, ...]:
        return tuple(
            GroupInputs(
                point,
                fitted_cov(sample, self.options),
                fitted_mean(sample, self.spec),
                sample.total,
                *_cuts(sample),
                sample.ordinal,
            )
            for sample, point in zip(self.samples, self.points, strict=True)
        )

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence(
            self.spec, self.layout, self.options, self.inference, self._group_inputs, self.df
        )

    @cached_property
    def likert_notes(self) -> tuple[str, ...]:
        """What it costs that the estimator takes the answers to Likert items as continuous.

        Sentences on items with fewer than five different answers, or far from normal; none where
        the estimator does not assume normality, or nothing but moments is known.
        """
        options = self.options
        if not (options.is_likelihood or options.discrepancy == "GLS"):
            return ()
        from clustersem.fit.likert_notes import likert_notes

        return likert_notes(
            self.samples,
            estimator=options.estimator,
            exogenous=self.spec.exogenous_observed,
            robust=options.se.startswith("robust") and options.test != "standard",
        )

    @property
    def df(self) -> int:
        """Degrees of freedom."""
        return n_moments(self.spec, self.samples) - self.n_free

    @property
    def loglik(self) -> float:
        """Normal log-likelihood at the estimates."""
        return self.measures["logl"]

    @cached_property
    def measures(self) -> Mapping[str, float]:
        """All fit measures by lavaan's names with ``_`` for ``.``, and ``cmin_df`` and ``pcfi``.

        Those that are not defined for the estimator are NaN: least squares has no log-likelihood.
        """
        return self._evidence.measures(self.n_free)

    @cached_property
    def _estimates(self) -> pd.DataFrame:
        return tables.estimates(self.spec, self.layout, self.state, self.vcov_theta)

    @property
    def estimates(self) -> pd.DataFrame:
        """Every parameter, fixed and defined ones too.

        Columns are ``lhs op rhs group label est se z p_value ci_lower ci_upper std_lv std_all``:
        raw estimates with standard errors, the z of est / se (AMOS's C.R.) with its two-sided p, a
        95 % interval, and the values standardised on latent (``std_lv``) and on all variables
        (``std_all``). Fixed rows have a standard error of 0 and no z.
        """
        return self._estimates.copy()

    @property
    def auxiliary(self) -> tuple[str, ...]:
        """Variables beside the model, which helped full information to fill gaps."""
        return self.spec.options.auxiliary

    @property
    def own_estimates(self) -> pd.DataFrame:
        """The estimates without what auxiliary variables add to them."""
        table = self._estimates
        added = table["lhs"].isin(self.auxiliary) | table["rhs"].isin(self.auxiliary)
        return table[~added].reset_index(drop=True)

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
            self.objective,
            self.state,
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
        return self._stacked([tables.r_squared(self.layout, point) for point in self.points])

    @property
    def implied_cov(self) -> pd.DataFrame:
        """Model-implied covariance matrix of the observed variables, in the units of the sample's.

        Ordinal items have variance one in it, as in the polychoric correlations. Given covariates
        that is the variance of the residual, to which what these explain is added.
        """
        return self._matrices(self.spec.observed, [point.scaled_cov for point in self.points])

    @property
    def implied_mean(self) -> pd.Series:
        """Model-implied means; the sample's own without a mean structure."""
        means = [
            point.mean[: len(group.mean)] if self.spec.options.meanstructure else group.mean
            for point, group in zip(self.points, self._group_inputs, strict=True)
        ]
        names = list(self.spec.observed)
        return self._stacked([pd.Series(mean.copy(), index=names, name="mean") for mean in means])

    @property
    def sample_cov(self) -> pd.DataFrame:
        """Sample covariance matrix as fitted: divisor n, or n - 1 with the Wishart likelihood."""
        return self._matrices(self.spec.observed, [group.cov for group in self._group_inputs])

    @property
    def latent_cov(self) -> pd.DataFrame:
        """Model-implied covariance matrix of the latent variables."""
        p = len(self.spec.observed)
        return self._matrices(self.spec.latent, [x.covariance[p:, p:] for x in self.points])

    @property
    def latent_cor(self) -> pd.DataFrame:
        """Model-implied correlation matrix of the latent variables."""
        p = len(self.spec.observed)
        correlations = []
        for point in self.points:
            cov = point.covariance[p:, p:]
            with np.errstate(invalid="ignore", divide="ignore"):
                sd = np.sqrt(cov.diagonal())
                correlations.append(cov / sd[:, None] / sd)
        return self._matrices(self.spec.latent, correlations)

    def _matrices(self, names: Sequence[str], matrices: Sequence[Array]) -> pd.DataFrame:
        """Return matrices by variable, one below the other with several groups."""
        labels = list(names)
        return self._stacked([pd.DataFrame(x.copy(), labels, labels) for x in matrices])

    def _stacked(self, parts: list[Table]) -> Table:
        """Return one table; that of several groups has the group as its first index level."""
        if len(parts) == 1:
            return parts[0]
        joined: Table = pd.concat(parts, keys=self.groups, names=["group"])
        return joined

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
            p x p, by variable; with several groups one below the other.
        """
        if type == "standardized":
            block, at = self._only(self.objective.blocks), self._only(self.state.groups)
            fixed = self.inference.fixed
            matrices = [
                standardized_residuals(
                    block, at, self.hessian, self.multiplier, fixed, self.held.jacobian
                )
            ]
        else:
            matrices = [plain_residuals(type, g.cov, g.point) for g in self._group_inputs]
        return self._matrices(self.spec.observed, matrices)

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
        return tables.modification_table(self._score_tests, self.points, minimum)

    @cached_property
    def _score_tests(self) -> list[tables.ScoreTests]:
        return [
            self._tests_of(group, *candidate_cells(self.spec, group + 1))
            for group in range(len(self.samples))
        ]

    def release_tests(self) -> pd.DataFrame:
        """Return what releasing each equality would do, largest first.

        Equalities are those of parameters with the same label (also what ``group_equal`` makes
        equal), constraints ``==``, and inequalities that bind.

        Returns
        -------
        DataFrame
            ``lhs op rhs group`` of the first parameter, ``other other_group`` of the one that it is
            held equal to; of a constraint its text in ``lhs``. ``statistic``, the expected drop of
            chi2, with ``df`` (0 where other equalities say the same, or where the data could not
            tell) and ``p_value``; ``epc``, the expected value of the first less the other, or of
            the constraint's left side less its right, NaN where the data could not tell. As
            modification indices, statistics are not corrected under robust estimators.

        References
        ----------
        Bentler, P. M., & Chou, C.-P. (1992). Some new covariance structure model improvement
        statistics. Sociological Methods & Research, 21, 259-282. doi:10.1177/0049124192021002006
        """
        from clustersem.fit.release import release_table

        return release_table(
            self.spec, self.layout, self.objective, self.state, self.held, self.multiplier
        )

    def index_of(self, lhs: str, op: str, rhs: str) -> pd.DataFrame:
        """Return the modification index of one parameter, a row for each group.

        The columns are those of :meth:`modification_indices`; no row where freeing the parameter
        would leave the model unidentified.

        Raises
        ------
        ModelError
            Where a variable is not in the model, or the operator is none of parameters.
        """
        check_parameter(lhs, op, rhs, self.layout)
        rows = np.array([[lhs, op, rhs]], dtype=object)
        cells = cells_of([(lhs, op, rhs)], self.layout)
        tests = [self._tests_of(group, rows, cells) for group in range(len(self.samples))]
        return tables.modification_table(tests, self.points)

    def _tests_of(self, group: int, rows: Labels, cells: Cells) -> tables.ScoreTests:
        mi, epc = score_tests(
            self.objective,
            self.state,
            self.hessian,
            group,
            cells,
            self.multiplier,
            self.held.jacobian,
        )
        return tables.ScoreTests(rows, cells, mi, epc)

    def __repr__(self) -> str:
        m = self.measures
        chisq, df = preferred(m, "chisq"), preferred(m, "df")
        return (
            f"<Fit of {self.n_free} parameters to {len(self.spec.observed)} variables,"
            f" n = {self.n_obs}: {self.status.code}, {'' if chisq == 'chisq' else 'scaled '}"
            f"chi2({m[df]:.5g}) = {m[chisq]:.3f}>"
        )


def _cuts(sample: SampleMoments) -> tuple[Array, Index]:
    """Return a sample's thresholds and the item of each."""
    if sample.ordinal is None:
        return np.empty(0), np.empty(0, dtype=np.intp)
    order = sample.ordinal.order
    return sample.ordinal.values[order.thresholds], order.threshold_item
