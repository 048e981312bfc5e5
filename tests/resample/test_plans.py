"""How rows are drawn again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clustersem.errors import DataError
from clustersem.moments import SampleMoments, samples_from_data
from clustersem.resample.leave_out import leave_out
from clustersem.resample.plans import Units, given, ordinary, strata_of


def sample(n, *, label="", cluster=None, index=None):
    cluster = None if cluster is None else np.asarray(cluster)
    return SampleMoments(
        ("x",), np.eye(1), np.zeros(1), n, n, label=label, cluster=cluster, index=index
    )


def seeded(seed=1):
    return np.random.default_rng(seed)


def test_every_resample_has_as_many_rows_as_the_group():
    groups = [sample(30, label="a"), sample(50, label="b")]
    for draws, n in zip(ordinary(groups).draw(seeded(), 20), (30, 50), strict=True):
        assert draws.counts.shape == draws.indices.shape == (20, n)
        assert (draws.counts.sum(axis=1) == n).all()
        assert (draws.totals == n).all()


def test_counts_and_indices_are_the_same_resamples():
    units = [sample(40), sample(25, cluster=seeded().integers(0, 6, 25))]
    for one, by_cluster in zip(units, (False, True), strict=True):
        (draws,) = ordinary([one], cluster=by_cluster).draw(seeded(2), 15)
        for b in range(15):
            rows = draws.indices[b]
            assert np.array_equal(
                np.bincount(rows[rows >= 0], minlength=one.n_obs), draws.counts[b]
            )
            assert (rows >= 0).sum() == draws.totals[b]


def test_resamples_do_not_depend_on_how_many_are_asked_for_at_once():
    groups = [sample(30, label="a"), sample(50, label="b")]
    strata = [seeded(3).integers(0, 3, 30), seeded(4).integers(0, 2, 50)]
    plan = ordinary(groups, strata=strata)
    whole = plan.draw(seeded(5), 100)
    rng = seeded(5)
    parts = [plan.draw(rng, size) for size in (1, 30, 69)]
    for g in range(2):
        together = np.vstack([part[g].indices for part in parts])
        assert np.array_equal(together, whole[g].indices)


def test_rows_are_drawn_with_equal_chances():
    # 2000 resamples of 50 rows: each row's count is near 2000, with a standard error of 44.
    (draws,) = ordinary([sample(50)]).draw(seeded(6), 2000)
    assert np.abs(draws.counts.sum(axis=0) - 2000).max() < 4 * 45
    # And their variance is that of draws with replacement, n p (1 - p).
    assert draws.counts.var() == pytest.approx(50 * 0.02 * 0.98, rel=0.03)


def test_sizes_of_strata_stay():
    strata = np.repeat([0, 1, 2], [5, 20, 15])[seeded(7).permutation(40)]
    (draws,) = ordinary([sample(40)], strata=[strata]).draw(seeded(8), 50)
    for k, size in enumerate((5, 20, 15)):
        assert (draws.counts[:, strata == k].sum(axis=1) == size).all()
    assert draws.counts.min(axis=0).max() == 0


def test_a_drawn_cluster_brings_all_of_its_rows():
    cluster = np.array([0, 1, 1, 2, 0, 2, 2, 2, 3])
    (draws,) = ordinary([sample(9, cluster=cluster)], cluster=True).draw(seeded(9), 60)
    for counts, of_unit in zip(draws.counts, draws.unit_counts, strict=True):
        assert np.array_equal(counts, of_unit[cluster])
        assert of_unit.sum() == 4
    assert len(np.unique(draws.totals)) > 1


def test_a_cluster_drawn_twice_is_two_clusters():
    cluster = np.array([0, 1, 1, 2, 0, 2, 2, 2, 3])
    (draws,) = ordinary([sample(9, cluster=cluster)], cluster=True).draw(seeded(10), 60)
    assert (draws.unit_counts > 1).any()
    for b in range(60):
        rows, of_row = draws.indices[b], draws.clusters[b]
        kept = rows >= 0
        assert np.array_equal(kept, of_row >= 0)
        # Four clusters in every resample, each with the rows of one cluster of the data.
        assert np.unique(of_row[kept]).tolist() == [0, 1, 2, 3]
        for place in range(4):
            members = np.flatnonzero(cluster == draws.drawn[b, place])
            assert rows[of_row == place].tolist() == members.tolist()


def test_clusters_are_drawn_within_strata():
    cluster, stratum = np.repeat(np.arange(6), 3), np.repeat([4, 9], [6, 12])
    one = sample(18, cluster=cluster, index=pd.RangeIndex(18))
    codes = strata_of([one], pd.Series(stratum))
    (draws,) = ordinary([one], cluster=True, strata=codes).draw(seeded(11), 40)
    assert (draws.unit_counts[:, :2].sum(axis=1) == 2).all()
    assert (draws.unit_counts[:, 2:].sum(axis=1) == 4).all()


def test_the_largest_random_number_draws_the_last_row():
    class Largest:
        def random(self, shape):
            return np.full(shape, 1 - 2.0**-53)

    for n in (2, 3, 49, 1000, 4097):
        (draws,) = ordinary([sample(n)]).draw(Largest(), 1)
        assert (draws.indices == n - 1).all()


def test_given_rows_are_taken_as_they_are():
    groups = [sample(3, label="a"), sample(2, label="b")]
    tables = [[[0, 0, 2], [1, 2, 1], [2, 2, 2]], [[1, 1], [0, 1], [0, 0]]]
    plan, n = given(groups, tables)
    assert n == 3
    first, second = plan.draw(seeded(), 2, first=1)
    assert first.indices.tolist() == [[1, 2, 1], [2, 2, 2]]
    assert second.counts.tolist() == [[1, 1], [2, 0]]
    # One group: its table itself, or a list of the one table, as lavaan has it.
    table = np.array([[0, 1], [1, 1]])
    for form in (table, [table]):
        assert given([sample(2)], form)[0].draw(seeded(), 2)[0].indices.tolist() == table.tolist()


def test_given_rows_that_cannot_be_are_refused_in_words():
    one = [sample(3)]
    two = [sample(3, label="a"), sample(2, label="b")]
    with pytest.raises(DataError, match=r"between 1 and 3\. R counts from 1: subtract 1"):
        given(one, [[1, 2, 3], [3, 3, 1]])
    with pytest.raises(DataError, match=r"between 0 and 2, these between -1 and 2\.$"):
        given(one, [[0, 2, -1]])
    with pytest.raises(DataError, match=r"3 columns.*shape \(1, 2\)"):
        given(one, [[0, 2]])
    with pytest.raises(DataError, match="whole numbers, these are float64"):
        given(one, [[0.0, 1.0, 2.0]])
    with pytest.raises(DataError, match="There are 2 groups and 1 tables"):
        given(two, [[[0, 1, 2]]])
    with pytest.raises(DataError, match="hold 1, 2 resamples"):
        given(two, [[[0, 1, 2]], [[0, 1], [1, 1]]])


def test_strata_are_found_by_row_label():
    rng = seeded(12)
    data = pd.DataFrame(rng.standard_normal((12, 2)), columns=["x", "y"], index=range(10, 22))
    data["g"] = list("pqqpqpqppqpq")
    data.loc[14, "x"] = np.nan
    groups = samples_from_data(data, ["x", "y"], group="g")
    strata = pd.Series(list("uvwuvuuvvuvu"), index=data.index)
    with pytest.raises(DataError, match="group 'q': the stratum 'v' has a single row"):
        strata_of(groups, strata)
    strata[12] = "v"
    # Row 14 lacks an answer and is not in the sample; the order of the strata is no matter.
    found = strata_of(groups, strata.sample(frac=1, random_state=1))
    assert [codes.tolist() for codes in found] == [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1]]


def test_strata_that_cannot_be_are_refused_in_words():
    data = pd.DataFrame({"x": [1.0, 2, 4, 3], "y": [2.0, 1, 3, 2]}, index=list("abcd"))
    (one,) = samples_from_data(data, ["x", "y"])
    with pytest.raises(DataError, match=r"row 'c' has no stratum \(1 such rows\)"):
        strata_of([one], pd.Series([1, 1, np.nan, 2], index=data.index))
    with pytest.raises(DataError, match="row 'd' has no stratum"):
        strata_of([one], pd.Series([1, 1, 1], index=list("abc")))
    with pytest.raises(DataError, match="two values for the row 'a'"):
        strata_of([one], pd.Series([1, 1, 2, 2], index=list("aabc")))
    with pytest.raises(DataError, match="made from a covariance matrix"):
        strata_of([sample(4)], pd.Series([1, 1, 2, 2]))


def test_clusters_that_cannot_be_are_refused_in_words():
    with pytest.raises(DataError, match=r"only where the fit knows them\. Fit with cluster="):
        ordinary([sample(4)], cluster=True)
    with pytest.raises(DataError, match="group 'a': all rows are of one cluster"):
        ordinary([sample(4, label="a", cluster=[0, 0, 0, 0])], cluster=True)
    crossed = sample(4, cluster=[0, 0, 1, 1], index=pd.Index(list("abcd")))
    with pytest.raises(DataError, match="the cluster of row 'd' has rows in two strata"):
        ordinary([crossed], cluster=True, strata=[np.array([0, 0, 0, 1])])


def test_rows_of_units():
    units = Units(np.array([1, 0, 1, 2, 1]))
    assert units.sizes.tolist() == [1, 3, 1]
    assert units.rows.tolist() == [[1, -1, -1], [0, 2, 4], [3, -1, -1]]


def test_every_row_is_left_out_once():
    strata = [np.array([0, 1, 0, 1, 1]), np.zeros(4, dtype=int)]
    plan = ordinary([sample(5, label="a"), sample(4, label="b")], strata=strata)
    without = leave_out(plan, seeded())
    assert len(without) == 9
    assert np.bincount(without.strata).tolist() == [2, 3, 4]
    first, second = without.draw(seeded(), 100)
    # Blocks are numbered by stratum; what is left out is one row of one group.
    gone = np.hstack([1 - first.counts, 1 - second.counts])
    assert (gone.sum(axis=1) == 1).all()
    assert (gone.sum(axis=0) == 1).all()
    stratum_of_row = np.concatenate([strata[0], np.full(4, 2)])
    assert np.array_equal(stratum_of_row[gone.argmax(axis=1)], without.strata)
    assert first.indices[5:].tolist() == [[0, 1, 2, 3, 4]] * 4
    assert sorted(first.totals.tolist()) == [4] * 5 + [5] * 4
    parts = [without.draw(seeded(), 4, first=start)[1].counts for start in (0, 4, 8)]
    assert np.array_equal(np.vstack(parts), second.counts)


def test_clusters_are_left_out_whole():
    cluster = np.array([0, 1, 1, 2, 0, 2, 2, 2])
    without = leave_out(ordinary([sample(8, cluster=cluster)], cluster=True), seeded())
    (draws,) = without.draw(seeded(), 3)
    for k in range(3):
        rows = draws.indices[k]
        assert rows[rows >= 0].tolist() == [
            row for place in range(3) if place != k for row in np.flatnonzero(cluster == place)
        ]
    assert draws.totals.tolist() == [6, 6, 4]


def test_many_units_are_left_out_in_blocks():
    strata = np.repeat([0, 1, 2], [3, 700, 297])
    without = leave_out(ordinary([sample(1000)], strata=[strata]), seeded(13), at_most=100)
    assert np.bincount(without.strata).tolist() == [2, 70, 30]
    (draws,) = without.draw(seeded(), 200)
    gone = 1 - draws.counts
    assert (gone.sum(axis=0) == 1).all()
    assert gone.sum(axis=1).max() == 10
    for block, stratum in zip(gone, without.strata, strict=True):
        assert (strata[block > 0] == stratum).all()
    # Rows that stand together in the data do not leave together.
    assert np.diff(np.flatnonzero(gone[10])).max() > 10
