"""Whether the search ends at the same minimum wherever it begins.

Starting values are drawn from the whole space that standardised parameters can lie in, without a
look at the solution: coefficients between -1 and 1 (three in four times an item has the sign that
it has in the data, beside its factor's marker), residual variances between 5 and 100 % of their
variables', correlations between -0.9 and 0.9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.certify.check import Check, not_applicable
from clustersem.engine.constrained import minimise_constrained
from clustersem.engine.optimiser import Optimum, minimise
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, SCALE, THRESHOLD, Array, Ram
from clustersem.engine.unitless import Unitless
from clustersem.fit.admissible import are_admissible
from clustersem.fit.discrepancies import fitted_cov, fitted_mean
from clustersem.fit.result import Fit
from clustersem.fit.second_opinion import OF_CHI2
from clustersem.fit.tables import parameter_values
from clustersem.resample.batches import run_batches
from clustersem.resample.streams import stream

# A constant, so that the first ten of twenty starts are the ten.
AT_ONCE = 5
# From a start far away it may take long; from these on it goes nowhere.
MAX_STEPS = 150
# Standardised estimates at the same chi2 that differ by more than this are another solution.
SAME_ESTIMATES = 0.005
# The share of starts in which items have the signs of their covariances with the marker. Across a
# marker's sign no path leads, so that starts with all signs random mostly end nowhere.
SIGNS_OF_DATA = 0.75
# A start where Sigma is not positive definite is drawn in towards independence, so often.
SHRUNK = 40


@dataclass(frozen=True, eq=False)
class Ending:
    """Where one search ended: chi2 (N F), NaN where it could not begin, and what is there."""

    chi2: float
    converged: bool
    admissible: bool
    std_all: Array


@dataclass(frozen=True, eq=False)
class Searches:
    """The work: a batch's number in, where its searches ended out."""

    fit: Fit
    seed: int
    n: int

    def __call__(self, batch: int) -> tuple[Ending, ...]:
        """Search from the starts of a batch."""
        first = AT_ONCE * batch
        numbers = range(first, min(first + AT_ONCE, self.n))
        return tuple(self._search(stream(self.seed, number, 0)) for number in numbers)

    def _search(self, rng: np.random.Generator) -> Ending:
        fit = self.fit
        found = minimise_from_there(fit, random_start(fit, rng))
        if found is None or found.at is None:
            return Ending(np.nan, False, False, np.empty(0))
        points = [at.point for at in found.at.groups]
        with np.errstate(invalid="ignore", divide="ignore"):
            std_all = parameter_values(fit.layout, points)[2]
        return Ending(
            fit.multiplier * found.at.f,
            found.code == "converged",
            all(bool(are_admissible(point)) for point in points),
            np.abs(std_all),
        )


def minimise_from_there(fit: Fit, start: Array | None) -> Optimum | None:
    """Minimise the fit's objective under its restrictions from a start, by the native engine."""
    if start is None:
        return None
    unitless, restrictions = Unitless(fit.objective), fit.held.restrictions
    with np.errstate(all="ignore"):
        if restrictions.are_none:
            return unitless.measured(minimise(unitless, start, MAX_STEPS))
        constrained = minimise_constrained(unitless, start, restrictions.numbers, MAX_STEPS)
        return unitless.measured(constrained)


def random_start(fit: Fit, rng: np.random.Generator) -> Array | None:
    """Return a random theta at which F is defined; None where none was found."""
    theta = np.zeros(fit.layout.n_free)
    shrinkable = np.ones(len(theta), dtype=bool)
    for block, sample in zip(fit.objective.blocks, fit.samples, strict=True):
        cov, mean = fitted_cov(sample, fit.options), fitted_mean(sample, fit.spec)
        _draw(theta, fit.theta, block.model, cov, mean, rng)
        cells, parameter = block.model.cells, block.model.parameter
        stays = (cells.kind != PATH) & ~((cells.kind == COVARIANCE) & (cells.row != cells.col))
        shrinkable[parameter[stays]] = False
    restrictions = fit.held.restrictions
    size = np.maximum(np.abs(theta), 1e-3 * np.maximum(np.abs(fit.theta), 1e-300))
    for _ in range(SHRUNK):
        there = theta if restrictions.are_none else restrictions.numbers.near(theta, 1.0 / size)
        with np.errstate(all="ignore"):
            if np.isfinite(there).all() and fit.objective.at(there) is not None:
                return np.asarray(there)
        theta = np.where(shrinkable, 0.8 * theta, theta)
    return None


def _draw(
    theta: Array, solution: Array, model: Ram, cov: Array, mean: Array, rng: np.random.Generator
) -> None:
    """Put values of one group's free cells into theta."""
    p, cells, parameter = model.n_observed, model.cells, model.parameter
    sd = np.sqrt(cov.diagonal())
    spread = np.concatenate([sd, _latent_sd(model, sd, rng)])
    kind, row, other = cells.kind, cells.row, cells.other
    u = rng.uniform(-1.0, 1.0, len(kind))
    own = (kind == COVARIANCE) & (row == other)
    value = np.empty(len(kind))
    paths = kind == PATH
    value[paths] = u[paths] * spread[row[paths]] / spread[other[paths]]
    if rng.random() < SIGNS_OF_DATA:
        signs = _signs(model, cov)[row, other]
        value[paths] = np.where(signs == 0, value, np.abs(value) * signs)[paths]
    value[own] = (0.525 + 0.475 * u[own]) * spread[row[own]] ** 2
    variance = model.s0.diagonal().copy()
    variance[row[own]] = value[own]
    # Under the delta parameterisation those of ordinal items follow from the rest.
    variance[variance <= 0] = 0.5 * spread[variance <= 0] ** 2
    between = (kind == COVARIANCE) & ~own
    root = np.sqrt(variance)
    value[between] = 0.9 * u[between] * root[row[between]] * root[other[between]]
    level = kind == INTERCEPT
    middle = np.concatenate([mean, np.zeros(len(spread) - p)])
    value[level] = middle[row[level]] + u[level] * spread[row[level]]
    cut = kind == THRESHOLD
    value[cut] = solution[parameter[cut]] + 0.5 * u[cut]
    value[kind == SCALE] = np.exp(0.5 * u[kind == SCALE])
    theta[parameter] = value


