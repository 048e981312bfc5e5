"""What must not change when the data are rescaled, reordered or recoded, or the model rewritten."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.reference import case, data, fitted

import clustersem as cs

HS = [f"x{i}" for i in range(1, 10)]
MODELS = ["hs_cfa_ml", "democracy_sem_ml", "cross_border_revised"]
# Of no scale: chi2 and what follows from it, and what is standardised.
FREE_OF_SCALE = ["chisq", "df", "cfi", "tli", "rmsea", "srmr", "gfi", "baseline_chisq", "ecvi"]


def by_name(table, column):
    """Return a column by parameter, whatever the order of rows or of a covariance's two names."""
    keys = [
        (*sorted((r.lhs, r.rhs)), r.op) if r.op == "~~" else (r.lhs, r.rhs, r.op)
        for r in table.itertuples()
    ]
    return dict(zip(keys, table[column], strict=True))


def same(one, other, column, rtol=1e-6, atol=1e-8):
    first, second = by_name(one, column), by_name(other, column)
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert second[key] == pytest.approx(value, rel=rtol, abs=atol, nan_ok=True), (key, column)


def same_fit(one, other, rtol=1e-8):
    for name in FREE_OF_SCALE:
        assert other.measures[name] == pytest.approx(one.measures[name], rel=rtol, abs=1e-9), name


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("factor", [1e3, 1e-3, 1e6, 1e-6])
def test_units_of_all_data(name, factor):
    told, fit = case(name), fitted(name)
    scaled = cs.sem(told["model"], data(told["data"])[list(fit.moments.names)] * factor)
    assert scaled.converged
    same_fit(fit, scaled)
    for column in ("std_all", "z", "p_value"):
        same(fit.estimates, scaled.estimates, column)
    for column in ("mi", "sepc_all"):
        same(fit.modification_indices(), scaled.modification_indices(), column)


def test_units_of_single_items():
    told, fit = case("hs_cfa_ml"), fitted("hs_cfa_ml")
    factors = dict(zip(HS, np.logspace(-4, 4, 9), strict=True))
    scaled = cs.cfa(
        told["model"],
        data("holzinger1939").assign(
            **{item: data("holzinger1939")[item] * factor for item, factor in factors.items()}
        ),
    )
    same_fit(fit, scaled)
    same(fit.estimates, scaled.estimates, "std_all")
    same(fit.modification_indices(), scaled.modification_indices(), "mi")


def test_location_moves_intercepts_only():
    told, fit = case("hs_cfa_ml_meanstructure"), fitted("hs_cfa_ml_meanstructure")
    moved = cs.cfa(told["model"], data("holzinger1939")[HS] + 1e4, meanstructure=True)
    # The means cost log10(1e4) + 1 of the digits of the covariances. (The GFI counts means among
    # the
    # moments that are explained, so it depends on where zero is.)
    for name in ("chisq", "cfi", "tli", "rmsea", "srmr"):
        assert moved.measures[name] == pytest.approx(fit.measures[name], rel=1e-6), name
    intercepts = fit.estimates["op"] == "~1"
    np.testing.assert_allclose(
        moved.estimates.loc[~intercepts, "est"], fit.estimates.loc[~intercepts, "est"], atol=1e-6
    )
    observed = intercepts & fit.estimates["lhs"].isin(HS)
    np.testing.assert_allclose(
        moved.estimates.loc[observed, "est"] - 1e4, fit.estimates.loc[observed, "est"], atol=1e-6
    )


