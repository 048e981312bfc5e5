"""A study from file to result: what the file says is what is done."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import CodebookError
from clustersem.study import ScaleSettings, Study
from clustersem.study.model_text import model_of
from clustersem.study.template import draft, guess_constructs

STUDY = """
title = "Trust and use"

[data]
file = "answers.csv"
answers = [1, 7]
distributed = 320

[constructs]
Trust = ["t1", "t2", "t3"]
Use = ["u1", "u2", "u3", "bad"]

[scale]
parallel = false

[model]
markers = { Trust = "t2" }
likelihood = "wishart"

[[hypotheses]]
id = "H1"
path = "Use ~ Trust"
expect = "+"

[respecification]
steps = ["t1 ~~ t2"]
"""


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 300
    trust = rng.normal(size=n)
    use = 0.35 * trust + 0.9 * rng.normal(size=n)
    columns = {f"t{i}": trust + 0.7 * rng.normal(size=n) for i in (1, 2, 3)}
    columns |= {f"u{i}": use + 0.7 * rng.normal(size=n) for i in (1, 2, 3)}
    columns["bad"] = rng.normal(size=n)
    return pd.DataFrame(columns).mul(1.2).add(4).round().clip(1, 7).astype(int)


@pytest.fixture
def study_file(tmp_path: Path, answers: pd.DataFrame) -> Path:
    answers.to_csv(tmp_path / "answers.csv", index=False)
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def test_a_study_file_runs_from_answers_to_verdicts(
    study_file: Path, answers: pd.DataFrame
) -> None:
    stages: list[str] = []
    result = Study.from_file(study_file).run(stages.append)
    assert result.deleted == ("bad",)
    assert result.constructs == {"Trust": ("t1", "t2", "t3"), "Use": ("u1", "u2", "u3")}
    assert result.model.splitlines()[0] == "Trust =~ t2 + t1 + t3"
    direct = cs.sem(result.model, result.survey, likelihood="wishart")
    assert result.initial.measures["chisq"] == direct.measures["chisq"]
    freed = cs.sem(result.model + "\nt1 ~~ t2", result.survey, likelihood="wishart")
    assert result.fit.measures["chisq"] == pytest.approx(freed.measures["chisq"], abs=1e-9)
    assert result.hypotheses is not None
    assert result.hypotheses["verdict"].tolist() == ["supported"]
    assert stages[0] == "reading and screening the answers"
    assert "respecification" in stages
    assert result.provenance["Fingerprint of the answers (SHA-256)"] == result.survey.fingerprint


def test_the_report_is_complete_and_replaces_the_old_one(study_file: Path, tmp_path: Path) -> None:
    result = Study.from_file(study_file).run()
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.html").write_text("old")
    path = result.report(folder)
    page = path.read_text(encoding="utf-8")
    assert path == folder / "report.html"
    assert "Trust and use" in page
    assert "<svg" in page
    assert (folder / "path-diagram.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
    tables = sorted(p.name for p in (folder / "tables").glob("*.csv"))
    assert any("hypotheses" in name for name in tables)
    assert "H1" in result.summary()


def test_without_purification_all_items_stay(study_file: Path) -> None:
    text = study_file.read_text().replace("parallel = false", "parallel = false\npurify = false")
    study_file.write_text(text)
    result = Study.from_file(study_file).run()
    assert result.deleted == ()
    assert result.constructs["Use"] == ("u1", "u2", "u3", "bad")
    assert result.blocks[0].efa.n_factors == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[scale]", "[scales]", "no section 'scales' in a study file; did you mean 'scale'?"),
        ("parallel = false", "paralell = false", "line 14: [scale] has no key 'paralell'; did you"),
        ("parallel = false", "cutoff = 3", "line 14: [scale] cutoff: input should be less than 1"),
        ('file = "answers.csv"', "", "[data] needs the file with the answers"),
        ('"wishart"', '"wish"', "[model] likelihood: input should be 'normal' or 'wishart'"),
        ('Trust = "t2"', 'Trust = "u1"', "'u1' is not among the items of Trust, t1, t2, t3"),
        ('Trust = "t2"', 'Trsut = "t2"', "no construct 'Trsut'; did you mean 'Trust'?"),
        ("Use ~ Trust", "Use ~ Trst", "hypothesis H1: 'Trst' is not a construct; did you mean"),
    ],
)
def test_a_wrong_study_file_says_where(study_file: Path, old: str, new: str, said: str) -> None:
    study_file.write_text(study_file.read_text().replace(old, new))
    with pytest.raises(CodebookError) as caught:
        Study.from_file(study_file).run()
    assert said in str(caught.value)


def test_the_model_follows_from_constructs_and_hypotheses() -> None:
    hypotheses = cs.fit.parse_hypotheses("H1: C ~ A, +\nH2: C ~ B, +\nH3: A ~~ B, !=0")
    text = model_of({"A": ["a", "b"], "B": ["c", "d"], "C": ["e", "f"]}, hypotheses, {"A": "b"})
    assert text == "A =~ b + a\nB =~ c + d\nC =~ e + f\nC ~ A + B\nA ~~ B"


def test_without_hypotheses_the_factors_are_confirmed(answers: pd.DataFrame) -> None:
    study = Study(
        answers,
        cs.Codebook(constructs={"Trust": ["t1", "t2", "t3"], "Use": ["u1", "u2", "u3"]}),
        scale=ScaleSettings(purify=False, parallel=False),
    )
    result = study.run()
    assert result.hypotheses is None
    direct = cs.cfa("Trust =~ t1 + t2 + t3\nUse =~ u1 + u2 + u3", answers)
    assert result.fit.measures["chisq"] == direct.measures["chisq"]
    assert result.respecification is None
    assert result.fit is result.initial


def test_a_drafted_study_file_runs_as_it_is(tmp_path: Path, answers: pd.DataFrame) -> None:
    path = tmp_path / "survey data.csv"
    answers.drop(columns="bad").to_csv(path, index=False)
    (tmp_path / "study.toml").write_text(draft(path), encoding="utf-8")
    result = Study.from_file(tmp_path / "study.toml").run()
    assert result.constructs == {"t": ("t1", "t2", "t3"), "u": ("u1", "u2", "u3")}
    assert result.hypotheses is not None
    assert result.hypotheses["path"].tolist() == ["u ~ t"]


def test_constructs_are_guessed_from_numbers_at_the_end() -> None:
    items = ["q1_1", "q1_2", "trust-1", "trust-2", "满意1", "满意2", "age", "x1"]
    assert guess_constructs(items) == {
        "q1": ["q1_1", "q1_2"],
        "trust": ["trust-1", "trust-2"],
        "满意": ["满意1", "满意2"],
    }


def test_a_model_that_does_not_converge_is_reported_as_such(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    # Two unrelated pairs: the factors of such items run off to infinity.
    frame = pd.DataFrame(rng.normal(size=(40, 6)), columns=["a1", "a2", "a3", "b1", "b2", "b3"])
    study = Study(
        frame,
        cs.Codebook(constructs={"A": ["a1", "a2", "a3"], "B": ["b1", "b2", "b3"]}, whole=False),
        cs.fit.parse_hypotheses("H1: B ~ A, +"),
        scale=ScaleSettings(purify=False, parallel=False),
        respecification=cs.RespecificationPolicy(),
    )
    with pytest.warns(cs.errors.ClusterSemWarning) as given:
        result = study.run()
    assert cs.errors.ConvergenceWarning in {warning.category for warning in given}
    assert not result.fit.converged
    assert result.hypotheses is None
    assert result.respecification is None
    page = result.report(tmp_path).read_text(encoding="utf-8")
    assert "The numbers are not estimates" in page
