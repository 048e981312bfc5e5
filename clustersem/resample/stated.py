"""The moments that a model text states, every parameter of which has a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, THRESHOLD, Array, Index, gather
from clustersem.errors import ModelError, ModelSyntaxError, UnsupportedError
from clustersem.fit.assemble import Layout, layout_of
from clustersem.spec import ModelSpec, Parameter, build_spec, options_for, parse_model
from clustersem.spec.entries import Entry, Key, collect_entries, key_of

#: How closely constraints of the text must hold: the values are typed by hand.
HOLDS = 1e-6
#: How far from one the variance of a composite may be: its weights are typed with few digits.
TYPED = 0.01
#: How far below zero rounding may push a residual variance of one that is explained in full.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Stated:
    """What a text says of one group: moments of the observed variables and their thresholds."""

    names: tuple[str, ...]
    cov: Array
    mean: Array
    cuts: tuple[Array, ...]
    label: str


def stated_groups(text: str, *, standardized: bool) -> tuple[Stated, ...]:
    """Return the moments of every group of a text; see :func:`populations_of` for the rules.

    Raises
    ------
    ModelSyntaxError, ModelError, UnsupportedError
        Where a value is missing or the values contradict each other.
    """
    spec = spec_of_population(text)
    reader = _Reader(spec, standardized=standardized)
    return tuple(reader.group(number) for number in range(spec.n_groups))


def spec_of_population(text: str) -> ModelSpec:
    """Return the parameter table of a text whose numbers are a population's values.

    No loading is a marker, nothing is taken from a sample, and there are as many groups as the
    text has settings, ``c(0.7, 0.5)*x1``.
    """
    parsed = parse_model(text)
    settings = [
        len(modifier.settings)
        for formula in parsed.formulas
        for term in formula.terms
        for modifier in term.modifiers
    ]
    options = options_for(
        "sem", meanstructure=True, fixed_x=False, n_groups=max(settings, default=1)
    )
    return build_spec(text, replace(options, auto_fix_first=False, auto_fix_single=False))


class _Reader:
    """Reads the values of one text, group by group."""

    def __init__(self, spec: ModelSpec, *, standardized: bool) -> None:
        self.spec = spec
        self.standardized = standardized
        self.layout: Layout = layout_of(spec)
        self.entries: dict[Key, Entry] = {
            entry.key: entry for entry in collect_entries(parse_model(spec.text))
        }
        self.starts = {row.label: row.start for row in spec.parameters if row.start is not None}

    def group(self, number: int) -> Stated:
        own = self.layout.groups[number]
        rows = [self.spec.parameters[i] for i in own.rows]
        m, p = len(self.layout.names), len(self.spec.observed)
        a, s, mean = np.zeros((m, m)), np.zeros((m, m)), np.zeros(m)
        tau = np.zeros(sum(self.layout.n_thresholds))
        follow: list[int] = []
        for row, kind, at, to in zip(
            rows, own.cells.kind, own.cells.row, own.cells.col, strict=True
        ):
            value = self._value(row)
            if value is None:
                follow.append(int(at))
            elif kind == PATH:
                a[at, to] = value
            elif kind == COVARIANCE:
                s[at, to] = s[to, at] = value
            elif kind == INTERCEPT:
                mean[at] = value
            elif kind == THRESHOLD:
                tau[to] = value
            elif value != 1.0:
                raise self._error(row, "a scale is no part of a population; leave it out")
        e = self._total_effects(a)
        if follow:
            self._fill(s, e, np.array(follow, dtype=np.intp))
        if self.standardized:
            self._check_composites(e @ s @ e.T)
        self._check_definite(s)
        self._check_constraints(rows)
        cov: Array = (e @ s @ e.T)[:p, :p]
        first = np.cumsum([0, *self.layout.n_thresholds])
        cuts = tuple(tau[first[j] : first[j + 1]] for j in range(p))
        self._check_ascending(cuts)
        label = str(number + 1) if self.spec.n_groups > 1 else ""
        return Stated(self.spec.observed, cov, (e @ mean)[:p], cuts, label)

    def _value(self, row: Parameter) -> float | None:
        """Return the value of a parameter; None where it follows from the others."""
        itself = row.op == "~~" and row.lhs == row.rhs
        value = row.value
        if row.free:
            value = row.start if row.start is not None else self.starts.get(row.label)
        if self.standardized and itself and self._varies(row):
            if row.user and value is not None and not self._is_unit(row, value):
                raise self._error(
                    row,
                    f"with standardized=True the variance of {row.lhs} is one, and its residual"
                    " variance follows; leave this one out, or standardized=True",
                )
            return None
        if value is not None:
            return value
        if row.user:
            raise self._error(row, f"{row.name} has no value; write {_example(row)}")
        if not itself:
            return 0.0
        if row.lhs in self.spec.latent and row.lhs not in self.spec.endogenous:
            return 1.0
        kind = "residual variance" if row.lhs in self.spec.endogenous else "variance"
        raise self.spec.error_at(
            row.lhs,
            f"{row.lhs} has no {kind}; write {row.lhs} ~~ 0.5*{row.lhs}, or say standardized=True"
            " if all values are standardised",
        )

    def _varies(self, row: Parameter) -> bool:
        """Whether a variable is no composite of others."""
        return row.user or row.free

    def _is_unit(self, row: Parameter, value: float) -> bool:
        return value == 1.0 and row.lhs not in self.spec.endogenous

    def _total_effects(self, a: Array) -> Array:
        try:
            return np.asarray(np.linalg.inv(np.eye(len(a)) - a), dtype=np.float64)
        except np.linalg.LinAlgError:
            raise ModelError(
                "the paths of the model form a loop that amplifies itself without end (I - B is"
                " singular): such a population does not exist. Lower the values of the loop."
            ) from None

    def _fill(self, s: Array, e: Array, follow: Index) -> None:
        """Give variables the residual variances at which their variances are one."""
        explained = np.einsum("ij,ij->i", e[follow] @ s, e[follow])
        residual = np.linalg.solve(gather(e, follow, follow) ** 2, 1.0 - explained)
        for place, value in zip(follow, residual, strict=True):
            if value < -ROUNDING:
                name = self.layout.names[place]
                raise self.spec.error_at(
                    name,
                    f"the standardised values explain {1.0 - value:.4g} of the variance of {name},"
                    " which is one; lower them",
                )
        s[follow, follow] = np.maximum(residual, 0.0)

    def _check_composites(self, cov: Array) -> None:
        for name, variance in zip(self.layout.names, cov.diagonal(), strict=True):
            if abs(variance - 1.0) > TYPED:
                raise self.spec.error_at(
                    name,
                    f"with standardized=True the variance of {name} is one, but its weights make it"
                    f" {variance:.4g}; divide them by {np.sqrt(variance):.4g}",
                )

    def _check_definite(self, s: Array) -> None:
        for place in np.flatnonzero(s.diagonal() < 0.0):
            name = self.layout.names[place]
            raise self.spec.error_at(name, f"the variance of {name} is negative")
        scale = np.sqrt(s.diagonal())
        with np.errstate(invalid="ignore", divide="ignore"):
            cor = s / scale[:, None] / scale
        for i, j in np.argwhere(np.tril(np.abs(cor) > 1.0 + HOLDS, -1)):
            one, other = self.layout.names[j], self.layout.names[i]
            raise self._place(
                key_of(one, "~~", other),
                f"the covariance of {one} and {other} means a correlation of {cor[i, j]:.3g};"
                f" with variances of {s[j, j]:.3g} and {s[i, i]:.3g} it is at most"
                f" {scale[i] * scale[j]:.3g}",
            )

    def _check_ascending(self, cuts: Sequence[Array]) -> None:
        for name, own in zip(self.spec.observed, cuts, strict=True):
            if (np.diff(own) <= 0.0).any():
                raise self._place(
                    (name, "|", "t1"), f"the thresholds of {name} must ascend: {own.tolist()}"
                )

    def _check_constraints(self, rows: Sequence[Parameter]) -> None:
        if not self.spec.constraints:
            return
        values = {row.label: self._value(row) for row in rows if row.label}
        known = {label: value for label, value in values.items() if value is not None}
        for constraint in self.spec.constraints:
            missing = set(constraint.function.names) - known.keys()
            if missing:
                if constraint.op == ":=":
                    continue
                raise UnsupportedError(f"{constraint}: no value is known of {min(missing)}.")
            value = constraint.function.evaluate(known)
            if constraint.op == ":=":
                known[constraint.lhs] = value
            elif value < -HOLDS or (constraint.op == "==" and value > HOLDS):
                raise ModelError(
                    f"the values of the population violate {constraint}. Change them, or leave the"
                    " constraint out."
                )

    def _error(self, row: Parameter, reason: str) -> ModelSyntaxError:
        return self._place(key_of(row.lhs, row.op, row.rhs), reason)

    def _place(self, key: Key, reason: str) -> ModelSyntaxError:
        entry = self.entries.get(key)
        if entry is None:
            return self.spec.error_at(key[0], reason)
        return ModelSyntaxError(reason, self.spec.text, entry.position, entry.length)


def _example(row: Parameter) -> str:
    """Return how a value is written, for an error message."""
    values = {"=~": 0.7, "<~": 0.5, "~": 0.3, "~1": 3, "|": -0.5}
    value = values.get(row.op, 1 if row.lhs == row.rhs else 0.3)
    return f"{value}*{row.rhs or 1}, with the value that you mean"
