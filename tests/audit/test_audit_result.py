"""An audit from numbers to a page, a table and JSON; with rules made for the tests."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

import clustersem as cs
from clustersem.audit.finding import Finding, Held, Rule
from clustersem.audit.interval import Interval
from clustersem.report import atomic
from clustersem.report.audit_page import audit_document, audit_html, audit_json
from clustersem.report.html import render_html


def check_ratio(paper):
    for row in paper.coefficients:
        if row.est is None or row.se is None or row.cr is None:
            continue
        required = row.est.interval / row.se.interval
        if required.overlaps(row.cr.interval):
            yield Held("ratio", row.place)
            continue
        decisive = row.cr.value > 1.96 > required.upper
        yield Finding(
            "ratio",
            row.place,
            "C.R.",
            row.cr.text,
            required,
            required.text(3),
            f"{row.est.text} / {row.se.text} is {required.text(2)}, not {row.cr.text}: these three "
            "cannot all be right.",
            severity="decisive" if decisive else "serious",
            concerns=(row.id,) if row.id else (),
        )


def check_alpha(paper):
    for construct in paper.constructs:
        if construct.alpha is not None:
            yield Finding(
                "alpha",
                construct.alpha.place,
                "alpha",
                construct.alpha.text,
                None,
                "",
                "An alpha that this test does not like.",
                certainty="implausible",
                severity="minor",
                concerns=("reliability",),
            )


def check_nothing(paper):
    return iter(())


RATIO = Rule("ratio", "A C.R. is est / S.E.", "Bollen (1989).", "est, S.E. and C.R.", check_ratio)
ALPHA = Rule("alpha", "Alphas are liked.", "", "an alpha", check_alpha)
NOTHING = Rule("rmsea of nothing", "Nothing.", "", "what is never there.", check_nothing)
RULES = (ALPHA, RATIO, NOTHING)

PAPER = {
    "title": "a <small> paper",
    "paths": [
        {"id": "H1", "path": "A1 ~ B1", "est": "0.144", "se": "0.031", "cr": "3.417"},
        {"id": "H2", "path": "A1 ~ B2", "est": "0.200", "se": "0.050", "cr": "4.000"},
        {"id": "H3", "path": "A1 ~ B3", "est": "0.105", "se": "0.062", "cr": "2.762"},
    ],
    "alpha": {"B1": "0.853"},
}

PAGE = """\
Audit of a <small> paper
========================
4 relations checked; 3 of them, by 2 rules, cannot hold with the numbers as printed. 1 is decisive:
a printed conclusion (H3) hangs on it. 1 could hold for data of an unusual kind, which the finding
names.

A finding says that printed numbers cannot all be right. It does not say which of them is wrong, how
that came about, or who erred: misprints and slips of transcription, also into the file that was
audited, are the commonest cause. Every number stands for all numbers that print so, so no finding
is an artefact of rounding.

1  Alpha: the one checked
-------------------------
Alphas are liked.

- alpha, B1 [minor, implausible]. An alpha that this test does not like.

2  Ratio: 2 of 3 checked
------------------------
A C.R. is est / S.E.
Reference: Bollen (1989).

- paths, H3: A1 ~ B3 [decisive]. 0.105 / 0.062 is 1.67 to 1.72, not 2.762: these three cannot all be
  right.
- paths, H1: A1 ~ B1. 0.144 / 0.031 is 4.56 to 4.74, not 3.417: these three cannot all be right.

