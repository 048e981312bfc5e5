"""Standardised solutions and their standard errors, against lavaan and against differences."""

import json

import numpy as np
import pytest
from helpers.reference import REFERENCE, case, data, fitted

import clustersem as cs
from clustersem.engine.ram import evaluate
from clustersem.fit.assemble import values_of
from clustersem.fit.standardized import scale_factors

TOLD = json.loads((REFERENCE / "standardized.json").read_text())


@pytest.mark.parametrize("on", ["all", "lv"])
@pytest.mark.parametrize("name", sorted(TOLD))
def test_against_lavaan(name: str, on: str) -> None:
    ours = fitted(name).standardized(on)
    told = TOLD[name][on]
    assert list(zip(ours["lhs"], ours["op"], ours["rhs"], strict=True)) == [
        tuple(row[:3]) for row in told
    ]
    # lavaan 0.6-14 stops at 1e-5 in the raw estimates of the democracy data even when asked for
    # more (tight.R measures it), which is 1e-4 in variances near seven.
    np.testing.assert_allclose(ours["est"], [row[3] for row in told], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(ours["se"], [row[4] or 0.0 for row in told], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["democracy_equal_defined", "growth_linear", "hs_second_order"])
def test_standard_errors_from_differences(name: str) -> None:
    fit = fitted(name)

    def standardised(theta: np.ndarray) -> np.ndarray:
        point = evaluate(fit.model, theta)
        assert point is not None
        factors = scale_factors(fit.layout.groups[0].cells, point, observed=True)
        return values_of(fit.layout.groups[0].cells, point) * factors

    step = 1e-6
    unit = np.eye(fit.n_free)
    jacobian = np.column_stack(
        [
            (standardised(fit.theta + step * e) - standardised(fit.theta - step * e)) / (2 * step)
            for e in unit
        ]
    )
    se = np.sqrt(np.einsum("ij,ij->i", jacobian @ fit.vcov_theta, jacobian))
    # Central differences with this step are right to 1e-9 or so.
    np.testing.assert_allclose(fit.standardized()["se"], se, atol=1e-7)


def test_the_standardised_solution_does_not_know_the_units() -> None:
    told = case("democracy_sem_ml")
    small = cs.sem(told["model"], data("political_democracy") * 0.001).standardized()
    plain = fitted("democracy_sem_ml").standardized()
    np.testing.assert_allclose(small["est"], plain["est"], atol=1e-8)
    np.testing.assert_allclose(small["se"], plain["se"], atol=1e-8)
