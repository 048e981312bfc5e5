"""semopy as an engine and as a second opinion: the one file that imports it.

semopy is given the covariance matrix only, in units in which every variable, latent ones too, has
a standard deviation near one: its steps and its stop rule fail on other scales without saying so.
It starts where the native engine starts, since without raw answers its own starts are zero
loadings, and it is free to estimate negative variances, as lavaan is. Its steps, stop rule,
discrepancy, gradient and information matrix are its own.

References
----------
Meshcheryakov, G., Igolkina, A. A., & Samsonova, M. G. (2021). semopy 2: A structural equation
modeling package with random effects in Python. arXiv:2106.01140
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from clustersem.engine.discrepancy import cholesky
from clustersem.engine.likelihood import MaximumLikelihood
from clustersem.engine.objective import Objective, State
from clustersem.engine.optimiser import Optimum, metric_of
from clustersem.engine.ram import PATH, Array, Ram, evaluate
from clustersem.engine.starts import starting_values
from clustersem.errors import EstimationError, UnsupportedError
from clustersem.fit.assemble import Layout
from clustersem.fit.second_opinion import LargestDifference, SecondOpinion
from clustersem.fit.solution import Solution
from clustersem.spec import ModelSpec
from clustersem.spec.semopy_text import to_semopy_text

# semopy has no types.
SemopyModel: TypeAlias = Any

__all__ = ["SecondOpinion", "SemopyModel", "effects_in", "minimise_with_semopy", "second_opinion"]

# Newton decrement, in units of F, below which semopy's solution counts as the optimum: chi2 is then
# within n/2 1e-9 of the minimum, and every estimate within sqrt(n/2 1e-9) of its standard error,
# which at n = 1000 are 5e-7 and 7e-4.
DECREMENT = 1e-9
# SLSQP may stop on a small change of F before the gradient is small; started again from where it
# stands, it goes on.
RESTARTS = 12
# semopy takes a negative discrepancy for a failure, though rounding makes one of a perfect fit. A
# constant keeps it away from zero.
OFFSET = 1.0


@dataclass(frozen=True, eq=False)
class SemopySolution:
    """What semopy found, in the units of the data.

    Attributes
    ----------
    theta : ndarray of shape (q,)
        Free parameters, in the layout's order.
    se : ndarray of shape (q,)
        Their standard errors by semopy's information matrix for n = 1; divide by sqrt(n).
    f : float
        semopy's discrepancy.
    success : bool
        Whether it reports success.
    message : str
        The optimiser's words.
    iterations : int
        The optimiser's iterations.
    """

    theta: Array
    se: Array
    f: float
    success: bool
    message: str
    iterations: int


def minimise_with_semopy(spec: ModelSpec, layout: Layout, objective: Objective) -> Optimum:
    """Let semopy minimise the discrepancy; everything else is evaluated by the native engine.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    layout : Layout
        Where its rows stand in the engine's matrices.
    objective : Objective
        The engine's: maximum likelihood with complete data, of one group.

    Returns
    -------
    Optimum
        At semopy's solution, with the native discrepancy, gradient, Hessian and Newton decrement.
        ``"converged"`` where semopy reports success and the decrement is below 1e-9, so that chi2
        is within n/2 1e-9 of its minimum and an estimate within sqrt(n/2 1e-9) of its standard
        error; else ``"stalled"``.

    Raises
    ------
    UnsupportedError
        Where semopy does not have the model: one with means.
    EstimationError
        Where semopy ends where the implied covariance matrix is not positive definite.
    """
    solution = _solve(spec, layout, objective)
    at = objective.at(solution.theta)
    if at is None:
        raise EstimationError(
            "semopy ended where the implied covariance matrix is not positive definite"
            f" ({solution.message}). Leave out engine='semopy', or give starting values:"
            " f =~ start(0.5)*x2."
        )
    g = objective.gradient(at)
    decrement = _decrement(objective, at)
    converged = solution.success and decrement < DECREMENT
    return Optimum(
        "converged" if converged else "stalled",
        solution.theta,
        at,
        g,
        objective.expected(at),
        decrement,
        solution.iterations,
    )


def _no_opinion(fit: Solution) -> str:
    """Say why semopy can tell nothing of a fit, and what to ask instead; empty where it can."""
    options, only = fit.options, "semopy is a second opinion on maximum likelihood"
    if len(fit.groups) > 1:
        return (
            f"{only} of one group, and this fit has {len(fit.groups)}. Ask it of every group"
            " alone, fitted without equalities."
        )
    if fit.spec.options.ordered:
        return (
            f"{only} with continuous items: its own estimation of ordinal ones fails with current"
            " versions of scipy. Fit the model by estimator='ULSMV' too, and see whether the"
            " conclusions are the same."
        )
    if options.discrepancy == "FIML":
        return (
            f"{only} with complete answers, not on missing={options.missing!r}. Ask it of the fit"
            " with missing='listwise', of those who answered everything."
        )
    if options.discrepancy != "ML" or options.missing != "listwise":
        return (
            f"{only} with complete answers only, not on estimator={options.estimator!r} with"
            f" missing={options.missing!r}. Ask it of a fit of the same model with estimator='ML'"
            " and missing='listwise'."
        )
    if any(sample.weights is not None for sample in fit.samples):
        return f"{only} without sampling weights. Ask it of a fit without sampling_weights=."
    if options.se != "standard":
        return (
            f"{only} with its usual standard errors, not on estimator={options.estimator!r} with"
            f" se={options.se!r}. The estimates are the same with estimator='ML': ask that fit."
        )
    return ""


def second_opinion(fit: Solution) -> SecondOpinion:
    """Fit the same model to the same moments with semopy and compare.

    Parameters
    ----------
    fit : Solution
        A maximum likelihood fit by the native engine.

    Returns
    -------
    SecondOpinion

    Raises
    ------
    UnsupportedError
        Where semopy does not have the model or the estimator, or estimated the fit itself.
    """
    if fit.options.engine == "semopy":
        raise UnsupportedError(
            "semopy estimated this fit, so it cannot be its second opinion. Fit without"
            " engine='semopy' and ask that fit."
        )
    no_opinion = _no_opinion(fit)
    if no_opinion:
        raise UnsupportedError(no_opinion)
    if held := (*fit.held.equalities, *fit.held.reached):
        raise UnsupportedError(
            f"{held[0]}: semopy is asked without constraints and bounds, so it is no second opinion"
            " where one of them binds. Ask it of a fit without them."
        )
    solution = _solve(fit.spec, fit.layout, fit.objective)
    place = fit.layout.parameter
    rows = [row for row in fit.spec.parameters if row.free]
    est, est_semopy = fit.theta[place], solution.theta[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.sqrt(fit.vcov_theta.diagonal())[place]
        se_semopy = (solution.se / np.sqrt(fit.multiplier))[place]
        in_se = (est_semopy - est) / se
        of_se = (se_semopy - se) / se
    table = pd.DataFrame(
        {
            "lhs": [row.lhs for row in rows],
            "op": [row.op for row in rows],
            "rhs": [row.rhs for row in rows],
            "est_clustersem": est,
            "est_semopy": est_semopy,
            "difference": est_semopy - est,
            "difference_in_se": in_se,
            "se_clustersem": se,
            "se_semopy": se_semopy,
            "se_difference": of_se,
        }
    )
    chi2, chi2_semopy = fit.multiplier * fit.state.f, fit.multiplier * solution.f
    # max() keeps NaN, which nanmax() would hide.
    largest = LargestDifference(
        raw=float(np.abs(est_semopy - est).max()),
        in_se=float(np.abs(in_se).max()),
        se=float(np.abs(of_se).max()),
        chi2=abs(chi2_semopy - chi2),
        parameter=rows[int(np.abs(in_se).argmax())].name,
    )
    return SecondOpinion(
        table, largest, chi2, chi2_semopy, solution.success, solution.message, _version()
    )


def effects_in(
    description: str | tuple[dict[str, Any], Any],
) -> dict[str, dict[str, dict[str, str | None]]]:
    """Return what a model in semopy's syntax says: operator, left side, right side, modifier."""
    with quiet_semopy():
        from semopy.parser import parse_desc

        effects = parse_desc(description)[0] if isinstance(description, str) else description[0]
    return {op: {lhs: dict(rhs) for lhs, rhs in by.items()} for op, by in effects.items()}


