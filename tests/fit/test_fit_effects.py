"""Effects against lavaan's defined parameters, and their derivatives against differences."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from helpers.random_ram import random_ram
from helpers.reference import REFERENCE, data, fitted
from helpers.whole_fits import ordinal_fit

import clustersem as cs
from clustersem.engine.effects import effect_paths, jacobian_of, values_of
from clustersem.engine.ram import evaluate

TOLD = json.loads((REFERENCE / "effects.json").read_text())["cases"]
KIND = {"t": "total", "i": "indirect", "s": "specific"}
NUMBERS = ["est", "se", "ci_lower", "ci_upper"]
STANDARDISED = ["std_all", "std_se", "std_ci_lower", "std_ci_upper"]


def fit_of(name: str) -> cs.Fit:
    told = TOLD[name]
    model = "\n".join(line for line in told["model"].splitlines() if ":=" not in line)
    return cs.sem(model, data(told["data"]))


@pytest.mark.parametrize("name", list(TOLD))
def test_effects_are_those_that_lavaan_computes_from_definitions(name):
    table = fit_of(name).effects().table
    for told in pd.DataFrame(TOLD[name]["effects"]).to_dict("records"):
        kind, *path = told["name"].split("_")
        row = (table["from"] == path[0]) & (table["to"] == path[-1]) & (table["kind"] == KIND[kind])
        if kind == "s":
            row &= table["path"] == " -> ".join(path)
        assert row.sum() == 1, told["name"]
        ours = table[row].iloc[0]
        np.testing.assert_allclose(
            ours[NUMBERS].to_numpy(float), [told[key] for key in NUMBERS], rtol=1e-7
        )
        if name == "equal":
            # lavaan takes the first of the standardised paths that share a label for all of them.
            continue
        # lavaan differentiates standardised definitions numerically.
        np.testing.assert_allclose(
            ours[STANDARDISED].to_numpy(float),
            [told[key] for key in STANDARDISED],
            rtol=2e-6,
            err_msg=told["name"],
        )


@pytest.mark.parametrize(
    "name", ["democracy_sem_ml", "path_observed", "cross_border_revised", "mixed"]
)
def test_direct_effects_are_the_estimates(name):
    fit = ordinal_fit(name) if name == "mixed" else fitted(name)
    table = fit.effects().table
    estimates, standardised = fit.estimates, fit.standardized()
    paths = np.flatnonzero(estimates["op"] == "~")
    assert len(paths) > 0
    for place in paths:
        told, std = estimates.iloc[place], standardised.iloc[place]
        chosen = (table["from"] == told["rhs"]) & (table["to"] == told["lhs"])
        ours = table[chosen & (table["kind"] == "direct")].iloc[0]
        same = ["est", "se", "z", "p_value", "ci_lower", "ci_upper", "std_all"]
        np.testing.assert_allclose(ours[same].astype(float), told[same].astype(float), rtol=1e-10)
        numbers = ["std_all", "std_se", "std_z", "std_p_value", "std_ci_lower", "std_ci_upper"]
        columns = ["est", "se", "z", "p_value", "ci_lower", "ci_upper"]
        np.testing.assert_allclose(
            ours[numbers].astype(float), std[columns].astype(float), rtol=1e-9
        )


@pytest.mark.parametrize("name", ["latent", "mixed", "equal", "loop"])
def test_effects_add_up(name):
    effects = fit_of(name).effects()
    for prefix in ("", "std_"):
        direct, indirect, total = (
            getattr(effects, prefix + kind) for kind in ("direct", "indirect", "total")
        )
        pd.testing.assert_frame_equal(direct + indirect, total)
    value = "est"
    for (cause, outcome), rows in effects.table.groupby(["from", "to"]):
        by_kind = rows.groupby("kind")[value].sum()
        assert by_kind["total"] == pytest.approx(effects.total.loc[outcome, cause])
        parts = by_kind.get("direct", 0.0) + by_kind.get("indirect", 0.0)
        assert by_kind["total"] == pytest.approx(parts, abs=1e-12)
        if "specific" in by_kind:
            assert by_kind["specific"] == pytest.approx(by_kind["indirect"])
            std = rows.set_index("kind")["std_all"]
            assert std[["specific"]].sum() == pytest.approx(std["indirect"])


def test_a_loop_has_totals_and_no_specific_paths():
    effects = fit_of("loop").effects()
    assert set(effects.table["kind"]) == {"total", "direct", "indirect"}
    assert "y4, y8 act on each other in a loop" in effects.notes[0]
    a = effects.direct.to_numpy()
    expected = np.abs(np.linalg.eigvals(a)).max()
    assert effects.stability.iloc[0] == pytest.approx(expected)
    # What a variable does to itself is on the diagonal of the matrix.
    both = effects.direct.loc["y4", "y8"] * effects.direct.loc["y8", "y4"]
    assert effects.total.loc["y4", "y4"] == pytest.approx(1 / (1 - both) - 1)


def test_a_loop_that_does_not_settle_is_said_to():
    model = "y1 ~ 1.5*y5 + x1; y5 ~ 0.9*y1 + x3"
    fit = cs.sem(model, data("political_democracy"))
    with pytest.warns(cs.errors.AdmissibilityWarning, match=r"stability index is 1\.162"):
        effects = fit.effects()
    assert effects.stability.iloc[0] == pytest.approx(np.sqrt(1.5 * 0.9))


@pytest.mark.parametrize("seed", range(8))
def test_derivatives_are_those_of_differences(seed):
    model, theta = random_ram(seed, means=seed % 2 == 0)
    places = np.arange(model.n_variables)

    def numbers(at):
        point = evaluate(model, at)
        jacobian = jacobian_of(model, point)
        return values_of(effect_paths(jacobian, places, most=200), jacobian)

    raw, raw_slopes, std, std_slopes = numbers(theta)
    assert len(raw) > 0
    step = 1e-6
    for place in range(model.n_free):
        there, here = theta.copy(), theta.copy()
        there[place] += step
        here[place] -= step
        ahead, behind = numbers(there), numbers(here)
        # Central differences are right to about step^2 and 1e-16 / step.
        for slopes, which in ((raw_slopes, 0), (std_slopes, 2)):
            difference = (ahead[which] - behind[which]) / (2 * step)
            np.testing.assert_allclose(slopes[:, place], difference, atol=2e-7, rtol=1e-6)
    assert std.shape == raw.shape


def test_standardised_effects_do_not_depend_on_the_marker_or_the_units():
    model = TOLD["latent"]["model"].split("i_ind60")[0]
    answers = data("political_democracy")
    one = cs.sem(model, answers).effects()
    other = cs.sem(model.replace("y1 + y2", "NA*y1 + 1*y2"), 100 * answers).effects()
    columns = ["std_all", "std_se", "std_ci_lower", "std_ci_upper"]
    pd.testing.assert_frame_equal(one.table[columns], other.table[columns], rtol=1e-6)


def test_loadings_are_listed_on_request():
    fit = fitted("democracy_sem_ml")
    few, many = fit.effects(), fit.effects(loadings=True)
    assert list(few.total.columns) == ["ind60", "dem60", "dem65"]
    assert list(many.total.columns) == [*fit.spec.latent, *fit.spec.observed]
    marker = many.between("dem65", "y5").iloc[0]
    assert (marker["est"], marker["se"]) == (1.0, 0.0)
    assert np.isnan(marker["z"])
    assert len(many.between("ind60", "y8")) == 4  # total, indirect, and two paths


def test_loadings_of_ordinal_items_are_effects_on_their_responses():
    fit = ordinal_fit("mixed")
    table, standardised = fit.effects(loadings=True).table, fit.standardized()
    loadings = standardised[standardised["op"] == "=~"]
    assert len(loadings) == 6
    for told in loadings.itertuples():
        rows = (table["from"] == told.lhs) & (table["to"] == told.rhs) & (table["kind"] == "direct")
        ours = table[rows].iloc[0]
        np.testing.assert_allclose(
            [ours["std_all"], ours["std_se"]], [told.est, told.se], rtol=1e-9
        )


def test_levels_and_texts():
    fit = fitted("democracy_sem_ml")
    narrow, wide = (fit.effects(level=level).table for level in (0.5, 0.99))
    half = (wide["ci_upper"] - wide["ci_lower"]) / (narrow["ci_upper"] - narrow["ci_lower"])
    np.testing.assert_allclose(half, 2.5758293035 / 0.6744897502, rtol=1e-9)
    text = str(fit.effects())
    assert text.splitlines()[0] == "Effects, with delta-method standard errors and 95 % intervals"
    assert (
        "    ind60 -> dem60 -> dem65    1.242   0.355  < .001     [0.545, 1.938]    0.395" in text
    )
    assert repr(fit.effects()) == "<Effects between 3 pairs of variables>"
    assert "no effects" in str(fitted("hs_cfa_ml").effects())


def test_many_paths_are_counted_and_not_listed(monkeypatch):
    monkeypatch.setattr("clustersem.fit.effects.MOST_PATHS", 2)
    effects = fit_of("mixed").effects()
    assert effects.notes == (
        "ageyr acts on speed by 3 indirect paths; they are not listed one by one.",
    )
    assert "specific" not in set(effects.between("ageyr", "speed")["kind"])


def test_what_cannot_be_asked_for():
    fit = fitted("democracy_sem_ml")
    with pytest.raises(cs.errors.ModelError, match=r"level = 95 is no level"):
        fit.effects(level=95)
    with pytest.raises(cs.errors.ModelError, match=r"'y8' is not among .*loadings=True"):
        fit.effects().between("ind60", "y8")


def test_text_names_the_groups_by_their_labels():
    hs = data("holzinger1939")
    model = "visual =~ x1 + x2 + x3; speed =~ x7 + x8 + x9; speed ~ visual"
    text = str(cs.sem(model, hs, group="school").effects())
    assert "visual -> speed (group Pasteur)" in text
    assert "visual -> speed (group Grant-White)" in text
    assert "(group" not in str(cs.sem(model, hs).effects())
