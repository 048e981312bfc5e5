"""Populations that a model misfits by a chosen RMSEA, with its parameters unchanged.

A covariance matrix Sigma0 + E is fitted by the model with the parameters of Sigma0 where the
gradient of the discrepancy vanishes there. With Sigma0 = C C' and X = C^-1 E C^-T, the gradient of
ML is that of -tr(X dX), so X has to be orthogonal to every derivative of C^-1 Sigma C^-T. That of
GLS is -tr((P - P^2) dX) with P = C' S^-1 C: there P - P^2 has to be orthogonal, from which P
follows eigenvalue by eigenvalue. A direction in the orthogonal complement is then lengthened until
the discrepancy is df RMSEA^2, over the number of groups.

References
----------
Cudeck, R., & Browne, M. W. (1992). Constructing a covariance matrix that yields a specified
minimizer and a specified minimum discrepancy function value. Psychometrika, 57, 357-369.
doi:10.1007/BF02295424
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from scipy.linalg import solve_triangular

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.moment_structure import moment_jacobian
from clustersem.engine.ram import Array
from clustersem.errors import ClusterSemError, DataError, ModelError, UnsupportedError
from clustersem.fit.assemble import cells_of, check_parameter
from clustersem.fit.discrepancies import fitted_cov, fixed_covariates
from clustersem.fit.estimation import fit_samples
from clustersem.fit.nested import jacobian_of
from clustersem.fit.options import FitOptions
from clustersem.fit.result import Fit
from clustersem.fit.solution import Solution
from clustersem.moments import SampleMoments
from clustersem.moments.order import MomentOrder, continuous_order
from clustersem.resample.numbers import is_number
from clustersem.resample.population import Population, populations_of
from clustersem.resample.streams import seed_of, stream
from clustersem.spec import parse_model
from clustersem.spec.entries import collect_entries, settings_of

#: How many random directions are tried before a misfit counts as out of reach.
DIRECTIONS = 20
#: How exactly a refit returns the standardised covariances of the model.
RETURNED = 1e-6
#: A direction this short, of one of length one, was in the model's own space.
NOTHING = 1e-8


def misspecified(
    fit: Solution,
    rmsea: float,
    *,
    along: str | None = None,
    seed: int | None = None,
) -> tuple[Population, ...]:
    """Return a population in which the model has its estimates and a chosen RMSEA.

    Parameters
    ----------
    fit : Fit
        The model at the parameters that the population shall have. It is taken as fitted by GLS if
        it was, else by ML.
    rmsea : float
        The population's RMSEA, sqrt(F0 / df), in several groups times the root of their number.
    along : str, optional
        Parameters that the model leaves out and the misfit shall resemble, as model text:
        ``"x1 ~~ x2"``, or with weights ``"visual =~ 0.5*x9 + x7"``. What free parameters can take
        up of them is removed. By default the misfit has a random direction and is spread over all
        variables.
    seed : int, optional
        Of the random direction.

    Returns
    -------
    tuple of Population
        One a group, with the means, names and labels that the fit implies.

    Raises
    ------
    DataError
        Where no such population was found: the covariance matrix would not be positive definite,
        or the model would fit it better with other parameters.
    ModelError
        For a model without degrees of freedom, and for parameters that it has.
    UnsupportedError
        For ordinal items.

    Notes
    -----
    That the model returns its parameters and the discrepancy is checked by fitting it, from
    starting values that know nothing of them.

    References
    ----------
    Cudeck, R., & Browne, M. W. (1992). Constructing a covariance matrix that yields a specified
    minimizer and a specified minimum discrepancy function value. Psychometrika, 57, 357-369.
    doi:10.1007/BF02295424

    Examples
    --------
    >>> import clustersem as cs, pandas as pd
    >>> cov = [[1, 0.5, 0.4, 0.3], [0.5, 1, 0.6, 0.4], [0.4, 0.6, 1, 0.7], [0.3, 0.4, 0.7, 1]]
    >>> cov = pd.DataFrame(cov, index=list("abcd"), columns=list("abcd"))
    >>> fit = cs.cfa("f =~ a + b + c + d", cov=cov, n_obs=200)
    >>> (population,) = cs.misspecified(fit, 0.08, seed=1)
    >>> n = 10_000_000  # so many that what random sampling would add to the RMSEA is nothing
    >>> again = pd.DataFrame(population.cov * n / (n - 1), index=list("abcd"), columns=list("abcd"))
    >>> refit = cs.cfa("f =~ a + b + c + d", cov=again, n_obs=n)
    >>> round((refit.measures["chisq"] / n / refit.df) ** 0.5, 6)
    0.08
    """
    _check(fit, rmsea)
    populations = populations_of(fit)
    if rmsea == 0.0:
        return populations
    space = _Space.of(fit, populations)
    target = fit.df * rmsea**2 / len(populations)
    rng = stream(seed_of(seed), 0)
    for _ in range(1 if along else DIRECTIONS):
        direction = space.resembling(along) if along else space.random(rng)
        found = space.at(direction, target)
        if found is not None and _returns(fit, found, target):
            return found
    raise _out_of_reach(fit, rmsea, along)


def _check(fit: Solution, rmsea: float) -> None:
    if not isinstance(fit, Solution):
        raise ModelError(
            f"a misspecified population is one that a fit misfits, and this is a"
            f" {type(fit).__name__}. Fit the model first, or give cs.simulate the text with rmsea="
            " and analysis=."
        )
    if not is_number(rmsea) or not 0.0 <= rmsea < np.inf:
        raise DataError(f"rmsea={rmsea!r}: an RMSEA is a number from 0, 0.05 say.")
    if fit.df < 1:
        raise ModelError(
            "the model has no degrees of freedom, so it fits every population: there is no misfit."
        )
    if any(sample.ordinal is not None for sample in fit.samples):
        raise UnsupportedError(
            "a chosen RMSEA is defined for ML and GLS of continuous responses, and this fit has"
            " ordered items. Fit the correlations of the responses instead, as cov= with ML, and"
            " cut what is drawn with thresholds=."
        )


@dataclass(frozen=True, eq=False)
class _Space:
    """Where misfit can lie: matrices X of all groups that no parameter can take up.

    Attributes
    ----------
    fit : Fit
        The model.
    populations : tuple of Population
        What it implies.
    order : MomentOrder
        The order of a group's moments.
    shares : tuple of float
        What share of F every group's discrepancy has.
    basis : ndarray of shape (k, d)
        Orthonormal basis of what parameters take up, in the coordinates of `_flat`.
    """

    fit: Solution
    populations: tuple[Population, ...]
    order: MomentOrder
    shares: tuple[float, ...]
    basis: Array

    @classmethod
    def of(cls, fit: Solution, populations: tuple[Population, ...]) -> _Space:
        order = continuous_order(len(fit.spec.observed), has_means=fit.spec.options.meanstructure)
        shares = tuple(block.share for block in fit.objective.blocks)
        by_theta = np.split(jacobian_of(_as_fit(fit)), len(populations))
        empty = cls(fit, populations, order, shares, np.empty((0, 0)))
        tangents = [empty._flattened(by_theta)]
        # The moments of fixed covariates are whatever they are: no misfit lies in them.
        names = [fit.spec.observed[i] for i in fixed_covariates(fit.spec, fit.layout)]
        rows = [(a, "~~", b) for a, b in combinations_with_replacement(names, 2)]
        for group in range(len(populations)):
            tangents.append(empty._of_cells(rows, group))
        together = np.hstack(tangents)
        left, size, _ = np.linalg.svd(
            together / np.maximum(np.linalg.norm(together, axis=0), 1e-300), full_matrices=False
        )
        return replace(empty, basis=left[:, size > NOTHING * size[0]])

    def random(self, rng: np.random.Generator) -> list[Array]:
        """Return a direction drawn evenly from all."""
        return self._unflattened(self._projected(rng.standard_normal(len(self.basis))))

    def resembling(self, along: str) -> list[Array]:
        """Return the direction nearest to what parameters would add to Sigma."""
        total = np.zeros(len(self.basis))
        for entry in collect_entries(parse_model(along)):
            row = (entry.lhs, entry.op, entry.rhs)
            if entry.op not in ("=~", "~", "~~"):
                raise ModelError(f"along={along!r}: misfit of covariances is =~, ~ or ~~.")
            check_parameter(*row, self.fit.layout)
            weights = [x for x in settings_of(entry, "value", 0) if isinstance(x, float)]
            weight = weights[-1] if weights else 1.0
            for group in range(len(self.populations)):
                total += weight * self._of_cells([row], group)[:, 0]
        size = np.linalg.norm(total)
        rest = self._projected(total)
        if np.linalg.norm(rest) <= NOTHING * size:
            raise ModelError(
                f"along={along!r}: the model has that, or parameters that make up for it, so it is"
                " no misfit. Name one that the model leaves out."
            )
        return self._unflattened(rest)

    def at(self, direction: list[Array], target: float) -> tuple[Population, ...] | None:
        """Return the populations so far out in a direction that F is `target`, None if nowhere."""
        path = _GLS if self.fit.options.discrepancy == "GLS" else _ML
        values: list[Array] = [np.asarray(np.linalg.eigvalsh(x), np.float64) for x in direction]
        low, high = 0.0, path.farthest(np.concatenate(values))

        def f(length: float) -> float:
            parts = zip(self.shares, values, strict=True)
            return float(sum(share * path.f(length * own) for share, own in parts))

        if f(high * (1.0 - 1e-9)) < target:
            return None
        for _ in range(200):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if f(middle) < target else (low, middle)
        result = []
        for population, x in zip(self.populations, direction, strict=True):
            inner = path.relative(low * x)
            root = population.factor
            cov = root @ inner @ root.T
            if cholesky(cov) is None:
                return None
            result.append(replace(population, cov=0.5 * (cov + cov.T)))
        return tuple(result)

    def _projected(self, x: Array) -> Array:
        for _ in range(2):  # twice is enough for orthogonality to rounding
            x = x - self.basis @ (self.basis.T @ x)
        return x

    def _of_cells(self, rows: list[tuple[str, str, str]], group: int) -> Array:
        """Return the derivatives by cells of one group, flattened with zeros for the others."""
        block, point = self.fit.objective.blocks[group], self.fit.points[group]
        cells = cells_of(rows, self.fit.layout)
        own = moment_jacobian(block.model, point, self.order, cells)
        each = [own if g == group else np.zeros_like(own) for g in range(len(self.populations))]
        return self._flattened(each)

    def _flattened(self, each: Sequence[Array]) -> Array:
        """Turn derivatives of moments into those of C^-1 Sigma C^-T, groups below each other.

        Groups are weighted by their shares of F, and cells below the diagonal by sqrt(2), so that
        the product of two columns is the sum over groups of share times tr(X Y).
        """
        p = self.order.n_observed
        rows, cols = np.tril_indices(p)
        weight = np.where(rows == cols, 1.0, np.sqrt(2.0))
        parts = []
        for derivatives, population, share in zip(each, self.populations, self.shares, strict=True):
            full = np.zeros((p, p, derivatives.shape[1]))
            diagonal = np.arange(p)
            full[diagonal, diagonal] = derivatives[self.order.variances]
            full[self.order.rows, self.order.cols] = derivatives[self.order.covariances]
            full[self.order.cols, self.order.rows] = derivatives[self.order.covariances]
            half = solve_triangular(population.factor, np.eye(p), lower=True)
            white = np.einsum("ij,jkc,lk->ilc", half, full, half, optimize=True)
            parts.append(np.sqrt(share) * weight[:, None] * white[rows, cols])
        return np.vstack(parts)

    def _unflattened(self, x: Array) -> list[Array]:
        p = self.order.n_observed
        rows, cols = np.tril_indices(p)
        weight = np.where(rows == cols, 1.0, np.sqrt(2.0))
        result = []
        for part, share in zip(np.split(x, len(self.populations)), self.shares, strict=True):
            full = np.zeros((p, p))
            full[rows, cols] = full[cols, rows] = part / weight / np.sqrt(share)
            result.append(full)
        return result


class _ML:
    """C^-1 S C^-T = I + X, and F = tr X - log det(I + X)."""

    @staticmethod
    def farthest(values: Array) -> float:
        """Return the length at which S is no longer positive definite."""
        return float(1.0 / max(-values.min(), 1e-300))

    @staticmethod
    def f(values: Array) -> float:
        """Return F from the eigenvalues of X."""
        return float((values - np.log1p(values)).sum())

    @staticmethod
    def relative(x: Array) -> Array:
        """Return C^-1 S C^-T."""
        return np.asarray(np.eye(len(x)) + x)


class _GLS:
    """C' S^-1 C = P with P - P^2 = X, and F = tr (I - P)^2 / 2."""

    @staticmethod
    def farthest(values: Array) -> float:
        """Return the length at which P would be complex."""
        return float(0.25 / max(values.max(), 1e-300))

    @staticmethod
    def f(values: Array) -> float:
        """Return F from the eigenvalues of X."""
        return 0.5 * float(np.square(1.0 - _GLS._precision(values)).sum())

    @staticmethod
    def relative(x: Array) -> Array:
        """Return C^-1 S C^-T."""
        values, vectors = np.linalg.eigh(x)
        return np.asarray((vectors / _GLS._precision(values)) @ vectors.T)

    @staticmethod
    def _precision(values: Array) -> Array:
        return 0.5 + np.sqrt(0.25 - values)


