"""Fits beside each other: difference tests of nested models, and changes of fit indices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast, get_args

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array
from clustersem.errors import DataError, ModelError
from clustersem.fit import difference
from clustersem.fit.difference import DifferenceMethod, DifferenceTest
from clustersem.fit.nested import NestedCheck, at_small, check_nested, jacobian_of
from clustersem.fit.options import FitOptions
from clustersem.fit.preferred import index_suffix
from clustersem.fit.solution import Solution
from clustersem.fit.summary import p_text

# What the test of the models says of the test of their difference, as lavaan chooses it.
_DEFAULTS: dict[str, DifferenceMethod] = {
    "satorra.bentler": "satorra.bentler.2001",
    "yuan.bentler": "satorra.bentler.2001",
    "yuan.bentler.mplus": "satorra.bentler.2001",
    "mean.var.adjusted": "scaled.shifted",
    "scaled.shifted": "scaled.shifted",
}
# Scaling factors of these are the mean of eigenvalues, which the formulas of 2001 and 2010 need.
_MEAN_SCALED = ("satorra.bentler", "yuan.bentler", "yuan.bentler.mplus")
# A difference factor below half of the smaller of the models' own, or above twice the larger, is
# more often the 2001 formula's cancellation than the data.
_FAR = 2.0
# A chi2 difference more negative than this share of chi2 is not rounding.
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models fitted to the same sample, from the largest to the most restrictive.

    Attributes
    ----------
    table : DataFrame
        One row a model: ``n_free df chisq aic bic cfi rmsea srmr``, and against the row above
        ``delta_chisq delta_df p_value`` (the difference test) and ``delta_cfi delta_rmsea
        delta_srmr`` (this row less the one above). `chisq` is the plain statistic N F, also where a
        scaled difference is tested. AIC and BIC are NaN where there is no likelihood.
    tests : tuple of (DifferenceTest or None)
        One for every row but the first; None where two models have the same degrees of freedom.
    nested : tuple of (NestedCheck or None)
        Whether each model is nested in the one above it; None where that was not tested.
    method : str
        The difference test.
    indices : str
        ``"robust"``, ``"scaled"`` or ``"plain"``: which CFI and RMSEA these are.
    notes : tuple of str
        What the researcher should know, in plain sentences.
    """

    table: pd.DataFrame
    tests: tuple[DifferenceTest | None, ...]
    nested: tuple[NestedCheck | None, ...]
    method: DifferenceMethod
    indices: str
    notes: tuple[str, ...]

    def __str__(self) -> str:
        columns = {
            "df": ("df", lambda x: f"{x:.0f}"),
            "chisq": ("chi2", _three),
            "aic": ("AIC", _one),
            "bic": ("BIC", _one),
            "cfi": ("CFI", _three),
            "rmsea": ("RMSEA", _three),
            "delta_chisq": ("d chi2", _three),
            "delta_df": ("d df", lambda x: "" if math.isnan(x) else f"{x:g}"),
            "p_value": ("p", lambda x: "" if math.isnan(x) else p_text(x)),
            "delta_cfi": ("d CFI", _signed),
            "delta_rmsea": ("d RMSEA", _signed),
        }
        shown = self.table[[c for c in columns if not self.table[c].isna().all()]]
        shown = shown.rename_axis(None)
        text = shown.to_string(
            header=[columns[c][0] for c in shown.columns],
            formatters=[columns[c][1] for c in shown.columns],
            na_rep="",
        )
        index = "" if self.indices == "plain" else f"; CFI and RMSEA: {self.indices}"
        lines = [text, ""]
        if self.method != "standard":
            lines.append("chi2 is the plain statistic; d chi2 and its p are those of the test.")
        lines.append(f"Difference test: {METHODS[self.method]}{index}.")
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


#: What each difference test is called in print.
METHODS: dict[DifferenceMethod, str] = {
    "standard": "likelihood ratio",
    "satorra.bentler.2001": "Satorra & Bentler (2001), scaled",
    "satorra.bentler.2010": "Satorra & Bentler (2010), scaled",
    "satorra.2000": "Satorra (2000), scaled",
    "mean.var.adjusted": "Satorra (2000), mean and variance adjusted",
    "scaled.shifted": "Satorra (2000), scaled and shifted",
}


