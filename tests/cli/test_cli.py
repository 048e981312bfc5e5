"""The command line: exit codes, what goes to stderr, and that nothing is left half done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer

import clustersem as cs
from clustersem import cli
from clustersem.errors import ClusterSemError
from clustersem.report import atomic
from clustersem.study import StudyResult

ITEMS = ["trust1", "trust2", "trust3", "use1", "use2", "use3"]
MODEL = "trust =~ trust1 + trust2 + trust3\nuse =~ use1 + use2 + use3\nuse ~ trust\n"


def answers(n=200):
    rng = np.random.default_rng(4)
    traits = rng.normal(size=(n, 2)) @ [[1.0, 0.5], [0.0, 0.8]]
    values = np.repeat(traits, 3, axis=1) + 0.7 * rng.normal(size=(n, 6))
    return pd.DataFrame((values * 1.2 + 4).round().clip(1, 7).astype(int), columns=ITEMS)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    answers().to_csv(tmp_path / "answers.csv", index=False)
    (tmp_path / "model.txt").write_text(MODEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = 0
        try:
            cli.app([str(argument) for argument in arguments], prog_name="clustersem")
        except SystemExit as end:
            code = end.code
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return code, told.out, told.err

    return call


def contents(folder):
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


def test_version(run):
    assert run("version") == (0, f"{cs.__version__}\n", "")


def test_help_names_every_command(run):
    code, out, _ = run("--help")
    assert code == 0
    for name in ("reproduce", "run", "fit", "init", "version"):
        assert f"\n  {name} " in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fti"], "No such command 'fti'"),
        (["--verison"], "No such option"),
        (["fit", "--boots", "5", "m", "d"], "No such option"),
        (["fit", "model.txt"], "Missing argument"),
        (["fit", "model.txt", "answers.csv", "--mi", "-3"], "Invalid value for '--mi'"),
        (["fit", "model.txt", "answers.csv", "--mi", "x"], "Invalid value for '--mi'"),
    ],
)
def test_a_call_that_cannot_be_read_shows_how(run, folder, arguments, said):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Usage: clustersem" in err
    assert said in err


def test_fit(run, folder):
    code, out, err = run("fit", "model.txt", "answers.csv", "--mi", "2")
    assert (code, err) == (0, "")
    fit = cs.sem(MODEL, answers())
    assert f"{fit.measures['chisq']:.3f}" in out
    table = out.split("Modification indices\n")[1].splitlines()
    assert table[0].split() == ["lhs", "op", "rhs", "mi", "epc", "sepc_lv", "sepc_all"]
    assert len(table) == 3
    _, wishart, _ = run("fit", "model.txt", "answers.csv", "--likelihood", "wishart")
    assert "wishart likelihood" in wishart


def test_fit_draws_the_diagram(run, folder):
    code, out, err = run("fit", "model.txt", "answers.csv", "--diagram", "a.svg")
    assert (code, err) == (0, "")
    assert out.endswith(f"Diagram: {folder / 'a.svg'}\n")
    assert "<svg" in (folder / "a.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope.txt", "answers.csv"], "there is no file nope.txt; check the name and folder."),
        (["model.txt", "answer.csv"], "there is no file answer.csv in folder {folder}; did you"),
        ([".", "answers.csv"], ". cannot be read: Is a directory."),
        (["answers.csv", "model.txt"], "answers.csv, line 1, column"),
        (["model.txt", "model.txt"], "file model.txt"),
        (["model.txt", "answers.csv", "--likelihood", "W"], "--likelihood W is unknown. There"),
        (["model.txt", "answers.csv", "--diagram", "a.doc"], "a.doc: cannot write a figure as"),
        (["model.txt", "answers.csv", "--diagram", "model.txt/a.svg"], "cannot be written: "),
    ],
)
def test_a_fit_that_cannot_be_made(run, folder, arguments, said):
    before = contents(folder)
    code, out, err = run("fit", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert said.format(folder=folder) in err
    assert contents(folder) == before


def test_init_then_run(run, folder):
    code, out, err = run("init", "answers.csv")
    assert (code, err) == (0, "")
    assert out == "Wrote study.toml. Edit it, then: clustersem run study.toml\n"
    code, out, err = run("run", "study.toml", "--out", "report")
    assert (code, err) == (0, "")
    assert out.endswith(f"Report: {folder / 'report' / 'report.html'}\n")
    row = next(line.split() for line in out.splitlines() if line.strip().startswith("H1"))
    assert (row[:5], row[-1]) == (["H1", "use", "~", "trust", "+"], "supported")
    files = set(contents("report"))
    assert {Path("report.html"), Path("path-diagram.svg")} < files
    assert len([path for path in files if path.parent == Path("tables")]) > 8


def test_init_leaves_a_file_that_is_there(run, folder):
    (folder / "study.toml").write_text("mine", encoding="utf-8")
    code, out, err = run("init", "answers.csv")
    assert (code, out) == (1, "")
    assert err == (
        "Error: study.toml is there already and is left as it is. Name another file with --study.\n"
    )
    assert (folder / "study.toml").read_text(encoding="utf-8") == "mine"


def test_init_into_another_folder_still_finds_the_answers(run, folder):
    (folder / "studies").mkdir()
    assert run("init", "answers.csv", "--study", "studies/mine.toml")[0] == 0
    assert 'file = "../answers.csv"' in (folder / "studies/mine.toml").read_text(encoding="utf-8")
    assert run("run", "studies/mine.toml", "-o", "report")[0] == 0
    code, _, err = run("init", "answers.csv", "--study", "nowhere/mine.toml")
    assert (code, err) == (
        1,
        "Error: nowhere/mine.toml cannot be written: No such file or directory.\n",
    )


def test_init_of_decimals_and_of_awkward_names(run, folder):
    frame = (answers() + 0.5).set_axis([f"Q {i}" for i in range(1, 7)], axis=1)
    frame.to_csv("answers.csv", index=False)
    assert run("init", "answers.csv")[0] == 0
    text = (folder / "study.toml").read_text(encoding="utf-8")
    assert "whole = false" in text
    assert "# A model cannot hold these names; rename them: Q 1, Q 2" in text
    code, _, err = run("run", "study.toml")
    assert code == 1
    assert err.startswith("Error: study.toml: a model cannot hold the name 'Q 1', 'Q 2'")
    (answers() + 0.5).to_csv("answers.csv", index=False)
    (folder / "study.toml").unlink()
    assert run("init", "answers.csv")[0] == 0
    assert run("run", "study.toml")[0] == 0


@pytest.mark.parametrize("name", ["nope.csv", "empty.csv", "model.txt"])
def test_init_of_what_holds_no_answers(run, folder, name):
    (folder / "empty.csv").write_bytes(b"")
    code, out, err = run("init", name)
    assert (code, out, err.startswith("Error: ")) == (1, "", True)
    assert name in err
    assert not (folder / "study.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope.toml"], "there is no file nope.toml in folder {folder}; did you mean 'mine.toml'"),
        (["."], ". cannot be read: Is a directory."),
        (["answers.csv"], "answers.csv: not valid TOML: "),
        (["mine.toml", "-o", "model.txt"], "cannot be written: "),
        (["mine.toml", "-o", "model.txt/report"], "cannot be written: "),
    ],
)
def test_a_run_that_cannot_be_made(run, folder, arguments, said):
    assert run("init", "answers.csv", "--study", "mine.toml")[0] == 0
    before = contents(folder)
    code, out, err = run("run", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert said.format(folder=folder) in err
    assert contents(folder) == before


@pytest.fixture
def reported(run, folder):
    """A report of an earlier run, and new answers that would change it."""
    assert run("init", "answers.csv")[0] == 0
    assert run("run", "study.toml", "-o", "report")[0] == 0
    answers(150).to_csv("answers.csv", index=False)
    return contents("report")


def interrupted(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("owner", "name"),
    [(cs.Study, "run"), (StudyResult, "report"), (StudyResult, "view"), (atomic.os, "fdopen")],
)
def test_an_interruption_leaves_the_earlier_report(run, reported, monkeypatch, owner, name):
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, interrupted)
        code, out, err = run("run", "study.toml", "-o", "report")
    assert (code, out, err) == (130, "", "Interrupted; nothing was written.\n")
    assert contents("report") == reported


@pytest.mark.parametrize("fails_at", [1, 2, 9])
def test_a_full_disk_leaves_the_earlier_report(run, reported, monkeypatch, fails_at):
    opened = []
    real = os.fdopen

    def full(handle, *arguments):
        opened.append(handle)
        if len(opened) == fails_at:
            os.close(handle)
            raise OSError(28, "No space left on device")
        return real(handle, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(atomic.os, "fdopen", full)
        code, _, err = run("run", "study.toml", "-o", "report")
    assert code == 1
    assert "cannot be written: No space left on device." in err
    assert contents("report") == reported


def test_a_drawing_that_fails_leaves_the_earlier_report(run, reported, monkeypatch):
    def fail(*_, **__):
        raise ClusterSemError("no drawing today.")

    monkeypatch.setattr("clustersem.study.result.path_diagram", fail)
    code, _, err = run("run", "study.toml", "-o", "report")
    assert (code, err) == (1, "Error: no drawing today.\n")
    assert contents("report") == reported


def test_tables_of_an_earlier_run_do_not_stay_beside_the_new_ones(run, reported, folder):
    tables = folder / "report" / "tables"
    (tables / "table-77-of-an-earlier-run.csv").write_text("old", encoding="utf-8")
    (tables / "my notes.csv").write_text("mine", encoding="utf-8")
    assert run("run", "study.toml", "-o", "report")[0] == 0
    assert not (tables / "table-77-of-an-earlier-run.csv").exists()
    assert (tables / "my notes.csv").read_text(encoding="utf-8") == "mine"
    assert contents("report")[Path("report.html")] != reported[Path("report.html")]


def test_reproduce_says_where_the_report_is(run, folder, monkeypatch):
    # The whole study is tested with the studies; here a small one stands for it.
    study = cs.Study(answers(), cs.Codebook(constructs={"T": ITEMS[:3], "U": ITEMS[3:]}))
    stages = []

    def reproduce(progress):
        progress("fitting")
        stages.append(progress)
        return study.run()

    monkeypatch.setattr("clustersem.studies.cross_border.reproduce", reproduce)
    monkeypatch.setattr("clustersem.studies.cross_border.summary_of", lambda _: "All near.")
    code, out, err = run("reproduce", "-o", "home")
    assert (code, err) == (0, "")
    assert out == f"All near.\n\nReport: {folder / 'home' / 'report.html'}\n"
    assert stages
    assert (folder / "home" / "report.html").stat().st_size > 10_000


def test_the_program_itself(folder):
    """As a process of its own: exit code, streams, and that Ctrl-C has no traceback."""
    environment = {**os.environ, "PYTHONPATH": str(Path(cs.__file__).parents[1])}
    call = [sys.executable, "-m", "clustersem.cli", "fit", "nope.txt", "answers.csv"]
    ended = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Error: there is no file nope.txt; check the name and folder.\n"


def test_the_entry_point_is_the_same_program(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["anything", "version"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{cs.__version__}\n"
    assert isinstance(cli.app, typer.Typer)


def write_more_answers(folder):
    frame = answers()
    frame.insert(0, "place", ["north east", "south"] * 100)
    frame["weight"] = [0.5, 1.5] * 100
    frame["few"] = frame["use1"].clip(3, 5)
    frame.loc[3, "use1"] = np.nan
    frame.to_csv(folder / "answers.csv", index=False)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--estimator", "mlr"], "Estimator               MLR (normal likelihood)"),
        (["--missing", "ml"], "Patterns of gaps        2"),
        (["--ordered", "all"], "Ordinal items           6, with 36 thresholds"),
        (["--ordered", "use2, use3"], "Ordinal items           2 of 6, with 12 thresholds"),
        (["--group", "place"], "    north east            100"),
        (["--group", "place", "--group-equal", "loadings,intercepts"], "Group south"),
        (["--se", "robust"], "Standard errors         robust"),
        (["--test", "satorra_bentler"], "Test                    scaled (Satorra-Bentler)"),
        (["--bounds", "pos.var"], "Bounds                  pos.var"),
        (["--sampling-weights", "weight"], "Sampling weights        yes"),
        (["--cluster", "place"], "Clusters                2"),
        (
            ["--ordered", "all", "--parameterization", "theta"],
            "Parameterization        theta",
        ),
    ],
)
def test_fit_takes_the_options_of_an_estimation(run, folder, options, shown):
    write_more_answers(folder)
    code, out, _ = run("fit", "model.txt", "answers.csv", *options)
    assert code == 0
    assert shown in out


def test_a_diagram_of_groups_is_a_file_each(run, folder):
    write_more_answers(folder)
    arguments = ("model.txt", "answers.csv", "--group", "place", "--diagram", "d.svg", "--mi", "2")
    code, out, _ = run("fit", *arguments)
    assert code == 0
    assert [path.name for path in sorted(folder.glob("*.svg"))] == [
        "d-north_east.svg",
        "d-south.svg",
    ]
    assert "d-south.svg" in out
    assert "group" in out[out.index("Modification indices") :]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--estimator", "MLX"], "Error: --estimator MLX is not among those there are: ML, MLR,"),
        (["--missing", "fml"], "--missing fml is no way to treat missing answers; did you mean"),
        (["--se", "rob"], "--se rob is unknown. There are: 'standard', 'robust.sem'"),
        (["--test", "chi"], "--test chi is unknown. There are: 'standard'"),
        (["--bounds", "pos"], "--bounds pos: did you mean 'pos.var'?"),
        (
            ["--parameterization", "t"],
            "--parameterization t is unknown. There are: 'delta', 'theta'",
        ),
        (["--ordered", "use4"], "ordered= names 'use4', which is no observed variable"),
        (["--ordered", "all", "--estimator", "ML"], "takes items as continuous, but some are"),
        (["--group", "nope"], "group='nope' names a column that is not there."),
        (["--group-equal", "loadings"], "group_equal= needs several groups."),
        (
            ["--group", "place", "--group-equal", "loadngs"],
            "no 'loadngs'; did you mean 'loadings'?",
        ),
        (["--cluster", "nope"], "cluster='nope' names a column that is not there."),
        (["--sampling-weights", "place"], "'north east' is not a number."),
    ],
)
def test_options_that_cannot_be_are_refused(run, folder, options, said):
    write_more_answers(folder)
    before = contents(folder)
    code, out, err = run("fit", "model.txt", "answers.csv", *options)
    assert (code, out) == (1, "")
    assert said in err
    assert contents(folder) == before


# -- power ---------------------------------------------------------------------------------------

EXPECTED = """
trust =~ 0.8*trust1 + 0.7*trust2 + 0.7*trust3
use =~ 0.7*use1 + 0.7*use2 + 0.7*use3
use ~ 0.3*trust
"""


@pytest.fixture
def expected(folder):
    (folder / "expected.txt").write_text(EXPECTED, encoding="utf-8")
    return "expected.txt"


def test_power_of_a_model_with_values(run, expected):
    code, out, err = run(
        *("power", expected, "--standardized", "--analytic", "--n", 200, "--n", 100),
        *("--target", "H1: use ~ trust, +", "--target", "fit"),
    )
    assert (code, err) == (0, "")
    wanted = cs.power(
        EXPECTED, ["H1: use ~ trust, +", "fit"], n=[100, 200], method="analytic", standardized=True
    )
    assert out == f"{wanted.summary()}\n"


def test_power_by_simulation_and_its_figure(run, expected, folder):
    arguments = ("--n", 100, "--replications", 20, "--seed", 3, "--figure", "curves.svg")
    code, out, _ = run("power", expected, "--standardized", *arguments)
    assert code == 0
    assert "simulation of 20 samples of each size, seed 3" in out
    assert (folder / "curves.svg").read_bytes().startswith(b"<?xml")


def test_sample_size_on_the_command_line(run, expected):
    code, out, _ = run("power", expected, "--standardized", "--analytic", "--wanted", 0.9)
    assert code == 0
    wanted = cs.sample_size(EXPECTED, wanted=0.9, method="analytic", standardized=True)
    assert f" {wanted.n}\n" in out


def test_power_of_a_study_file(run, folder):
    (folder / "study.toml").write_text(
        '[data]\nfile = "answers.csv"\nanswers = [1, 7]\n[constructs]\n'
        'trust = ["trust1", "trust2", "trust3"]\nuse = ["use1", "use2", "use3"]\n'
        '[[hypotheses]]\nid = "H1"\npath = "use ~ trust"\nexpect = "+"\n',
        encoding="utf-8",
    )
    code, out, _ = run("power", "study.toml", "--analytic", "--n", 50)
    assert code == 0
    assert "H1: use ~ trust, +" in out
    assert "Hoenig" in out


def test_power_says_what_is_missing(run, expected, folder):
    code, _, err = run("power", expected)
    assert code == 1
    assert "--n 300" in err
    code, _, err = run("power", expected, "--n", 100, "--wanted", 0.8)
    assert code == 1
    (folder / "open.txt").write_text("use =~ use1 + 0.5*use2", encoding="utf-8")
    code, _, err = run("power", "open.txt", "--n", 100)
    assert code == 1
    assert "open.txt, line 1" in err
    assert "^" in err
