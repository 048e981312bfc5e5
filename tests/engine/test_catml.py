"""The catML statistic and ordinary corrections of ordinal fits, against lavaan's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers.reference import case

from clustersem.engine.catml import OrdinalTerms, catml_baseline, catml_statistic
from clustersem.engine.corrections import scaled_shifted
from clustersem.engine.sandwich import sandwich
from clustersem.engine.ugamma import MomentTerms, trace_ugamma, trace_ugamma_squared
from clustersem.fit.scaled_indices import ordinal_robust_measures
from clustersem.moments.order import MomentOrder

NAMES = ["WLSMV", "ULSMV", "groups"]


def groups_of(name: str) -> list[OrdinalTerms]:
    told = case("catml")[name]
    parts = ("correlations", "implied", "delta", "weight", "gamma")
    order = MomentOrder((2,) * 6, has_means=False)
    return [
        OrdinalTerms(*(np.array(told[part][g]) for part in parts), order, told["n_obs"][g])
        for g in range(len(told["gamma"]))
    ]


@pytest.mark.parametrize("name", NAMES)
def test_scaled_shifted_and_standard_errors(name):
    told, groups = case("catml")[name], groups_of(name)
    terms = [MomentTerms(g.jacobian, g.weight, g.gamma, g.n_obs / 301) for g in groups]
    expected = told["tests"]["scaled.shifted"]
    test = scaled_shifted(
        told["tests"]["standard"]["stat"],
        told["tests"]["standard"]["df"],
        trace_ugamma(terms),
        trace_ugamma_squared(terms),
    )
    assert test.chisq == pytest.approx(expected["stat"], rel=1e-10)
    assert test.shift == pytest.approx(expected["shift.parameter"], rel=1e-10)
    bread, meat = (
        np.sum([t.share * getattr(t, part) for t in terms], axis=0) for part in ("bread", "meat")
    )
    se = np.sqrt(sandwich(bread, meat, 301 - len(terms)).diagonal())
    np.testing.assert_allclose(se, told["se"], rtol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_robust_measures(name):
    told, groups = case("catml")[name], groups_of(name)
    df, n_groups = told["tests"]["standard"]["df"], len(groups)
    ours = ordinal_robust_measures(
        catml_statistic(groups, df), catml_baseline(groups), 301, n_groups=n_groups
    )
    expected = told["measures"]
    # lavaan 0.6-14 divides n F by n less the number of groups.
    unit = math.sqrt(301 / (301 - n_groups))
    for key in ("rmsea_robust", "rmsea_ci_lower_robust", "rmsea_ci_upper_robust"):
        # Its bounds are found by bisection: a small one has five digits.
        wide = 1e-4 if "_ci_" in key else 1e-10
        assert ours[key] * unit == pytest.approx(expected[key], rel=wide), key
    if n_groups == 1:
        for key in ("cfi_robust", "tli_robust", "nnfi_robust", "rni_robust"):
            assert ours[key] == pytest.approx(expected[key], rel=1e-10), key


def test_a_sample_twice_is_two_groups_with_the_same_cfi():
    """Splitting a sample into two groups with the same moments must not change the CFI's limit."""
    (group,) = groups_of("WLSMV")
    n, m = 10_000.0, len(group.jacobian.T)
    zero = np.zeros_like(group.jacobian)
    of_first = np.hstack([group.jacobian, zero])
    of_second = np.hstack([zero, group.jacobian])
    twice = [
        OrdinalTerms(
            group.correlations, group.implied, j, group.weight, group.gamma, group.order, n
        )
        for j in (of_first, of_second)
    ]
    once = OrdinalTerms(
        group.correlations, group.implied, group.jacobian, group.weight, group.gamma, group.order, n
    )
    df = group.order.n_moments - m
    one, two = catml_statistic([once], df), catml_statistic(twice, 2 * df)
    assert two.chisq == pytest.approx(2 * one.chisq, rel=1e-10)
    assert two.scaling_factor == pytest.approx(one.scaling_factor, rel=1e-10)
    null_one, null_two = catml_baseline([once]), catml_baseline(twice)
    both = [
        ordinal_robust_measures(m, b, total, n_groups=g)["cfi_robust"]
        for m, b, total, g in ((one, null_one, n, 1), (two, null_two, 2 * n, 2))
    ]
    assert both[0] == pytest.approx(both[1], rel=1e-10)


def test_correlations_that_are_not_positive_definite_have_no_statistic():
    (group,) = groups_of("WLSMV")
    bad = np.array(group.correlations)
    bad[0, 1] = bad[1, 0] = 0.999
    bad[0, 2] = bad[2, 0] = -0.999
    bad[1, 2] = bad[2, 1] = 0.999
    terms = [
        OrdinalTerms(
            bad, group.implied, group.jacobian, group.weight, group.gamma, group.order, 301
        )
    ]
    assert math.isnan(catml_statistic(terms, 8).chisq)
    measures = ordinal_robust_measures(catml_statistic(terms, 8), catml_baseline(terms), 301)
    assert all(math.isnan(value) for value in measures.values()), measures
