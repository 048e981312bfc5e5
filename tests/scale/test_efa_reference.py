"""Agreement of the exploratory factor analysis with psych, stats and GPArotation."""

import numpy as np
import pytest

from clustersem.errors import AdmissibilityWarning
from clustersem.scale import efa
from clustersem.scale.answers import complete_answers
from clustersem.scale.correlation import correlations
from clustersem.scale.kernels.maximum_likelihood import ml_objective
from clustersem.scale.kernels.minimum_residual import uls_objective

METHODS = {"principal": "principal", "pa": "principal_axis", "minres": "minres", "ml": "ml"}

# The reference is written with 12 digits, and these methods are deterministic to the last of them.
EXACT = 1e-11
# psych hands minres and ml to L-BFGS-B, which stops when the objective changes by less than
# 1e7 * 2.2e-16 of itself: a quadratic objective then leaves uniquenesses 1e-6 to 1e-5 from the
# optimum. Oblimin starts from those loadings.
OPTIMISED = 1e-5

SOLUTIONS = [
    *[
        (data, f"{method}_{rotation}")
        for data in ("efa_holzinger", "efa_cb_cluster", "efa_bfi")
        for method, rotation in [
            ("principal", "none"),
            ("principal", "varimax"),
            ("principal", "promax"),
            *[(m, r) for m in ("minres", "ml", "pa") for r in ("varimax", "oblimin")],
        ]
    ]
]


def solve(data, name, solution, k):
    method, rotation = solution.split("_")
    if name == "efa_cb_cluster" and method in ("minres", "ml"):
        # Two indicators of the third factor: C11 is a Heywood case there, in psych too.
        with pytest.warns(AdmissibilityWarning, match="C11"):
            return efa(data, k, method=METHODS[method], rotation=rotation)
    return efa(data, k, method=METHODS[method], rotation=rotation)


@pytest.mark.parametrize(("name", "solution"), SOLUTIONS)
def test_solutions_are_those_of_psych(name, solution, efa_data, reference, aligned):
    expected = reference(name)[solution]
    target = np.array(expected["loadings"]["values"])
    k = target.shape[1]
    found = solve(efa_data[name], name, solution, k)
    tolerance = OPTIMISED if solution.split("_")[0] in ("minres", "ml") else EXACT

    assert found.converged
    assert found.n == reference(name)["n"]
    assert list(found.loadings.index) == expected["loadings"]["items"]
    loadings, phi = aligned(found.loadings, found.phi, target)
    np.testing.assert_allclose(loadings, target, rtol=0, atol=tolerance)
    np.testing.assert_allclose(phi, expected["phi"] or np.eye(k), rtol=0, atol=tolerance)
    np.testing.assert_allclose(
        found.communalities, list(expected["communality"].values()), rtol=0, atol=tolerance
    )
    if "vaccounted" in expected:
        np.testing.assert_allclose(
            np.sort(found.variance.loc["proportion"]), np.sort(expected["vaccounted"]), atol=EXACT
        )
    if "fit" in expected:
        fit = expected["fit"]
        assert found.fit.df == fit["dof"]
        # Stationary in the uniquenesses for ml; first order in them for minres, hence 1e-6.
        assert found.fit.chi2 == pytest.approx(fit["chisq"], rel=2e-6)
        assert found.fit.rmsea == pytest.approx(fit["rmsea"], rel=5e-6)
        assert found.fit.tli == pytest.approx(fit["tli"], rel=1e-6)
        assert found.fit.rms == pytest.approx(fit["rms"], rel=1e-5)


@pytest.mark.parametrize("name", ["efa_holzinger", "efa_bfi", "efa_cb_cluster"])
def test_eigenvalues_are_those_of_psych(name, efa_data, reference):
    found = efa(efa_data[name], 3, rotation="none")
    np.testing.assert_allclose(found.eigenvalues, reference(name)["eigenvalues"], atol=EXACT)
    assert found.eigenvalues.sum() == pytest.approx(len(found.loadings), abs=1e-12)


@pytest.mark.parametrize(("method", "objective"), [("ml", ml_objective), ("minres", uls_objective)])
@pytest.mark.parametrize("name", ["efa_holzinger", "efa_bfi"])
def test_our_optimum_is_not_above_psychs(name, method, objective, efa_data, reference):
    expected = reference(name)[f"{method}_varimax"]
    k = len(expected["loadings"]["factors"])
    found = efa(efa_data[name], k, method=method)
    correlation = correlations(complete_answers(efa_data[name]))
    argument = np.log if method == "ml" else np.asarray
    ours, slope, _ = objective(argument(found.uniquenesses.to_numpy()), correlation, k)
    theirs, _, _ = objective(
        argument(np.array(list(expected["uniquenesses"].values()))), correlation, k
    )
    assert ours <= theirs + 1e-14
    # Newton converges quadratically: below a decrement of 1e-12 the slope is near its square root
    # at worst, in practice at rounding.
    assert np.abs(slope).max() < 1e-6


@pytest.mark.parametrize(
    ("case", "options", "tolerance"),
    [
        # SVD iterations stop on the criterion, whose last digit leaves 1e-8 of angle.
        ("varimax_tight", {"rotation": "varimax", "rotation_tol": 1e-15}, 1e-7),
        ("varimax_raw", {"rotation": "varimax", "kaiser": False}, 1e-10),
        ("quartimax_raw", {"rotation": "quartimax", "kaiser": False}, 1e-10),
        # Angles of a well-determined rotation err by a few times the norm of the gradient.
        (
            "equamax_raw_tight",
            {"rotation": "equamax", "kaiser": False, "rotation_tol": 1e-7},
            1e-6,
        ),
        ("oblimin", {"rotation": "oblimin"}, 1e-10),
        (
            "oblimin_kaiser_tight",
            {"rotation": "oblimin", "kaiser": True, "rotation_tol": 1e-6},
            1e-5,
        ),
        ("geomin", {"rotation": "geomin"}, 1e-10),
        ("promax_kaiser", {"rotation": "promax", "kaiser": True}, 1e-10),
    ],
)
def test_rotations_are_those_of_r(case, options, tolerance, bfi, reference, aligned):
    expected = reference("rotations")[case]
    found = efa(bfi, 5, rotation_max_iter=5000, **options)
    loadings, phi = aligned(found.loadings, found.phi, expected["loadings"])
    np.testing.assert_allclose(loadings, expected["loadings"], rtol=0, atol=tolerance)
    np.testing.assert_allclose(phi, expected.get("phi") or np.eye(5), rtol=0, atol=tolerance)


def test_the_default_varimax_is_within_a_thousandth_of_the_optimum(bfi):
    # The docstring says so; psych, R and the published literature stop at the same place.
    default, tight = efa(bfi, 5), efa(bfi, 5, rotation_tol=1e-12)
    assert np.abs(default.loadings - tight.loadings).to_numpy().max() < 1.1e-3