@contextmanager
def quiet_semopy() -> Iterator[None]:
    """Keep semopy's log records, the warnings that it causes and its floating point faults quiet.

    semopy logs to the root logger, which would add a handler to it, for good, where it has none.
    """
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    root.addFilter(_not_from_semopy)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeFilter(_not_from_semopy)
        root.removeHandler(handler)


def _not_from_semopy(record: logging.LogRecord) -> bool:
    found = find_spec("semopy")
    assert found is not None, "semopy is a dependency"
    assert found.origin is not None, "a package with an __init__"
    return not Path(record.pathname).is_relative_to(Path(found.origin).parent)


def _version() -> str:
    with quiet_semopy():
        import semopy

        return str(semopy.__version__)


def _solve(spec: ModelSpec, layout: Layout, objective: Objective) -> SemopySolution:
    model, sample = objective.blocks[0].model, objective.blocks[0].discrepancy
    if len(objective.blocks) > 1 or not isinstance(sample, MaximumLikelihood):
        raise UnsupportedError(
            "semopy is an engine for maximum likelihood with complete answers of one group. Leave"
            " out engine='semopy'."
        )
    if model.has_means:
        raise UnsupportedError(
            "semopy does not estimate means beside a covariance matrix (and miscounts the degrees"
            " of freedom of models with means). Leave out the intercepts and meanstructure=True for"
            " semopy, or leave out engine='semopy'."
        )
    start = starting_values(model, sample.cov, sample.mean, layout.given)
    scale = _scales(model, sample, start)
    factor = _factors(model, scale)
    p = model.n_observed
    cov = sample.cov / np.outer(scale[:p], scale[:p])
    with quiet_semopy():
        semopy_model = _semopy_model(spec, layout, model, scale, start / factor)
        # n = 1: the caller knows n, and divides the standard errors by its root.
        names = _safe_names(len(layout.names))[:p]
        semopy_model.load(cov=pd.DataFrame(cov, names, names), n_samples=1)
        order = [
            int(name.removeprefix("p"))
            for name, parameter in semopy_model.parameters.items()
            if parameter.active
        ]
    _check_same_model(semopy_model, order, model, factor, scale)

    def native(values: Array) -> Array:
        theta = np.empty(layout.n_free)
        theta[order] = values
        return theta * factor

    with quiet_semopy():
        semopy_model.cov_logdet -= OFFSET
        result, iterations = None, 0
        for _ in range(RESTARTS):
            result = semopy_model.fit(
                obj="MLW", solver="SLSQP", options={"ftol": 1e-15, "maxiter": 2000}
            )
            iterations += int(result.n_it)
            at = objective.at(native(result.x))
            if at is None or _decrement(objective, at) < 1e-2 * DECREMENT:
                break
        semopy_model.cov_logdet += OFFSET
        assert result is not None
        theta = native(np.asarray(result.x, dtype=np.float64))
        f = float(result.fun) - OFFSET
        variances = np.empty(layout.n_free)
        variances[order] = _variances(semopy_model)
        se = np.sqrt(variances) * factor
    return SemopySolution(theta, se, f, bool(result.success), str(result.message), iterations)


