"""The command ``clustersem audit``: what it prints and writes, and what it says of bad files."""

from __future__ import annotations

import json

import pytest

from clustersem import cli

PAPER = """
[[paths]]
id = "H1"
path = "A1 ~ B1"
est = 0.144
se = 0.031
cr = 3.417
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paper.toml").write_text(PAPER, encoding="utf-8")

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


def test_findings_are_no_error(run):
    code, out, err = run("audit", "paper.toml")
    assert (code, err) == (0, "")
    assert out.startswith("Audit of the printed tables\n")


def test_page_and_findings_are_written(run, tmp_path):
    code, out, _ = run("audit", "paper.toml", "--html", "out/audit.html", "--json", "audit.json")
    assert code == 0
    assert f"Page: {tmp_path / 'out' / 'audit.html'}" in out
    assert f"Findings: {tmp_path / 'audit.json'}" in out
    assert "<title>Audit of the printed tables</title>" in (
        tmp_path / "out" / "audit.html"
    ).read_text(encoding="utf-8")
    assert json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))["layout"] == 1


def test_bad_files(run, tmp_path):
    (tmp_path / "comma.toml").write_text("[alpha]\nB1 = 0,853\n", encoding="utf-8")
    code, out, err = run("audit", "comma.toml", "--json", "audit.json")
    assert (code, out) == (1, "")
    assert "TOML has no decimal comma: write 0.472" in err
    assert "    B1 = 0,853\n          ^" in err
    assert not (tmp_path / "audit.json").exists()
    code, _, err = run("audit", "papr.toml")
    assert code == 1
    assert "did you mean 'paper.toml'?" in err
