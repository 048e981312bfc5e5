"""Simulated powers: against noncentral distributions, single fits, and themselves."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

import clustersem as cs
from clustersem.errors import AdmissibilityWarning, ModelError, UnsupportedError
from clustersem.resample.batches import Finished
from clustersem.resample.power.claims import wilson
from clustersem.resample.power.laboratory import InBatches, OneByOne, laboratory_of
from clustersem.resample.power.plan import plan_of
from clustersem.resample.power.prepared import prepare
from clustersem.resample.power.quantities import AllChains, Chain, estimates_of
from clustersem.resample.power.search import Counts, crossing, search
from clustersem.resample.power.targets import targets_of
from clustersem.resample.refits import CONVERGED, NOT_CONVERGED, Moments, moments_of
from clustersem.resample.streams import stream

MEDIATION = "M ~ 0.3*X; Y ~ 0.25*M + 0.1*X; X ~~ 1*X; M ~~ 0.91*M; Y ~~ 0.9*Y"
LATENT = """
    Trust =~ 0.8*t1 + 0.7*t2 + 0.7*t3
    Ease  =~ 0.8*e1 + 0.8*e2 + 0.6*e3
    Trust ~ 0.3*Ease
"""
TARGETS = ["H1: M ~ X, +", "H2: Y ~ M, -", "Y ~ X", "indirect: X -> M -> Y"]


@pytest.fixture(scope="module")
def power():
    return cs.power(MEDIATION, TARGETS, n=[60, 150], n_replications=1000, seed=5)


# -- the numbers ---------------------------------------------------------------------------------


def test_simulated_and_noncentral_powers_agree(power):
    """Of paths in a regression of observed variables the normal theory is nearly exact at 150."""
    at = power.table[power.table["n"] == 150].set_index("id")
    theory = cs.power(MEDIATION, TARGETS, n=150, method="analytic").table.set_index("id")
    for name in ("H1", "Y ~ X"):
        # 3.5 standard errors of a share of 1000, and what chi2 and z differ by at this n.
        limit = 3.5 * np.sqrt(0.25 / 1000) + 0.01
        assert at.loc[name, "power"] == pytest.approx(theory.loc[name, "power"], abs=limit)


def test_the_wrong_expectation_is_contradicted_not_supported(power):
    row = power.table.set_index(["id", "n"]).loc["H2", 150]
    assert row["power"] < 0.01
    assert row["contradicted"] > 0.7


def test_bias_and_coverage_are_those_of_an_unbiased_estimator(power):
    rows = power.table[power.table["id"] != "indirect: X -> M -> Y"]
    # Four standard errors of a mean of 1000.
    assert (rows["bias"].abs() < 4 * rows["sd_est"] / np.sqrt(1000)).all()
    # Standard errors with divisor n are too small by about 2 / n; the spread of 1000 adds 2.2 %.
    assert (rows["mean_se"] / rows["sd_est"] - 1).abs().max() < 0.1
    # Four standard errors of a coverage near 94 %.
    assert rows["coverage"].between(0.94 - 0.03, 0.95 + 0.03).all()
    assert np.allclose(rows["rel_bias"], rows["bias"] / rows["population"])


def test_monte_carlo_errors(power):
    row = power.table.iloc[0]
    p = row["power"]
    assert row["power_se"] == pytest.approx(np.sqrt(p * (1 - p) / 1000))
    assert row["power_ci_lower"] < p < row["power_ci_upper"]


def test_wilson():
    # Brown, Cai and DasGupta (2001): the bounds solve |p - share| = z sqrt(p (1 - p) / n).
    low, high = wilson(7, 20)
    for bound in (low, high):
        assert abs(bound - 0.35) == pytest.approx(
            1.959963984540054 * np.sqrt(bound * (1 - bound) / 20)
        )
    assert wilson(0, 20)[0] == 0.0
    assert wilson(20, 20)[1] == 1.0


def test_batches_and_single_fits_are_the_same():
    plan = plan_of(LATENT, standardized=True)
    fast = laboratory_of(plan.generators, plan.fit, plan.options)
    assert isinstance(fast, InBatches)
    rng = np.random.default_rng(3)
    cov, _ = plan.generators[0].moments(rng, 120, 5)
    found = fast.work([np.random.default_rng(3)], [120], 5)
    names = list(plan.populations[0].names)
    for b in range(5):
        one = cs.sem(plan.fit.spec, cov=pd.DataFrame(cov[b] * 120 / 119, names, names), n_obs=120)
        assert found.theta[b] == pytest.approx(one.theta, rel=1e-6)
        assert found.vcov[b] == pytest.approx(one.vcov_theta, rel=1e-5, abs=1e-9)
        assert found.chisq[b] == pytest.approx(one.measures["chisq"], rel=1e-6)


def test_effects_in_batches_are_those_of_the_fit():
    plan = plan_of(MEDIATION)
    asked = targets_of(["indirect: X -> M -> Y", "indirect: X -> Y", "total: X -> Y"], plan.fit)
    assert [type(q) for q in asked.quantities] == [Chain, AllChains, AllChains]
    rng = np.random.default_rng(1)
    theta = plan.fit.theta + 0.1 * rng.normal(size=(4, len(plan.fit.theta)))
    for quantity in asked.quantities:
        _, slopes = quantity.at(theta)
        for j in range(theta.shape[1]):
            step = np.zeros_like(theta)
            step[:, j] = 1e-6
            difference = (quantity.at(theta + step)[0] - quantity.at(theta - step)[0]) / 2e-6
            assert slopes[:, j] == pytest.approx(difference, abs=1e-8)
    table = plan.fit.effects().between("X", "Y").set_index("kind")
    est, se = estimates_of(asked.quantities, plan.fit.theta[None], plan.fit.vcov_theta[None])
    wanted = table.loc[["specific", "indirect", "total"]]
    assert est[0] == pytest.approx(wanted["est"].to_numpy(), rel=1e-10)
    assert se[0] == pytest.approx(wanted["se"].to_numpy(), rel=1e-10)


def test_a_loop_without_an_end_has_no_effect():
    plan = plan_of(MEDIATION)
    total = targets_of("total: X -> Y", plan.fit).quantities[0]
    theta = np.vstack([plan.fit.theta, np.full(len(plan.fit.theta), np.nan)])
    value, slopes = total.at(theta)
    assert np.isfinite(value[0])
    assert np.isnan(value[1])
    assert slopes.shape == theta.shape


# -- the joint test ------------------------------------------------------------------------------


def test_the_joint_test_needs_every_path():
    found = cs.power(
        MEDIATION, "indirect: X -> M -> Y", n=100, n_replications=300, seed=2, joint=True
    )
    paths = cs.power(MEDIATION, ["M ~ X", "Y ~ M"], n=100, n_replications=300, seed=2)
    both = (paths.replications[0].p_value < 0.05).all(axis=1)
    assert found.table["power"][0] == pytest.approx(both.mean())
    product = cs.power(MEDIATION, "indirect: X -> M -> Y", n=100, n_replications=300, seed=2)
    # Fritz and MacKinnon (2007): the z test of the product has less power.
    assert product.table["power"][0] < found.table["power"][0]


@pytest.mark.parametrize(
    ("path", "joint", "n"), [(0.14, False, 667), (0.14, True, 530), (0.39, False, 90)]
)
def test_published_sizes_have_the_published_power(path, joint, n):
    """Fritz and MacKinnon (2007), Table 3: sizes with a power of .8, no direct effect."""
    text = f"M ~ {path}*X; Y ~ {path}*M + 0*X; X ~~ 1*X; M ~~ 1*M; Y ~~ 1*Y"
    chain = "indirect: X -> M -> Y"
    found = cs.power(text, chain, n=n, n_replications=4000, seed=1, joint=joint)
    # Four standard errors of 4000; theirs are t tests with n - k in place of n, which at 90 lets a
    # percentage point more pass here.
    assert found.table["power"][0] == pytest.approx(0.8, abs=0.025 + 0.01 * (n < 100))


# -- seeds ---------------------------------------------------------------------------------------


def test_the_same_seed_whatever_else_is_asked_for(power):
    again = cs.power(MEDIATION, TARGETS, n=150, n_replications=1000, seed=5)
    alone = power.table[power.table["n"] == 150].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.table, alone)
    other = cs.power(MEDIATION, TARGETS, n=150, n_replications=100, seed=6)
    assert not np.array_equal(other.replications[0].est, again.replications[0].est[:100])
    first = cs.power(MEDIATION, TARGETS, n=150, n_replications=100, seed=5)
    assert np.array_equal(first.replications[0].est, again.replications[0].est[:100])


def test_a_seed_that_was_drawn_repeats_the_run():
    first = cs.power(MEDIATION, "M ~ X", n=60, n_replications=20)
    again = cs.power(MEDIATION, "M ~ X", n=60, n_replications=20, seed=first.seed)
    assert np.array_equal(first.replications[0].est, again.replications[0].est)


# -- what does not converge ----------------------------------------------------------------------

WEAK = """
    f =~ 0.3*a + 0.3*b + 0.3*c
    g =~ 0.7*x + 0.7*y + 0.7*z
    g ~ 0.3*f
