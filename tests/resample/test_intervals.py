"""Intervals and acceleration: against R's boot, and against what they must be."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from helpers.park_miller import ParkMiller
from helpers.reference import REFERENCE
from scipy import stats

from clustersem.errors import ModelError
from clustersem.resample.acceleration import acceleration, from_jackknife
from clustersem.resample.intervals import KINDS, check_level, intervals, least_resamples
from clustersem.resample.quantiles import Resampled, mean_and_sd


@cache
def told():
    return json.loads((REFERENCE / "bootstrap" / "boot_ci.json").read_text())


@cache
def played():
    """Return the numbers that R gave to boot: one dict an interval, and those of the ratio."""
    source = ParkMiller(told()["seed"])
    cases = []
    for case in told()["intervals"]:
        t = -np.log(source.uniform(case["B"]))
        se = 0.5 + source.uniform(case["B"])
        influence = -np.log(source.uniform(30))
        t[np.asarray(case["gaps"], dtype=int) - 1] = np.nan
        cases.append({**case, "t": t, "se": se, "influence": influence})
    a, b = source.uniform(12), 1 + source.uniform(12)
    return cases, (a, b)


def of(case, kind):
    return intervals(
        np.array([case["t0"]]),
        case["t"][:, None],
        kind=kind,
        level=case["conf"],
        acceleration=acceleration(case["influence"][:, None] - case["influence"].mean()),
        se=np.array([0.8]),
        resampled_se=case["se"][:, None],
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("which", range(5))
def test_limits_are_those_of_boot(which, kind):
    case = played()[0][which]
    found = of(case, kind)
    # R wrote fourteen digits.
    assert [found.lower[0], found.upper[0]] == pytest.approx(case[kind], rel=1e-11, abs=1e-12)
    assert found.n_used[0] == case["B"] - len(case["gaps"])


def test_extreme_limits_are_flagged_where_boot_warns():
    for case in played()[0]:
        flagged = any(of(case, kind).extreme[0] for kind in KINDS)
        assert flagged == case["extreme"]


def test_jackknife_values_are_those_of_boot():
    a, b = played()[1]
    without = np.array([(a.sum() - a[i]) / (b.sum() - b[i]) for i in range(12)])
    # boot's are not centred, and n times ours.
    theirs = np.asarray(told()["jackknife"])
    expected = (theirs - theirs.mean()) / 12
    assert from_jackknife(without[:, None])[:, 0] == pytest.approx(expected, rel=1e-10)


def test_acceleration_of_a_mean_is_a_sixth_of_its_skewness():
    x = np.random.default_rng(3).exponential(size=(80, 3)) ** [1, 2, 0.5]
    sixth = stats.skew(x) / 6 / np.sqrt(80)
    influence = x - x.mean(axis=0)
    assert acceleration(influence) == pytest.approx(sixth, rel=1e-12)
    without = (x.sum(axis=0) - x) / 79
    assert acceleration(from_jackknife(without)) == pytest.approx(sixth, rel=1e-10)
    assert acceleration(influence * 1e-150) == pytest.approx(sixth, rel=1e-12)


def test_acceleration_of_a_difference_of_means_is_a_sixth_of_its_skewness():
    # Two samples of unequal sizes: skewness of mean(x) - mean(y) from its third central moment.
    rng = np.random.default_rng(4)
    x, y = rng.exponential(size=20), rng.gamma(3.0, size=50)
    third = stats.moment(x, 3) / 20**2 - stats.moment(y, 3) / 50**2
    variance = x.var() / 20 + y.var() / 50
    without = np.concatenate([(x.sum() - x) / 19 - y.mean(), x.mean() - (y.sum() - y) / 49])
    found = acceleration(from_jackknife(without[:, None], np.repeat([0, 1], [20, 50])))
    assert found[0] == pytest.approx(third / variance**1.5 / 6, rel=1e-10)


def test_nothing_moves_a_fixed_parameter():
    assert acceleration(np.zeros((10, 2))).tolist() == [0.0, 0.0]


def test_bca_without_acceleration_is_bc():
    rng = np.random.default_rng(5)
    t = rng.standard_normal((300, 4))
    bc = intervals(np.full(4, 0.1), t, kind="bc")
    bca = intervals(np.full(4, 0.1), t, kind="bca", acceleration=np.zeros(4))
    assert np.array_equal(bc.lower, bca.lower)
    assert np.array_equal(bc.upper, bca.upper)


@pytest.mark.parametrize("kind", ["percentile", "bc", "bca"])
def test_transformation_respecting_intervals(kind):
    # The rank of a limit does not depend on the scale; interpolation between ranks does, so B + 1
    # and the level are such that percentiles fall on values; the others are compared by rank.
    t = np.random.default_rng(6).standard_normal((999, 1))
    a = np.array([0.05])
    plain = intervals(np.array([0.2]), t, kind=kind, level=0.9, acceleration=a)
    grown = intervals(np.exp([0.2]), np.exp(t), kind=kind, level=0.9, acceleration=a)
    ranks = [np.searchsorted(np.sort(t[:, 0]), end[0]) for end in (plain.lower, plain.upper)]
    again = [
        np.searchsorted(np.sort(np.exp(t[:, 0])), end[0]) for end in (grown.lower, grown.upper)
    ]
    assert ranks == again


@pytest.mark.parametrize("kind", KINDS)
def test_intervals_follow_scale_and_shift(kind):
    rng = np.random.default_rng(7)
    t, se = rng.standard_normal((200, 3)) + 1, 1 + rng.random((200, 3))
    options = {"kind": kind, "acceleration": np.full(3, 0.02)}
    one = intervals(np.ones(3), t, se=np.ones(3), resampled_se=se, **options)
    other = intervals(
        np.ones(3) * 5e6 + 3e6, t * 5e6 + 3e6, se=np.full(3, 5e6), resampled_se=se * 5e6, **options
    )
    assert other.lower == pytest.approx(one.lower * 5e6 + 3e6, rel=1e-9)
    assert other.upper == pytest.approx(one.upper * 5e6 + 3e6, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_resamples_and_of_parameters_does_not_matter(kind):
    rng = np.random.default_rng(8)
    t, se = rng.gamma(2.0, size=(150, 4)), 1 + rng.random((150, 4))
    t[rng.random((150, 4)) < 0.1] = np.nan
    places, columns = rng.permutation(150), np.array([2, 0, 3, 1])
    a, estimate = np.array([0.1, 0.0, -0.1, 0.05]), np.full(4, 1.7)
    one = intervals(estimate, t, kind=kind, acceleration=a, se=np.arange(1.0, 5.0), resampled_se=se)
    other = intervals(
        estimate,
        t[places][:, columns],
        kind=kind,
        acceleration=a[columns],
        se=np.arange(1.0, 5.0)[columns],
        resampled_se=se[places][:, columns],
    )
    assert other.lower == pytest.approx(one.lower[columns], rel=1e-13)
    assert other.upper == pytest.approx(one.upper[columns], rel=1e-13)
    assert np.array_equal(other.n_used, one.n_used[columns])


@pytest.mark.parametrize("kind", KINDS)
def test_failed_resamples_are_left_out_and_counted(kind):
    rng = np.random.default_rng(9)
    t, se = rng.standard_normal((120, 2)), 1 + rng.random((120, 2))
    more = np.full((160, 2), np.nan)
    more[::2][:60], more[1::2][:60] = t[:60], t[60:]
    more[125] = np.inf
    more_se = np.ones((160, 2))
    more_se[::2][:60], more_se[1::2][:60] = se[:60], se[60:]
    options = {"kind": kind, "acceleration": np.zeros(2), "se": np.ones(2)}
    whole = intervals(np.zeros(2), t, resampled_se=se, **options)
    holed = intervals(np.zeros(2), more, resampled_se=more_se, **options)
    assert holed.n_used.tolist() == [120, 120]
    assert holed.lower == pytest.approx(whole.lower, rel=1e-13)
    assert holed.upper == pytest.approx(whole.upper, rel=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fixed_parameter_is_its_value(kind):
    t = np.full((50, 2), 1.0)
    t[:, 1] += 1e-16 * np.arange(50)
    t[7] = np.nan
    found = intervals(
        np.ones(2),
        t,
        kind=kind,
        acceleration=np.zeros(2),
        se=np.zeros(2),
        resampled_se=np.zeros((50, 2)),
    )
    assert found.lower.tolist() == found.upper.tolist() == [1.0, 1.0]
    assert not found.undefined.any()
    assert not found.extreme.any()
    assert found.n_used.tolist() == [49, 49]
    assert found.remarks(["a", "b"]) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_no_interval_where_no_resample_has_a_value(kind):
    t = np.full((40, 2), np.nan)
    t[0, 1] = 3.0
    t[1, 1] = 4.0
    options = {"acceleration": np.zeros(2), "se": np.ones(2), "resampled_se": np.ones((40, 2))}
    found = intervals(np.array([1.0, 3.5]), t, kind=kind, **options)
    assert np.isnan([found.lower[0], found.upper[0]]).all()
    assert found.undefined.tolist() == [True, False]
    assert found.n_used.tolist() == [0, 2]
    assert "a ~ b" in found.remarks(["a ~ b", "c"])[-1]


@pytest.mark.parametrize("kind", ["bc", "bca"])
def test_no_correction_where_all_resamples_are_on_one_side(kind):
    t = np.random.default_rng(10).random((99, 1))
    found = intervals(np.array([-1.0]), t, kind=kind, acceleration=np.zeros(1))
    assert np.isnan([found.lower[0], found.upper[0]]).all()
    assert found.undefined[0]
    (remark,) = found.remarks(["x ~ y"])
    assert "on one side of the estimate" in remark


def test_an_acceleration_that_turns_the_limits_around_gives_no_interval():
    t = np.random.default_rng(11).standard_normal((999, 1))
    assert intervals(np.zeros(1), t, kind="bca", acceleration=np.array([0.6])).undefined[0]
    assert not intervals(np.zeros(1), t, kind="bca", acceleration=np.array([0.4])).undefined[0]


def test_outermost_resamples_are_flagged_in_words():
    t = np.random.default_rng(12).standard_normal((38, 1))
    found = intervals(np.zeros(1), t)
    assert found.extreme[0]
    assert found.lower[0] == t.min()
    assert found.upper[0] == t.max()
    assert found.remarks(["x ~ y"])[0].startswith(
        "95% limits of x ~ y are the outermost of 38 resamples: more resamples are needed"
        " (39 at least"
    )
    assert not intervals(np.zeros(1), np.random.default_rng(12).random((41, 1))).extreme[0]


def test_coverage_of_the_mean_of_normal_data():
    # The percentile interval of a mean is the normal one in large samples: 95 % cover the truth.
    # With 400 samples of 100 the share has a standard error of .011; 3.5 of them are allowed.
    rng = np.random.default_rng(13)
    data = rng.standard_normal((100, 400))
    weights = rng.multinomial(100, np.full(100, 0.01), size=999) / 100
    resampled = weights @ data
    for kind in ("percentile", "basic", "normal", "bc"):
        found = intervals(data.mean(axis=0), resampled, kind=kind)
        covered = ((found.lower <= 0) & (found.upper >= 0)).mean()
        assert 0.91 < covered < 0.99, kind


def test_quantiles_at_whole_ranks_are_the_values():
    values = Resampled.of(np.arange(1.0, 100.0)[::-1, None])
    alpha = np.array([[0.01, 0.05, 0.5, 0.95, 0.99, 0.001, 0.999, np.nan]])
    found, extreme = values.quantiles(alpha)
    expected = [1.0, 5.0, 50.0, 95.0, 99.0, 1.0, 99.0, np.nan]
    assert found[0] == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert extreme[0].tolist() == [True, False, False, False, True, True, True, False]


def test_spread_without_missing_values():
    rng = np.random.default_rng(14)
    values = rng.standard_normal((30, 2)) + 1e6
    holed = np.insert(values, [4, 9], np.nan, axis=0)
    mean, sd = mean_and_sd(holed)
    assert mean == pytest.approx(values.mean(axis=0), rel=1e-14)
    assert sd == pytest.approx(values.std(axis=0, ddof=1), rel=1e-9)
    assert np.isnan(mean_and_sd(np.full((3, 1), np.nan))).all()
    one = np.ones((5, 1))
    one[2] += 2e-16
    assert mean_and_sd(one)[1][0] == 0.0


def test_least_number_of_resamples():
    assert [least_resamples(level) for level in (0.5, 0.9, 0.95, 0.99, 0.999)] == [
        3,
        19,
        39,
        199,
        1999,
    ]


def test_bad_requests_are_refused_in_words():
    t = np.zeros((50, 1))
    with pytest.raises(ModelError, match=r"level lies between 0 and 1.*Write 0\.95 for 95 %"):
        check_level(95)
    with pytest.raises(ModelError, match="no bootstrap interval 'percentil'; did you mean"):
        intervals(np.zeros(1), t, kind="percentil")
    with pytest.raises(ModelError, match="'bca' interval needs the acceleration"):
        intervals(np.zeros(1), t, kind="bca")
    with pytest.raises(ModelError, match="studentized interval needs the standard errors"):
        intervals(np.zeros(1), t, kind="studentized", se=np.ones(1))