@pytest.mark.parametrize("name", MODELS)
def test_order_of_respondents(name):
    told, fit = case(name), fitted(name)
    shuffled = data(told["data"]).sample(frac=1.0, random_state=3)
    other = cs.sem(told["model"], shuffled)
    np.testing.assert_allclose(other.estimates["est"], fit.estimates["est"], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_order_of_columns_items_and_lines(seed):
    rng = np.random.default_rng(seed)
    told, fit = case("democracy_sem_ml"), fitted("democracy_sem_ml")
    lines = []
    for line in told["model"].strip().splitlines():
        if "=~" in line:
            factor, items = line.split("=~")
            first, *rest = [item.strip() for item in items.split("+")]
            rng.shuffle(rest)
            line = f"{factor} =~ " + " + ".join([first, *rest])
        lines.append(line)
    rng.shuffle(lines)
    answers = data("political_democracy")
    other = cs.sem("\n".join(lines), answers[rng.permutation(answers.columns)])
    same_fit(fit, other)
    for column in ("est", "se", "std_all"):
        same(fit.estimates, other.estimates, column)
    same(fit.modification_indices(), other.modification_indices(), "mi")


@pytest.mark.parametrize("marker", [0, 1, 2])
def test_another_marker(marker):
    fit = fitted("hs_cfa_ml")
    lines = []
    for factor, items in (("visual", HS[:3]), ("textual", HS[3:6]), ("speed", HS[6:])):
        rest = [item for item in items if item != items[marker]]
        lines.append(f"{factor} =~ " + " + ".join([items[marker], *rest]))
    other = cs.cfa("\n".join(lines), data("holzinger1939"))
    same_fit(fit, other)
    same(fit.estimates, other.estimates, "std_all")
    same(fit.modification_indices(), other.modification_indices(), "mi")
    same(fit.modification_indices(), other.modification_indices(), "sepc_all")
    # The same without a marker.
    free = cs.cfa("\n".join(lines), data("holzinger1939"), std_lv=True)
    same_fit(fit, free)
    same(fit.estimates, free.estimates, "std_all")


def test_covariances_or_answers():
    answers = data("holzinger1939")
    for likelihood in ("normal", "wishart"):
        fit = cs.cfa(case("hs_cfa_ml")["model"], answers, likelihood=likelihood)
        from_cov = cs.cfa(
            case("hs_cfa_ml")["model"],
            cov=answers[HS[::-1]].cov(),
            n_obs=301,
            likelihood=likelihood,
        )
        for column in ("est", "se", "std_all"):
            same(fit.estimates, from_cov.estimates, column, rtol=1e-9)
        same_fit(fit, from_cov)
    with_means = cs.cfa(
        case("hs_cfa_ml")["model"],
        cov=answers[HS].cov(),
        mean=answers[HS].mean(),
        n_obs=301,
        meanstructure=True,
    )
    np.testing.assert_allclose(
        with_means.estimates["est"], fitted("hs_cfa_ml_meanstructure").estimates["est"], atol=1e-9
    )


def test_a_reversed_item_changes_the_sign_of_its_loading_only():
    rng = np.random.default_rng(5)
    told = case("cross_border_initial")
    answers = data("cross_border_simulated")
    fit = fitted("cross_border_initial")
    markers = {"C3", "C7", "C11", "C17", "C21", "C23", "C26", "C29"}
    reversed_items = [c for c in answers.columns if c not in markers and rng.random() < 0.4]
    assert len(reversed_items) > 4
    turned = answers.assign(**{item: 6 - answers[item] for item in reversed_items})
    other = cs.sem(told["model"], turned)
    same_fit(fit, other)
    sign = np.where(
        (fit.estimates["op"] == "=~") & fit.estimates["rhs"].isin(reversed_items), -1.0, 1.0
    )
    for column in ("est", "std_all"):
        np.testing.assert_allclose(
            sign * other.estimates[column], fit.estimates[column], rtol=1e-8, atol=1e-9
        )
    np.testing.assert_allclose(other.estimates["se"], fit.estimates["se"], rtol=1e-8)


def test_a_reversed_marker_turns_the_factor():
    answers = data("holzinger1939")
    fit = fitted("hs_cfa_ml")
    other = cs.cfa(case("hs_cfa_ml")["model"], answers.assign(x4=-answers["x4"]))
    same_fit(fit, other)
    std, turned = (f.estimates.set_index(["lhs", "op", "rhs"])["std_all"] for f in (fit, other))
    key = ("visual", "~~", "textual")
    assert turned[key] == pytest.approx(-std[key], rel=1e-8)
    assert turned[("textual", "=~", "x5")] == pytest.approx(-std[("textual", "=~", "x5")], rel=1e-8)


def test_equivalent_models_have_the_same_fit():
    # A second-order factor with three first-order ones is a reparametrisation of their covariances;
    # so is a chain of regressions among three that are all connected.
    first = fitted("hs_cfa_ml")
    chain = cs.sem(
        case("hs_cfa_ml")["model"] + "\ntextual ~ visual\nspeed ~ visual + textual",
        data("holzinger1939"),
    )
    other_way = cs.sem(
        case("hs_cfa_ml")["model"] + "\nvisual ~ speed\ntextual ~ speed + visual",
        data("holzinger1939"),
    )
    for fit in (fitted("hs_second_order"), chain, other_way):
        same_fit(first, fit)
        np.testing.assert_allclose(fit.implied_cov, first.implied_cov, rtol=1e-9)


@pytest.mark.parametrize("meanstructure", [False, True])
def test_a_saturated_model_fits_perfectly(meanstructure):
    fit = cs.cfa("f =~ x1 + x2 + x3", data("holzinger1939"), meanstructure=meanstructure)
    assert fit.df == 0
    assert fit.measures["chisq"] == pytest.approx(0.0, abs=1e-9)
    assert fit.measures["cfi"] == pytest.approx(1.0, abs=1e-12)
    assert fit.measures["rmsea"] == 0.0
    np.testing.assert_allclose(fit.residuals(), 0.0, atol=1e-10)
    np.testing.assert_allclose(fit.residuals("standardized"), 0.0, atol=1e-6)


def test_regressions_are_least_squares():
    answers = data("demo_growth")
    fit = fitted("path_observed")
    design = np.column_stack([np.ones(400), answers["t3"], answers["x1"]])
    coefficients, *_ = np.linalg.lstsq(design, answers["t4"], rcond=None)
    np.testing.assert_allclose(fit.estimates["est"][:2], coefficients[1:], rtol=1e-10)
    residual = answers["t4"] - design @ coefficients
    variance = fit.estimates.set_index(["lhs", "op", "rhs"]).loc[("t4", "~~", "t4"), "est"]
    assert variance == pytest.approx(np.mean(residual**2), rel=1e-10)


def test_data_are_not_changed_and_results_do_not_depend_on_what_was_fitted_before():
    answers = data("holzinger1939").copy()
    before = answers.copy(deep=True)
    first = cs.cfa(case("hs_cfa_ml")["model"], answers)
    cs.cfa(case("hs_cfa_ml")["model"], answers[HS] * 7.0)
    second = cs.cfa(case("hs_cfa_ml")["model"], answers)
    assert answers.equals(before)
    assert np.array_equal(first.estimates["est"], second.estimates["est"])
    table = first.estimates
    table.loc[0, "est"] = 99.0
    assert first.estimates.loc[0, "est"] == 1.0
