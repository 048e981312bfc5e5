"""Whatever a tired researcher brings: the error names the place and the remedy, never NumPy's."""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem import cli, errors
from clustersem.errors import (
    ClusterSemError,
    CodebookError,
    DataError,
    EstimationError,
    IdentificationError,
    ModelError,
    ModelSyntaxError,
    UnsupportedError,
)

MODEL = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\ng ~ f\n"
ITEMS = [f"x{i}" for i in range(1, 7)]
STUDY = """title = "Trust"
[data]
file = "answers.csv"
answers = [1, 7]
[constructs.F]
items = ["x1", "x2", "x3"]
[constructs.G]
items = ["x4", "x5", "x6"]
[scale]
parallel = false
[[hypotheses]]
id = "H1"
path = "G ~ F"
expect = "+"
"""


def made(n=200, seed=1):
    """Answers to six items of two related constructs, as decimals."""
    rng = np.random.default_rng(seed)
    traits = rng.normal(size=(n, 2)) @ [[1.0, 0.5], [0.0, 0.8]]
    return pd.DataFrame(np.repeat(traits, 3, axis=1) + 0.7 * rng.normal(size=(n, 6)), columns=ITEMS)


def likert(n=200, seed=1):
    return (made(n, seed) * 1.2 + 4).round().clip(1, 7).astype(int)


def refused(kind, call):
    """Return the message of an error of exactly this kind; a warning of NumPy's fails too."""
    with pytest.raises(ClusterSemError) as caught:
        call()
    assert type(caught.value) is kind, f"{type(caught.value).__name__}: {caught.value}"
    return str(caught.value)


