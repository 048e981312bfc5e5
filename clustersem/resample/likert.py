"""Likert answers: a continuous response, cut at thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy.special import ndtri

from clustersem.engine.ram import Array, Index
from clustersem.errors import DataError, UnsupportedError
from clustersem.resample.generators import ROWS, Generator, Normal, blocks
from clustersem.resample.numbers import are_several, as_numbers
from clustersem.resample.population import Population, check_names
from clustersem.resample.underlying import underlying

#: A setting of all items, or of some by their names.
PerItem = Sequence[float] | Mapping[str, Sequence[float]]
Correlations = Literal["underlying", "answers"]

#: Probabilities are typed by hand: their sum may be off by rounding.
SUM = 2e-3
#: Where thresholds of symmetric items begin and end, in standard deviations.
REACH = 2.5


@dataclass(frozen=True, eq=False)
class Likert:
    """Ordered answers.

    Parameters
    ----------
    base : Generator
        Draws the continuous responses.
    thresholds : tuple of p ndarrays
        Where each is cut, ascending, in the responses' own units; empty for a variable that stays
        continuous.
    categories : tuple of p ndarrays
        The answers between the cuts, one more than there are cuts; empty for a continuous variable.

    See Also
    --------
    likert : makes one from marginal probabilities.
    """

    base: Generator
    thresholds: tuple[Array, ...]
    categories: tuple[Array, ...]
    _cuts: Array = field(init=False, repr=False)
    _continuous: Index = field(init=False, repr=False)
    _first: Array = field(init=False, repr=False)
    _table: Array | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        counts = [len(own) for own in self.thresholds]
        if not any(counts):
            raise DataError("no variable has thresholds, so there are no Likert items to draw.")
        p, most = len(counts), max(counts, default=0)
        cuts = np.full((most, p), np.inf)
        table = np.zeros((p, most + 1))
        for j, (own, values) in enumerate(zip(self.thresholds, self.categories, strict=True)):
            cuts[: len(own), j] = own
            table[j, : len(values)] = values
            if len(own) and len(values) != len(own) + 1:
                raise DataError(
                    f"{self.base.names[j]} has {len(own)} thresholds, so {len(own) + 1} categories,"
                    f" not {len(values)}."
                )
        steps = [np.diff(values) for values in self.categories if len(values)]
        # Whole numbers that follow each other need no table.
        even = all((step == 1.0).all() for step in steps)
        object.__setattr__(self, "_cuts", cuts)
        object.__setattr__(self, "_continuous", np.flatnonzero(np.array(counts) == 0))
        object.__setattr__(self, "_first", table[:, 0].copy())
        object.__setattr__(self, "_table", None if even else table.ravel())

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in the order of the columns."""
        return self.base.names

    def coded(self) -> Likert:
        """Return the same with the answers 0, 1, ... in place of the categories' values."""
        categories = tuple(np.arange(float(len(own))) for own in self.categories)
        return replace(self, categories=categories)

    def draw(self, rng: np.random.Generator, n: int, size: int) -> Array:
        """Return replications of shape (size, n, p); see :class:`Generator`."""
        p = len(self.names)
        result = np.empty((size, n, p))
        rows = min(ROWS, size * n)
        # Operations on rows of p numbers cost twice those on one long row.
        cuts = np.repeat(self._cuts[:, None], rows, axis=1)
        first = np.repeat(self._first[None], rows, axis=0)
        for part in blocks(n, size):
            responses = self.base.draw(rng, n, part.stop - part.start).reshape(-1, p)
            answers = result[part].reshape(-1, p)
            for at in range(0, len(answers), rows):
                own = responses[at : at + rows]
                self._answer(own, cuts[:, : len(own)], first[: len(own)], answers[at : at + rows])
        return result

    def _answer(self, responses: Array, cuts: Array, first: Array, out: Array) -> None:
        """Write the answers of some rows."""
        # Comparing every response with every threshold is several times faster than a binary
        # search for each, as long as an item has fewer than about fifteen categories.
        codes = (responses > cuts[0]).view(np.int8)
        for cut in cuts[1:]:
            codes += (responses > cut).view(np.int8)
        if self._table is None:
            np.add(codes, first, out=out)
        else:
            width = len(cuts) + 1
            self._table.take(codes + width * np.arange(len(self.names)), out=out)
        if len(self._continuous):
            out[:, self._continuous] = responses[:, self._continuous]


