"""What is planned: a population, the model that will be fitted, and what it estimates there.

Everything that a power rests on follows from one fit of the model to the population: what the
parameters are there (the model may be wrong), their standard errors at any n, the misfit. Where
moments are enough, it is fitted to the population's moments. Where answers are cut into categories,
it is fitted to one sample so large that its errors do not matter.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array
from clustersem.errors import (
    ClusterSemWarning,
    EstimationError,
    ModelError,
    UnsupportedError,
)
from clustersem.fit import Fit, sem
from clustersem.fit.estimators import LIKELIHOODS, estimator_named
from clustersem.fit.options import FitOptions
from clustersem.fit.resolve import options_from
from clustersem.resample.generators import Generator
from clustersem.resample.likert import Likert
from clustersem.resample.misfit import misspecified
from clustersem.resample.population import Population, moved_to, populations_of
from clustersem.resample.simulate import generators_of, group_sizes
from clustersem.resample.streams import stream
from clustersem.spec import ModelSpec, parse_model
from clustersem.spec.syntax import Formula, Term
from clustersem.survey.names import did_you_mean

Source = Fit | str | ModelSpec | Population | Sequence[Population]

#: Respondents that a population's moments count for. Everything is read off per respondent, so the
#: number does not matter beyond its divisor n - 1.
MANY = 10_000_000
#: Respondents of the sample that stands for a population of answers.
LARGE = 100_000
#: Discrepancies below this are rounding.
ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Plan:
    """A model to be fitted to samples from a population.

    Attributes
    ----------
    populations : tuple of Population
        One a group.
    generators : tuple of Generator
        What draws from them.
    fit : Fit
        The model fitted to the population.
    options : FitOptions
        How samples will be fitted.
    exact : bool
        Whether `fit` is to the population itself, not to a large sample from it.
    source : Fit or None
        The fit whose estimates the population has, if it is one's.
    """

    populations: tuple[Population, ...]
    generators: tuple[Generator, ...]
    fit: Fit
    options: FitOptions
    exact: bool
    source: Fit | None

    @property
    def misfit(self) -> float:
        """The discrepancy F of the model in the population; 0 where it holds."""
        f = self.fit.state.f
        if self.fit.df == 0:
            return 0.0
        if self.exact:
            return f if f > ROUNDING else 0.0
        # A sample's F is too large by df / N on average.
        chisq = self.fit.multiplier * f
        noise = self.fit.df + 3.0 * np.sqrt(2.0 * self.fit.df)
        return f - self.fit.df / self.fit.multiplier if chisq > noise else 0.0

    @property
    def rmsea(self) -> float:
        """The RMSEA of the model in the population, of an average group."""
        df = self.fit.df
        return float(np.sqrt(self.misfit * len(self.populations) / df)) if df else 0.0

    @property
    def unit_vcov(self) -> Array:
        """Covariance matrix of sqrt(N) times the estimates."""
        return np.asarray(self.fit.vcov_theta * self.fit.multiplier)

    @property
    def least(self) -> int:
        """The fewest respondents whose covariance matrices can be fitted, in every group."""
        p = len(self.populations[0].names)
        n = p + 2
        while min(group_sizes(n, self.populations)) < p + 2:
            n += p
        return n


def plan_of(
    population: Source,
    *,
    model: str | ModelSpec | None = None,
    estimator: str | None = None,
    missing: str | None = None,
    standardized: bool = False,
    simulate: Mapping[str, Any] | None = None,
    rmsea: float = 0.0,
) -> Plan:
    """Return the plan of a call; see :func:`clustersem.power`.

    Raises
    ------
    ModelError
        Where there is no model to fit, or it does not go with the population.
    EstimationError
        Where the model cannot be fitted to the population.
    """
    populations = populations_of(population, standardized=standardized)
    ordinal = _is_ordinal(population, populations, estimator)
    chosen: str | ModelSpec
    if isinstance(population, Fit) and model is None and estimator is None and missing is None:
        options, chosen = population.options, population.spec
    else:
        chosen = _model_of(population, model, ordinal=ordinal)
        if isinstance(population, Fit):
            estimator = estimator or population.options.estimator
            missing = missing or population.options.missing
        given = {"estimator": estimator, "missing": missing or "listwise"}
        options = options_from(given, ordinal=ordinal)
    source = population if isinstance(population, Fit) else None
    if simulate is not None and not isinstance(simulate, Mapping):
        raise UnsupportedError(
            f"simulate={simulate!r}: write the options of clustersem.simulate by name,"
            " simulate={'missing': 0.1} say."
        )
    asked = {} if simulate is None else dict(simulate)
    _check_settings(asked)

    def planned(of: tuple[Population, ...]) -> Plan:
        made = generators_of(of, source=source, **asked)
        from_answers = ordinal or options.discrepancy in ("WLS", "DWLS")
        if source is not None and chosen is source.spec and from_answers:
            # Its weights came from answers: the fit itself says what there is to say.
            return Plan(of, made, source, options, True, source)
        exact = not _is_cut(made)
        at = _to_moments(chosen, of, options) if exact else _to_answers(chosen, of, made, options)
        return Plan(of, made, _converged(at), options, exact, source)

    plan = planned(populations)
    if not rmsea:
        return plan
    misfitted = misspecified(plan.fit, rmsea, seed=0)
    return planned(
        tuple(moved_to(one, other) for one, other in zip(populations, misfitted, strict=True))
    )


def freed(text: str, *, thresholds: bool = True) -> str:
    """Return a population's text as the model to fit: what has a value is estimated.

    Labels, equalities, bounds and constraints stay; first loadings are fixed at one as in any
    model.

    Examples
    --------
    >>> print(freed("f =~ 0.7*x1 + a*x2 + start(0.6)*x3; f ~~ 1*f"))
    f =~ x1 + a*x2 + x3
    f ~~ f
    """
    statements = [
        replace(statement, terms=tuple(_freed(term) for term in statement.terms))
        if isinstance(statement, Formula)
        else statement
        for statement in parse_model(text).statements
        if thresholds or not (isinstance(statement, Formula) and statement.op == "|")
    ]
    return "\n".join(str(statement) for statement in statements)


def _freed(term: Term) -> Term:
    kept = [
        modifier
        for modifier in term.modifiers
        if modifier.kind in ("equal", "lower", "upper")
        or (
            modifier.kind == "value"
            and all(isinstance(setting, str) for setting in modifier.settings)
        )
    ]
    return replace(term, modifiers=tuple(kept))


def drawn(
    generators: Sequence[Generator],
    labels: Sequence[str],
    rng: Sequence[np.random.Generator],
    n: Sequence[int],
) -> tuple[pd.DataFrame, str | None]:
    """Return one sample, and the column that holds its groups; None where there is one group."""
    frames = [
        pd.DataFrame(one.draw(own, size, 1)[0], columns=list(one.names))
        for one, own, size in zip(generators, rng, n, strict=True)
    ]
    if len(frames) == 1:
        return frames[0], None
    group = "group"
    while group in frames[0]:
        group += "_"
    frames = [own.assign(**{group: label}) for own, label in zip(frames, labels, strict=True)]
    return pd.concat(frames, ignore_index=True), group


def _is_ordinal(source: Source, populations: tuple[Population, ...], estimator: str | None) -> bool:
    """Whether samples are fitted as ordered categories, not as numbers."""
    if estimator is None and isinstance(source, Fit):
        return source.samples[0].ordinal is not None
    if not populations[0].ordered:
        return False
    return estimator is None or estimator_named(estimator.upper()).discrepancy not in LIKELIHOODS


def _is_cut(generators: tuple[Generator, ...]) -> bool:
    """Whether answers are cut into categories, also beneath what makes some of them missing."""
    first: object = generators[0]
    while first is not None:
        if isinstance(first, Likert):
            return True
        first = getattr(first, "base", None)
    return False


def _model_of(
    population: Source, model: str | ModelSpec | None, *, ordinal: bool
) -> str | ModelSpec:
    """Return the model that is fitted: the one given, or the population's."""
    if model is not None:
        return model
    if isinstance(population, Fit):
        if population.samples[0].ordinal is not None and not ordinal:
            return freed(population.spec.text, thresholds=False)
        return population.spec
    if isinstance(population, str | ModelSpec):
        text = population if isinstance(population, str) else population.text
        return freed(text, thresholds=ordinal)
    raise ModelError(
        "populations alone do not say which model will be fitted to samples from them; pass"
        " model='f =~ x1 + x2 + x3'."
    )


