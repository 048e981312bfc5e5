"""Rotation to simple structure, and the order and sign in which factors are shown."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.linalg

from clustersem.scale.answers import Array
from clustersem.scale.factor_analyzer_bridge import rotate_with

Rotation = Literal["none", "varimax", "quartimax", "equamax", "promax", "oblimin", "geomin"]
ROTATIONS: tuple[str, ...] = get_args(Rotation)

_PROMAX_POWER = 4
_PACKAGE_NAME = {"geomin": "geomin_obl"}


@dataclass(frozen=True)
class Rotated:
    """Rotated loadings with the factor correlations in the same order and sign.

    Attributes
    ----------
    pattern : ndarray, shape (p, k)
    phi : ndarray, shape (k, k)
    converged : bool
    """

    pattern: Array
    phi: Array
    converged: bool


def _promax(varimax: Array) -> tuple[Array, Array]:
    """Regress the powered varimax loadings on themselves, factors scaled to variance one.

    Hendrickson, A. E., & White, P. O. (1964). Promax: a quick method for rotation to oblique simple
    structure. British Journal of Statistical Psychology, 17, 65-70.
    https://doi.org/10.1111/j.2044-8317.1964.tb00244.x
    """
    target = varimax * np.abs(varimax) ** (_PROMAX_POWER - 1)
    transform = scipy.linalg.lstsq(varimax, target)[0]
    inverse = scipy.linalg.inv(transform)
    # diag((U'U)^-1) are the variances of the factors that U implies.
    transform = transform * np.sqrt(np.sum(inverse**2, axis=1))
    inverse = scipy.linalg.inv(transform)
    return np.asarray(varimax @ transform), np.asarray(inverse @ inverse.T)


def planar_varimax(
    loadings: Array, *, tol: float = 1e-12, max_sweeps: int = 1000
) -> tuple[Array, bool]:
    """Rotate by varimax, two factors at a time, each pair by its best angle in closed form.

    The iteration of factor_analyzer, and of R, turns all factors at once and can go round in
    circles, most often with as few items as two a factor. Every step here raises the criterion, so
    this one cannot. It is what SPSS does, and is used where the other does not end; where that
    ends, it ends where R does.

    Parameters
    ----------
    loadings : ndarray, shape (p, k)
    tol : float
        The sweeps end when none of their angles, in radians, is this large.
    max_sweeps : int
        How often all pairs are gone through at most.

    Returns
    -------
    rotated : ndarray, shape (p, k)
    converged : bool
        Whether the last sweep turned no pair by `tol` or more.

    References
    ----------
    Kaiser, H. F. (1958). The varimax criterion for analytic rotation in factor analysis.
    Psychometrika, 23, 187-200. doi:10.1007/BF02289233
    """
    rotated = loadings.copy()
    p, k = rotated.shape
    for _ in range(max_sweeps):
        largest = 0.0
        for i, j in itertools.combinations(range(k), 2):
            x, y = rotated[:, i].copy(), rotated[:, j].copy()
            u, v = x**2 - y**2, 2.0 * x * y
            numerator = 2.0 * (u @ v - u.sum() * v.sum() / p)
            denominator = u @ u - v @ v - (u.sum() ** 2 - v.sum() ** 2) / p
            angle = 0.25 * np.arctan2(numerator, denominator)
            largest = max(largest, abs(angle) if np.hypot(numerator, denominator) > 1e-14 else 0.0)
            rotated[:, i] = np.cos(angle) * x + np.sin(angle) * y
            rotated[:, j] = np.cos(angle) * y - np.sin(angle) * x
        if largest < tol:
            return rotated, True
    return rotated, False


def factor_variances(pattern: Array, phi: Array) -> Array:
    """Variance that each factor accounts for, diag(Phi L'L); the sum is tr(L Phi L')."""
    return np.asarray(np.sum(phi * (pattern.T @ pattern), axis=0))


def arrange(pattern: Array, phi: Array) -> tuple[Array, Array]:
    """Order factors by falling variance and turn each so that its loadings sum to at least zero.

    Pattern and correlations move together, so ``pattern @ phi @ pattern.T`` does not change.
    """
    order = np.argsort(-factor_variances(pattern, phi), kind="stable")
    pattern, phi = pattern[:, order], phi[np.ix_(order, order)]
    sign = np.where(pattern.sum(axis=0) < 0.0, -1.0, 1.0)
    return pattern * sign, phi * np.outer(sign, sign)


def rotate(
    loadings: Array, method: Rotation, *, kaiser: bool | None, tol: float, max_iter: int
) -> Rotated:
    """Rotate, then arrange.

    Parameters
    ----------
    loadings : ndarray, shape (p, k)
        Unrotated.
    method : str
        One of `ROTATIONS`.
    kaiser : bool or None
        Kaiser's normalisation: rotate rows of length one, then give the items their communalities
        back. None: for varimax, quartimax, equamax and the varimax stage of promax only.
    tol : float
        See :func:`~clustersem.scale.factor_analyzer_bridge.rotate_with`.
    max_iter : int
    """
    k = loadings.shape[1]
    if method == "none" or k < 2:
        return Rotated(*arrange(loadings, np.eye(k)), converged=True)
    length = np.sqrt(np.sum(loadings**2, axis=1, keepdims=True))
    # A row of zeros has no direction: any length leaves it zero.
    length = np.where(length > 0.0, length, 1.0)
    orthogonal = method in ("varimax", "quartimax", "equamax", "promax")
    normalise = length if (orthogonal if kaiser is None else kaiser) else np.ones_like(length)
    criterion = "varimax" if method == "promax" else _PACKAGE_NAME.get(method, method)
    # Equamax is the Crawford-Ferguson criterion with kappa = k / (2 p); the package's default of
    # zero would be quartimax.
    kappa = k / (2.0 * len(loadings))
    rotated, phi, converged = rotate_with(
        loadings / normalise, criterion, tol=tol, max_iter=max_iter, kappa=kappa
    )
    if criterion == "varimax" and not converged:
        rotated, converged = planar_varimax(loadings / normalise, max_sweeps=max_iter)
    if method == "promax":
        # By default the regression works on the loadings as they are, as in R's promax; with
        # kaiser=True on the normalised ones, as in SPSS.
        kept = normalise if kaiser else np.ones_like(length)
        rotated, phi = _promax(rotated * normalise / kept)
        normalise = kept
    return Rotated(*arrange(rotated * normalise, phi), converged=converged)