@pytest.fixture
def folder(tmp_path):
    """A folder with answers, a model and a study that all work."""
    likert().to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "model.txt").write_text(MODEL, encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def study(folder):
    """Run the study with one thing replaced."""

    def run(old="", new="", text=STUDY):
        assert not old or old in text
        (folder / "study.toml").write_text(text.replace(old, new), encoding="utf-8")
        return cs.Study.from_file(folder / "study.toml").run()

    return run


def command(capsys, *arguments):
    """Run the command line; return its exit code and what it says on stderr."""
    code = 0
    try:
        cli.app([str(a) for a in arguments], prog_name="clustersem")
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr()
    assert "Traceback" not in told.err + told.out
    return code, told.err


# --- items ---------------------------------------------------------------------------------------


def test_a_misspelt_item_shows_its_place_and_the_file(folder, study, capsys):
    wrong = MODEL.replace("x4", "x44")
    said = (
        "{}: the model names x44 (did you mean x4?), which is not among its columns. Correct the"
        " model or the column names. There are: x1, x2, x3, x4, x5, x6.\n"
        "In the model, line 2, column 6:\n    g =~ x44 + x5 + x6\n         ^^^"
    )
    path = folder / "answers.csv"
    assert refused(DataError, lambda: cs.sem(wrong, made())) == said.format("the data")
    assert refused(DataError, lambda: cs.sem(wrong, cs.read_survey(path))) == said.format(path)
    text = f'{STUDY}[model]\nsyntax = """\n{wrong}"""\n'
    assert refused(DataError, lambda: study(text=text)) == said.format(path)
    assert refused(CodebookError, lambda: study('"x3"', '"x33"')) == (
        "item 'x33' of the codebook is not a column of file answers.csv; did you mean 'x3'?"
    )
    (folder / "wrong.txt").write_text(wrong, encoding="utf-8")
    told = command(capsys, "fit", folder / "wrong.txt", path)
    assert told == (1, f"Error: {said.format(path)}\n")


def test_items_that_are_not_in_the_data_are_all_named(study):
    frame = made()[["x1", "x2", "x3", "x4"]]
    said = refused(DataError, lambda: cs.sem(MODEL, frame))
    assert "the model names x5 (did you mean x4?) and x6 (did you mean x4?), which are not" in said
    assert said.endswith("line 2, column 11:\n    g =~ x4 + x5 + x6\n              ^^")
    said = refused(DataError, lambda: cs.sem(MODEL, cov=made().cov().iloc[:5, :5], n_obs=200))
    assert "cov: the model names x6 (did you mean x5?)" in said
    assert refused(DataError, lambda: cs.sem(MODEL, cov=made().cov().to_numpy()[:5, :5], n_obs=99))
    fit = cs.sem(MODEL, made())
    assert "x5 (did you mean x4?)" in refused(DataError, lambda: fit.factor_scores(frame))


@pytest.mark.parametrize("answer", ["agree", [1], pd.Timestamp("2022-03-18"), 1 + 2j, "1,5"])
def test_text_in_an_answer_column(answer):
    frame = made().astype({"x3": object})
    frame.at[5, "x3"] = answer
    said = refused(DataError, lambda: cs.sem(MODEL, frame))
    assert said.startswith(f"the data: row 5, item x3: {answer!r} is not a number. Code answers as")


def test_text_in_a_file(folder, study, capsys):
    frame = likert().astype(object)
    frame.loc[5, "x3"] = "agree"
    frame.to_csv(folder / "answers.csv", index=False)
    text = "file answers.csv, row 7, item x3: 'agree' is not a number. Correct the cell, or say in"
    assert refused(DataError, study).startswith(text)
    assert refused(DataError, lambda: cs.read_survey(folder / "answers.csv")).startswith(text)
    code, said = command(capsys, "fit", folder / "model.txt", folder / "answers.csv")
    assert (code, said.startswith(f"Error: {text}")) == (1, True)


def test_a_constant_item(study, folder):
    for value in (3, 3.3):
        assert refused(DataError, lambda v=value: cs.sem(MODEL, made().assign(x3=v))) == (
            "the data: every respondent gave the same answer to x3, which has therefore no variance"
            " to explain. Leave it out of the model."
        )
    likert().assign(x3=3).to_csv(folder / "answers.csv", index=False)
    assert refused(DataError, study) == (
        "every respondent gave the same answer to 'x3'; a constant item has no correlation: leave"
        " it out"
    )


def test_items_without_answers(study, folder):
    assert refused(DataError, lambda: cs.sem(MODEL, made().assign(x3=np.nan))).startswith(
        "the data: x3 has no answers at all. Leave out such items"
    )
    frame = made()
    frame.loc[:99, "x3"], frame.loc[100:, "x4"] = np.nan, np.nan
    assert refused(DataError, lambda: cs.sem(MODEL, frame)) == (
        "the data: none of the 200 rows has an answer to every item of the model; x3 alone is"
        " missing in 100 of them. Leave out items with many missing answers."
    )
    assert refused(DataError, lambda: cs.sem(MODEL, frame.iloc[:0])) == (
        "the data: there are no rows. Check the file, or the filter before it."
    )
    likert().assign(x3="").to_csv(folder / "answers.csv", index=False)
    assert "file answers.csv, item x3: there is no answer in any row." in refused(DataError, study)


def test_a_construct_with_one_item(study):
    one = ('["x1", "x2", "x3"]', '["x1"]')
    assert refused(DataError, lambda: study(*one)) == (
        "construct 'F' has 1 item(s), fewer than 2: give it more items or leave it out"
    )
    unpurified = STUDY.replace("parallel", "purify = false\nparallel")
    assert refused(DataError, lambda: study(*one, text=unpurified)) == (
        "construct 'F' has one item ('x1'): consistency needs at least two; add items or leave the"
        " construct out"
    )
    # In a model it is a variable without measurement error, as in lavaan.
    with pytest.warns(errors.DataWarning, match="f is measured by one item, x1"):
        fit = cs.sem("f =~ x1\ng =~ x4 + x5 + x6\ng ~ f", made())
    assert (fit.df, float(fit.implied_cov.loc["x1", "x1"])) == (
        2,
        pytest.approx(float(made()["x1"].var(ddof=0)), rel=1e-8),  # a saturated variance
    )


def test_duplicate_column_names(folder, study):
    frame = made()
    doubled = pd.concat([frame, frame[["x3"]]], axis=1)
    assert refused(DataError, lambda: cs.sem(MODEL, doubled)) == (
        "the data: there is more than one column named x3. Rename all but one."
    )
    pd.concat([likert(), likert()[["x3"]]], axis=1).to_csv(folder / "answers.csv", index=False)
    assert refused(DataError, study) == (
        "file answers.csv, row 1: the column name 'x3' stands 2 times (columns 3 and 7). Rename or"
        " delete one."
    )
    levels = frame.set_axis(pd.MultiIndex.from_product([["wave 1"], ITEMS]), axis=1)
    assert refused(DataError, lambda: cs.sem(MODEL, levels)) == (
        "the data: the columns have 2 levels. Flatten them to one name a column."
    )


@pytest.mark.parametrize("n", [1, 5, 6])
def test_fewer_respondents_than_items(n):
    assert refused(DataError, lambda: cs.sem(MODEL, made().iloc[:n])) == (
        f"the data: {n} complete respondents for 6 observed variables. The covariance matrix of p"
        " variables needs more than p respondents, and a stable solution many times that. Collect"
        " more answers or model fewer items."
    )


def test_fewer_respondents_than_items_in_a_study(study, folder):
    likert(5).to_csv(folder / "answers.csv", index=False)
    said = refused(DataError, study)
    assert "5 respondents and 6 items" in said or "complete" in said


# --- covariance matrices -------------------------------------------------------------------------


def changed(**entries):
    cov = made().cov()
    for place, value in entries.items():
        cov.loc[place[:2], place[2:]] = value
    return cov


@pytest.mark.parametrize(
    ("cov", "said"),
    [
        (changed(x1x2=9.0), "it is not symmetric: x1 with x2 is 9, but x2 with x1 is 0.747"),
        (changed(x1x2=9.0, x2x1=9.0), "not positive definite (smallest eigenvalue of the"),
        (changed(x1x2=9.0, x2x1=9.0), "The variables involved are x1 and x2"),
        (changed(x1x1=0.0), "the variance of x1 is 0; it must be positive."),
        (changed(x1x1=-1.0), "the variance of x1 is -1; it must be positive."),
        (changed(x1x2=np.nan), "the entry of x1 and x2 is not a finite number. Fill in every"),
        (changed().astype(object).replace({}).assign(x1="a"), "something that is not a number"),
        (changed().iloc[:3], "its row labels differ from its column labels"),
        (changed().rename(index={"x1": "x2"}, columns={"x1": "x2"}), "more than one column named"),
        ([[1.0, 2.0], [1.0]], "rows of different lengths"),
        ("x", "something that is not a number"),
        ([1.0, 2.0], "it has shape (2,), but the model has 6 observed variables"),
        (changed().to_numpy() * 1j, "something that is not a number"),
        (changed() * 1e-220, "the standard deviation of x1 is"),
    ],
)
def test_covariance_matrices_that_are_none(cov, said):
    message = refused(DataError, lambda: cs.sem(MODEL, cov=cov, n_obs=200))
    assert message.startswith("cov: ")
    assert said in message


@pytest.mark.parametrize("n", [None, 0, -5, 6, 2.5, "200", True, np.nan, np.inf])
def test_numbers_of_observations_that_are_none(n):
    assert "n_obs=" in refused(DataError, lambda: cs.sem(MODEL, cov=made().cov(), n_obs=n))


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        ([1.0, 2.0], "mean: it has 2 values for 6"),
        (["a"] * 6, "mean: it holds something that is not a number"),
        ([1.0] * 5 + [np.nan], "mean: that of x6 is not a finite number."),
        (pd.Series(1.0, index=list("abcdef")), "mean: the model names x1, x2, x3, x4, x5 and x6"),
        (made().mean().to_frame().T, "mean: it has 6 values for 6"),
    ],
)
def test_means_that_are_none(mean, said):
    call = {"cov": made().cov(), "n_obs": 200, "meanstructure": True}
    assert refused(DataError, lambda: cs.sem(MODEL, mean=mean, **call)).startswith(said)


