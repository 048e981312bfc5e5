"""Answers that are missing: completely at random, or depending on answers that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from clustersem.engine.ram import Array, Index
from clustersem.errors import DataError
from clustersem.resample.generators import Generator, blocks
from clustersem.resample.numbers import as_numbers
from clustersem.survey.names import listed

#: A rate for all items that may miss answers, or some by their names; others miss none.
Rate = float | Mapping[str, float]

#: Where Newton's method for the intercept has arrived.
EXACT = 1e-12


class Mechanism(Protocol):
    """What decides which answers are missing."""

    def bound(self, names: tuple[str, ...]) -> Bound:
        """Return the mechanism for variables in this order, checked."""


class Bound(Protocol):
    """A mechanism that knows where its variables stand."""

    def blank(self, rng: np.random.Generator, data: Array) -> None:
        """Set answers in replications of shape (size, n, p) to NaN, in place."""


@dataclass(frozen=True)
class MCAR:
    """Missing completely at random: every answer with its own chance, whatever anyone answers.

    Parameters
    ----------
    rate : float or mapping of names to float
        Probability that an answer is missing, of all items or of those named; below one.

    Examples
    --------
    >>> import clustersem as cs
    >>> text = "f =~ 0.7*x1 + 0.7*x2 + 0.7*x3"
    >>> missing = cs.MCAR({"x1": 0.2, "x2": 0.1})
    >>> answers = cs.simulate(text, 1000, standardized=True, missing=missing, seed=1)
    >>> answers.isna().mean().round(1).tolist()
    [0.2, 0.1, 0.0]
    """

    rate: Rate

    def bound(self, names: tuple[str, ...]) -> Bound:
        """Return the mechanism for variables in this order.

        Raises
        ------
        DataError
            For names that are none of them, and rates that are no probabilities.
        """
        return _AtRandom(*_rates(self.rate, names, ()))


@dataclass(frozen=True)
class MAR:
    """Missing at random: the chance depends on items that everyone answers.

    The log odds that an answer is missing are a + slope * w, where w is the standardised mean of
    the items of `depends_on`, each standardised, and a is such that the rate is the one prescribed.

    Parameters
    ----------
    rate : float or mapping of names to float
        Expected share of missing answers, of all other items or of those named; below one.
    depends_on : str or sequence of str
        Items without missing answers.
    slope : float
        Log odds by standard deviation of w. Positive: who scores high leaves out more. With 1, odds
        are e^2 = 7.4 times higher one standard deviation above the mean than one below.

    Notes
    -----
    Given w, items miss answers independently of each other. The intercept a is solved in every
    replication for its own answers to `depends_on`, so the expected rate is exact in each.

    References
    ----------
    Rubin, D. B. (1976). Inference and missing data. Biometrika, 63, 581-592.
    doi:10.1093/biomet/63.3.581

    Examples
    --------
    >>> import clustersem as cs
    >>> text = "f =~ 0.7*x1 + 0.7*x2 + 0.7*x3"
    >>> missing = cs.MAR({"x3": 0.3}, depends_on=["x1", "x2"])
    >>> answers = cs.simulate(text, 1000, standardized=True, missing=missing, seed=1)
    >>> left_out = answers["x3"].isna()
    >>> bool(answers["x1"][left_out].mean() > answers["x1"][~left_out].mean())
    True
    """

    rate: Rate
    depends_on: str | Sequence[str]
    slope: float = 1.0

    def bound(self, names: tuple[str, ...]) -> Bound:
        """Return the mechanism for variables in this order.

        Raises
        ------
        DataError
            For names that are none of them, items that miss answers while others depend on them,
            and rates that are no probabilities.
        """
        causes = (self.depends_on,) if isinstance(self.depends_on, str) else tuple(self.depends_on)
        if not causes:
            raise DataError("depends_on= names no item. Leave out on what it depends with MCAR().")
        _check_known(causes, names, "depends_on=")
        if not np.isfinite(self.slope):
            raise DataError(f"slope={self.slope}: log odds by standard deviation are finite.")
        items, rates = _rates(self.rate, names, causes)
        places = np.array([names.index(name) for name in causes], dtype=np.intp)
        return _GivenOthers(items, rates, places, float(self.slope))


@dataclass(frozen=True, eq=False)
class Missing:
    """Data with missing answers.

    Parameters
    ----------
    base : Generator
        Draws the complete data.
    mechanism : MCAR or MAR
        What is then lost of them.

    Raises
    ------
    DataError
        Where the mechanism does not go with the variables.
    """

    base: Generator
    mechanism: Mechanism
    _bound: Bound = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_bound", self.mechanism.bound(self.base.names))

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in the order of the columns."""
        return self.base.names

    def draw(self, rng: np.random.Generator, n: int, size: int) -> Array:
        """Return replications of shape (size, n, p), NaN where missing."""
        result = np.empty((size, n, len(self.names)))
        # Numbers of their own: the complete data are those drawn without gaps, and what is lost of
        # a replication does not depend on how many follow.
        own = rng.spawn(1)[0]
        for part in blocks(n, size):
            result[part] = self.base.draw(rng, n, part.stop - part.start)
            self._bound.blank(own, result[part])
        return result


