"""The models of an invariance study: what is equal in each step, and what identifies the rest.

Continuous items: loadings, intercepts, residual variances, in that order. With equal loadings the
latent variances of all groups but the first are free, with equal intercepts the latent means are.

Ordinal items: thresholds come first, since nothing else gives the latent responses of two groups a
common scale (Wu & Estabrook, 2016). In the first group intercepts are zero and residual variances
(theta) or scales (delta) one. In the others,

* with equal thresholds, intercepts are free, and so are residual variances or scales of items with
  at least two thresholds: two equal thresholds are what they cost, so the step tests items with
  four or more categories only;
* with equal loadings, latent variances are free;
* with equal intercepts (zero), latent means are free;
* with equal residual variances these are one.

What the text fixes so that the configural model is identified (a latent variance of one, a latent
mean of zero) is freed where equality takes its place, whether the user or a default wrote it.

An item with two categories has one threshold and one slope a group. Equal thresholds and loadings,
with a free intercept and a free scale, restrict neither; with the scale fixed the loading would be
restricted, but to something that the arbitrary scale decides (delta and theta then disagree). So
loadings of such items are made equal, and their scale is freed, together with the intercepts.

References
----------
Wu, H., & Estabrook, R. (2016). Identification of confirmatory factor analysis models of different
levels of invariance for ordered categorical outcomes. Psychometrika, 81, 1014-1045.
doi:10.1007/s11336-016-9506-0
Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance.
Psychometrika, 58, 525-543. doi:10.1007/BF02294825
Millsap, R. E., & Yun-Tein, J. (2004). Assessing factorial invariance in ordered-categorical
measures. Multivariate Behavioral Research, 39, 479-515. doi:10.1207/S15327906MBR3903_4
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

from clustersem.spec import ModelSpec, Parameter, parse_model
from clustersem.spec.entries import collect_entries
from clustersem.spec.explicit import respecified
from clustersem.spec.groups import kind_of
from clustersem.spec.variables import Variables, classify

Parameterization = Literal["delta", "theta"]

#: Kinds of parameters, in lavaan's names for ``group_equal``, that each step makes equal.
CONTINUOUS_STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
ORDINAL_STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "thresholds": ("thresholds",),
    "metric": ("thresholds", "loadings"),
    "scalar": ("thresholds", "loadings", "intercepts"),
    "strict": ("thresholds", "loadings", "intercepts", "residuals"),
}


class Release(NamedTuple):
    """One parameter that one group has of its own in an otherwise invariant model."""

    lhs: str
    op: str
    rhs: str
    group: int

    @property
    def parameter(self) -> str:
        """``"lhs op rhs"``."""
        return f"{self.lhs} ~1" if self.op == "~1" else f"{self.lhs} {self.op} {self.rhs}"


@dataclass(frozen=True)
class Family:
    """A model with several groups whose measurement can be made equal step by step.

    Attributes
    ----------
    configural : ModelSpec
        The model with `n_groups` groups, in which nothing is equal across groups but what the
        user's text says; ordered variables with the number of their thresholds.
    parameterization : str
        ``"delta"`` (scales of ordinal items are parameters) or ``"theta"`` (their residual
        variances are).
    """

    configural: ModelSpec
    parameterization: Parameterization = "theta"

    @cached_property
    def variables(self) -> Variables:
        """The variables by the part they play."""
        spec = self.configural
        return classify(collect_entries(parse_model(spec.text)), spec.options.auxiliary)

    @cached_property
    def n_thresholds(self) -> dict[str, int]:
        """Number of thresholds of the ordinal indicators."""
        rows = self.configural.parameters
        counts = Counter(row.lhs for row in rows if row.op == "|" and row.group == 1)
        indicators = {row.rhs for row in rows if row.op == "=~"}
        return {name: count for name, count in counts.items() if name in indicators}

    @property
    def steps(self) -> dict[str, tuple[str, ...]]:
        """What is equal in every step that this model has."""
        if not self.n_thresholds:
            return dict(CONTINUOUS_STEPS)
        steps = dict(ORDINAL_STEPS)
        if self.parameterization == "delta":
            del steps["strict"]  # residual variances are no parameters
        return steps

    def at(self, equal: Collection[str], released: Collection[Release] = ()) -> ModelSpec:
        """Return the model in which kinds of parameters are equal across groups.

        Parameters
        ----------
        equal : collection of str
            Kinds, as ``group_equal`` names them. Those of the structural part (``means``,
            ``lv_variances``, ``lv_covariances``, ``regressions``) may be among them.
        released : collection of Release
            Parameters that stay free of it in one group.

        Returns
        -------
        ModelSpec
            Its text holds every parameter, so that lavaan makes the same model of it.
        """
        return respecified(self.configural, _Builder(self, set(equal), set(released)).rows())

    def restrictions(self, equal: Collection[str]) -> tuple[Release, ...]:
        """Return what could be released where one more kind than before became equal.

        Parameters
        ----------
        equal : collection of str
            The kind or kinds that the step added.

        Returns
        -------
        tuple of Release
            Every parameter of these kinds that the step restricts, in every group but the first.
        """
        kinds = set(equal)
        found = []
        for row in self.configural.parameters:
            if row.group == 1 or not self.is_restricted(row, kinds):
                continue
            found.append(Release(row.lhs, row.op, row.rhs, row.group))
        return tuple(found)

    def is_restricted(self, row: Parameter, kinds: Collection[str]) -> bool:
        """Whether a row would be made equal to the first group's."""
        if row.label:
            return False
        kind = kind_of(row, self.variables)
        ordinal = self.n_thresholds
        if kind not in kinds:
            return False
        if kind == "intercepts" and row.lhs in ordinal:
            return not row.free
        if kind == "residuals" and row.lhs in ordinal:
            return self.parameterization == "theta" and not row.free
        if kind == "loadings" and ordinal.get(row.rhs) == 1:
            return False
        return row.free