def test_means_by_name_in_any_order():
    call = {"cov": made().cov(), "n_obs": 200, "meanstructure": True}
    means = made().mean()
    wanted = cs.sem(MODEL, mean=means, **call).loglik
    for same in (means[::-1], list(means), means.to_numpy()):
        assert cs.sem(MODEL, mean=same, **call).loglik == wanted


def test_data_and_matrices_at_once():
    frame = made()
    for call in ({}, {"data": frame, "cov": frame.cov(), "n_obs": 200}):
        assert "either answers as data= or a covariance matrix" in refused(
            DataError, lambda c=call: cs.sem(MODEL, **c)
        )
    for extra in ({"n_obs": 5}, {"mean": frame.mean()}):
        assert "go with cov=" in refused(DataError, lambda e=extra: cs.sem(MODEL, frame, **e))
    assert "needs n_obs=" in refused(DataError, lambda: cs.sem(MODEL, cov=frame.cov()))


# --- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "named"),
    [
        ("f =~ x1 + x2", "two items need equal loadings"),
        ("f =~ NA*x1 + x2 + x3", "Fix or remove at least 1"),
        ("f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6\nf ~ g\ng ~ f", "f ~ g, g ~ f, f ~~ f, g ~~ g"),
        ("f =~ NA*x1 + x2 + x3 + x4\n", "f =~ x1, f =~ x2, f =~ x3, f =~ x4, f ~~ f"),
    ],
)
def test_an_unidentified_model_names_its_parameters(model, named):
    with pytest.raises(IdentificationError) as caught:
        cs.sem(model, made())
    assert named in str(caught.value)
    assert caught.value.parameters


def test_an_unidentified_study(study):
    second = '[[hypotheses]]\nid = "H2"\npath = "F ~ G"\nexpect = "+"\n'
    assert "G ~ F, F ~ G" in refused(IdentificationError, lambda: study(text=STUDY + second))
    alone = STUDY.split("[constructs.G]", maxsplit=1)[0].replace(', "x3"', "")
    assert "two items need equal loadings" in refused(
        IdentificationError, lambda: study(text=alone)
    )


