"""Continuous data that are not normal: prescribed skewness and kurtosis beside the covariances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from clustersem.engine.ram import Array
from clustersem.errors import DataError
from clustersem.resample.fleishman import Fleishman, check_possible, fleishman, solution
from clustersem.resample.generators import Normal, blocks
from clustersem.resample.numbers import as_numbers
from clustersem.resample.pearson import Pearson, pearson
from clustersem.resample.population import Population, check_names

#: A number for all variables, one for each, or some by their names; others have zero.
PerVariable = float | Sequence[float] | Mapping[str, float]

#: A root of a cubic is real and between -1 and 1 if it is so up to rounding.
ROUNDING = 1e-9


def per_variable(setting: PerVariable, population: Population, what: str) -> Array:
    """Return one number a variable."""
    p = len(population.names)
    if isinstance(setting, Mapping):
        check_names(setting, population.names, f"{what}=")
        each = [setting.get(name, 0.0) for name in population.names]
        return as_numbers(each, f"{what}=", "1.5")
    values = as_numbers(setting, f"{what}=", "1.5")
    if values.shape not in ((), (p,)):
        raise DataError(
            f"{what}= has {values.size} numbers for {p} variables; give one for all, one for each,"
            f" or name them: {{{population.names[0]!r}: 1.5}}."
        )
    return np.broadcast_to(values, (p,)).copy()


@dataclass(frozen=True, eq=False)
class ValeMaurelli:
    """Cubics of jointly normal variables (Vale and Maurelli, 1983).

    Every variable is Fleishman's polynomial of a normal one; the correlations of these are the
    solutions of cubic equations, so that the polynomials have exactly the population's.

    Parameters
    ----------
    population : Population
        Means and covariances.
    skewness, kurtosis : float, sequence or mapping of names to float
        Third standardised moment and fourth less 3, of every variable.

    Raises
    ------
    DataError
        Where no distribution, or no cubic, has such moments; where two such variables cannot
        correlate as they should, or not all of them together.

    Notes
    -----
    The variables have a normal copula as long as the polynomials rise, so thresholds turn them into
    the same answers as normal ones (Groenneberg & Foldnes, 2019).

    References
    ----------
    Vale, C. D., & Maurelli, V. A. (1983). Simulating multivariate nonnormal distributions.
    Psychometrika, 48, 465-471. doi:10.1007/BF02293687
    Groenneberg, S., & Foldnes, N. (2019). A problem with discretizing Vale-Maurelli in simulation
    studies. Psychometrika, 84, 554-561. doi:10.1007/s11336-019-09663-8
    """

    population: Population
    skewness: PerVariable
    kurtosis: PerVariable
    intermediate: Array = field(init=False, repr=False)
    _normal: Normal = field(init=False, repr=False)
    _powers: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = self.population.names
        skewness = per_variable(self.skewness, self.population, "skewness")
        kurtosis = per_variable(self.kurtosis, self.population, "kurtosis")
        cubics = [
            fleishman(s, k, name) for s, k, name in zip(skewness, kurtosis, names, strict=True)
        ]
        intermediate = intermediate_correlations(self.population, cubics)
        powers = np.array([cubic.powers for cubic in cubics]).T * self.population.sd
        powers[0] += self.population.mean
        between = Population(names, intermediate, np.zeros(len(names)))
        object.__setattr__(self, "intermediate", intermediate)
        object.__setattr__(self, "_normal", Normal(between))
        object.__setattr__(self, "_powers", powers)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in the order of the columns."""
        return self.population.names

    def draw(self, rng: np.random.Generator, n: int, size: int) -> Array:
        """Return replications of shape (size, n, p); see :class:`Generator`."""
        result = np.empty((size, n, len(self.names)))
        for part in blocks(n, size):
            z = self._normal.draw(rng, n, part.stop - part.start)
            _cubic(z, self._powers, out=result[part])
        return result


