"""Every example runs as a script from any folder, and says what it is there to show."""

from __future__ import annotations

import json
import runpy
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import clustersem as cs
from clustersem.cli import app

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
REFERENCE = ROOT / "tests" / "reference"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a script of the examples in an empty folder and return what it prints."""

    def run_script(name: str, *arguments: str) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run_script


def reference(name: str) -> dict[str, float]:
    return json.loads((REFERENCE / f"{name}.json").read_text())["measures"]


def test_every_script_is_tested():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "audit.py",
        "bfi.py",
        "bfi_ordinal.py",
        "dask_cluster.py",
        "democracy.py",
        "from_covariance.py",
        "holzinger.py",
        "power.py",
    }


@pytest.mark.parametrize("name", ["bfi", "demo_growth", "holzinger1939", "political_democracy"])
def test_the_data_are_those_of_the_reference_files(name):
    ours = (EXAMPLES / "data" / f"{name}.csv").read_bytes()
    assert ours == (REFERENCE / "data" / f"{name}.csv").read_bytes()


def test_bfi_from_file_to_report(run, tmp_path):
    out = run("bfi.py", "out")
    # Counted without the library.
    frame = pd.read_csv(EXAMPLES / "data" / "bfi.csv").iloc[:, :25]
    mostly_missing = int((frame.isna().sum(axis=1) > 5).sum())
    lines = [line.split() for line in out.splitlines()]
    assert ["too", "many", "missing", "answers", str(mostly_missing), "excluded"] in lines
    assert ["returned", "2800"] in lines
    assert "Reverse-keyed items, turned: A1, C4, C5, E1, E2, O2, O5" in out
    assert "KMO 0.849 (meritorious)" in out
    assert "Parallel analysis retains 5 factors" in out
    assert "O4 (Open) deleted" in out
    assert "found: anger and irritation are worded almost alike" in out
    rows = [line for line in out.splitlines() if " Neurotic ~ " in line and "upported" in line]
    assert ["not supported" in row for row in rows] == [False, False, True, True]
    report = tmp_path / "out" / "report.html"
    assert out.rstrip().endswith(str(report))
    html = report.read_text(encoding="utf-8")
    assert "Find it difficult to approach others." in html
    assert "listwise deletion" in html
    found = cs.audit(report)
    assert len(found.held) > 250
    assert not found.findings
    assert (tmp_path / "out" / "path-diagram.png").read_bytes()[:4] == b"\x89PNG"
    assert list((tmp_path / "out" / "tables").glob("*.csv"))


def test_bfi_as_ordinal_incomplete_and_in_groups(run):
    out = run("bfi_ordinal.py")
    # chi2 (scaled where there is one), CFI and RMSEA (robust where there are), SRMR of lavaan
    # 0.6-14: cfa(), estimator = "MLR", missing = "ml", ordered with missing = "pairwise".
    wanted = {
        "ML": (2548, 1142.271, 0.900, 0.069, 0.061),
        "MLR": (2548, 997.298, 0.901, 0.069, 0.061),
        "MLR, full information": (2800, 1091.265, 0.897, 0.070, 0.058),
        "WLSMV": (2800, 1864.304, 0.886, 0.083, 0.066),
    }
    table = out.partition("== Fit\n")[2].partition("\n==")[0]
    for name, values in wanted.items():
        line = next(line for line in table.splitlines() if line.startswith(f"{name}  "))
        printed = [float(text) for text in line.removeprefix(name).split()]
        # Three decimals are printed; lavaan's EM stops early.
        assert printed == pytest.approx(values, abs=1.5e-3)
    # Equal loadings and intercepts of men and women, MLR with full information, lavaan 0.6-14.
    scalar = next(x for x in out.splitlines() if x.split()[:2] == ["scalar", "196"])
    chisq, cfi, rmsea = (float(text) for text in scalar.split()[2:5])
    assert (cfi, rmsea) == pytest.approx((0.878, 0.071), abs=6e-4)
    assert chisq == pytest.approx(1385.784, abs=1.5e-3)
    assert "does not hold" in scalar
    means = out.partition("== Latent means of women less those of men\n")[2].splitlines()[1:4]
    assert [line.split()[0] for line in means] == ["Agreeable", "Conscientious", "Neurotic"]
    men, women = (
        next(line for line in out.splitlines() if line.startswith(f"{who}  ")).split()[1:]
        for who in ("men", "women")
    )
    assert all(float(low) < float(high) for low, high in zip(men, women, strict=True))


def test_bfi_script_and_study_file_agree():
    """The script's own model is the one that the study file implies."""
    study = cs.Study.from_file(EXAMPLES / "bfi_study.toml")
    script = (EXAMPLES / "bfi.py").read_text(encoding="utf-8")
    for hypothesis in study.hypotheses:
        assert f"{hypothesis.id}: {hypothesis.path}, {hypothesis.expect}" in script
    assert study.respecification is not None
    assert study.respecification.max_steps == 3
    assert study.scale.cutoff == 0.5


