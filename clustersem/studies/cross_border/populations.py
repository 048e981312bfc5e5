"""The population that the printed estimates imply (route 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import linalg

from clustersem.audit.published import PrintedCoefficient
from clustersem.studies.cross_border.completion import maximum_determinant_completion
from clustersem.studies.cross_border.paper import (
    loadings,
    marker,
    path,
    paths,
    published,
    value,
)

if TYPE_CHECKING:
    import pandas as pd

Matrix = npt.NDArray[np.float64]

SUBSYSTEMS = (("B1", "B2", "B3"), ("B4", "B5", "B6"))
"""The explaining constructs by subsystem: correlations inside a group are not printed."""

OUTCOMES = ("A1", "A2")

ANCHOR_SD = MappingProxyType({"A1": 0.70, "A2": 0.87})
"""Standard deviations of the outcomes' marker items, C26 and C29.

The printed unstandardised loadings and paths fix the ratios between item standard deviations
but not their size. With these two, all 26 lie between 0.58 and 1.32 answer steps, which a
five-point scale can show.
"""


@dataclass(frozen=True)
class Population:
    """A fully specified structural equation model, latent variables standardised.

    Attributes
    ----------
    items, constructs : tuple of str
        Order of the observed and the latent variables.
    loadings : ndarray, shape (p, m)
        Standardised loadings.
    regressions : ndarray, shape (m, m)
        Standardised path coefficients, row = outcome.
    disturbances : ndarray, shape (m, m)
        Covariances of the latent residuals (of the latent variable itself, where exogenous).
    residuals : ndarray, shape (p, p)
        Residual covariances of the standardised items.
    item_sd : ndarray, shape (p,)
        Standard deviations of the items in answer steps.
    """

    items: tuple[str, ...]
    constructs: tuple[str, ...]
    loadings: Matrix
    regressions: Matrix
    disturbances: Matrix
    residuals: Matrix
    item_sd: Matrix

    def __post_init__(self) -> None:
        for name in ("loadings", "regressions", "disturbances", "residuals", "item_sd"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def total_effects(self) -> Matrix:
        """Effects of the latent residuals on the latent variables, (I - B)^-1."""
        return np.asarray(linalg.inv(np.eye(len(self.constructs)) - self.regressions))

    @property
    def latent_correlation(self) -> Matrix:
        """Correlations of the eight constructs."""
        effects = self.total_effects
        return np.asarray(effects @ self.disturbances @ effects.T)

    @property
    def correlation(self) -> Matrix:
        """Correlations of the items, shape (p, p)."""
        return np.asarray(self.loadings @ self.latent_correlation @ self.loadings.T) + (
            self.residuals
        )

    @property
    def covariance(self) -> Matrix:
        """Covariances of the items in squared answer steps, shape (p, p)."""
        return self.correlation * np.outer(self.item_sd, self.item_sd)

    def r_squared(self, construct: str) -> float:
        """Explained share of an outcome's variance."""
        k = self.constructs.index(construct)
        return 1.0 - float(self.disturbances[k, k])


@cache
def construct_correlations() -> Matrix:
    """Correlations of B1 to B6: nine printed in Table 7, six completed.

    Returns
    -------
    ndarray, shape (6, 6)
        Read-only. With zeros in place of the unprinted correlations the matrix would not be
        positive definite, so the authors' model must have left them free.

    Examples
    --------
    >>> construct_correlations().round(3)[0].tolist()
    [1.0, 0.556, 0.538, 0.581, 0.569, 0.633]
    """
    first, second = SUBSYSTEMS
    partial = np.eye(6)
    for i, left in enumerate(first):
        for j, right in enumerate(second, start=3):
            partial[i, j] = partial[j, i] = value(path(f"{left} ~~ {right}").std)
    free = [(start + i, start + j) for start in (0, 3) for i, j in ((0, 1), (0, 2), (1, 2))]
    completed = maximum_determinant_completion(partial, free)
    completed.flags.writeable = False
    return completed


