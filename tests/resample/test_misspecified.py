"""Levels of misspecification: which, how large, and the populations that they make."""

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.resample.measurement import coefficient_h, measurement_of
from clustersem.resample.misspecified import (
    ROOM,
    cross_loading,
    levels_of,
    true_covariance,
)

REFERENCE = case("cutoffs")
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
ITEMS = [f"x{k}" for k in range(1, 10)]
ONE = "g =~ " + " + ".join(ITEMS)


def _levels(fit):
    return levels_of(measurement_of(fit))


def _correlations(fit, levels):
    """Return the population correlations of the model and of every level."""
    index, p = fit.layout.index(), len(fit.spec.observed)
    added, found = [], []
    for own in ((), *levels.added):
        added += own
        covariance = true_covariance(fit.point, index, added)[:p, :p]
        sd = np.sqrt(covariance.diagonal())
        found.append(covariance / np.outer(sd, sd))
    return found


@pytest.mark.parametrize(("model", "name"), [(THREE, "factors"), (ONE, "single")])
def test_populations_of_all_levels_are_those_of_r(model, name):
    fit = cs.cfa(model, data("holzinger1939"))
    found = _correlations(fit, _levels(fit))
    told = [np.array(sigma) for sigma in REFERENCE[name]["sigma"]]
    assert len(found) == len(told)
    for own, other in zip(found, told, strict=True):
        # lavaan's estimates are exact to about 1e-5 where it stops.
        np.testing.assert_allclose(own, other, atol=5e-5)


def test_cross_loadings_of_the_home_study():
    fit = case_of_home_study()
    levels = _levels(fit)
    told = [str(one) for level in levels.added for one in level]
    # B3 has no item without residual covariance, and neither gets nor gives a cross-loading. The
    # four factors with three items or more come first, the weakest first; each loads on the most
    # reliable other, until A1 has been paired with all that there are.
    items = [text.split(" =~ ")[1].split()[0] for text in told]
    assert items == ["C6", "C16", "C19", "C4", "C28", "C24"]
    assert not any(text.startswith("B3") for text in told)
    assert not {"C2", "C3", "C9", "C10", "C11", "C12", "C17", "C18", "C20", "C21"} & set(items)


def case_of_home_study():
    from clustersem.studies.cross_border.reproduction import refit_printed

    return refit_printed()


def test_items_keep_their_variances():
    fit = case_of_home_study()
    index, p = fit.layout.index(), len(fit.spec.observed)
    added = [one for level in _levels(fit).added for one in level]
    covariance = true_covariance(fit.point, index, added)
    np.testing.assert_allclose(covariance.diagonal()[:p], fit.point.covariance.diagonal()[:p])
    assert np.linalg.eigvalsh(covariance[:p, :p])[0] > 0


@pytest.mark.parametrize("loading", [0.3, 0.6, 0.9, -0.7])
@pytest.mark.parametrize("correlation", [-0.8, 0.0, 0.5, 0.95])
def test_cross_loading_leaves_residual_variance(loading, correlation):
    value = cross_loading(loading, correlation)
    explained = loading**2 + value**2 + 2 * loading * value * correlation
    assert explained < 1.0
    assert abs(value) <= abs(loading) + 1e-15
    # Either it equals the loading, or it is ROOM of what would leave no residual variance.
    if abs(value) < abs(loading) - 1e-12:
        most = value / ROOM
        assert loading**2 + most**2 + 2 * loading * most * correlation == pytest.approx(1.0)


@pytest.mark.parametrize("model", [THREE, ONE])
def test_keying_changes_nothing(model):
    answers = data("holzinger1939")[ITEMS]
    turned = answers * np.where(np.isin(ITEMS, ["x2", "x4", "x7", "x8"]), -1.0, 1.0)
    fits = [cs.cfa(model, frame) for frame in (answers, turned)]
    found = [_correlations(fit, _levels(fit)) for fit in fits]
    for plain, other in zip(*found, strict=True):
        np.testing.assert_allclose(np.abs(plain), np.abs(other), atol=1e-6)
        assert np.linalg.slogdet(plain)[1] == pytest.approx(np.linalg.slogdet(other)[1], abs=1e-6)


def test_another_marker_changes_nothing():
    answers = data("holzinger1939")
    fits = [cs.cfa(THREE, answers), cs.cfa(THREE, answers, std_lv=True)]
    found = [_correlations(fit, _levels(fit)) for fit in fits]
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


@pytest.mark.parametrize(
    ("n_items", "n_added"), [(4, [1]), (5, [1, 1]), (6, [1, 1, 1]), (9, [1, 1, 2]), (12, [2, 2, 2])]
)
def test_thirds_of_one_factor(n_items, n_added):
    r = np.linspace(0.4, 0.8, n_items)
    s = np.outer(r, r)
    np.fill_diagonal(s, 1.0)
    names = [f"y{k}" for k in range(n_items)]
    fit = cs.cfa("f =~ " + " + ".join(names), cov=pd.DataFrame(s, names, names), n_obs=300)
    levels = _levels(fit)
    assert [len(level) for level in levels.added] == n_added
    assert levels.added[0][0].lhs == "y0"
    used = [name for level in levels.added for one in level for name in (one.lhs, one.rhs)]
    assert len(set(used)) == len(used)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("f =~ a*x1 + a*x2 + a*x3", "need four"),
        ("x1 ~ x2 + x3\nx4 ~ x1", "no latent variable"),
        ("f =~ x4 + x5 + x6 + x1 + x2\nx1 ~~ x2\nx4 ~~ x5", "need four"),
        ("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\nx1 ~~ x4\nx2 ~~ x5\nx3 ~~ x6", "no item could get"),
    ],
)
def test_where_no_level_is_defined(model, why):
    fit = cs.sem(model, data("holzinger1939"))
    assert why in _levels(fit).why_none


def test_a_loading_fixed_at_zero_is_left_alone():
    text = "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4"
    assert "no item could get" in _levels(cs.growth(text, data("demo_growth"))).why_none


def test_first_order_factors_of_a_hierarchy_count():
    fit = cs.cfa(THREE + "\ng =~ visual + textual + speed", data("holzinger1939"))
    assert measurement_of(fit).factors == ("visual", "textual", "speed")
    plain = cs.cfa(THREE, data("holzinger1939"))
    # Three factors and one above them are the same model as three that correlate.
    assert str(_levels(fit)) == str(_levels(plain)) or np.allclose(
        _correlations(fit, _levels(fit)), _correlations(plain, _levels(plain)), atol=1e-5
    )


def test_coefficient_h_is_the_squared_multiple_correlation():
    loadings = np.array([0.8, 0.7, 0.6])
    residuals = np.diag(1 - loadings**2)
    for shared in (0.0, 0.2, -0.1):
        residuals[0, 1] = residuals[1, 0] = shared
        sigma = np.outer(loadings, loadings) + residuals
        explained = loadings @ np.linalg.solve(sigma, loadings)
        assert coefficient_h(loadings, residuals) == pytest.approx(explained)
    assert coefficient_h(np.array([0.5, 1.0]), np.diag([0.75, 0.0])) == 1.0
