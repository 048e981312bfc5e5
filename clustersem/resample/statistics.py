"""What is read off every replication: parameters, standardised ones, effects, admissibility.

All of it follows from theta, so that replications need to remember nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.engine.arrays import Array
from clustersem.engine.effects import EffectPaths, effect_values, jacobian_of, values_of
from clustersem.engine.ram import INTERCEPT, Cells, Point, Ram, evaluate
from clustersem.errors import ModelError
from clustersem.fit.admissible import is_admissible
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
from clustersem.resample.refit import Refits, Refitter
from clustersem.survey.names import did_you_mean

Of = Literal["est", "std_lv", "std_all", "effects", "std_effects"]
QUANTITIES: tuple[Of, ...] = ("est", "std_lv", "std_all", "effects", "std_effects")


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
        found = [
            self._of_one(theta, sampled)
            for theta, sampled in zip(refits.theta, refits.sampled, strict=True)
        ]
        quantities = [None if one is None else one[0] for one in found]
        values = {of: self._stacked(of, quantities) for of in QUANTITIES}
        return Statistics(values, np.array([one is not None and one[1] for one in found]))

    def at_estimates(self) -> dict[Of, Array]:
        """Return the quantities of the fit itself."""
        return self._quantities(self.models, self.fit.points, self.fit.theta)

    def errors_of_fit(self) -> dict[Of, Array]:
        """Return the standard errors of all quantities of the fit itself, by the delta method."""
        slopes = self._slopes(self.models, self.fit.points, self.fit.theta)
        return {of: _errors(jacobian, self.fit.vcov_theta) for of, jacobian in slopes.items()}

    def errors(self, refits: Refits, covariances: Array) -> dict[Of, Array]:
        """Return standard errors of all quantities, given covariance matrices of theta (B x q x q).

        By the delta method; NaN where a replication has none.
        """
        found = [
            self._errors_of_one(theta, sampled, vcov)
            for theta, sampled, vcov in zip(refits.theta, refits.sampled, covariances, strict=True)
        ]
        return {of: self._stacked(of, found) for of in QUANTITIES}

    def _errors_of_one(self, theta: Array, sampled: Array, vcov: Array) -> dict[Of, Array] | None:
        models, points = self._points(theta, sampled)
        if not points or not np.isfinite(vcov).all():
            return None
        slopes = self._slopes(models, points, theta)
        return {of: _errors(jacobian, vcov) for of, jacobian in slopes.items()}

    def _slopes(
        self, models: Sequence[Ram], points: Sequence[Point], theta: Array
    ) -> dict[Of, Array]:
        """Return the derivatives of all quantities by theta."""
        spec, layout = self.fit.spec, self.fit.layout
        values = parameter_values(layout, models, points, theta)
        raw = row_slopes(layout)
        jacobians = [raw, np.zeros_like(raw), np.zeros_like(raw)]
        effects: list[list[Array]] = [[], []]
        for own, model, point, found in zip(
            layout.groups, models, points, self.effects, strict=True
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

    def _stacked(self, of: Of, found: Sequence[dict[Of, Array] | None]) -> Array:
        nothing = np.full(len(self.labels(of)), np.nan)
        return np.array([nothing if one is None else one[of] for one in found])

    def _points(self, theta: Array, sampled: Array) -> tuple[tuple[Ram, ...], list[Point]]:
        """Return models and points of one replication; no points where it has no solution."""
        if not np.isfinite(theta).all():
            return self.models, []
        models = self._with(sampled)
        points = [evaluate(model, theta) for model in models]
        known = [point for point in points if point is not None]
        return models, known if len(known) == len(points) else []

    def _of_one(self, theta: Array, sampled: Array) -> tuple[dict[Of, Array], bool] | None:
        models, points = self._points(theta, sampled)
        if not points:
            return None
        return self._quantities(models, points, theta), all(map(is_admissible, points))

    def _with(self, sampled: Array) -> tuple[Ram, ...]:
        """Return the models with the moments of another sample's covariates."""
        if not len(sampled):
            return self.models
        models, first = [], 0
        for model, cells in zip(self.models, self.sampled, strict=True):
            own = sampled[first : first + len(cells)]
            first += len(cells)
            of_mean = cells.kind == INTERCEPT
            s0, m0 = model.s0.copy(), model.m0.copy()
            row, col = cells.row[~of_mean], cells.col[~of_mean]
            s0[row, col] = s0[col, row] = own[~of_mean]
            m0[cells.row[of_mean]] = own[of_mean]
            models.append(replace(model, s0=s0, m0=m0))
        return tuple(models)

    def _quantities(
        self, models: Sequence[Ram], points: Sequence[Point], theta: Array
    ) -> dict[Of, Array]:
        spec, layout = self.fit.spec, self.fit.layout
        parameters = parameter_values(layout, models, points, theta)
        together = [np.concatenate([values, defined_values(spec, values)]) for values in parameters]
        raw, std = [], []
        for found, point in zip(self.effects, points, strict=True):
            with np.errstate(invalid="ignore", divide="ignore"):
                sd = np.sqrt(point.covariance.diagonal())
                each = effect_values(found, point.a, point.e, sd)
            raw.append(each[0])
            std.append(each[1])
        together += [np.concatenate(raw), np.concatenate(std)]
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
