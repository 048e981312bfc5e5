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
        Variable names. For ``=~`` lhs is the latent variable and rhs its indicator; for ``~`` lhs
        is the dependent variable; for ``~1`` rhs is empty; for ``|`` rhs is ``t1``, ``t2``, ...
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


#: What ``group_equal`` accepts.
EQUALITIES = (
    "loadings",
    "composite_loadings",
    "intercepts",
    "means",
    "thresholds",
    "regressions",
    "residuals",
    "residual_covariances",
    "lv_variances",
    "lv_covariances",
)


@dataclass(frozen=True)
class SpecOptions:
    """What is added by default to a user's model, under lavaan's names for it.

    The values of ``cfa()`` and ``sem()`` differ from those of ``growth()``; see
    :func:`clustersem.spec.defaults.options_for`.

    Attributes
    ----------
    meanstructure : bool
        Intercepts and means are part of the model. An intercept formula in the text implies it.
    int_ov_free, int_lv_free : bool
        Whether intercepts of observed variables and means of latent variables are free.
    std_lv : bool
        Latent variances are fixed at one instead of first loadings.
    orthogonal : bool
        Covariances among latent variables that would be added are fixed at zero.
    fixed_x : bool
        Moments of exogenous observed variables are taken from the sample.
    n_groups : int
        How many groups the rows are repeated for.
    ordered : tuple of str
        Observed variables with ordered categories; names that the model does not have are ignored.
    thresholds : tuple of (str, int)
        How many thresholds each ordered variable has, once the data are known.
    group_equal : tuple of str
        Kinds of parameters that are equal across groups, among :data:`EQUALITIES`.
    group_partial : tuple of str
        Parameters (``"visual =~ x2"``, or a label) exempt from `group_equal`.
    parameterization : {"delta", "theta"}
        Whether the scales of ordered variables are parameters, or their residual variances: which
        of the two equal thresholds free in all groups but the first.
    auxiliary : tuple of str
        Observed variables beside the model, which covary freely with all others and so help full
        information to fill gaps. With them no moments are taken from the sample.
    auto_fix_first, auto_fix_single, auto_var, auto_cov_lv_x, auto_cov_y : bool
        The single defaults that ``sem()`` and ``cfa()`` switch on together: first loadings fixed at
        one, residual variances of single indicators fixed at zero, (residual) variances free (and
        not zero),
        covariances among exogenous latent variables free, covariances among dependent variables
        that predict nothing free.
    """

    meanstructure: bool = False
    int_ov_free: bool = True
    int_lv_free: bool = False
    std_lv: bool = False
    orthogonal: bool = False
    fixed_x: bool = True
    n_groups: int = 1
    ordered: tuple[str, ...] = field(default=())
    thresholds: tuple[tuple[str, int], ...] = field(default=())
    group_equal: tuple[str, ...] = field(default=())
    group_partial: tuple[str, ...] = field(default=())
    parameterization: Literal["delta", "theta"] = "delta"
    auxiliary: tuple[str, ...] = field(default=())
    auto_fix_first: bool = True
    auto_fix_single: bool = True
    auto_var: bool = True
    auto_cov_lv_x: bool = True
    auto_cov_y: bool = True