def _variances(semopy_model: SemopyModel) -> Array:
    try:
        covariance = semopy_model.calc_fim(inverse=True)[1]
    except np.linalg.LinAlgError:
        return np.full(len(semopy_model.param_vals), np.nan)
    return np.asarray(covariance, dtype=np.float64).diagonal()


def _semopy_model(
    spec: ModelSpec, layout: Layout, model: Ram, scale: Array, start: Array
) -> SemopyModel:
    """Return semopy's model of the rescaled variables, with our fixed values and starts.

    Variables get plain names, so that any name will do, and parameters the name of their place in
    theta, so that no order of the text matters.
    """
    import semopy

    names = _safe_names(len(layout.names))
    safe = dict(zip(layout.names, names, strict=True))
    place = {name: i for i, name in enumerate(names)}
    rows = []
    free_rows = iter(layout.parameter)
    for row in spec.parameters:
        label = f"p{next(free_rows)}" if row.free else ""
        rhs = safe[row.rhs] if row.rhs else ""
        rows.append(replace(row, lhs=safe[row.lhs], rhs=rhs, label=label))
    made = semopy.Model(
        to_semopy_text(rows, (), latent=tuple(safe[name] for name in spec.latent)), cov_diag=True
    )
    for name, parameter in made.parameters.items():
        # semopy keeps variances from zero up, lavaan and the native engine do not.
        parameter.bound = (None, None)
        if parameter.active:
            parameter.start = float(start[int(name.removeprefix("p"))])
            continue
        for location in parameter.locations:
            which = next(k for k, mx in enumerate(made.matrices) if mx is location.matrix)
            to, of = (
                place[labels[i]]
                for labels, i in zip(made.names[which], location.indices, strict=True)
            )
            if made.matrices_names[which] in ("beta", "lambda"):
                parameter.start = float(model.a0[to, of] * scale[of] / scale[to])
            else:
                parameter.start = float(model.s0[to, of] / (scale[to] * scale[of]))
    return made


