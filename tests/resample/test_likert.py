"""Likert answers: thresholds, marginal probabilities, and the correlations of the answers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.special import ndtri

from clustersem.errors import DataError, UnsupportedError
from clustersem.resample.generators import Normal
from clustersem.resample.likert import Likert, likert, symmetric_thresholds
from clustersem.resample.population import Population, populations_of
from clustersem.resample.underlying import correlation_of_answers, underlying

TEXT = "f =~ 0.7*x1 + 0.8*x2 + 0.6*x3; g =~ 0.6*y1 + 0.7*y2 + 0.5*y3; g ~ 0.4*f"
(POPULATION,) = populations_of(TEXT, standardized=True)
SKEWED = [0.5, 0.3, 0.1, 0.07, 0.03]


def draw(generator, n=200_000, seed=1):
    return generator.draw(np.random.default_rng(seed), n, 1)[0]


def test_answers_have_the_marginal_probabilities():
    n = 200_000
    wanted = {"x1": SKEWED, "y3": [0.2, 0.8]}
    items = likert(POPULATION, marginals=wanted)
    x = draw(items, n)
    for name, share in wanted.items():
        column = x[:, POPULATION.names.index(name)]
        found = [(column == k).mean() for k in range(1, len(share) + 1)]
        error = np.sqrt(np.array(share) * (1 - np.array(share)) / n)
        assert (np.abs(np.array(found) - share) < 4 * error).all()
    # What is not named stays as it is: the responses themselves.
    np.testing.assert_array_equal(x[:, 1:5], draw(Normal(POPULATION), n)[:, 1:5])


def test_cuts_are_those_of_the_responses():
    """Same random numbers, cut by NumPy's own search."""
    population = Population(("a", "b"), np.array([[4.0, 0.6], [0.6, 1.0]]), np.array([3.0, -1.0]))
    z = {"a": [-1.0, 0.2], "b": [-0.5, 0.0, 0.5, 1.0]}
    answers = draw(likert(population, thresholds=z), 5000)
    responses = draw(Normal(population), 5000)
    for j, (name, cuts) in enumerate(z.items()):
        at = population.mean[j] + population.sd[j] * np.array(cuts)
        np.testing.assert_array_equal(answers[:, j], 1 + np.searchsorted(at, responses[:, j]))
        assert name == population.names[j]


@pytest.mark.parametrize("n", [7, 481, 3000])
def test_blocks_do_not_change_what_is_drawn(n):
    """Several replications a block, one, and one of several blocks of rows."""
    items = likert(POPULATION, marginals=SKEWED)
    few = items.draw(np.random.default_rng(5), n, 2)
    many = items.draw(np.random.default_rng(5), n, 9)
    np.testing.assert_array_equal(few, many[:2])
    responses = Normal(POPULATION).draw(np.random.default_rng(5), n, 9)
    cuts = ndtri(np.cumsum(SKEWED)[:-1])
    np.testing.assert_array_equal(many, 1 + np.searchsorted(cuts, responses))


def test_categories_of_any_values():
    values = np.array([0.0, 1.0, 4.0])
    items = Likert(Normal(POPULATION), (np.array([-0.5, 1.0]),) * 6, (values,) * 6)
    answers = draw(items, 1000)
    codes = draw(items.coded(), 1000)
    np.testing.assert_array_equal(answers, values[codes.astype(int)])
    assert np.unique(codes).tolist() == [0.0, 1.0, 2.0]


def test_symmetric_thresholds_are_those_of_the_literature():
    """Evenly spaced between -2.5 and 2.5 (Rhemtulla et al., 2012), to two digits."""
    table = {
        2: [0.0],
        3: [-0.83, 0.83],
        4: [-1.25, 0.0, 1.25],
        5: [-1.50, -0.50, 0.50, 1.50],
        6: [-1.67, -0.83, 0.0, 0.83, 1.67],
        7: [-1.79, -1.07, -0.36, 0.36, 1.07, 1.79],
    }
    for categories, cuts in table.items():
        np.testing.assert_allclose(symmetric_thresholds(categories), cuts, atol=0.0051)
    assert likert(POPULATION).thresholds[0].tolist() == [-1.5, -0.5, 0.5, 1.5]
    assert len(likert(POPULATION, categories={"x1": 3}).thresholds[1]) == 0


