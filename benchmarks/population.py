"""The population of the simulation studies: skewed Likert answers to three constructs.

Standard normal latent responses follow the model exactly, and cutting them into five categories
gives the answers. What each estimator estimates then follows without simulation: least squares on
polychoric correlations the model's own parameters; maximum likelihood on the category numbers those
that fit best to the covariance matrix of the category numbers, which comes from the probabilities
of the cells of every pair of items.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from scipy.special import ndtri

import clustersem as cs
from clustersem.moments.polychoric import cells

MODEL = """
F1 =~ x1 + x2 + x3 + x4
F2 =~ x5 + x6 + x7 + x8
F3 =~ x9 + x10 + x11 + x12
"""
ITEMS = [f"x{i}" for i in range(1, 13)]
LOADINGS = np.array([0.8, 0.7, 0.6, 0.7] * 3)
CORRELATIONS = np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.3], [0.4, 0.3, 1.0]])
#: Shares of the categories 1 to 5: most agree, few do not (skewness -1.15, excess kurtosis 0.74).
SHARES = np.array([0.03, 0.06, 0.14, 0.32, 0.45])
N_CATEGORIES = len(SHARES)
THRESHOLDS = ndtri(np.cumsum(SHARES)[:-1])
SCORES = np.arange(1.0, N_CATEGORIES + 1.0)
#: A size at which an estimate from the population's matrix is the population's value.
INFINITE = 10_000_000


def latent_correlations() -> np.ndarray:
    """Return the correlations of the latent responses (12 x 12)."""
    loading = np.zeros((12, 3))
    loading[np.arange(12), np.arange(12) // 4] = LOADINGS
    matrix = loading @ CORRELATIONS @ loading.T
    np.fill_diagonal(matrix, 1.0)
    return matrix


def answers(n: int, generator: np.random.Generator) -> pd.DataFrame:
    """Draw n respondents."""
    factor = np.linalg.cholesky(latent_correlations())
    latent = generator.standard_normal((n, 12)) @ factor.T
    values = 1.0 + np.searchsorted(THRESHOLDS, latent)
    return pd.DataFrame(values, columns=ITEMS)


def moments_of_scores() -> tuple[float, float, float]:
    """Return variance, skewness and excess kurtosis of the category numbers."""
    deviations = SCORES - SCORES @ SHARES
    variance, third, fourth = (float(SHARES @ deviations**k) for k in (2, 3, 4))
    return variance, third / variance**1.5, fourth / variance**2 - 3.0


@cache
def scores_cov() -> pd.DataFrame:
    """Return the population covariance matrix of the category numbers."""
    correlations = latent_correlations()
    rows, cols = np.tril_indices(12, -1)
    cuts = np.repeat(THRESHOLDS[:, None], len(rows), axis=1)
    probabilities, _, _ = cells(cuts, cuts, correlations[rows, cols])
    centred = SCORES - SCORES @ SHARES
    cov = np.eye(12) * moments_of_scores()[0]
    cov[rows, cols] = cov[cols, rows] = np.einsum("a,b,abm->m", centred, centred, probabilities)
    return pd.DataFrame(cov, ITEMS, ITEMS)


@cache
def fit_to_scores(estimator: str) -> cs.Fit:
    """Return the model fitted to the population's covariance matrix of the category numbers."""
    return cs.cfa(MODEL, cov=scores_cov(), n_obs=INFINITE, estimator=estimator)


def of_scores(estimator: str) -> pd.Series:
    """Return what an estimator that takes category numbers for continuous tends to."""
    return _values(fit_to_scores(estimator))


def discrepancy() -> float:
    """Return how far the model is from true of the category numbers: F of maximum likelihood."""
    return fit_to_scores("ML").measures["chisq"] / INFINITE


@cache
def of_latent_responses() -> pd.Series:
    """Return the model's own parameters, in the metric of the markers."""
    cov = pd.DataFrame(latent_correlations(), ITEMS, ITEMS)
    return _values(cs.cfa(MODEL, cov=cov * (INFINITE / (INFINITE - 1.0)), n_obs=INFINITE))


def _values(fit: cs.Fit) -> pd.Series:
    return compared(fit.estimates)["est"]


def compared(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the free loadings and the variances and covariances of constructs, by name.

    Every estimator has these; residual variances are no parameters of ordinal items.
    """
    loadings = (estimates["op"] == "=~") & (estimates["se"] != 0.0)
    constructs = (estimates["op"] == "~~") & ~estimates["lhs"].isin(ITEMS)
    rows = estimates[loadings | constructs]
    return rows.set_index(rows["lhs"] + rows["op"] + rows["rhs"])
