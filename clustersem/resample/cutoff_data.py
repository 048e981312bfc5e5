"""What the replications of cutoffs are drawn from: a population a level, and a kind of answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from clustersem.errors import ClusterSemError, DataError
from clustersem.fit import Fit
from clustersem.moments import SampleMoments
from clustersem.resample.generators import Generator, Normal
from clustersem.resample.likert import Likert
from clustersem.resample.misspecified import Addition, true_covariance
from clustersem.resample.population import Population, populations_of
from clustersem.resample.sample_margins import sample_margins

#: How answers are drawn: from a normal distribution, in categories as often as in the sample, or
#: through the thresholds of the model.
Answers = Literal["normal", "likert", "ordered"]

#: Items with more different answers than this are drawn as continuous, unless asked otherwise.
MOST_CATEGORIES = 9


@dataclass(frozen=True, eq=False)
class Truths:
    """The populations of all levels.

    Attributes
    ----------
    populations : tuple of Population
        The model's own, then one a level of misspecification.
    added : tuple of tuple of Addition
        What each level adds to the one before it.
    notes : tuple of str
        Why levels are missing.
    """

    populations: tuple[Population, ...]
    added: tuple[tuple[Addition, ...], ...]
    notes: tuple[str, ...] = ()


def why_not_drawn(fit: Fit) -> str:
    """Return why data like the sample cannot be drawn, in words; empty where they can."""
    (sample,) = fit.samples
    if sample.cluster is not None:
        return "respondents were sampled in clusters, and how these differ is not modelled"
    if sample.weights is not None:
        return "respondents have sampling weights, and who has which is not modelled"
    if fit.options.test.startswith("browne"):
        return f"test={fit.options.test!r} corrects chi2, but not the indices"
    if (np.diagonal(fit.point.s) < 0).any():
        return (
            "the solution has a negative variance, so no data can come from it (see fit.diagnose())"
        )
    return ""


def truths_of(fit: Fit, levels: tuple[tuple[Addition, ...], ...]) -> Truths:
    """Return the population of every level that there can be."""
    (truth,) = populations_of(fit)
    at, index, p = fit.point, fit.layout.index(), len(fit.spec.observed)
    scale = at.delta if len(at.delta) else np.ones(p)
    populations, added = [truth], list[Addition]()
    for number, own in enumerate(levels):
        covariance = true_covariance(at, index, [*added, *own])
        if covariance is None:
            names = " and ".join(map(str, own))
            note = f"No level {number + 1} and beyond: no population has {names} beside the model."
            return Truths(tuple(populations), levels[:number], (note,))
        added += own
        populations.append(replace(truth, cov=scale[:, None] * covariance[:p, :p] * scale))
    return Truths(tuple(populations), levels)


def generators_of(
    fit: Fit, truths: Truths, asked: Literal["normal", "likert"] | None
) -> tuple[Answers, tuple[Generator, ...], tuple[str, ...]]:
    """Return how answers are drawn, a generator a level, and what is to be said of it.

    Raises
    ------
    DataError
        Where Likert answers are asked for, and the sample has none, or no such answers correlate
        as the model says.
    """
    (sample,) = fit.samples
    if sample.ordinal is not None:
        cut = tuple(_ordered(fit, x) for x in truths.populations)
        return "ordered", cut, ()
    few = _has_few_answers(sample)
    if asked == "normal" or (asked is None and not few):
        return "normal", tuple(map(Normal, truths.populations)), ()
    try:
        made = tuple(sample_margins(x, fit, 0, "answers") for x in truths.populations)
    except ClusterSemError as error:
        if asked == "likert":
            raise DataError(f"answers='likert' cannot be drawn: {error}") from None
        note = (
            "Answers are drawn from a normal distribution: none in the sample's categories can"
            " correlate as the model says."
        )
        return "normal", tuple(map(Normal, truths.populations)), (note,)
    return "likert", made, ()


def _has_few_answers(sample: SampleMoments) -> bool:
    """Whether all items look like Likert items."""
    if sample.data is None:
        return False
    counts = [len(np.unique(column[~np.isnan(column)])) for column in sample.data.T]
    return all(2 <= count <= MOST_CATEGORIES for count in counts)


def _ordered(fit: Fit, population: Population) -> Likert:
    """Return a generator of ordered answers.

    Thresholds are the model's. Where they are those at covariates of zero, far from what anybody
    has, a slope that is a little off would empty categories: then every category is as frequent as
    in the sample.
    """
    cuts = population.thresholds
    if fit.samples[0].given:
        as_seen = sample_margins(population, fit, 0, "underlying").thresholds
        cuts = tuple(seen if len(own) else own for seen, own in zip(as_seen, cuts, strict=True))
    return Likert(Normal(population), cuts, population.categories)