def population(residual_correlations: Mapping[tuple[str, str], float] | None = None) -> Population:
    """Build the population whose standardised parameters are the printed ones.

    The .472 of H16 is read as a correlation of disturbances, because AMOS draws a covariance
    of two endogenous variables between their residuals.

    Parameters
    ----------
    residual_correlations : mapping of (item, item) to float, optional
        Correlations of item residuals, in (-1, 1). The paper frees five and prints none;
        without this argument all are zero.

    Returns
    -------
    Population

    Examples
    --------
    >>> found = population()
    >>> round(found.r_squared("A1"), 3), round(found.r_squared("A2"), 3)
    (0.559, 0.748)
    """
    paper = published()
    constructs = tuple(paper.construct)
    rows = loadings(paper)
    items = tuple(row.rhs for row in rows)
    pattern = np.zeros((len(items), len(constructs)))
    for k, row in enumerate(rows):
        pattern[k, constructs.index(row.lhs)] = value(row.std)
    regressions = np.zeros((len(constructs), len(constructs)))
    for row in _regressions():
        regressions[constructs.index(row.lhs), constructs.index(row.rhs)] = value(row.std)
    unique = np.diag(1.0 - (pattern**2).sum(axis=1))
    for (left, right), correlation in (residual_correlations or {}).items():
        i, j = items.index(left), items.index(right)
        unique[i, j] = unique[j, i] = correlation * np.sqrt(unique[i, i] * unique[j, j])
    return Population(
        items=items,
        constructs=constructs,
        loadings=pattern,
        regressions=regressions,
        disturbances=_disturbances(constructs, regressions),
        residuals=unique,
        item_sd=_item_sd(),
    )


def implied_covariance() -> pd.DataFrame:
    """Covariance matrix of the 26 items that the printed estimates imply.

    Fitting the revised model to it with ``n_obs=481`` returns the printed loadings, paths and
    correlations: standardised to the printed digit, and the unstandardised loadings and
    regressions too. The five residual covariances are zero in it.

    Returns
    -------
    DataFrame, 26 x 26
        In squared answer steps. As ML does not depend on the items' scale, neither do the
        standardised solution and the fit.

    Examples
    --------
    >>> implied_covariance().shape
    (26, 26)
    """
    import pandas as pd

    source = population()
    names = list(source.items)
    return pd.DataFrame(source.covariance, index=names, columns=names)


def _disturbances(constructs: tuple[str, ...], regressions: Matrix) -> Matrix:
    size = len(constructs)
    exogenous = [constructs.index(name) for group in SUBSYSTEMS for name in group]
    matrix = np.zeros((size, size))
    matrix[np.ix_(exogenous, exogenous)] = construct_correlations()
    outcomes = [constructs.index(name) for name in OUTCOMES]
    explained = regressions @ matrix @ regressions.T
    for k in outcomes:
        matrix[k, k] = 1.0 - explained[k, k]
    first, second = outcomes
    covariance = value(path("A1 ~~ A2").std) * np.sqrt(
        matrix[first, first] * matrix[second, second]
    )
    matrix[first, second] = matrix[second, first] = covariance
    return matrix


def _item_sd() -> Matrix:
    """Find the standard deviations at which the printed unstandardised estimates come out.

    A standardised coefficient is the unstandardised one times sd(cause) / sd(effect).
    """
    latent_sd = {name: value(marker(name).std) * sd for name, sd in ANCHOR_SD.items()}
    for row in _regressions():
        latent_sd[row.rhs] = latent_sd[row.lhs] * value(row.std) / value(row.est)
    return np.array(
        [latent_sd[row.lhs] * value(row.est) / value(row.std) for row in loadings(published())]
    )


def _regressions() -> tuple[PrintedCoefficient, ...]:
    return tuple(row for row in paths(published()) if row.op == "~")