def test_a_syntax_error_has_a_caret(folder, study, capsys):
    caret = "    g =~ x4 + + x6\n              ^"
    wrong = MODEL.replace("+ x5", "+")
    assert refused(ModelSyntaxError, lambda: cs.sem(wrong, made())).endswith(caret)
    assert refused(ModelSyntaxError, lambda: cs.sem(wrong)).endswith(caret)
    text = f'{STUDY}[model]\nsyntax = """\n{wrong}"""\n'
    assert refused(ModelSyntaxError, lambda: study(text=text)).endswith(caret)
    (folder / "model.txt").write_text(wrong, encoding="utf-8")
    code, said = command(capsys, "fit", folder / "model.txt", folder / "answers.csv")
    assert (code, said.startswith("Error: model.txt, line 2, column 11: ")) == (1, True)
    assert said.endswith(caret + "\n")


@pytest.mark.parametrize(
    ("model", "remedy"),
    [
        (b"f =~ x1", "bytes. Decode it"),
        (None, "NoneType. Write, say, 'f =~ x1 + x2 + x3'."),
        (["f =~ x1"], r"list. Join its lines: '\n'.join(model)."),
        ({"f": ["x1"]}, "dict. Write, say,"),
        (5, "int. Write, say,"),
    ],
)
def test_models_of_a_wrong_type(model, remedy):
    said = refused(ModelError, lambda: cs.sem(model, made()))
    assert said.startswith("model: expected text or a ModelSpec, got ")
    assert remedy in said


def test_a_path_in_place_of_a_model(tmp_path):
    said = refused(ModelError, lambda: cs.sem(tmp_path / "model.txt", made()))
    assert "Read the file: path.read_text(encoding='utf-8')." in said


@pytest.mark.parametrize("text", ["", "  \n", "# nothing\n"])
def test_an_empty_model(text):
    assert "the model is empty" in refused(ModelSyntaxError, lambda: cs.sem(text, made()))


def test_data_of_a_wrong_type():
    frame = made()
    wrong = [frame.to_dict(), frame.to_numpy().tolist(), frame.to_numpy(), frame["x1"], "a.csv", 5]
    for data in wrong:
        assert refused(DataError, lambda d=data: cs.sem(MODEL, d)) == (
            f"data: expected a pandas DataFrame or a Survey, got {type(data).__name__}. Read a"
            " file with clustersem.read_survey, one too large for memory with"
            " clustersem.read_moments, or wrap an array in a DataFrame with column names."
        )


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"likelihood": "Wishart"}, "Did you mean 'wishart'?"),
        ({"engine": "lavaan"}, "There are: 'native', 'semopy'."),
        ({"missing": 5}, "missing=5 is no way to treat missing answers."),
        ({"estimator": np.array(["ML", "MLR"])}, "not among those there are"),
        ({"ordered": 5}, "ordered=5: write a list of names"),
        ({"group_equal": "loadings"}, "group_equal= needs several groups."),
        ({"group_equal": 5}, "group_equal=5: write a list of names"),
        ({"test": 5}, "test=5 is unknown."),
        ({"std_lv": "yes"}, "std_lv='yes': write True or False."),
        ({"fixed_x": None}, "fixed_x=None: write True or False."),
        ({"meanstructure": 1}, "meanstructure=1: write True or False."),
    ],
)
def test_options_that_are_not_served(option, said):
    assert said in refused(UnsupportedError, lambda: cs.sem(MODEL, made(), **option))


def test_options_that_say_nothing_are_served():
    plain = cs.sem(MODEL, made()).measures["chisq"]
    for option in ({"ordered": []}, {"ordered": False}, {"group_equal": None}, {"group_equal": []}):
        assert cs.sem(MODEL, made(), **option).measures["chisq"] == plain


def test_a_built_model_does_not_follow_other_options():
    spec = cs.sem(MODEL, made()).spec
    assert "std_lv=True cannot change a ModelSpec" in refused(
        UnsupportedError, lambda: cs.sem(spec, made(), std_lv=True)
    )
    assert cs.sem(spec, made()).df == 8


@pytest.mark.parametrize("value", ["1e300", "start(1e300)"])
def test_values_beyond_computing(value):
    assert "f =~ x2 is given the value 1e+300, too large" in refused(
        ModelError, lambda: cs.sem(f"f =~ x1 + {value}*x2 + x3", made())
    )


# --- degenerate answers --------------------------------------------------------------------------


def test_copies_and_sums_are_named():
    frame = made()
    for column, others in (
        (frame["x2"], "x2 and x3"),
        (frame["x1"] + frame["x2"], "x1, x2 and x3"),
    ):
        said = refused(DataError, lambda c=column: cs.sem(MODEL, frame.assign(x3=c)))
        assert f"The variables involved are {others}: one of them can be computed" in said
    same = pd.DataFrame(dict.fromkeys(ITEMS, frame["x1"]))
    assert "singular" in refused(DataError, lambda: cs.sem(MODEL, same))


