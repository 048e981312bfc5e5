"""The certificate as a whole: verdict, page, table, and every sort of fit."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

import clustersem as cs
from clustersem.certify.certificate import NOT_TRUSTED, RESERVED, TRUSTED
from clustersem.errors import UnsupportedError
from clustersem.fit.status import status_of

STATUS = {"passed", "doubtful", "failed", "not applicable"}

THREE_FACTORS = case("hs_cfa_ml")["model"]


@pytest.fixture(scope="module")
def certified(fit):
    return cs.certificate(fit)


def test_a_sound_solution_is_certified_by_every_check(certified):
    assert certified.passed
    assert certified.verdict == f"{TRUSTED} All 12 checks that apply were passed."
    assert (certified.table["status"] == "passed").all()
    assert [check.name for check in certified.checks] == certified.table["check"].tolist()


def test_the_page_says_what_is_not_certified_and_fits_a_page(certified):
    page = str(certified)
    assert max(map(len, page.splitlines())) <= 100
    assert "does not certify that the model is true" in page
    assert all(check.sentence[:20] in page for check in certified.checks)
    assert all(check.bound for check in certified.checks)
    assert certified.verdict.startswith(repr(certified)[len("<Certificate: ") : -1])


def test_the_fit_is_not_changed(holzinger):
    fit = cs.cfa(THREE_FACTORS, holzinger)
    before = (fit.theta.tobytes(), fit.samples[0].data.tobytes(), fit.samples[0].cov.tobytes())
    cs.certificate(fit, starts=3)
    assert (
        fit.theta.tobytes(),
        *(getattr(fit.samples[0], x).tobytes() for x in ("data", "cov")),
    ) == before


def test_it_does_not_depend_on_the_number_of_processes(small):
    fit = cs.cfa("f =~ x0 + x1 + x2", small)
    one, two = (
        cs.certificate(fit, starts=7, n_jobs=n_jobs, second_opinion=False) for n_jobs in (1, 2)
    )
    assert str(one) == str(two)
    pd.testing.assert_frame_equal(one.influence, two.influence)


def test_another_seed_draws_other_starts_and_comes_to_the_same(fit):
    one, other = (cs.certificate(fit, seed=seed, second_opinion=False) for seed in (1, 2))
    assert one.verdict == other.verdict
    assert one["other units"].sentence != other["other units"].sentence


def test_a_certificate_travels(certified):
    again = pickle.loads(pickle.dumps(certified))
    assert str(again) == str(certified)


def test_a_fit_that_did_not_converge_gets_a_certificate_that_says_so(fit):
    broken = replace(fit, status=status_of("max_iterations", 300, 0.1))
    found = cs.certificate(broken, starts=3)
    assert not found.passed
    assert found.verdict.startswith(f"{NOT_TRUSTED} Failed: convergence.")
    assert "give starting values" in found["convergence"].sentence
    assert found["single respondents"].status == "not applicable"
    assert found.influence.empty


def test_a_real_fit_that_did_not_converge_is_certified_as_that():
    rng = np.random.default_rng(3)
    f = rng.standard_normal(30)
    frame = pd.DataFrame({f"x{k}": 0.7 * f + rng.standard_normal(30) for k in range(4)})
    g = 0.5 * f + rng.standard_normal(30)
    frame["y1"], frame["y2"] = (g + 0.6 * rng.standard_normal(30) for _ in range(2))
    frame["x3"] = frame["x0"] + frame["x1"] + 1e-5 * rng.standard_normal(30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = cs.sem("f =~ x0 + x1 + x2 + x3\ng =~ y1 + y2\ng ~ f", frame)
    assert not fit.converged
    found = cs.certificate(fit, starts=2)
    assert found["convergence"].status == "failed"
    assert {check.status for check in found.checks} <= STATUS


HEYWOOD = pd.DataFrame(
    [[1, 0.9, 0.9, 0.5], [0.9, 1, 0.75, 0.4], [0.9, 0.75, 1, 0.4], [0.5, 0.4, 0.4, 1]],
    index=list("abcd"),
    columns=list("abcd"),
)


def test_a_heywood_case_within_sampling_error_is_a_reservation_beyond_it_a_failure():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        few, many, bounded = (
            cs.cfa("f =~ a + b + c + d", cov=HEYWOOD, n_obs=n, bounds=bounds)
            for n, bounds in ((30, None), (5000, None), (5000, "pos.var"))
        )
    found = cs.certificate(few, starts=5)["admissibility"]
    row = few.estimates.set_index(["lhs", "op", "rhs"]).loc[("a", "~~", "a")]
    assert row["est"] < 0
    assert found.status == "doubtful"
    assert found["largest_distance_in_se"] == pytest.approx(-row["est"] / row["se"])
    assert "a ~~ a" in found.sentence
    certified = cs.certificate(many, starts=5)
    assert certified["admissibility"].status == "failed"
    assert certified.verdict.startswith(NOT_TRUSTED)
    at_bound = cs.certificate(bounded, starts=5)
    assert at_bound["admissibility"].status == "doubtful"
    assert "a ~~ a >= 0" in at_bound["admissibility"].sentence
    assert at_bound["gradient"].status == "passed"
    assert at_bound.verdict.startswith(RESERVED)


def _cases():
    hs = data("holzinger1939")
    gaps = data("holzinger1939_missing")
    ordinal = data("hs_ordinal")
    design = data("hs_design")
    cov = pd.DataFrame(0.5 + 0.5 * np.eye(4), index=list("abcd"), columns=list("abcd"))
    one = "visual =~ x1 + x2 + x3"
    return {
        "df 0": lambda: cs.cfa(one, hs),
        "moments": lambda: cs.cfa("f =~ a + b + c + d", cov=cov, n_obs=100),
        "moments of groups": lambda: cs.cfa(
            "f =~ a + b + c + d", cov={"u": cov, "v": cov}, n_obs={"u": 90, "v": 80}
        ),
        "groups": lambda: cs.cfa(one, hs, group="school", group_equal=["loadings", "intercepts"]),
        "fiml": lambda: cs.cfa(one, gaps, missing="fiml"),
        "auxiliary": lambda: cs.cfa(one, gaps, missing="fiml", auxiliary=["x9"]),
        "pairwise": lambda: cs.cfa(one, gaps, missing="pairwise"),
        "wlsmv": lambda: cs.cfa("f =~ o1 + o2 + o3", ordinal, ordered=True),
        "probit": lambda: cs.sem(
            "f =~ o1 + o2 + o3\nf ~ ageyr", ordinal, ordered=["o1", "o2", "o3"]
        ),
        "uls": lambda: cs.cfa(one, hs, estimator="ULS"),
        "gls": lambda: cs.cfa(one, hs, estimator="GLS"),
        "mlr": lambda: cs.cfa(one, hs, estimator="MLR"),
        "equal": lambda: cs.cfa("visual =~ x1 + a*x2 + b*x3 + x4\na == b", hs),
        "curved": lambda: cs.cfa("visual =~ x1 + a*x2 + b*x3 + x4\na*b == 0.5\na > 0.2", hs),
        "bounds": lambda: cs.cfa(one, hs, bounds="pos.var"),
        "weights": lambda: cs.cfa(one, design, sampling_weights="weight"),
        "clusters": lambda: cs.cfa(one, design, cluster="cluster"),
        "semopy": lambda: cs.cfa(one, hs, engine="semopy"),
        "wishart": lambda: cs.cfa(one, hs, likelihood="wishart"),
        "no errors": lambda: cs.cfa(one, hs, se="none"),
        "loop": lambda: cs.sem("x1 ~ x2 + x4\nx2 ~ x1 + x5", hs),
        "path": lambda: cs.sem("x1 ~ a*x2 + x3\nx4 ~ b*x1\nab := a*b", hs),
        "growth": lambda: cs.growth(
            "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4", data("demo_growth")
        ),
        "two items": lambda: cs.cfa("f =~ x1 + x2\ng =~ x4 + x5", hs),
    }


CASES = _cases()


@pytest.mark.parametrize("name", CASES)
def test_every_sort_of_fit_gets_a_certificate_in_words(name, monkeypatch):
    # How many are left out matters to nothing that is asked for here.
    monkeypatch.setattr("clustersem.certify.influence.AT_MOST_SLOWLY", 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = CASES[name]()
    found = cs.certificate(fit, starts=4)
    assert {check.status for check in found.checks} <= STATUS
    assert all(check.sentence and check.sentence[-1] in ".)" for check in found.checks), name
    assert found["convergence"].status == found["gradient"].status == "passed"
    assert found["other units"].status in ("passed", "not applicable")
    assert found["other markers"].status in ("passed", "not applicable")
    assert "nan" not in str(found)
    known = all(sample.data is not None for sample in fit.samples) and fit.options.se != "none"
    assert (found["single respondents"].status != "not applicable") == known
    assert found.influence.empty != known


def test_what_is_no_fit_is_refused():
    with pytest.raises(UnsupportedError, match="takes a fit, not a DataFrame"):
        cs.certificate(pd.DataFrame())


@pytest.mark.parametrize("starts", [-1, 2.5, True])
def test_a_number_of_starts_that_is_none_is_refused(fit, starts):
    with pytest.raises(UnsupportedError, match="starts="):
        cs.certificate(fit, starts=starts)


def test_what_is_not_asked_for_has_no_part_in_the_verdict(fit):
    found = cs.certificate(fit, starts=0, second_opinion=False)
    assert found.passed
    assert found["other starts"].status == found["second opinion"].status == "not applicable"
