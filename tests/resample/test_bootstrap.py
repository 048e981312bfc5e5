"""The bootstrap as a user meets it: reproducible, bounded, and plain about what went wrong."""

from __future__ import annotations

import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.resamples import CLOSE, fitted, frame_of, ordinal, refitted, school

import clustersem as cs
from clustersem.errors import DataError, EstimationError, UnsupportedError
from clustersem.resample import bootstrap as module
from clustersem.resample.batches import Finished
from clustersem.resample.plans import ordinary, strata_of
from clustersem.resample.streams import BATCH, stream

BOTH_WAYS = ["defined", "GLS"]


def test_it_is_the_plan_that_is_fitted():
    fit = fitted("structural")
    boot = cs.bootstrap(fit, 4, seed=11)
    (draws,) = ordinary(fit.samples, cluster=False).draw(stream(11, 0), 4)
    by_rows = cs.bootstrap(fit, indices=draws.indices)
    np.testing.assert_allclose(boot.theta, by_rows.theta, rtol=1e-12)


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_the_same_seed_gives_the_same_whatever_the_processes(name):
    fit = fitted(name)
    n = BATCH + 5
    one, two = (cs.bootstrap(fit, n, seed=2, n_jobs=jobs, progress=False) for jobs in (1, 2))
    np.testing.assert_array_equal(one.theta, two.theta)
    np.testing.assert_array_equal(one.chisq, two.chisq)
    other = cs.bootstrap(fit, 5, seed=3)
    assert not np.isclose(other.theta, one.theta[:5]).any()


def test_a_seed_that_is_drawn_is_kept():
    fit = fitted("cfa")
    boot = cs.bootstrap(fit, 3)
    np.testing.assert_array_equal(cs.bootstrap(fit, 3, seed=boot.seed).theta, boot.theta)


def test_asking_for_more_changes_none_of_the_first():
    fit = fitted("cfa")
    some, more = (cs.bootstrap(fit, n, seed=4).theta for n in (BATCH, BATCH + 30))
    np.testing.assert_array_equal(more[:BATCH], some)


