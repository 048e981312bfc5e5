"""Exploratory factor analysis: identities, invariances, limits and bad input."""

import numpy as np
import pandas as pd
import pytest

from clustersem.errors import AdmissibilityWarning, ConvergenceWarning, DataError
from clustersem.scale import efa
from clustersem.scale.efa import METHODS
from clustersem.scale.rotation import ROTATIONS


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rotation", ROTATIONS)
def test_rotation_leaves_what_the_factors_reproduce(method, rotation, holzinger):
    found = efa(holzinger, 3, method=method, rotation=rotation)
    plain = efa(holzinger, 3, method=method, rotation="none")
    pattern, phi = found.loadings.to_numpy(), found.phi.to_numpy()
    np.testing.assert_allclose(
        pattern @ phi @ pattern.T, plain.loadings @ plain.loadings.T, atol=1e-12
    )
    np.testing.assert_allclose(np.diag(phi), 1.0, atol=1e-12)
    np.testing.assert_allclose(found.structure, pattern @ phi, atol=1e-14)
    np.testing.assert_allclose(found.communalities + found.uniquenesses, 1.0, atol=1e-14)
    assert found.variance.loc["ss_loadings"].sum() == pytest.approx(found.communalities.sum())
    assert found.cumulative_variance == pytest.approx(found.communalities.mean())
    # The order and sign in which factors are shown.
    assert np.all(np.diff(found.variance.loc["ss_loadings"]) <= 0)
    assert np.all(found.loadings.sum() >= 0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rotation", ["varimax", "promax", "oblimin"])
def test_nothing_depends_on_units_order_or_rows(method, rotation, holzinger):
    base = efa(holzinger, 3, method=method, rotation=rotation)
    shuffled_rows = holzinger.sample(frac=1.0, random_state=3)
    shuffled_items = holzinger[list(reversed(holzinger.columns))]
    units = np.array([1e3, 1e-3, 1e6, 1.0, 7.0, 1e-6, 1e2, 1.0, 3.0])
    # Iterations amplify the rounding of the correlations; 1e-9 is far below any printed digit.
    for other in (
        efa(shuffled_rows, 3, method=method, rotation=rotation),
        efa(shuffled_items, 3, method=method, rotation=rotation),
        efa(holzinger * 1000.0, 3, method=method, rotation=rotation),
        efa(holzinger * units + 50.0, 3, method=method, rotation=rotation),
    ):
        np.testing.assert_allclose(
            other.loadings.loc[base.loadings.index], base.loadings, atol=1e-9
        )
        np.testing.assert_allclose(other.phi, base.phi, atol=1e-9)
        assert other.fit.chi2 == pytest.approx(base.fit.chi2, rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_a_population_correlation_is_recovered(method):
    # Data whose sample correlations are exactly those of three factors.
    rng = np.random.default_rng(2)
    pattern = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.6], [0.5]]))
    sigma = pattern @ pattern.T + np.diag(1.0 - np.sum(pattern**2, axis=1))
    raw = rng.normal(size=(500, 12))
    raw -= raw.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(raw, rowvar=False)), raw.T).T
    data = pd.DataFrame(white @ np.linalg.cholesky(sigma).T, columns=[f"i{j}" for j in range(12)])
    options = {"tol": 1e-13, "max_iter": 5000} if method == "principal_axis" else {}
    found = efa(data, 3, method=method, rotation_tol=1e-12, **options)
    blocks = np.abs(found.loadings.to_numpy()).reshape(3, 4, 3).sum(axis=1)
    assert sorted(blocks.argmax(axis=1)) == [0, 1, 2]
    if method != "principal":
        # Components are not a factor model, so only the others return the population.
        np.testing.assert_allclose(found.uniquenesses, 1.0 - np.sum(pattern**2, axis=1), atol=1e-7)
        assert found.fit.rms < 1e-7


def test_the_default_number_of_factors_is_kaisers(bfi):
    found = efa(bfi)
    assert found.n_factors == int((found.eigenvalues > 1).sum()) == 6


def test_all_components_reproduce_the_correlations(holzinger):
    found = efa(holzinger, 9, rotation="none")
    np.testing.assert_allclose(found.loadings @ found.loadings.T, holzinger.corr(), atol=1e-12)
    assert found.cumulative_variance == pytest.approx(1.0, abs=1e-12)