def compare(
    *fits: Solution,
    method: str | None = None,
    names: Sequence[str] | None = None,
    nested: bool = True,
) -> Comparison:
    """Compare models fitted to the same sample.

    Parameters
    ----------
    *fits : Fit
        Two or more, in any order; they are put in the order of their degrees of freedom, and each
        is compared with the one before it.
    method : str, optional
        The difference test: ``"standard"``; ``"satorra.bentler.2001"``, ``"satorra.bentler.2010"``
        or ``"satorra.2000"``, scaled; ``"mean.var.adjusted"`` or ``"scaled.shifted"``, Satorra's
        (2000) corrected in the variance, too. By default what belongs to the test of the models:
        the first for the plain one, the second for Satorra-Bentler and Yuan-Bentler (MLM, MLR,
        WLSM), the last for MLMV, WLSMV and ULSMV, and for ULS and DWLS, whose plain difference
        has no chi2 distribution. ``_`` may stand for ``.``.
    names : sequence of str, optional
        What the models are called, in the order of `fits`; else ``model 1`` and so on.
    nested : bool
        Test whether each model is nested in the one before it (:func:`check_nested`); a difference
        test of models that are not means nothing.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        Where the models were not fitted to the same observations of the same variables.
    ModelError
        Where the estimators differ, a model did not converge, or a method does not suit them.
    EstimationError
        Where the scaled difference has no value; the message names a method that has.

    References
    ----------
    Satorra, A. (2000). doi:10.1007/978-1-4615-4603-0_17
    Satorra, A., & Bentler, P. M. (2001). Psychometrika, 66, 507-514. doi:10.1007/BF02296192
    Satorra, A., & Bentler, P. M. (2010). Psychometrika, 75, 243-248. doi:10.1007/s11336-009-9135-y

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> s = pd.DataFrame(0.5 + 0.5 * np.eye(4), index=list("abcd"), columns=list("abcd"))
    >>> s.loc["a", "b"] = s.loc["b", "a"] = 0.6
    >>> free = cs.cfa("f =~ a + b + c + d", cov=s, n_obs=200)
    >>> equal = cs.cfa("f =~ a + l*b + l*c + l*d", cov=s, n_obs=200)
    >>> test = compare(equal, free).tests[0]
    >>> test.df, round(test.statistic, 2), round(test.p_value, 2)
    (2, 1.32, 0.52)
    """
    if len(fits) < 2:
        raise ModelError("compare() needs at least two fits: cs.compare(fit1, fit2).")
    labels = [f"model {i + 1}" for i in range(len(fits))] if names is None else list(names)
    if len(labels) != len(fits) or len(set(labels)) != len(labels):
        raise ModelError(f"names= needs {len(fits)} different names, one for each fit.")
    _check_same(fits, labels)
    order = sorted(range(len(fits)), key=lambda i: fits[i].df)
    ordered = [fits[i] for i in order]
    labels = [labels[i] for i in order]
    chosen = default_method(ordered, method)
    notes: list[str] = []
    tests: list[DifferenceTest | None] = []
    checks: list[NestedCheck | None] = []
    for (large, small), (above, below) in zip(pairwise(ordered), pairwise(labels), strict=True):
        if small.df == large.df:
            tests.append(None)
            checks.append(None)
            notes.append(
                f"{above} and {below} have the same degrees of freedom, so no test compares them:"
                " look at AIC and BIC, or at what they say."
            )
            continue
        check = check_nested(small, large) if nested else None
        checks.append(check)
        if check is not None and not check.nested:
            notes.append(f"{below} is not nested in {above}: {check.message}")
        test = difference_test(small, large, chosen)
        tests.append(test)
        far = far_factor(test, small, large)
        if far:
            notes.append(f"{below} against {above}: {far}")
        if test.statistic < -_ROUNDING * max(1.0, small.measures["chisq"]):
            notes.append(
                f"{below} fits better than {above}, though it is more restrictive: they are not"
                f" nested, or {above} stopped at a local optimum."
            )
    names_of, indices = _index_names(ordered)
    return Comparison(
        _table(ordered, labels, tests, names_of),
        tuple(tests),
        tuple(checks),
        chosen,
        indices,
        tuple(notes),
    )


