"""What the restrictions of a model do at its estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clustersem.engine.identification import null_space
from clustersem.engine.ram import Array, Index
from clustersem.fit.restrictions import ModelRestrictions

# Most models have nothing to hold.
if TYPE_CHECKING:
    from clustersem.engine.constrained import ConstrainedOptimum


@dataclass(frozen=True, eq=False)
class Held:
    """Restrictions at the estimates.

    Attributes
    ----------
    restrictions : ModelRestrictions
        All of them.
    jacobian : ndarray of shape (r, q)
        Derivatives of what holds with equality there: equalities, then inequalities that bind.
        Bounds that are reached are not among them: as in lavaan, standard errors are those of the
        unbounded parameter.
    df : int
        Independent equalities: so many parameters fewer, degrees of freedom more.
    binding : tuple of str
        Inequalities that hold as equalities.
    reached : tuple of str
        Bounds that are reached.
    violated : tuple of str
        What is not met; empty where the search ended well.
    multipliers : ndarray
        Lagrange multiplier of every equality, inequality and bound, in units of F.
    """

    restrictions: ModelRestrictions
    jacobian: Array
    df: int
    binding: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    violated: tuple[str, ...] = ()
    multipliers: Array | None = None

    def unidentified(self, hessian: Array) -> Index:
        """Return the parameters that neither the data nor the restrictions determine."""
        if not len(self.jacobian):
            return null_space(hessian)
        from clustersem.engine.restricted import restricted_inverse

        return restricted_inverse(hessian, self.jacobian)[1]

    def basis(self, hessian: Array) -> Array | None:
        """Return the directions in which theta can still move; None where it can in all."""
        if not len(self.jacobian):
            return None
        from clustersem.engine.restricted import null_basis

        return null_basis(self.jacobian, hessian)

    @property
    def equalities(self) -> tuple[str, ...]:
        """What the rows of the Jacobian are, as text."""
        return (*self.restrictions.equal, *self.binding)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the researcher should know of them, in plain sentences."""
        notes = list(self.restrictions.notes)
        if self.violated:
            notes.append(
                f"not met: {'; '.join(self.violated)}. The constraints may contradict each other or"
                " the rest of the model; loosen one of them."
            )
        elif self.binding:
            notes.append(
                f"binding: {'; '.join(self.binding)}. The estimates would otherwise lie beyond."
                " Standard errors take this as an equality, degrees of freedom do not count it, so"
                " the p-value of chi2 is too small, if anything."
            )
        if self.reached and not self.violated:
            notes.append(
                f"at a bound: {'; '.join(self.reached)}. Standard errors are those of parameters"
                " without bounds and say little here; a variance at zero points to a weak or"
                " redundant item, or too small a sample."
            )
        return tuple(notes)


def held_by(restrictions: ModelRestrictions, optimum: ConstrainedOptimum) -> Held:
    """Return what the restrictions do at an optimum."""
    from clustersem.engine.restricted import restriction_rank
    from clustersem.engine.sequential import MET

    numbers, n_least = restrictions.numbers, restrictions.numbers.n_least
    equal, least = numbers.equal(optimum.theta), numbers.least(optimum.theta)
    active = np.flatnonzero(optimum.active)
    violated: list[str] = []
    if optimum.violation > MET:
        scale = np.sqrt(np.maximum(optimum.hessian.diagonal(), 1e-300))
        for values, names, missing in (
            (equal, restrictions.equal, np.abs(equal.value)),
            (least, restrictions.least, np.maximum(-least.value, 0.0)),
        ):
            length = np.linalg.norm(values.jacobian / scale, axis=1)
            length[length == 0] = 1.0
            violated += [
                f"{names[i]} (by {missing[i]:.3g})" for i in np.flatnonzero(missing / length > MET)
            ]
    return Held(
        restrictions,
        optimum.jacobian,
        restriction_rank(equal.jacobian, optimum.hessian),
        tuple(restrictions.least[i] for i in active if i < n_least),
        tuple(restrictions.least[i] for i in active if i >= n_least),
        tuple(violated),
        np.concatenate([optimum.equal_multipliers, optimum.least_multipliers]),
    )


def nothing_held(restrictions: ModelRestrictions) -> Held:
    """Return the same for a model without restrictions."""
    return Held(restrictions, np.empty((0, restrictions.numbers.n_free)), 0)
