"""Simulated answers, from a fit or a model text with numbers in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.errors import DataError, ModelError, UnsupportedError
from clustersem.fit.solution import Solution
from clustersem.resample.analysis import fit_to_populations
from clustersem.resample.generators import Generator, Normal
from clustersem.resample.likert import Correlations, Likert, PerItem, likert
from clustersem.resample.misfit import misspecified
from clustersem.resample.missingness import MAR, MCAR, Missing, Rate
from clustersem.resample.nonnormal import IndependentGenerator, PerVariable, ValeMaurelli
from clustersem.resample.numbers import are_several
from clustersem.resample.population import Population, moved_to, populations_of
from clustersem.resample.sample_margins import sample_margins
from clustersem.resample.streams import seed_of, stream
from clustersem.spec import ModelSpec

Method = Literal["vale-maurelli", "independent"]
Source = Solution | str | ModelSpec | Population | Sequence[Population]


def simulate(
    model: Source,
    n: int | Sequence[int] | Mapping[str, int],
    *,
    seed: int | None = None,
    standardized: bool = False,
    categories: int | Mapping[str, int] | None = None,
    marginals: PerItem | Literal["sample"] | None = None,
    thresholds: PerItem | None = None,
    correlations: Correlations = "underlying",
    skewness: PerVariable | None = None,
    kurtosis: PerVariable | None = None,
    method: Method = "vale-maurelli",
    missing: Rate | MCAR | MAR | None = None,
    rmsea: float | None = None,
    analysis: str | None = None,
    group: str = "group",
) -> pd.DataFrame:
    """Draw a data set from a population.

    Parameters
    ----------
    model : Fit, str, ModelSpec or Population
        A fit: the moments that it implies, and its thresholds where it has ordered items. A model
        text in which every parameter has a value: ``f =~ 0.7*x1 + 0.8*x2``; see Notes.
    n : int, sequence or mapping of group to int
        Rows. Of several groups one number is the total, divided as in the fitted sample (evenly for
        a text).
    seed : int, optional
        The same seed gives the same data. Without one a seed is drawn; the data carry it in
        ``attrs["seed"]``.
    standardized : bool
        The values of the text are standardised: residual variances follow from them.
    categories, marginals, thresholds, correlations
        Make Likert answers 1, 2, ... of the continuous responses; see
        :func:`clustersem.resample.likert.likert`. ``categories=5`` are symmetric items,
        ``marginals=[0.1, 0.2, 0.4, 0.2, 0.1]`` the probabilities of the answers, of all items or,
        as a mapping, of those named. ``marginals="sample"``: those of the answers that were fitted.
        Prescribed correlations are those of the responses (polychoric), or with
        ``correlations="answers"`` those of the answers.
    skewness, kurtosis : float, sequence or mapping, optional
        Third standardised moment, and fourth less 3 (zero for a normal variable), of all variables,
        of each, or of those named.
    method : str
        ``"vale-maurelli"``: cubics of normal variables. ``"independent"``: linear combinations of
        independent variables that are not normal (Foldnes and Olsson).
    missing : float, mapping, MCAR or MAR, optional
        Missing answers; a number is the rate of answers missing completely at random.
    rmsea : float, optional
        Draw from a population that the model misfits by this RMSEA, with its parameters unchanged;
        see :func:`clustersem.resample.misfit.misspecified`.
    analysis : str, optional
        With `rmsea` and a text: the model that will be fitted to the data, in lavaan's syntax
        without the population's values.
    group : str
        What to call the column of the groups, where there are several.

    Returns
    -------
    DataFrame
        One row a respondent, the model's observed variables in its order, and the group. Answers
        are whole numbers; columns with missing answers are float, with NaN.

    Raises
    ------
    ModelSyntaxError
        Where a parameter of the text has no value, with a caret under it.
    ModelError, DataError, UnsupportedError
        Where there is no such population or no such data, with the reason.

    Notes
    -----
    A text is read as lavaan's ``simulateData`` reads one: exogenous latent variables have variance
    one unless it is written, covariances and intercepts that are not written are zero, and no
    loading is a marker. Unlike there, what is written without a value is an error, not a tacit 1 or
    0, and residual variances have to be written unless ``standardized=True``.

    References
    ----------
    Vale, C. D., & Maurelli, V. A. (1983). Simulating multivariate nonnormal distributions.
    Psychometrika, 48, 465-471. doi:10.1007/BF02293687
    Foldnes, N., & Olsson, U. H. (2016). A simple simulation technique for nonnormal data with
    prespecified skewness, kurtosis, and covariance matrix. Multivariate Behavioral Research, 51,
    207-219. doi:10.1080/00273171.2015.1133274
    Cudeck, R., & Browne, M. W. (1992). Constructing a covariance matrix that yields a specified
    minimizer and a specified minimum discrepancy function value. Psychometrika, 57, 357-369.
    doi:10.1007/BF02295424

    Examples
    --------
    >>> import clustersem as cs
    >>> model = "trust =~ 0.7*t1 + 0.8*t2 + 0.6*t3; use =~ 0.7*u1 + 0.7*u2; use ~ 0.4*trust"
    >>> answers = cs.simulate(model, 300, standardized=True, categories=5, seed=1)
    >>> answers.shape, int(answers.min().min()), int(answers.max().max())
    ((300, 5), 1, 5)
    >>> fit = cs.sem("trust =~ t1 + t2 + t3; use =~ u1 + u2; use ~ trust", answers)
    >>> again = cs.simulate(fit, 200, missing=0.1, seed=2)
    >>> bool(again.isna().mean().between(0.03, 0.2).all())
    True
    """
    seed = seed_of(seed)
    populations = populations_of(model, standardized=standardized)
    sizes = group_sizes(n, populations)
    if rmsea is not None:
        misfitted = misspecified(_analysis(model, populations, analysis), rmsea, seed=seed)
        populations = tuple(
            moved_to(population, other)
            for population, other in zip(populations, misfitted, strict=True)
        )
    elif analysis is not None:
        raise UnsupportedError("analysis= goes with rmsea=: it is the model that has that RMSEA.")
    generators = generators_of(
        populations,
        source=model if isinstance(model, Solution) else None,
        categories=categories,
        marginals=marginals,
        thresholds=thresholds,
        correlations=correlations,
        skewness=skewness,
        kurtosis=kurtosis,
        method=method,
        missing=missing,
    )
    frames = [
        _frame(generator, stream(seed, 0, number), size)
        for number, (generator, size) in enumerate(zip(generators, sizes, strict=True))
    ]
    frame = frames[0]
    if len(frames) > 1:
        if group in frame:
            raise DataError(f"group={group!r} is a variable of the model; call the column else.")
        for own, population in zip(frames, populations, strict=True):
            own[group] = population.label
        frame = pd.concat(frames, ignore_index=True)
    frame.attrs["seed"] = seed
    return frame


def generators_of(
    populations: Sequence[Population],
    *,
    source: Solution | None = None,
    categories: int | Mapping[str, int] | None = None,
    marginals: PerItem | Literal["sample"] | None = None,
    thresholds: PerItem | None = None,
    correlations: Correlations = "underlying",
    skewness: PerVariable | None = None,
    kurtosis: PerVariable | None = None,
    method: Method = "vale-maurelli",
    missing: Rate | MCAR | MAR | None = None,
) -> tuple[Generator, ...]:
    """Return the generator of every group; the options are those of :func:`simulate`.

    Parameters
    ----------
    populations : sequence of Population
        One a group.
    source : Fit, optional
        Whose answers ``marginals="sample"`` means.
    categories, marginals, thresholds, correlations, skewness, kurtosis, method, missing
        See :func:`simulate`.
    """
    result = []
    for number, population in enumerate(populations):
        base: Generator | None = _not_normal(population, skewness, kurtosis, method)
        if isinstance(marginals, str):
            if marginals != "sample" or source is None:
                raise UnsupportedError(
                    f"marginals={marginals!r}: write probabilities; 'sample' takes those of the"
                    " answers that a fit was fitted to, and goes with a fit."
                )
            if base is not None or categories is not None or thresholds is not None:
                raise UnsupportedError("marginals='sample' says all about how items are cut.")
            generator: Generator = sample_margins(population, source, number, correlations)
        elif population.thresholds or any(
            setting is not None for setting in (categories, marginals, thresholds)
        ):
            generator = likert(
                population,
                marginals=marginals,
                thresholds=thresholds,
                categories=categories,
                correlations=correlations,
                base=base,
            )
        elif correlations != "underlying":
            raise UnsupportedError(
                f"correlations={correlations!r} is about Likert answers. Say how many categories"
                " they have, or leave it out."
            )
        else:
            generator = base or Normal(population)
        if missing is not None:
            mechanism = missing if isinstance(missing, MCAR | MAR) else MCAR(missing)
            generator = Missing(generator, mechanism)
        result.append(generator)
    return tuple(result)


def group_sizes(
    n: int | Sequence[int] | Mapping[str, int], populations: Sequence[Population]
) -> tuple[int, ...]:
    """Return how many rows every group has.

    One number is the total; it is divided in proportion to the populations' shares, with what
    rounding leaves over going to the largest remainders.

    Raises
    ------
    DataError
        For what is no positive whole number a group.
    """
    labels = [population.label for population in populations]
    counts: Sequence[object]
    if isinstance(n, Mapping):
        if set(n) != set(labels):
            raise DataError(f"n= has numbers for {sorted(n)}, but the groups are {labels}.")
        counts = [n[label] for label in labels]
    elif isinstance(n, int | np.integer) and not isinstance(n, bool):
        share = np.array([population.share for population in populations])
        exact = share / share.sum() * int(n)
        whole = np.floor(exact).astype(int)
        rest = int(n) - int(whole.sum())
        whole[np.argsort(whole - exact, kind="stable")[:rest]] += 1
        counts = whole.tolist()
    elif are_several(n):
        counts = list(n)
        if len(counts) != len(labels):
            raise DataError(f"n= has {len(counts)} numbers for {len(labels)} groups.")
    else:
        raise DataError(f"n={n!r}: write how many rows to draw, n=500 say.")
    sizes = []
    for count in counts:
        if isinstance(count, int | np.integer) and not isinstance(count, bool) and count > 0:
            sizes.append(int(count))
    if len(sizes) < len(labels):
        raise DataError(f"n={n!r}: every group needs a positive whole number of rows, n=500 say.")
    return tuple(sizes)


def _not_normal(
    population: Population,
    skewness: PerVariable | None,
    kurtosis: PerVariable | None,
    method: Method,
) -> Generator | None:
    if skewness is None and kurtosis is None:
        return None
    third = 0.0 if skewness is None else skewness
    if kurtosis is None:
        raise UnsupportedError(
            "skewness= without kurtosis=: a skewed variable is not normal in its kurtosis either."
            " Give both; excess kurtosis is above skewness^2 - 2."
        )
    if method == "vale-maurelli":
        return ValeMaurelli(population, third, kurtosis)
    if method == "independent":
        return IndependentGenerator(population, third, kurtosis)
    raise UnsupportedError(f"method={method!r}: write 'vale-maurelli' or 'independent'.")


def _analysis(model: Source, populations: tuple[Population, ...], analysis: str | None) -> Solution:
    """Return the fit whose misfit is asked for."""
    if isinstance(model, Solution):
        if analysis is not None:
            raise UnsupportedError("analysis= is for texts: a fit is a fit of the model itself.")
        return model
    if analysis is None:
        raise ModelError(
            "rmsea= needs the model that will be fitted to the data, without the population's"
            " values: analysis='f =~ x1 + x2 + x3', say."
        )
    return fit_to_populations(analysis, populations)


def _frame(generator: Generator, rng: np.random.Generator, n: int) -> pd.DataFrame:
    data = generator.draw(rng, n, 1)[0]
    frame = pd.DataFrame(data, columns=list(generator.names))
    inner = generator.base if isinstance(generator, Missing) else generator
    if not isinstance(inner, Likert):
        return frame
    complete = ~np.isnan(data).any(axis=0)
    whole = {
        name: np.int64
        for name, values, has_all in zip(inner.names, inner.categories, complete, strict=True)
        if has_all and len(values) and (np.round(values) == values).all()
    }
    return frame.astype(np.int64 if len(whole) == len(frame.columns) else whole)
