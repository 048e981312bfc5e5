"""Missing answers: their rates, what they depend on, and what they do not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from clustersem.errors import DataError
from clustersem.resample.generators import Normal
from clustersem.resample.likert import likert
from clustersem.resample.missingness import MAR, MCAR, Missing
from clustersem.resample.population import populations_of

TEXT = "f =~ 0.7*x1 + 0.8*x2 + 0.6*x3; g =~ 0.6*y1 + 0.7*y2 + 0.5*y3; g ~ 0.4*f"
(POPULATION,) = populations_of(TEXT, standardized=True)
NORMAL = Normal(POPULATION)
N = 100_000


def draw(mechanism, base=NORMAL, n=N, size=1, seed=1):
    return Missing(base, mechanism).draw(np.random.default_rng(seed), n, size)


def test_mcar_has_the_rates_and_depends_on_nothing():
    rates = {"x2": 0.3, "y3": 0.05}
    x = draw(MCAR(rates))[0]
    lost = np.isnan(x)
    for name, rate in rates.items():
        j = POPULATION.names.index(name)
        error = np.sqrt(rate * (1 - rate) / N)
        assert abs(lost[:, j].mean() - rate) < 4 * error
        # The others' values are no different where it is missing.
        for k in (0, 2, 3, 4):
            assert abs(np.corrcoef(lost[:, j], x[:, k])[0, 1]) < 4 / np.sqrt(N)
    assert lost[:, [0, 2, 3, 4]].sum() == 0
    both = (lost[:, 1] & lost[:, 5]).mean()
    assert abs(both - 0.015) < 4 * np.sqrt(0.015 / N)


def test_one_rate_is_that_of_all():
    lost = np.isnan(draw(MCAR(0.2))[0])
    assert (np.abs(lost.mean(axis=0) - 0.2) < 4 * np.sqrt(0.16 / N)).all()


@pytest.mark.parametrize("slope", [1.0, -2.0, 0.0])
def test_mar_has_the_rate_and_its_log_odds(slope):
    """Logistic regression of being missing on what it depends on returns the slope."""
    x = draw(MAR({"x2": 0.25}, ["x1", "y1"], slope))[0]
    lost = np.isnan(x[:, 1])
    assert abs(lost.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / N)
    causes = x[:, [0, 3]]
    w = ((causes - causes.mean(axis=0)) / causes.std(axis=0)).mean(axis=1)
    w = (w - w.mean()) / w.std()
    design = np.column_stack([np.ones(N), w])
    beta = np.zeros(2)
    for _ in range(30):
        p = expit(design @ beta)
        hessian = (design * (p * (1 - p))[:, None]).T @ design
        beta = beta + np.linalg.solve(hessian, design.T @ (lost - p))
    assert abs(beta[1] - slope) < 4 * np.sqrt(np.linalg.inv(hessian)[1, 1])


def test_mar_depends_on_nothing_else():
    """Among those with one answer to x1, what x2 would have been makes no difference."""
    base = likert(POPULATION, categories={"x1": 5})
    complete = base.draw(np.random.default_rng(3), N, 1)[0]
    x = complete[None].copy()
    MAR({"x2": 0.3}, "x1", 2.0).bound(POPULATION.names).blank(np.random.default_rng(4), x)
    lost = np.isnan(x[0, :, 1])
    np.testing.assert_array_equal(x[0, ~lost], complete[~lost])
    for answer in range(1, 6):
        own = complete[:, 0] == answer
        r = np.corrcoef(complete[own, 1], lost[own])[0, 1]
        assert abs(r) < 4 / np.sqrt(own.sum())
    assert np.corrcoef(complete[:, 1], lost)[0, 1] > 0.2


def test_mar_of_likert_answers_has_the_rate_in_every_replication():
    """The intercept is solved for each: rates vary no more than a coin of that many tosses."""
    n, size, rate = 200, 400, 0.2
    base = likert(POPULATION, marginals=[0.7, 0.2, 0.1])
    x = draw(MAR(rate, ["x1"], 1.5), base, n, size)
    found = np.isnan(x).mean(axis=1)[:, 1:]
    assert np.isnan(x[..., 0]).sum() == 0
    assert abs(found.mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / (n * size * 5))
    assert found.std() < 1.1 * np.sqrt(rate * (1 - rate) / n)


def test_items_without_variance_say_nothing():
    """Everyone answers the same: the answers of others are missing completely at random."""
    base = likert(POPULATION, thresholds={"x1": [9.0]})
    x = draw(MAR(0.2, "x1"), base)[0]
    lost = np.isnan(x[:, 1:]).mean(axis=0)
    assert (np.abs(lost - 0.2) < 4 * np.sqrt(0.16 / N)).all()


def test_first_replications_do_not_depend_on_how_many_follow():
    for mechanism in (MCAR(0.2), MAR(0.2, "x1")):
        np.testing.assert_array_equal(
            draw(mechanism, n=300, size=4), draw(mechanism, n=300, size=9)[:4]
        )


@pytest.mark.parametrize(
    ("mechanism", "message"),
    [
        (MCAR(1.0), "probability below one"),
        (MCAR(20), "write 0.2 for 20 %"),
        (MCAR({"x1": -0.1}), "is -0.1"),
        (MCAR(0.0), "every rate is zero"),
        (MCAR({"z": 0.1}), "rate= names z, but the variables are x1"),
        (MAR(0.1, "z"), "depends_on= names z"),
        (MAR(0.1, []), "names no item"),
        (MAR({"x1": 0.1}, "x1"), "x1 cannot miss answers while those of others depend on it"),
        (MAR(0.1, "x1", np.inf), "slope=inf"),
    ],
)
def test_impossible_mechanisms_are_refused(mechanism, message):
    with pytest.raises(DataError, match=message):
        Missing(NORMAL, mechanism)
