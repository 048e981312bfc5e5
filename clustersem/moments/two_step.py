"""First every variable by itself, then every pair: the two steps of ordinal statistics.

References
----------
Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and
continuous latent variable indicators. Psychometrika, 49, 115-132.
https://doi.org/10.1007/BF02294210
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clustersem.errors import DataError
from clustersem.moments.contingency import CodedAnswers
from clustersem.moments.continuous import ContinuousAnswers, ScoredPairs, pearson
from clustersem.moments.order import Index, MomentOrder
from clustersem.moments.polychoric import TabledPairs, polychoric
from clustersem.moments.polyserial import polyserial
from clustersem.moments.residual_polychoric import residual_polychoric
from clustersem.moments.sample import Array


@dataclass(frozen=True, eq=False)
class Members:
    """The pairs of one kind.

    Attributes
    ----------
    at : ndarray of int, shape (m,)
        Places among the covariances of the MomentOrder.
    first, second : ndarray of int, shape (m,)
        The two variables, each counted among the ordinal or among the continuous ones.
    """

    at: Index
    first: Index
    second: Index


@dataclass(frozen=True, eq=False)
class TwoSteps:
    """The answers and all that is estimated from them.

    Attributes
    ----------
    order : MomentOrder
        Where every moment stands.
    answers : CodedAnswers
        Ordinal items; they carry their thresholds, and slopes on covariates.
    values : ContinuousAnswers
        Continuous variables; they carry their means, slopes and standard deviations.
    tabled, mixed, metric : Members
        Pairs of two ordinal variables, of an ordinal and a continuous one, of two continuous ones.
    polychoric, polyserial, pearson
        Their correlations; those of ordinal variables come from tables, and with covariates from
        the scores of respondents.
    """

    order: MomentOrder
    answers: CodedAnswers
    values: ContinuousAnswers
    tabled: Members
    polychoric: TabledPairs | ScoredPairs
    mixed: Members
    polyserial: ScoredPairs
    metric: Members
    pearson: ScoredPairs

    @property
    def parts(self) -> tuple[tuple[Members, TabledPairs | ScoredPairs], ...]:
        """Members and correlations of each kind."""
        return (
            (self.tabled, self.polychoric),
            (self.mixed, self.polyserial),
            (self.metric, self.pearson),
        )

    @property
    def moments(self) -> Array:
        """All moments, shape (k,)."""
        order, thresholds = self.order, self.answers.first_step.T
        rho = np.empty(len(order.rows))
        for members, fit in self.parts:
            rho[members.at] = fit.rho
        scale = np.ones(order.n_observed)
        scale[order.continuous] = self.values.sd
        return np.concatenate(
            [
                thresholds[np.isfinite(thresholds)],
                self.values.mean,
                self.slopes.T.ravel(),
                self.values.sd**2,
                rho * scale[order.rows] * scale[order.cols],
            ]
        )

    @cached_property
    def slopes(self) -> Array:
        """Slopes of the dependent variables on the covariates."""
        order = self.order
        whole = np.zeros((order.n_observed, len(order.covariates)))
        whole[order.continuous] = self.values.slopes
        if self.answers.given is not None:
            whole[order.ordinal] = [item.slopes for item in self.answers.given.items]
        return whole[order.dependent]


def two_steps(
    order: MomentOrder,
    answers: CodedAnswers,
    values: ContinuousAnswers,
    names: Sequence[str],
    source: str,
) -> TwoSteps:
    """Correlate all pairs, those of a kind at once.

    Raises
    ------
    DataError
        Where a correlation runs to 1 or -1.
    """
    is_ordinal = np.array(order.n_thresholds) > 0
    place = np.zeros(order.n_observed, dtype=np.intp)
    place[order.ordinal] = np.arange(len(order.ordinal))
    place[order.continuous] = np.arange(len(order.continuous))
    n_ordinal = is_ordinal[order.rows].astype(int) + is_ordinal[order.cols]

    def members(kind: int) -> Members:
        at = np.flatnonzero(n_ordinal == kind)
        first, second = order.rows[at], order.cols[at]
        # The ordinal one of a mixed pair comes first.
        turned = (kind == 1) & ~is_ordinal[first]
        first, second = np.where(turned, second, first), np.where(turned, first, second)
        return Members(at, place[first], place[second])

    tabled, mixed, metric = members(2), members(1), members(0)
    both_ordinal = polychoric if answers.given is None else residual_polychoric
    steps = TwoSteps(
        order,
        answers,
        values,
        tabled,
        both_ordinal(answers, tabled.first, tabled.second),
        mixed,
        polyserial(answers, values, mixed.first, mixed.second),
        metric,
        pearson(values, metric.first, metric.second),
    )
    for part, fit in steps.parts:
        failed = part.at[~fit.converged]
        if failed.size:
            one, other = names[order.cols[failed[0]]], names[order.rows[failed[0]]]
            more = f" ({failed.size} such pairs; this is the first)" if failed.size > 1 else ""
            raise DataError(
                f"{source}: the correlation of {one} and {other} runs to 1 or -1{more}: no two"
                " respondents are in opposite order on the two (or no two in the same), as with a"
                " copied, reversed or recoded column. Leave one of them out of the model."
            )
    return steps