Not checked, for what is not printed: 1 rule
--------------------------------------------
rmsea of nothing.
What each needs: .unchecked of the audit, its page and its JSON."""


@pytest.fixture
def found():
    return cs.audit(PAPER, rules=RULES)


def test_page(found):
    assert str(found) == PAGE


def test_many_findings_make_a_table():
    rows = [
        {"id": f"H{k}", "path": f"A{k} ~ B1", "est": "0.144", "se": "0.031", "cr": "3.417"}
        for k in range(1, 40)
    ]
    rows[7] |= {"est": "0.010", "path": "A_with_a_rather_long_name_8 ~ B_with_another_one_8"}
    text = str(cs.audit({"paths": rows}, rules=RULES))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    start = lines.index(
        "Place                                         Quantity  Printed  Would have to be"
    )
    # The decisive one goes first; its place is too long for a line.
    assert lines[start + 2 : start + 5] == [
        "paths, H8: A_with_a_rather_long_name_8 ~      C.R.      3.417    0.302 to 0.344",
        "B_with_another_one_8 (!)",
        "paths, H1: A1 ~ B1                            C.R.      3.417    4.556 to 4.738",
    ]
    assert "(!) decisive: a printed conclusion hangs on it." in lines
    assert sum(line.startswith("paths, H") for line in lines) == 39
    assert "1  Ratio: all 39 checked" in lines


def test_findings_are_in_the_order_of_the_rules_most_serious_first(found):
    assert [(one.rule, one.severity) for one in found.findings] == [
        ("alpha", "minor"),
        ("ratio", "decisive"),
        ("ratio", "serious"),
    ]
    assert [one.place for one in found.held] == ["paths, H2: A1 ~ B2"]
    assert found.unchecked == (NOTHING,)
    assert not found.consistent
    assert repr(found) == "Audit(3 findings, 1 relations that hold)"


def test_table(found):
    table = found.table
    assert list(table["rule"]) == ["alpha", "ratio", "ratio"]
    assert math.isnan(table["required_lower"][0])
    assert table["required_lower"][1] == found.findings[1].required.lower
    assert list(table["concerns"]) == ["reliability", "H3", "H1"]
    empty = cs.audit({"alpha": {"B1": "0.8"}}, rules=(RATIO,))
    assert list(empty.table.columns) == list(table.columns)
    assert len(empty.table) == 0


@pytest.mark.parametrize(
    ("paper", "said"),
    [
        ({"alpha": {"B1": "0.8"}}, "Nothing could be checked: no two of the printed numbers"),
        (
            {"paths": [PAPER["paths"][1]]},
            "1 relation checked; the printed numbers can all be right.",
        ),
    ],
)
def test_summaries_without_findings(paper, said):
    found = cs.audit(paper, rules=(RATIO,))
    assert found.summary.startswith(said)
    assert found.consistent
    assert "cannot all be right" not in str(found)


def test_json_round_trip(found, tmp_path):
    path = audit_json(found, tmp_path / "findings.json")
    back = json.loads(path.read_text(encoding="utf-8"))
    assert back == found.to_dict()
    assert (back["layout"], back["checked"], len(back["findings"])) == (1, 4, 3)
    assert back["findings"][0]["required"] is None
    assert back["findings"][1]["required"] == [
        found.findings[1].required.lower,
        found.findings[1].required.upper,
    ]
    assert back["unchecked"] == [{"rule": "rmsea of nothing", "needs": "what is never there."}]
    assert cs.audit(PAPER, rules=RULES).to_dict() == found.to_dict()


def test_infinite_ends_are_null_in_json():
    def check(paper):
        yield Finding("open", "x", "x", "1", Interval(2.0, math.inf), "at least 2", "No.")

    found = cs.audit(PAPER, rules=(Rule("open", "", "", "", check),))
    assert found.to_dict()["findings"][0]["required"] == [2.0, None]


def test_the_page_for_the_browser(found, tmp_path):
    document = audit_document(found)
    assert [section.title for section in document.sections] == [
        "Summary",
        "Alpha",
        "Ratio",
        "Not checked",
    ]
    page = render_html(document)
    assert "a &lt;small&gt; paper" in page
    assert "<small>" not in page
    assert "who erred" in page
    assert "1.672 to 1.715" in page
    assert "serious" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert audit_html(found, tmp_path / "audit.html").read_text(encoding="utf-8") == page


def test_a_file_that_cannot_be_replaced_stays(found, tmp_path, monkeypatch):
    path = tmp_path / "audit.html"
    path.write_text("before", encoding="utf-8")

    def fail(**options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.tempfile, "mkstemp", fail)
    for write in (audit_html, audit_json):
        with pytest.raises(cs.errors.ClusterSemError, match="No space left"):
            write(found, path)
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_audit_loads_what_it_needs_when_it_needs_it():
    code = (
        "import sys, clustersem as cs; cs.audit; cs.read_published\n"
        "heavy = {'docx', 'lxml', 'pydantic', 'jinja2', 'clustersem.audit.readers'}\n"
        "assert not heavy & {*sys.modules}, heavy & {*sys.modules}\n"
        "assert callable(cs.audit) and cs.Audit.__name__ == 'Audit'\n"
        "import clustersem.audit.interval\n"
        "assert callable(cs.audit)\n"
        "cs.audit({'alpha': {'B1': '0.8'}})\n"
        "assert not {'docx', 'lxml', 'pydantic', 'jinja2'} & {*sys.modules}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
