"""One fit as lavaan, Mplus, AMOS, EQS and LISREL would print it, and why they differ."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.optimiser import minimise
from clustersem.engine.ram import Array
from clustersem.errors import EstimationError, UnsupportedError
from clustersem.fit.assemble import values_of
from clustersem.fit.discrepancies import objective_of
from clustersem.fit.options import Likelihood
from clustersem.fit.programs import PROGRAMS, Given, columns_of, reason_for_gap
from clustersem.fit.solution import Solution
from clustersem.fit.status import status_of

_ORDER = """
    npar chisq df pvalue cmin_df chisq_nt pvalue_nt
    baseline_chisq baseline_df cfi tli nfi ifi rfi pnfi pcfi
    gfi agfi pgfi
    rmsea rmsea_ci_lower rmsea_ci_upper rmsea_pvalue srmr rmr mfi
    logl aic bic bic2 caic bcc ecvi mecvi cn_05 cn_01
"""
_COUNTS = ("npar", "df", "baseline_df")
# Two numbers that agree to this share agree: the rest is rounding and where optimisers stop.
_SAME = 1e-9

_AMOS = "Arbuckle (2014), IBM SPSS Amos 23 user's guide, appendices A to D"
_LISREL = "Joereskog & Soerbom (1996), LISREL 8: User's reference guide"
_NOTE = "Joereskog (2004), On chi-squares for the independence model and fit measures in LISREL"
_EQS = "Bentler (2006), EQS 6 structural equations program manual"
_MPLUS = "Muthen (1998-2004), Mplus technical appendices, appendix 5"
_LAVAAN = "Rosseel (2012), doi:10.18637/jss.v048.i02"


@dataclass(frozen=True)
class Cause:
    """Why programs print different numbers for the same fit.

    Attributes
    ----------
    measures : tuple of str
        The rows of the table that it is about and that do differ; ``"se"`` and ``"est"`` are
        standard errors and estimates.
    sentence : str
        The cause, in plain words.
    reference : str
        Where it is written.
    """

    measures: tuple[str, ...]
    sentence: str
    reference: str


@dataclass(frozen=True, eq=False)
class Conventions:
    """One fit as five programs would print it. Made by :meth:`clustersem.Fit.conventions`.

    Attributes
    ----------
    table : DataFrame
        Measures in rows, programs in columns; NaN where a program does not print a measure or
        where what it prints is not certain (see `gaps`).
    estimates : DataFrame
        ``lhs op rhs group`` of every free parameter, and ``est_<program>``, ``se_<program>``,
        ``z_<program>`` and ``p_<program>``, two-sided; raw.
    settings : DataFrame
        What each program does, in words: one row a convention, programs in columns.
    causes : tuple of Cause
        A sentence for every difference that shows in this fit.
    gaps : DataFrame
        ``measure program reason`` of numbers that the program prints and that are left out here.
    """

    table: pd.DataFrame
    estimates: pd.DataFrame
    settings: pd.DataFrame
    causes: tuple[Cause, ...]
    gaps: pd.DataFrame

    def __repr__(self) -> str:
        return f"<Conventions of {len(self.table)} measures in {', '.join(self.table.columns)}>"

    def __str__(self) -> str:
        uncertain = set(zip(self.gaps["measure"], self.gaps["program"], strict=True))
        lines = [f"{'':<16}" + "".join(f"{name:>11}" for name in self.table.columns)]
        for measure, row in zip(self.table.index, self.table.to_numpy(), strict=True):
            cells = []
            for program, value in zip(self.table.columns, row, strict=True):
                if np.isnan(value):
                    cells.append("?" if (measure, program) in uncertain else "-")
                elif measure in _COUNTS or (measure in ("cn_05", "cn_01") and program == "AMOS"):
                    cells.append(f"{value:.0f}")
                else:
                    cells.append(f"{value:.3f}")
            lines.append(f"{measure:<16}" + "".join(f"{cell:>11}" for cell in cells))
        lines += ["", "-  not printed by the program    ?  printed, but how is not certain"]
        for cause in self.causes:
            lines += ["", f"{', '.join(cause.measures)}:", f"  {cause.sentence}"]
            lines.append(f"  [{cause.reference}]")
        return "\n".join(lines)


def conventions(fit: Solution) -> Conventions:
    """Return a fit in five conventions; see :meth:`clustersem.Fit.conventions`.

    Raises
    ------
    UnsupportedError
        Where the fit is not a maximum likelihood fit of numbers without gaps.
    EstimationError
        Where it did not converge.
    """
    _check(fit)
    covariates = [fit.layout.index()[name] for name in fit.spec.exogenous_observed]
    fixed_x = any(row.from_sample for row in fit.spec.parameters)
    given = Given(
        normal=_with_likelihood(fit, "normal"),
        wishart=_with_likelihood(fit, "wishart"),
        covariates=np.array(covariates, dtype=np.intp),
        fixed_x=fixed_x,
        restricted_means=_restricts_means(fit, len(covariates) if fixed_x else 0),
    )
    columns = columns_of(given)
    names = [name for name in _ORDER.split() if any(name in column for column in columns.values())]
    table = pd.DataFrame(
        {program: [columns[program].get(name, np.nan) for name in names] for program in PROGRAMS},
        index=pd.Index(names, name="measure"),
        dtype=np.float64,
    )
    estimates = _estimates(given)
    return Conventions(
        table, estimates, _settings(), tuple(_causes(given, table, estimates)), _gaps(given, table)
    )


def _check(fit: Solution) -> None:
    options = fit.options
    plain = (
        options.discrepancy == "ML"
        and options.se == "standard"
        and options.test == "standard"
        and all(s.weights is None and s.cluster is None for s in fit.samples)
    )
    if not plain:
        raise UnsupportedError(
            f"conventions: the five programs are compared for maximum likelihood, and this fit used"
            f" {options.estimator}. Fit the same model with estimator='ML' to the complete answers."
        )
    constraints = [c for c in fit.spec.constraints if c.op != ":="]
    if constraints or fit.spec.bounds:
        raise UnsupportedError(
            "conventions: the model has constraints other than equal labels, for which the programs"
            " are not compared. Leave them out for the comparison."
        )
    if not fit.converged:
        raise EstimationError(f"conventions: there is nothing to compare. {fit.status}")


def _restricts_means(fit: Solution, n_fixed: int) -> bool:
    """Return whether the mean structure has fewer parameters than there are means."""
    if not fit.spec.options.meanstructure:
        return False
    means = {
        int(place)
        for place, row in zip(
            fit.layout.parameter, [r for r in fit.spec.parameters if r.free], strict=True
        )
        if row.op == "~1"
    }
    return len(means) < len(fit.samples) * (len(fit.spec.observed) - n_fixed)


def _with_likelihood(fit: Solution, likelihood: Likelihood) -> Solution:
    """Return the model fitted to covariances with the other divisor.

    Where the model does not depend on the scale of the data the two solutions are multiples of each
    other, but a residual variance that is fixed at a number makes them differ.
    """
    if fit.options.likelihood == likelihood:
        return fit
    options = replace(fit.options, likelihood=likelihood)
    objective = objective_of(fit.spec, fit.layout, fit.samples, options)
    optimum = minimise(objective, fit.theta)
    status = status_of(optimum.code, optimum.iterations, optimum.decrement)
    multiplier = sum(options.weight(sample) for sample in fit.samples)
    vcov, _ = parameter_covariance(optimum.hessian, multiplier)
    return Solution(
        spec=fit.spec,
        samples=fit.samples,
        options=options,
        status=status,
        warnings=(),
        theta=optimum.theta,
        vcov_theta=vcov,
        layout=fit.layout,
        objective=objective,
        state=optimum.at,
        hessian=optimum.hessian,
        held=fit.held,
        inference=replace(
            fit.inference,
            objective=objective,
            state=optimum.at,
            options=options,
            multiplier=multiplier,
        ),
    )


def _estimates(given: Given) -> pd.DataFrame:
    """Return the free parameters with every program's estimates and standard errors."""
    normal, wishart = given.normal, given.wishart
    rows = [row for row in normal.spec.parameters if row.free]
    result = pd.DataFrame(
        [(row.lhs, row.op, row.rhs, row.group) for row in rows],
        columns=["lhs", "op", "rhs", "group"],
    )
    observed = normal.objective.exact(normal.state)
    n, unbiased = float(given.n), float(given.n - given.n_groups)
    known = {
        "lavaan": (normal, normal.hessian, n),
        "Mplus": (normal, observed, n),
        "AMOS": (normal, normal.hessian, unbiased),
    }
    if given.n_groups == 1 and not given.restricted_means:
        known |= dict.fromkeys(("EQS", "LISREL"), (wishart, wishart.hessian, unbiased))
    place = normal.layout.parameter
    for program in PROGRAMS:
        est = se = np.full(len(rows), np.nan)
        if program in known:
            solution, hessian, multiplier = known[program]
            vcov, _ = parameter_covariance(hessian, multiplier)
            est, se = _free_values(solution), np.sqrt(vcov.diagonal())[place]
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.where(se > 0, est / se, np.nan)
        result[f"est_{program}"], result[f"se_{program}"] = est, se
        result[f"z_{program}"], result[f"p_{program}"] = z, 2.0 * ndtr(-np.abs(z))
    return result