class _Builder:
    """One step's rows."""

    def __init__(self, family: Family, equal: set[str], released: set[Release]) -> None:
        self.family, self.equal, self.released = family, equal, released
        self.variables = family.variables
        self.n_thresholds = family.n_thresholds
        self.names = {row.label for row in family.configural.parameters if row.label}
        self.names |= set(self.variables.order)

    def rows(self) -> list[Parameter]:
        """Return the table."""
        spec = self.family.configural
        per_group = len(spec.parameters) // spec.n_groups
        result = list(spec.parameters)
        for number in range(per_group):
            members = [number + group * per_group for group in range(spec.n_groups)]
            rows = [spec.parameters[m] for m in members]
            for member, row in zip(members, self._equated(rows), strict=True):
                result[member] = self._identified(row)
        return result

    def _equated(self, rows: Sequence[Parameter]) -> list[Parameter]:
        """Give the groups' rows of one parameter one label, where they are to be equal."""
        first = rows[0]
        kind = kind_of(first, self.variables)
        if kind not in self.equal or not first.free or any(row.label for row in rows):
            return list(rows)
        if kind == "loadings" and self._is_binary(first.rhs) and "intercepts" not in self.equal:
            return list(rows)
        if kind in ("means", "lv_variances"):
            return list(rows)
        bound = [row.free and not self._is_released(row) for row in rows]
        if sum(bound) < 2:
            return list(rows)
        label = self._label(first)
        return [replace(r, label=label) if b else r for r, b in zip(rows, bound, strict=True)]

    def _identified(self, row: Parameter) -> Parameter:
        """Free what equality in other places identifies."""
        if row.group == 1 or row.free or row.label or row.from_sample:
            return row
        free = False
        if row.lhs in self.n_thresholds:
            if row.op == "~1":
                free = self._frees_intercept(row)
            elif row.lhs == row.rhs and row.op == self._scale_operator:
                free = self._frees_scale(row)
        elif row.lhs in self.variables.latent:
            if row.op == "~1":
                free = self._frees_mean(row.lhs)
            elif row.op == "~~" and row.lhs == row.rhs:
                free = row.value != 0.0 and self._frees_variance(row.lhs)
        return replace(row, free=True, value=None) if free else row

    @property
    def _scale_operator(self) -> str:
        return "~~" if self.family.parameterization == "theta" else "~*~"

    def _frees_intercept(self, row: Parameter) -> bool:
        if "thresholds" not in self.equal:
            return False
        return "intercepts" not in self.equal or self._is_released(row)

    def _frees_scale(self, row: Parameter) -> bool:
        if "thresholds" not in self.equal:
            return False
        if "residuals" in self.equal:
            return self._is_released(row)
        if self._is_binary(row.lhs):
            return {"loadings", "intercepts"} <= self.equal
        return True

    def _frees_mean(self, latent: str) -> bool:
        """Whether equal intercepts of observed indicators identify a latent mean."""
        if "intercepts" not in self.equal or "means" in self.equal:
            return False
        indicators = self.family.configural.indicators(latent)
        return latent not in self.variables.formative and any(
            name in self.variables.observed for name in indicators
        )

    def _frees_variance(self, latent: str) -> bool:
        """Whether the variance is the scale, and an equal loading can take its place."""
        if "loadings" not in self.equal or "lv_variances" in self.equal:
            return False
        loadings = [
            row
            for row in self.family.configural.parameters
            if row.op == "=~" and row.lhs == latent and row.group == 1
        ]
        has_marker = any(not row.free and row.value for row in loadings)
        return not has_marker and any(
            row.free and ("intercepts" in self.equal or not self._is_binary(row.rhs))
            for row in loadings
        )

    def _is_binary(self, name: str) -> bool:
        return self.n_thresholds.get(name) == 1

    def _is_released(self, row: Parameter) -> bool:
        return Release(row.lhs, row.op, row.rhs, row.group) in self.released

    def _label(self, row: Parameter) -> str:
        what = {"~1": "intercept", "~~": f"{row.rhs}.residual"}.get(row.op, row.rhs)
        label = f"{row.lhs}.{what}"
        while label in self.names:
            label += "_"
        return label