def difference_test(small: Solution, large: Solution, method: DifferenceMethod) -> DifferenceTest:
    """Return the test of the difference between two fits, the first nested in the second."""
    # N F, which for plain ULS is not what fit.measures calls chisq.
    t0, t1 = (fit.multiplier * max(fit.state.f, 0.0) for fit in (small, large))
    df0, df1 = small.df, large.df
    if method == "standard":
        return difference.plain_difference(t0, df0, t1, df1)
    if method == "satorra.bentler.2001":
        c0, c1 = (fit.measures["chisq_scaling_factor"] for fit in (small, large))
        return difference.satorra_bentler_2001(t0, df0, c0, t1, df1, c1)
    if method == "satorra.bentler.2010":
        c0 = small.measures["chisq_scaling_factor"]
        c10 = at_small(large, small).measures["chisq_scaling_factor"] if df1 else math.nan
        return difference.satorra_bentler_2010(t0, df0, c0, t1, df1, c10)
    e = difference_eigenvalues_of(small, large)
    tests = {
        "satorra.2000": difference.satorra_2000,
        "mean.var.adjusted": difference.mean_var_adjusted,
        "scaled.shifted": difference.scaled_shifted,
    }
    return tests[method](t0, t1, e)


def far_factor(test: DifferenceTest, small: Solution, large: Solution) -> str:
    """Return what to know of a 2001 factor far from both models' own; empty where it is not.

    (df0 c0 - df1 c1) / (df0 - df1) takes the difference of two large products, so with few degrees
    of freedom apart a small error of c0 or c1 becomes a large one of the factor.
    """
    if test.method != "satorra.bentler.2001" or not large.df:
        return ""
    own = [fit.measures["chisq_scaling_factor"] for fit in (small, large)]
    if min(own) / _FAR <= test.scaling_factor <= max(own) * _FAR:
        return ""
    return (
        f"the scaling factor of the difference, {test.scaling_factor:.3f}, is far from those of the"
        f" models themselves ({own[0]:.3f} and {own[1]:.3f}), so the scaled difference"
        f" {test.statistic:.2f} (plain: {test.statistic * test.scaling_factor:.2f}) may mislead."
        ' Use method="satorra.bentler.2010" or method="satorra.2000".'
    )


def difference_eigenvalues_of(small: Solution, large: Solution) -> Array:
    """Return the weights of the chi-squares that the difference of two fits is a sum of."""
    a = difference.constraint_matrix(jacobian_of(large), jacobian_of(small, large))
    wanted = small.df - large.df
    if len(a) != wanted:
        raise ModelError(
            f"the smaller model has {wanted} degrees of freedom more, but restricts the larger one"
            f" in {len(a)} ways: they are not nested, so there is no scaled difference test."
        )
    information, meat = large.inference.information_and_meat()
    if large.options.information == "observed":
        information = large.inference.information
    basis = large.inference.basis
    if basis is not None:
        information, meat = (basis.T @ matrix @ basis for matrix in (information, meat))
    return difference.difference_eigenvalues(information, meat, a)


def _needs_correction(options: FitOptions) -> bool:
    return options.test == "standard" and options.discrepancy in ("ULS", "DWLS")


