"""Papers about simulated surveys: no false alarm, and most changed digits are found.

The whole study, of 2000 papers and more, is ``python -m benchmarks.papers``; its results are in
docs/audit-rates.md.
"""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.reference import REFERENCE

ROOT = Path(__file__).resolve().parent.parent.parent
LAVAAN = json.loads((REFERENCE / "audit" / "lavaan_papers.json").read_text(encoding="utf-8"))


@pytest.fixture
def suite(monkeypatch):
    """Import modules of the benchmarks, which are not installed with the package."""
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


@pytest.mark.parametrize("part", range(3))
def test_no_finding_in_papers_of_this_library(suite, part):
    papers, checked = 0, 0
    # Small ones, for speed.
    for number in range(1000 + 10 * part, 1030 + 10 * part):
        survey = suite("papers_surveys").survey(number)
        if sum(map(len, survey.constructs.values())) > 12:
            continue
        numbers = suite("papers_numbers").by_library(survey)
        if numbers is None or not numbers["proper"]:
            continue
        for decimals in (2, 3, 4):
            rng = np.random.default_rng([part, number, decimals])
            told = suite("papers").audited(numbers, rng, decimals, change=False)
            assert told["findings"] == [], (number, decimals)
            checked += sum(told["checked"].values())
            papers += 1
        if papers >= 20:
            break
    assert papers >= 20
    assert checked > 50 * papers


@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_no_finding_in_papers_of_lavaan_and_semtools(suite, decimals):
    assert len(LAVAAN) == 30
    checked = 0
    for numbers in LAVAAN:
        rng = np.random.default_rng([numbers["number"], decimals])
        told = suite("papers").audited(numbers, rng, decimals, change=False)
        assert told["findings"] == [], numbers["number"]
        checked += sum(told["checked"].values())
    assert checked > 50 * 30


def test_most_changed_first_digits_are_found(suite):
    found, changes = 0, 0
    for numbers in LAVAAN[:20]:
        rng = np.random.default_rng([numbers["number"], 7])
        paper = suite("papers_layout").lay_out(numbers, rng, 3)
        change = suite("papers").changed(paper, rng, 3)
        assert "crash" not in change
        if change["position"] in ("before the point", "first decimal"):
            changes += 1
            found += change["found"]
    assert changes > 5
    assert found > 0.5 * changes


def test_one_digit_is_changed_and_nothing_else(suite):
    paper = {
        "sample": {"n": 300},
        "fit": {"final": {"cfi": "0.948", "df": 24}},
        "paths": [{"path": "A ~ B", "est": "0.472", "ci": ["0.31", "0.64"], "p": "***"}],
    }
    seen = set()
    for seed in range(40):
        other, change = suite("papers_digits").change_a_digit(paper, np.random.default_rng(seed))
        assert change.before != change.after
        before, after = json.dumps(paper), json.dumps(other)
        assert len(before) == len(after) or change.kind == "df"  # 24 may become 04
        if len(before) == len(after):
            assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        seen.add(change.kind)
    assert seen == {"CFI", "df", "est", "CI"}


def test_the_page_tells_the_results(suite):
    page = suite("papers_page")
    results = json.loads(page.RESULTS.read_text(encoding="utf-8"))
    assert results["alarms"] == []
    assert results["crashes"] == []
    cells = [one for by in results["unaltered"].values() for one in by.values()]
    assert sum(one["papers"] for one in cells) >= 2000
    assert len(results["changes"]) >= 2000
    text = page.PAGE.read_text(encoding="utf-8")
    for title, _, rows in page.tables(results):
        assert f"### {title}" in text
        assert f"| {' | '.join(rows[-1])} |" in text