def test_converged_principal_axes_are_minimum_residual(holzinger):
    axes = efa(holzinger, 3, method="principal_axis", tol=1e-13, max_iter=5000)
    minres = efa(holzinger, 3, method="minres")
    np.testing.assert_allclose(axes.communalities, minres.communalities, atol=1e-8)


def test_missing_answers_are_deleted_and_counted(bfi):
    found = efa(bfi, 5)
    assert (found.n, found.n_deleted) == (2436, 364)
    assert "364 of 2800 respondents" in found.warnings[0]
    pd.testing.assert_frame_equal(found.loadings, efa(bfi.dropna(), 5).loadings)


def test_input_is_not_changed(traits):
    before = traits.copy()
    efa(traits, 2, method="ml", rotation="oblimin")
    pd.testing.assert_frame_equal(traits, before)


def test_one_factor_is_not_rotated(traits):
    found = efa(traits[["a", "b", "c"]], 1, method="ml", rotation="oblimin")
    assert found.converged
    assert found.fit.df == 0
    assert found.fit.chi2 == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(found.fit.p_value)


def test_a_heywood_case_is_named():
    rng = np.random.default_rng(7)
    common = rng.normal(size=300)
    data = pd.DataFrame({f"i{j}": common + rng.normal(size=300) for j in range(4)})
    data["i0"] = common + 0.01 * rng.normal(size=300)
    for method in ("ml", "minres"):
        with pytest.warns(AdmissibilityWarning, match="'i0' ended at its lower bound"):
            found = efa(data, 1, method=method)
        assert found.converged
        # At the bound the leading eigenvector may still reproduce more than the item's variance.
        assert found.uniquenesses["i0"] <= 0.005
        assert "Heywood" in found.warnings[-1]


def test_not_converging_is_said(holzinger):
    with pytest.warns(ConvergenceWarning, match="extraction .* did not converge in 2 iterations"):
        found = efa(holzinger, 3, method="ml", max_iter=2)
    assert not found.converged
    with pytest.warns(ConvergenceWarning, match="rotation .oblimin. did not converge"):
        assert not efa(holzinger, 3, rotation="oblimin", rotation_max_iter=2).converged


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda d: d.assign(a=3), {}, "same answer to 'a'"),
        (lambda d: d.assign(a="yes"), {}, "item 'a' holds 'yes' in row 0, not numbers"),
        (lambda d: d.assign(a=np.inf), {}, "infinite answers in 'a'"),
        (lambda d: d.assign(a=np.nan), {}, "nobody answered 'a'"),
        (lambda d: d, {"items": ["a", "B"]}, "'B' is not in the data; did you mean 'b'"),
        (lambda d: d, {"items": ["a", "a"]}, "more than one column is called 'a'"),
        (lambda d: d.set_axis(list("abcdea"), axis=1), {}, "more than one column is called 'a'"),
        (lambda d: d[["a"]], {}, "at least 2 items are needed, there are 1"),
        (lambda d: d.head(2), {}, "only 2 of 2 respondents"),
        (lambda d: d, {"n_factors": 7}, "7 factors asked of 6 items; components can be 6"),
        (lambda d: d, {"n_factors": 6, "method": "ml"}, "common factors can be 5 at most"),
        (lambda d: d, {"n_factors": 0}, "whole number of at least 1, got 0"),
        (lambda d: d, {"method": "paf"}, "unknown extraction method 'paf'; use one of 'principal'"),
        (lambda d: d, {"rotation": "vrimax"}, "unknown rotation 'vrimax'"),
        (
            lambda d: d.assign(g=d["a"] + d["b"]),
            {"method": "minres"},
            "singular because 'a', 'b', 'g' determine each other exactly",
        ),
        (lambda d: d.head(6), {"method": "ml"}, "6 respondents and 6 items"),
    ],
)
def test_bad_input_is_named(change, options, message, traits):
    with pytest.raises(DataError, match=message):
        efa(change(traits), **{"n_factors": 2, **options})


def test_an_array_is_refused_with_the_remedy(traits):
    with pytest.raises(DataError, match=r"wrap an array as pd\.DataFrame"):
        efa(traits.to_numpy())


def test_components_of_few_respondents_carry_a_warning(traits):
    found = efa(traits.head(5), 2)
    assert "5 respondents for 6 items" in found.warnings[0]


def test_nullable_and_boolean_columns_are_numbers(traits):
    coded = (traits * 2).round().astype("Int64")
    coded.loc[0, "a"] = pd.NA
    assert efa(coded, 2).n_deleted == 1
