"""Thresholds, polychoric and polyserial correlations and Gamma: lavaan, mathematics, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from clustersem.errors import DataError
from clustersem.moments import (
    MomentOrder,
    assembled,
    check_polychoric,
    contingency,
    continuous,
    influence,
    normal2,
    ordinal_statistics,
    polychoric,
    two_step,
)

# lavaan stops its search for a correlation when the likelihood changes by less than about 1e-15 of
# itself, which leaves 4e-8 in the correlation and 2e-7 in Gamma.
CORRELATION, GAMMA = 1e-7, 5e-7


def statistics(frame, items, ordered=None, **options):
    ordinal = np.array([ordered is None or item in ordered for item in items])
    return ordinal_statistics(frame[items].to_numpy(float), ordinal, names=items, **options)


def lavaan_places(order: MomentOrder, items, names):
    """Where lavaan has each of our moments, and the sign: it turns the means around."""
    seen: dict[int, int] = {}
    labels = []
    for j in order.threshold_item.tolist():
        seen[j] = seen.get(j, 0) + 1
        labels.append(f"{items[j]}|t{seen[j]}")
    labels += [f"{items[j]}~1" for j in order.continuous]
    labels += [f"{items[j]}~~{items[j]}" for j in order.continuous]
    labels += [f"{items[j]}~~{items[i]}" for i, j in zip(order.rows, order.cols, strict=True)]
    sign = np.ones(len(labels))
    sign[order.means] = -1.0
    return [names.index(label) for label in labels], sign


def estimated(answers, weights=None, n_ordinal=None):
    """Both steps by themselves, for what the public function does not hand out."""
    n, p = answers.shape
    n_ordinal = p if n_ordinal is None else n_ordinal
    weights = None if weights is None else weights * (n / weights.sum())
    names = [f"x{j}" for j in range(p)]
    codes, _ = contingency.coded(
        answers[:, :n_ordinal], names[:n_ordinal], None, weights=weights, source="test"
    )
    sizes = [*(codes.sizes - 1).tolist(), *[0] * (p - n_ordinal)]
    order = MomentOrder(tuple(sizes), has_means=True)
    values = continuous.standardised(answers[:, n_ordinal:], weights)
    return two_step.two_steps(order, codes, values, names, "test")


# --- lavaan ---------------------------------------------------------------------------------------

CASES = [
    "ordinal",
    "binary",
    "mixed",
    "empty_cells",
    "weighted",
    "weighted_mixed",
    "pairwise",
    "pairwise_binary",
    "pairwise_mixed",
    "pairwise_weighted",
]


def frame_of(name):
    kind = "empty" if name == "empty_cells" else "incomplete" if "pairwise" in name else "complete"
    return pd.DataFrame(case("polychoric")[f"data_{kind}"], dtype=float)


@pytest.mark.parametrize("name", CASES)
def test_lavaan_has_the_same_moments_and_nacov(name):
    told, frame = case("polychoric")[name], frame_of(name)
    weights = frame["w"].to_numpy() if "weighted" in name else None
    ours = statistics(frame, told["items"], told["ordered"], weights=weights)
    places, sign = lavaan_places(ours.order, told["items"], told["moments"])
    values = np.array(told["values"])[places] * sign
    np.testing.assert_allclose(ours.values, values, rtol=0, atol=CORRELATION)
    first_step = slice(0, ours.order.covariances.start)
    np.testing.assert_allclose(ours.values[first_step], values[first_step], rtol=1e-10, atol=1e-11)
    gamma = np.array(told["gamma"])[np.ix_(places, places)] * np.outer(sign, sign)
    np.testing.assert_allclose(ours.gamma, gamma, rtol=0, atol=GAMMA)


def test_lavaan_has_the_same_statistics_of_the_home_study():
    told, frame = case("polychoric")["home"], data("cross_border_simulated")
    ours = statistics(frame, told["items"])
    places, _ = lavaan_places(ours.order, told["items"], told["moments"])
    np.testing.assert_allclose(ours.values, np.array(told["values"])[places], atol=CORRELATION)
    expected = np.array(told["gamma_diagonal"])[places]
    np.testing.assert_allclose(ours.gamma.diagonal(), expected, atol=GAMMA)


# --- mathematics ----------------------------------------------------------------------------------


def bfi(items):
    return data("bfi")[items].dropna()


def test_a_monotone_recoding_of_the_categories_changes_nothing():
    frame = bfi(["A1", "A2", "C1", "C4"])
    recoded = frame.copy()
    recoded["A1"] = frame["A1"] ** 3 / 7.0
    recoded["C1"] = frame["C1"] * 1000.0 - 5000.0
    before, after = statistics(frame, list(frame)), statistics(recoded, list(frame))
    np.testing.assert_array_equal(after.values, before.values)
    np.testing.assert_array_equal(after.gamma, before.gamma)
    np.testing.assert_array_equal(after.categories[0], np.arange(1, 7) ** 3 / 7.0)


def test_a_reversed_item_changes_signs_only():
    frame = bfi(["A1", "A2", "C1"])
    before = statistics(frame, list(frame))
    after = statistics(frame.assign(A2=7 - frame["A2"]), list(frame))
    order = before.order
    turn = np.arange(order.n_moments)
    turn[5:10] = turn[9:4:-1]
    sign = np.ones(order.n_moments)
    sign[5:10] = -1.0
    sign[order.covariances][(order.rows == 1) ^ (order.cols == 1)] = -1.0
    np.testing.assert_allclose(after.values, (sign * before.values)[turn], rtol=0, atol=1e-11)
    expected = (before.gamma * np.outer(sign, sign))[np.ix_(turn, turn)]
    np.testing.assert_allclose(after.gamma, expected, rtol=0, atol=1e-9)


def test_a_pair_among_many_is_the_pair_alone():
    # 25 items are 300 pairs, in several chunks; the 2436 rows are several blocks of Gamma.
    items = [f"{letter}{i}" for letter in "ACENO" for i in range(1, 6)]
    frame = bfi(items)
    whole = statistics(frame, items)
    for one, other in ((0, 1), (3, 24), (10, 11), (15, 16)):
        alone = statistics(frame, [items[one], items[other]])
        at = np.flatnonzero((whole.order.rows == other) & (whole.order.cols == one))[0]
        at += whole.order.covariances.start
        # Newton's method begins and ends at the same points but for the quadrature's nodes.
        np.testing.assert_allclose(whole.values[at], alone.values[-1], rtol=0, atol=1e-12)
        np.testing.assert_allclose(whole.gamma[at, at], alone.gamma[-1, -1], rtol=1e-10)


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_the_tetrachoric_correlation_reproduces_the_table(share):
    table = np.array([[40.0, 15.0], [20.0, 25.0]]) * share
    rows = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    found = ordinal_statistics(
        rows, np.array([True, True]), names=["x", "y"], weights=table.ravel()
    )
    h, k, rho = found.values
    proportion = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([h, k])
    assert proportion == pytest.approx(0.4, abs=1e-12)


def test_weights_are_frequencies_for_the_estimates():
    frame = bfi(["A1", "A2", "C1"]).iloc[:300]
    counts = 1 + np.arange(300) % 3
    weighted = statistics(frame, list(frame), weights=0.1 * counts)
    repeated = statistics(frame.loc[frame.index.repeat(counts)], list(frame))
    np.testing.assert_allclose(weighted.values, repeated.values, rtol=0, atol=1e-11)
    mixed = statistics(frame, list(frame), ["A1"], weights=counts.astype(float))
    again = statistics(frame.loc[frame.index.repeat(counts)], list(frame), ["A1"])
    np.testing.assert_allclose(mixed.values, again.values, rtol=0, atol=1e-11)


def test_singletons_are_clusters_that_change_nothing():
    frame = bfi(["A1", "A2", "C1"])
    plain = statistics(frame, list(frame), ["A1", "A2"])
    alone = statistics(
        frame, list(frame), ["A1", "A2"], cluster=np.random.default_rng(1).permutation(len(frame))
    )
    np.testing.assert_allclose(alone.gamma, plain.gamma, rtol=0, atol=1e-11)
    # Every respondent twice, as a cluster of two: the same evidence as before, with n doubled.
    twice = frame.loc[frame.index.repeat(2)]
    doubled = statistics(twice, list(frame), ["A1", "A2"], cluster=np.arange(len(twice)) // 2)
    np.testing.assert_allclose(doubled.gamma, 2.0 * plain.gamma, rtol=0, atol=1e-9)


def test_blocks_of_respondents_add_up_to_gamma():
    frame = bfi(["A1", "A2", "C1", "age"]).to_numpy(float)
    steps = estimated(frame, n_ordinal=3)
    blocks = list(influence.influences(steps))
    assert len(blocks) == 3
    whole = np.concatenate(blocks, axis=1)
    np.testing.assert_allclose(influence.gamma(steps), whole @ whole.T / len(frame), rtol=1e-10)
    # All scores vanish at the estimates, and so do the mean influences.
    np.testing.assert_allclose(whole.mean(axis=1), 0.0, atol=1e-9)


def cells(rho, h, k):
    return [part[..., 0] for part in polychoric.cells(h[:, None], k[:, None], np.array([rho]))]


@pytest.mark.parametrize("rho", [-0.96, -0.4, 0.2, 0.8])
def test_derivatives_of_the_cells(rho):
    h, k = np.array([-1.1, 0.2, 0.9]), np.array([-0.3, 1.2])
    p, first, second = cells(rho, h, k)
    assert p.sum() == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_allclose(first.sum(), 0.0, atol=1e-15)
    step = 1e-5
    above, below = cells(rho + step, h, k), cells(rho - step, h, k)
    # Central differences: an error of step^2 times the next derivative but one, up to 1e4 here.
    np.testing.assert_allclose((above[0] - below[0]) / (2 * step), first, rtol=0, atol=1e-6)
    np.testing.assert_allclose((above[1] - below[1]) / (2 * step), second, rtol=0, atol=1e-5)


@pytest.mark.parametrize("rho", [-0.96, 0.2, 0.8])
def test_derivatives_by_the_thresholds(rho):
    h, k = np.array([-1.1, 0.2, 0.9]), np.array([-0.3, 1.2])
    weighted = np.random.default_rng(2).normal(size=(4, 3))
    args = (weighted[:, :, None], h[:, None], k[:, None], np.array([rho]))
    got = polychoric.threshold_slope(*args)[:, 0]
    step = 1e-6
    for t in range(3):
        moved = step * (np.arange(3) == t)
        change = cells(rho, h + moved, k)[0] - cells(rho, h - moved, k)[0]
        # 1e-16 / step, and step^2.
        expected = (weighted * change).sum() / (2 * step)
        assert got[t] == pytest.approx(expected, abs=2e-9)


def test_a_polychoric_correlation_maximises_the_likelihood():
    frame = bfi(["C4", "A1"])
    found = statistics(frame, list(frame))
    h, k, rho = found.values[:5], found.values[5:10], found.values[-1]
    # A row is a category of the later variable, as in `order.rows`.
    table = pd.crosstab(frame["A1"], frame["C4"]).to_numpy()

    def loglik(r):
        return (table * np.log(cells(r, k, h)[0])).sum()

    at = loglik(rho)
    assert all(loglik(rho + step) < at for step in (-1e-3, -1e-5, 1e-5, 1e-3))
    slope = (table * cells(rho, k, h)[1] / cells(rho, k, h)[0]).sum()
    assert abs(slope) < 1e-8


def test_small_samples_reach_the_highest_point_of_the_likelihood():
    rng = np.random.default_rng(11)
    everywhere = np.tanh(np.linspace(-7.5, 7.5, 301))
    n_inner = n_perfect = 0
    for _ in range(120):
        n = rng.integers(8, 50)
        rho = rng.uniform(-0.99, 0.99)
        latent = rng.normal(size=(n, 2)) @ np.array([[1.0, rho], [0.0, np.sqrt(1 - rho**2)]])
        cuts = [np.sort(rng.normal(size=rng.integers(1, 6))) for _ in range(2)]
        answers = np.column_stack([np.searchsorted(cuts[j], latent[:, j]) for j in range(2)])
        if min(len(np.unique(answers[:, j])) for j in range(2)) < 2:
            continue
        coded, _ = contingency.coded(
            answers.astype(float), ["x", "y"], None, weights=None, source="test"
        )
        first, second = np.array([1]), np.array([0])
        found = polychoric.polychoric(coded, first, second)
        h, k = coded.thresholds[:, first], coded.thresholds[:, second]
        table = contingency.without_empty_cells(
            coded.tables(first, second), coded.sizes[first], coded.sizes[second]
        )

        def loglik(r, table=table, h=h, k=k):
            p = polychoric.cells(h.repeat(len(r), 1), k.repeat(len(r), 1), r)[0]
            return (table * np.log(p)).sum(axis=(0, 1))

        # An order that no two respondents disagree on has its maximum at the end.
        at = np.argwhere(table[..., 0] > 0)
        order = {np.sign((a - c) * (b - d)) for a, b in at for c, d in at} - {0}
        assert found.converged[0] == (len(order) == 2)
        if found.converged[0]:
            n_inner += 1
            # Rounding of log-probabilities of cells as rare as 1e-10.
            assert loglik(found.rho)[0] > loglik(everywhere).max() - 1e-7
        else:
            n_perfect += 1
    assert n_inner > 60
    assert n_perfect > 10


def test_a_polyserial_correlation_maximises_the_likelihood():
    frame = bfi(["C4", "age"]).iloc[:400]
    found = statistics(frame, list(frame), ["C4"])
    z = ((frame["age"] - frame["age"].mean()) / frame["age"].std(ddof=0)).to_numpy()
    limits = np.concatenate([[-np.inf], found.values[:5], [np.inf]])
    code = frame["C4"].to_numpy(int)

    def loglik(r):
        root = np.sqrt(1.0 - r**2)
        upper, lower = ndtr((limits[code] - r * z) / root), ndtr((limits[code - 1] - r * z) / root)
        return np.log(upper - lower).sum()

    rho = found.values[-1] / frame["age"].std(ddof=0)
    assert all(loglik(rho + step) < loglik(rho) for step in (-1e-3, -1e-5, 1e-5, 1e-3))


def test_a_polyserial_correlation_is_strong_where_it_should_be():
    z = np.random.default_rng(5).normal(size=500)
    item = np.searchsorted([-1.0, 0.0, 1.2], z + 0.02 * np.sin(np.arange(500)))
    answers = np.column_stack([item, -z])
    found = ordinal_statistics(answers, np.array([True, False]), names=["item", "z"])
    assert -1.0 < found.values[-1] / z.std() < -0.998


def influence_by_differences(rows, weights, n_ordinal, step):
    """How every moment moves when one row of a population counts more."""
    columns = []
    for i in range(len(rows)):
        moved = []
        for sign in (1.0, -1.0):
            changed = weights.copy()
            changed[i] += sign * step
            changed /= 1.0 + sign * step
            moved.append(estimated(rows, changed, n_ordinal).moments)
        columns.append((moved[0] - moved[1]) / (2.0 * step))
    return np.array(columns).T


def analytic_influence(rows, weights, n_ordinal):
    steps = estimated(rows, weights, n_ordinal)
    share = weights * (len(rows) / weights.sum())
    return np.concatenate(list(influence.influences(steps)), axis=1) / share


def test_influences_on_polychoric_correlations_are_derivatives():
    # In a population that the model fits exactly the cross-products of scores are the information.
    h, k, rho = np.array([-0.7, 0.1, 1.0]), np.array([-0.2, 0.8]), 0.55
    weights = cells(rho, h, k)[0].ravel()
    rows = np.array([[a, b] for a in range(4) for b in range(3)], dtype=float)
    got = analytic_influence(rows, weights, 2)
    expected = influence_by_differences(rows, weights, 2, 1e-5)
    # step^2 times a third derivative, of rare cells above all (the rarest holds 0.4 %).
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_influences_on_polyserial_correlations_are_derivatives():
    # The continuous variable takes the values of a Gauss-Hermite rule, which is normal to 1e-9.
    nodes, mass = np.polynomial.hermite_e.hermegauss(24)
    mass = mass / mass.sum()
    used = mass > 1e-9
    nodes, mass = nodes[used], mass[used] / mass[used].sum()
    rho, limits = 0.5, np.array([-np.inf, -0.8, 0.4, np.inf])
    given = np.diff(ndtr((limits[:, None] - rho * nodes) / np.sqrt(1 - rho**2)), axis=0)
    rows = np.array([[a, 3.0 + 2.0 * z] for a in range(3) for z in nodes])
    weights = (given * mass).ravel()
    got = analytic_influence(rows, weights, 1)
    expected = influence_by_differences(rows, weights, 1, 1e-8)
    common = weights > 1e-4
    # Rounding of 1e-13 over a step of 1e-8, and the rule's own error.
    scale = np.abs(expected[:, common]).max()
    np.testing.assert_allclose(got[:, common], expected[:, common], rtol=0, atol=1e-4 * scale)
    assert estimated(rows, weights, 1).moments[-1] == pytest.approx(2.0 * rho, abs=1e-6)


def test_influences_on_continuous_covariances_are_products_under_normality():
    nodes, mass = np.polynomial.hermite_e.hermegauss(8)
    x, e = (grid.ravel() for grid in np.meshgrid(nodes, nodes))
    weights = np.outer(mass, mass).ravel()
    y = 0.6 * x + 0.8 * e
    got = analytic_influence(np.column_stack([x, y]), weights, 0)
    expected = [x, y, x**2 - 1.0, y**2 - 1.0, x * y - 0.6]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9)


def test_a_covariate_with_two_values_has_its_own_influences():
    frame = bfi(["A1", "gender"])
    found = statistics(frame, ["A1", "gender"], ["A1"])
    z = frame["gender"].to_numpy() - frame["gender"].mean()
    at = found.order.means.start
    assert found.gamma[at, at] == pytest.approx((z**2).mean(), rel=1e-12)
    expected = ((z**2 - (z**2).mean()) ** 2).mean()
    assert found.gamma[at + 1, at + 1] == pytest.approx(expected, rel=1e-9)
    assert np.isfinite(found.gamma).all()


def test_a_continuous_variable_may_have_any_unit():
    frame = bfi(["A1", "A2", "age"])
    before = statistics(frame, list(frame), ["A1", "A2"])
    after = statistics(frame.assign(age=1e6 + 1000.0 * frame["age"]), list(frame), ["A1", "A2"])
    scale = np.ones(before.order.n_moments)
    scale[before.order.means] = 1e3
    scale[before.order.variances] = 1e6
    scale[before.order.covariances][(before.order.rows == 2) | (before.order.cols == 2)] = 1e3
    expected = before.values * scale
    expected[before.order.means] += 1e6
    np.testing.assert_allclose(after.values, expected, rtol=1e-9)
    # The offset of 1e6 leaves ten digits to the deviations.
    change = after.gamma / np.outer(scale, scale) - before.gamma
    assert np.abs(change).max() < 1e-8 * np.abs(before.gamma).max()


# --- what is returned -----------------------------------------------------------------------------


def test_moments_are_assembled_into_a_matrix():
    frame = bfi(["age", "A1", "A2"])
    found = statistics(frame, list(frame), ["A1", "A2"])
    cov, mean = assembled(found)
    np.testing.assert_allclose(cov.diagonal(), [frame["age"].var(ddof=0), 1.0, 1.0], rtol=1e-12)
    np.testing.assert_allclose(mean, [frame["age"].mean(), 0.0, 0.0], rtol=1e-12)
    np.testing.assert_array_equal(cov, cov.T)
    np.testing.assert_array_equal(cov[found.order.rows, found.order.cols], found.values[-3:])
    shares = np.cumsum(frame["A1"].value_counts(normalize=True).sort_index().to_numpy())[:-1]
    np.testing.assert_allclose(found.values[:5], ndtri(shares), rtol=1e-12, atol=1e-12)
    assert [len(values) for values in found.categories] == [0, 6, 6]


def test_the_answers_are_not_touched():
    answers = bfi(["A1", "A2"]).to_numpy(float)[:100]
    before, weights = answers.copy(), np.linspace(1.0, 2.0, 100)
    ordinal_statistics(answers, np.array([True, True]), names=["A1", "A2"], weights=weights)
    np.testing.assert_array_equal(answers, before)
    np.testing.assert_array_equal(weights, np.linspace(1.0, 2.0, 100))


def test_categories_may_be_those_of_all_groups():
    frame = bfi(["A1", "A2"])
    values = np.arange(1.0, 7.0)
    shared = statistics(frame, list(frame), categories=[values, values])
    np.testing.assert_array_equal(shared.values, statistics(frame, list(frame)).values)


def test_an_empty_cell_of_a_2_x_2_table_keeps_the_margins():
    table = np.array([[30.0, 0.0], [5.0, 10.0]])[:, :, None]
    two = np.array([2])
    got = contingency.without_empty_cells(table, two, two)[..., 0]
    np.testing.assert_array_equal(got, [[29.5, 0.5], [5.5, 9.5]])
    turned = contingency.without_empty_cells(table[::-1], two, two)[..., 0]
    np.testing.assert_array_equal(turned, [[5.5, 9.5], [29.5, 0.5]])
    assert table[0, 1, 0] == 0.0
    # Weighted frequencies may be too small to give up 0.5.
    light = contingency.without_empty_cells(table / 20.0, two, two)[..., 0]
    np.testing.assert_allclose(light, [[1.375, 0.125], [0.375, 0.375]], rtol=1e-14)
    assert contingency.without_empty_cells(table, two + 1, two) is table


# --- bad input ------------------------------------------------------------------------------------

BOTH = np.array([True, True])


def refusal(answers, **options):
    with pytest.raises(DataError) as caught:
        ordinal_statistics(
            np.array(answers, dtype=float), BOTH, names=["trust", "use"], source="wave 2", **options
        )
    return str(caught.value)


def test_an_item_with_one_category():
    assert refusal([[3, 1], [3, 2], [3, 1]]) == (
        "wave 2: every respondent answered 3 to trust, which therefore has no threshold. Leave it"
        " out of the model."
    )


def test_a_category_that_is_empty_in_a_group():
    answers = [[1, 1], [3, 2], [1, 2], [3, 1]]
    assert refusal(answers, categories=[np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0])]) == (
        "wave 2: nobody answered 2 to trust, though that is one of its categories (1, 2, 3). A"
        " threshold beside an empty category cannot be estimated. Merge the category with its"
        " neighbour in all groups, or leave the item or the group out."
    )


def test_an_answer_that_is_no_category():
    answers = [[1, 1], [3, 2], [1, 2], [3, 1]]
    text = refusal(answers, categories=[np.array([1.0, 2.0]), np.array([1.0, 2.0])])
    assert text.startswith(
        "wave 2: an answer to trust is 3, which is none of its categories (1, 2)"
    )


@pytest.mark.parametrize("turn", [1.0, -1.0])
@pytest.mark.parametrize("n_categories", [2, 3, 5])
def test_a_copied_item(turn, n_categories):
    answers = np.arange(60) % n_categories
    text = refusal(np.column_stack([answers, turn * answers]))
    assert text.startswith("wave 2: the correlation of trust and use runs to 1 or -1: no two")


def test_a_coarser_copy_of_an_item():
    answers = np.arange(60) % 5
    assert "runs to 1 or -1" in refusal(np.column_stack([answers, answers > 2]))


def test_a_strong_but_imperfect_correlation_is_found():
    # Two of 481 respondents differ by one category.
    answers = np.arange(481) % 5 + 1.0
    other = answers.copy()
    other[0], other[241] = 2.0, 1.0
    found = ordinal_statistics(np.column_stack([answers, other]), BOTH, names=["x", "y"])
    h, k, rho = found.values[:4], found.values[4:8], found.values[-1]
    assert 0.999 < rho < 1.0
    table = pd.crosstab(other, answers).to_numpy()

    def loglik(r):
        return (table * np.log(np.maximum(cells(r, k, h)[0], normal2.SMALLEST))).sum()

    assert loglik(rho) > max(loglik(rho - 1e-6), loglik(rho + 1e-6))


def test_copied_continuous_variables():
    x = np.random.default_rng(3).normal(size=50)
    answers = np.column_stack([x, 2.0 * x, np.arange(50) % 2])
    with pytest.raises(DataError, match="correlation of x and copy runs to 1 or -1"):
        ordinal_statistics(answers, np.array([False, False, True]), names=["x", "copy", "item"])


def test_a_constant_continuous_variable():
    answers = np.column_stack([np.arange(50) % 2, np.full(50, 0.1)])
    with pytest.raises(DataError, match="same value of site, which has therefore no variance"):
        ordinal_statistics(answers, np.array([True, False]), names=["item", "site"])


def test_two_items_that_nobody_answered_together():
    gone = np.nan
    text = refusal([[1, gone], [2, gone], [gone, 1], [gone, 2]])
    assert text == (
        "wave 2: nobody answered both trust and use, so that their correlation is unknown. Leave"
        " one of them out of the model."
    )
    assert "nobody answered use" in refusal([[1, gone], [2, gone]])


def test_a_matrix_that_is_not_positive_definite():
    cov = np.eye(4)
    cov[0, 1] = cov[1, 0] = 0.9
    cov[0, 2] = cov[2, 0] = 0.9
    cov[1, 2] = cov[2, 1] = 0.2
    text = check_polychoric(cov, ["a1", "a2", "a3", "b1"])
    smallest = 1.1 - np.sqrt(0.01 + 2 * 0.81)
    assert text is not None
    assert text.startswith(
        "The matrix of polychoric correlations is not positive definite (smallest eigenvalue"
        f" {smallest:.2g}). Items involved: a1, a2, a3. Each correlation"
    )
    assert check_polychoric(np.eye(4), ["a1", "a2", "a3", "b1"]) is None