@dataclass(frozen=True, eq=False)
class IndependentGenerator:
    """Linear combinations of independent variables that are not normal (Foldnes and Olsson, 2016).

    X = mean + A xi with A A' = Sigma. Third and fourth moments of X are linear in those of xi, so
    that the ones wanted of X are solved for those of the generators xi. These are Fleishman's
    polynomials, or beta or beta prime variables where no cubic has such moments. Unlike Vale and
    Maurelli's, the data do not have a normal copula.

    Parameters
    ----------
    population : Population
        Means and covariances.
    skewness, kurtosis : float, sequence or mapping of names to float
        Third standardised moment and fourth less 3, of every variable.
    root : str
        Which A: ``"symmetric"``, or ``"triangular"``, the Cholesky factor. The multivariate
        distribution depends on it, and whether there are generators.

    Raises
    ------
    DataError
        Where no generators have the moments that they would need.

    References
    ----------
    Foldnes, N., & Olsson, U. H. (2016). A simple simulation technique for nonnormal data with
    prespecified skewness, kurtosis, and covariance matrix. Multivariate Behavioral Research, 51,
    207-219. doi:10.1080/00273171.2015.1133274
    """

    population: Population
    skewness: PerVariable
    kurtosis: PerVariable
    root: Literal["symmetric", "triangular"] = "symmetric"
    generator_skewness: Array = field(init=False, repr=False)
    generator_kurtosis: Array = field(init=False, repr=False)
    _mixing: Array = field(init=False, repr=False)
    _powers: Array = field(init=False, repr=False)
    _others: tuple[tuple[int, Pearson], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        population = self.population
        skewness = per_variable(self.skewness, population, "skewness")
        kurtosis = per_variable(self.kurtosis, population, "kurtosis")
        for s, k, name in zip(skewness, kurtosis, population.names, strict=True):
            check_possible(s, k, name)
        mixing = _root(population, self.root)
        sd = population.sd
        try:
            third = np.linalg.solve(mixing**3, skewness * sd**3)
            fourth = np.linalg.solve(mixing**4, kurtosis * sd**4)
        except np.linalg.LinAlgError:
            raise DataError(
                "the covariance matrix is singular, so that skewness and kurtosis do not say what"
                " the generators are like. Leave out the variable that others determine."
            ) from None
        powers = np.zeros((4, len(sd)))
        others = []
        for j, (s, k) in enumerate(zip(third.tolist(), fourth.tolist(), strict=True)):
            found = solution(s, k) if k > s**2 - 2.0 else None
            if found is not None:
                powers[:, j] = found.powers
                continue
            special = pearson(s, k)
            if special is None:
                raise self._no_generator(j, s, k)
            others.append((j, special))
        object.__setattr__(self, "generator_skewness", third)
        object.__setattr__(self, "generator_kurtosis", fourth)
        object.__setattr__(self, "_mixing", np.ascontiguousarray(mixing.T))
        object.__setattr__(self, "_powers", powers)
        object.__setattr__(self, "_others", tuple(others))

    def _no_generator(self, j: int, skewness: float, kurtosis: float) -> DataError:
        impossible = kurtosis <= skewness**2 - 2.0
        why = "no distribution has" if impossible else "none of the distributions at hand has"
        other = "triangular" if self.root == "symmetric" else "symmetric"
        return DataError(
            f"with the {self.root} root of the covariance matrix, generator {j + 1} would need"
            f" skewness {skewness:.3g} and excess kurtosis {kurtosis:.3g}, which {why}. Correlated"
            f" sums are closer to normal than what they are sums of: try root={other!r}, less"
            " skewness, or a kurtosis that fits it better."
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, in the order of the columns."""
        return self.population.names

    def draw(self, rng: np.random.Generator, n: int, size: int) -> Array:
        """Return replications of shape (size, n, p); see :class:`Generator`."""
        p = len(self.names)
        result = np.empty((size, n, p))
        # One by one where there are two kinds of random numbers, so that those of a replication do
        # not depend on how many follow.
        one_by_one = [slice(at, at + 1) for at in range(size)]
        for part in one_by_one if self._others else blocks(n, size):
            own = result[part].reshape(-1, p)
            xi = np.empty_like(own)
            _cubic(rng.standard_normal(own.shape), self._powers, out=xi)
            for j, special in self._others:
                xi[:, j] = special.sample(rng, len(xi))
            np.matmul(xi, self._mixing, out=own)
            own += self.population.mean
        return result


def _cubic(z: Array, powers: Array, out: Array) -> None:
    """Write a + b z + c z^2 + d z^3, by Horner's rule."""
    a, b, c, d = powers
    np.multiply(z, d, out=out)
    out += c
    out *= z
    out += b
    out *= z
    out += a


def _root(population: Population, root: str) -> Array:
    """Return A with A A' = Sigma."""
    if root == "triangular":
        return population.factor
    if root != "symmetric":
        raise DataError(f"root={root!r}: write 'symmetric' or 'triangular'.")
    # Of the correlations, so that the units of the variables do not matter.
    values, vectors = np.linalg.eigh(population.cor)
    symmetric = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return np.asarray(population.sd[:, None] * symmetric)


def intermediate_correlations(population: Population, cubics: Sequence[Fleishman]) -> Array:
    """Return the correlations of normal variables whose cubics correlate as the population's.

    Raises
    ------
    DataError
        Where there are none, or where they are no correlation matrix.
    """
    names, wanted = population.names, population.cor
    result = np.eye(len(names))
    for i, first in enumerate(cubics):
        for j, second in enumerate(cubics[:i]):
            linear = first.r * second.r
            square, cube = 2.0 * first.c * second.c, 6.0 * first.d * second.d
            rho = _cubic_root(linear, square, cube, float(wanted[i, j]))
            if rho is None:
                low, high = _reach(linear, square, cube)
                raise DataError(
                    f"{names[j]} and {names[i]} with this skewness and kurtosis cannot correlate"
                    f" {wanted[i, j]:.3f}: between {low:.3f} and {high:.3f} they can. Ask for less"
                    " skewness and kurtosis, or of the same sign in both."
                )
            result[i, j] = result[j, i] = rho
    smallest = float(np.linalg.eigvalsh(result)[0])
    if smallest < -ROUNDING:
        raise DataError(
            "every two variables can correlate as they should, but not all together: the normal"
            f" variables behind them would need an eigenvalue of {smallest:.3g}. Ask for less"
            " skewness and kurtosis, or use the independent generator."
        )
    return result


def _cubic_root(linear: float, square: float, cube: float, wanted: float) -> float | None:
    """Return the root of linear x + square x^2 + cube x^3 = wanted in [-1, 1] nearest to wanted."""
    roots = np.roots([cube, square, linear, -wanted])
    real = roots.real[np.abs(roots.imag) < ROUNDING]
    real = real[np.abs(real) <= 1.0 + ROUNDING]
    if not len(real):
        return None
    x = float(real[np.argmin(np.abs(real - wanted))])
    slope = linear + x * (2.0 * square + x * 3.0 * cube)
    if abs(slope) > ROUNDING:  # polished: the roots are eigenvalues, good to rounding times 100
        x -= (x * (linear + x * (square + x * cube)) - wanted) / slope
    return min(max(x, -1.0), 1.0)


def _reach(linear: float, square: float, cube: float) -> tuple[float, float]:
    x = np.linspace(-1.0, 1.0, 2001)
    values = x * (linear + x * (square + x * cube))
    return float(values.min()), float(values.max())
