"""Bad input: a clear error of ours that names the place, never a traceback from inside NumPy."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data, fitted

import clustersem as cs
from clustersem.errors import (
    AdmissibilityWarning,
    ClusterSemError,
    ClusterSemWarning,
    ConvergenceWarning,
    DataError,
    DataWarning,
    EstimationError,
    IdentificationError,
    ModelError,
    ModelSyntaxError,
    UnsupportedError,
)

ITEMS = [f"x{i}" for i in range(1, 10)]
MODEL = case("hs_cfa_ml")["model"]


def answers():
    return data("holzinger1939")[ITEMS].copy()


def covariances():
    return answers().cov()


def with_text():
    frame = answers().astype(object)
    frame.loc[17, "x3"] = "agree"
    return frame


def never_complete():
    frame = answers()
    frame.iloc[:150, 0] = np.nan
    frame.iloc[150:, 1] = np.nan
    return frame


def infinite():
    frame = answers()
    frame.iloc[4, 2] = np.inf
    return frame


# Whole messages, so that nobody changes them without reading them.
GOLDEN = {
    "a misspelt item": (
        lambda: cs.cfa(MODEL.replace("x5", "x55"), answers()),
        "the data: the model names x55 (did you mean x5?), which is not among its columns."
        " Correct the"
        " model or the column names. There are: x1, x2, x3, x4, x5, x6, x7, x8, x9.\n"
        "In the model, line 2, column 17:\n    textual =~ x4 + x55 + x6\n                    ^^^",
    ),
    "another case": (
        lambda: cs.cfa(MODEL, answers().rename(columns={"x5": "X5"})),
        "the data: the model names x5 (did you mean X5?), which is not among its columns. Correct"
        " the"
        " model or the column names. There are: x1, x2, x3, x4, X5, x6, x7, x8, x9.\n"
        "In the model, line 2, column 17:\n    textual =~ x4 + x5 + x6\n                    ^^",
    ),
    "items that are not there": (
        lambda: cs.cfa(MODEL + "\nhealth =~ happy + sad + x1", answers()),
        "the data: the model names happy and sad, which are not among its columns. Correct the"
        " model or"
        " the column names. There are: x1, x2, x3, x4, x5, x6, x7, x8, x9.\n"
        "In the model, line 5, column 11:\n    health =~ happy + sad + x1\n              ^^^^^",
    ),
    "text among the answers": (
        lambda: cs.cfa(MODEL, with_text()),
        "the data: row 17, item x3: 'agree' is not a number. Code answers as numbers, 1 to 5 say,"
        " or read"
        " the file with clustersem.read_survey and a codebook that gives the text answers their"
        " numbers.",
    ),
    "a constant item": (
        lambda: cs.cfa(MODEL, answers().assign(x2=3)),
        "the data: every respondent gave the same answer to x2, which has therefore no variance to"
        " explain. Leave it out of the model.",
    ),
    "an item without answers": (
        lambda: cs.cfa(MODEL, answers().assign(x2=np.nan)),
        "the data: x2 has no answers at all. Leave out such items, or check the column names and"
        " missing-value codes.",
    ),
    "two columns of one name": (
        lambda: cs.cfa(MODEL, pd.concat([answers(), answers()[["x1"]]], axis=1)),
        "the data: there is more than one column named x1. Rename all but one.",
    ),
    "fewer respondents than items": (
        lambda: cs.cfa(MODEL, answers().iloc[:8]),
        "the data: 8 complete respondents for 9 observed variables. The covariance matrix of p"
        " variables"
        " needs more than p respondents, and a stable solution many times that. Collect more"
        " answers or"
        " model fewer items.",
    ),
    "no complete row": (
        lambda: cs.cfa(MODEL, never_complete()),
        "the data: none of the 301 rows has an answer to every item of the model; x2 alone is"
        " missing in"
        " 151 of them. Leave out items with many missing answers.",
    ),
    "no rows": (
        lambda: cs.cfa(MODEL, answers().iloc[:0]),
        "the data: there are no rows. Check the file, or the filter before it.",
    ),
    "an infinite answer": (
        lambda: cs.cfa(MODEL, infinite()),
        "the data: row 4, item x3 is infinite. Correct it or set it to missing.",
    ),
    "units beyond reckoning": (
        lambda: cs.cfa(MODEL, answers() * 1e-150),
        "the data: the standard deviation of x1 is 1.2e-150, with which no computer can reckon."
        " Express"
        " it in other units.",
    ),
    "no n_obs": (
        lambda: cs.cfa(MODEL, cov=covariances()),
        "cov= needs n_obs=, the number of respondents behind the matrix.",
    ),
    "neither answers nor covariances": (
        lambda: cs.cfa(MODEL),
        "pass either answers as data= or a covariance matrix as cov= with n_obs=.",
    ),
    "both": (
        lambda: cs.cfa(MODEL, answers(), cov=covariances(), n_obs=301),
        "pass either answers as data= or a covariance matrix as cov= with n_obs=.",
    ),
    "answers with n_obs": (
        lambda: cs.cfa(MODEL, answers(), n_obs=200),
        "mean= and n_obs= go with cov=; answers in data= bring their own.",
    ),
    "an array": (
        lambda: cs.cfa(MODEL, answers().to_numpy()),
        "data: expected a pandas DataFrame or a Survey, got ndarray. Read a file with"
        " clustersem.read_survey, one too large for memory with clustersem.read_moments, or wrap an"
        " array in a DataFrame with column names.",
    ),
    "a mean structure without means": (
        lambda: cs.cfa(MODEL, cov=covariances(), n_obs=301, meanstructure=True),
        "the model has intercepts, but the covariance matrix comes without means. Pass them as"
        " mean=, or"
        " leave the intercepts out.",
    ),
}


@pytest.mark.parametrize("what", list(GOLDEN))
def test_the_message(what):
    call, message = GOLDEN[what]
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("columns", "involved"),
    [
        ({"x2": lambda d: d["x1"]}, ["x1", "x2"]),
        ({"x2": lambda d: 3 * d["x1"] - 7}, ["x1", "x2"]),
        ({"x3": lambda d: d["x1"] + d["x2"]}, ["x1", "x2", "x3"]),
        ({"x9": lambda d: d[["x1", "x5", "x8"]].mean(axis=1)}, ["x1", "x5", "x8", "x9"]),
    ],
)
def test_collinear_items_are_named(columns, involved):
    named = ", ".join(involved[:-1]) + " and " + involved[-1]
    with pytest.raises(
        DataError, match=f"singular .* The variables involved are {named}: one of them"
    ):
        cs.cfa(MODEL, answers().assign(**columns))


def altered(**entries):
    cov = covariances()
    for key, value in entries.items():
        row, col = key.split("_")
        cov.loc[row, col] = value
    return cov


@pytest.mark.parametrize(
    ("cov", "message"),
    [
        (altered(x1_x2=0.9), "not symmetric: x1 with x2 is 0.9, but x2 with x1 is 0.4"),
        (covariances().where(np.tril(np.ones((9, 9))) > 0, 0.0), "If only one triangle is filled"),
        (altered(x3_x4=np.nan, x4_x3=np.nan), "the entry of x3 and x4 is not a finite number"),
        (altered(x3_x3=0.0), "the variance of x3 is 0; it must be positive"),
        (altered(x3_x3=-1.0), "the variance of x3 is -1; it must be positive"),
        (altered(x1_x2=9.0, x2_x1=9.0), "not positive definite .* contradict each other"),
        (covariances().astype(object).where(np.eye(9) == 0, "a"), "something that is not a number"),
        (covariances().iloc[:5], "row labels differ from its column labels"),
        (covariances().drop(index="x9", columns="x9"), "x9 .*not among its columns"),
        (np.eye(4), r"shape \(4, 4\), but the model has 9 observed variables: x1, x2"),
        (np.ones(9), r"shape \(9,\)"),
        ([[1.0, 0.5], [0.5]], "rows of different lengths"),
        (np.full((9, 9), "a"), "not a number"),
    ],
)
def test_bad_covariance_matrices(cov, message):
    with pytest.raises(DataError, match=message):
        cs.cfa(MODEL, cov=cov, n_obs=301)


@pytest.mark.parametrize("n_obs", [9, 0, -5, 30.5, np.nan, np.inf, "301", True])
def test_bad_numbers_of_respondents(n_obs):
    with pytest.raises(DataError, match="a whole number of respondents larger than 9"):
        cs.cfa(MODEL, cov=covariances(), n_obs=n_obs)


@pytest.mark.parametrize(
    ("mean", "message"),
    [
        ([1.0, 2.0], "2 values for 9"),
        ([np.nan] + [0.0] * 8, "that of x1 is not a finite number"),
        (list("abcdefghi"), "not a number"),
        (pd.Series(0.0, index=[*ITEMS[:8], "y"]), "x9"),
    ],
)
def test_bad_means(mean, message):
    with pytest.raises(DataError, match=message):
        cs.cfa(MODEL, cov=covariances(), n_obs=301, mean=mean, meanstructure=True)


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("f =~ NA*x1 + x2 + x3 + x4", {"f =~ x1", "f =~ x2", "f =~ x3", "f =~ x4", "f ~~ f"}),
        (
            "f =~ x1 + x2 + x3\ng =~ x4 + x5\nf ~~ 0*g",
            {"g =~ x5", "x4 ~~ x4", "x5 ~~ x5", "g ~~ g"},
        ),
        (
            "a =~ x1 + x2 + x3\nb =~ x4 + x5 + x6\ng =~ a + b",
            {"g =~ b", "a ~~ a", "b ~~ b", "g ~~ g"},
        ),
        ("f =~ x1 + x2 + x3 + x4\nf ~ 1", {"f ~1", "x1 ~1", "x2 ~1", "x3 ~1", "x4 ~1"}),
        (
            "f =~ x1 + x2 + x3 + x4\ng =~ x1 + x2 + x3 + x4 + x5 + x6",
            {"f ~~ g", "g =~ x2", "f ~~ f"},
        ),
    ],
)
def test_models_that_no_data_can_determine(model, parameters):
    with pytest.raises(
        IdentificationError, match="no data could tell these parameters apart"
    ) as at:
        cs.cfa(model, answers())
    # In the last model every item of f is one of g too, so that more than these are involved.
    assert parameters <= set(at.value.parameters)
    assert len(parameters) == len(at.value.parameters) or "f ~~ g" in parameters
    for name in parameters:
        assert name in str(at.value)


@pytest.mark.parametrize(
    ("model", "excess"),
    [
        ("f =~ x1 + x2", 1),
        ("f =~ x1 + x2 + x3\nx1 ~~ x2", 1),
        ("f =~ x1 + x2 + x3\nx1 ~~ x2 + x3\nx2 ~~ x3", 3),
    ],
)
def test_more_parameters_than_moments(model, excess):
    with pytest.raises(
        IdentificationError, match=f"Fix or remove at least {excess}: a factor alone"
    ):
        cs.cfa(model, answers())


def test_a_nonrecursive_pair_without_instruments():
    with pytest.raises(IdentificationError, match="only 3 variances and covariances") as caught:
        cs.sem("x1 ~ x2\nx2 ~ x1", answers())
    assert "factor" not in str(caught.value)


def test_identified_models_whose_estimates_run_off_are_not_called_unidentified():
    # No minimum exists: the weak factor of a sample of 40 runs along a Heywood case.
    rng = np.random.default_rng(2)
    outcomes = set()
    for _ in range(8):
        frame = pd.DataFrame(rng.standard_normal((40, 6)), columns=ITEMS[:6])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ClusterSemWarning)
            fit = cs.cfa("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6", frame)
        outcomes.add(fit.status.code)
        if not fit.converged:
            assert fit.estimates.loc[fit.estimates["se"] != 0, "se"].isna().all()
            assert "not estimates" in fit.warnings[-1]
    assert {"converged", "max_iterations"} <= outcomes


def test_a_fit_that_did_not_converge_warns_and_says_so():
    frame = answers().iloc[:30]
    with pytest.warns(ConvergenceWarning, match="The numbers are not estimates") as record:
        fit = cs.cfa(MODEL, frame)
    assert not fit.converged
    assert fit.status.code == "max_iterations"
    assert str(record[0].message) in fit.warnings
    assert "did not converge" in fit.summary() or "not estimates" in fit.summary()


@pytest.mark.parametrize(
    ("model", "rows", "who"),
    [(MODEL, slice(100, 130), "visual"), ("a =~ x1+x2\nb =~ x4+x5\nc =~ x7+x8", slice(None), "x8")],
)
def test_heywood_cases_warn_and_stay_in_the_fit(model, rows, who):
    with pytest.warns(AdmissibilityWarning, match=rf"Heywood case\) of {who}"):
        fit = cs.cfa(model, answers().iloc[rows])
    assert fit.converged
    assert any("Heywood" in sentence for sentence in fit.warnings)
    check = fit.diagnose().checks[0]
    assert not check.passed
    assert who in check.detail


def test_a_construct_with_one_item_is_pointed_out():
    with pytest.warns(DataWarning, match="f is measured by one item, x1, .*fixed at zero"):
        fit = cs.cfa("f =~ x1\ng =~ x4 + x5 + x6", answers())
    assert any("one item" in sentence for sentence in fit.warnings)
    # A reliability that the user gives is not pointed out (and warnings are errors here).
    cs.cfa("f =~ x1\nx1 ~~ 0.3*x1\ng =~ x4 + x5 + x6", answers())


def test_listwise_deletion_is_told():
    fit = fitted("hs_cfa_listwise")
    assert fit.n_obs == 98
    assert fit.warnings == (
        "203 of 301 respondents have a missing answer and were left out (listwise deletion); 98"
        " were"
        " used.",
    )


@pytest.mark.parametrize(
    "convert",
    [
        lambda d: d.astype(object),
        lambda d: d.astype("Float64"),
        lambda d: d.astype(str),
        lambda d: d.iloc[::-1].set_axis([0] * len(d)),
    ],
)
def test_numbers_in_any_dress_are_the_same_numbers(convert):
    fit = cs.cfa(MODEL, convert(answers()))
    np.testing.assert_allclose(
        fit.estimates["est"], fitted("hs_cfa_ml").estimates["est"], rtol=1e-9
    )


def test_nullable_integers_and_categories():
    rounded = answers().round()
    fit = cs.cfa(MODEL, rounded)
    for other in (rounded.astype("Int64"), rounded.astype("category"), rounded.astype("int8")):
        assert cs.cfa(MODEL, other).measures["chisq"] == pytest.approx(fit.measures["chisq"])
    holes = rounded.astype("Int64")
    holes.iloc[3, 3] = pd.NA
    assert cs.cfa(MODEL, holes).n_obs == 300
    either = answers() > answers().median()
    assert cs.cfa(MODEL, either).measures["chisq"] == pytest.approx(
        cs.cfa(MODEL, either.astype(float)).measures["chisq"]
    )


@pytest.mark.parametrize(
    "column",
    [
        pd.date_range("2020-01-01", periods=301),
        np.arange(301) + 1j,
        ["a"] * 300 + ["b"],
        [" "] + [1.0] * 300,
        [[1]] * 301,
    ],
)
def test_what_is_no_number_is_refused(column):
    with pytest.raises(DataError, match=r"row 0, item x1: .* is not a number"):
        cs.cfa(MODEL, answers().assign(x1=column))


def test_the_row_is_right_where_labels_repeat():
    frame = with_text().set_axis(["a"] * 301)
    with pytest.raises(DataError, match="row a, item x3: 'agree' is not a number"):
        cs.cfa(MODEL, frame)


def test_columns_with_integer_names():
    renamed = answers().set_axis(range(1, 10), axis=1)
    with pytest.raises(DataError, match=r"x1 \(did you mean 1\?\)"):
        cs.cfa(MODEL, renamed)
    beside = answers().assign(**{"other": 1})
    beside.columns = [*ITEMS, 7]
    assert cs.cfa(MODEL, beside).converged


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"estimator": "LISREL"}, "not among those there are: ML, MLR"),
        ({"missing": "mean"}, "Write 'listwise'"),
        ({"likelihood": "Normal"}, "Did you mean 'normal'?"),
        ({"se": "jackknife"}, "There are: 'standard'"),
        ({"test": "all"}, "There are: 'standard'"),
        ({"engine": "lavaan"}, "There are: 'native', 'semopy'"),
        ({"information": "obs"}, "There are: 'expected', 'observed'"),
        ({"parameterization": "probit"}, "There are: 'delta', 'theta'"),
        ({"bounds": "pos"}, "pos.var"),
        ({"estimator": "WLSMV", "likelihood": "wishart"}, "no likelihood"),
        ({"estimator": "MLM", "missing": "fiml"}, "use estimator='MLR'"),
        ({"estimator": "GLS", "se": "robust.huber.white"}, "Use se='robust.sem'"),
        ({"estimator": "DWLS", "test": "yuan_bentler"}, "rests on a likelihood"),
        ({"estimator": "MLR", "engine": "semopy"}, "Leave out engine='semopy'"),
        ({"estimator": "ML", "ordered": True}, "takes items as continuous"),
    ],
)
def test_options_that_are_not_served(option, says):
    with pytest.raises(UnsupportedError) as caught:
        cs.cfa(MODEL, answers(), **option)
    name = next(iter(option))
    assert name in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("model", [None, 3, ["f =~ x1 + x2 + x3"]])
def test_a_model_that_is_no_text(model):
    with pytest.raises(ModelError, match="expected text"):
        cs.cfa(model, answers())


@pytest.mark.parametrize("model", ["", "# nothing\n"])
def test_an_empty_model(model):
    with pytest.raises(ModelSyntaxError, match="the model is empty"):
        cs.cfa(model, answers())


@pytest.mark.parametrize(
    "model",
    [
        "f =~ x1 + x2 + x3 + x4\nx1 ~~ -5*x1\nx2 ~~ -5*x2",
        "f =~ x1 + x2 + x3 + x4\nx1 ~~ 100*x2",
    ],
)
def test_fixed_values_that_contradict_each_other(model):
    with pytest.raises(EstimationError, match="Check fixed values"):
        cs.cfa(model, answers())


def test_nothing_to_estimate():
    with pytest.raises(ModelError, match="no free parameter"):
        cs.sem("x1 ~~ 1*x1", answers())


@pytest.mark.parametrize("what", list(GOLDEN))
def test_every_error_is_one_of_ours_and_input_stays_as_it_was(what):
    before = answers()
    with pytest.raises(ClusterSemError):
        GOLDEN[what][0]()
    pd.testing.assert_frame_equal(answers(), before)


def test_hardly_more_respondents_than_items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        fit = cs.cfa(MODEL, answers().iloc[:10])
    assert fit.n_obs == 10
    assert np.isfinite(fit.measures["chisq"])


@pytest.mark.parametrize("columns", [{"x1": 1e12, "x2": 1e-12}, {"x9": 1e40}])
def test_items_of_very_different_size(columns):
    fit = cs.cfa(MODEL, answers().assign(**{c: answers()[c] * f for c, f in columns.items()}))
    assert fit.measures["chisq"] == pytest.approx(fitted("hs_cfa_ml").measures["chisq"], rel=1e-8)


@pytest.mark.parametrize("estimator", ["MLR", "MLM", "MLF", "WLS", "DWLS", "WLSMV", "ULSMV"])
def test_pairwise_covariances_are_not_enough_for_robust_estimators(estimator):
    answers = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 4)), columns=list("abcd"))
    answers.iloc[3, 1] = np.nan
    with pytest.raises(UnsupportedError, match="estimator='MLR' with missing='ml'"):
        cs.cfa("f =~ a + b + c + d", answers, estimator=estimator, missing="pairwise")
