"""What must hold of every estimator, whatever the data."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.engine.complete_group import CompleteGroup
from clustersem.engine.corrections import mean_var_adjusted, satorra_bentler, scaled_shifted
from clustersem.engine.ugamma import trace_ugamma, trace_ugamma_squared
from clustersem.errors import ClusterSemWarning
from clustersem.fit.group_evidence import LeastSquaresGroup
from clustersem.moments.gamma import normal_gamma
from clustersem.moments.order import MomentOrder

MODEL = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
MIMIC = f"{MODEL}; visual ~ ageyr; textual ~ visual + ageyr"
ORDINAL = "visual =~ o1 + o2 + o3; textual =~ o4 + o5 + o6; textual ~ visual"
ITEMS = [f"x{i}" for i in range(1, 10)]
ANSWERS = [f"o{i}" for i in range(1, 7)]
KEY = ["lhs", "op", "rhs"]


def fit(model: str, frame: pd.DataFrame, **options: object) -> cs.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        found = cs.sem(model, frame, **options)
    assert found.converged
    return found


def same(one: pd.Series, other: pd.Series, tolerance: float = 1e-7) -> None:
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "options",
    [
        {"information": "expected"},
        {"information": "observed"},
        {"estimator": "MLR"},
        {"estimator": "MLF"},
        {"group": "school", "group_equal": ["loadings", "intercepts"], "information": "observed"},
        {"group": "school", "estimator": "MLR", "cluster": "cluster"},
        {"sampling_weights": "weight", "estimator": "MLR"},
    ],
    ids=str,
)
@pytest.mark.parametrize("model", [MODEL, MIMIC])
def test_full_information_is_maximum_likelihood_where_nothing_is_missing(model, options):
    frame = data("hs_design").dropna(subset=["grade"])
    plain = fit(model, frame, meanstructure=True, **options)
    full = fit(model, frame, missing="ml", **options)
    for column in ("est", "se", "std_all"):
        same(full.estimates[column], plain.estimates[column])
    # Robust measures of incomplete data and the GFI are other formulas for the same thing.
    names = [n for n in plain.measures if not n.endswith("robust") and "gfi" not in n]
    same(
        pd.Series({n: full.measures[n] for n in names}),
        pd.Series({n: plain.measures[n] for n in names}),
        1e-6,
    )
    same(
        full.measures["gfi"], plain.measures["gfi"], 2e-4 if "sampling_weights" in options else 1e-7
    )


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (MODEL, {"group_equal": ["loadings", "intercepts"], "estimator": "MLR"}),
        (MODEL, {"group_equal": ["loadings"], "estimator": "GLS"}),
        (MODEL, {"missing": "ml"}),
        (ORDINAL, {"ordered": ANSWERS}),
        (ORDINAL, {"ordered": ANSWERS, "group_equal": ["loadings", "thresholds"]}),
    ],
    ids=["scalar MLR", "metric GLS", "FIML", "ordinal", "ordinal scalar"],
)
def test_groups_may_come_in_any_order(model, options):
    complete = "hs_ordinal" if "ordered" in options else "holzinger1939"
    frame = data("holzinger1939_missing" if "missing" in options else complete)
    labels = sorted(frame["school"].unique())
    one, other = (
        fit(model, frame, group="school", group_labels=some, **options)
        for some in (labels, labels[::-1])
    )
    same(pd.Series(one.measures), pd.Series(other.measures), 1e-6)
    cov, other_cov = one.implied_cov, other.implied_cov
    if "thresholds" not in options.get("group_equal", ()):
        for label in labels:
            same(cov.loc[label].to_numpy(), other_cov.loc[label].to_numpy(), 1e-6)
    if "group_equal" not in options:
        first, second = (
            found.estimates.assign(group=lambda e, f=found: [f.groups[g - 1] for g in e["group"]])
            .set_index([*KEY, "group"])
            .sort_index()
            for found in (one, other)
        )
        same(first["est"], second["est"], 1e-6)
        same(first["se"], second["se"], 1e-6)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (MODEL, {"estimator": "MLM"}),
        (MODEL, {"estimator": "MLM", "meanstructure": True}),
        (f"{MODEL}; visual ~~ a*visual; speed ~~ a*speed", {"estimator": "MLM"}),
        (MODEL, {"estimator": "MLM", "group": "school", "group_equal": "loadings"}),
        (MODEL, {"estimator": "GLS", "meanstructure": True}),
    ],
    ids=["ML", "means", "equality", "groups", "GLS"],
)
def test_scaled_statistics_are_plain_under_the_gamma_of_normal_theory(model, options):
    found = fit(model, data("holzinger1939"), **options)
    terms = []
    for group, point, sample in zip(
        found.inference.groups, found.points, found.samples, strict=True
    ):
        # What V is the inverse of: normal theory at the model, with GLS at the sample.
        if isinstance(group, CompleteGroup):
            own, cov = group.explicit_terms, point.sigma
        else:
            assert isinstance(group, LeastSquaresGroup)
            own, cov = group.terms, sample.unbiased_cov
        order = MomentOrder((0,) * len(cov), found.spec.options.meanstructure)
        terms.append(dataclasses.replace(own, gamma=normal_gamma(cov, order)))
    basis, df, chisq = found.inference.basis, found.df, found.measures["chisq"]
    trace = trace_ugamma(terms, basis=basis)
    squared = trace_ugamma_squared(terms, basis=basis)
    assert trace == pytest.approx(df, rel=1e-9)
    assert squared == pytest.approx(df, rel=1e-9)
    assert satorra_bentler(chisq, df, trace).chisq == pytest.approx(chisq, rel=1e-9)
    for corrected in (mean_var_adjusted, scaled_shifted):
        test = corrected(chisq, df, trace, squared)
        assert (test.chisq, test.df) == pytest.approx((chisq, df), rel=1e-8)


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_wlsmv_sees_the_order_of_categories_only(parameterization):
    frame = data("hs_ordinal")[ANSWERS]
    as_numbers = frame**3 - 7
    letters = frame.astype(int).apply(lambda a: a.map(lambda k: "abcdefgh"[k]))
    as_text = letters.apply(
        lambda a: pd.Categorical(a, categories=sorted(a.unique()), ordered=True)
    )
    options = {"parameterization": parameterization}
    plain = fit(ORDINAL, frame, ordered=ANSWERS, **options)
    assert plain.options.estimator == "WLSMV"
    for recoded in (
        fit(ORDINAL, as_numbers, ordered=ANSWERS, **options),
        fit(ORDINAL, as_text, **options),
    ):
        same(recoded.estimates["est"], plain.estimates["est"], 1e-9)
        same(recoded.estimates["se"], plain.estimates["se"], 1e-9)
        same(pd.Series(recoded.measures), pd.Series(plain.measures), 1e-9)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
@pytest.mark.parametrize(
    ("estimator", "missing"),
    [("MLR", "listwise"), ("MLR", "ml"), ("MLM", "listwise"), ("WLS", "listwise")],
)
def test_units_of_the_items_do_not_matter(estimator, missing, factor):
    frame = data("holzinger1939_missing" if missing == "ml" else "holzinger1939")
    options = {"estimator": estimator, "missing": missing, "std_lv": True}
    plain = fit(MODEL, frame, **options)
    units = np.geomspace(1.0, factor, len(ITEMS))
    scaled = fit(
        MODEL,
        frame.assign(**{x: frame[x] * u for x, u in zip(ITEMS, units, strict=True)}),
        **options,
    )
    same(scaled.estimates["z"].dropna(), plain.estimates["z"].dropna(), 1e-5)
    same(scaled.estimates["std_all"], plain.estimates["std_all"], 1e-6)
    free = [
        n for n in plain.measures if not n.startswith(("rmr", "logl", "unrestricted", "aic", "bic"))
    ]
    same(
        pd.Series({n: scaled.measures[n] for n in free}),
        pd.Series({n: plain.measures[n] for n in free}),
        1e-5,
    )
