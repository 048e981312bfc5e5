"""Five answer steps from a normal latent response, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.special import ndtr

from clustersem.studies.cross_border.populations import Matrix

ANSWERS = np.arange(1.0, 6.0)
_BOUNDARIES = np.arange(1.5, 5.0)
_TERMS = 300


@dataclass(frozen=True)
class LikertItem:
    """A normal response, rounded to the nearest of five answers.

    Attributes
    ----------
    thresholds : ndarray, shape (4,)
        On the standard normal scale.
    probabilities : ndarray, shape (5,)
        Of the answers 1 to 5.
    coefficients : ndarray, shape (300,)
        Of the standardised answer in normalised Hermite polynomials, degree 1 first. The first
        is the correlation of answer and latent response.
    """

    thresholds: Matrix
    probabilities: Matrix
    coefficients: Matrix

    @property
    def coarseness(self) -> float:
        """Share of the answer's variance that no linear function of the response explains."""
        return 1.0 - float(self.coefficients[0] ** 2)


def likert_item(mean: float, sd: float) -> LikertItem:
    """Find the normal response whose rounding to 1, ..., 5 has a given mean and deviation.

    Parameters
    ----------
    mean : float
        Mean answer, inside (1, 5).
    sd : float
        Standard deviation of the answer, in answer steps.

    Returns
    -------
    LikertItem

    Raises
    ------
    ValueError
        No rounded normal response has these moments.

    Examples
    --------
    >>> item = likert_item(3.6, 1.0)
    >>> round(float(item.probabilities @ ANSWERS), 6), item.coarseness < 0.12
    (3.6, True)
    """
    from scipy.optimize import root

    def excess(parameters: Matrix) -> Matrix:
        share = _probabilities((_BOUNDARIES - parameters[0]) * np.exp(-parameters[1]))
        centre = share @ ANSWERS
        return np.array([centre - mean, np.sqrt(share @ (ANSWERS - centre) ** 2) - sd])

    found = root(excess, np.array([mean, np.log(sd)]), tol=1e-13)
    if np.abs(excess(found.x)).max() > 1e-9:
        raise ValueError(
            f"no rounded normal response has mean {mean} and standard deviation {sd} on a "
            "scale from 1 to 5"
        )
    thresholds = (_BOUNDARIES - found.x[0]) * np.exp(-found.x[1])
    return LikertItem(thresholds, _probabilities(thresholds), _hermite(thresholds) / sd)


def _probabilities(thresholds: Matrix) -> Matrix:
    return np.diff(np.concatenate(([0.0], ndtr(thresholds), [1.0])))


def _hermite(thresholds: Matrix) -> Matrix:
    """Integrals of each step function against the normalised Hermite polynomials."""
    density = np.exp(-0.5 * thresholds**2) / np.sqrt(2.0 * np.pi)
    before, current = np.zeros_like(thresholds), np.ones_like(thresholds)
    coefficients = np.empty(_TERMS)
    for k in range(1, _TERMS + 1):
        coefficients[k - 1] = (density * current).sum() / np.sqrt(k)
        before, current = (
            current,
            (thresholds * current - np.sqrt(k - 1) * before) / np.sqrt(k),
        )
    return coefficients


def latent_correlation(answers: Matrix, items: list[LikertItem]) -> Matrix:
    """Find the latent correlations at which the answers correlate as wanted.

    Parameters
    ----------
    answers : ndarray, shape (p, p)
        Product-moment correlations that the answers are to have.
    items : list of LikertItem
        The p items.

    Returns
    -------
    ndarray, shape (p, p)
        Solved pair by pair; unit diagonal. Not necessarily positive definite.

    Notes
    -----
    By Mehler's formula the answers' correlation is the power series in the latent one whose
    coefficients are products of the items' Hermite coefficients.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
    *Psychometrika*, 44(4), 443-460. https://doi.org/10.1007/BF02296207
    """
    loads = np.array([item.coefficients for item in items])
    latent = answers.copy()
    for _ in range(60):
        value, slope, power = np.zeros_like(latent), np.zeros_like(latent), np.ones_like(latent)
        for k in range(_TERMS):
            term = np.outer(loads[:, k], loads[:, k])
            slope += (k + 1) * term * power
            power = power * latent
            value += term * power
        move = (answers - value) / slope
        np.fill_diagonal(move, 0.0)
        latent = np.clip(latent + move, -0.99, 0.99)
        if np.abs(move).max() < 1e-13:
            break
    np.fill_diagonal(latent, 1.0)
    return latent


def nearest_definite(correlation: Matrix, *, smallest: float) -> Matrix:
    """Lift the eigenvalues of a correlation matrix to at least `smallest`, diagonal kept at 1."""
    values, vectors = linalg.eigh(correlation)
    lifted = (vectors * np.maximum(values, smallest)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    return np.asarray(lifted / np.outer(scale, scale))


def discretise(responses: Matrix, items: list[LikertItem]) -> Matrix:
    """Turn responses into answers whose frequencies are the items' probabilities.

    The thresholds are the sample's own quantiles, so the answers' means and deviations do not
    vary with the sample.

    Parameters
    ----------
    responses : ndarray, shape (n, p)

    Returns
    -------
    ndarray, shape (n, p)
        Whole numbers from 1 to 5.
    """
    n = len(responses)
    answers = np.empty(responses.shape)
    for j, item in enumerate(items):
        rank = np.argsort(np.argsort(responses[:, j], kind="stable"), kind="stable")
        last = np.rint(np.cumsum(item.probabilities)[:4] * n)
        answers[:, j] = 1.0 + (rank[:, None] >= last).sum(axis=1)
    return answers
