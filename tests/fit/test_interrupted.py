"""Ctrl-C anywhere in a fit leaves nothing behind that the next fit could stumble over."""

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.reference import data

import clustersem as cs
from clustersem.errors import ClusterSemWarning

MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
CONSTRAINED = "visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + x5 + lower(0)*x6\na == 2*b\nc := a + b"


def gaps(frame):
    return frame.mask(np.random.default_rng(3).random(frame.shape) < 0.05)


def cut(frame):
    return frame.apply(lambda item: pd.qcut(item, 3, labels=False).astype(float))


ITEMS = [f"x{i}" for i in range(1, 7)]
CASES = {
    "plain": (MODEL, lambda frame: frame[ITEMS], {}),
    "constraints": (CONSTRAINED, lambda frame: frame[ITEMS], {}),
    "robust": (MODEL, lambda frame: frame[ITEMS], {"estimator": "MLR"}),
    "incomplete": (MODEL, lambda frame: gaps(frame[ITEMS]), {"missing": "ml"}),
    "ordinal": (MODEL, lambda frame: cut(frame[ITEMS]), {"ordered": True}),
    "groups": (MODEL, lambda frame: frame, {"group": "school", "group_equal": "loadings"}),
}
PLACES = 12
PACKAGE = str(Path(cs.__file__).parent)


@contextmanager
def watched(at=None):
    """Count calls of our functions; raise what Ctrl-C raises when there have been `at`.

    What is raised in a generator that is being thrown away cannot be caught by anybody.
    """
    seen = [0]

    def watch(frame, event, _):
        code = frame.f_code
        is_ours = code.co_filename.startswith(PACKAGE) and not code.co_flags & inspect.CO_GENERATOR
        if event == "call" and is_ours:
            seen[0] += 1
            if seen[0] == at:
                raise KeyboardInterrupt

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield seen
    finally:
        sys.setprofile(before)


def forget():
    """Empty every cache of the package."""
    for name, module in list(sys.modules.items()):
        if name.startswith("clustersem"):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()


def read(fit):
    """Every number that is worked out when it is first read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        return fit.estimates, dict(fit.measures), fit.modification_indices()


def assert_same(one, other):
    pd.testing.assert_frame_equal(one[0], other[0], check_exact=True)
    np.testing.assert_array_equal(list(one[1].values()), list(other[1].values()))
    pd.testing.assert_frame_equal(one[2], other[2], check_exact=True)


@pytest.mark.parametrize("name", CASES)
def test_a_fit_after_an_interrupted_one_is_the_same(name):
    model, prepare, options = CASES[name]
    answers = prepare(data("holzinger1939"))
    before = answers.copy(deep=True)

    def fitted():
        return cs.sem(model, answers, **options)

    expected = read(fitted())  # all that is loaded when it is needed is there now
    forget()
    with watched() as calls:
        fitted()
    state, filters = np.geterr(), list(warnings.filters)
    places = np.linspace(1, calls[0], PLACES).astype(int)
    for place in places:
        forget()
        with pytest.raises(KeyboardInterrupt), watched(at=place):
            fitted()
        assert np.geterr() == state
        assert warnings.filters == filters
        assert_same(read(fitted()), expected)
    pd.testing.assert_frame_equal(answers, before)


@pytest.mark.parametrize("name", CASES)
def test_what_is_read_again_after_an_interrupt_is_the_same(name):
    model, prepare, options = CASES[name]
    answers = prepare(data("holzinger1939"))
    expected = read(cs.sem(model, answers, **options))
    with watched() as calls:
        read(cs.sem(model, answers, **options))
    for place in np.linspace(1, calls[0], PLACES).astype(int):
        fit = cs.sem(model, answers, **options)
        try:
            with watched(at=place):
                read(fit)
        except KeyboardInterrupt:
            assert_same(read(fit), expected)
