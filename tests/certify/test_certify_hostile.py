"""Certificates of fits that nobody should trust, and of answers that nobody planned for."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import DataError

MODEL = "F =~ a1 + a2 + a3\nG =~ b1 + b2 + b3\nG ~ F"


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    text = "F =~ .7*a1 + .7*a2 + .7*a3\nG =~ .7*b1 + .7*b2 + .6*b3\nG ~ .4*F"
    return cs.simulate(text, n=120, seed=1, standardized=True)


def certified(fit: cs.Fit) -> cs.Certificate:
    return cs.certificate(fit, starts=2, second_opinion=False)


@pytest.fixture(scope="module")
def stopped() -> cs.Fit:
    """A fit to noise that ends at its limit of iterations."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.normal(size=(15, 8)), columns=[f"x{k}" for k in range(8)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cs.sem("F =~ x0 + x1 + x2 + x3\nG =~ x4 + x5 + x6 + x7\nG ~ F", data)


def test_a_fit_that_stopped_cannot_be_trusted(stopped: cs.Fit) -> None:
    assert not stopped.converged
    found = certified(stopped)
    assert found["convergence"].status == "failed"
    assert "cannot be trusted" in found.verdict
    # It was the native engine that stopped: to name it as the remedy would help nobody.
    assert "fit again by the native engine" not in found["gradient"].sentence
    with pytest.raises(DataError, match="no influence to draw: The fit did not converge"):
        cs.influence_figure(found)


def test_the_page_and_its_name_are_narrow(answers: pd.DataFrame, stopped: cs.Fit) -> None:
    for fit in (cs.sem(MODEL, answers), cs.sem(MODEL, answers.iloc[:20]), stopped):
        found = certified(fit)
        assert all(len(line) <= 100 for line in str(found).splitlines())
        assert len(repr(found)) <= 100


@pytest.mark.parametrize("scale", [1e8, 1e-8])
def test_units_change_no_verdict(answers: pd.DataFrame, scale: float) -> None:
    mixed = answers * np.array([scale, 1 / scale, 1.0, scale**0.5, 1.0, scale])
    plain, large = (certified(cs.sem(MODEL, data)) for data in (answers, mixed))
    assert [check.status for check in large.checks] == [check.status for check in plain.checks]
    columns = ["gcd", "likelihood_displacement", "delta_chisq"]
    # None of these has a unit; solutions agree to the optimiser's criterion.
    np.testing.assert_allclose(
        large.influence[columns], plain.influence[columns], rtol=1e-4, atol=1e-5
    )


def test_a_respondent_who_counts_for_nothing_moves_nothing(answers: pd.DataFrame) -> None:
    weights = np.where(np.arange(120) < 100, 1.0, 1e-7)
    found = certified(cs.sem(MODEL, answers.assign(w=weights), sampling_weights="w"))
    tail = found.influence[found.influence["row"] >= 100]
    assert len(tail) == 20
    assert tail["gcd"].max() < 1e-10
    assert found.influence["gcd"].max() > 0.01


def test_moments_have_no_respondents(answers: pd.DataFrame) -> None:
    found = certified(cs.sem(MODEL, cov=answers.cov(), n_obs=120))
    assert found["single respondents"].status == "not applicable"
    with pytest.raises(DataError, match="no answers to leave out"):
        cs.influence_figure(found)


def test_a_certificate_is_the_same_everywhere_and_changes_nothing(answers: pd.DataFrame) -> None:
    fit = cs.sem(MODEL, answers)
    before = fit.estimates
    found = certified(fit)
    pd.testing.assert_frame_equal(fit.estimates, before)
    again = pickle.loads(pickle.dumps(found))
    assert str(again) == str(found) == str(certified(fit))
    table = found.table
    table["check"] = "changed"
    assert str(found) == str(again)
    pd.testing.assert_frame_equal(found.influence, again.influence)
