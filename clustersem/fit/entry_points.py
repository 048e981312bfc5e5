"""What a user calls to fit a model: ``sem``, ``cfa`` and ``growth``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import pandas as pd

from clustersem.engine.ram import Array
from clustersem.errors import DataError
from clustersem.fit.answers import answers_of
from clustersem.fit.checks import (
    check_same_options,
    check_switches,
    is_off,
    place_of_absent,
    refuse_unsupported,
    text_of,
)
from clustersem.fit.estimation import fit_samples
from clustersem.fit.options import Engine, FitOptions, Likelihood
from clustersem.fit.result import Fit
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
    >>> s += 0.2 * np.outer(range(4), range(4))
    >>> fit = cs.{name}(model, cov=s, mean=[1.0, 1.5, 2.0, 2.5], n_obs=200)
    >>> fit.converged, fit.df, [round(float(m), 3) for m in fit.point.nu[-2:]]
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
            defaults_of = options_for(
                kind,
                meanstructure=meanstructure,
                std_lv=std_lv,
                orthogonal=orthogonal,
                fixed_x=fixed_x,
            )
            spec = build_spec(text_of(model), defaults_of)
        moments = _moments(spec, data, cov, mean, n_obs)
        options = FitOptions(likelihood=likelihood, engine=engine)
        return fit_samples(spec, (moments,), options)

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
