"""The parameter table: the single representation of a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Operator = Literal["=~", "<~", "~", "~~", "~1", "|", "~*~"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One cell of the model's matrices: a row of the parameter table.

    Attributes
    ----------
    lhs, rhs : str
        Variable names. For ``=~`` lhs is the latent variable and rhs its indicator; for ``~`` lhs is
        the dependent variable; for ``~1`` rhs is empty; for ``|`` rhs is ``t1``, ``t2``, ...
    op : str
        The operator, one of ``=~ <~ ~ ~~ ~1 | ~*~``.
    group : int
        1-based group number.
    free : bool
        Whether the value is estimated.
    value : float or None
        The value of a fixed parameter; None when free, or when `from_sample`.
    start : float or None
        The user's starting value, ``start(0.5)*x1``.
    label : str
        The user's label; parameters that share one are equal. Empty without one.
    from_sample : bool
        A moment of exogenous covariates (``fixed_x``): fixed at its sample value, not counted.
    user : bool
        Written by the user (True) or added by default (False).
    """

    lhs: str
    op: Operator
    rhs: str
    group: int = 1
    free: bool = True
    value: float | None = None
    start: float | None = None
    label: str = ""
    from_sample: bool = False
    user: bool = True

    @property
    def name(self) -> str:
        """``"lhs op rhs"``, as a user would write it."""
        return f"{self.lhs} ~1" if self.op == "~1" else f"{self.lhs} {self.op} {self.rhs}"


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound on one labelled or named parameter, from ``lower()`` and ``upper()`` modifiers."""

    parameter: int
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class SpecOptions:
    """What is added by default to a user's model, under lavaan's names for it.

    The values of ``cfa()`` and ``sem()`` differ from those of ``growth()``; see
    :func:`clustersem.spec.defaults.options_for`.
    """

    meanstructure: bool = False
    int_ov_free: bool = True
    int_lv_free: bool = False
    std_lv: bool = False
    orthogonal: bool = False
    fixed_x: bool = True
    n_groups: int = 1
    ordered: tuple[str, ...] = field(default=())
