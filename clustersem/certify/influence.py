"""How much single respondents move the solution.

With theta the estimates of all respondents and theta_(i) those without respondent i:

    generalised Cook's distance   (theta - theta_(i))' V_(i)^-1 (theta - theta_(i))
    likelihood displacement       N F(theta_(i)) - N F(theta), with F that of all respondents
    change of chi2                chi2 - chi2_(i)
    DFBETAS                       (theta_j - theta_(i)j) / se_(i)j

References
----------
Cook, R. D. (1986). Assessment of local influence. Journal of the Royal Statistical Society, Series
B, 48, 133-169. doi:10.1111/j.2517-6161.1986.tb01398.x
Lee, S.-Y., & Wang, S. J. (1996). Sensitivity analysis of structural equation models. Psychometrika,
61, 93-108. doi:10.1007/BF02296960
Pek, J., & MacCallum, R. C. (2011). Sensitivity analysis in structural equation models: Cases and
their influence. Multivariate Behavioral Research, 46, 202-228. doi:10.1080/00273171.2011.561068
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.linalg import lapack
from scipy.special import ndtr

from clustersem.certify.check import Check, names_of, not_applicable
from clustersem.certify.deletion import (
    AT_MOST,
    AT_MOST_SLOWLY,
    Cases,
    Deletion,
    Without,
    cases_of,
    together,
)
from clustersem.engine.discrepancy import cholesky
from clustersem.engine.ram import Array, Index
from clustersem.errors import ClusterSemError
from clustersem.fit.admissible import are_admissible
from clustersem.fit.result import Fit
from clustersem.resample.batches import run_batches
from clustersem.resample.refit import Refitter
from clustersem.resample.refits import CONVERGED
from clustersem.survey.names import listed

NAME = "single respondents"
LEVEL = 0.05
# A respondent who moves an estimate by its standard error moves it as far as chance does.
LARGE = 1.0
# Of fits whose standard errors take long: so many of the most influential get their own.
CONFIRMED = 10
# Correlations of estimates with a smaller pivot than this span fewer directions than there are
# estimates, as those from few clusters do.
LEAST_PIVOT = 1e-5
# So many changes are told in a sentence.
TOLD = 3


@dataclass(frozen=True, eq=False)
class Influence:
    """What leaving respondents out does.

    Attributes
    ----------
    check : Check
        The verdict on it.
    table : DataFrame
        One row a respondent; empty where there are no answers.
    """

    check: Check
    table: pd.DataFrame


def influence(fit: Fit, *, n_jobs: int | None, progress: bool | None) -> Influence:
    """Return what leaving out each respondent does to a fit."""
    nothing = pd.DataFrame()
    if not fit.converged:
        return Influence(not_applicable(NAME, "The fit did not converge."), nothing)
    if any(sample.data is None for sample in fit.samples):
        reason = "There are no answers to leave out: the model was fitted to moments."
        return Influence(not_applicable(NAME, reason), nothing)
    if fit.options.se == "none":
        return Influence(
            not_applicable(NAME, "The fit has no standard errors: se='none'."), nothing
        )
    try:
        refitter = Refitter.of(fit)
    except ClusterSemError as error:
        return Influence(not_applicable(NAME, str(error)), nothing)
    work = Deletion(refitter, Cases(np.empty(0, np.intp), np.empty(0, np.intp)), False)
    own_errors = refitter.options.se == "standard" and work.from_moments
    cases = cases_of(fit, AT_MOST if work.from_moments else AT_MOST_SLOWLY)
    work = replace(work, cases=cases, errors=own_errors)
    done = run_batches(
        work, len(cases.batches), n_jobs=n_jobs, progress=progress, label="without each respondent"
    )
    if not done.results:
        return Influence(not_applicable(NAME, done.stopped), nothing)
    places = np.concatenate([cases.batches[number] for number, _ in done.results])
    cases, without = cases.some(places), together([part for _, part in done.results])
    measured = _Measured.of(fit, cases, without)
    if not own_errors:
        measured = _confirmed(fit, refitter, measured)
    return Influence(_judged(fit, measured, done.stopped), _table(fit, measured))


@dataclass(frozen=True, eq=False)
class _Measured:
    """Measures of influence, a row a respondent."""

    cases: Cases
    without: Without
    gcd: Array
    displacement: Array
    delta_chisq: Array
    dfbetas: Array
    p_value: Array
    admissible: np.ndarray

    @classmethod
    def of(cls, fit: Fit, cases: Cases, without: Without) -> _Measured:
        theta = without.theta
        moved = fit.theta - theta
        gcd = np.full(len(theta), np.nan)
        errors = np.tile(np.sqrt(fit.vcov_theta.diagonal()), (len(theta), 1))
        solved = np.flatnonzero(without.code == CONVERGED)
        if without.covariance is not None:
            with np.errstate(invalid="ignore"):
                errors = np.sqrt(np.diagonal(without.covariance, axis1=1, axis2=2))
            for i in solved:
                gcd[i] = _distance(moved[i], without.covariance[i])
        else:
            inverse = _inverse(fit.vcov_theta)
            gcd[solved] = np.einsum("ij,jk,ik->i", moved[solved], inverse, moved[solved])
        displacement = np.full(len(theta), np.nan)
        admissible = np.ones(len(theta), dtype=bool)
        for i in solved:
            state = fit.objective.at(theta[i])
            if state is not None:
                displacement[i] = fit.multiplier * (state.f - fit.state.f)
                admissible[i] = all(bool(are_admissible(at.point)) for at in state.groups)
        with np.errstate(divide="ignore", invalid="ignore"):
            dfbetas = np.where(errors > 0, moved / errors, np.nan)
            p_value = np.where(errors > 0, 2.0 * ndtr(-np.abs(theta / errors)), np.nan)
        delta = fit.multiplier * fit.state.f - without.chi2
        return cls(cases, without, gcd, displacement, delta, dfbetas, p_value, admissible)

    @property
    def converged(self) -> np.ndarray:
        return np.equal(self.without.code, CONVERGED)


def _inverse(covariance: Array) -> Array:
    """Return the inverse; of a singular matrix, under constraints, that of the space it spans."""
    scale = np.sqrt(np.maximum(np.abs(covariance.diagonal()), 1e-300))
    unit = np.nan_to_num(covariance / scale[:, None] / scale)
    return np.asarray(np.linalg.pinv(unit, rcond=1e-10, hermitian=True) / scale[:, None] / scale)


def _distance(moved: Array, covariance: Array) -> float:
    """Return the generalised distance of estimates that have moved."""
    scale = np.sqrt(np.maximum(covariance.diagonal(), 0.0))
    if not (scale > 0).all():
        return float("nan")
    factor = cholesky(covariance / scale[:, None] / scale)
    if factor is None or factor.diagonal().min() < LEAST_PIVOT:
        return float(moved @ _inverse(covariance) @ moved)
    half, _ = lapack.dtrtrs(factor, moved / scale, lower=1)
    return float(half @ half)


def _confirmed(fit: Fit, refitter: Refitter, measured: _Measured) -> _Measured:
    """Give those who matter their own standard errors."""
    conclusions = _Conclusions.of(fit)
    changes = [bool(conclusions.changed(measured, i)) for i in range(len(measured.cases))]
    order = np.argsort(-np.nan_to_num(measured.gcd), kind="stable")
    chosen = [i for i in order.tolist() if changes[i] and measured.converged[i]][:CONFIRMED]
    chosen += [i for i in order.tolist() if i not in chosen and measured.converged[i]]
    some = np.sort(np.array(chosen[:CONFIRMED], dtype=np.intp))
    if not len(some):
        return measured
    cases = measured.cases.some(some)
    work = Deletion(refitter, cases, True)
    parts = [work(number) for number in range(len(cases.batches))]
    again = _Measured.of(fit, cases.some(np.concatenate(cases.batches)), together(parts))
    gcd, dfbetas, p_value = measured.gcd.copy(), measured.dfbetas.copy(), measured.p_value.copy()
    gcd[some], dfbetas[some], p_value[some] = again.gcd, again.dfbetas, again.p_value
    return replace(measured, gcd=gcd, dfbetas=dfbetas, p_value=p_value)


@dataclass(frozen=True, eq=False)
class _Conclusions:
    """What is concluded from all respondents: structural paths by place, p-values, propriety."""

    paths: dict[int, str]
    p_value: Array
    admissible: bool

    @classmethod
    def of(cls, fit: Fit) -> _Conclusions:
        free = [row for row in fit.spec.parameters if row.free]
        names = names_of(fit)
        paths = {
            int(place): names[place]
            for row, place in zip(free, fit.layout.parameter, strict=True)
            if row.op == "~"
        }
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = 2.0 * ndtr(-np.abs(fit.theta / np.sqrt(fit.vcov_theta.diagonal())))
        return cls(paths, p_value, all(bool(are_admissible(point)) for point in fit.points))

    def changed(self, measured: _Measured, i: int) -> list[tuple[str, float]]:
        """Return what is another conclusion without a respondent, with the p-value then."""
        if not measured.converged[i]:
            return [("the model does not converge", np.nan)]
        found = []
        if measured.admissible[i] != self.admissible:
            found.append((f"the solution is {'improper' if self.admissible else 'proper'}", np.nan))
        for place, name in self.paths.items():
            p, q = float(self.p_value[place]), float(measured.p_value[i, place])
            if np.isfinite(p) and np.isfinite(q) and (p < LEVEL) != (q < LEVEL):
                now = "significant" if q < LEVEL else "not significant"
                found.append((f"{name} (p = {p:.3f}) is {now}", q))
        return found


def _label(fit: Fit, cases: Cases, i: int) -> object:
    index = fit.samples[int(cases.group[i])].index
    row = int(cases.row[i])
    return row if index is None else index[row]


def _largest(measured: _Measured) -> Index:
    """Return for every respondent the parameter that is moved most."""
    return np.asarray(np.abs(np.nan_to_num(measured.dfbetas)).argmax(axis=1))


def _table(fit: Fit, measured: _Measured) -> pd.DataFrame:
    names = names_of(fit)
    cases, largest = measured.cases, _largest(measured)
    number = range(len(cases))
    conclusions = _Conclusions.of(fit)
    columns: dict[str, object] = {"row": [_label(fit, cases, i) for i in number]}
    if len(fit.groups) > 1:
        columns["group"] = [fit.groups[g] for g in cases.group.tolist()]
    columns |= {
        "gcd": measured.gcd,
        "likelihood_displacement": measured.displacement,
        "delta_chisq": measured.delta_chisq,
        "parameter": [names[j] for j in largest.tolist()],
        "dfbetas": measured.dfbetas[np.arange(len(cases)), largest],
        "converged": measured.converged,
        "admissible": measured.admissible,
        "changes": [
            "; ".join(f"{what}{_p(q)}" for what, q in conclusions.changed(measured, i))
            for i in number
        ],
    }
    order = np.lexsort((cases.row, cases.group))
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def _p(p_value: float) -> str:
    return "" if np.isnan(p_value) else f" ({p_value:.3f})"


def _told(fit: Fit, measured: _Measured) -> list[str]:
    """Return each conclusion that changes, with the respondent who changes it most."""
    conclusions = _Conclusions.of(fit)
    by_change: dict[str, list[tuple[int, float]]] = {}
    for i in np.argsort(-np.nan_to_num(measured.gcd), kind="stable").tolist():
        for what, q in conclusions.changed(measured, i):
            by_change.setdefault(what, []).append((i, q))
    told = []
    for what, by in by_change.items():
        i, q = max(by, key=lambda pair: np.nan_to_num(abs(pair[1] - LEVEL)))
        others = len(by) - 1
        of_them = f"of {others} other rows" if others > 1 else "other row"
        more = f", or without one {of_them}" if others else ""
        told.append(f"{what} without row {_label(fit, measured.cases, i)}{_p(q)}{more}")
    return told


def _judged(fit: Fit, measured: _Measured, stopped: str) -> Check:
    cases, n = measured.cases, len(measured.cases)
    gcd = np.nan_to_num(measured.gcd)
    top = int(gcd.argmax())
    names, largest = names_of(fit), _largest(measured)
    size = np.abs(measured.dfbetas[np.arange(n), largest])
    far = np.flatnonzero(size > LARGE)
    told = _told(fit, measured)
    found = (
        f"{n} respondents left out one by one"
        f"{'' if n == fit.n_obs else f' of {fit.n_obs}, whose answers are least like the others'}:"
        f" row {_label(fit, cases, top)} matters most, generalised Cook's distance"
        f" {measured.gcd[top]:.2f}, and moves {names[largest[top]]} by"
        f" {size[top]:.2f} standard errors."
    )
    if told:
        found += (
            f" Conclusions that hang on one respondent: {'; '.join(told[:TOLD])}"
            f"{f'; and {len(told) - TOLD} more' if len(told) > TOLD else ''}. Such a conclusion is"
            " undecided: say so, and look whether those answers are genuine."
        )
    else:
        found += " Leaving out any one of them changes no conclusion."
    if len(far):
        rows = (_label(fit, cases, i) for i in far.tolist())
        found += (
            f" An estimate is moved by more than its standard error by row {listed(rows)}: look"
            " whether those answers are genuine, and report the fit without them, too."
        )
    if stopped:
        found += f" {stopped}"
    return Check(
        NAME,
        "doubtful" if told or len(far) else "passed",
        found,
        f"no structural path changes its significance at {100 * LEVEL:.0f} %, no solution turns"
        " improper, no estimate moves by more than its standard error, as far as chance moves it",
        (
            ("left_out", float(n)),
            ("largest_gcd", float(measured.gcd[top])),
            ("largest_dfbetas", float(size.max(initial=0.0))),
            ("largest_likelihood_displacement", float(np.nanmax(measured.displacement))),
            ("changed_conclusions", float(len(told))),
        ),
    )
