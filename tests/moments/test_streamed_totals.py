"""What is collected of pieces is that of the whole, however it is cut and merged."""

from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersem.moments.streamed_draw import Drawn, keys_of
from clustersem.moments.streamed_scatter import Scatter
from clustersem.moments.streamed_tables import Tables, common_levels, counted, levels_of

EPS = np.finfo(float).eps


def parts(rows, cuts):
    return np.split(rows, sorted(cut % (len(rows) + 1) for cut in cuts))


def exact_cov(rows):
    """Return means and covariances in rational numbers, rounded once."""
    columns = [[Fraction(float(x)) for x in column] for column in rows.T]
    n = len(rows)
    means = [sum(column) / n for column in columns]
    centred = [[x - m for x in column] for column, m in zip(columns, means, strict=True)]
    cov = [[sum(x * y for x, y in zip(a, b, strict=True)) / n for b in centred] for a in centred]
    return np.array(means, dtype=float), np.array([[float(x) for x in row] for row in cov])


# -- means and scatter ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "unit"), [(0.0, 1.0), (1e9, 1.0), (0.0, 1e-6), (0.0, 1e6), (1e6, 1e-3), (-3e12, 1e4)]
)
def test_large_means_and_units_cost_no_digits(mean, unit):
    rng = np.random.default_rng(1)
    rows = mean + unit * rng.normal(size=(600, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1.0]])
    pieces = [Scatter.of(part) for part in np.split(rows, [1, 2, 100, 350])]
    found = reduce(Scatter.merged, pieces)
    means, cov = exact_cov(rows)
    sd = np.sqrt(cov.diagonal())
    # Sums of 600 terms lose some digits of the last place, nothing more.
    assert np.abs(found.cov - cov).max() <= 20 * EPS * sd.max() ** 2
    assert np.abs(found.mean - means).max() <= EPS * np.abs(means).max() + 20 * EPS * sd.max()


@settings(max_examples=40)
@given(cuts=st.lists(st.integers(0, 60), max_size=8), seed=st.integers(0, 10))
def test_scatter_does_not_depend_on_the_cuts(cuts, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(60, 3)) + 100.0
    whole = Scatter.of(rows)
    pieces = [Scatter.of(part) for part in parts(rows, cuts)]
    for found in (reduce(Scatter.merged, pieces), reduce(Scatter.merged, pieces[::-1])):
        assert found.n == 60
        np.testing.assert_allclose(found.mean, whole.mean, rtol=10 * EPS)
        np.testing.assert_allclose(found.cov, whole.cov, atol=200 * EPS)


def test_scatter_of_some_variables_is_theirs():
    rows = np.random.default_rng(2).normal(size=(20, 4))
    found = Scatter.of(rows).of_variables(np.array([3, 0]))
    np.testing.assert_allclose(found.cov, np.cov(rows[:, [3, 0]].T, bias=True), atol=1e-15)
    np.testing.assert_allclose(found.mean, rows[:, [3, 0]].mean(axis=0), atol=1e-15)


# -- tables --------------------------------------------------------------------------------------


def brute_force(values, levels):
    q, size = len(levels), max(map(len, levels))
    joint = np.zeros((q, size, q, size), dtype=int)
    for row in values:
        for i in range(q):
            for j in range(q):
                if not np.isnan(row[i] + row[j]):
                    a = np.searchsorted(levels[i], row[i])
                    b = np.searchsorted(levels[j], row[j])
                    joint[i, a, j, b] += 1
    return joint


def likert(seed, n=50, gaps=0.0):
    rng = np.random.default_rng(seed)
    values = np.column_stack(
        [rng.integers(1, 6, n), rng.integers(0, 2, n), 10.0 * rng.integers(1, 4, n), np.ones(n)]
    )
    values[rng.random(values.shape) < gaps] = np.nan
    return values


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_tables_count_every_pair(gaps):
    values = likert(3, gaps=gaps)
    tables = counted(values, levels_of(values))
    assert tables is not None
    np.testing.assert_array_equal(tables.joint, brute_force(values, tables.levels))
    np.testing.assert_array_equal(
        tables.margins[1, :2], [(values[:, 1] == level).sum() for level in (0, 1)]
    )


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_levels_that_do_not_occur_have_zeros(gaps):
    values = likert(4, gaps=gaps)
    levels = (*levels_of(values)[:3], np.array([0.0, 1.0, 7.0]))
    tables = counted(values, levels)
    assert tables is not None
    np.testing.assert_array_equal(tables.joint, brute_force(values, levels))


