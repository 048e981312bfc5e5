"""Inference under restrictions: algebra, and lavaan's score tests from lavaan's own matrices."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from helpers.reference import REFERENCE

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.restricted import (
    cell_restrictions,
    equal_cells,
    null_basis,
    release_test,
    release_tests,
    restricted_inverse,
    restriction_rank,
)


@cache
def told() -> dict:
    return json.loads((REFERENCE / "constraints.json").read_text())["release"]


def problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((6, 9))
    units = 10.0 ** rng.uniform(-3, 3, 6)
    return root @ root.T * np.outer(units, units), rng.standard_normal((2, 6)) * units


@pytest.mark.parametrize("seed", range(4))
def test_inverse_is_that_of_the_bordered_matrix(seed):
    information, jacobian = problem(seed)
    inverse, involved = restricted_inverse(information, jacobian)
    bordered = np.block([[information, jacobian.T], [jacobian, np.zeros((2, 2))]])
    scale = np.sqrt(information.diagonal())
    exact = np.linalg.inv(bordered)[:6, :6]
    assert not len(involved)
    unit = np.outer(scale, scale)
    # Units differ by 1e6, so the bordered matrix loses about half of its digits.
    np.testing.assert_allclose(inverse * unit, exact * unit, rtol=0, atol=1e-7)
    np.testing.assert_allclose(jacobian / scale @ (inverse * unit), 0.0, atol=1e-10)
    k = null_basis(jacobian, information)
    np.testing.assert_allclose(
        (k @ np.linalg.solve(k.T @ information @ k, k.T)) * unit, inverse * unit, atol=1e-9
    )


def test_without_restrictions_it_is_the_inverse():
    information, _ = problem(9)
    nothing = np.empty((0, 6))
    restricted, _ = restricted_inverse(information, nothing)
    scale = np.outer(*[np.sqrt(information.diagonal())] * 2)
    np.testing.assert_allclose(restricted * scale, np.linalg.inv(information) * scale, atol=1e-8)
    for jacobian in (None, nothing):
        vcov, _ = parameter_covariance(information, 50.0, jacobian)
        np.testing.assert_allclose(vcov * scale, restricted * 0.04 * scale, atol=1e-9)


def test_dependent_rows_count_once():
    information, jacobian = problem(3)
    more = np.vstack([jacobian, jacobian.sum(axis=0), 5.0 * jacobian[1]])
    assert restriction_rank(more, information) == 2
    one, two = (restricted_inverse(information, rows)[0] for rows in (jacobian, more))
    scale = np.outer(*[np.sqrt(information.diagonal())] * 2)
    np.testing.assert_allclose(one * scale, two * scale, atol=1e-10)


def test_a_value_that_is_held_has_no_variance_at_all():
    information, _ = problem(4)
    row = np.zeros((1, 6))
    row[0, 2] = 3.0
    inverse, _ = restricted_inverse(information, row)
    assert not inverse[2].any()
    rest = [0, 1, 3, 4, 5]
    scale = np.sqrt(information.diagonal())[rest]
    exact = np.linalg.inv(information[np.ix_(rest, rest)])
    unit = np.outer(scale, scale)
    np.testing.assert_allclose(inverse[np.ix_(rest, rest)] * unit, exact * unit, atol=1e-8)


def test_restrictions_may_identify_what_the_data_do_not():
    # The data know only the sum of the first two.
    rows = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    information = rows.T @ np.diag([4.0, 9.0]) @ rows
    _, involved = restricted_inverse(information, np.empty((0, 3)))
    assert involved.tolist() == [0, 1]
    inverse, involved = restricted_inverse(information, np.array([[1.0, -1.0, 0.0]]))
    assert not len(involved)
    np.testing.assert_allclose(
        inverse, [[1 / 16, 1 / 16, 0], [1 / 16, 1 / 16, 0], [0, 0, 1 / 9]], atol=1e-12
    )
    half, involved = restricted_inverse(information, np.array([[0.0, 0.0, 1.0]]))
    assert involved.tolist() == [0, 1]
    assert half[2, 2] == 0.0
    assert np.isnan(half[:2]).all()


@pytest.mark.parametrize("name", ["metric", "scalar"])
def test_release_tests_are_those_of_lavaan(name):
    case = told()[name]
    # lavaan's objective is half of F.
    gradient, hessian = 2.0 * np.array(case["gradient"]), 2.0 * np.array(case["information"])
    jacobian, n = np.array(case["jacobian"], dtype=float), case["n"]
    ours = release_tests(gradient, hessian, jacobian, n)
    # 1e-8: the same matrices in 13 digits; lavaan inverts the bordered information.
    np.testing.assert_allclose([t.statistic for t in ours], case["uni"], rtol=0, atol=1e-8)
    assert {t.df for t in ours} == {1}
    together = release_test(gradient, hessian, jacobian, range(len(jacobian)), n)
    # lavaan counts 15 equalities, but three of them only identify the latent means.
    assert case["total_df"] == len(jacobian)
    assert together.df == len(jacobian) - (3 if name == "scalar" else 0)
    assert together.statistic == pytest.approx(case["total"], abs=1e-8)
    if name == "metric":
        np.testing.assert_allclose(together.change, case["change"], rtol=0, atol=1e-8)
    else:
        assert np.isnan(together.change).any()


def test_release_of_one_row_is_its_squared_multiplier_over_its_variance():
    rng = np.random.default_rng(8)
    information, jacobian = problem(12)
    multipliers = rng.standard_normal(2)
    gradient = jacobian.T @ multipliers
    ours = release_tests(gradient, information, jacobian, 100.0)
    weight = np.linalg.inv(jacobian @ np.linalg.solve(information, jacobian.T))
    expected = 50.0 * multipliers**2 / weight.diagonal()
    np.testing.assert_allclose([t.statistic for t in ours], expected, rtol=1e-7)
    for i, test in enumerate(ours):
        # Released, h moves against its multiplier; the other row stays where it is.
        assert np.sign(test.gap[0]) == -np.sign(multipliers[i])
        assert jacobian[i] @ test.change == pytest.approx(test.gap[0])
        other = jacobian[1 - i] / np.sqrt(information.diagonal())
        moved = other @ (test.change * np.sqrt(information.diagonal()))
        assert moved == pytest.approx(0.0, abs=1e-8)


def test_a_row_that_others_repeat_releases_nothing():
    information, jacobian = problem(5)
    gradient = jacobian.T @ np.ones(2)
    twice = np.vstack([jacobian, 2.0 * jacobian[0]])
    ours = release_tests(gradient, information, twice, 100.0)
    assert [t.df for t in ours] == [0, 1, 0]
    assert ours[0].statistic == 0.0
    both = release_test(gradient, information, twice, [0, 2], 100.0)
    alone = release_test(gradient, information, jacobian, [0], 100.0)
    assert both.df == 1
    assert both.statistic == pytest.approx(alone.statistic, rel=1e-9)


def test_release_that_the_data_could_not_tell_is_worth_nothing():
    information = np.array([[1.0, 1.0], [1.0, 1.0]])
    (test,) = release_tests(np.zeros(2), information, np.array([[1.0, -1.0]]), 100.0)
    assert (test.statistic, test.df) == (0.0, 0)


def test_equal_cells_as_restrictions():
    parameter = np.array([0, 1, 0, 2, 1, 0])
    assert equal_cells(parameter).tolist() == [[0, 2], [0, 5], [1, 4]]
    rows = cell_restrictions(parameter, np.array([[2.0, 0.0, -1.0]]))
    assert rows.tolist() == [
        [1, 0, -1, 0, 0, 0],
        [1, 0, 0, 0, 0, -1],
        [0, 1, 0, 0, -1, 0],
        [2, 0, 0, -1, 0, 0],
    ]
    assert equal_cells(np.array([2, 0, 1])).shape == (0, 2)


def test_equal_cells_collapse_to_the_same_inverse():
    rng = np.random.default_rng(1)
    parameter = np.array([0, 1, 0, 2, 1])
    root = rng.standard_normal((5, 8))
    by_cell = root @ root.T
    collapse = np.zeros((5, 3))
    collapse[np.arange(5), parameter] = 1.0
    inverse, _ = restricted_inverse(by_cell, cell_restrictions(parameter, np.empty((0, 3))))
    exact = collapse @ np.linalg.inv(collapse.T @ by_cell @ collapse) @ collapse.T
    np.testing.assert_allclose(inverse, exact, atol=1e-12)
