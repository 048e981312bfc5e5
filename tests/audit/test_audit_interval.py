"""Interval arithmetic contains every result that the rounded numbers allow."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustersem.audit.interval import SLACK, Interval

ends = st.tuples(st.floats(-50, 50), st.floats(-50, 50)).map(sorted)
share = st.floats(0, 1)


def inside(interval, where):
    value = interval.lower + where * (interval.upper - interval.lower)
    return min(max(value, interval.lower), interval.upper)


@given(ends, ends, share, share)
def test_operations_contain_the_operations_on_members(a, b, s, t):
    one, two = Interval(*a), Interval(*b)
    x, y = inside(one, s), inside(two, t)
    slack = 1e-9  # rounding of doubles of size up to 2500
    for result, value in (
        (one + two, x + y),
        (one - two, x - y),
        (one * two, x * y),
        *(((one / two, x / y),) if min(map(abs, b)) > 0.1 and b[0] * b[1] > 0 else ()),
    ):
        assert result.lower - slack <= value <= result.upper + slack


@given(st.integers(-9999, 9999))
def test_printed_interval_holds_what_rounds_to_it_and_no_more(thousandths):
    value = thousandths / 1000
    interval = Interval.printed(value, decimals=3)
    inward = 2e-3 * SLACK  # the slack that halves are given, and as much again
    assert round(interval.lower + inward, 3) == pytest.approx(value, abs=1e-12)
    assert round(interval.upper - inward, 3) == pytest.approx(value, abs=1e-12)
    assert round(interval.upper + inward, 3) != pytest.approx(value, abs=1e-12)


def test_division_by_an_interval_with_zero_is_refused():
    with pytest.raises(ZeroDivisionError):
        Interval(1, 2) / Interval(-1, 1)


def test_ends_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="lower <= upper"):
        Interval(2, 1)


def test_square_root_and_overlap():
    assert Interval(-1.0, 4.0).sqrt() == Interval(0.0, 2.0)
    assert Interval(0, 1).overlaps(Interval(1, 2))
    assert not Interval(0, 1).overlaps(Interval(math.nextafter(1, 2), 2))


def test_unbounded_ends_and_squares():
    assert Interval(0.0, math.inf) * 0.0 == Interval(0.0, 0.0)
    assert Interval(-2.0, 1.0).square() == Interval(0.0, 4.0)
    assert abs(Interval(-2.0, 1.0)) == Interval(0.0, 2.0)
    assert Interval(0.0, 1.0).log() == Interval(-math.inf, 0.0)
    with pytest.raises(ValueError, match="no logarithm"):
        Interval(-1.0, 0.0).log()


def test_what_two_have_in_common():
    assert Interval(0, 2).intersection(Interval(1, 3)) == Interval(1, 2)
    assert Interval(0, 1).intersection(Interval(2, 3)) is None
    assert Interval.hull([Interval(0, 1), Interval(2, 3)]) == Interval(0, 3)
    assert Interval(-3, 3).clipped(0, 1) == Interval(0, 1)