def _free_values(solution: Solution) -> Array:
    """Return the values of the free rows of the parameter table."""
    result = np.empty(len(solution.spec.parameters))
    for own, point in zip(solution.layout.groups, solution.points, strict=True):
        result[own.rows] = values_of(own.cells, point)
    return np.asarray(result[solution.layout.free])


def _settings() -> pd.DataFrame:
    rows = {
        "version": ("0.6", "8", "23", "6", "8.80"),
        "covariances divided by": ("n", "n", "n", "n - 1", "n - 1"),
        "chi2": ("n F", "n F", "(n - G) F", "(n - 1) F", "(n - 1) F"),
        "means": ("on request", "always", "on request", "on request", "on request"),
        "moments of covariates": ("fixed", "fixed", "estimated", "estimated", "estimated"),
        "covariates in the baseline": (
            "covary",
            "covary",
            "uncorrelated",
            "uncorrelated",
            "uncorrelated",
        ),
        "information": ("expected", "observed", "expected", "expected", "expected"),
        "AIC": (
            "-2 logL + 2 q",
            "-2 logL + 2 q",
            "chi2 + 2 q",
            "chi2 - 2 df",
            "chi2 (C2) + 2 q",
        ),
        "test of a parameter": ("z, p", "Est./S.E., p", "C.R., p", "test statistic", "t-value"),
        "standardised on all variables": (
            "std.all",
            "STDYX",
            "standardized",
            "standardized solution",
            "completely standardized",
        ),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(PROGRAMS))
    return table.rename_axis("convention")