@dataclass(frozen=True, eq=False)
class _AtRandom:
    items: Index
    rates: Array

    def blank(self, rng: np.random.Generator, data: Array) -> None:
        lost = rng.random((*data.shape[:2], len(self.items))) < self.rates
        _blank(data, self.items, lost)


@dataclass(frozen=True, eq=False)
class _GivenOthers:
    items: Index
    rates: Array
    causes: Index
    slope: float

    def blank(self, rng: np.random.Generator, data: Array) -> None:
        w = self.slope * _standardised(_standardised(data[..., self.causes], 1).mean(axis=2), 1)
        chance = rng.random((*data.shape[:2], len(self.items)))
        lost = np.empty(chance.shape, dtype=np.bool_)
        for rate in np.unique(self.rates):
            own = np.flatnonzero(self.rates == rate)
            p = expit(_intercepts(w, float(rate))[:, None] + w)
            lost[..., own] = chance[..., own] < p[..., None]
        _blank(data, self.items, lost)


def _blank(data: Array, items: Index, lost: NDArray[np.bool_]) -> None:
    where = np.zeros(data.shape, dtype=np.bool_)
    where[..., items] = lost
    np.copyto(data, np.nan, where=where)


def _standardised(x: Array, axis: int) -> Array:
    centred = x - x.mean(axis=axis, keepdims=True)
    sd = centred.std(axis=axis, keepdims=True)
    # Where everyone answers the same there is nothing to depend on.
    return np.asarray(centred / np.where(sd > 0.0, sd, 1.0))


def _intercepts(w: Array, rate: float) -> Array:
    """Return a (size) with mean(expit(a + w)) = rate in every replication (size, n)."""
    a = np.full(len(w), logit(rate))
    low, high = a - w.max(axis=1), a - w.min(axis=1)
    for _ in range(100):
        p = expit(a[:, None] + w)
        excess = p.mean(axis=1) - rate
        low, high = np.where(excess < 0.0, a, low), np.where(excess < 0.0, high, a)
        step = a - excess / np.maximum((p * (1.0 - p)).mean(axis=1), 1e-300)
        new = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
        if (np.abs(new - a) <= EXACT * (1.0 + np.abs(a))).all():
            return new
        a = new
    return a


def _rates(rate: Rate, names: tuple[str, ...], complete: Sequence[str]) -> tuple[Index, Array]:
    """Return the places of items that may miss answers, and their rates."""
    if isinstance(rate, Mapping):
        _check_known(rate, names, "rate=")
        wanted = {name: _one(value, name) for name, value in rate.items()}
    else:
        wanted = {name: _one(rate, name) for name in names if name not in complete}
    for name, value in wanted.items():
        if not 0.0 <= value < 1.0:
            raise DataError(
                f"the rate of missing answers to {name} is {value:g}; it is a probability below one"
                + (f": write {value / 100.0:g} for {value:g} %." if 1.0 <= value < 100.0 else ".")
            )
        if name in complete and value > 0.0:
            raise DataError(
                f"{name} cannot miss answers while those of others depend on it: that would not be"
                " missing at random. Take it out of rate= or of depends_on=."
            )
    lossy = [name for name, value in wanted.items() if value > 0.0]
    if not lossy:
        raise DataError("no item is to miss answers: every rate is zero. Leave missing= out.")
    places = np.array([names.index(name) for name in lossy], dtype=np.intp)
    return places, np.array([wanted[name] for name in lossy])


def _one(rate: object, name: str) -> float:
    found = as_numbers(rate, f"the rate of missing answers to {name}", "0.1")
    if found.ndim:
        raise DataError(
            f"the rate of missing answers to {name} is {rate!r}; write one number for all items,"
            f" 0.1 say, or name them: {{{name!r}: 0.1}}."
        )
    return float(found)


def _check_known(
    wanted: Sequence[str] | Mapping[str, float], names: Sequence[str], what: str
) -> None:
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise DataError(
            f"{what} names {listed(unknown)}, but the variables are {listed(names, limit=12)}."
        )