def _signs(model: Ram, cov: Array) -> Array:
    """Return the signs (m x m) of the covariances of items with their factor's marker, else 0."""
    p = model.n_observed
    signs = np.zeros_like(model.a0)
    for j in range(p, model.n_variables):
        markers = np.flatnonzero(model.a0[:p, j])
        if len(markers):
            signs[:p, j] = np.sign(cov[:, markers[0]] * model.a0[markers[0], j])
    return signs


def _latent_sd(model: Ram, sd: Array, rng: np.random.Generator) -> Array:
    """Return standard deviations of latent variables that go with what is fixed of them."""
    p, m = model.n_observed, model.n_variables
    spread = np.concatenate([sd, np.full(m - p, np.nan)])
    share = rng.uniform(0.3, 0.95, m)
    for _ in range(m - p):  # as many orders as there can be
        for j in np.flatnonzero(np.isnan(spread)):
            fixed = [i for i in np.flatnonzero(model.a0[:, j]) if np.isfinite(spread[i])]
            if fixed:
                spread[j] = share[j] * spread[fixed[0]] / abs(model.a0[fixed[0], j])
            elif model.s0[j, j] > 0:
                spread[j] = np.sqrt(model.s0[j, j])
    return np.where(np.isfinite(spread), spread, 1.0)[p:]


def other_starts(
    fit: Fit, n: int, seed: int, *, n_jobs: int | None, progress: bool | None
) -> Check:
    """Check that other starts lead to the same minimum, and to none that is lower."""
    name = "other starts"
    if n == 0:
        return not_applicable(name, "Not asked for (starts=0).")
    work = Searches(fit, seed, n)
    done = run_batches(work, -(-n // AT_ONCE), n_jobs=n_jobs, progress=progress, label=name)
    endings = [ending for _, batch in done.results for ending in batch]
    if not endings:
        return not_applicable(name, done.stopped)
    return judged(fit, endings, done.stopped)


def judged(fit: Fit, endings: list[Ending], stopped: str = "") -> Check:
    """Return the check, given where the searches ended."""
    chi2 = fit.multiplier * fit.state.f
    tolerance = max(OF_CHI2, 1e-6 * abs(chi2))
    with np.errstate(invalid="ignore", divide="ignore"):
        std_all = np.abs(parameter_values(fit.layout, fit.points)[2])
    differs = [ending.chi2 - chi2 for ending in endings]
    ended = [(e, d) for e, d in zip(endings, differs, strict=True) if e.converged]
    lower = [e for e, d in zip(endings, differs, strict=True) if d < -tolerance]
    same = [e for e, d in ended if abs(d) <= tolerance]
    worse = [e for e, d in ended if d > tolerance]
    other = [e for e in same if _apart(e.std_all, std_all) > SAME_ESTIMATES]
    lost = len(endings) - len(same) - len(worse) - len(lower)
    # Not converged and not lower, whatever the reason.
    counted = f"Of {len(endings)} random starts {len(same)} end at this minimum"
    if worse:
        best = min(e.chi2 for e in worse)
        counted += f", {len(worse)} at a worse one (chi2 from {best:.3f}, here {chi2:.3f})"
    if lost:
        counted += f", {lost} nowhere"
    counted += "."
    best_chi2 = min((e.chi2 for e in lower), default=np.nan)
    if lower:
        best_one = min(lower, key=lambda e: e.chi2)
        quality = "" if best_one.admissible else ", at estimates that are improper"
        counted += (
            f" {len(lower)} find{'s' if len(lower) == 1 else ''} a lower chi2, down to"
            f" {best_chi2:.3f}, {chi2 - best_chi2:.3f} below this fit's{quality}: this is not the"
            " best solution. Give starting values, f =~ start(0.5)*x2, or think the model over."
        )
    elif not fit.converged:
        counted += " From these starts the optimiser did better: give starting values." * bool(same)
    elif other:
        counted += (
            f" {len(other)} of them with other estimates: several solutions fit equally well, and"
            " this is one of them. Fix a parameter, or say which one is meant by starting values."
        )
    elif not same:
        counted += (
            " So nothing confirms it: the model is hard to fit. Give starting values that you"
            " believe in, and see whether the solution stays."
        )
    elif worse:
        counted += " The model has local minima; this is the lowest of those found."
    if stopped:
        counted += f" {stopped}"
    doubtful = bool(other) or not same or not fit.converged
    return Check(
        "other starts",
        "failed" if lower else "doubtful" if doubtful else "passed",
        counted,
        f"none below this chi2 by more than {tolerance:.4g}, half a unit of the third decimal;"
        " searches that end nowhere say nothing",
        (
            ("starts", float(len(endings))),
            ("same", float(len(same))),
            ("other_estimates", float(len(other))),
            ("worse", float(len(worse))),
            ("lower", float(len(lower))),
            ("nowhere", float(lost)),
            ("lowest_chi2", float(best_chi2 if lower else chi2)),
        ),
    )


def _apart(one: Array, other: Array) -> float:
    """Return the largest difference of two sets of numbers, of those that both have."""
    apart = np.abs(one - other)
    return float(np.nanmax(apart)) if np.isfinite(apart).any() else 0.0
