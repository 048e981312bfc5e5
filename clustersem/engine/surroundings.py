"""An objective and restrictions around one theta, in units in which steps are taken.

Parameters are measured in the roots of the diagonal of the expected Hessian, restrictions in rows
of length one: what is of size one then is of size one in units of the square root of F, whatever
the units of the data and however a constraint is written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr

from clustersem.engine.optimiser import Minimisable, State
from clustersem.engine.ram import Array, Index
from clustersem.engine.restrictions import Restrictions, Values, independent_rows


@dataclass(frozen=True)
class Local:
    """Objective and restrictions around one theta, in units of the expected Hessian.

    Steps are z = scale * (change of theta); rows of Jacobians have length one.
    """

    scale: Array
    g: Array
    h: Array
    equal: Values
    least: Values
    lengths: tuple[Array, Array]

    @property
    def violations(self) -> tuple[Array, Array]:
        """Return by how much equalities and inequalities are violated, in units of sqrt(F)."""
        return np.abs(self.equal.value), np.maximum(-self.least.value, 0.0)

    @property
    def violation(self) -> float:
        """The largest violation."""
        return float(max(v.max(initial=0.0) for v in self.violations))

    def raw(self, equal: Array, least: Array) -> tuple[Array, Array]:
        """Return multipliers of the restrictions as they were given."""
        return equal / self.lengths[0], least / self.lengths[1]


def local(objective: Minimisable, at: State, theta: Array, r: Restrictions) -> Local:
    """Return objective and restrictions around theta, where `at` is the objective's state."""
    h = objective.expected(at)
    scale = scale_of(h)
    equal, equal_lengths = _unit_rows(r.equal(theta), scale)
    least, least_lengths = _unit_rows(r.least(theta), scale)
    unit = h / (scale[:, None] * scale)
    # Equalities may be what identifies the model. This term is constant where they are met, so it
    # leaves steps alone.
    unit = unit + equal.jacobian.T @ equal.jacobian
    g = objective.gradient(at) / scale
    return Local(scale, g, unit, equal, least, (equal_lengths, least_lengths))


def working_rows(here: Local, working: Index) -> tuple[Array, Array, Index]:
    """Return independent rows of what binds, their values, and their places among all rows."""
    rows = np.vstack([here.equal.jacobian, here.least.jacobian[working]])
    value = np.concatenate([here.equal.value, here.least.value[working]])
    n_equal = len(here.equal.value)
    place = np.concatenate([np.arange(n_equal), n_equal + np.asarray(working, dtype=np.intp)])
    kept = independent_rows(rows)
    return rows[kept], value[kept], place[kept].astype(np.intp)


def range_and_null(rows: Array) -> tuple[Array, Array]:
    """Return orthonormal bases of the row space and the null space of independent rows."""
    n = rows.shape[1]
    if not len(rows):
        return np.empty((n, 0)), np.eye(n)
    q = qr(rows.T)[0]
    return q[:, : len(rows)], q[:, len(rows) :]


def scale_of(h: Array) -> Array:
    """Return the roots of a Hessian's diagonal: changes times these are in units of sqrt(F)."""
    scale = np.sqrt(np.maximum(h.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    return scale


def _unit_rows(values: Values, scale: Array) -> tuple[Values, Array]:
    """Return restrictions in scaled units, in rows of length one, and what they were divided by."""
    jacobian = values.jacobian / scale
    length = np.linalg.norm(jacobian, axis=1)
    length[length == 0] = 1.0
    return Values(values.value / length, jacobian / length[:, None]), length
