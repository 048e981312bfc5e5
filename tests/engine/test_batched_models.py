"""The batched discrepancy of fitted models: what users write, on the moments of other samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.batched import batch_of, check_against_one, check_differences
from helpers.reference import data

import clustersem as cs
from clustersem.fit.discrepancies import objective_of
from clustersem.moments.resampled import resampled
from clustersem.resample.refit import Refitter


def _hs():
    return data("holzinger1939")


def _more():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.standard_normal((150, 3)), columns=["x", "z", "w"])
    frame["y"] = 0.5 * frame["x"] + rng.standard_normal(150)
    frame["m"] = 0.4 * frame["y"] + 0.3 * frame["w"] + rng.standard_normal(150)
    return frame


MODELS = {
    "cfa": lambda: cs.cfa("f =~ x1 + x2 + x3; g =~ x4 + x5 + x6", _hs()),
    "structural": lambda: cs.sem("f =~ x1 + x2 + x3; g =~ x4 + x5 + x6; g ~ f; x2 ~~ x5", _hs()),
    "equal labels": lambda: cs.sem("f =~ x1 + a*x2 + a*x3; g =~ x4 + a*x5 + x6", _hs()),
    "means": lambda: cs.cfa("f =~ x4 + x5 + x6; x4 ~ c*1; x6 ~ c*1", _hs(), meanstructure=True),
    "growth": lambda: cs.growth(
        "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4; s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4; i ~ x1; s ~ x1",
        data("demo_growth"),
    ),
    "groups": lambda: cs.cfa(
        "f =~ x1 + x2 + x3; g =~ x4 + x5 + x6", _hs(), group="school", group_equal=["loadings"]
    ),
    "fixed covariates": lambda: cs.sem(
        "f =~ x1 + x2 + x3; f ~ ageyr + grade; x3 ~ grade", _hs().dropna(), meanstructure=True
    ),
    "nonrecursive": lambda: cs.sem("y ~ m + x; m ~ y + w + z; y ~~ m", _more()),
    "path": lambda: cs.sem("y ~ x + z; m ~ y + w", _more()),
    "any order": lambda: cs.sem("x2 ~~ x5; g ~ f; g =~ x4 + x5 + x6; f =~ x1 + x2 + x3", _hs()),
}


@pytest.mark.parametrize("library", ["numpy", "array_api_strict"])
@pytest.mark.parametrize("name", list(MODELS))
def test_a_batch_of_resamples_gives_what_each_gives_alone(name, library):
    fit = MODELS[name]()
    refitter = Refitter.of(fit)
    rng = np.random.default_rng(4)
    drawn = [
        [resampled(own, rng.integers(0, own.n_rows, own.n_rows)) for own in fit.samples]
        for _ in range(3)
    ]
    # The structures of the resamples, whose fixed covariates have other moments.
    alone = tuple(
        objective_of(fit.spec, fit.layout, tuple(samples), fit.options) for samples in drawn
    )
    errors = np.sqrt(fit.vcov_theta.diagonal())
    batch = batch_of(
        refitter.models,
        refitter.sampled,
        [block.share for block in fit.objective.blocks],
        [[block.discrepancy for block in objective.blocks] for objective in alone],
        fit.theta + 0.2 * errors * rng.standard_normal((3, len(errors))),
        library,
    )
    batch = replace(batch, alone=alone)
    check_against_one(batch)
    if library == "numpy":
        check_differences(batch)


@pytest.mark.parametrize("library", ["numpy", "array_api_strict"])
def test_a_loop_that_does_not_settle_costs_no_other(library):
    fit = cs.sem("y ~ b*m + x; m ~ c*y + w + z; y ~~ m", _more())
    refitter = Refitter.of(fit)
    theta = np.tile(fit.theta, (3, 1))
    names = list(fit.vcov.index)
    theta[1, [names.index("b"), names.index("c")]] = 2.0, 0.5  # I - A is exactly singular
    own = [[block.discrepancy for block in fit.objective.blocks]]
    batch = batch_of(refitter.models, refitter.sampled, [1.0], own * 3, theta, library)
    f = batch.values("f")
    assert f[1] == np.inf
    np.testing.assert_allclose(f[[0, 2]], fit.state.f, rtol=1e-10)