@pytest.mark.parametrize(
    "unit", [1e12, 1e-12, 1e40, 1e-40, np.array([1e12, 1e-12, 1, 1e6, 1e-6, 9])]
)
def test_any_unit_that_can_be_computed_with(unit):
    plain, scaled = cs.sem(MODEL, made()), cs.sem(MODEL, made() * unit)
    assert scaled.converged
    # The optimiser stops at a decrement of the discrepancy that leaves about eight digits of chi2.
    assert scaled.measures["chisq"] == pytest.approx(plain.measures["chisq"], rel=1e-7)
    np.testing.assert_allclose(
        scaled.estimates["std_all"], plain.estimates["std_all"], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("unit", [1e100, 1e200, 1e-200])
def test_units_that_cannot_be_computed_with(unit):
    said = refused(DataError, lambda: cs.sem(MODEL, made() * unit))
    assert said.startswith("the data: the standard deviation of x1 is ")
    assert said.endswith("Express it in other units.")


def test_infinite_answers():
    frame = made()
    frame.loc[3, "x4"] = np.inf
    assert refused(DataError, lambda: cs.sem(MODEL, frame)).startswith(
        "the data: row 3, item x4 is infinite."
    )


def test_a_heywood_case_is_a_warning_and_everything_can_still_be_read():
    rng = np.random.default_rng(5)
    frame = made().assign(x1=lambda d: 0.5 * d["x2"] + 0.5 * d["x3"] + 0.1 * rng.normal(size=200))
    with pytest.warns(errors.AdmissibilityWarning, match=r"Heywood case\) of x1"):
        fit = cs.sem(MODEL, frame)
    assert fit.converged
    assert any("x1" in text for text in fit.warnings)
    failed = [check.name for check in fit.diagnose().checks if not check.passed]
    assert "negative error variances" in failed
    assert fit.modification_indices()["mi"].notna().all()
    assert "x1" in fit.summary()


def test_noise_does_not_converge_and_says_so():
    noise = pd.DataFrame(np.random.default_rng(3).normal(size=(30, 6)), columns=ITEMS)
    with pytest.warns(errors.ConvergenceWarning, match="not estimates"):
        fit = cs.sem(MODEL, noise)
    assert fit.estimates.loc[fit.estimates["se"] != 0, "se"].isna().all()
    assert "did not converge" in refused(EstimationError, lambda: cs.respecify(fit))
    assert "no hypothesis can be tested" in refused(
        EstimationError, lambda: cs.test_hypotheses(fit, "H1: g ~ f, +")
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.astype("Int64"),
        lambda d: d.astype("Float64"),
        lambda d: d.astype("int8"),
        lambda d: d.astype("category"),
        lambda d: d.astype(str),
        lambda d: d.astype(object),
        lambda d: d.astype("string"),
        lambda d: d.assign(x3=pd.arrays.SparseArray(d["x3"])),
        lambda d: d.assign(name="Li", when=pd.Timestamp("2022-03-18"), other=None),
        lambda d: d.set_axis([0] * len(d)),
        lambda d: d.iloc[:, ::-1],
    ],
)
def test_the_same_answers_in_any_type_of_column(change):
    frame = change(likert())
    before = frame.copy(deep=True)
    fit = cs.sem(MODEL, frame)
    # The order of the columns changes the order of the sums.
    assert fit.measures["chisq"] == pytest.approx(
        cs.sem(MODEL, likert()).measures["chisq"], rel=1e-9
    )
    pd.testing.assert_frame_equal(frame, before)


def test_missing_answers_of_nullable_columns():
    frame = likert().astype("Int64")
    frame.loc[3, "x2"] = pd.NA
    assert cs.sem(MODEL, frame).n_obs == 199


@pytest.mark.parametrize("name", ["c", "start", "x.1", "_x", "信任1", "nan", "pi", "x" * 300])
def test_names_that_look_like_syntax(name):
    frame = made().rename(columns={"x2": name})
    wanted = cs.sem(MODEL, made()).measures["chisq"]
    assert cs.sem(MODEL.replace("x2", name), frame).measures["chisq"] == wanted


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file(folder, study, capsys, content):
    (folder / "answers.csv").write_bytes(content)
    text = "file answers.csv is empty. Export the answers again, with the item names in row 1."
    assert refused(DataError, study) == text
    code, said = command(capsys, "fit", folder / "model.txt", folder / "answers.csv")
    assert (code, said) == (1, f"Error: {text}\n")
    (folder / "model.txt").write_bytes(content)
    code, said = command(capsys, "fit", folder / "model.txt", folder / "answers.csv")
    assert (code, said.startswith("Error: model.txt, line 1, column 1: the model is empty")) == (
        1,
        True,
    )
    (folder / "study.toml").write_bytes(content)
    assert refused(CodebookError, lambda: cs.Study.from_file(folder / "study.toml")) == (
        'study.toml: [data] needs the file with the answers: file = "answers.csv"'
    )


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "utf-16-le", "utf-8-sig", "utf-8"])
def test_every_file_in_every_usual_encoding(tmp_path, capsys, encoding):
    names = dict(
        zip(ITEMS, ["信任一", "信任二", "信任三", "使用一", "使用二", "使用三"], strict=True)
    )
    path = tmp_path / "问卷 答案.csv"
    path.write_bytes(likert().rename(columns=names).to_csv(index=False).encode(encoding))
    text = STUDY.replace("answers.csv", path.name)
    model = MODEL
    for old, new in names.items():
        text, model = text.replace(old, new), model.replace(old, new)
    (tmp_path / "研究.toml").write_bytes(text.encode(encoding))
    (tmp_path / "模型.txt").write_bytes(model.replace("\n", "\r\n").encode(encoding))
    wanted = cs.sem(MODEL, likert()).measures["chisq"]
    result = cs.Study.from_file(tmp_path / "研究.toml").run()
    assert result.fit.measures["chisq"] == pytest.approx(wanted, rel=1e-12)
    code, said = command(capsys, "fit", tmp_path / "模型.txt", path)
    assert (code, said) == (0, "")