"""


def test_what_does_not_converge_counts_as_not_supported():
    found = cs.power(WEAK, n=40, n_replications=50, seed=1, standardized=True)
    counts = found.convergence.iloc[0]
    assert counts["n_replications"] == 50
    assert 0 < counts["converged"] < 50
    assert counts["converged"] + counts["not_converged"] + counts["no_moments"] == 50
    row = found.table.iloc[0]
    hits = row["power"] * 50
    assert row["power_converged"] == pytest.approx(hits / counts["converged"])
    assert np.isnan(found.replications[0].est[~found.replications[0].converged]).all()
    assert "did not converge" in found.summary()
    assert "Heywood" in found.summary()


def test_a_second_attempt_finds_what_a_fit_finds():
    """Of the samples that a batch brings to no end some have a minimum, and sem() finds it."""
    plan = plan_of(WEAK, standardized=True)
    fast = laboratory_of(plan.generators, plan.fit, plan.options)
    cov, mean = plan.generators[0].moments(stream(1, 0), 40, 30)
    first = fast.refitter.from_moments([Moments(cov, mean, 40)])
    found = fast.work([stream(1, 0)], [40], 30)
    again = np.flatnonzero((first.code == NOT_CONVERGED) & (found.code == CONVERGED))
    assert len(again)
    names = list(plan.populations[0].names)
    for b in again[:3]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AdmissibilityWarning)
            one = cs.sem(plan.fit.spec, cov=pd.DataFrame(cov[b] * 40 / 39, names, names), n_obs=40)
        assert one.converged
        assert found.chisq[b] == pytest.approx(one.measures["chisq"], rel=1e-6)


def test_an_interrupt_returns_what_is_done(monkeypatch):
    from clustersem.resample.power import simulation

    def stopped(study, n_batches, **_):
        return Finished(((0, study(0)),), n_batches, "Interrupted after 1 of 4 batches.")

    monkeypatch.setattr(simulation, "run_batches", stopped)
    found = cs.power(MEDIATION, "M ~ X", n=[60, 90], n_replications=200, seed=1)
    assert found.table[["n", "n_replications"]].to_numpy().tolist() == [[60, 100]]
    assert "Interrupted after 1 of 4" in found.summary()


# -- other data, other estimators ----------------------------------------------------------------


def test_likert_answers_cost_power():
    skewed = {"marginals": [0.03, 0.06, 0.14, 0.32, 0.45]}
    given = {"n": 200, "n_replications": 400, "seed": 1, "standardized": True}
    normal = cs.power(LATENT, **given)
    answers = cs.power(LATENT, simulate=skewed, **given)
    assert answers.table["power"][0] < normal.table["power"][0]
    # What is estimated is the model of the category numbers, whose path is attenuated a little.
    assert "answers are categories" in answers.summary()
    assert 0.2 < answers.table["std_all"][0] < 0.3
    assert answers.table["rel_bias"].abs()[0] < 0.05


def test_any_estimator_is_fitted_one_by_one():
    given = {"n": 150, "n_replications": 6, "seed": 1, "standardized": True}
    robust = cs.power(LATENT, "Trust ~ Ease\nfit", estimator="MLR", **given)
    plain = cs.power(LATENT, "Trust ~ Ease\nfit", **given)
    # The same samples' moments are not drawn in the same way, so only the truth is the same.
    assert robust.table["population"].tolist() == pytest.approx(plain.table["population"].tolist())
    ordinal = cs.power(LATENT, estimator="WLSMV", simulate={"categories": 3}, **given | {"n": 200})
    assert ordinal.convergence["converged"][0] == 6


def test_gaps_are_fitted_by_full_information():
    given = {"n": 100, "n_replications": 4, "seed": 1, "standardized": True}
    found = cs.power(LATENT, missing="ml", simulate={"missing": 0.2}, **given)
    assert found.convergence["converged"][0] == 4
    whole = cs.power(LATENT, **given)
    assert found.table["mean_se"][0] > whole.table["mean_se"][0]


def test_groups():
    text = "y ~ c(0.3, 0)*x; x ~~ c(1, 1)*x; y ~~ c(1, 1)*y"
    found = cs.power(text, "y ~ x", n=200, n_replications=400, seed=1)
    rows = found.table.set_index("group")
    assert rows.loc[2, "power"] == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 400) + 0.01)
    assert rows.loc[1, "power"] > 0.7
    assert rows["id"].tolist() == ["y ~ x [1]", "y ~ x [2]"]


def test_one_by_one_and_in_batches_are_the_same():
    plan = plan_of("y ~ c(0.3, 0)*x; x ~~ c(1, 1)*x; y ~~ c(1, 1)*y")
    whole = plan_of(LATENT, standardized=True)
    for one, n in ((plan, [40, 41]), (whole, [100])):
        rng = [np.random.default_rng(g) for g in range(len(n))]
        slow = OneByOne(one.generators, one.fit, one.options).work(rng, n, 1)
        data = [
            generator.draw(np.random.default_rng(g), size, 1)
            for g, (generator, size) in enumerate(zip(one.generators, n, strict=True))
        ]
        fast = laboratory_of(one.generators, one.fit, one.options)
        moments = [moments_of(part) for part in data]
        found = fast.refitter.from_moments(moments)
        assert found.theta == pytest.approx(slow.theta, rel=1e-6, abs=1e-8)
        vcov = fast.refitter.covariances(found.theta, moments)
        assert vcov == pytest.approx(slow.vcov, rel=1e-5, abs=1e-9)


def test_a_population_that_the_model_misfits():
    given = {"n": 400, "seed": 1, "standardized": True, "rmsea": 0.06}
    found = cs.power(LATENT, "Trust ~ Ease\nfit", n_replications=500, **given)
    rows = found.table.set_index("id")
    assert rows.loc["exact fit", "population"] == pytest.approx(0.06, abs=1e-5)
    # The estimates stay where they were (Cudeck and Browne).
    plain = plan_of(LATENT, standardized=True)
    truth = targets_of("Trust ~ Ease", plain.fit).targets[0].truth
    assert rows.loc["Trust ~ Ease", "population"] == pytest.approx(truth, rel=1e-4)
    theory = cs.power(LATENT, "fit", method="analytic", **given).table.set_index("id")
    for name in ("exact fit", "close fit"):
        limit = 3.5 * np.sqrt(0.25 / 500) + 0.02  # chi2 is not quite noncentral chi-square
        assert rows.loc[name, "power"] == pytest.approx(theory.loc[name, "power"], abs=limit)


def test_the_test_of_a_true_model_keeps_its_level():
    found = cs.power(LATENT, "fit", n=500, n_replications=1000, seed=3, standardized=True)
    rows = found.table.set_index("id")
    # Four standard errors of 5 % of 1000, and what is left of the small-sample error of chi2.
    assert rows.loc["exact fit", "power"] == pytest.approx(0.05, abs=0.028 + 0.005)
    assert rows.loc["close fit", "power"] < rows.loc["exact fit", "power"]


def test_constraints_and_clusters_of_a_fit():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(120, 2))
    data = pd.DataFrame(x, columns=["a", "b"])
    data["y"] = x @ [0.3, 0.3] + rng.normal(size=120)
    data["school"] = np.repeat(np.arange(12), 10)
    fit = cs.sem("y ~ k*a + l*b; k == l", data)
    found = cs.power(fit, n=80, n_replications=5, seed=1)
    assert found.replications[0].est[:, 0] == pytest.approx(found.replications[0].est[:, 1])
    clustered = cs.sem("y ~ a + b", data, cluster="school")
    found = cs.power(clustered, n=80, n_replications=3, seed=1)
    assert found.convergence["converged"][0] == 3
    assert "simple random" in found.summary()
    assert "Hoenig" in found.summary()


def test_workers_change_nothing():
    given = {"n": [60, 70], "n_replications": 150, "seed": 8}
    one = cs.power(MEDIATION, TARGETS, **given)
    two = cs.power(MEDIATION, TARGETS, n_jobs=2, **given)
    pd.testing.assert_frame_equal(one.table, two.table)


# -- sample size ---------------------------------------------------------------------------------


def test_a_crossing_is_found_where_the_line_is_known():
    n = np.array([80.0, 100.0, 130.0])
    true = ndtr(0.28 * np.sqrt(n) - 1.96)
    counts = Counts(n, np.round(1e6 * true), np.full(3, 1e6))
    found = crossing(counts, 0.8)
    wanted = ((ndtri(0.8) + 1.96) / 0.28) ** 2
    assert found.n == pytest.approx(wanted, rel=1e-4)
    assert found.inside
    low, high = found.interval
    assert low < wanted < high
    # d P / d log n = phi(z) 0.28 sqrt(n) / 2 with three sizes of a million.
    assert found.log_se < 0.002


def test_the_search_brackets_what_it_looks_for():
    rng = np.random.default_rng(1)
    known: dict[int, float] = {}

    def simulate(ns):
        for n in ns:
            known[n] = rng.binomial(1000, ndtr(0.2 * np.sqrt(n) - 1.96))
        return True

    def counts(_):
        ns = np.array(sorted(known), dtype=float)
        return Counts(ns, np.array([known[int(n)] for n in ns]), np.full(len(ns), 1000.0))

    # The first guess is far off.
    (found,) = search(simulate, counts, [40], wanted=0.8, precision=0.04, least=10)
    wanted = ((ndtri(0.8) + 1.96) / 0.2) ** 2
    assert found.is_precise(0.04)
    # Four standard errors.
    assert abs(np.log(found.n / wanted)) < 4 * found.log_se
    assert len(known) < 20


def test_sample_size_by_simulation():
    targets = ["H1: M ~ X, +", "indirect: X -> M -> Y"]
    found = cs.sample_size(MEDIATION, targets, seed=4, n_replications=500, precision=0.08)
    theory = cs.sample_size(MEDIATION, targets, method="analytic")
    row, indirect = found.table.to_dict("records")
    assert row["n_ci_lower"] < row["n"] < row["n_ci_upper"] + 1
    # 95 % of 500 x 3 sizes and more: 8 % of the size, and what z and chi2 differ by.
    assert row["n"] == pytest.approx(theory.table["n"][0], rel=0.15)
    # The z test of a product is not as far off as large-sample theory has it.
    assert indirect["n"] < theory.table["n"][1]
    assert found.n == indirect["n"]
    at = cs.power(MEDIATION, targets, n=found.n, n_replications=1000, seed=9)
    assert at.table["power"][1] == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 1000) + 0.03)


def test_a_size_that_is_enough_at_once():
    strong = "y ~ 0.9*x; x ~~ 1*x; y ~~ 0.2*y"
    found = cs.sample_size(strong, seed=1, n_replications=100)
    assert found.n <= 8
    assert "was not found out" in found.summary()


def test_fit_is_found_where_there_is_misfit():
    found = cs.sample_size(
        LATENT, "fit", seed=1, n_replications=200, precision=0.2, standardized=True
    )
    # The model holds: only that it is not far off can be shown.
    assert found.table["id"].tolist() == ["not-close fit"]


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [0.0, 1.0])
def test_precision_is_a_share(precision):
    with pytest.raises(ModelError, match="between 0 and 1"):
        cs.sample_size(MEDIATION, precision=precision)


@pytest.mark.parametrize(
    "given", [{"n_replications": 0}, {"n_jobs": 0}, {"seed": -1}, {"progress": 3}]
)
def test_numbers_that_are_none(given):
    with pytest.raises(UnsupportedError):
        cs.power(MEDIATION, n=50, **{"n_replications": 5, **given})


def test_what_is_prepared_is_read_once():
    prepared = prepare(
        MEDIATION,
        "M ~ X",
        method="analytic",
        alpha=0.05,
        model=None,
        estimator=None,
        missing=None,
        standardized=False,
        simulate=None,
        rmsea=0.0,
        joint=False,
    )
    (claim,) = prepared.claims
    assert claim.power_at(100) == pytest.approx(
        cs.power(MEDIATION, "M ~ X", n=100, method="analytic").table["power"][0]
    )
