"""What the parameters are held to: equalities, inequalities and bounds, as numbers.

Equalities hold where h(theta) = 0 and inequalities where g(theta) >= 0. Linear ones are matrices;
the others are functions that return values and exact derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clustersem.engine.ram import Array, Index

#: theta -> (values, Jacobian) of some restrictions that are not linear.
Curved = Callable[[Array], tuple[Array, Array]]

# Rows of a Jacobian scaled to unit length whose part that is their own is below this share are
# linear combinations of the rows before.
OWN_ROW = 1e-9
# Steps of the central differences of exact derivatives: the cube root of double precision.
DIFFERENCE = 6e-6
# Newton steps towards equalities, which converge quadratically.
NEAR = 6


@dataclass(frozen=True)
class Values:
    """Values of some restrictions with their derivatives by theta (one row each)."""

    value: Array
    jacobian: Array


@dataclass(frozen=True, eq=False)
class Restrictions:
    """Equalities h(theta) = 0, inequalities g(theta) >= 0 and bounds of q parameters.

    Attributes
    ----------
    n_free : int
        Number q of parameters.
    linear_equal, constant_equal : ndarray of shape (a, q) and (a,)
        Rows of A theta - b = 0.
    linear_least, constant_least : ndarray of shape (b, q) and (b,)
        Rows of C theta - d >= 0.
    curved_equal, curved_least : callable, optional
        Equalities and inequalities that are not linear: theta to values and Jacobian. Where they
        are undefined (a logarithm of a negative number) the values are NaN.
    n_curved_equal, n_curved_least : int
        How many these are.
    lower, upper : ndarray of shape (q,)
        Bounds, -inf and inf where there is none. A bound counts as an inequality when estimates are
        looked for; standard errors are taken as though it were not there, see
        :func:`clustersem.engine.restricted.restricted_inverse`.
    """

    n_free: int
    linear_equal: Array
    constant_equal: Array
    linear_least: Array
    constant_least: Array
    lower: Array
    upper: Array
    curved_equal: Curved | None = None
    curved_least: Curved | None = None
    n_curved_equal: int = 0
    n_curved_least: int = 0

    @property
    def n_equal(self) -> int:
        """Number of equalities; linear ones come first."""
        return len(self.constant_equal) + self.n_curved_equal

    @property
    def n_least(self) -> int:
        """Number of inequalities without bounds; linear ones come first."""
        return len(self.constant_least) + self.n_curved_least

    @cached_property
    def with_lower(self) -> Index:
        """Parameters that have a lower bound."""
        return np.flatnonzero(np.isfinite(self.lower))

    @cached_property
    def with_upper(self) -> Index:
        """Parameters that have an upper bound."""
        return np.flatnonzero(np.isfinite(self.upper))

    @property
    def only_linear_equalities(self) -> bool:
        """Whether elimination alone serves all of them."""
        bounded = len(self.with_lower) + len(self.with_upper)
        return not (self.n_curved_equal or self.n_least or bounded)

    def equal(self, theta: Array) -> Values:
        """Return h(theta): linear equalities, then the others."""
        value = self.linear_equal @ theta - self.constant_equal
        return _joined(Values(value, self.linear_equal), self.curved_equal, theta)

    def least(self, theta: Array) -> Values:
        """Return g(theta): linear inequalities, the others, lower bounds, upper bounds."""
        value = self.linear_least @ theta - self.constant_least
        rows = _joined(Values(value, self.linear_least), self.curved_least, theta)
        low, up = self.with_lower, self.with_upper
        unit = np.eye(self.n_free)
        return Values(
            np.concatenate([rows.value, theta[low] - self.lower[low], self.upper[up] - theta[up]]),
            np.vstack([rows.jacobian, unit[low], -unit[up]]),
        )

    def near(self, theta: Array, scale: Array) -> Array:
        """Return a point that meets the equalities, near theta, by Newton steps of least length.

        Parameters
        ----------
        theta : ndarray of shape (q,)
            Where to start.
        scale : ndarray of shape (q,)
            Lengths are those of scale * theta.
        """
        for _ in range(NEAR):
            here = self.equal(theta)
            if not np.isfinite(here.value).all() or not here.value.any():
                break
            theta = (
                theta - np.linalg.lstsq(here.jacobian / scale, here.value, rcond=1e-9)[0] / scale
            )
        return theta

    def curvature(self, theta: Array, equal: Array, least: Array, scale: Array) -> Array:
        """Return the sum of the second derivatives of all restrictions, each times its weight.

        Parameters
        ----------
        theta : ndarray of shape (q,)
            Where.
        equal, least : ndarray
            A weight for every row of :meth:`equal` and :meth:`least`.
        scale : ndarray of shape (q,)
            Size of a small change of each parameter, which makes the steps of the differences.

        Returns
        -------
        ndarray of shape (q, q)
            From central differences of the exact derivatives: zero for linear rows.
        """
        result = np.zeros((self.n_free, self.n_free))
        a, b = len(self.constant_equal), len(self.constant_least)
        for curved, weight in (
            (self.curved_equal, equal[a:]),
            (self.curved_least, least[b : b + self.n_curved_least]),
        ):
            if curved is None or not weight.any():
                continue
            for j in range(self.n_free):
                step = np.zeros(self.n_free)
                step[j] = DIFFERENCE * (abs(theta[j]) + scale[j])
                above, below = curved(theta + step)[1], curved(theta - step)[1]
                result[j] += weight @ (above - below) / (2.0 * step[j])
        return 0.5 * (result + result.T)

    def reduced(self, offset: Array, basis: Array) -> Restrictions:
        """Return what is left to hold in eta, where theta = offset + basis @ eta.

        Linear equalities are taken to be met by every such theta; bounds become inequalities.
        """
        low, up = self.with_lower, self.with_upper
        unit = np.eye(self.n_free)
        least = np.vstack([self.linear_least, unit[low], -unit[up]])
        constant = np.concatenate([self.constant_least, self.lower[low], -self.upper[up]])
        q = basis.shape[1]
        return Restrictions(
            n_free=q,
            linear_equal=np.empty((0, q)),
            constant_equal=np.empty(0),
            linear_least=least @ basis,
            constant_least=constant - least @ offset,
            lower=np.full(q, -np.inf),
            upper=np.full(q, np.inf),
            curved_equal=_moved(self.curved_equal, offset, basis),
            curved_least=_moved(self.curved_least, offset, basis),
            n_curved_equal=self.n_curved_equal,
            n_curved_least=self.n_curved_least,
        )


def unrestricted(n_free: int) -> Restrictions:
    """Return no restrictions of `n_free` parameters; :func:`dataclasses.replace` adds some.

    Examples
    --------
    >>> none = unrestricted(3)
    >>> none.n_equal, none.n_least, none.only_linear_equalities
    (0, 0, True)
    """
    return Restrictions(
        n_free=n_free,
        linear_equal=np.empty((0, n_free)),
        constant_equal=np.empty(0),
        linear_least=np.empty((0, n_free)),
        constant_least=np.empty(0),
        lower=np.full(n_free, -np.inf),
        upper=np.full(n_free, np.inf),
    )


def independent_rows(rows: Array) -> Index:
    """Return the places of a largest set of linearly independent rows, ascending; earlier first.

    Parameters
    ----------
    rows : ndarray of shape (r, q)
        A Jacobian whose columns are in comparable units.
    """
    kept: list[int] = []
    basis = np.empty((0, rows.shape[1]))
    for i, row in enumerate(rows):
        length = float(np.linalg.norm(row))
        if length == 0.0 or len(basis) == rows.shape[1]:
            continue
        own = row / length
        for _ in range(2):  # Twice is enough to be orthogonal to double precision.
            own = own - basis.T @ (basis @ own)
        if (size := float(np.linalg.norm(own))) > OWN_ROW:
            kept.append(i)
            basis = np.vstack([basis, own / size])
    return np.array(kept, dtype=np.intp)


@dataclass(frozen=True)
class _Moved:
    """A function of theta as one of eta; a class, because a fit has to be pickled."""

    curved: Curved
    offset: Array
    basis: Array

    def __call__(self, eta: Array) -> tuple[Array, Array]:
        """Apply the chain rule."""
        value, jacobian = self.curved(self.offset + self.basis @ eta)
        return value, jacobian @ self.basis


def _moved(curved: Curved | None, offset: Array, basis: Array) -> Curved | None:
    return None if curved is None else _Moved(curved, offset, basis)


def _joined(linear: Values, curved: Curved | None, theta: Array) -> Values:
    if curved is None:
        return linear
    value, jacobian = curved(theta)
    return Values(np.concatenate([linear.value, value]), np.vstack([linear.jacobian, jacobian]))
