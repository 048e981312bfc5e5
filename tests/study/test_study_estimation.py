"""How a study's model is estimated: what the file says is done, and what cannot be is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import ClusterSemError
from clustersem.study import ModelSettings, ScaleSettings, Study
from clustersem.study.template import draft

DATA = Path(__file__).parent.parent / "reference" / "data"
STUDY = """
[data]
file = "answers.csv"

[constructs]
visual = ["{p}1", "{p}2", "{p}3"]
textual = ["{p}4", "{p}5", "{p}6"]

[screening]
straight_lining = false
duplicates = false

[scale]
parallel = false
purify = false

[model]
{model}

[[hypotheses]]
id = "H1"
path = "textual ~ visual"
expect = "+"
"""
MODEL = "visual =~ {p}1 + {p}2 + {p}3; textual =~ {p}4 + {p}5 + {p}6; textual ~ visual"
pytestmark = pytest.mark.filterwarnings("ignore::clustersem.errors.ClusterSemWarning")


@pytest.fixture
def study(tmp_path):
    def made(model: str, prefix: str = "o", file: str = "hs_ordinal.csv", more: str = "") -> Study:
        (tmp_path / "answers.csv").write_bytes((DATA / file).read_bytes())
        text = STUDY.format(model=model, p=prefix) + more
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        return Study.from_file(tmp_path / "study.toml")

    return made


@pytest.mark.parametrize(
    ("said", "options", "prefix", "file"),
    [
        ('estimator = "mlr"', {"estimator": "MLR"}, "x", "holzinger1939.csv"),
        ('missing = "fiml"', {"missing": "ml"}, "x", "holzinger1939_missing.csv"),
        ("ordered = true", {"ordered": True}, "o", "hs_ordinal.csv"),
        (
            'ordered = ["o1", "o4"]\nparameterization = "theta"\nestimator = "WLSM"',
            {"ordered": ["o1", "o4"], "parameterization": "theta", "estimator": "WLSM"},
            "o",
            "hs_ordinal.csv",
        ),
        (
            'se = "robust.sem"\ntest = "sb"',
            {"se": "robust.sem", "test": "sb"},
            "x",
            "hs_design.csv",
        ),
        (
            'sampling_weights = "weight"\ncluster = "cluster"',
            {"sampling_weights": "weight", "cluster": "cluster"},
            "x",
            "hs_design.csv",
        ),
        ('bounds = "pos.var"', {"bounds": "pos.var"}, "x", "holzinger1939.csv"),
        (
            'ordered = true\nmissing = "pairwise"',
            {"ordered": True, "missing": "pairwise"},
            "o",
            "hs_ordinal_missing.csv",
        ),
    ],
)
def test_the_options_are_those_of_a_fit(study, said, options, prefix, file):
    result = study(said, prefix, file).run()
    direct = cs.sem(MODEL.format(p=prefix), pd.read_csv(DATA / file), **options)
    assert result.fit.options == direct.options
    for name in ("chisq", "df", "cfi"):
        assert result.fit.measures[name] == pytest.approx(direct.measures[name], rel=1e-9), name
    found = direct.estimates.query("op == '~'").iloc[0]
    for column in ("est", "se", "z", "p_value"):
        assert result.hypotheses[column][0] == pytest.approx(found[column], rel=1e-7), column


def test_the_report_names_the_indices_and_errors_that_it_shows(study, tmp_path):
    result = study("ordered = true", more='[respecification]\nallow = "cross_loadings"\n').run()
    text = " ".join(result.summary().split())
    assert "Estimation: WLSMV (diagonally weighted least squares); standard errors: robust;" in text
    assert "ordered categories: all items (delta parameterization); all 301 respondents" in text
    measures = result.fit.measures
    assert f"CFI (robust) {measures['cfi_robust']:.3f}" in text
    assert f"NFI (scaled) > 0.9 {result.initial.measures['nfi_scaled']:.3f}" in text
    assert "AIC" not in text
    assert "S.E., standard error, robust; C.R." in text
    assert "takes the answers as numbers, not as ordered categories" in text
    assert "are ordinal: CR, AVE and HTMT are about the continuous responses" in text
    assert "χ² and MI are without correction" in text
    page = result.report(tmp_path / "out").read_text(encoding="utf-8")
    assert "robust CFI = " in page
    (table,) = (tmp_path / "out" / "tables").glob("*overall-fit*.csv")
    assert "RMSEA (robust)" in table.read_text(encoding="utf-8")


def test_what_maximum_likelihood_costs_likert_items_is_in_the_report(study):
    result = study("").run()
    (note,) = result.fit.likert_notes
    assert note in result.warnings
    assert "have fewer than five different answers" in " ".join(result.summary().split())
    assert "Unlike the model" not in result.summary()


def test_full_information_is_said_with_its_patterns(study):
    result = study('missing = "ml"', "x", "holzinger1939_missing.csv").run()
    text = " ".join(result.summary().split())
    assert "full information uses the others, in 27 patterns" in text
    assert "Unlike the model, the analysis of the scale uses complete answers only." in text
    assert result.provenance["Estimation"].startswith("ML (full information maximum likelihood)")


def test_ordered_items_that_purification_deletes_leave_the_model(tmp_path):
    rng = np.random.default_rng(3)
    trait = rng.normal(size=(300, 1))
    items = np.hstack([trait + 0.8 * rng.normal(size=(300, 4)), rng.normal(size=(300, 1))])
    answers = pd.DataFrame(items, columns=list("abcde")).round().clip(-1, 1).add(2).astype(int)
    study = Study(
        answers,
        cs.Codebook(constructs={"F": list("abcde")}),
        screening=None,
        scale=ScaleSettings(parallel=False),
        model=ModelSettings(ordered=["a", "e"]),
    )
    result = study.run()
    assert result.deleted == ("e",)
    assert result.fit.spec.options.ordered == ("a",)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('estimator = "MLX"', "line 18: [model] estimator: estimator='MLX' is not among those"),
        ("estimator = 3", "line 18: [model] estimator: input should be a valid string, not 3"),
        ('missing = "fml"', "line 18: [model] missing: missing='fml' is no way to treat missing"),
        ('ordered = ["o1", "o44"]', "[model] ordered: 'o44' is no item of the study; did you mean"),
        ('ordered = "o1"', "line 18: [model] ordered: write true for all items, or a list of them"),
        ('se = "rob"', "line 18: [model] se: se='rob' is unknown. There are: 'standard',"),
        ('test = "x"', "line 18: [model] test: test='x' is unknown. There are: 'standard',"),
        ('bounds = "pos"', "line 18: [model] bounds: bounds='pos': did you mean 'pos.var'?"),
        ("bounds = 3", 'line 18: [model] bounds: write "pos.var", "standard" or "wide"'),
        ('group = "school"', "line 18: [model] group: a study is about one group of respondents."),
        ("group_equal = []", "cs.invariance(model, answers, group='region')"),
        ('parameterization = "g"', "parameterization: input should be 'delta' or 'theta', not 'g'"),
        ('estimatr = "MLR"', "[model] has no key 'estimatr'; did you mean 'estimator'?"),
        (
            'estimator = "WLSMV"\nlikelihood = "wishart"',
            "study.toml: [model]: likelihood='wishart' does not go with estimator='WLSMV'",
        ),
        ('estimator = "ML"\nordered = true', "[model]: estimator='ML' takes items as continuous,"),
        ('missing = "ml"\nordered = true', "Ordered items take missing='listwise' or 'pairwise'."),
        ('engine = "semopy"\nestimator = "MLR"', "[model]: engine='semopy' fits by estimator='ML'"),
        ('sampling_weights = "nope"', "sampling_weights='nope' names a column that is not there."),
        ('cluster = "nope"', "cluster='nope' names a column that is not there."),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(study, said, told):
    with pytest.raises(ClusterSemError) as caught:
        study(said).run()
    assert told in str(caught.value)


def test_a_drafted_study_suggests_what_suits_the_answers(tmp_path):
    frame = pd.read_csv(DATA / "hs_ordinal.csv")[["o7", "o8", "o9"]]
    frame.to_csv(tmp_path / "few.csv", index=False)
    text = draft(tmp_path / "few.csv")
    assert "\nordered = true " in text
    many = pd.read_csv(DATA / "bfi.csv")[[f"A{i}" for i in range(1, 6)]]
    many.to_csv(tmp_path / "many.csv", index=False)
    text = draft(tmp_path / "many.csv")
    assert '\n# estimator = "MLR"' in text
    assert "\n# ordered = true" in text
    assert "; some are missing here" in text
    path = tmp_path / "study.toml"
    for line in ('estimator = "MLR"', 'missing = "ml"'):
        text = text.replace(f"# {line}", line)
    path.write_text(text, encoding="utf-8")
    assert Study.from_file(path).model.options().discrepancy == "FIML"
