"""What a user calls: the power of a plan, and the sample size for a power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clustersem.errors import ModelError
from clustersem.fit import Fit
from clustersem.resample.numbers import are_several, is_number
from clustersem.resample.power.plan import Plan, Source
from clustersem.resample.power.prepared import prepare
from clustersem.resample.power.result import Method, Power
from clustersem.resample.power.rmsea import check_wanted
from clustersem.resample.power.sample_size import SampleSize, analytic_sizes, simulated_sizes
from clustersem.resample.power.simulation import simulated
from clustersem.resample.power.targets import Targets
from clustersem.resample.streams import is_whole, seed_of
from clustersem.spec import ModelSpec


def power(
    population: Source,
    target: Targets = None,
    *,
    n: int | Sequence[int] | None = None,
    method: Method = "simulation",
    alpha: float = 0.05,
    model: str | ModelSpec | None = None,
    estimator: str | None = None,
    missing: str | None = None,
    standardized: bool = False,
    simulate: Mapping[str, Any] | None = None,
    rmsea: float = 0.0,
    joint: bool = False,
    n_replications: int = 1000,
    seed: int | None = None,
    n_jobs: int | None = 1,
    progress: bool | None = None,
) -> Power:
    """Return how likely studies of some sizes find what is there.

    Parameters
    ----------
    population : Fit, str, ModelSpec, Population or several of them
        What there is to be found. A model text in which every parameter has a value, as in
        ``"y ~ 0.3*x"``: what one expects before there are data. A fit: its estimates, for the next
        study.
    target : str, Hypothesis, mapping, DataFrame or sequence of these, optional
        Of what the power is asked. One a line or an entry: a path ``"A1 ~ B1"``, covariance or
        loading; the name of a parameter defined with ``:=``; ``"indirect: B1 -> A1 -> A2"`` (that
        chain), ``"indirect: B1 -> A2"`` (all chains together), ``"total: B1 -> A2"``; ``"fit"``,
        the test of fit; or hypotheses as :func:`clustersem.test_hypotheses` takes them,
        ``"H1: A1 ~ B1, +"``, which the wrong sign does not support. By default all regressions; of
        a model without any the covariances of its latent variables.
    n : int or sequence of int
        Respondents of all groups together. Of a fit by default its own number.
    method : str
        ``"simulation"``: samples are drawn, the model is fitted to each (Muthen & Muthen, 2002).
        ``"analytic"``: noncentral distributions (Satorra & Saris, 1985; of fit MacCallum et al.,
        1996), at once, exact in large samples of normal data.
    alpha : float
        Level of the two-sided z tests, and of the test of fit.
    model : str or ModelSpec, optional
        What is fitted to the samples; by default the population's model with all that has a value
        estimated. Another one shows what a wrong model finds.
    estimator, missing : str, optional
        As of :func:`clustersem.sem`; by default the fit's own, or maximum likelihood, and WLSMV
        where the text names thresholds.
    standardized : bool
        Of a text: its loadings and paths are standardised, and residual variances follow.
    simulate : mapping, optional
        How data are drawn, in the options of :func:`clustersem.simulate`: ``{"marginals": [0.1,
        0.2, 0.4, 0.2, 0.1]}`` for Likert answers, ``{"missing": 0.1}``, ``{"skewness": 2.0,
        "kurtosis": 7.0}``. By default normal data; answers where there are thresholds.
    rmsea : float
        The population is one that the model misfits by this RMSEA, with its parameters unchanged
        (Cudeck & Browne, 1992): no model is exactly true.
    joint : bool
        A chain is supported where each of its paths is significant, and the product has the
        expected sign, in place of the z test of the product: more power in small samples (Fritz
        & MacKinnon, 2007). By simulation only.
    n_replications : int
        Samples of each size. With 1000 the Monte Carlo standard error of a power of .8 is .013.
    seed : int, optional
        A whole number; the same one gives the same result, whatever `n_jobs`, and at each size
        whatever other sizes are asked for.
    n_jobs : int or None
        Processes, as in :func:`clustersem.bootstrap`.
    progress : bool, optional
        A progress bar; None where it takes long.

    Returns
    -------
    Power
        Prints as a table; ``.table`` has a row a target and size with Monte Carlo error, bias and
        coverage, ``.convergence`` how many samples could be fitted, ``.curves`` the powers as a
        matrix. :func:`clustersem.power_figure` draws it. Samples whose fit does not converge count
        as not supporting anything.

    Raises
    ------
    ModelSyntaxError, ModelError
        Where population, model or target cannot be read or do not go together.
    EstimationError
        Where the model cannot be fitted to the population itself.
    UnsupportedError
        For options that do not go together.

    See Also
    --------
    sample_size : how many respondents a wanted power takes.
    rmsea_power : of the test of fit, from degrees of freedom alone.

    Notes
    -----
    Power at a fit's own estimates says nothing new about the study that gave them: it is a function
    of the p-value (Hoenig & Heisey, 2001). It plans the next study.

    References
    ----------
    Cudeck, R., & Browne, M. W. (1992). Constructing a covariance matrix that yields a specified
    minimizer and a specified minimum discrepancy function value. Psychometrika, 57, 357-369.
    doi:10.1007/BF02295424
    Fritz, M. S., & MacKinnon, D. P. (2007). Required sample size to detect the mediated effect.
    Psychological Science, 18, 233-239. doi:10.1111/j.1467-9280.2007.01882.x
    Hoenig, J. M., & Heisey, D. M. (2001). The abuse of power: The pervasive fallacy of power
    calculations for data analysis. The American Statistician, 55, 19-24.
    doi:10.1198/000313001300339897
    MacCallum, R. C., Browne, M. W., & Sugawara, H. M. (1996). Power analysis and determination of
    sample size for covariance structure modeling. Psychological Methods, 1, 130-149.
    doi:10.1037/1082-989X.1.2.130
    Muthen, L. K., & Muthen, B. O. (2002). How to use a Monte Carlo study to decide on sample size
    and determine power. Structural Equation Modeling, 9, 599-620.
    doi:10.1207/S15328007SEM0904_8
    Satorra, A., & Saris, W. E. (1985). Power of the likelihood ratio test in covariance structure
    analysis. Psychometrika, 50, 83-90. doi:10.1007/BF02294150

    Examples
    --------
    >>> import clustersem as cs
    >>> population = "M ~ 0.3*X; Y ~ 0.25*M + 0.1*X"
    >>> plan = cs.power(
    ...     population, "H1: M ~ X, +", n=[50, 100], method="analytic", standardized=True
    ... )
    >>> plan.curves.loc["H1"].round(2).tolist()
    [0.58, 0.87]
    """
    prepared = prepare(
        population,
        target,
        method=method,
        alpha=alpha,
        model=model,
        estimator=estimator,
        missing=missing,
        standardized=standardized,
        simulate=simulate,
        rmsea=rmsea,
        joint=joint,
    )
    ns = _sizes_asked(n, population, prepared.plan)
    if method == "analytic":
        return prepared.analytic(ns)
    study = prepared.study(ns, n_replications, seed_of(seed))
    found, stopped = simulated(study, n_jobs=n_jobs, progress=progress)
    return prepared.simulated(found, study.seed, stopped)


def sample_size(
    population: Source,
    target: Targets = None,
    *,
    wanted: float = 0.80,
    method: Method = "simulation",
    alpha: float = 0.05,
    model: str | ModelSpec | None = None,
    estimator: str | None = None,
    missing: str | None = None,
    standardized: bool = False,
    simulate: Mapping[str, Any] | None = None,
    rmsea: float = 0.0,
    joint: bool = False,
    precision: float = 0.05,
    n_replications: int = 1000,
    seed: int | None = None,
    n_jobs: int | None = 1,
    progress: bool | None = None,
) -> SampleSize:
    """Return how many respondents a wanted power takes.

    Parameters
    ----------
    wanted : float
        The power wanted, between `alpha` and 1.
    method : str
        ``"simulation"``: sizes are simulated until a line through their powers (probit, in the
        square root of n) says where the wanted one is. ``"analytic"``: noncentral distributions.
    precision : float
        By simulation: half of the 95 % Monte Carlo interval of a size, as a share of it.
    n_replications : int
        Samples of each size that is simulated.
    population, target, alpha, model, estimator, missing, standardized, simulate, rmsea, joint
    seed, n_jobs, progress
        As in :func:`clustersem.power`.

    Returns
    -------
    SampleSize
        Prints as a table; ``.table`` has a row a target, ``.n`` is the size that is enough for all,
        ``.power`` the powers it was read from.

    Raises
    ------
    ModelError
        Where no sample gives that power, because there is nothing to find, or the sign is not the
        expected one; else as :func:`clustersem.power`.

    See Also
    --------
    power : the power of given sizes.
    rmsea_sample_size : for the test of fit, from degrees of freedom alone.

    References
    ----------
    Muthen, L. K., & Muthen, B. O. (2002). How to use a Monte Carlo study to decide on sample size
    and determine power. Structural Equation Modeling, 9, 599-620.
    doi:10.1207/S15328007SEM0904_8
    Satorra, A., & Saris, W. E. (1985). Power of the likelihood ratio test in covariance structure
    analysis. Psychometrika, 50, 83-90. doi:10.1007/BF02294150

    Examples
    --------
    >>> import clustersem as cs
    >>> population = "M ~ 0.3*X; Y ~ 0.25*M + 0.1*X"
    >>> size = cs.sample_size(population, "M ~ X", method="analytic", standardized=True)
    >>> size.n
    84
    """
    prepared = prepare(
        population,
        target,
        method=method,
        alpha=alpha,
        model=model,
        estimator=estimator,
        missing=missing,
        standardized=standardized,
        simulate=simulate,
        rmsea=rmsea,
        joint=joint,
    )
    check_wanted(wanted, alpha)
    if not is_number(precision) or not 0.0 < precision < 1.0:
        raise ModelError(f"precision = {precision!r}: write a share between 0 and 1; 0.05 is 5 %.")
    if method == "analytic":
        return analytic_sizes(prepared, wanted)
    seed = seed_of(seed)
    return simulated_sizes(
        prepared,
        wanted,
        precision,
        lambda ns: simulated(
            prepared.study(ns, n_replications, seed), n_jobs=n_jobs, progress=progress
        ),
        seed,
    )


def _sizes_asked(n: int | Sequence[int] | None, population: Source, plan: Plan) -> tuple[int, ...]:
    """Return the sample sizes asked for, ascending, each once."""
    if n is None:
        if not isinstance(population, Fit):
            raise ModelError("n= is missing: how many respondents? n=300, or n=[200, 300, 500].")
        return (population.n_obs,)
    given: list[Any] = list(n) if are_several(n) else [n]
    for value in given:
        if not is_whole(value) or value < plan.least:
            raise ModelError(
                f"n = {value!r}: a model of {len(plan.populations[0].names)} observed variables"
                f" takes a whole number of respondents, {plan.least} or more."
            )
    if not given:
        raise ModelError("n= is empty: write n=300, or n=[200, 300, 500].")
    return tuple(sorted({int(value) for value in given}))