def _safe_names(count: int) -> list[str]:
    return [f"v{i:04d}" for i in range(count)]


def _scales(model: Ram, sample: MaximumLikelihood, start: Array) -> Array:
    """Return what the variables are divided by, to bring their standard deviations near one.

    Parameters that a label makes equal must still be equal afterwards. In logarithms that is a set
    of linear equations, onto whose solutions the logarithms of the standard deviations are
    projected.
    """
    point = evaluate(model, start)
    assert point is not None, "starting values have a positive definite Sigma"
    variances = point.covariance.diagonal().copy()
    variances[: model.n_observed] = sample.cov.diagonal()
    variances[~(variances > 0)] = 1.0
    log_sd = 0.5 * np.log(variances)
    cells = model.cells
    exponents = np.zeros((len(cells), model.n_variables))
    every = np.arange(len(cells))
    np.add.at(exponents, (every, cells.row), 1.0)
    np.add.at(exponents, (every, cells.col), np.where(cells.kind == PATH, -1.0, 1.0))
    _, first = np.unique(model.parameter, return_index=True)
    unequal = exponents - exponents[first[model.parameter]]
    if unequal.any():
        log_sd = log_sd - np.linalg.lstsq(unequal, unequal @ log_sd, rcond=None)[0]
    return np.exp(log_sd)


def _factors(model: Ram, scale: Array) -> Array:
    """Return by what each parameter of the rescaled model is multiplied to be in data units."""
    cells = model.cells
    to, of = scale[cells.row], scale[cells.col]
    factor = np.ones(model.n_free)
    factor[model.parameter] = np.where(cells.kind == PATH, to / of, to * of)
    return factor


def _check_same_model(
    semopy_model: SemopyModel, order: list[int], model: Ram, factor: Array, scale: Array
) -> None:
    """Refuse where semopy implies other covariances than the engine at the same parameters."""
    p = model.n_observed
    values = np.asarray(semopy_model.param_vals, dtype=np.float64)
    for shift in (0.0, 0.1):
        values = values + shift * np.cos(np.arange(len(values)))
        theta = np.empty(model.n_free)
        theta[order] = values
        point = evaluate(model, theta * factor)
        if point is None:
            continue
        semopy_model.update_matrices(values)
        sigma, _ = semopy_model.calc_sigma()
        by_name = np.argsort(semopy_model.vars["observed"])
        expected = point.sigma / np.outer(scale[:p], scale[:p])
        found = sigma[np.ix_(by_name, by_name)]
        if not np.allclose(found, expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max()):
            raise UnsupportedError(
                "semopy reads this model differently from clustersem, so that its estimates would"
                " not be of the same parameters. Leave out engine='semopy'."
            )


def _decrement(objective: Objective, at: State) -> float:
    """Return the Newton decrement g' H^-1 g, H exact where it is positive definite."""
    g = objective.gradient(at)
    exact = objective.exact(at)
    h = exact if cholesky(exact) is not None else objective.expected(at)
    return float(-g @ metric_of(h, 0.0).step(g))