def test_drawing_in_parts_draws_the_same(monkeypatch):
    fit = fitted("groups")
    whole = cs.bootstrap(fit, 30, seed=5)
    monkeypatch.setattr(module, "LARGEST", 8 * len(school()) * 7)  # seven resamples at a time
    parts = cs.bootstrap(fit, 30, seed=5)
    # Batches of other sizes are summed in another order: rounding.
    np.testing.assert_allclose(parts.theta, whole.theta, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("studentized", [False, True])
def test_what_was_interrupted_is_gone_on_with(studentized, monkeypatch):
    fit, n = fitted("cfa"), 2 * BATCH + 10
    options = {"seed": 6, "studentized": studentized, "progress": False}
    whole = cs.bootstrap(fit, n, **options)
    work = module.Resampling.__call__

    def interrupted(self, batch):
        if batch == 1:
            raise KeyboardInterrupt
        return work(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(module.Resampling, "__call__", interrupted)
        part = cs.bootstrap(fit, n, **options)
    assert part.stopped
    assert part.counts["done"] == BATCH < part.counts["asked"] == n
    assert "of 210" in part.summary()
    gone_on = cs.bootstrap(fit, n, studentized=studentized, resume=part)
    assert not gone_on.stopped
    np.testing.assert_array_equal(gone_on.theta, whole.theta)
    kind = "studentized" if studentized else "percentile"
    pd.testing.assert_frame_equal(gone_on.intervals(kind), whole.intervals(kind))


def test_nothing_is_drawn_again_that_is_done(monkeypatch):
    whole = cs.bootstrap(fitted("cfa"), BATCH, seed=6)
    monkeypatch.setattr(module.Resampling, "__call__", None)
    again = cs.bootstrap(fitted("cfa"), BATCH, resume=whole)
    np.testing.assert_array_equal(again.theta, whole.theta)


def test_resumes_of_something_else_are_refused():
    fit = fitted("cfa")
    part = cs.bootstrap(fit, 5, seed=1)
    for options, said in (
        ({"n": 6}, "of n=5, and this one has 6"),
        ({"n": 5, "seed": 2}, "of seed=1, and this one has 2"),
        ({"n": 5, "type": "bollen-stine"}, "of type='ordinary', and this one has 'bollen-stine'"),
        ({"n": 5, "studentized": True}, "another bootstrap: of another model"),
    ):
        with pytest.raises(DataError, match=said):
            cs.bootstrap(fit, resume=part, **options)
    with pytest.raises(DataError, match="another bootstrap: of another model"):
        cs.bootstrap(fitted("structural"), 5, resume=part)


def test_none_finished_says_so():
    boot = cs.bootstrap(fitted("cfa"), 3, seed=1)
    nothing = replace(boot, finished=Finished((), 1, "It was interrupted."))
    with pytest.raises(EstimationError, match=r"no batch of resamples was finished\. It was"):
        _ = nothing.theta


def test_every_ending_is_counted():
    rng = np.random.default_rng(0)
    f = rng.standard_normal(40)
    frame = pd.DataFrame(f[:, None] + rng.standard_normal((40, 3)), columns=["a", "b", "c"])
    frame["rare"] = np.where(np.arange(40) == 17, 1.0, 0.0)
    fit = cs.sem("f =~ a + b + c; rare ~ f", frame)
    n = BATCH
    boot = cs.bootstrap(fit, n, seed=8)
    (draws,) = ordinary(fit.samples, cluster=False).draw(stream(8, 0), n)
    constant = draws.counts[:, 17] == 0
    counts = boot.counts
    assert counts["no_moments"] == constant.sum() > 10
    ends = counts[["converged", "not_converged", "no_moments"]]
    assert counts["asked"] == counts["done"] == n == ends.sum()
    assert counts["converged"] == np.isfinite(boot.theta).all(axis=1).sum()
    assert np.isnan(boot.theta[constant]).all()
    assert np.isnan(boot.resamples("std_all").to_numpy()[constant]).all()
    admissible = np.array([(boot.resamples().filter(like="~~").to_numpy() >= 0).all(axis=1)])
    assert counts["inadmissible"] == (~admissible & boot._all.refits.converged).sum()
    table = boot.intervals()
    assert (table["n_used"] == counts["converged"]).all()
    assert "nothing to fit" in str(boot)
    used = boot.intervals(admissible_only=True, level=0.8)["n_used"]
    assert (used == counts["converged"] - counts["inadmissible"]).all()


def test_se_bias_and_percentiles_are_those_of_the_resamples():
    fit = fitted("defined")
    boot = cs.bootstrap(fit, 199, seed=10)
    for of in ("est", "std_all", "effects"):
        table, values = boot.intervals(of=of), boot.resamples(of).to_numpy()
        np.testing.assert_allclose(table["se"], values.std(axis=0, ddof=1), atol=1e-12)
        np.testing.assert_allclose(table["bias"], values.mean(axis=0) - table["est"], atol=1e-12)
        # (B + 1) alpha is a whole number: the 5th and the 195th of 199.
        ranked = np.sort(values, axis=0)
        np.testing.assert_allclose(table["ci_lower"], ranked[4], rtol=1e-10)
        np.testing.assert_allclose(table["ci_upper"], ranked[194], rtol=1e-10)
    free = fit.estimates["se"].to_numpy() > 0
    free[-2:] = False
    vcov = boot.vcov()
    np.testing.assert_allclose(
        np.sqrt(vcov.to_numpy().diagonal()), boot.intervals()["se"][free], rtol=1e-10
    )
    # Some answers are far from normal, most are not.
    ratio = boot.intervals()["se"][free] / fit.estimates["se"][free]
    assert 0.8 < np.median(ratio) < 1.25


@pytest.mark.parametrize("name", ["structural", "MLR", "GLS"])
def test_studentized_intervals_have_the_errors_of_the_estimator(name):
    fit = fitted(name)
    boot = cs.bootstrap(fit, 60, seed=12, studentized=True)
    table = boot.intervals("studentized")
    free = fit.estimates["se"].to_numpy() > 0
    inside = (table["ci_lower"] < table["est"]) & (table["est"] < table["ci_upper"])
    assert inside[free].all()
    # By hand: est - t se, t from the resamples.
    row = int(np.flatnonzero(free)[0])
    values = boot.resamples().to_numpy()[:, row]
    est, se = fit.estimates["est"][row], fit.estimates["se"][row]
    t = (values - est) / boot._all.errors["est"][:, row]
    low, high = est - np.quantile(t, [0.9, 0.1]) * se
    table = boot.intervals("studentized", level=0.8)
    # The quantiles are not interpolated alike; with 60 resamples that is a tenth of an error.
    assert table["ci_lower"][row] == pytest.approx(low, abs=0.15 * se)
    assert table["ci_upper"][row] == pytest.approx(high, abs=0.15 * se)


def test_clusters_are_drawn_whole():
    fit = fitted("clusters")
    boot = cs.bootstrap(fit, 20, seed=13)
    (draws,) = ordinary(fit.samples, cluster=True).draw(stream(13, 0), 20)
    for b in (0, 19):
        rows = draws.indices[b][draws.indices[b] >= 0]
        alone = refitted("clusters", frame_of("clusters").iloc[rows].reset_index(drop=True))
        se = np.sqrt(fit.vcov_theta.diagonal())
        assert (np.abs(boot.theta[b] - alone.theta) / se).max() < CLOSE


def test_strata_are_drawn_from_apart():
    sex = school()["sex"]
    fit = fitted("cfa")
    boot = cs.bootstrap(fit, 3, seed=1, strata=sex)
    plan = ordinary(fit.samples, cluster=False, strata=strata_of(fit.samples, sex))
    (draws,) = plan.draw(stream(1, 0), 3)
    np.testing.assert_array_equal(draws.counts[:, sex == 1].sum(axis=1), (sex == 1).sum())
    by_rows = cs.bootstrap(fit, indices=draws.indices)
    np.testing.assert_allclose(boot.theta, by_rows.theta, rtol=1e-12)


def test_memory_does_not_grow_with_the_number_of_resamples():
    fit = fitted("path")
    cs.bootstrap(fit, 3, seed=1)
    peaks = []
    for n in (2 * BATCH, 10 * BATCH):
        tracemalloc.start()
        boot = cs.bootstrap(fit, n, seed=1)
        peaks.append(tracemalloc.get_traced_memory()[1] - boot.theta.nbytes * 2)
        tracemalloc.stop()
    # What a batch needs is needed once; only estimates are kept, twice while they are put together.
    assert peaks[1] < 1.3 * peaks[0]


def test_it_travels():
    boot = cs.bootstrap(fitted("defined"), 60, seed=1, studentized=True)
    again = pickle.loads(pickle.dumps(boot))
    pd.testing.assert_frame_equal(again.intervals("studentized"), boot.intervals("studentized"))
    assert repr(again) == repr(boot)


@pytest.mark.parametrize("n", [0, -5, 2.5, "many", None, True])
def test_a_number_of_resamples_that_is_none(n):
    with pytest.raises(DataError, match="the number of resamples is a whole number, 1 or more"):
        cs.bootstrap(fitted("cfa"), n)


@pytest.mark.parametrize("n_jobs", [0, 1.5, "all"])
def test_a_number_of_processes_that_is_none(n_jobs):
    with pytest.raises(UnsupportedError, match=r"n_jobs=.*: write how many processes share"):
        cs.bootstrap(fitted("cfa"), 3, n_jobs=n_jobs)


def test_what_cannot_be_resampled_is_said_in_words():
    frame = school()
    from_cov = cs.cfa("f =~ x4 + x5 + x6", cov=frame[["x4", "x5", "x6"]].cov(), n_obs=301)
    with pytest.raises(DataError, match="there are no answers to resample"):
        cs.bootstrap(from_cov, 3)
    with pytest.raises(UnsupportedError, match="a bootstrap is 'ordinary' or 'bollen-stine'"):
        cs.bootstrap(fitted("cfa"), 3, type="bayesian")
    with pytest.raises(UnsupportedError, match=r"(?i)bollen-stine|ordinal"):
        cs.bootstrap(fitted("WLSMV"), 3, type="bollen-stine")
    with pytest.raises(DataError, match="leave strata= out"):
        cs.bootstrap(fitted("cfa"), indices=np.zeros((2, 301), int), strata=frame["sex"])
    with pytest.raises(UnsupportedError, match="'torch:cuda' and 'cupy'"):
        cs.bootstrap(fitted("cfa"), 3, device="cuda")
    stuck = replace(fitted("cfa"), status=replace(fitted("cfa").status, code="iteration_limit"))
    with pytest.raises(EstimationError, match="there is nothing to start from"):
        cs.bootstrap(stuck, 3)


def test_what_a_bootstrap_does_not_have_is_said_in_words():
    boot = cs.bootstrap(fitted("cfa"), 3, seed=1)
    with pytest.raises(UnsupportedError, match="ordinary resamples say nothing of the test of fit"):
        _ = boot.fit_test
    with pytest.raises(UnsupportedError, match="standard errors of every resample"):
        boot.intervals("studentized")
    null = cs.bootstrap(fitted("cfa"), 20, seed=1, type="bollen-stine")
    with pytest.raises(UnsupportedError, match="not for intervals"):
        null.intervals()
    assert 0.0 < null.fit_test.p_value <= 1.0
    assert "Resamples above it" in str(null)


def test_ordinal_answers_are_resampled_and_empty_categories_counted():
    frame = ordinal().iloc[:120].copy()
    frame["o1"] = np.where(np.arange(120) < 2, 3, np.where(frame["o1"] == 3, 2, frame["o1"]))
    fit = cs.sem("f =~ o1 + o2 + o3 + o4", frame, ordered=True)
    boot = cs.bootstrap(fit, 30, seed=2)
    (draws,) = ordinary(fit.samples, cluster=False).draw(stream(2, 0), 30)
    empty = (draws.counts[:, :2] == 0).all(axis=1)
    assert 0 < empty.sum() == boot.counts["no_moments"]


def test_pairs_of_answers_are_resampled_with_their_rows():
    rng = np.random.default_rng(12)
    f = rng.standard_normal(150)
    answers = pd.DataFrame({f"x{k}": f + rng.standard_normal(150) for k in range(4)})
    answers = answers.mask(rng.random(answers.shape) < 0.05)
    fit = cs.cfa("f =~ x0 + x1 + x2 + x3", answers, missing="pairwise")
    rows = [rng.integers(150, size=150) for _ in range(3)]
    boot = cs.bootstrap(fit, 3, indices=rows, seed=1)
    for place, drawn in enumerate(rows):
        again = cs.cfa("f =~ x0 + x1 + x2 + x3", answers.iloc[drawn], missing="pairwise")
        np.testing.assert_allclose(boot.theta[place], again.theta, rtol=CLOSE, atol=CLOSE)