def test_thresholds_of_the_population_come_first():
    (population,) = populations_of(TEXT + "; x1 | 0.1*t1", standardized=True)
    items = likert(population)
    assert [own.tolist() for own in items.thresholds] == [[0.1], *[[]] * 5]
    assert len(likert(population, categories=4).thresholds[1]) == 3


def test_correlations_of_answers_are_solved_exactly():
    marginals = {n: SKEWED if k % 2 else [0.2, 0.5, 0.3] for k, n in enumerate(POPULATION.names)}
    del marginals["x2"]
    items = likert(POPULATION, marginals=marginals)
    solved = underlying(POPULATION, items.thresholds, items.categories)
    again = correlation_of_answers(solved, items.thresholds, items.categories)
    np.testing.assert_allclose(again, POPULATION.cor, atol=1e-12)
    # Answers correlate less than responses, so that responses have to correlate more.
    lower = np.tril_indices(6, -1)
    assert (solved.cor[lower] > POPULATION.cor[lower]).all()


def test_correlations_of_answers_are_those_of_large_samples():
    n = 400_000
    answers = draw(likert(POPULATION, marginals=SKEWED, correlations="answers"), n)
    z = (answers - answers.mean(axis=0)) / answers.std(axis=0)
    for i, j in combinations(range(6), 2):
        rho = POPULATION.cor[i, j]
        # Standard error of a correlation from the fourth moments of the answers themselves.
        influence = z[:, i] * z[:, j] - rho * (z[:, i] ** 2 + z[:, j] ** 2) / 2
        error = influence.std() / np.sqrt(n)
        assert abs(np.corrcoef(answers[:, i], answers[:, j])[0, 1] - rho) < 4 * error


def test_correlation_of_dichotomous_answers_is_that_of_the_arcsine():
    """Cut in the middle, answers correlate 2/pi arcsin(rho) (Sheppard, 1899)."""
    rho = np.array([[1.0, 0.4], [0.4, 1.0]])
    population = Population(("a", "b"), rho, np.zeros(2))
    cuts, values = (np.zeros(1),) * 2, (np.array([1.0, 2.0]),) * 2
    found = correlation_of_answers(population, cuts, values)[0, 1]
    assert found == pytest.approx(2 / np.pi * np.arcsin(0.4), abs=1e-14)
    assert underlying(population, cuts, values).cor[0, 1] == pytest.approx(
        np.sin(0.4 * np.pi / 2), abs=1e-12
    )


def test_impossible_correlations_of_answers_are_refused():
    cor = np.array([[1.0, 0.8], [0.8, 1.0]])
    population = Population(("a", "b"), cor, np.zeros(2))
    with pytest.raises(DataError, match=r"answers to a and b .* cannot correlate 0.800"):
        likert(population, marginals={"a": [0.05, 0.95], "b": [0.95, 0.05]}, correlations="answers")
    three = np.array([[1, 0.6, 0.6], [0.6, 1, -0.25], [0.6, -0.25, 1]])
    population = Population(("a", "b", "c"), three, np.zeros(3))
    with pytest.raises(DataError, match="but not all together"):
        likert(population, categories=2, correlations="answers")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"marginals": [0.5, 0.4]}, "sum to 0.9"),
        ({"marginals": [0.5, 0.5, 0.0]}, "positive probability"),
        ({"marginals": [1.0]}, "two categories at least"),
        ({"marginals": {"x9": [0.5, 0.5]}}, "marginals= names x9"),
        ({"thresholds": [0.5, 0.5]}, "finite and ascend"),
        ({"categories": 1}, "two categories at least"),
        ({"categories": 1000}, "as good as continuous"),
        ({"categories": {}}, "no variable has thresholds"),
    ],
)
def test_impossible_items_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        likert(POPULATION, **options)


def test_options_that_contradict_each_other_are_refused():
    with pytest.raises(UnsupportedError, match="give one"):
        likert(POPULATION, marginals=SKEWED, categories=5)
    with pytest.raises(UnsupportedError, match="'underlying'"):
        likert(POPULATION, correlations="polychoric")
    with pytest.raises(UnsupportedError, match="those of normal responses"):
        likert(POPULATION, marginals=SKEWED, base=Normal(POPULATION))
