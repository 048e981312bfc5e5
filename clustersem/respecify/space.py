"""The models that lie between a fit and everything that a policy allows.

A model is the set of the parameters that are freed in it: sets that were found in different orders
are one model, and are fitted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from clustersem.engine.ram import Array, Cells
from clustersem.engine.score_test import score_tests
from clustersem.errors import EstimationError, ModelError, UnsupportedError
from clustersem.fit.assemble import cells_of
from clustersem.fit.candidates import candidate_cells
from clustersem.fit.hypotheses import Path
from clustersem.fit.result import Fit
from clustersem.fit.standardized import scale_factors
from clustersem.moments import SampleMoments
from clustersem.progress import Advance, in_silence
from clustersem.respecify.policy import RespecificationPolicy
from clustersem.respecify.rules import (
    PartRule,
    Roles,
    Row,
    check_part,
    check_row,
    key_of,
    matching,
    roles_of,
)
from clustersem.respecify.trial import Trial, fit_model, freed, not_freeable
from clustersem.spec import ModelSpec
from clustersem.survey.names import listed

#: The parameters that are freed in a model, each as `key_of` gives it.
Freed = frozenset[Row]
NOTHING: Freed = frozenset()


def check_fit(fit: object, function: str) -> None:
    """Refuse what is no fit, before anything is asked of it."""
    if not isinstance(fit, Fit):
        raise ModelError(
            f"{function}() takes a fit, not a {type(fit).__name__}: fit the model first, with"
            " clustersem.sem or clustersem.cfa."
        )


@dataclass(frozen=True, eq=False)
class ModelSpace:
    """The models that a policy can lead to from a fit.

    Attributes
    ----------
    initial : Fit
        The model before any step, which is every model's smallest part.
    policy : RespecificationPolicy
        What may be freed.
    roles : Roles
        The variables' roles before any step.
    allowed : tuple of (str, str, str)
        The parameters that the policy allows and that can be freed, in an order that does not
        depend on the data. What is not identified in the initial model is in no larger one.
    advance : callable
        Called whenever a model is fitted, for whoever shows progress.
    """

    initial: Fit
    policy: RespecificationPolicy
    roles: Roles
    allowed: tuple[Row, ...]
    advance: Advance = in_silence
    _trials: dict[Freed, Trial] = field(default_factory=dict, repr=False)
    # A model's text is the same on all data, and takes as long to work out as to fit.
    _specs: dict[Freed, ModelSpec] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, fit: Fit, policy: RespecificationPolicy, *, advance: Advance = in_silence
    ) -> ModelSpace:
        """Return the space of a fit.

        Raises
        ------
        EstimationError
            Where the fit did not converge.
        UnsupportedError
            Where the fit has several groups.
        ModelError
            Where the policy speaks of what the model does not have.
        """
        if len(fit.groups) > 1:
            raise UnsupportedError(
                f"a model of several groups ({listed(fit.groups)}) cannot be respecified: a"
                " parameter could be freed in one of them or in all. Respecify the model of all"
                " respondents together, without group=, or that of one group; which equalities"
                " between groups do not hold, fit.release_tests() and cs.invariance(...) say."
            )
        if not fit.converged:
            raise EstimationError(
                f"a fit that did not converge cannot be respecified. {fit.status}"
            )
        roles = roles_of(fit.spec)
        _check_rows(fit, policy, roles)
        rows, cells = candidate_cells(fit.spec)
        identified = np.isfinite(_scores(fit, cells)[0])
        allowed = [
            row
            for row in map(tuple, rows[identified])
            if matching(policy.allowed, roles, row) and not matching(policy.forbidden, roles, row)
        ]
        rows_in_order = tuple(sorted(allowed, key=steady_order(fit.spec)))
        return cls(fit, policy, roles, rows_in_order, advance)

    def on(self, samples: Sequence[SampleMoments]) -> ModelSpace:
        """Return the same space on other data: a fold, a resample.

        Parameters
        ----------
        samples : sequence of SampleMoments
            One, with the variables of the model.

        Raises
        ------
        EstimationError
            Where the initial model cannot be fitted to them.
        """
        trial = fit_model(self.initial.spec, samples, self.initial.options)
        if trial.fit is None:
            raise EstimationError(f"the initial model cannot be fitted: {trial.failure}")
        return replace(self, initial=trial.fit, advance=in_silence, _trials={NOTHING: trial})

    def spec(self, rows: Iterable[Row]) -> ModelSpec:
        """Return the model in which these parameters are freed."""
        key = frozenset(map(key_of, rows))
        if key not in self._specs:
            self._specs[key] = freed(self.initial.spec, self.ordered(key))
        return self._specs[key]

    def ordered(self, rows: Iterable[Row]) -> list[Row]:
        """Return parameters as the model writes them, in an order that is always the same."""
        return sorted(map(self.written, rows), key=self._order)

    def written(self, row: Row) -> Row:
        """Return a parameter as the model writes it: a covariance one way round."""
        return self._written.get(key_of(row), row)

    def trial(self, rows: Freed) -> Trial:
        """Return what comes of fitting the model in which these parameters are freed.

        A model that fits worse than the initial one, which it contains, counts as failed.
        """
        known = self._trials.get(rows)
        if known is None:
            known = self._trials[rows] = self._tried(rows)
        return known

    def indices(self, fit: Fit) -> Indices:
        """Return the score tests of the allowed parameters in a model of the space.

        Those that are free in it already, or not identified, are NaN.
        """
        if fit.layout.names == self.initial.layout.names:
            cells = self._cells
        else:
            cells = cells_of(self.allowed, fit.layout)
        mi, epc = _scores(fit, cells)
        free = [fit.spec.find(*row) for row in self.allowed]
        mine = np.array([p is not None and p.free for p in free], dtype=bool)
        mi, epc = np.where(mine, np.nan, mi), np.where(mine, np.nan, epc)
        return Indices(mi, epc, epc * scale_factors(cells, fit.point, observed=True))

    @cached_property
    def _cells(self) -> Cells:
        return cells_of(self.allowed, self.initial.layout)

    @cached_property
    def _written(self) -> dict[Row, Row]:
        return {key_of(row): row for row in (*(s.row for s in self.policy.given), *self.allowed)}

    @cached_property
    def _order(self) -> OrderKey:
        return steady_order(self.initial.spec)

    def _tried(self, rows: Freed) -> Trial:
        self.advance()
        if not rows:
            return Trial(self.initial)
        for smaller in (self._trials.get(rows - {row}) for row in rows):
            if smaller is not None and not smaller.identified:
                return smaller
        try:
            spec = self.spec(rows)
        except ModelError as error:
            return Trial(None, str(error))
        return fit_model(spec, self.initial.samples, self.initial.options)


@dataclass(frozen=True)
class Indices:
    """Score tests, one of each allowed parameter.

    Attributes
    ----------
    mi, epc, sepc_all : ndarray
        Modification index, expected change raw and standardised on all variables; NaN for those
        that are free or cannot be.
    """

    mi: Array
    epc: Array
    sepc_all: Array


class OrderKey:
    """Sorts parameters by operator and by the places of their variables in the model."""

    def __init__(self, names: Iterable[str]) -> None:
        self._place = {name: i for i, name in enumerate(names)}

    def __call__(self, row: Row) -> tuple[str, int, int]:
        """Return what a parameter is sorted by."""
        return row[1], self._place[row[0]], self._place[row[2]]


def steady_order(spec: ModelSpec) -> OrderKey:
    """Return the order in which a model's candidates stand whatever their indices are."""
    return OrderKey(("", *spec.latent, *spec.observed))


def _scores(fit: Fit, cells: Cells) -> tuple[Array, Array]:
    return score_tests(
        fit.objective, fit.state, fit.hessian, 0, cells, fit.multiplier, fit.held.jacobian
    )


def _check_rows(fit: Fit, policy: RespecificationPolicy, roles: Roles) -> None:
    """Refuse rules and steps about what the model does not have, before anything is fitted."""
    for what, rules in (
        ("the allowed parameter", policy.allowed),
        ("the forbidden", policy.forbidden),
    ):
        for rule in rules:
            if isinstance(rule, PartRule):
                check_part(fit.spec, rule, what)
            elif isinstance(rule, tuple):
                check_row(fit.spec, rule, what)
    for row in policy.stated:
        check_row(fit.spec, row, "the reason for")
    for number, (row, _) in enumerate(policy.given, start=1):
        check_row(fit.spec, row, f"step {number},")
        problem = not_freeable(fit.spec, row)
        if problem:
            raise ModelError(f"step {number} cannot be made: {problem}")
        if matching(policy.forbidden, roles, row):
            raise ModelError(
                f"step {number}, {Path(*row)}, is given and forbidden by the same policy; take it"
                " out of one of the two."
            )
