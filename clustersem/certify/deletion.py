"""The model without each respondent in turn: refits of a whole batch from changed moments.

Leaving out respondent i, of weight w and with deviation d from the mean, out of a total W, changes
mean and covariance matrix (divisor W) to

    m - w d / (W - w)      and      W / (W - w) [S - w d d' / (W - w)],

so nothing but S is read. Estimators that need more than moments are fitted to the rows that are
left, one respondent after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersem.engine.ram import Array, Index
from clustersem.fit.result import Fit
from clustersem.moments import SampleMoments
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import Moments
from clustersem.resample.streams import BATCH

# Respondents who are left out one after the other: in batches, and where each takes its own time.
AT_MOST = 2000
AT_MOST_SLOWLY = 250


@dataclass(frozen=True, eq=False)
class Cases:
    """Respondents: the group of each, and the row that it has in the group's sample."""

    group: Index
    row: Index

    def __len__(self) -> int:
        """Return their number."""
        return len(self.row)

    def some(self, which: Index) -> Cases:
        """Return some of them."""
        return Cases(self.group[which], self.row[which])

    @property
    def batches(self) -> list[Index]:
        """Their places in batches, each of one group."""
        found = []
        for group in np.unique(self.group):
            own = np.flatnonzero(self.group == group)
            found += [own[first : first + BATCH] for first in range(0, len(own), BATCH)]
        return found


@dataclass(frozen=True, eq=False)
class Without:
    """What the model is without each of some respondents.

    Attributes
    ----------
    theta : ndarray of shape (B, q)
        NaN where there is no solution.
    chi2 : ndarray of shape (B,)
        N F of the other respondents.
    code : ndarray of int, shape (B,)
        As in :class:`clustersem.resample.refits.Refits`.
    covariance : ndarray of shape (B, q, q) or None
        Covariance matrices of the estimates; None where these were not asked for.
    """

    theta: Array
    chi2: Array
    code: Index
    covariance: Array | None


