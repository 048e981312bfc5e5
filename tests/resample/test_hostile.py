"""What nobody should ask for, and what comes of it: a sentence with a remedy, and no number."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import (
    ClusterSemError,
    DataError,
    EstimationError,
    ModelError,
    UnsupportedError,
)
from clustersem.resample.bootstrap import Resampling
from clustersem.resample.bootstrap_result import BatchResult
from clustersem.resample.cutoff_replications import CutoffWork, Replications
from clustersem.resample.plans import ordinary
from clustersem.resample.streams import stream

MODEL = "f =~ x1 + x2 + x3\ng =~ y1 + y2 + y3\ng ~ f"
STINE = "bollen-stine"
PLAN = "f =~ .8*x1 + .8*x2 + .8*x3\ng =~ .7*y1 + .7*y2 + .7*y3\ng ~ .3*f"


def _answers(n: int = 200, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    f = rng.normal(size=n)
    g = 0.5 * f + rng.normal(size=n)
    columns = {f"x{i}": 0.8 * f + 0.6 * rng.normal(size=n) for i in (1, 2, 3)}
    columns |= {f"y{i}": 0.8 * g + 0.6 * rng.normal(size=n) for i in (1, 2, 3)}
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return _answers()


@pytest.fixture(scope="module")
def fit(answers: pd.DataFrame) -> cs.Fit:
    return cs.sem(MODEL, answers)


WRONG: list[tuple[str, Callable[[cs.Fit], object], str]] = [
    ("no fit", lambda _: cs.bootstrap(MODEL, 10), "takes a fit, not a str"),
    ("strata", lambda fit: cs.bootstrap(fit, 10, strata=[1] * 200), "strata=data\\['region'\\]"),
    ("ragged", lambda fit: cs.bootstrap(fit, indices=[[1, 2], [3]]), "one row a resample"),
    ("resume", lambda fit: cs.bootstrap(fit, 10, resume="x"), "that was interrupted"),
    ("level", lambda fit: cs.bootstrap(fit, 50, seed=1).intervals(level="0.9"), "'0.9' does not"),
    ("kind", lambda fit: cs.bootstrap(fit, 50, seed=1).intervals(3), "no bootstrap interval 3"),
    ("of", lambda fit: cs.bootstrap(fit, 50, seed=1).intervals(of=3), "of=3 is no quantity"),
    ("n text", lambda fit: cs.simulate(fit, "100"), "n='100': write how many rows"),
    ("n array", lambda fit: cs.simulate(fit, np.array(20)), "write how many rows"),
    ("marginals", lambda fit: cs.simulate(fit, 9, marginals=[0.5, "a"]), "are no numbers"),
    ("thresholds", lambda fit: cs.simulate(fit, 9, thresholds=3), "numbers in brackets"),
    ("cuts", lambda fit: cs.simulate(fit, 9, thresholds=["b"]), "thresholds of x1"),
    ("skew", lambda fit: cs.simulate(fit, 9, skewness="a", kurtosis=2), "are no numbers"),
    ("missing", lambda fit: cs.simulate(fit, 9, missing="a"), "are no numbers"),
    ("rates", lambda fit: cs.simulate(fit, 9, missing=[0.1]), "one number for all items"),
    ("rmsea", lambda fit: cs.simulate(fit, 9, rmsea="a"), "an RMSEA is a number"),
    ("frame", lambda _: cs.simulate(_answers(), 9), "expected a fit, a model text"),
    ("text", lambda _: cs.misspecified(PLAN, 0.05), "Fit the model first"),
    ("alpha", lambda fit: cs.power(fit, alpha="a"), "'a' is no level"),
    ("n", lambda fit: cs.power(fit, n=np.array(50)), "a whole number of respondents"),
    ("settings", lambda fit: cs.power(fit, simulate=3), "options of clustersem.simulate"),
    ("nothing", lambda fit: cs.power(fit, []), "target= asks for nothing"),
    ("empty", lambda fit: cs.power(fit, "# H1"), "target= asks for nothing"),
    ("typo", lambda fit: cs.power(fit, simulate={"foo": 1}), "has 'foo'. It takes"),
    ("wanted", lambda fit: cs.sample_size(fit, wanted="a"), "no power to plan for"),
    ("precise", lambda fit: cs.sample_size(fit, precision="a"), "a share between 0 and 1"),
    ("df", lambda _: cs.rmsea_power("a", 100), "df = 'a' is no number"),
    ("size", lambda _: cs.rmsea_power(10, None), "n = None is no sample size"),
    ("cutoffs", lambda fit: cs.cutoffs(fit, alpha="a"), "a level between 0 and 0.5"),
    ("figure", lambda fit: cs.cutoff_figure(fit), "draws what cs.cutoffs returns"),
    ("curves", lambda fit: cs.power_figure(fit), "draws what cs.power or"),
    ("items", lambda _: cs.read_moments(_answers(), None), "write the names of the items"),
    ("group", lambda _: cs.read_moments(_answers(), ["x1"], group=3), "no column 3"),
    ("ordered", lambda _: cs.read_moments(_answers(), ["x1"], ordered=3), "names of the ordered"),
]


@pytest.mark.parametrize(("call", "said"), [row[1:] for row in WRONG], ids=[r[0] for r in WRONG])
def test_wrong_arguments_get_a_sentence(
    fit: cs.Fit, call: Callable[[cs.Fit], object], said: str
) -> None:
    with pytest.raises(ClusterSemError, match=said):
        call(fit)


def test_the_error_says_what_a_fit_was_given_in_place_of_answers(answers: pd.DataFrame) -> None:
    items = list(answers.columns)
    of_moments = cs.sem(MODEL, cs.read_moments(answers, items))
    of_cov = cs.sem(MODEL, cov=answers.cov(), n_obs=200)
    with pytest.raises(DataError, match="was fitted to moments read in one pass"):
        cs.bootstrap(of_moments, 10)
    with pytest.raises(DataError, match="was fitted to a covariance matrix"):
        cs.bootstrap(of_cov, 10)


def test_a_saturated_model_has_no_test_of_fit_to_resample(answers: pd.DataFrame) -> None:
    # Its chi2 is rounding error in every resample: which of two is larger says nothing.
    saturated = cs.sem("y1 ~ x1 + x2", answers)
    with pytest.raises(UnsupportedError, match="no degrees of freedom"):
        cs.bootstrap(saturated, 10, type="bollen-stine")


def _interrupted_at(wanted: int, work: Callable[[Any, int], Any]) -> Callable[[Any, int], Any]:
    def call(self: Any, batch: int) -> Any:
        if batch == wanted:
            raise KeyboardInterrupt
        return work(self, batch)

    return call


def test_an_interrupted_bootstrap_goes_on_where_it_was(
    fit: cs.Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cs.bootstrap(fit, 400, seed=5)
    with monkeypatch.context() as patched:
        patched.setattr(Resampling, "__call__", _interrupted_at(2, Resampling.__call__))
        part = cs.bootstrap(fit, 400, seed=5)
    assert "200 resamples converged, 400 asked for" in repr(part)
    again = cs.bootstrap(fit, 400, resume=pickle.loads(pickle.dumps(part)))
    assert not again.stopped
    np.testing.assert_array_equal(again.theta, whole.theta)


def test_a_bootstrap_goes_on_with_nothing_but_itself(fit: cs.Fit) -> None:
    begun = cs.bootstrap(fit, 100, seed=5)
    rows = np.tile(np.arange(200), (100, 1))
    others: list[tuple[cs.Fit, dict[str, Any]]] = [
        (cs.sem(MODEL, _answers(seed=2)), {}),
        (cs.sem(MODEL.replace("g ~ f", "g ~~ f"), _answers()), {}),
        (fit, {"strata": pd.Series([0, 1] * 100)}),
        (fit, {"indices": rows}),
        (fit, {"studentized": True}),
    ]
    for other, options in others:
        with pytest.raises(DataError, match="another bootstrap"):
            cs.bootstrap(other, 100, resume=begun, **options)


def test_a_bootstrap_of_which_nothing_is_done_still_prints(
    fit: cs.Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Resampling, "__call__", _interrupted_at(0, Resampling.__call__))
    none = cs.bootstrap(fit, 300, seed=5)
    assert repr(none) == "<Bootstrap (ordinary): none of 300 resamples done, seed 5>"
    assert str(none).endswith("Note: Interrupted after 0 of 3 batches.")
    with pytest.raises(EstimationError, match="no batch of resamples was finished"):
        none.intervals()


def test_interrupted_cutoffs_print_what_is_done(
    fit: cs.Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: Callable[[Any, int], Replications] = CutoffWork.__call__
    monkeypatch.setattr(CutoffWork, "__call__", _interrupted_at(2, work))
    found = cs.cutoffs(fit, n=200, seed=1)
    assert "not done" in str(found)
    assert "200 of each level asked for" in str(found)
    assert found.notes[-1].startswith("Interrupted after 2 of 4 batches")


@pytest.mark.parametrize("scale", [1e8, 1e-8])
def test_intervals_go_with_the_unit_of_measurement(
    fit: cs.Fit, answers: pd.DataFrame, scale: float
) -> None:
    one = cs.bootstrap(fit, 100, seed=3).intervals()
    other = cs.bootstrap(cs.sem(MODEL, answers * scale), 100, seed=3).intervals()
    factor = np.where(one["op"] == "~~", scale**2, 1.0)
    for column in ("est", "se", "ci_lower", "ci_upper"):
        # Minima are found to about 1e-10.
        np.testing.assert_allclose(other[column] / factor, one[column], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("scale", [1e8, 1e-8])
def test_numbers_too_large_or_small_for_three_decimals_stay_apart(
    answers: pd.DataFrame, scale: float
) -> None:
    text = cs.bootstrap(cs.sem(MODEL, answers * scale), 100, seed=3).summary()
    (row,) = (line for line in text.splitlines() if line.startswith("  x1 ~~ x1"))
    exponent = f"{scale**2:.0e}"[-3:-1]
    cells = row.split()[3:]
    assert len(cells) == 5
    assert all(f"e{exponent}" in cells[i] for i in (0, 1, 3, 4))
    assert "  g ~ f                       0.378" in text


def test_what_is_defined_is_of_no_group(answers: pd.DataFrame) -> None:
    data = answers.assign(country=["a", "b"] * 100)
    fit = cs.sem("y1 ~ c(a, b)*x1\nd := a - b", data, group="country")
    names = list(cs.bootstrap(fit, 50, seed=1).resamples().columns)
    assert names[-1] == "d"
    assert "y1 ~ x1 [group 2]" in names


def test_a_quantity_without_values_is_said_to_have_none(answers: pd.DataFrame) -> None:
    fit = cs.sem("y1 ~ a*x1\nq := a / 0", answers)
    boot = cs.bootstrap(fit, 100, seed=1)
    with pytest.warns(cs.errors.DataWarning, match=r"interval of q: fewer than two resamples"):
        boot.intervals("bc")


def test_noncentral_distributions_pass_over_nothing_in_silence() -> None:
    plan: dict[str, Any] = {"n": 200, "standardized": True, "method": "analytic"}
    for settings in ({"missing": 0.1}, {"skewness": 1.0, "kurtosis": 3.0}):
        with pytest.raises(UnsupportedError, match="Take method='simulation'"):
            cs.power(PLAN, "g ~ f", simulate=settings, **plan)


def test_a_parameter_at_its_bound_has_no_z_test(answers: pd.DataFrame) -> None:
    fit = cs.sem(MODEL.replace("g ~ f", "g ~ b*f\nb > 0.5"), answers)
    with pytest.raises(ModelError, match="held by a bound"):
        cs.power(fit, "g ~ f", method="analytic")


def test_close_fit_is_planned_as_usual_where_the_population_is_at_its_limit() -> None:
    # The RMSEA asked for comes out as 0.05 and a rounding error.
    found = cs.power(PLAN, "fit", n=300, rmsea=0.05, method="analytic", standardized=True)
    close = found.table.set_index("id").loc["close fit"]
    assert close["population"] == 0.08
    assert close["power"] == pytest.approx(
        cs.rmsea_power(8, 300, null=0.05, alternative=0.08), abs=1e-12
    )


def test_a_search_that_was_interrupted_says_how_far_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from clustersem.resample.power.simulation import Study

    work: Callable[[Any, int], Any] = Study.__call__
    monkeypatch.setattr(Study, "__call__", _interrupted_at(1, work))
    with pytest.raises(EstimationError, match=r"Powers so far: 0\.\d{3} at n = \d+"):
        cs.sample_size(PLAN, "g ~ f", standardized=True, seed=1, n_replications=100)
    monkeypatch.setattr(Study, "__call__", _interrupted_at(0, work))
    with pytest.raises(EstimationError, match="no samples were fitted"):
        cs.power(PLAN, "g ~ f", n=100, standardized=True, seed=1, n_replications=100)


def test_data_are_left_as_they_were(answers: pd.DataFrame, fit: cs.Fit) -> None:
    before = answers.copy(deep=True)
    cs.bootstrap(fit, 50, seed=1, type="bollen-stine")
    cs.cutoffs(fit, n=50, seed=1)
    cs.read_moments(answers, list(answers.columns))
    pd.testing.assert_frame_equal(answers, before)


def test_results_are_the_same_after_pickling(fit: cs.Fit) -> None:
    boot = cs.bootstrap(fit, 200, seed=1)
    assert isinstance(boot.finished.results[0][1], BatchResult)
    again = pickle.loads(pickle.dumps(boot))
    pd.testing.assert_frame_equal(again.intervals("bc"), boot.intervals("bc"))
    power = cs.power(fit, n=[50, 100], method="analytic")
    assert str(pickle.loads(pickle.dumps(power))) == str(power)


def test_one_resample_is_no_interval(fit: cs.Fit) -> None:
    one = cs.bootstrap(fit, 1, seed=1)
    with pytest.warns(cs.errors.DataWarning, match="fewer than two resamples gave a value"):
        table = one.intervals()
    assert table[["se", "ci_lower", "ci_upper"]].isna().all(axis=None)
    with pytest.raises(EstimationError, match="1 of 1 resamples converged"):
        one.vcov()


def test_no_resample_is_no_p_value(fit: cs.Fit) -> None:
    constant = np.zeros((20, 200), dtype=int)
    none = cs.bootstrap(fit, indices=constant, type="bollen-stine")
    assert none.fit_test.n_failed == 20
    assert np.isnan(none.fit_test.p_value)


def test_rows_and_strata_are_named_as_the_user_wrote_them(fit: cs.Fit) -> None:
    with pytest.raises(DataError, match="the stratum 0 has a single row"):
        cs.bootstrap(fit, 20, strata=pd.Series(range(200)))


def test_cutoffs_of_a_handful_of_replications_say_so(fit: cs.Fit) -> None:
    assert "5 replications of a level cannot tell 95 %" in cs.cutoffs(fit, n=5, seed=1).notes[-1]
    assert cs.cutoffs(fit, n=20, seed=1).notes == ()


def test_resamples_in_which_a_quantity_is_not_defined_are_counted_aloud(
    answers: pd.DataFrame,
) -> None:
    fit = cs.sem("y1 ~ a*x1 + x2\nz := log(a)", answers)
    boot = cs.bootstrap(fit, 200, seed=1)
    lost = int(boot.resamples()["z"].isna().sum())
    assert lost > 0
    with pytest.warns(cs.errors.DataWarning, match=f"{lost} of 200 resamples gave z no value"):
        boot.intervals()


def test_powers_of_samples_that_cannot_be_fitted_say_why() -> None:
    found = cs.power(
        PLAN, "g ~ f", n=20, standardized=True, n_replications=20, seed=1, simulate={"missing": 0.4}
    )
    assert found.table["power"].item() == 0.0
    assert "20 of 20 at n = 20 did not converge, or had nothing to fit (20 of them" in str(found)
    # None of twenty: by Wilson's interval up to 0.16.
    assert "Monte Carlo standard errors are at most 0.041." in str(found)


def test_a_saturated_model_of_answers_holds() -> None:
    cuts = "\n".join(f"x{i} | -1*t1 + 1*t2" for i in (1, 2, 3))
    text = f"f =~ .7*x1 + .7*x2 + .7*x3\n{cuts}"
    found = cs.power(text, "f =~ x2", n=200, method="analytic", standardized=True)
    assert not any("does not hold" in note for note in found.notes)


def test_chi_square_of_a_resample_counts_its_own_rows(answers: pd.DataFrame) -> None:
    # Of clusters of 3 rows and one of 140 a resample has 63 rows or many more than 200.
    data = answers.assign(place=np.minimum(np.arange(200) // 3, 20))
    fit = cs.sem(MODEL, data, cluster="place", estimator="MLR")
    boot = cs.bootstrap(fit, 3, seed=1)
    (draws,) = ordinary(fit.samples, cluster=True).draw(stream(1, 0), 3)
    for rows, chisq in zip(draws.indices, boot.chisq, strict=True):
        drawn = data.iloc[rows[rows >= 0]].reset_index(drop=True)
        again = cs.sem(MODEL, drawn, meanstructure=True)
        assert again.measures["chisq"] == pytest.approx(chisq, rel=1e-6)


def test_clusters_are_not_named_again(fit: cs.Fit) -> None:
    with pytest.raises(UnsupportedError, match="write True or False"):
        cs.bootstrap(fit, 10, cluster="x1")


def test_what_a_bootstrap_found_cannot_be_written_over(fit: cs.Fit) -> None:
    boot = cs.bootstrap(fit, 50, seed=1)
    before = boot.intervals()
    for array in (boot.theta, boot.statistics.values["std_all"]):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0.0
    table = boot.resamples()
    table.iloc[:, 1] = 0.0
    pd.testing.assert_frame_equal(boot.intervals(), before)


@pytest.mark.parametrize(
    ("estimator", "name"),
    [("MLM", "  Chi-square              3.508"), ("ULS", "  N times discrepancy     1.231")],
)
def test_the_statistic_that_is_resampled_has_its_name(
    answers: pd.DataFrame, estimator: str, name: str
) -> None:
    boot = cs.bootstrap(cs.sem(MODEL, answers, estimator=estimator), 20, seed=1, type=STINE)
    assert name in boot.summary().splitlines()
