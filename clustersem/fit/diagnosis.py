"""Offending estimates and identification, checked one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from clustersem.fit.admissible import negative_variances, smallest_eigenvalue
from clustersem.fit.solution import Solution
from clustersem.fit.tables import parameter_names

# Standardised coefficients from here on "exceed or are very close to 1".
CLOSE_TO_ONE = 0.95
# Standard errors this many times above (below) the median of their kind are called extreme.
EXTREME_RATIO = 10.0


@dataclass(frozen=True)
class Check:
    """One check of a solution.

    Attributes
    ----------
    name : str
        What was looked for.
    passed : bool
        Whether it was not found.
    detail : str
        What was found, by parameter.
    values : DataFrame
        The offending rows.
    """

    name: str
    passed: bool
    detail: str
    values: pd.DataFrame


@dataclass(frozen=True)
class Diagnosis:
    """What :meth:`clustersem.Fit.diagnose` found.

    Attributes
    ----------
    checks : tuple of Check
        Five checks for offending estimates, and the check of identification.
    """

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return all(check.passed for check in self.checks)

    @property
    def identification(self) -> Check:
        """The check of identification."""
        return self.checks[-1]

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "LOOK"}
        return "\n".join(f"[{mark[c.passed]}] {c.name}: {c.detail}" for c in self.checks)


def diagnose(fit: Solution) -> Diagnosis:
    """Check a solution for offending estimates and identification.

    The five offending estimates are negative error variances, correlations above one, covariance
    matrices that are not positive definite, standardised coefficients at or near one, and very
    large or very small standard errors.

    References
    ----------
    Hair, J. F., Anderson, R. E., Tatham, R. L., & Black, W. C. (1998). Multivariate data analysis
    (5th ed.). Prentice Hall.
    """
    estimates = fit.own_estimates
    return Diagnosis(
        (
            *admissibility(fit),
            _standardised(estimates),
            _standard_errors(estimates),
            _identification(fit),
        )
    )


def admissibility(fit: Solution) -> tuple[Check, ...]:
    """Return the checks of whether a solution is possible at all: the first three."""
    estimates = fit.own_estimates
    return (
        _negative_variances(fit, estimates),
        _correlations(fit, estimates),
        _positive_definite(fit),
    )


def _check(name: str, rows: pd.DataFrame, fine: str, column: str) -> Check:
    if rows.empty:
        return Check(name, True, fine, rows)
    found = ", ".join(
        f"{row.lhs} {row.op} {row.rhs} = {getattr(row, column):.3f}" for row in rows.itertuples()
    )
    return Check(name, False, found, rows.reset_index(drop=True))


def _negative_variances(fit: Solution, estimates: pd.DataFrame) -> Check:
    own = (estimates["op"] == "~~") & (estimates["lhs"] == estimates["rhs"])
    negative = [fit.layout.names[i] for point in fit.points for i in negative_variances(point)]
    rows = estimates[own & estimates["lhs"].isin(negative)]
    least = estimates.loc[own, "est"].min()
    return _check("negative error variances", rows, f"none; the smallest is {least:.3f}", "est")


def _correlations(fit: Solution, estimates: pd.DataFrame) -> Check:
    name = "correlations above one"
    pairs = (estimates["op"] == "~~") & (estimates["lhs"] != estimates["rhs"])
    rows = estimates[pairs & (estimates["std_all"].abs() > 1)]
    m = len(fit.spec.latent)
    latent = fit.latent_cor.to_numpy().reshape(len(fit.points), m, m)
    off = latent[(slice(None), *np.tril_indices(m, -1))].ravel()
    everything = np.concatenate([estimates.loc[pairs, "std_all"].dropna().to_numpy(), off])
    everything = everything[np.isfinite(everything)]
    if not everything.size:
        return Check(name, True, "the model has none", rows)
    if rows.empty and np.abs(off[np.isfinite(off)]).max(initial=0.0) > 1:
        return Check(name, False, "latent variables with implied correlations above one", rows)
    fine = f"none; they lie between {everything.min():.3f} and {everything.max():.3f}"
    return _check(name, rows, fine, "std_all")


def _positive_definite(fit: Solution) -> Check:
    name = "covariance matrices that are not positive definite"
    matrices = {}
    for label, point in zip(fit.groups, fit.points, strict=True):
        where = f" in group {label}" if label else ""
        p = len(point.uv)
        matrices[f"latent variables{where}"] = point.covariance[p:, p:]
        used = point.s.diagonal() != 0
        # Auxiliary variables covary with residuals for want of a place in the model.
        used[len(fit.spec.target) : p] = False
        matrices[f"residuals and disturbances{where}"] = point.s[used][:, used]
    bad = []
    smallest = np.inf
    for what, matrix in matrices.items():
        if not matrix.size:
            continue
        least = smallest_eigenvalue(matrix)
        smallest = min(smallest, least)
        if least <= 0:
            bad.append(f"{what} (smallest eigenvalue of the correlations {least:.3f})")
    detail = "; ".join(bad) if bad else f"none; the smallest eigenvalue is {smallest:.3f}"
    return Check(name, not bad, detail, pd.DataFrame())


def _standardised(estimates: pd.DataFrame) -> Check:
    paths = estimates["op"].isin(["=~", "~", "<~"])
    size = estimates["std_all"].abs()
    rows = estimates[paths & (size >= CLOSE_TO_ONE)]
    fine = f"none; the largest is {size[paths].max():.3f}"
    return _check(
        f"standardised coefficients at or near one (from {CLOSE_TO_ONE})", rows, fine, "std_all"
    )


def _standard_errors(estimates: pd.DataFrame) -> Check:
    """Compare standard errors in units of the standardised solution, where they share a scale."""
    name = "very large or very small standard errors"
    free = estimates[estimates["z"].notna() | estimates["se"].isna()]
    free = free[free["op"] != ":="]
    if free["se"].isna().any():
        return _check(name, free[free["se"].isna()], "", "se")
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (free["se"] * free["std_all"] / free["est"]).abs()
    by_kind = relative.groupby(free["op"])
    ratio = relative / by_kind.transform("median")
    rows = free[(ratio > EXTREME_RATIO) | (ratio < 1.0 / EXTREME_RATIO)]
    fine = "none"
    if len(relative.dropna()):
        fine = f"none; standardised ones lie between {relative.min():.3f} and {relative.max():.3f}"
    return _check(name, rows, fine, "se")


def _identification(fit: Solution) -> Check:
    name = "identification"
    involved = fit.held.unidentified(fit.hessian)
    names = parameter_names(fit.spec, fit.layout)
    if not len(involved):
        return Check(
            name,
            True,
            f"{fit.n_free} parameters, {fit.df} degrees of freedom, information of full rank",
            pd.DataFrame(),
        )
    listed = [names[i] for i in involved]
    return Check(
        name,
        False,
        "the data cannot tell these parameters apart: " + ", ".join(listed),
        pd.DataFrame({"parameter": listed}),
    )