@dataclass(frozen=True, eq=False)
class Deletion:
    """The work: a batch's number in, the model without each of its respondents out.

    Attributes
    ----------
    refitter : Refitter
        Of the fit.
    cases : Cases
        Whom to leave out.
    errors : bool
        Whether covariance matrices of the estimates are wanted, too.
    """

    refitter: Refitter
    cases: Cases
    errors: bool

    @property
    def from_moments(self) -> bool:
        """Whether moments are all that is needed."""
        complete = all(_data(s).shape and not np.isnan(_data(s).sum()) for s in self._samples)
        plain = self.refitter.options.se == "standard" or not self.errors
        return self.refitter.in_batches and complete and plain

    @property
    def _samples(self) -> tuple[SampleMoments, ...]:
        return self.refitter.samples

    def __call__(self, batch: int) -> Without:
        """Fit the model without the respondents of a batch."""
        cases = self.cases.some(self.cases.batches[batch])
        by = self._by_moments if self.from_moments else self._by_rows
        if self._samples[0].weights is None or len(self._samples) == 1:
            return by(cases)
        # Every weight leaves the groups other shares.
        return together([by(cases.some(np.array([place]))) for place in range(len(cases))])

    def _by_moments(self, cases: Cases) -> Without:
        refitter = self.refitter
        moments = self._moments(int(cases.group[0]), cases.row)
        refits = refitter.from_moments(moments)
        n = refitter.n_total(part.n_obs for part in moments)
        covariance = refitter.covariances(refits.theta, moments) if self.errors else None
        return Without(refits.theta, n * refits.f, refits.code, covariance)

    def _by_rows(self, cases: Cases) -> Without:
        group = int(cases.group[0])
        totals = self._totals(group, cases.row[:1])
        # A sample keeps the mean of its weights, so that mean has to be what is wanted of it.
        left = [sample.n_obs - (number == group) for number, sample in enumerate(self._samples)]
        means = [float(total[0]) / n for total, n in zip(totals, left, strict=True)]
        samples = tuple(
            sample
            if sample.weights is None
            else replace(sample, weights=sample.weights * (mean / sample.weights.mean()))
            for sample, mean in zip(self._samples, means, strict=True)
        )
        refitter = replace(self.refitter, samples=samples)
        rows: list[list[tuple[Index, Index | None]]] = []
        for row in cases.row.tolist():
            every = [np.arange(sample.n_obs) for sample in samples]
            every[group] = np.delete(every[group], row)
            rows.append([(own, None) for own in every])
        covariance: Array | None = None
        if self.errors:
            refits, covariance = refitter.with_covariances(rows)
        else:
            refits = refitter.from_rows(rows)
        n = refitter.n_total(float(total[0]) for total in totals)
        return Without(refits.theta, n * refits.f, refits.code, covariance)

    def _totals(self, group: int, rows: Index) -> list[Array]:
        """Return what the weights of every group sum to without each of some rows of one."""
        own = self._samples[group].weights
        weight = np.ones(len(rows)) if own is None else own[rows]
        left = [np.full(len(rows), sample.total) for sample in self._samples]
        left[group] = left[group] - weight
        # Weights sum to the number of respondents, those that are left.
        scale = (sum(sample.n_obs for sample in self._samples) - 1.0) / sum(left)
        return [total * scale for total in left]

    def _moments(self, group: int, rows: Index) -> list[Moments]:
        """Return the moments of every group without each of some rows of one."""
        totals = self._totals(group, rows)
        own = self._samples[group].weights
        weight = np.ones(len(rows)) if own is None else own[rows]
        found = []
        for number, sample in enumerate(self._samples):
            assert sample.mean is not None
            p = len(sample.cov)
            if number != group:
                cov = np.broadcast_to(sample.cov, (len(rows), p, p))
                mean = np.broadcast_to(sample.mean, (len(rows), p))
                found.append(Moments(cov, mean, float(totals[number][0])))
                continue
            left = (sample.total - weight)[:, None]
            away = _data(sample)[rows] - sample.mean
            share = weight[:, None] / left
            outer = away[:, :, None] * away[:, None, :]
            cov = (sample.cov - share[:, :, None] * outer) * (sample.total / left)[:, :, None]
            found.append(Moments(cov, sample.mean - share * away, float(totals[number][0])))
        return found


def _data(sample: SampleMoments) -> Array:
    assert sample.data is not None, "it was checked that there are answers"
    return sample.data


def together(parts: Sequence[Without]) -> Without:
    """Return several results as one."""
    covariances = [part.covariance for part in parts if part.covariance is not None]
    return Without(
        np.concatenate([part.theta for part in parts]),
        np.concatenate([part.chi2 for part in parts]),
        np.concatenate([part.code for part in parts]),
        np.concatenate(covariances) if covariances else None,
    )


def cases_of(fit: Fit, at_most: int) -> Cases:
    """Return the respondents: all, or those whose answers are least like the others'.

    Parameters
    ----------
    fit : Fit
        A fit to answers.
    at_most : int
        Number of respondents, of those with the largest Mahalanobis distance per answer.
    """
    sizes = [sample.n_obs for sample in fit.samples]
    every = Cases(
        np.repeat(np.arange(len(sizes)), sizes),
        np.concatenate([np.arange(size) for size in sizes]),
    )
    if len(every) <= at_most:
        return every
    far = np.concatenate([_distances(_data(sample)) for sample in fit.samples])
    return every.some(np.sort(np.argsort(-far, kind="stable")[:at_most]))


def _distances(data: Array) -> Array:
    """Return squared Mahalanobis distances per answer, a missing one at the mean of its item."""
    away = data - np.nanmean(data, axis=0)
    answered = np.maximum((~np.isnan(away)).sum(axis=1), 1)
    away = np.nan_to_num(away)
    cov = away.T @ away / len(away)
    distance = np.einsum("ij,ij->i", away @ np.linalg.pinv(cov, hermitian=True), away)
    return np.asarray(distance / answered)