def test_holzinger_under_both_conventions(run):
    out = run("holzinger.py")
    chisq = reference("hs_cfa_ml")["chisq"]
    line = next(line for line in out.splitlines() if line.startswith("chisq"))
    normal, wishart = (float(text) for text in line.split()[1:])
    assert normal == pytest.approx(chisq, abs=1e-5)
    # (n - 1) F, the same F: ML does not see the divisor in a model without fixed scales.
    assert wishart == pytest.approx(chisq * 300 / 301, abs=1e-5)
    assert wishart == pytest.approx(reference("hs_cfa_ml_wishart")["chisq"], abs=1e-5)


def test_democracy(run):
    out = run("democracy.py")
    assert f"chi2(35) = {reference('democracy_sem_ml')['chisq']:.3f}" in out
    assert f"chi2(41) = {reference('democracy_sem_nocov')['chisq']:.3f}" in out
    assert "an independent implementation, agrees" in out
    assert "through_1960" in out
    assert out.count("supported") == 4
    assert "not supported" not in out


def test_a_bootstrap_on_a_dask_cluster(run):
    out = run("dask_cluster.py")
    assert out.startswith("2 workers, 2 cores\n")
    assert ["Resamples", "1000"] in [line.split() for line in out.splitlines()]
    assert out.endswith("The resamples of one process are the same.\n")


def test_from_covariance_is_close_to_the_fit_of_the_answers(run):
    out = run("from_covariance.py")
    answers = pd.read_csv(EXAMPLES / "data" / "holzinger1939.csv")
    fit = cs.cfa("visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6", answers)
    line = next(line for line in out.splitlines() if line.strip().startswith("chi2  "))
    # The example's matrix is rounded to three decimals.
    assert float(line.split()[1]) == pytest.approx(fit.measures["chisq"], abs=0.05)
    assert "the same to 1e-" in out


def test_power_by_theory_and_by_simulation(run, tmp_path):
    out = run("power.py")
    theory = {"H1": 74, "H2": 176, "H3": 384, "H4": 252}
    lines = out.splitlines()
    for name, n in theory.items():
        assert next(x for x in lines if x.startswith(f"{name}: ")).split()[-1] == str(n)
    table = out.partition("normal")[2].splitlines()[3:7]
    for row in table:
        normal, answers = (float(text) for text in row.split()[1:4:2])
        assert answers < normal, row
    assert (tmp_path / "power.svg").stat().st_size > 5000


def test_audit_finds_the_two_changed_numbers(run, tmp_path):
    out = run("audit.py", str(tmp_path))
    findings = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))["findings"]
    assert {one["place"] for one in findings} == {"Table 2, textual =~ x5", "Table 3, CFI"}
    assert "is 16.98 to 17.26, not 14.017" in " ".join(out.split())
    assert (tmp_path / "audit.html").stat().st_size > 5_000
    # With the numbers of the fit there is nothing to find.
    text = (EXAMPLES / "audit.toml").read_text(encoding="utf-8")
    right = text.replace("14.017", "17.014").replace("0.913", "0.931")
    (tmp_path / "right.toml").write_text(right, encoding="utf-8")
    assert not cs.audit(tmp_path / "right.toml").findings


def test_own_survey_runs_from_the_command_line(tmp_path):
    folder = EXAMPLES / "own_survey"
    result = CliRunner().invoke(app, ["run", str(folder / "study.toml"), "-o", str(tmp_path / "r")])
    assert result.exit_code == 0, result.output
    assert "Deleted items: ease4" in result.output
    assert ["valid", "166"] in [line.split()[:2] for line in result.output.splitlines()]
    assert result.output.count(" supported") == 3
    report = tmp_path / "r" / "report.html"
    assert report.stat().st_size > 10_000
    found = cs.audit(report)
    assert found.published.sample.distributed.text == "200"
    assert len(found.held) > 100
    assert not found.findings


def test_own_survey_answers_hold_what_was_planted():
    document = tomllib.loads((EXAMPLES / "own_survey" / "study.toml").read_text(encoding="utf-8"))
    frame = pd.read_csv(EXAMPLES / "own_survey" / "answers.csv")
    items = frame.drop(columns=["respondent", "region"])
    assert items.columns.tolist() == list(document["items"])
    assert len(frame) == 171
    assert (items == 99).to_numpy().sum() == 4 + 7
    assert (items == 55).to_numpy().sum() == 1
    assert (items.nunique(axis=1) == 1).sum() == 2
    assert items.duplicated().sum() == 1


def test_own_survey_answers_can_be_made_again(run, tmp_path):
    run("own_survey/make_answers.py", str(tmp_path / "again.csv"))
    again = pd.read_csv(tmp_path / "again.csv")
    shipped = pd.read_csv(EXAMPLES / "own_survey" / "answers.csv")
    # NumPy may change its normal random numbers between releases, so values are not compared.
    assert again.columns.equals(shipped.columns)
    assert again.shape == shipped.shape
