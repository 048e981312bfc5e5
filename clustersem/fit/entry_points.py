"""What a user calls to fit a model: ``sem``, ``cfa`` and ``growth``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from clustersem.engine.ram import Parameterization
from clustersem.fit.estimation import fit_samples
from clustersem.fit.intake import Data, Kind, intake
from clustersem.fit.large import counts_as_ordinal
from clustersem.fit.matrices import Matrices, Means, Numbers
from clustersem.fit.options import Engine, Likelihood
from clustersem.fit.resolve import options_of
from clustersem.fit.result import Fit
from clustersem.spec import ModelSpec

_DOCUMENTATION = """Fit {what}.

    {defaults}

    Parameters
    ----------
    model : str or ModelSpec
        Model syntax, as lavaan's: ``=~`` measured by, ``~`` regressed on, ``~~`` covaries with.
    data : DataFrame, Survey or StreamedMoments, optional
        Answers, one row a respondent, or what :func:`clustersem.read_moments` made of too many for
        memory. Leave it out with `cov`.
    estimator : str, optional
        ``"ML"``; ``"MLR"``, ``"MLM"``, ``"MLMV"``, ``"MLMVS"`` and ``"MLF"`` are ML with other
        standard errors and tests; ``"GLS"``, ``"ULS"``, ``"WLS"``, ``"DWLS"`` are least squares;
        ``"WLSM"``, ``"WLSMV"``, ``"ULSM"``, ``"ULSMV"`` the same with corrections. None: ML, and
        WLSMV with ordered items. With sampling weights or clusters ML has robust standard errors
        and tests.
    missing : str
        ``"listwise"``: rows with a missing answer to an item of the model are left out.
        ``"ml"`` or ``"fiml"``: full information maximum likelihood; ``"ml.x"`` keeps rows without
        an answer to a fixed covariate, too. ``"pairwise"``: every covariance from the rows that
        have both answers.
    ordered : sequence of str or bool, optional
        Items with ordered categories; True for all that are no covariates.
    group : str, optional
        Column whose values make the groups.
    group_labels : sequence, optional
        Which groups, in which order; by default all in the order of their first appearance.
    group_equal, group_partial : sequence of str
        Kinds of parameters that are equal in all groups (``"loadings"``, ``"intercepts"``,
        ``"residuals"``, ...), and parameters exempt from that (``"visual =~ x2"``).
    meanstructure : bool, optional
        Estimate intercepts too; by default only where the model has them or the method needs them.
    std_lv : bool
        Fix latent variances at one instead of first loadings.
    orthogonal : bool
        Fix covariances among exogenous latent variables at zero.
    fixed_x : bool
        Take the moments of exogenous observed covariates from the sample, do not estimate them.
        Ordered items are then regressed on covariates (probit), and the model explains slopes and
        residual correlations; with False, polyserial correlations with the covariates.
    parameterization : str
        ``"delta"``: the scales of ordinal items' latent responses are parameters (one in a single
        group); ``"theta"``: their residual variances are.
    likelihood : str
        ``"normal"``: S with divisor n, chi2 = n F (lavaan, Mplus). ``"wishart"``: divisor n - 1,
        chi2 = (n - 1) F (AMOS, EQS, LISREL).
    information : str, optional
        ``"expected"`` or ``"observed"``: what likelihood standard errors rest on.
    se : str, optional
        ``"standard"``, ``"robust.sem"``, ``"robust.huber.white"``, ``"first.order"`` or ``"none"``
        in place of what the estimator's name says.
    test : str, optional
        ``"standard"``, ``"satorra.bentler"``, ``"yuan.bentler"``, ``"yuan.bentler.mplus"``,
        ``"mean.var.adjusted"``, ``"scaled.shifted"``, ``"browne.residual.adf"`` or
        ``"browne.residual.nt"`` likewise.
    bounds : str, optional
        ``"pos.var"``: no negative variances; ``"standard"``, ``"wide"``: what the sample variances
        imply. Bounds of single parameters go into the model: ``f =~ lower(0)*x2``.
    sampling_weights, cluster : str, optional
        Columns with the respondents' weights, and with what they were sampled together in.
    auxiliary : sequence of str
        With ``missing="ml"``: columns that are not part of the model, but go with its variables or
        with whether these were answered. They covary freely with all variables, which makes
        "missing at random" more credible and estimates more accurate, and leaves the degrees of
        freedom as they are (Graham, 2003).
    cov : DataFrame or ndarray, optional
        A covariance matrix with divisor n - 1 in place of `data`; needs `n_obs`. For several groups
        a mapping from label to matrix.
    mean : Series or sequence, optional
        Means that go with `cov`.
    n_obs : int, optional
        Number of observations behind `cov`.
    engine : str
        ``"native"``, or ``"semopy"`` to let semopy estimate.

    Returns
    -------
    Fit
        The result, also where the optimiser did not converge: look at ``fit.status``.

    Raises
    ------
    ModelSyntaxError
        Where the model text cannot be read, or its constraints contradict each other.
    DataError
        Where the data cannot be used as they are.
    IdentificationError
        Where the model's parameters cannot be determined from any data.
    UnsupportedError
        Where options do not go together.

    References
    ----------
    Graham, J. W. (2003). Adding missing-data-relevant variables to FIML-based structural equation
    models. Structural Equation Modeling, 10, 80-100. doi:10.1207/S15328007SEM1001_4
    Joereskog, K. G. (1970). A general method for analysis of covariance structures. Biometrika, 57,
    239-251. doi:10.1093/biomet/57.2.239
    Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical,
    and continuous latent variable indicators. Psychometrika, 49, 115-132. doi:10.1007/BF02294210

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
        ordered: Sequence[str] | str | bool | None = None,
        group: str | None = None,
        group_labels: Sequence[object] | None = None,
        group_equal: Sequence[str] = (),
        group_partial: Sequence[str] = (),
        meanstructure: bool | None = None,
        std_lv: bool = False,
        orthogonal: bool = False,
        fixed_x: bool = True,
        parameterization: Parameterization = "delta",
        likelihood: Likelihood = "normal",
        information: str | None = None,
        se: str | None = None,
        test: str | None = None,
        bounds: str | bool | None = None,
        sampling_weights: str | None = None,
        cluster: str | None = None,
        auxiliary: Sequence[str] = (),
        cov: Matrices | None = None,
        mean: Means | None = None,
        n_obs: Numbers | None = None,
        engine: Engine = "native",
    ) -> Fit:
        decide = partial(
            options_of,
            estimator=estimator,
            missing=missing,
            likelihood=likelihood,
            information=information,
            se=se,
            test=test,
            bounds=bounds,
            parameterization=parameterization,
            engine=engine,
            weighted=sampling_weights is not None,
            clustered=cluster is not None,
        )
        # Options that cannot go together are refused before anything is read.
        decide(ordinal=counts_as_ordinal(data, ordered))
        spec, samples = intake(
            model,
            data,
            kind=kind,
            meanstructure=meanstructure,
            std_lv=std_lv,
            orthogonal=orthogonal,
            fixed_x=fixed_x,
            ordered=ordered,
            group=group,
            group_labels=group_labels,
            group_equal=group_equal,
            group_partial=group_partial,
            parameterization=parameterization,
            missing=missing,
            sampling_weights=sampling_weights,
            cluster=cluster,
            auxiliary=auxiliary,
            cov=cov,
            mean=mean,
            n_obs=n_obs,
        )
        return fit_samples(spec, samples, decide(ordinal=samples[0].ordinal is not None))

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