def _check_same(fits: Sequence[Solution], labels: Sequence[str]) -> None:
    """Refuse fits whose statistics do not speak of the same data and discrepancy."""
    first = fits[0]
    for fit, label in zip(fits, labels, strict=True):
        both = f"{labels[0]} and {label}"
        if not fit.converged:
            raise ModelError(f"{label} did not converge, so it has no test: {fit.status.message}")
        if set(fit.spec.observed) != set(first.spec.observed):
            differ = sorted(set(fit.spec.observed) ^ set(first.spec.observed))
            raise DataError(
                f"{both} were not fitted to the same variables ({', '.join(differ)} in one only),"
                " so their chi2 cannot be compared. To drop an item from one model, keep it there"
                " without a loading (item ~~ item)."
            )
        differ = sorted(_given(fit) ^ _given(first))
        if differ:
            raise DataError(
                f"{both} were not fitted to the same moments: with ordered items these are given"
                f" the covariates, and {', '.join(differ)} is one in one model only. Fit both with"
                " fixed_x=False."
            )
        if fit.groups != first.groups:
            raise DataError(f"{both} were not fitted to the same groups.")
        for ours, theirs in zip(fit.samples, first.samples, strict=True):
            place = [theirs.names.index(name) for name in ours.names]
            same = ours.n_obs == theirs.n_obs and np.allclose(
                ours.cov, theirs.cov[np.ix_(place, place)], rtol=1e-8
            )
            if not same:
                raise DataError(
                    f"{both} were not fitted to the same observations (n = {theirs.n_obs} and"
                    f" {ours.n_obs}{' in group ' + ours.label if ours.label else ''}). Fit both to"
                    " one data frame, without rows that either leaves out."
                )
        for name in ("estimator", "likelihood", "missing", "test"):
            ours_is, theirs_is = getattr(fit.options, name), getattr(first.options, name)
            if ours_is != theirs_is:
                raise ModelError(
                    f"{both} differ in {name} ({theirs_is} and {ours_is}), so their chi2 cannot be"
                    " compared. Fit both alike."
                )
        if fit.spec.options.meanstructure != first.spec.options.meanstructure:
            raise ModelError(f"only one of {both} has means. Fit both with meanstructure=True.")


def _given(fit: Solution) -> set[str]:
    """Return the covariates given which the moments are."""
    sample = fit.samples[0]
    return {sample.names[place] for place in sample.given}


def default_method(fits: Sequence[Solution], method: str | None = None) -> DifferenceMethod:
    """Return the difference test that suits these fits, or the one asked for, checked."""
    options = fits[0].options
    test = options.test
    if method is None:
        # Least squares with weights that are not optimal: N F is no chi2 without a correction.
        plain: DifferenceMethod = "scaled.shifted" if _needs_correction(options) else "standard"
        return _DEFAULTS.get(test, plain)
    chosen = method.replace("_", ".").replace(" ", ".").lower()
    if chosen not in get_args(DifferenceMethod):
        raise ModelError(f"method= is one of {', '.join(map(repr, METHODS))}, not {method!r}.")
    if chosen == "standard":
        return "standard"
    if chosen.startswith("satorra.bentler") and test not in _DEFAULTS:
        raise ModelError(
            f"{METHODS[cast(DifferenceMethod, chosen)]} is made of scaling factors, but the models"
            ' were fitted without a robust test. Fit them with estimator="MLM" or "MLR", say, or'
            ' use method="satorra.2000".'
        )
    if chosen.startswith("satorra.bentler") and test not in _MEAN_SCALED:
        raise ModelError(
            f"{METHODS[cast(DifferenceMethod, chosen)]} needs scaling factors of mean-corrected"
            f' tests, and the test of these models is {test!r}. Use method="scaled.shifted".'
        )
    return cast(DifferenceMethod, chosen)


def _index_names(fits: Sequence[Solution]) -> tuple[dict[str, str], str]:
    suffix = index_suffix(*(fit.measures for fit in fits))
    names = {"cfi": f"cfi{suffix}", "rmsea": f"rmsea{suffix}", "srmr": "srmr"}
    return names, suffix[1:] or "plain"


def _table(
    fits: Sequence[Solution],
    labels: Sequence[str],
    tests: Sequence[DifferenceTest | None],
    indices: dict[str, str],
) -> pd.DataFrame:
    rows = []
    for fit in fits:
        m = fit.measures
        row: dict[str, float] = {"n_free": fit.n_free, "df": fit.df, "chisq": m["chisq"]}
        row |= {name: m.get(name, math.nan) for name in ("aic", "bic")}
        row |= {name: m[source] for name, source in indices.items()}
        rows.append(row)
    table = pd.DataFrame(rows, index=pd.Index(labels, name="model"))
    blank = DifferenceTest("standard", math.nan, math.nan, math.nan)
    known = [blank, *(blank if test is None else test for test in tests)]
    table["delta_chisq"] = [test.statistic for test in known]
    table["delta_df"] = [test.df for test in known]
    table["p_value"] = [test.p_value for test in known]
    for name in indices:
        table[f"delta_{name}"] = table[name].diff()
    return table


def _three(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _one(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f}"


def _signed(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.3f}"