def test_a_model_that_is_not_text(folder, capsys):
    (folder / "model.txt").write_bytes(bytes(range(256)))
    code, said = command(capsys, "fit", folder / "model.txt", folder / "answers.csv")
    assert (code, said) == (1, "Error: file model.txt is not a text file. Save it as UTF-8.\n")


def test_missing_codes_of_spss(tmp_path, study):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = likert().astype(float)
    frame.loc[:9, "x3"] = 9.0
    path = tmp_path / "answers.sav"
    pyreadstat.write_sav(
        frame,
        path,
        missing_ranges={"x3": [9]},
        variable_value_labels={"x3": {1.0: "never", 7.0: "always", 9.0: "no answer"}},
    )
    survey = cs.read_survey(path)
    assert survey.answers["x3"].isna().sum() == 10
    fit = cs.sem(MODEL, survey)
    assert fit.n_obs == 190
    assert any("10 of 200" in text for text in fit.warnings)
    result = study("answers.csv", "answers.sav")
    assert result.fit.measures["chisq"] == pytest.approx(fit.measures["chisq"], rel=1e-12)


# --- surveys in models ---------------------------------------------------------------------------


def test_a_covariate_of_a_survey_can_be_modelled():
    frame = likert().assign(age=np.arange(200) % 50 + 18, sex=["f", "m"] * 100)
    survey = cs.read_survey(frame, {"constructs": {"F": ITEMS[:3], "G": ITEMS[3:]}})
    wanted = cs.sem(MODEL + "g ~ age", frame)
    fit = cs.sem(MODEL + "g ~ age", survey)
    assert fit.measures["chisq"] == wanted.measures["chisq"]
    pd.testing.assert_frame_equal(
        fit.factor_scores(survey), wanted.factor_scores(frame), check_names=False
    )
    assert "data frame: row 0, item sex: 'f' is not a number" in refused(
        DataError, lambda: cs.sem(MODEL + "g ~ sex", survey)
    )


# --- study files ---------------------------------------------------------------------------------

