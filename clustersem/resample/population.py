"""The population that data are drawn from: what a fit implies, or what a model text says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import Array
from clustersem.errors import DataError, EstimationError, ModelError
from clustersem.fit.discrepancies import fitted_mean
from clustersem.fit.solution import Solution
from clustersem.resample.stated import Stated, stated_groups
from clustersem.spec import ModelSpec
from clustersem.survey.names import listed

#: How far below zero rounding may push an eigenvalue, relative to the largest.
ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Population:
    """Moments of one group, in raw units.

    Attributes
    ----------
    names : tuple of str
        The p observed variables, in the order of the arrays.
    cov : ndarray of shape (p, p)
        Covariance matrix, read-only. Of an ordered item it is that of its latent response.
    mean : ndarray of shape (p,)
        Means, read-only.
    label : str
        The group; empty where there is only one.
    thresholds : tuple of p ndarrays
        Where the latent response of an ordered item is cut, in the units of `mean` and `cov`;
        empty for a continuous variable. The empty tuple stands for no ordered items.
    categories : tuple of p ndarrays
        The answers between the cuts, ascending; empty for a continuous variable.
    share : float
        What the group's number of rows is proportional to.

    Examples
    --------
    >>> population = Population(("x", "y"), np.array([[1.0, 0.3], [0.3, 1.0]]), np.zeros(2))
    >>> population.factor.round(3)
    array([[1.   , 0.   ],
           [0.3  , 0.954]])
    """

    names: tuple[str, ...]
    cov: Array
    mean: Array
    label: str = ""
    thresholds: tuple[Array, ...] = ()
    categories: tuple[Array, ...] = ()
    share: float = 1.0

    def __post_init__(self) -> None:
        for name in ("cov", "mean"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        p = len(self.names)
        if self.cov.shape != (p, p) or self.mean.shape != (p,):
            raise DataError(
                f"a population of {p} variables has a covariance matrix of shape {(p, p)} and"
                f" {p} means, not {self.cov.shape} and {self.mean.shape}."
            )
        if not (np.isfinite(self.cov).all() and np.isfinite(self.mean).all()):
            raise DataError("the population has moments that are not finite numbers.")

    def __setstate__(self, state: dict[str, object]) -> None:
        # An array that was pickled or copied comes back writable.
        self.__dict__.update(state)
        for array in (self.cov, self.mean):
            array.setflags(write=False)

    @property
    def sd(self) -> Array:
        """Standard deviations."""
        return np.sqrt(self.cov.diagonal())

    @property
    def cor(self) -> Array:
        """Correlation matrix."""
        sd = self.sd
        return np.asarray(self.cov / sd[:, None] / sd)

    @property
    def ordered(self) -> tuple[str, ...]:
        """The variables that have thresholds."""
        named = zip(self.names, self.thresholds, strict=False)  # there may be none at all
        return tuple(name for name, own in named if len(own))

    @property
    def factor(self) -> Array:
        """A matrix C with C C' = cov: the lower Cholesky factor, if there is one.

        Raises
        ------
        DataError
            Where the covariance matrix has a negative eigenvalue, so that no data have it.
        """
        lower = cholesky(self.cov)
        if lower is not None:
            return lower
        # A variable that others determine is legitimate; then the root is the symmetric one.
        values, vectors = np.linalg.eigh(self.cov)
        if values[0] < -ROUNDING * values[-1]:
            raise DataError(
                f"no data can have the population's covariance matrix{self._where}: its smallest"
                f" eigenvalue is {values[0]:.3g}. Look for a correlation above one or a variance"
                " below zero among the values of the model."
            )
        root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        return np.asarray(root)

    @property
    def _where(self) -> str:
        return f" of group {self.label}" if self.label else ""


def populations_of(
    source: Solution | str | ModelSpec | Population | Iterable[Population],
    *,
    standardized: bool = False,
) -> tuple[Population, ...]:
    """Return the population of every group.

    Parameters
    ----------
    source : Fit, str, ModelSpec, Population or several of them
        A fit: its implied moments, with the sample's means where it has no mean structure, and its
        thresholds. A model text: every parameter in it has a value, ``f =~ 0.7*x1 + 0.6*x2`` or
        ``start(0.7)*x1``, for groups ``c(0.7, 0.5)*x1``. Populations are returned as they are.
    standardized : bool
        Of a text: its loadings and paths are standardised, so that residual variances follow: every
        variable has variance one.

    Returns
    -------
    tuple of Population
        One a group.

    Raises
    ------
    ModelSyntaxError
        Where a parameter of the text has no value, with a caret under it.
    ModelError
        Where the values contradict each other: a standardised variable is explained by more than
        its variance, or a constraint of the text does not hold.
    EstimationError
        Where the fit did not converge.
    DataError
        Where no data can have such moments.

    Notes
    -----
    What the text does not mention is as in lavaan's ``simulateData``: exogenous latent variables
    have variance one, covariances and intercepts that are not written are zero, and no loading is
    a marker. Unlike there, what is written without a value is no tacit 1 or 0, and residual
    variances have to be written, unless they follow from ``standardized=True``: an error says
    where. Residual covariances, ``x1 ~~ 0.2*x2``, are covariances in either case.

    Examples
    --------
    >>> text = "f =~ 0.7*x1 + 0.8*x2 + 0.6*x3"
    >>> (population,) = populations_of(text, standardized=True)
    >>> population.cov.round(2)
    array([[1.  , 0.56, 0.42],
           [0.56, 1.  , 0.48],
           [0.42, 0.48, 1.  ]])
    """
    if isinstance(source, Solution):
        found = _of_fit(source)
    elif isinstance(source, Population):
        found = (source,)
    elif isinstance(source, str | ModelSpec):
        text = source if isinstance(source, str) else source.text
        found = tuple(_of_text(group) for group in stated_groups(text, standardized=standardized))
    elif isinstance(source, Iterable):
        found = tuple(source)
        if not found or not all(isinstance(part, Population) for part in found):
            raise ModelError(
                "expected a fit, a model text or populations, one for each group, got a"
                f" {type(source).__name__} that does not hold these."
            )
    else:
        raise ModelError(
            f"expected a fit, a model text or populations, got {type(source).__name__}."
        )
    if standardized and not isinstance(source, str | ModelSpec):
        raise ModelError(
            "standardized=True says how to read the numbers of a model text; leave it out."
        )
    for population in found:
        _ = population.factor  # refuses what no data can have
    return found


def moved_to(population: Population, other: Population) -> Population:
    """Return a population with the moments of another one of the same variables.

    Its order of the variables, thresholds and label stay.
    """
    place = [other.names.index(name) for name in population.names]
    return replace(population, cov=other.cov[np.ix_(place, place)], mean=other.mean[place])


def _of_fit(fit: Solution) -> tuple[Population, ...]:
    if not fit.converged:
        raise EstimationError(
            f"the fit did not converge ({fit.status.code}), so there is no population that it"
            " implies. Look at fit.status."
        )
    names, p = fit.spec.observed, len(fit.spec.observed)
    populations = []
    for sample, point in zip(fit.samples, fit.points, strict=True):
        mean = point.mean[:p] if fit.spec.options.meanstructure else fitted_mean(sample, fit.spec)
        thresholds: tuple[Array, ...] = ()
        categories: tuple[Array, ...] = ()
        if sample.ordinal is not None:
            # The units of the responses are those of the sample's moments, times delta.
            mean = mean * point.delta
            item = sample.ordinal.order.threshold_item
            cuts = point.delta[item] * point.tau
            thresholds = tuple(cuts[item == j] for j in range(p))
            categories = sample.ordinal.categories
        populations.append(
            Population(
                names,
                point.scaled_cov,
                mean,
                sample.label,
                thresholds,
                categories,
                sample.total,
            )
        )
    return tuple(populations)


def _of_text(group: Stated) -> Population:
    categories = tuple(np.arange(1.0, len(own) + 2.0) if len(own) else own for own in group.cuts)
    has_cuts = any(len(own) for own in group.cuts)
    return Population(
        group.names,
        group.cov,
        group.mean,
        group.label,
        group.cuts if has_cuts else (),
        categories if has_cuts else (),
    )


def check_names(wanted: Iterable[str], names: tuple[str, ...], what: str) -> None:
    """Refuse a setting of variables that the population does not have."""
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise DataError(
            f"{what} names {listed(unknown)}, but the population has {listed(names, limit=12)}."
        )