@pytest.mark.parametrize("gaps", [0.0, 0.3])
@pytest.mark.parametrize("unknown", [0, 1, 2, 3])
def test_an_answer_that_is_no_level_is_noticed(gaps, unknown):
    values = likert(5, gaps=gaps)
    levels = levels_of(values)
    values[7, unknown] = 99.0
    assert counted(values, levels) is None
    nothing = [found[:0] if j == unknown else found for j, found in enumerate(levels)]
    assert counted(values, nothing) is None


@settings(max_examples=40)
@given(
    cuts=st.lists(st.integers(0, 50), max_size=6),
    seed=st.integers(0, 10),
    gaps=st.sampled_from([0.0, 0.4]),
)
def test_tables_do_not_depend_on_the_cuts(cuts, seed, gaps):
    values = likert(seed, gaps=gaps)
    whole = counted(values, levels_of(values))
    pieces = [counted(part, levels_of(part)) for part in parts(values, cuts)]
    assert whole is not None
    for order in (pieces, pieces[::-1]):
        found = reduce(Tables.merged, order)
        assert [x.tolist() for x in found.levels] == [x.tolist() for x in whole.levels]
        np.testing.assert_array_equal(found.joint, whole.joint)


def test_tables_of_some_items_are_theirs():
    values = likert(6)
    tables = counted(values, levels_of(values))
    places = np.array([2, 1])
    own = counted(values[:, places], levels_of(values[:, places]))
    found = tables.of_items(places)
    np.testing.assert_array_equal(found.joint, own.joint)
    assert [x.tolist() for x in common_levels([found, tables.of_items(places)])] == [
        [10.0, 20.0, 30.0],
        [0.0, 1.0],
    ]


def test_counts_stay_exact_beyond_single_precision(monkeypatch):
    """Single precision counts to 2^24; sums are moved to whole numbers before that."""
    monkeypatch.setattr("clustersem.moments.streamed_tables.LARGEST_EXACT", 4096)
    values = likert(7, n=10_000)
    tables = counted(values, levels_of(values))
    np.testing.assert_array_equal(tables.margins.sum(axis=1), 10_000)
    assert tables.joint.dtype == np.int64


# -- the sample of rows --------------------------------------------------------------------------


def drawn_from(n, limit, cuts=(), seed=1, reverse=False):
    rows = np.arange(float(n))[:, None]
    pieces, start = [], 0
    for part in parts(rows, cuts):
        keys = keys_of(seed, 0, start, len(part))
        pieces.append(Drawn.empty(limit, 1).with_rows(keys, part))
        start += len(part)
    return reduce(Drawn.merged, pieces[::-1] if reverse else pieces)


@settings(max_examples=40)
@given(cuts=st.lists(st.integers(0, 100), max_size=6), limit=st.integers(2, 120))
def test_the_same_rows_are_drawn_however_they_come(cuts, limit):
    whole = drawn_from(100, limit)
    assert len(whole.rows) == min(limit, 100)
    assert drawn_from(100, limit, cuts).rows.tolist() == whole.rows.tolist()
    backwards = drawn_from(100, limit, cuts, reverse=True)
    assert sorted(backwards.rows.tolist()) == sorted(whole.rows.tolist())


def test_every_row_has_the_same_chance():
    times = np.zeros(50)
    for seed in range(2000):
        times[drawn_from(50, 10, [13, 30], seed=seed).rows[:, 0].astype(int)] += 1
    # 400 expected with standard deviation 18: a chi-square of 50 - 1 degrees, 99.9 % below 86.
    assert ((times - 400) ** 2 / (400 * 0.8)).sum() * 49 / 50 < 86


def test_parts_and_seeds_draw_independently():
    assert not np.isin(keys_of(1, 0, 0, 100), keys_of(1, 1, 0, 100)).any()
    assert not np.isin(keys_of(1, 0, 0, 100), keys_of(2, 0, 0, 100)).any()
