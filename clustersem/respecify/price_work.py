"""The searches that a price is made of: one replication in, its numbers out.

References
----------
Cudeck, R., & Browne, M. W. (1983). Cross-validation of covariance structures. Multivariate
Behavioral Research, 18, 147-167. doi:10.1207/s15327906mbr1802_2
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from clustersem.errors import ClusterSemError, DataError
from clustersem.fit.result import Fit
from clustersem.moments import SampleMoments
from clustersem.moments.resampled import resampled
from clustersem.resample.plans import Draws, Ordinary
from clustersem.resample.streams import stream
from clustersem.respecify.evidence import place_of
from clustersem.respecify.folds import Fold, folds_of, validation_discrepancy
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.search import search
from clustersem.respecify.space import NOTHING, Freed, ModelSpace
from clustersem.respecify.trail import Trail

#: Replications that are handed out together.
AT_A_TIME = 10
#: Partings in halves have numbers from here on, those into folds from 0.
FIRST_HALVES = 1_000_000

Kind = Literal["resample", "halves", "folds"]


class Job(NamedTuple):
    """One replication: a resample, the two halves of a parting, or the folds of a repeat."""

    kind: Kind
    number: int


@dataclass(frozen=True)
class Judged:
    """What respondents that models were not fitted to say of these.

    Attributes
    ----------
    n : int
        How many respondents judged.
    initial, final, searched, saturated : float
        Discrepancy of their moments from those that the initial model implies, the final one, and
        the one that the search found in the training part; and from the moments of all respondents.
    free : int
        Number of free parameters of the model found.
    trained_on : int
        How many respondents models were fitted to.
    """

    n: int
    initial: float
    final: float
    searched: float
    saturated: float
    free: int
    trained_on: int


@dataclass(frozen=True)
class Estimated:
    """A freed parameter: what was expected and estimated where it was found, and elsewhere."""

    epc: float
    est: float
    est_new: float


@dataclass(frozen=True)
class Contest:
    """A model that was found in one half, fitted to both.

    Attributes
    ----------
    optimism : float
        By how much more the search lowered chi2 where it searched than elsewhere.
    optimism_srmr : float
        The same of the square of the SRMR, as for as many respondents as the sample has.
    estimated : mapping of parameter to Estimated
        The parameters freed.
    """

    optimism: float
    optimism_srmr: float
    estimated: dict[Row, Estimated]


@dataclass(frozen=True)
class Record:
    """What came of one search.

    Attributes
    ----------
    job : Job
        Which replication.
    model : tuple of parameter or None
        The parameters freed at the end, in the order in which they were; None where it failed.
    failure, detail : str
        Why, in words that are the same for all failures of the kind, and of this one.
    judged : Judged or None
        Cross-validation, of halves and folds.
    contest : Contest or None
        Of halves.
    """

    job: Job
    model: tuple[Row, ...] | None
    failure: str = ""
    detail: str = ""
    judged: Judged | None = None
    contest: Contest | None = None


NO_INITIAL = "the initial model could not be fitted"
NO_MOMENTS = "the respondents drawn do not determine the moments"
NO_SEARCH = "the search failed"
NO_NEW_FIT = "the model found could not be fitted to the other half"
NO_FINAL = "the revised model could not be fitted"


@dataclass(frozen=True, eq=False)
class PriceWork:
    """The work of a price: the number of a batch in, the records of its replications out.

    Attributes
    ----------
    space : ModelSpace
        Where the policy as it is makes its steps, on the whole sample.
    searching : ModelSpace
        The same where its search looks for them, if it was given steps.
    final : frozenset
        The final model of the whole sample.
    saturated : Fit or None
        The model that says nothing, fitted to the whole sample; None where that failed.
    plan : Ordinary
        How resamples are drawn.
    jobs : tuple of Job
        All replications.
    folds, seed : int
        Number of folds, and the seed of the random numbers.
    """

    space: ModelSpace
    searching: ModelSpace
    final: Freed
    saturated: Fit | None
    plan: Ordinary
    jobs: tuple[Job, ...]
    folds: int
    seed: int

    def __call__(self, batch: int) -> tuple[Record, ...]:
        """Return the records of a batch."""
        found: list[Record] = []
        of_kind: dict[Kind, Callable[[Job], list[Record]]] = {
            "resample": self._of_resample,
            "halves": self._of_halves,
            "folds": self._of_folds,
        }
        with warnings.catch_warnings():
            # Notes on a part of the sample are none on the sample; failures are counted.
            warnings.simplefilter("ignore")
            for job in self.jobs[AT_A_TIME * batch : AT_A_TIME * (batch + 1)]:
                found += of_kind[job.kind](job)
        return tuple(found)

    @property
    def n_batches(self) -> int:
        """How many batches there are."""
        return -(-len(self.jobs) // AT_A_TIME)

    def _of_resample(self, job: Job) -> list[Record]:
        (draws,) = self.plan.draw(stream(self.seed, job.number, 1), 1)
        try:
            sample = _drawn(self.space.initial.moments, draws)
        except DataError as error:
            return [Record(job, None, NO_MOMENTS, str(error))]
        found = _searched(self.searching, sample, job)
        return [found if isinstance(found, Record) else Record(job, found[1].rows)]

    def _of_halves(self, job: Job) -> list[Record]:
        try:
            parts = folds_of(self.space.initial, 2, self.seed, FIRST_HALVES + job.number)
        except DataError as error:
            return [Record(job, None, NO_MOMENTS, str(error))] * 2
        spaces = [self._on(part.training) for part in parts]
        return [self._contest(job, parts[i], spaces[i], spaces[1 - i]) for i in range(2)]

    def _contest(
        self, job: Job, part: Fold, own: ModelSpace | str, other: ModelSpace | str
    ) -> Record:
        for space in (own, other):
            if isinstance(space, str):
                return Record(job, None, NO_INITIAL, space)
        assert isinstance(own, ModelSpace)
        assert isinstance(other, ModelSpace)
        try:
            trail = search(own)
        except ClusterSemError as error:
            return Record(job, None, NO_SEARCH, str(error))
        here, there = own.trial(trail.model), other.trial(trail.model)
        assert here.fit is not None, "a search ends at a model that can be fitted"
        if there.fit is None:
            return Record(job, trail.rows, NO_NEW_FIT, there.failure)
        srmr = srmr_gain(own.initial, here.fit) - srmr_gain(other.initial, there.fit)
        contest = Contest(
            drop(own.initial, here.fit) - drop(other.initial, there.fit),
            # Of twice as many respondents, the error of squared residuals is half as large.
            srmr / 2.0,
            {
                key_of(row): Estimated(
                    _epc(own, trail, row), _estimate(here.fit, row), _estimate(there.fit, row)
                )
                for row in trail.rows
            },
        )
        return Record(job, trail.rows, judged=self._judged(own, trail, part), contest=contest)

    def _of_folds(self, job: Job) -> list[Record]:
        try:
            parts = folds_of(self.space.initial, self.folds, self.seed, job.number)
        except DataError as error:
            return [Record(job, None, NO_MOMENTS, str(error))] * self.folds
        return [self._of_fold(job, part) for part in parts]

    def _of_fold(self, job: Job, part: Fold) -> Record:
        found = _searched(self.space, part.training, job)
        if isinstance(found, Record):
            return found
        space, trail = found
        judged = self._judged(space, trail, part)
        if judged is None:
            return Record(job, trail.rows, NO_FINAL, space.trial(self.final).failure)
        return Record(job, trail.rows, judged=judged)

    def _judged(self, space: ModelSpace, trail: Trail, part: Fold) -> Judged | None:
        final, found = space.trial(self.final).fit, space.trial(trail.model).fit
        assert found is not None, "a search ends at a model that can be fitted"
        if final is None:
            return None
        new = part.validation
        return Judged(
            new.n_obs,
            validation_discrepancy(space.initial, new),
            validation_discrepancy(final, new),
            validation_discrepancy(found, new),
            np.nan if self.saturated is None else validation_discrepancy(self.saturated, new),
            found.n_free,
            part.training.n_obs,
        )

    def _on(self, sample: SampleMoments) -> ModelSpace | str:
        try:
            return self.space.on((sample,))
        except ClusterSemError as error:
            return str(error)


def drop(before: Fit, after: Fit) -> float:
    """Return by how much chi2 falls from one model to another.

    It is that of N F, which modification indices approximate, unless chi2 is another statistic of
    the residuals (ULS, DWLS): then of that.
    """
    if before.options.is_likelihood:
        return before.multiplier * before.state.f - after.multiplier * after.state.f
    return before.measures["chisq"] - after.measures["chisq"]


def srmr_gain(before: Fit, after: Fit) -> float:
    """Return by how much the square of the SRMR falls from one model to another."""
    return before.measures["srmr"] ** 2 - after.measures["srmr"] ** 2


def _searched(
    space: ModelSpace, sample: SampleMoments, job: Job
) -> tuple[ModelSpace, Trail] | Record:
    try:
        own = space.on((sample,))
    except ClusterSemError as error:
        return Record(job, None, NO_INITIAL, str(error))
    try:
        return own, search(own)
    except ClusterSemError as error:
        return Record(job, None, NO_SEARCH, str(error))


def _drawn(sample: SampleMoments, draws: Draws) -> SampleMoments:
    rows = draws.indices[0]
    used = rows >= 0
    clusters = None if draws.units.single else draws.clusters[0][used]
    return resampled(sample, rows[used], cluster=clusters)


def _epc(space: ModelSpace, trail: Trail, row: Row) -> float:
    """Return the change that was expected of a parameter before it was freed."""
    before: Freed = NOTHING
    for move in trail.moves:
        if move.status == "freed" and key_of(move.row) == key_of(row):
            before = move.before
    fit = space.trial(before).fit
    if fit is None:
        return np.nan
    table = fit.index_of(*row)
    return float(table["epc"].iloc[0]) if len(table) else np.nan


def _estimate(fit: Fit, row: Row) -> float:
    return float(fit.theta[place_of(fit, row)])
