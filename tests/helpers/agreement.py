"""Every number of a fit beside lavaan's."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import clustersem as cs
from clustersem.errors import ClusterSemWarning
from helpers.lavaan_cases import Case

ROW = ["lhs", "op", "rhs", "group"]
# Not z, which is the quotient of two others.
ESTIMATES = ("est", "se", "p_value", "ci_lower", "ci_upper", "std_lv", "std_all")
INDICES = ("mi", "epc", "sepc_lv", "sepc_all")
# Names that lavaan 0.7 gives to what is gfi and agfi here.
RENAMED = {"gfi_lisrel": "gfi", "agfi_lisrel": "agfi"}


@dataclass(frozen=True)
class Pair:
    """One number: ours and lavaan's. NaN where there is none.

    Attributes
    ----------
    kind : str
        A column of the estimates or of the modification indices, ``measure``, ``implied_cov``,
        ``implied_mean``, ``r2`` or ``count``.
    name : str
        Which: a row of the parameter table, a measure, a cell of a matrix.
    """

    kind: str
    name: str
    ours: float
    theirs: float

    @property
    def error(self) -> float:
        """Difference, relative where lavaan's number is above one; infinite where one is NaN."""
        if math.isnan(self.ours) or math.isnan(self.theirs):
            return 0.0 if math.isnan(self.ours) == math.isnan(self.theirs) else math.inf
        return abs(self.ours - self.theirs) / max(1.0, abs(self.theirs))


def fitted(case: Case) -> cs.Fit:
    """Return our fit of a case; warnings of the sample are not what is compared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        fit: cs.Fit = getattr(cs, case.fun)(case.model, case.data, **case.options)
        return fit


def pairs(case: Case, fit: cs.Fit) -> Iterator[Pair]:
    """Yield every number of the case."""
    yield from _counts(case, fit)
    yield from _estimates(case, fit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        measures = fit.measures
    for name, value in case.measures.items():
        yield Pair("measure", name, float(measures.get(RENAMED.get(name, name), math.nan)), value)
    for name, told in (case.told.get("tests") or {}).items():
        if name.startswith("browne"):
            ours = measures.get(f"chisq_{name.replace('.', '_')}", math.nan)
            yield Pair("measure", name, ours, told["stat"])
    yield from _modification_indices(case, fit)
    yield from _moments(case, fit)
    yield from _r_squared(case, fit)


def _counts(case: Case, fit: cs.Fit) -> Iterator[Pair]:
    yield Pair("count", "converged", float(fit.converged), 1.0)
    for number, (sample, n_obs) in enumerate(zip(fit.samples, case.n_obs, strict=True), start=1):
        yield Pair("count", f"n_obs of group {number}", float(sample.n_obs), float(n_obs))
    if case.loglik is not None:
        yield Pair("measure", "logl", fit.loglik, case.loglik)


def _estimates(case: Case, fit: cs.Fit) -> Iterator[Pair]:
    # A row that the user wrote twice stands twice in lavaan's table.
    told = case.estimates.drop_duplicates(ROW)
    both = told.merge(fit.estimates, on=ROW, how="outer", suffixes=("_told", ""), indicator=True)
    for name in _names(both[both["_merge"] != "both"]):
        yield Pair("row", name, math.nan, 0.0)
    both = both[both["_merge"] == "both"]
    names = list(_names(both))
    for column in ESTIMATES:
        if column not in told:
            continue
        theirs = both[f"{column}_told"].to_numpy(dtype=float)
        ours = both[column].to_numpy(dtype=float)
        if column == "se":
            # Defined parameters that are constants have none in lavaan, zero here.
            theirs = np.where(np.isnan(theirs) & (ours == 0.0), 0.0, theirs)
        for name, x, y in zip(names, ours, theirs, strict=True):
            # lavaan leaves out what has no z, and standardised values of defined parameters.
            if column == "se" or not math.isnan(y):
                yield Pair(column, name, x, y)


def _modification_indices(case: Case, fit: cs.Fit) -> Iterator[Pair]:
    told = case.modification_indices
    if told.empty:
        return
    given = {row.lhs for row in fit.spec.parameters if row.from_sample}
    both = told.merge(
        fit.modification_indices(), on=ROW, how="left", suffixes=("_told", ""), indicator=True
    )
    for name, row in zip(_names(both), both.itertuples(index=False), strict=True):
        if math.isnan(row.mi):
            why = "of a fixed covariate" if row.lhs in given else "absent"
            yield Pair("mi", f"{name} {why}", math.nan, row.mi_told)
            continue
        for column in INDICES:
            theirs = getattr(row, f"{column}_told")
            if theirs is not None and not math.isnan(theirs):
                factor = _smaller(case, row.group, column)
                yield Pair(column, name, float(getattr(row, column)), theirs / factor)


def _smaller(case: Case, group: int, column: str) -> float:
    """Return the factor that lavaan 0.6's indices have where chi2 is (n - 1) F.

    With least squares its gradient has (n - 1) / n and its information has not, so its expected
    change is not the Newton step, which does not depend on how F is multiplied. With the Wishart
    likelihood its index is n / (n - 1) times the change of chi2.
    """
    n = case.n_obs[group - 1]
    if "weights_sum" in case.told:
        sums = np.atleast_1d(np.array(case.told["weights_sum"], dtype=float))
        n = float(sums[group - 1]) if len(sums) == len(case.n_obs) else n
    if case.options.get("likelihood") == "wishart":
        return n / (n - 1.0) if column == "mi" else 1.0
    return (n - 1.0) / n if is_least_squares(case) else 1.0


def is_least_squares(case: Case) -> bool:
    """Whether a case has no likelihood."""
    name = str(case.options.get("estimator", ""))
    return name.startswith(("GLS", "ULS", "WLS", "DWLS")) or "ordered" in case.options


def _moments(case: Case, fit: cs.Fit) -> Iterator[Pair]:
    ours = list(fit.spec.observed)
    order = [ours.index(v) for v in (case.observed if "observed" in case.told else ours)]
    covs, means = case.implied_cov, case.implied_mean
    cov, mean = fit.implied_cov.to_numpy(), fit.implied_mean.to_numpy()
    p = len(ours)
    for number, label in enumerate(covs):
        part = slice(number * p, (number + 1) * p)
        mine = cov[part][np.ix_(order, order)]
        yield _worst("implied_cov", label, mine, covs[label])
        if means:
            yield _worst("implied_mean", label, mean[part][order], means[label])


def _worst(kind: str, label: str, ours: np.ndarray, theirs: np.ndarray) -> Pair:
    assert ours.shape == theirs.shape, f"{kind} of group {label!r}"
    found = [Pair(kind, label, *xy) for xy in zip(ours.flat, theirs.flat, strict=True)]
    return max(found, key=lambda pair: pair.error)


def _r_squared(case: Case, fit: cs.Fit) -> Iterator[Pair]:
    for label, told in case.r_squared.items():
        ours: Any = fit.r_squared.loc[label] if len(fit.samples) > 1 else fit.r_squared
        values = told if isinstance(told, dict) else dict(zip(ours.index, told, strict=True))
        for name, theirs in values.items():
            if theirs is not None:
                yield Pair("r2", name, float(ours.get(name, math.nan)), theirs)


def _names(rows: pd.DataFrame) -> Iterable[str]:
    parts = zip(*(rows[c] for c in ROW), strict=True)
    return [f"{lhs} {op} {rhs} [{group}]" for lhs, op, rhs, group in parts]
