"""lavaan's results (tests/reference and tests/reference/lavaan) as Python sees them.

    case = load("hs_mlr_means")
    fit = getattr(cs, case.fun)(case.model, case.data, **case.options)

Options carry clustersem's names. Those that have none are listed in `unsupported`; a case that has
any is no target.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
FOLDERS = (REFERENCE / "lavaan", REFERENCE)

#: lavaan's option and ours.
KEYWORDS = {
    "bounds": "bounds",
    "cluster": "cluster",
    "estimator": "estimator",
    "fixed.x": "fixed_x",
    "group": "group",
    "group.equal": "group_equal",
    "group.label": "group_labels",
    "group.partial": "group_partial",
    "information": "information",
    "likelihood": "likelihood",
    "meanstructure": "meanstructure",
    "missing": "missing",
    "ordered": "ordered",
    "orthogonal": "orthogonal",
    "parameterization": "parameterization",
    "sampling.weights": "sampling_weights",
    "se": "se",
    "std.lv": "std_lv",
    "test": "test",
}
SEQUENCES = ("group_equal", "group_labels", "group_partial", "ordered")
COLUMNS = {"pvalue": "p_value"}


@dataclass(frozen=True)
class Case:
    """What was asked of lavaan and what it said.

    Matrices, R2 and extras that lavaan reports by group are mappings from the group's label; a
    single group's label is ''.
    """

    name: str
    told: dict[str, Any] = field(repr=False)

    @property
    def fun(self) -> str:
        return self.told["fun"]

    @property
    def model(self) -> str:
        return self.told["model"]

    @property
    def note(self) -> str:
        return self.told["note"]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What lavaan itself warned of."""
        return tuple(self.told.get("warnings") or ())

    @property
    def data(self) -> pd.DataFrame:
        """The data; callers may change them."""
        return _data(self.told["data"]).copy()

    @property
    def lavaan_options(self) -> dict[str, Any]:
        return dict(self.told["options"] or {})

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of ``sem``, ``cfa`` and ``growth``."""
        return translated(self.lavaan_options)

    @property
    def unsupported(self) -> tuple[str, ...]:
        return tuple(name for name in self.lavaan_options if name not in KEYWORDS)

    @property
    def groups(self) -> tuple[str, ...]:
        """Labels in lavaan's order, ('',) for one group."""
        if "groups" in self.told:
            return tuple(str(label) for label in _list(self.told["groups"]))
        implied = self.told["implied_cov"]
        return tuple(implied) if isinstance(implied, dict) else ("",)

    @property
    def n_obs(self) -> tuple[int, ...]:
        """Rows used, a group each."""
        return tuple(_list(self.told["nobs"]))

    @property
    def n_free(self) -> int:
        """Free parameters, equality constraints taken off."""
        return self.told["npar"]

    @property
    def loglik(self) -> float | None:
        return self.told["logl"]

    @property
    def gradient(self) -> float | None:
        """How far lavaan is from its optimum: the largest slope of F / 2 along free directions."""
        return self.told.get("gradient")

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """As ``fit.estimates``: lhs op rhs group label est se z p_value ci_lower ci_upper std_*.

        Rows are in lavaan's order; NaN where it prints none. Groups are numbers from 1 in the order
        of `groups`; defined parameters have 0.
        """
        frame = pd.DataFrame(self.told["estimates"]).rename(columns=COLUMNS)
        if "label" not in frame:
            frame["label"] = ""
        if "group" not in frame:
            frame["group"] = (frame["op"] != ":=").astype(int)
        numbers = [c for c in frame if c not in ("lhs", "op", "rhs", "group", "label", "block")]
        frame[numbers] = frame[numbers].astype(float)
        return frame.drop(columns=[c for c in ("block", "exo", "level") if c in frame])

    @cached_property
    def measures(self) -> dict[str, float]:
        """lavaan's fitMeasures with "_" for "."; what it does not give is left out."""
        found = self.told["measures"].items()
        return {name: float(value) for name, value in found if isinstance(value, int | float)}

    @cached_property
    def modification_indices(self) -> pd.DataFrame:
        """The largest 40, sorted; empty where lavaan gave none."""
        frame = pd.DataFrame(self.told["modification_indices"] or [])
        if frame.empty:
            return frame
        if "group" not in frame:
            frame["group"] = 1
        return frame.drop(columns=[c for c in ("block", "level") if c in frame])

    @property
    def observed(self) -> tuple[str, ...]:
        """Observed variables in the order of the implied matrices (of the first group)."""
        return tuple(self.told["observed"])

    @property
    def implied_cov(self) -> dict[str, np.ndarray]:
        return self._by_group("implied_cov")

    @property
    def implied_mean(self) -> dict[str, np.ndarray]:
        """Empty without a mean structure."""
        return self._by_group("implied_mean")

    @property
    def implied_thresholds(self) -> dict[str, np.ndarray]:
        """Item by item; empty without ordered items."""
        return self._by_group("implied_thresholds")

    @property
    def r_squared(self) -> dict[str, dict[str, float]]:
        found = self.told["r2"] or {}
        return found if any(isinstance(v, dict | list) for v in found.values()) else {"": found}

    @property
    def tests(self) -> dict[str, dict[str, Any]]:
        """Each test by lavaan's name: stat stat_group df pvalue scaling_factor shift_parameter."""
        return self.told["tests"]

    def extra(self, key: str) -> Any:
        """Return what only this theme has, as written: kernels, scores, residuals, saturated ..."""
        return self.told[key]

    def _by_group(self, key: str) -> dict[str, np.ndarray]:
        found = self.told.get(key)
        if found is None:
            return {}
        if isinstance(found, dict):
            return {label: np.array(values, dtype=float) for label, values in found.items()}
        if len(self.groups) > 1:
            arrays = (np.array(values, dtype=float) for values in found)
            return dict(zip(self.groups, arrays, strict=True))
        return {"": np.atleast_1d(np.array(found, dtype=float))}


