"""Fit a model: the entry points ``sem``, ``cfa`` and ``growth``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.engine.identification import null_space
from clustersem.engine.inference import parameter_covariance
from clustersem.engine.likelihood import Sample, cholesky, discrepancy, hessian, log_det
from clustersem.engine.optimiser import Optimum, minimise_from
from clustersem.engine.ram import Array, Index, Ram
from clustersem.engine.starts import cautious_values, starting_values
from clustersem.errors import (
    AdmissibilityWarning,
    ClusterSemWarning,
    ConvergenceWarning,
    DataError,
    DataWarning,
    EstimationError,
    IdentificationError,
    IdentificationWarning,
    ModelError,
)
from clustersem.fit.answers import answers_of
from clustersem.fit.assemble import Layout, layout_of, ram_of
from clustersem.fit.checks import (
    check_same_options,
    check_switches,
    check_values,
    is_off,
    place_of_absent,
    refuse_unsupported,
    text_of,
)
from clustersem.fit.options import Engine, FitOptions, Likelihood
from clustersem.fit.result import Fit
from clustersem.fit.status import status_of
from clustersem.fit.tables import parameter_names
from clustersem.moments import SampleMoments, moments_from_cov, moments_from_data
from clustersem.spec import ModelSpec, build_spec, options_for
from clustersem.survey import Survey

Kind = Literal["sem", "cfa", "growth"]
Data = pd.DataFrame | Survey

_DOCUMENTATION = """Fit {what}.

    {defaults}

    Parameters
    ----------
    model : str or ModelSpec
        Model syntax, as lavaan's: ``=~`` measured by, ``~`` regressed on, ``~~`` covaries with.
    data : DataFrame or Survey, optional
        Answers, one row a respondent. Leave it out with `cov`.
    estimator : str, optional
        ``"ML"``, the default.
    missing : str
        ``"listwise"``: rows with a missing answer to an item of the model are left out.
    meanstructure : bool, optional
        Estimate intercepts too; by default only where the model has them.
    std_lv : bool
        Fix latent variances at one instead of first loadings.
    orthogonal : bool
        Fix covariances among exogenous latent variables at zero.
    fixed_x : bool
        Take the moments of exogenous observed covariates from the sample, do not estimate them.
    likelihood : str
        ``"normal"``: S with divisor n, chi2 = n F (lavaan, Mplus). ``"wishart"``: divisor n - 1,
        chi2 = (n - 1) F (AMOS, EQS, LISREL).
    cov : DataFrame or ndarray, optional
        A covariance matrix with divisor n - 1 in place of `data`; needs `n_obs`.
    mean : Series or sequence, optional
        Means that go with `cov`.
    n_obs : int, optional
        Number of observations behind `cov`.
    engine : str
        ``"native"``, or ``"semopy"`` to let semopy estimate.
    ordered, group, group_equal, se, test, bounds
        For ordinal, multi-group and robust estimation, which this version does not have.

    Returns
    -------
    Fit
        The result, also where the optimiser did not converge: look at ``fit.status``.

    Raises
    ------
    ModelSyntaxError
        Where the model text cannot be read.
    DataError
        Where the data cannot be used as they are.
    IdentificationError
        Where the model's parameters cannot be determined from any data.
    UnsupportedError
        Where an option asks for what this version does not do.

    References
    ----------
    Joereskog, K. G. (1970). A general method for analysis of covariance structures. Biometrika, 57,
    239-251. doi:10.1093/biomet/57.2.239

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> s = pd.DataFrame(0.5 + 0.5 * np.eye(4), index=list("abcd"), columns=list("abcd"))
{example}
    """

_ONE_FACTOR = """    >>> fit = cs.{name}("f =~ a + b + c + d", cov=s, n_obs=200)
    >>> fit.converged, fit.df, abs(round(float(fit.measures["chisq"]), 6))
    (True, 2, 0.0)"""
_LINE = """    >>> model = "i =~ 1*a + 1*b + 1*c + 1*d; s =~ 0*a + 1*b + 2*c + 3*d"
    >>> fit = cs.{name}(model, cov=s + 0.5 * np.eye(4), mean=[1.0, 1.5, 2.0, 2.5], n_obs=200)
    >>> fit.converged, fit.df, [round(float(m), 3) for m in fit.at.point.nu[-2:]]
    (True, 5, [1.0, 0.5])"""


def _entry_point(kind: Kind, what: str, defaults: str, example: str) -> Callable[..., Fit]:
    def fit_model(
        model: str | ModelSpec,
        data: Data | None = None,
        *,
        estimator: str | None = None,
        missing: str = "listwise",
        ordered: Sequence[str] | bool | None = None,
        group: str | None = None,
        group_equal: Sequence[str] = (),
        meanstructure: bool | None = None,
        std_lv: bool = False,
        orthogonal: bool = False,
        fixed_x: bool = True,
        likelihood: Likelihood = "normal",
        se: str | None = None,
        test: str | None = None,
        bounds: str | None = None,
        cov: pd.DataFrame | Array | None = None,
        mean: pd.Series | Sequence[float] | None = None,
        n_obs: int | None = None,
        engine: Engine = "native",
    ) -> Fit:
        refuse_unsupported(
            estimator=(estimator, (None, "ML")),
            missing=(missing, ("listwise",)),
            ordered=(None if is_off(ordered) else ordered, (None,)),
            group=(group, (None,)),
            group_equal=(() if is_off(group_equal) else group_equal, ((),)),
            likelihood=(likelihood, ("normal", "wishart")),
            se=(se, (None, "standard")),
            test=(test, (None, "standard")),
            bounds=(bounds, (None,)),
            engine=(engine, ("native", "semopy")),
        )
        switches = {"std_lv": std_lv, "orthogonal": orthogonal, "fixed_x": fixed_x}
        if meanstructure is not None:
            switches["meanstructure"] = meanstructure
        check_switches(switches)
        if isinstance(model, ModelSpec):
            spec = model
            check_same_options(spec, switches)
        else:
            options = options_for(
                kind,
                meanstructure=meanstructure,
                std_lv=std_lv,
                orthogonal=orthogonal,
                fixed_x=fixed_x,
            )
            spec = build_spec(text_of(model), options)
        moments = _moments(spec, data, cov, mean, n_obs)
        return fit_moments(spec, moments, FitOptions("ML", likelihood, missing, engine))

    fit_model.__name__ = fit_model.__qualname__ = kind
    fit_model.__doc__ = _DOCUMENTATION.format(
        what=what, defaults=defaults, name=kind, example=example.format(name=kind)
    )
    return fit_model


sem = _entry_point(
    "sem",
    "a structural equation model",
    "Free by default: residual variances, covariances of exogenous latent variables and of"
    " disturbances\n    of variables that nothing else depends on. First loadings are one.",
    _ONE_FACTOR,
)
cfa = _entry_point(
    "cfa",
    "a confirmatory factor analysis",
    "Free by default: residual variances and covariances of latent variables. First loadings are"
    " one.",
    _ONE_FACTOR,
)
growth = _entry_point(
    "growth",
    "a latent growth curve model",
    "As ``sem`` with a mean structure in which latent means are free and intercepts of observed\n"
    "    variables zero.",
    _LINE,
)


def _moments(
    spec: ModelSpec,
    data: Data | None,
    cov: pd.DataFrame | Array | None,
    mean: pd.Series | Sequence[float] | None,
    n_obs: int | None,
) -> SampleMoments:
    if (data is None) == (cov is None):
        raise DataError("pass either answers as data= or a covariance matrix as cov= with n_obs=.")
    if data is not None and not (mean is None and n_obs is None):
        raise DataError("mean= and n_obs= go with cov=; answers in data= bring their own.")
    if data is None:
        assert cov is not None
        return moments_from_cov(cov, spec.observed, n_obs, mean)
    frame, source = answers_of(data, spec.observed, what="the data")
    try:
        return moments_from_data(frame, spec.observed, source=source)
    except DataError as error:
        raise DataError(f"{error}{place_of_absent(spec, frame)}") from None


def fit_moments(spec: ModelSpec, moments: SampleMoments, options: FitOptions) -> Fit:
    """Fit a specification to moments: what the entry points do once their input is checked.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    moments : SampleMoments
        The sample, with the model's observed variables in its order.
    options : FitOptions
        How to fit.

    Raises
    ------
    IdentificationError
        Where the model's parameters cannot be determined from any data.
    """
    check_values(spec)
    layout = layout_of(spec)
    sample = _sample(spec, moments, options)
    model = ram_of(spec, layout, moments_cov(moments, options), sample.mean)
    _check_counts(spec, layout, model)
    start = starting_values(model, sample.cov, sample.mean, layout.given)
    if options.engine == "semopy":
        from clustersem.fit.semopy_engine import minimise_with_semopy

        optimum = minimise_with_semopy(spec, layout, model, sample)
    else:
        second = cautious_values(model, sample.cov, start, layout.given)
        optimum = minimise_from(model, sample, start, second)
    if optimum.at is None:
        status = status_of("no_start", 0, np.nan)
        raise EstimationError(str(status))
    status = status_of(optimum.code, optimum.iterations, optimum.decrement)
    vcov, involved = parameter_covariance(optimum.hessian, options.multiplier(moments.n_obs))
    if len(involved):
        _refuse_unidentified(spec, layout, model, sample, start, involved)
    if status.code != "converged":
        vcov = np.full_like(vcov, np.nan)
    notes = _notes(spec, layout, moments, model, optimum, involved)
    for category, sentence in notes:
        if category is not None:
            warnings.warn(sentence, category, stacklevel=3)
    for array in (optimum.theta, vcov):
        array.setflags(write=False)
    return Fit(
        spec=spec,
        moments=moments,
        options=options,
        status=status,
        warnings=tuple(sentence for _, sentence in notes),
        theta=optimum.theta,
        vcov_theta=vcov,
        layout=layout,
        model=model,
        sample=sample,
        at=optimum.at,
        hessian=optimum.hessian,
    )


def moments_cov(moments: SampleMoments, options: FitOptions) -> Array:
    """Return the covariance matrix in the divisor of the likelihood."""
    return moments.cov if options.likelihood == "normal" else moments.unbiased_cov


def _sample(spec: ModelSpec, moments: SampleMoments, options: FitOptions) -> Sample:
    mean = moments.mean
    if mean is None:
        if spec.options.meanstructure:
            raise DataError(
                "the model has intercepts, but the covariance matrix comes without means. Pass them"
                " as mean=, or leave the intercepts out."
            )
        mean = np.zeros(len(moments.names))
    cov = moments_cov(moments, options)
    factor = cholesky(cov)
    assert factor is not None, "moments are checked for positive definiteness when they are made"
    return Sample(cov, mean, log_det(factor))


def _check_counts(spec: ModelSpec, layout: Layout, model: Ram) -> None:
    if layout.n_free == 0:
        raise ModelError("the model has no free parameter, so there is nothing to estimate.")
    p = model.n_observed
    n_moments = p * (p + 1) // 2 + (p if model.has_means else 0)
    n_moments -= sum(row.from_sample for row in spec.parameters)
    if layout.n_free > n_moments:
        raise IdentificationError(
            f"the model has {layout.n_free} free parameters, but {p} observed variables give only"
            f" {n_moments} {'means, ' if model.has_means else ''}variances and covariances to"
            f" determine them. Fix or remove at least {layout.n_free - n_moments}"
            + (
                ": a factor alone needs three items, and two items need equal loadings"
                " (f =~ a*x1 + a*x2) or a second, correlated factor."
                if spec.latent
                else "."
            ),
            tuple(parameter_names(spec, layout)),
        )


def _refuse_unidentified(
    spec: ModelSpec,
    layout: Layout,
    model: Ram,
    sample: Sample,
    start: Array,
    involved: Index,
) -> None:
    """Raise where the information is singular not only at the estimates but everywhere.

    Estimates that run off to infinity, or happen to be zero where they must not be, make it
    singular in models that are identified. So ranks are taken at random points around the starting
    values, which are in the middle of the parameter space; a rank that is full anywhere is full
    almost everywhere.
    """
    first = discrepancy(model, sample, start)
    if first is None:
        return
    spread = np.sqrt(2.0 / np.maximum(hessian(model, first).diagonal(), 1e-300))
    size = np.minimum(spread, 1.0 + np.abs(start))
    generator = np.random.default_rng(20220318)
    names = parameter_names(spec, layout)
    lasting = set(involved.tolist())
    seen = 0
    for _ in range(24):
        away = 0.1 * size * generator.standard_normal(len(size))
        there = discrepancy(model, sample, start + away)
        if there is not None:
            seen += 1
            lasting &= set(null_space(hessian(model, there)).tolist())
        if seen == 6 or not lasting:
            break
    if seen and lasting:
        listed = tuple(names[i] for i in sorted(lasting))
        raise IdentificationError(
            "the model is not identified: no data could tell these parameters apart: "
            + ", ".join(listed)
            + ". Fix one of them (1*x sets a factor's scale), make some equal with a label, or"
            " remove one.",
            listed,
        )


def _notes(
    spec: ModelSpec,
    layout: Layout,
    moments: SampleMoments,
    model: Ram,
    optimum: Optimum,
    involved: Index,
) -> list[tuple[type[ClusterSemWarning] | None, str]]:
    """Return what the researcher should know, with the warning to give where it is serious."""
    assert optimum.at is not None
    notes: list[tuple[type[ClusterSemWarning] | None, str]] = [(None, n) for n in spec.notes]
    notes += [(DataWarning, sentence) for sentence in _single_items(spec)]
    dropped = moments.n_rows - moments.n_obs
    if dropped:
        notes.append(
            (
                None,
                f"{dropped} of {moments.n_rows} respondents have a missing answer and were left out"
                f" (listwise deletion); {moments.n_obs} were used.",
            )
        )
    if optimum.code != "converged":
        sentence = str(status_of(optimum.code, 0, 0.0))
        if len(involved):
            names = parameter_names(spec, layout)
            least = ", ".join(names[i] for i in involved)
            sentence += f" The data hardly determine {least}."
        notes.append((ConvergenceWarning, sentence))
        return notes
    if len(involved):
        names = parameter_names(spec, layout)
        notes.append(
            (
                IdentificationWarning,
                "at these estimates the data cannot tell apart "
                + ", ".join(names[i] for i in involved)
                + "; they have no standard errors. Simplify the model around them.",
            )
        )
    s = optimum.at.point.s
    negative = [layout.names[i] for i in np.flatnonzero(s.diagonal() < 0)]
    if negative:
        notes.append(
            (
                AdmissibilityWarning,
                f"negative variance (Heywood case) of {', '.join(negative)}: the solution is not"
                " admissible. Look for a weak or redundant item, a two-item factor, or too small a"
                " sample.",
            )
        )
    total = optimum.at.point.covariance[model.n_observed :, model.n_observed :]
    if total.size and not negative:
        variances = total.diagonal()
        scale = np.sqrt(np.where(variances > 0, variances, 1.0))
        smallest = float(np.linalg.eigvalsh(total / np.outer(scale, scale))[0])
        if smallest < 1e-10:
            notes.append(
                (
                    AdmissibilityWarning,
                    "the covariance matrix of the latent variables is not positive definite"
                    f" (smallest eigenvalue of their correlations {smallest:.2g}): two of them may"
                    " be one, or one a sum of others.",
                )
            )
    return notes


def _single_items(spec: ModelSpec) -> list[str]:
    """Return a sentence for every construct whose one item is taken as free of error by default."""
    sentences = []
    for latent in spec.latent:
        items = spec.indicators(latent)
        error = spec.find(items[0], "~~", items[0]) if len(items) == 1 else None
        if error is not None and not (error.free or error.user) and not error.value:
            sentences.append(
                f"{latent} is measured by one item, {items[0]}, whose error variance is therefore"
                f" fixed at zero: {latent} is that item. Add items, or fix the error variance at"
                f" (1 - reliability) x variance: {items[0]} ~~ 0.3*{items[0]}."
            )
    return sentences