def population_options(options: FitOptions) -> FitOptions:
    """Return the options to fit a model to moments of complete data, by GLS or ML."""
    name: Literal["GLS", "ML"] = "GLS" if options.discrepancy == "GLS" else "ML"
    return FitOptions(
        estimator=name, discrepancy=name, likelihood=options.likelihood, bounds=options.bounds
    )


def _as_fit(fit: Solution) -> Fit:
    if not isinstance(fit, Fit):
        raise ModelError(f"expected a fit, got {type(fit).__name__}.")
    return fit


def _returns(fit: Solution, populations: tuple[Population, ...], target: float) -> bool:
    """Whether the model, fitted to the populations, has the parameters and the discrepancy."""
    import warnings

    options = population_options(fit.options)
    samples = []
    for sample, population in zip(fit.samples, populations, strict=True):
        n = round(sample.total)
        moved = SampleMoments(
            sample.names, population.cov, population.mean, n, n, label=sample.label
        )
        # Undo what the estimator will do to the divisor.
        divisor = fitted_cov(moved, options)[0, 0] / moved.cov[0, 0]
        samples.append(replace(moved, cov=population.cov / divisor))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            again = fit_samples(fit.spec, tuple(samples), options)
        except ClusterSemError:
            return False
    if not again.converged or abs(again.state.f - target) > RETURNED * target:
        return False
    for old, new in zip(populations_of(fit), populations_of(again), strict=True):
        scale = np.outer(old.sd, old.sd)
        if np.abs((new.cov - old.cov) / scale).max() > RETURNED:
            return False
    return True


def _out_of_reach(fit: Solution, rmsea: float, along: str | None) -> DataError:
    where = f"along {along!r}" if along else f"in {DIRECTIONS} random directions"
    remedy = (
        "Ask for less, or leave along= out, which spreads the misfit over all variables."
        if along
        else "Ask for less, or say with along= which omitted parameters the misfit comes from."
    )
    return DataError(
        f"no population with RMSEA {rmsea:g} was found {where} in which the model ({fit.df} degrees"
        " of freedom) keeps its estimates: so far away the covariance matrix is not positive"
        f" definite, or other estimates fit better. {remedy}"
    )