@dataclass(frozen=True)
class Side:
    """A model of a pair or of a table, and its options in our words."""

    fun: str
    data: pd.DataFrame
    model: str
    options: dict[str, Any]
    told: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Difference:
    """Two nested models; `tests` by label: arguments of lavTestLRT, chisq, df, pvalue, warnings."""

    name: str
    free: Side
    restricted: Side
    tests: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class InvarianceTable:
    """Steps in order; each `told` has measures and, but for the first, the difference test."""

    name: str
    steps: dict[str, Side]


def translated(options: dict[str, Any]) -> dict[str, Any]:
    """Return lavaan's options in our words, without those that we have no word for."""
    found = {KEYWORDS[name]: value for name, value in options.items() if name in KEYWORDS}
    for name in SEQUENCES:
        if name in found:
            found[name] = _list(found[name])
    if found.get("information") == "first.order":  # how lavaan spells these standard errors
        del found["information"]
        found["se"] = "first.order"
    return found


@cache
def names(pattern: str = "*") -> tuple[str, ...]:
    """Return the names of the cases that match a pattern as "hs_ordinal_*"."""
    found = {path.stem for folder in FOLDERS for path in folder.glob("*.json")}
    return tuple(sorted(n for n in found if fnmatch(n, pattern) and "estimates" in _told(n)))


@cache
def load(name: str) -> Case:
    """Return a case; those of ``lavaan/`` come before older ones of the same name."""
    return Case(name, _told(name))


def cases(pattern: str = "*") -> Iterator[Case]:
    """Yield the cases whose names match a pattern."""
    return (load(name) for name in names(pattern))


@cache
def differences() -> tuple[Difference, ...]:
    """Return lavaan's difference tests."""
    return tuple(
        Difference(
            name,
            _side(one["fun"], one["data"], one["free"]),
            _side(one["fun"], one["data"], one["restricted"]),
            one["tests"],
        )
        for name, one in _told("difference_tests")["cases"].items()
    )


@cache
def invariance_tables() -> tuple[InvarianceTable, ...]:
    """Return lavaan's and semTools' tables of measurement invariance."""
    return tuple(
        InvarianceTable(
            name,
            {step: _side("cfa", one["data"], told) for step, told in one["steps"].items()},
        )
        for name, one in _told("invariance")["cases"].items()
    )


def _side(fun: str, data: str, told: dict[str, Any]) -> Side:
    return Side(fun, _data(data), told["model"], translated(dict(told["options"] or {})), told)


@cache
def _told(name: str) -> dict[str, Any]:
    path = next(path for f in FOLDERS if (path := f / f"{name}.json").exists())
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


@cache
def _data(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