SECOND = '[[hypotheses]]\nid = "{}"\npath = "{}"\nexpect = "{}"\n'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Trust"', "title = 5", "study.toml, line 1: title is a text: write it in quotes"),
        ('title = "Trust"', 'tilte = "x"', "study.toml, line 1: there is no section 'tilte'"),
        ('file = "answers.csv"\n', "", "study.toml: [data] needs the file with the answers"),
        ('"answers.csv"', '""', "study.toml: [data] needs the file with the answers"),
        ('"answers.csv"', "5", "study.toml, line 3: file: input should be a valid string, not 5"),
        ("answers = [1, 7]", "answer = [1, 7]", "line 4: unknown key 'answer'; did you mean 'answ"),
        ("[1, 7]", "[7, 1]", "line 4: answers: the lowest answer, 7, is not below the highest, 1"),
        ('"x4"', '"x3"', "item 'x3' is in construct 'F' and in construct 'G'"),
        ('["x1", "x2", "x3"]', "[]", "line 5: construct 'F' has no item; list its items"),
        ("[constructs.F]", "[constructs.x1]", "'x1' names a construct and an item; rename one"),
        ("G ~ F", "G ~ E", "study.toml: hypothesis H1: 'E' is not a construct; there are F, G."),
        ("G ~ F", "G ~ G", "study.toml: hypothesis H1 relates G to itself; name two constructs."),
        ("G ~ F", "F =~ x4", "hypothesis H1: 'x4' is not among the items of F, x1, x2, x3."),
        ("G ~ F", "indirect", "hypothesis H1: 'indirect' is no path among constructs"),
        ("G ~ F", "G F", "study.toml: hypothesis H1: 'G F' is not the name of one variable"),
        ("G ~ F", "G F", "\n    G F\n      ^"),
        ('id = "H1"\n', "", "has no id; it needs id, path and expect"),
        ('expect = "+"', 'expect = "up"', "hypothesis H1 expects 'up'; write '+', '-' or '!=0'."),
        ("expect", "expct", "hypothesis H1 has no key 'expct'; did you mean 'expect'?"),
        ("[[hypotheses]]", "[hypotheses]", "write each hypothesis as a section [[hypotheses]]"),
        ('title = "Trust"', "screening = [1]", "[screening] is a section: write its keys below"),
        ("parallel", "paralel", "line 10: [scale] has no key 'paralel'; did you mean 'parallel'?"),
        ("parallel = false", "cutoff = 5", "line 10: [scale] cutoff: input should be less than 1"),
        ("parallel = false", "seed = -1", "[scale] seed: input should be greater than or equal"),
        ("parallel = false", "minimum_items = 1", "should be greater than or equal to 2, not 1"),
    ],
)
def test_study_files_with_one_thing_wrong(study, old, new, said):
    assert said in refused(CodebookError, lambda: study(old, new))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (SECOND.format("H1", "F ~~ G", "+"), "two hypotheses are called H1: G ~ F and F ~~ G"),
        ("[modle]\n", "study.toml, line 15: there is no section 'modle' in a study file; did you"),
        ("[screening]\nmaxmissing = 1\n", "screening has no key 'maxmissing'; did you mean"),
        ('[model]\nmarkers = { F = "x9" }\n', "[model] markers: 'x9' is not among the items of F"),
        ('[model]\nlikelihood = "Wishart"\n', "line 16: [model] likelihood: input should be 'norm"),
        (
            '[model]\nsyntax = "G =~ x4 + x5 + x6"\nmarkers = { F = "x2" }\n',
            "[model] has both syntax and markers.",
        ),
        ("[respecification]\nallow = 1\n", '[respecification] allow: write "within_construct", or'),
        ("[respecification]\nsteps = 1\n", "[respecification] steps: write a list of parameters"),
        ('[respecification]\nallow = "all"\n', "study.toml: 'all' is no allowance."),
        (
            "[respecification]\nmax_steps = -1\n",
            "study.toml: max_steps=-1: write a whole number, 0 or more.",
        ),
        ("[options]\nalpha = 5\n", "line 16: [options] alpha: input should be less than 1, not 5"),
        ("[[[", "not valid TOML: Invalid initial character"),
    ],
)
def test_study_files_with_one_section_too_many(study, more, said):
    assert said in refused(CodebookError, lambda: study(text=STUDY + more))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('["x1 ~~ x99"]', "step 1, x1 ~~ x99 is not about this model: it has no variable 'x99'"),
        ('["G ~ F"]', "step 1 cannot be made: G ~ F is free in the model already"),
    ],
)
def test_steps_that_cannot_be_made(study, steps, said):
    text = f"{STUDY}[respecification]\nsteps = {steps}\n"
    assert said in refused(ModelError, lambda: study(text=text))


def test_a_step_that_leaves_the_model_unidentified_is_skipped(study):
    result = study(text=f'{STUDY}[respecification]\nsteps = ["F ~ G"]\n')
    assert [step.status for step in result.respecification.steps] == ["skipped"]
    assert "not identified" in result.respecification.steps[0].why
    assert result.fit.df == 8


@pytest.mark.parametrize("name", ["Q 1", "trust-1", "1", "1x", "x1#", "NA", "a:b", "问题？"])
def test_names_that_a_model_cannot_hold(folder, study, name):
    likert().rename(columns={"x1": name}).to_csv(folder / "answers.csv", index=False)
    said = refused(CodebookError, lambda: study('"x1"', f'"{name}"'))
    assert said.startswith(f"study.toml: a model cannot hold the name {name!r}: names consist of")
    assert "in the data and in the study." in said


def test_hypotheses_that_contradict_each_other_get_their_own_verdicts(study):
    more = SECOND.format("H2", "G ~ F", "-") + SECOND.format("H3", "G ~ F", "!=0")
    table = study(text=STUDY + more).hypotheses
    assert table["verdict"].tolist() == ["supported", "contradicted", "supported"]
    assert table["est"].nunique() == 1
    both_ways = STUDY.replace("G ~ F", "G ~~ F") + SECOND.format("H2", "F ~~ G", "-")
    assert study(text=both_ways).hypotheses["verdict"].tolist() == ["supported", "contradicted"]


def test_a_hypothesis_about_a_loading(study):
    assert study("G ~ F", "F =~ x2").hypotheses["verdict"].tolist() == ["supported"]
    assert "fixed at 1" in refused(ModelError, lambda: study("G ~ F", "F =~ x1"))