def likert(
    population: Population,
    *,
    marginals: PerItem | None = None,
    thresholds: PerItem | None = None,
    categories: int | Mapping[str, int] | None = None,
    correlations: Correlations = "underlying",
    base: Generator | None = None,
) -> Likert:
    """Return a generator of Likert answers from a population.

    Parameters
    ----------
    population : Population
        Of the continuous responses.
    marginals : sequence of float, or mapping from item to such, optional
        Probabilities of the answers 1, 2, ..., of all items or of those named.
    thresholds : sequence of float, or mapping from item to such, optional
        Where responses are cut, ascending, in standard deviations from their means.
    categories : int, or mapping from item to int, optional
        How many answers symmetric items have: thresholds in equal steps between -2.5 and 2.5
        standard deviations (Rhemtulla et al., 2012). Without any of the three: the population's own
        thresholds, and five categories for all items where it has none.
    correlations : str
        ``"underlying"``: the population's correlations are those of the continuous responses
        (polychoric); answers correlate less. ``"answers"``: they are the product-moment
        correlations of the answers, and those of the responses are solved for.
    base : Generator, optional
        Draws the responses in place of normal ones; not with `marginals`, which are those of normal
        responses.

    Returns
    -------
    Likert

    Raises
    ------
    DataError
        For items that the population does not have, probabilities that are none, thresholds that do
        not ascend, or correlations that such answers cannot have.
    UnsupportedError
        For options that do not go together.

    References
    ----------
    Rhemtulla, M., Brosseau-Liard, P. E., & Savalei, V. (2012). When can categorical variables be
    treated as continuous? Psychological Methods, 17, 354-373. doi:10.1037/a0029315
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
    Psychometrika, 44, 443-460. doi:10.1007/BF02296207

    Examples
    --------
    >>> from clustersem.resample.population import populations_of
    >>> (population,) = populations_of("f =~ 0.7*x1 + 0.8*x2 + 0.6*x3", standardized=True)
    >>> items = likert(population, marginals=[0.1, 0.2, 0.4, 0.2, 0.1])
    >>> answers = items.draw(np.random.default_rng(1), 5000, 1)[0]
    >>> (answers[:, :1] == [1, 2, 3, 4, 5]).mean(axis=0).round(1)
    array([0.1, 0.2, 0.4, 0.2, 0.1])
    """
    given = {"marginals": marginals, "thresholds": thresholds, "categories": categories}
    asked = [name for name, value in given.items() if value is not None]
    if len(asked) > 1:
        raise UnsupportedError(f"{' and '.join(asked)} both say where items are cut; give one.")
    if base is not None and marginals is not None:
        raise UnsupportedError(
            "marginal probabilities are those of normal responses; with skewness and kurtosis say"
            " where these are cut: thresholds=[-1.5, -0.5, 0.5, 1.5]."
        )
    if correlations not in ("underlying", "answers"):
        raise UnsupportedError(
            f"correlations={correlations!r}: write 'underlying' (of the responses) or 'answers'."
        )
    if base is not None and correlations == "answers":
        raise UnsupportedError(
            "correlations of the answers can be prescribed for normal responses only; leave"
            " skewness= and kurtosis= out, or correlations=."
        )
    if not asked and population.thresholds:
        cuts, values = population.thresholds, population.categories
    else:
        z = _standard_cuts(population, marginals, thresholds, categories)
        cuts = tuple(
            mean + sd * own for mean, sd, own in zip(population.mean, population.sd, z, strict=True)
        )
        values = tuple(np.arange(1.0, len(own) + 2.0) if len(own) else own for own in cuts)
    if correlations == "answers":
        population = underlying(population, cuts, values)
    return Likert(base or Normal(population), cuts, values)


def _standard_cuts(
    population: Population,
    marginals: PerItem | None,
    thresholds: PerItem | None,
    categories: int | Mapping[str, int] | None,
) -> list[Array]:
    """Return every variable's thresholds in standard deviations, empty for a continuous one."""
    if marginals is not None:
        settings = _per_item(marginals, population, "marginals")
        found = {name: _from_probabilities(name, own) for name, own in settings.items()}
    elif thresholds is not None:
        settings = _per_item(thresholds, population, "thresholds")
        found = {name: _ascending(name, own) for name, own in settings.items()}
    else:
        number = 5 if categories is None else categories
        if isinstance(number, Mapping):
            check_names(number, population.names, "categories=")
            counts = dict(number)
        else:
            counts = dict.fromkeys(population.names, number)
        found = {name: symmetric_thresholds(count) for name, count in counts.items()}
    return [found.get(name, np.empty(0)) for name in population.names]


def symmetric_thresholds(categories: int) -> Array:
    """Return the thresholds of a symmetric item, in equal steps between -2.5 and 2.5.

    Examples
    --------
    >>> symmetric_thresholds(5)
    array([-1.5, -0.5,  0.5,  1.5])
    """
    if isinstance(categories, bool) or int(categories) != categories or categories < 2:
        raise DataError(f"categories={categories!r}: an item has two categories at least.")
    if categories > 100:
        raise DataError(f"categories={categories!r}: more than 100 are as good as continuous.")
    return REACH * (2.0 * np.arange(1, categories) - categories) / categories


def _per_item(setting: PerItem, population: Population, what: str) -> dict[str, tuple[float, ...]]:
    if isinstance(setting, Mapping):
        check_names(setting, population.names, f"{what}=")
        return {name: _several(own, what) for name, own in setting.items()}
    return dict.fromkeys(population.names, _several(setting, what))


def _several(setting: object, what: str) -> tuple[float, ...]:
    if not are_several(setting):
        raise DataError(f"{what}={setting!r}: write numbers in brackets, one item's or all items'.")
    return tuple(setting)


def _from_probabilities(name: str, probabilities: Sequence[float]) -> Array:
    share = as_numbers(probabilities, f"marginals of {name}", "[0.1, 0.2, 0.4, 0.2, 0.1]")
    shown = ", ".join(f"{x:g}" for x in share)
    if share.ndim != 1 or len(share) < 2:
        raise DataError(f"marginals of {name}: an item has two categories at least, not [{shown}].")
    if not (share > 0.0).all():
        raise DataError(
            f"marginals of {name}: [{shown}]; every category needs a positive probability. Leave"
            " out one that nobody chooses."
        )
    if abs(share.sum() - 1.0) > SUM:
        raise DataError(
            f"marginals of {name}: [{shown}] sum to {share.sum():g}, not to 1. Counts are made"
            " probabilities by dividing by their sum."
        )
    below = np.cumsum(share / share.sum())[:-1]
    return np.asarray(ndtri(below))


def _ascending(name: str, thresholds: Sequence[float]) -> Array:
    cuts = as_numbers(thresholds, f"thresholds of {name}", "[-1.5, -0.5, 0.5, 1.5]")
    if cuts.ndim != 1 or not len(cuts) or not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        raise DataError(
            f"thresholds of {name}: {list(thresholds)}; they are finite and ascend, for example"
            " [-1.5, -0.5, 0.5, 1.5]."
        )
    return cuts