def _gaps(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    found = [
        (measure, program, reason)
        for measure in table.index
        for program in PROGRAMS
        if np.isnan(table.loc[measure, program])
        and (reason := reason_for_gap(given, str(measure), program))
    ]
    return pd.DataFrame(found, columns=["measure", "program", "reason"])


def _causes(given: Given, table: pd.DataFrame, estimates: pd.DataFrame) -> list[Cause]:
    """Return the sentences on the differences that there are."""
    differing = {name for name in table.index if _differ(table.loc[name].to_numpy())}
    for kind in ("est", "se"):
        columns = estimates[[f"{kind}_{program}" for program in PROGRAMS]].to_numpy()
        if any(_differ(row) for row in columns):
            differing.add(kind)
    found = []
    for names, sentence, reference, applies in _explanations(given):
        about = tuple(name for name in names.split() if name in differing)
        if applies and about:
            found.append(Cause(about, sentence, reference))
    return found


def _differ(values: Array) -> bool:
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return False
    return bool(np.ptp(known) > _SAME * max(np.abs(known).max(), 1e-6))


def _explanations(given: Given) -> list[tuple[str, str, str, bool]]:
    """Return measures, sentence, reference and whether it applies to such a fit."""
    several, x = given.n_groups > 1, len(given.covariates)
    own_units = not np.isclose(given.normal.state.f, given.wishart.state.f, rtol=1e-7, atol=1e-10)
    return [
        (
            "chisq pvalue cmin_df baseline_chisq cfi tli nfi ifi rfi pnfi pcfi"
            " rmsea rmsea_ci_lower rmsea_ci_upper rmsea_pvalue mfi",
            "lavaan and Mplus multiply the discrepancy F by n, AMOS by n less the number of groups,"
            " EQS and LISREL by n - 1. likelihood='wishart' gives the latter.",
            f"{_AMOS}; {_LAVAAN}",
            True,
        ),
        (
            "est rmr",
            "EQS and LISREL divide sums of squares by n - 1, the others by n (AMOS unless told"
            " otherwise): variances and covariances, and what is measured in their units, differ by"
            " n / (n - 1).",
            f"{_AMOS}; {_EQS}; {_LISREL}",
            True,
        ),
        (
            "chisq chisq_nt cfi tli nfi ifi gfi agfi pgfi rmsea srmr",
            "a parameter is fixed at a number in the units of the data, so the fit itself depends"
            " on what sums of squares are divided by.",
            f"{_EQS}; {_LAVAAN}",
            own_units,
        ),
        (
            "se",
            "standard errors come from the expected information in lavaan, AMOS, EQS and LISREL,"
            " and from the observed one in Mplus (its default with means and missing-data theory"
            " on); AMOS, EQS and LISREL multiply the information by n - 1, the others by n.",
            f"Efron & Hinkley (1978), doi:10.1093/biomet/65.3.457; {_AMOS}",
            True,
        ),
        (
            "npar",
            "Mplus counts the means of all dependent variables among the parameters."
            if not x
            else "Mplus counts the means of all dependent variables among the parameters; AMOS, EQS"
            " and LISREL count the variances and covariances of covariates, which lavaan and Mplus"
            " take from the sample.",
            f"{_MPLUS}; {_AMOS}",
            True,
        ),
        (
            "baseline_chisq baseline_df cfi tli nfi ifi rfi pnfi",
            "in the model that these compare with, covariates covary in lavaan and Mplus, and"
            " nothing does in AMOS and EQS.",
            f"{_MPLUS}; {_AMOS}; {_EQS}",
            x > 1,
        ),
        (
            "aic bic bic2 caic",
            "AIC is -2 logL + 2 q in lavaan and Mplus, chi2 + 2 q in AMOS, chi2 - 2 df in EQS, and"
            " LISREL takes its second chi2 (chisq_nt) + 2 q; BIC and CAIC likewise, each with its"
            " own q (npar). Differences between models of the same data hardly differ.",
            f"Akaike (1974), doi:10.1109/TAC.1974.1100705; {_AMOS}; {_EQS}; {_NOTE}",
            True,
        ),
        (
            "rmsea rmsea_ci_lower rmsea_ci_upper rmsea_pvalue ecvi caic",
            "LISREL 8 computes these from its normal-theory weighted least squares chi2 (C2, here"
            " chisq_nt), not from the chi2 of maximum likelihood.",
            _NOTE,
            not several and not given.restricted_means,
        ),
        (
            "rmsea rmsea_ci_lower rmsea_ci_upper rmsea_pvalue",
            "with several groups lavaan and Mplus multiply the RMSEA by the root of the number of"
            " groups (Steiger, 1998); AMOS does not.",
            f"Steiger (1998), doi:10.1080/10705519809540115; {_AMOS}",
            several,
        ),
        (
            "gfi agfi pgfi",
            "lavaan leaves fixed moments of covariates out of what is to be explained, and counts"
            " means that are estimated; AMOS, EQS and LISREL take all variances and covariances and"
            " no means.",
            "Tanaka & Huba (1985), doi:10.1111/j.2044-8317.1985.tb00834.x",
            given.fixed_x or given.normal.spec.options.meanstructure,
        ),
        (
            "srmr",
            "Mplus compares correlations, and counts means among the residuals; the others divide"
            " residual covariances by the sample's standard deviations.",
            f"Bentler (1995), EQS structural equations program manual; {_MPLUS}",
            True,
        ),
        (
            "ecvi",
            "lavaan's is (chi2 + 2 q) / n; AMOS and LISREL divide by n - 1.",
            f"Browne & Cudeck (1989), doi:10.1207/s15327906mbr2404_4; {_AMOS}",
            True,
        ),
        (
            "cn_05 cn_01",
            "AMOS prints the whole number of respondents, lavaan the fraction too.",
            f"Hoelter (1983), doi:10.1177/0049124183011003003; {_AMOS}",
            True,
        ),
    ]
