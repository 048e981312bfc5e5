"""Estimates, standard errors and tests do not depend on the units of the data."""

import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.lavaan_cases import REFERENCE

import clustersem as cs
from clustersem.engine.noncentral import cdf, sf
from clustersem.errors import ClusterSemWarning

ITEMS = [f"x{k}" for k in range(1, 7)]
HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
CURVED = HS.replace("x2", "a*x2").replace("x5", "b*x5") + "\na == b^2\nvisual ~~ v*visual\nv > 0"
#: In these units or the squares of them, or of a likelihood.
OF_THE_UNITS = {"fmin", "rmr", "rmr_nomean", "logl", "unrestricted_logl", "aic", "bic", "bic2"}
# N F of unweighted least squares is in the units of the data, and so is what is made of it alone.
SCALED = (
    "chisq_scaled",
    "pvalue_scaled",
    "cfi_scaled",
    "tli_scaled",
    "rmsea_scaled",
    "cfi_robust",
    "srmr",
)


def answers(name, unit=1.0):
    frame = pd.read_csv(REFERENCE / "data" / f"{name}.csv")
    frame[[*ITEMS, "x7"]] *= unit
    return frame


def both(unit, name="hs_design", model=HS, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        return [cs.cfa(model, answers(name, u), **options) for u in (1.0, unit)]


def check_same(one, other, measures):
    assert one.converged
    assert other.converged
    for column in ("std_all", "z"):
        np.testing.assert_allclose(other.estimates[column], one.estimates[column], rtol=1e-6)
    for name in measures:
        value = pytest.approx(one.measures[name], rel=1e-6, abs=1e-9, nan_ok=True)
        assert other.measures[name] == value, name


@pytest.mark.parametrize("unit", [1e6, 1e-6])
@pytest.mark.parametrize("estimator", ["ML", "MLR", "MLMV", "GLS", "WLS", "DWLS", "WLSMV"])
def test_pure_numbers(estimator, unit):
    one, other = both(unit, estimator=estimator)
    check_same(one, other, one.measures.keys() - OF_THE_UNITS)


@pytest.mark.parametrize("unit", [1e6, 1e-6])
@pytest.mark.parametrize("estimator", ["ULS", "ULSM", "ULSMV"])
def test_unweighted_squares(estimator, unit):
    one, other = both(unit, estimator=estimator)
    check_same(one, other, set(SCALED) & one.measures.keys())


@pytest.mark.parametrize("unit", [1e5, 1e-5])
def test_unweighted_squares_under_constraints(unit):
    """With bounds, a curve and an inequality, none of which is in units of the data."""
    one, other = both(unit, model=CURVED, estimator="ULS")
    check_same(one, other, ("df", "pvalue", "srmr"))


@pytest.mark.parametrize("unit", [1e6, 1e-6])
@pytest.mark.parametrize("options", [{}, {"auxiliary": ["x7"], "estimator": "MLR"}])
def test_full_information(options, unit):
    one, other = both(unit, "hs_design_missing", missing="ml", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        check_same(one, other, one.measures.keys() - OF_THE_UNITS)


def test_a_test_that_is_lost_in_rounding_is_not_given():
    """Means and covariances, unweighted, of data in a unit far too large for both."""
    _, other = both(1e-5, estimator="ULSMV", meanstructure=True)
    assert np.isnan(other.measures["chisq_scaled"])
    _, other = both(1e-5, estimator="ULSMV")
    assert np.isfinite(other.measures["chisq_scaled"])


def test_far_tails_of_chi_square():
    # The normal limit; a sum of 1e10 terms would not fit into memory.
    assert sf(1e24, 8.0, 3.0) == 0.0
    assert cdf(1e24, 8.0, 3.0) == 1.0
    assert cdf(1e24, 8.0, 1e24) == pytest.approx(0.5, abs=1e-9)
    below, above = (cdf(9.99e9, 8.0, x) for x in (9.9899e9, 9.9901e9))
    assert 0.5 < above < below < 1.0 or 0.0 < above < 0.5 < below < 1.0