def test_a_marker_that_purification_deletes(folder, study):
    noise = np.random.default_rng(0).integers(1, 8, 200)
    likert().assign(x2=noise).to_csv(folder / "answers.csv", index=False)
    said = refused(CodebookError, lambda: study(text=f'{STUDY}[model]\nmarkers = {{ F = "x2" }}\n'))
    assert "'x2' is not among the items of F, x1, x3. It may have been deleted" in said


def test_purification_that_deletes_all_it_may(study):
    with pytest.warns(errors.AdmissibilityWarning):  # two items a construct: a Heywood case
        result = study("parallel = false", "parallel = false\ncutoff = 0.99")
    assert [len(items) for items in result.constructs.values()] == [2, 2]
    assert len(result.deleted) == 2
    assert any("but stays" in text for text in result.warnings)


def test_a_study_from_python_is_checked_too():
    book = cs.Codebook(constructs={"F": ITEMS[:3], "G": ITEMS[3:]})
    assert cs.Study(likert(), book, "H1: G ~ F, +").hypotheses[0].path == "G ~ F"
    assert "'E' is not a construct" in refused(
        CodebookError, lambda: cs.Study(likert(), book, ["H1: G ~ E, +"])
    )
    assert "expected a Codebook, got dict" in refused(
        CodebookError, lambda: cs.Study(likert(), {"F": ITEMS})
    )
    for path in (None, 5):
        assert "takes the path of a study file" in refused(
            CodebookError, lambda p=path: cs.Study.from_file(p)
        )
    assert "hypotheses come as a text, a list or a DataFrame" in refused(
        ModelError, lambda: cs.test_hypotheses(cs.sem(MODEL, made()), None)
    )
    assert "1 is no hypothesis" in refused(
        ModelError, lambda: cs.test_hypotheses(cs.sem(MODEL, made()), [1])
    )
    assert "expected a RespecificationPolicy, got 'paths'" in refused(
        ModelError, lambda: cs.respecify(cs.sem(MODEL, made()), "paths")
    )


# --- results as values ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result():
    book = cs.Codebook(constructs={"F": ITEMS[:3], "G": ITEMS[3:]})
    policy = cs.RespecificationPolicy(allow="residual_covariances", max_steps=1)
    return cs.Study(likert(), book, "H1: G ~ F, +", respecification=policy).run()


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_results_can_be_copied_and_pickled(result, clone):
    again = clone(result)
    assert again.summary() == result.summary()
    assert dict(again.fit.measures) == dict(result.fit.measures)
    assert not again.fit.theta.flags.writeable
    assert not again.fit.moments.cov.flags.writeable
    pd.testing.assert_frame_equal(again.survey.answers, result.survey.answers)
    error = errors.ModelSyntaxError("expected a name", "f =~ x1 +", 8)
    assert str(clone(error)) == str(error)
    assert clone(errors.IdentificationError("no", ("f ~~ f",))).parameters == ("f ~~ f",)


def test_results_can_be_written_as_json(result):
    assert json.loads(json.dumps(dict(result.fit.measures)))["df"] == result.fit.df
    assert json.loads(json.dumps(dict(result.provenance)))["Observations"] == "200"
    assert json.loads(json.dumps(result.hypotheses.to_dict("records")))[0]["id"] == "H1"
    assert len(json.loads(result.fit.estimates.to_json())["est"]) == len(result.fit.estimates)


def test_what_a_result_hands_out_can_be_changed_without_changing_it():
    fit = cs.sem(MODEL, made())
    for read in (lambda: fit.estimates, lambda: fit.implied_cov, fit.modification_indices):
        before, taken = read(), read()
        taken.iloc[:, -1] = 0.0
        pd.testing.assert_frame_equal(read(), before)
    with pytest.raises(TypeError):
        fit.measures["chisq"] = 0.0


def test_threads_agree():
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: cs.sem(MODEL, likert()).measures["chisq"], range(12)))
    assert len(set(found)) == 1


def test_two_reports_differ_in_the_time_only(result, tmp_path):
    book = cs.Codebook(constructs={"F": ITEMS[:3], "G": ITEMS[3:]})
    policy = cs.RespecificationPolicy(allow="residual_covariances", max_steps=1)
    again = cs.Study(likert(), book, "H1: G ~ F, +", respecification=policy).run()
    pages = []
    for number, one in enumerate((result, again)):
        one.report(tmp_path / str(number))
        files = sorted(p for p in (tmp_path / str(number)).rglob("*") if p.is_file())
        text = "\n".join(f"{p.name}\n{p.read_text(encoding='utf-8')}" for p in files)
        for label in ("Time", "Made"):
            value = one.provenance[label]
            text = text.replace(f"{label},{value}", "").replace(f"<td>{value}</td>", "")
        pages.append(text)
    assert pages[0] == pages[1]


def test_no_warning_of_numpy_on_the_way(result):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cs.sem(MODEL, made()).summary()
        assert result.summary()
