"""What is read off every replication: parameters, standardised ones, effects, admissibility.

All of it follows from theta, so that replications need to remember nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.engine.arrays import Array, Index
from clustersem.engine.effects import EffectPaths, effect_values, jacobian_of, values_of
from clustersem.engine.ram import Cells, Point, Ram, evaluate_many
from clustersem.errors import ModelError
from clustersem.fit.admissible import are_admissible
from clustersem.fit.effects import effect_labels, effects_of_groups
from clustersem.fit.result import Fit
from clustersem.fit.standardized import standardized_jacobian
from clustersem.fit.tables import (
    defined_values,
    defined_with_slopes,
    parameter_values,
    row_labels,
    row_slopes,
)
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import Refits
from clustersem.survey.names import did_you_mean

Of = Literal["est", "std_lv", "std_all", "effects", "std_effects"]
QUANTITIES: tuple[Of, ...] = ("est", "std_lv", "std_all", "effects", "std_effects")
# How many bytes of matrices are worked on at a time: what a processor's cache holds.
CACHE = 1 << 19


@dataclass(frozen=True, eq=False)
class Statistics:
    """What was read off replications.

    Attributes
    ----------
    values : mapping from str to ndarray of shape (B, k)
        For every quantity of :data:`QUANTITIES` its values, NaN where a replication has none:
        ``est``, ``std_lv`` and ``std_all`` in the order of ``fit.estimates``, ``effects`` and
        ``std_effects`` in that of ``fit.effects().table``.
    admissible : ndarray of bool, shape (B,)
        Whether no variance is negative and all covariance matrices are positive (semi)definite;
        False where there is no solution.
    """

    values: dict[Of, Array]
    admissible: np.ndarray


@dataclass(frozen=True, eq=False)
class Reader:
    """Reads quantities off a model at any theta; made by :meth:`of`."""

    fit: Fit
    models: tuple[Ram, ...]
    sampled: tuple[Cells, ...]
    effects: tuple[EffectPaths, ...]

    @classmethod
    def of(cls, fit: Fit, refitter: Refitter) -> Reader:
        """Return a reader of the model that a refitter fits again."""
        return cls(fit, refitter.models, refitter.sampled, effects_of_groups(fit))

    def labels(self, of: Of) -> pd.DataFrame:
        """Return the columns that say what each value of a quantity is."""
        if of in ("effects", "std_effects"):
            return effect_labels(self.fit, self.effects)
        return row_labels(self.fit.spec)

    def read(self, refits: Refits) -> Statistics:
        """Return the statistics of all replications."""
        size = len(refits.theta)
        values = {of: np.full((size, len(self.labels(of))), np.nan) for of in QUANTITIES}
        admissible = np.zeros(size, bool)
        for rows, points in self._points(refits, self._at_a_time):
            for of, found in self._quantities(points).items():
                values[of][rows] = found
            admissible[rows] = np.logical_and.reduce([are_admissible(point) for point in points])
        return Statistics(values, admissible)

    def at_estimates(self) -> dict[Of, Array]:
        """Return the quantities of the fit itself."""
        return self._quantities(self.fit.points)

    def errors_of_fit(self) -> dict[Of, Array]:
        """Return the standard errors of all quantities of the fit itself, by the delta method."""
        slopes = self._slopes(self.fit.points)
        return {of: _errors(jacobian, self.fit.vcov_theta) for of, jacobian in slopes.items()}

    def errors(self, refits: Refits, covariances: Array) -> dict[Of, Array]:
        """Return standard errors of all quantities, given covariance matrices of theta (B x q x q).

        By the delta method; NaN where a replication has none.
        """
        size = len(refits.theta)
        errors = {of: np.full((size, len(self.labels(of))), np.nan) for of in QUANTITIES}
        for rows, points in self._points(refits, self._at_a_time):
            for number, row in enumerate(rows):
                vcov = covariances[row]
                if np.isfinite(vcov).all():
                    slopes = self._slopes([point.one(number) for point in points])
                    for of, jacobian in slopes.items():
                        errors[of][row] = _errors(jacobian, vcov)
        return errors

    def _slopes(self, points: Sequence[Point]) -> dict[Of, Array]:
        """Return the derivatives of all quantities by theta."""
        spec, layout = self.fit.spec, self.fit.layout
        values = parameter_values(layout, points)
        raw = row_slopes(layout)
        jacobians = [raw, np.zeros_like(raw), np.zeros_like(raw)]
        effects: list[list[Array]] = [[], []]
        for own, model, point, found in zip(
            layout.groups, self.models, points, self.effects, strict=True
        ):
            for jacobian, observed in zip(jacobians[1:], (False, True), strict=True):
                by_cell = standardized_jacobian(
                    own.cells, values[0][own.rows], model, point, observed=observed
                )
                jacobian[own.rows] = model.by_theta(by_cell)
            _, of_raw, _, of_std = values_of(found, jacobian_of(model, point))
            effects[0].append(of_raw)
            effects[1].append(of_std)
        with_defined = [
            np.vstack([jacobian, defined_with_slopes(spec, value, jacobian)[1]])
            for value, jacobian in zip(values, jacobians, strict=True)
        ]
        together = [*with_defined, *(np.vstack(each) for each in effects)]
        return dict(zip(QUANTITIES, together, strict=True))

    @property
    def _at_a_time(self) -> int:
        return max(1, CACHE // (8 * max(model.n_variables for model in self.models) ** 2))

    def _points(self, refits: Refits, most: int) -> Iterator[tuple[Index, list[Point]]]:
        """Yield replications that have a solution, so many at a time, and their points."""
        known = np.flatnonzero(np.isfinite(refits.theta).all(axis=1))
        for first in range(0, len(known), most):
            rows = known[first : first + most]
            points = self._evaluated(refits.theta[rows], refits.sampled[rows])
            if points:
                yield rows, points
            elif len(rows) > 1:
                # One that cannot be evaluated spoils no other.
                for row in rows:
                    one = self._evaluated(refits.theta[[row]], refits.sampled[[row]])
                    if one:
                        yield np.array([row]), one

    def _evaluated(self, theta: Array, sampled: Array) -> list[Point]:
        """Return the points of all groups; none where one cannot be evaluated."""
        points, first = [], 0
        for model, cells in zip(self.models, self.sampled, strict=True):
            own = sampled[:, first : first + len(cells)]
            first += len(cells)
            points.append(evaluate_many(model, theta, cells, own))
        known = [point for point in points if point is not None]
        return known if len(known) == len(points) else []

    def _quantities(self, points: Sequence[Point]) -> dict[Of, Array]:
        spec, layout = self.fit.spec, self.fit.layout
        together = [
            np.concatenate([values, defined_values(spec, values)], axis=-1)
            for values in parameter_values(layout, points)
        ]
        raw, std = [], []
        for found, point in zip(self.effects, points, strict=True):
            with np.errstate(invalid="ignore"):
                sd = np.sqrt(point.covariance.diagonal(axis1=-2, axis2=-1))
            each = effect_values(found, point.a, point.e, sd)
            raw.append(each[0])
            std.append(each[1])
        together += [np.concatenate(each, axis=-1) for each in (raw, std)]
        return dict(zip(QUANTITIES, together, strict=True))


def _errors(jacobian: Array, vcov: Array) -> Array:
    """Return standard errors by the delta method; 0 for what does not depend on theta."""
    with np.errstate(invalid="ignore"):
        errors: Array = np.sqrt(np.einsum("ij,ij->i", jacobian @ vcov, jacobian))
    return errors


def check_quantity(of: str) -> Of:
    """Return the quantity of this name.

    Raises
    ------
    ModelError
        Where there is none.
    """
    for known in QUANTITIES:
        if of == known:
            return known
    raise ModelError(
        f"of={of!r} is no quantity that is resampled{did_you_mean(of, QUANTITIES)}. Write one of"
        f" {', '.join(map(repr, QUANTITIES))}."
    )
