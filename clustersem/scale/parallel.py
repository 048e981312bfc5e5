"""How many factors: Horn's parallel analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.scale.answers import Answers, Array, complete_answers
from clustersem.scale.correlation import (
    correlations,
    positive_definite_correlations,
    standardised,
)
from clustersem.scale.kernels.extraction import squared_multiple_correlations

# Matrices simulated at a time: bounds the memory at any number of draws.
_BATCH = 256


@dataclass(frozen=True)
class ParallelAnalysis:
    """Observed eigenvalues against those of uncorrelated items.

    Attributes
    ----------
    n_factors : int
        Leading observed eigenvalues above the chosen quantile of the simulated ones, up to the
        first that is not.
    eigenvalues : DataFrame
        One row an eigenvalue: ``observed``, ``simulated_mean``, ``simulated_quantile``,
        ``retained``.
    model : str
        ``"components"`` or ``"factors"``.
    null : str
    quantile : float
    n_simulations, seed : int
    n, n_deleted : int
        Complete respondents, and those left out for a missing answer.
    """

    n_factors: int
    eigenvalues: pd.DataFrame
    model: str
    null: str
    quantile: float
    n_simulations: int
    seed: int
    n: int
    n_deleted: int


def _spectrum(matrices: Array, model: str) -> Array:
    """Eigenvalues, largest first, of R, or of R with communalities on its diagonal."""
    if model == "factors":
        diagonal = np.arange(matrices.shape[-1])
        matrices = matrices.copy()
        matrices[..., diagonal, diagonal] = squared_multiple_correlations(matrices)
    return np.asarray(np.linalg.eigvalsh(matrices)[..., ::-1])


def _normal_correlations(rng: np.random.Generator, draws: int, n: int, p: int) -> Array:
    """Correlation matrices of n independent normal respondents, shape (draws, p, p).

    Bartlett's decomposition draws the p (p + 1) / 2 numbers that the matrix depends on, instead of
    n p answers: chi variables on the diagonal of a triangle, normal ones below it.
    """
    triangle = np.tril(rng.normal(size=(draws, p, p)), -1)
    diagonal = np.arange(p)
    triangle[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n - 1.0 - diagonal, size=(draws, p)))
    triangle /= np.sqrt(np.sum(triangle**2, axis=2, keepdims=True))
    return np.asarray(triangle @ np.swapaxes(triangle, 1, 2))


def _permuted_correlations(rng: np.random.Generator, draws: int, z: Array) -> Array:
    """Correlation matrices of answers that are shuffled within each item, shape (draws, p, p)."""
    shuffled = rng.permuted(np.broadcast_to(z, (draws, *z.shape)), axis=1)
    return np.asarray(np.swapaxes(shuffled, 1, 2) @ shuffled / (len(z) - 1.0))


def parallel_analysis(
    data: Answers,
    *,
    seed: int = 1,
    model: Literal["components", "factors"] = "components",
    null: Literal["normal", "permuted"] = "normal",
    quantile: float = 0.95,
    n_simulations: int = 1000,
    items: Sequence[str] | None = None,
) -> ParallelAnalysis:
    """Retain the factors whose eigenvalues exceed those of uncorrelated items.

    Parameters
    ----------
    data : DataFrame or Survey
        Respondents x items. Respondents with a missing answer are left out (listwise) and counted.
    seed : int
        The same seed gives the same answer.
    model : {"components", "factors"}
        Eigenvalues of the correlation matrix (Horn), or of the matrix with squared multiple
        correlations on its diagonal (Humphreys and Ilgen), which is about common factors.
    null : {"normal", "permuted"}
        Simulate normal answers, or shuffle the observed ones within each item.
    quantile : float
        Of the simulated eigenvalues; 0.5 is near Horn's mean, 0.95 guards against weak factors.
    n_simulations : int
    items : sequence of str, optional
        Columns to take; all by default.

    Returns
    -------
    ParallelAnalysis

    Raises
    ------
    DataError
        For answers that cannot be correlated, or fewer respondents than items.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis.
    Psychometrika, 30, 179-185. https://doi.org/10.1007/BF02289447

    Humphreys, L. G., & Ilgen, D. R. (1969). Note on a criterion for the number of common factors.
    Educational and Psychological Measurement, 29, 571-578.
    https://doi.org/10.1177/001316446902900303

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from clustersem.scale import parallel_analysis
    >>> rng = np.random.default_rng(1)
    >>> traits = rng.normal(size=(300, 2))
    >>> answers = pd.DataFrame(
    ...     np.repeat(traits, 3, axis=1) + rng.normal(size=(300, 6)), columns=list("abcdef")
    ... )
    >>> parallel_analysis(answers, seed=7).n_factors
    2
    """
    if model not in ("components", "factors") or null not in ("normal", "permuted"):
        raise DataError(
            f"model must be 'components' or 'factors' and null 'normal' or 'permuted', "
            f"got {model!r} and {null!r}"
        )
    if not 0.0 < quantile < 1.0 or n_simulations < 10:
        raise DataError(
            f"quantile must lie between 0 and 1 and n_simulations be at least 10, "
            f"got {quantile} and {n_simulations}"
        )
    answers = complete_answers(data, items)
    n, p = answers.n, len(answers.items)
    if n <= p:
        raise DataError(
            f"parallel analysis needs more complete respondents than items: there are {n} "
            f"respondents and {p} items"
        )
    observed_matrix = (
        positive_definite_correlations(answers, "parallel analysis of common factors")
        if model == "factors"
        else correlations(answers)
    )
    observed = _spectrum(observed_matrix, model)
    rng = np.random.default_rng(seed)
    z = standardised(answers.values)
    # Shuffling holds draws x n x p numbers, so its batches shrink with the data.
    batch = _BATCH if null == "normal" else max(1, min(_BATCH, 4_000_000 // (n * p)))
    parts = []
    for first in range(0, n_simulations, batch):
        draws = min(batch, n_simulations - first)
        null_matrices = (
            _normal_correlations(rng, draws, n, p)
            if null == "normal"
            else _permuted_correlations(rng, draws, z)
        )
        parts.append(_spectrum(null_matrices, model))
    simulated = np.concatenate(parts)
    threshold = np.quantile(simulated, quantile, axis=0)
    above = observed > threshold
    n_factors = p if above.all() else int(np.argmin(above))
    return ParallelAnalysis(
        n_factors=n_factors,
        eigenvalues=pd.DataFrame(
            {
                "observed": observed,
                "simulated_mean": simulated.mean(axis=0),
                "simulated_quantile": threshold,
                "retained": np.arange(p) < n_factors,
            },
            index=range(1, p + 1),
        ),
        model=model,
        null=null,
        quantile=quantile,
        n_simulations=n_simulations,
        seed=seed,
        n=n,
        n_deleted=answers.n_deleted,
    )
