"""What a hypothesis can be about, at many theta at once: values with their derivatives.

A quantity is a parameter, a function of labelled parameters, the product of the paths along one
chain, or the sum over all chains between two variables. Its standard error is that of the delta
method, g' V g, whatever it is.

References
----------
Sobel, M. E. (1982). Asymptotic confidence intervals for indirect effects in structural equation
models. Sociological Methodology, 13, 290-312. doi:10.2307/270723
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from clustersem.engine.ram import PATH, Array, Index, Ram
from clustersem.fit.restrictions import Expressions


class Quantity(Protocol):
    """Something that theta determines."""

    @property
    def parts(self) -> Index | None:
        """Places in theta of the paths that it is the product of; None where it is no product."""
        ...

    def at(self, theta: Array) -> tuple[Array, Array]:
        """Return values (B) and derivatives (B x q) at theta (B x q)."""
        ...


@dataclass(frozen=True)
class ParameterValue:
    """One free parameter."""

    place: int

    @property
    def parts(self) -> Index | None:
        """Itself."""
        return np.array([self.place])

    def at(self, theta: Array) -> tuple[Array, Array]:
        """Return values and derivatives."""
        slopes = np.zeros_like(theta)
        slopes[:, self.place] = 1.0
        return theta[:, self.place], slopes


@dataclass(frozen=True)
class Defined:
    """A parameter that the model defines with ``:=``."""

    expressions: Expressions

    @property
    def parts(self) -> Index | None:
        """None: a formula can be anything."""
        return None

    def at(self, theta: Array) -> tuple[Array, Array]:
        """Return values and derivatives, one replication after the other."""
        found = [self.expressions(row) for row in theta]
        return np.array([v[0] for v, _ in found]), np.array([slope[0] for _, slope in found])


@dataclass(frozen=True)
class Chain:
    """The product of the paths along one chain of variables: a specific indirect effect.

    Attributes
    ----------
    places : ndarray of int
        Places in theta of its free paths; one that is there twice counts twice.
    factor : float
        The product of its fixed ones.
    """

    places: tuple[int, ...]
    factor: float

    @property
    def parts(self) -> Index | None:
        """The free paths."""
        return np.array(self.places, dtype=np.intp)

    def at(self, theta: Array) -> tuple[Array, Array]:
        """Return values and derivatives."""
        links = theta[:, list(self.places)]
        slopes = np.zeros_like(theta)
        for i, place in enumerate(self.places):
            slopes[:, place] += self.factor * np.delete(links, i, axis=1).prod(axis=1)
        return self.factor * links.prod(axis=1), slopes


@dataclass(frozen=True, eq=False)
class AllChains:
    """The sum over all chains from one variable to another: a total or an indirect effect.

    With E = (I - A)^-1 the total effect of j on i is E[i, j], and
    d E[i, j] / d A[k, l] = E[i, k] E[l, j].

    Attributes
    ----------
    model : Ram
        The structure of the group.
    cause, outcome : int
        Places of the variables.
    direct : bool
        Whether the direct path counts: a total effect.
    """

    model: Ram
    cause: int
    outcome: int
    direct: bool

    @property
    def parts(self) -> Index | None:
        """None: it is a sum."""
        return None

    def at(self, theta: Array) -> tuple[Array, Array]:
        """Return values and derivatives; NaN where I - A is singular."""
        cells = self.model.cells
        on = np.flatnonzero(cells.kind == PATH)
        to, of, places = cells.row[on], cells.col[on], self.model.parameter[on]
        a = np.repeat(self.model.a0[None], len(theta), axis=0)
        a[:, to, of] = theta[:, places]
        e = _inverse(np.eye(self.model.n_variables) - a)
        i, j = self.outcome, self.cause
        value = e[:, i, j].copy()
        by_cell = e[:, i, to] * e[:, of, j]
        if not self.direct:
            value -= a[:, i, j]
            by_cell[:, (to == i) & (of == j)] -= 1.0
        slopes = np.zeros_like(theta)
        np.add.at(slopes.T, places, by_cell.T)
        return value, slopes


def _inverse(matrices: Array) -> Array:
    """Return the inverses of a stack; NaN where there is none."""
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full_like(matrices, np.nan)
        return np.concatenate([_inverse(one[None]) for one in matrices])


def estimates_of(
    quantities: tuple[Quantity, ...], theta: Array, vcov: Array
) -> tuple[Array, Array]:
    """Return estimates and delta-method standard errors, both B x K.

    Parameters
    ----------
    quantities : tuple of K Quantity
    theta : ndarray of shape (B, q)
        NaN rows give NaN.
    vcov : ndarray of shape (B, q, q)
        Covariance matrices of theta.
    """
    value = np.empty((len(theta), len(quantities)))
    variance = np.empty_like(value)
    for k, quantity in enumerate(quantities):
        if isinstance(quantity, ParameterValue):
            value[:, k] = theta[:, quantity.place]
            variance[:, k] = vcov[:, quantity.place, quantity.place]
            continue
        value[:, k], slopes = quantity.at(theta)
        used = np.flatnonzero((slopes != 0).any(axis=0))
        part = vcov[:, used[:, None], used]
        variance[:, k] = np.einsum("bi,bij,bj->b", slopes[:, used], part, slopes[:, used])
    with np.errstate(invalid="ignore"):
        return value, np.sqrt(variance)
