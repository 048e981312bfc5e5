"""Fleishman's polynomial: a cubic of a normal variable with a given skewness and kurtosis.

Written in Hermite polynomials, Y = r H1(Z) + c H2(Z) + d H3(Z) with H1 = z, H2 = z^2 - 1,
H3 = z^3 - 3 z, the powers are orthogonal: Y has mean zero and variance r^2 + 2 c^2 + 6 d^2, the
covariance of two such variables whose Z correlate rho is r r' rho + 2 c c' rho^2 + 6 d d' rho^3,
and r is the correlation of Y with Z. (Fleishman writes a + b z + c z^2 + d z^3: b = r - 3 d.)

References
----------
Fleishman, A. I. (1978). A method for simulating non-normal distributions. Psychometrika, 43,
521-532. doi:10.1007/BF02293811
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from clustersem.engine.ram import Array
from clustersem.errors import DataError

#: Starting values of d; many, since the equations may have several solutions.
STARTS = 41
#: How many steps of Newton's method each may take, and by when those that arrive have arrived.
STEPS, SETTLED = 100, 25
#: How exactly the moments are met, as pure numbers.
EXACT = 1e-12


@dataclass(frozen=True)
class Fleishman:
    """A cubic of a standard normal variable, standardised.

    Attributes
    ----------
    r, c, d : float
        Weights of the Hermite polynomials of degree 1, 2 and 3.
    """

    r: float
    c: float
    d: float

    @property
    def skewness(self) -> float:
        """Third standardised moment."""
        return float(_skewness(np.array(self.r), np.array(self.c), np.array(self.d)))

    @property
    def kurtosis(self) -> float:
        """Fourth standardised moment, less 3."""
        return float(_kurtosis(np.array(self.r), np.array(self.c), np.array(self.d)))

    @property
    def powers(self) -> tuple[float, float, float, float]:
        """Coefficients of 1, z, z^2 and z^3."""
        return -self.c, self.r - 3.0 * self.d, self.c, self.d


def check_possible(skewness: float, kurtosis: float, name: str) -> None:
    """Refuse a pair that no distribution has.

    Raises
    ------
    DataError
        Where the kurtosis is not above skewness^2 - 2 (only two points are on that line).
    """
    if not (np.isfinite(skewness) and np.isfinite(kurtosis)):
        raise DataError(f"{name}: skewness {skewness} and kurtosis {kurtosis} are no numbers.")
    if kurtosis <= skewness**2 - 2.0:
        raise DataError(
            f"{name}: no distribution has skewness {skewness:g} and excess kurtosis {kurtosis:g};"
            f" with that skewness it is above skewness^2 - 2 = {skewness**2 - 2.0:g}. (Excess"
            " kurtosis is that of a normal distribution less 3, so zero for a normal one.)"
        )


def fleishman(skewness: float, kurtosis: float, name: str = "the variable") -> Fleishman:
    """Return the cubic with given moments.

    Parameters
    ----------
    skewness, kurtosis : float
        Third standardised moment, and fourth less 3.
    name : str
        What to call the variable in an error.

    Returns
    -------
    Fleishman
        Of several solutions the one that correlates most with its normal variable.

    Raises
    ------
    DataError
        Where no distribution has such moments, or no cubic.

    Examples
    --------
    >>> [round(x, 4) for x in fleishman(1.75, 3.75).powers]  # Fleishman (1978), table 1
    [-0.3995, 0.9297, 0.3995, -0.0365]
    """
    check_possible(skewness, kurtosis, name)
    found = solution(float(skewness), float(kurtosis))
    if found is not None:
        return found
    wanted = f"skewness {skewness:g} and excess kurtosis {kurtosis:g}"
    no_cubic = f"{name}: no polynomial of degree three (Fleishman's) has {wanted}"
    reach = kurtosis_range(float(skewness))
    if reach is None:
        raise DataError(f"{no_cubic}: there is none with that skewness. Ask for less.")
    low, high = reach
    raise DataError(
        f"{no_cubic}; with that skewness its kurtosis lies between {low:.2f} and {high:.2f}. Ask"
        " for a kurtosis between these."
    )


@lru_cache(maxsize=4096)
def solution(skewness: float, kurtosis: float) -> Fleishman | None:
    """Return the cubic, or None where there is none."""
    sign = -1.0 if skewness < 0.0 else 1.0
    d = np.linspace(-0.4, 0.4, STARTS)
    c = np.full(STARTS, min(abs(skewness) / 6.0, 0.5))
    tolerance = EXACT * (1.0 + abs(kurtosis))
    good = np.empty(0, dtype=np.intp)
    for step in range(STEPS):
        r, d = _on_sphere(c, d)
        e1, e2 = _skewness(r, c, d) - abs(skewness), _kurtosis(r, c, d) - kurtosis
        good = np.flatnonzero(np.maximum(np.abs(e1), np.abs(e2)) < tolerance)
        if len(good) and step >= SETTLED:
            break
        (a11, a12), (a21, a22) = _slopes(r, c, d)
        det = a11 * a22 - a12 * a21
        det = np.where(np.abs(det) < 1e-10, 1e-10, det)
        by_c, by_d = (a22 * e1 - a12 * e2) / det, (a11 * e2 - a21 * e1) / det
        size = np.maximum(1.0, np.hypot(by_c, by_d) / 0.1)
        c, d = np.clip(c - by_c / size, 0.0, 0.7), d - by_d / size
    if not len(good):
        return None
    best = good[np.argmax(r[good])]
    return Fleishman(float(r[best]), sign * float(c[best]), float(d[best]))


def kurtosis_range(skewness: float) -> tuple[float, float] | None:
    """Return the smallest and largest excess kurtosis of cubics with a skewness, to two digits.

    None where no cubic has it.
    """
    c, d = np.meshgrid(np.linspace(0.0, np.sqrt(0.5), 1201), np.linspace(-0.41, 0.41, 821))
    inside = 2.0 * c**2 + 6.0 * d**2 <= 1.0
    r = np.sqrt(np.where(inside, 1.0 - 2.0 * c**2 - 6.0 * d**2, 0.0))
    excess = np.where(inside, _skewness(r, c, d) - abs(skewness), np.nan)
    # Where the skewness is passed between two neighbours, the kurtosis is interpolated.
    left, right = excess[:, :-1], excess[:, 1:]
    rows, cols = np.nonzero((left <= 0.0) & (right > 0.0) | (left >= 0.0) & (right < 0.0))
    if not len(rows):
        return None
    kurtosis = _kurtosis(r, c, d)
    share = left[rows, cols] / (left[rows, cols] - right[rows, cols])
    at = (1.0 - share) * kurtosis[rows, cols] + share * kurtosis[rows, cols + 1]
    return float(at.min()), float(at.max())


def _on_sphere(c: Array, d: Array) -> tuple[Array, Array]:
    """Return r and d with r^2 + 2 c^2 + 6 d^2 = 1; d is shortened where there is no such r."""
    room = np.maximum(1.0 - 2.0 * c**2, 0.0)
    most = np.sqrt(room / 6.0)
    d = np.clip(d, -most, most)
    return np.sqrt(np.maximum(room - 6.0 * d**2, 0.0)), d


def _skewness(r: Array, c: Array, d: Array) -> Array:
    return np.asarray(2.0 * c * (r**2 + 18.0 * r * d + 42.0 * d**2 + 2.0))


def _kurtosis(r: Array, c: Array, d: Array) -> Array:
    b = r - 3.0 * d
    return np.asarray(
        24.0
        * (
            b * d
            + c**2 * (1.0 + b**2 + 28.0 * b * d)
            + d**2 * (12.0 + 48.0 * b * d + 141.0 * c**2 + 225.0 * d**2)
        )
    )


def _slopes(r: Array, c: Array, d: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the derivatives of skewness and kurtosis by c and d along the sphere."""
    inverse = 1.0 / np.maximum(r, 1e-8)
    r_c, r_d = -2.0 * c * inverse, -6.0 * d * inverse
    s_r = 2.0 * c * (2.0 * r + 18.0 * d)
    s_c = 2.0 * (r**2 + 18.0 * r * d + 42.0 * d**2 + 2.0)
    s_d = 2.0 * c * (18.0 * r + 84.0 * d)
    b = r - 3.0 * d
    k_b = 24.0 * (d + c**2 * (2.0 * b + 28.0 * d) + 48.0 * d**3)
    k_c = 48.0 * c * (1.0 + b**2 + 28.0 * b * d + 141.0 * d**2)
    k_d = 24.0 * (b + 28.0 * b * c**2 + d * (24.0 + 144.0 * b * d + 282.0 * c**2 + 900.0 * d**2))
    k_d = k_d - 3.0 * k_b
    return (
        (s_c + s_r * r_c, s_d + s_r * r_d),
        (k_c + k_b * r_c, k_d + k_b * r_d),
    )