def _check_settings(asked: Mapping[str, Any]) -> None:
    known = list(signature(generators_of).parameters)[2:]
    for name in asked:
        if name not in known:
            raise UnsupportedError(
                f"simulate= has {name!r}{did_you_mean(name, known) or '.'} It takes what"
                f" clustersem.simulate takes on how data are drawn: {', '.join(known)}."
            )


def _to_moments(
    model: str | ModelSpec, populations: tuple[Population, ...], options: FitOptions
) -> Fit:
    """Fit a model to the moments of a population.

    Robust standard errors and tests need answers, but what is estimated does not depend on them.
    """
    sizes = group_sizes(MANY, populations)
    names = list(populations[0].names)
    # What is fitted has divisor n, or n - 1 where covariances are unbiased.
    cov = [
        pd.DataFrame(one.cov * (1.0 if options.unbiased else n / (n - 1.0)), names, names)
        for one, n in zip(populations, sizes, strict=True)
    ]
    mean = [pd.Series(one.mean, index=names) for one in populations]
    several = len(populations) > 1
    labels = [one.label for one in populations]
    plain: dict[str, Any] = {
        "estimator": "ML" if options.is_likelihood else options.discrepancy,
        "likelihood": options.likelihood,
        "bounds": options.bounds,
        # Full information estimates means too.
        "meanstructure": True if options.discrepancy == "FIML" else None,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        return sem(
            model,
            cov=dict(zip(labels, cov, strict=True)) if several else cov[0],
            mean=dict(zip(labels, mean, strict=True)) if several else mean[0],
            n_obs=dict(zip(labels, sizes, strict=True)) if several else sizes[0],
            **plain,
        )


def _to_answers(
    model: str | ModelSpec,
    populations: tuple[Population, ...],
    generators: tuple[Generator, ...],
    options: FitOptions,
) -> Fit:
    """Fit a model to one large sample of answers."""
    labels = [one.label for one in populations]
    rng = [stream(0, 0, group) for group in range(len(populations))]
    frame, group = drawn(generators, labels, rng, group_sizes(LARGE, populations))
    ordered = None if options.is_likelihood else list(populations[0].ordered)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        return sem(
            model,
            frame,
            estimator=options.estimator,
            missing=options.missing,
            group=group,
            ordered=ordered or None,
        )


def _converged(fit: Fit) -> Fit:
    if not fit.converged:
        raise EstimationError(
            "the model could not be fitted to the moments of the population, so there is nothing to"
            f" look for in samples from it. {fit.status}"
        )
    return fit
