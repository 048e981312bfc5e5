"""What is said of the steps of an invariance study."""

from __future__ import annotations

import math

import pytest

from clustersem.fit.invariance_rules import (
    Change,
    exceeds_chen,
    exceeds_cheung_rensvold,
    finding,
    reason,
    rejected,
)
from clustersem.fit.invariance_text import StepInWords, findings_in_words, verdict_text


def change(cfi=0.0, rmsea=0.0, srmr=0.0, p=0.5, df=6, loadings=False, small=False):
    return Change(cfi, rmsea, srmr, p, df, loadings, small)


@pytest.mark.parametrize(
    ("given", "chen", "cheung_rensvold"),
    [
        (change(-0.011), False, True),
        (change(-0.011, 0.015), True, True),
        (change(-0.011, 0.0, 0.010), True, True),
        (change(-0.011, 0.0, 0.010, loadings=True), False, True),
        (change(-0.011, 0.0, 0.030, loadings=True), True, True),
        (change(-0.006, 0.010), False, False),
        (change(-0.006, 0.010, small=True), True, False),
        (change(-0.006, 0.0, 0.005, small=True), True, False),
        (change(-0.010), False, False),
        (change(+0.010, 0.020), False, False),
    ],
)
def test_cutoffs_as_published(given, chen, cheung_rensvold):
    assert exceeds_chen(given) is chen
    assert exceeds_cheung_rensvold(given) is cheung_rensvold


def test_each_criterion_decides_by_its_own():
    worse = change(-0.02, 0.001, 0.001, p=0.2)
    assert [rejected(worse, c, 0.05) for c in ("cfi", "chen", "chisq")] == [True, False, False]
    significant = change(-0.001, 0.0, 0.0, p=0.001)
    assert [rejected(significant, c, 0.05) for c in ("cfi", "chen", "chisq")] == [
        False,
        False,
        True,
    ]
    assert finding(significant, "cfi", 0.05) == "holds approximately"
    assert finding(change(), "cfi", 0.05) == "holds"
    assert finding(worse, "chisq", 0.05) == "holds approximately"


def test_a_step_without_restrictions_is_not_tested():
    nothing = change(p=math.nan, df=0)
    assert finding(nothing, "chisq", 0.05) == "not tested"
    assert reason(nothing) == "restricts nothing that data could contradict"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (change(-0.0381, p=4e-7), "CFI falls by .038 (more than .010), chi2 test p < .001"),
        (change(-0.0004, p=0.3), "CFI unchanged, chi2 test p = .300"),
        (change(0.002, p=1.0), "CFI rises by .002, chi2 test p = 1.000"),
        (change(-0.002, p=math.nan), "CFI falls by .002 (not more than .010), no chi2 test"),
    ],
)
def test_evidence_in_words(given, words):
    assert reason(given) == words


def steps(*findings):
    names = ("configural", "thresholds", "metric", "scalar", "strict")
    equal = ("thresholds", "loadings", "intercepts", "residuals")
    return [
        StepInWords(name, name, found, "because", equal[:i])
        for i, (name, found) in enumerate(zip(names, ("not tested", *findings), strict=False))
    ]


def test_level_is_the_last_step_that_holds():
    for findings, expected in [
        (("holds", "holds", "holds", "holds approximately"), "strict"),
        (("holds", "does not hold", "holds", "holds"), "thresholds"),
        (("does not hold", "holds"), "configural"),
        (("not tested", "not tested", "holds", "does not hold"), "scalar"),
        (("not tested", "does not hold"), "configural"),
    ]:
        verdict, level = verdict_text(steps(*findings), 0.97, 0.05, [], df=48)
        assert level == expected, findings
        assert f"Conclusion: {expected} invariance holds: " in verdict


def test_words_for_fit_of_the_configural_model():
    for cfi, rmsea, words in [
        (0.96, 0.05, "fits all groups well"),
        (0.93, 0.07, "acceptably"),
        (0.89, 0.09, "does not fit well"),
        (
            0.93,
            0.09,
            "CFI .930 is acceptable (.90 or more), RMSEA .090 is wanting (above .08). Look",
        ),
        (0.89, 0.05, "RMSEA .050 is good (.08 or less), CFI .890 is wanting (below .90). Look"),
    ]:
        assert words in verdict_text(steps("holds"), cfi, rmsea, [], df=48)[0].splitlines()[0]


def test_rmsea_of_few_degrees_of_freedom_is_said_to_be_inflated():
    def line(cfi, rmsea, df):
        return verdict_text(steps("holds"), cfi, rmsea, [], df=df)[0].splitlines()[0]

    few = line(0.995, 0.082, 8)
    assert few.startswith("Configural: CFI and RMSEA disagree. CFI .995 is good")
    assert "few degrees of freedom, here 8" in few
    assert "doi:10.1177/0049124114543236" in few
    for other in (line(0.995, 0.082, 11), line(0.89, 0.05, 8), line(0.89, 0.09, 8)):
        assert "Kenny" not in other


def test_steps_after_one_that_fails_cannot_be_read():
    assert findings_in_words(steps("holds", "does not hold", "holds", "does not hold")) == [
        "",
        "holds",
        "does not hold",
        "cannot be read",
        "cannot be read",
    ]
    assert findings_in_words(steps("holds", "holds")) == ["", "holds", "holds"]
    held, failed = steps("holds", "holds", "holds", "holds"), steps("does not hold")
    last = held[-1]._replace(finding="holds approximately")
    released = [failed[0], failed[1], held[1]._replace(name="thresholds (partial)"), last]
    assert findings_in_words(released) == ["", "does not hold", "holds", "holds approximately"]


def test_releases_of_steps_that_were_reached_are_counted():
    given = steps("holds", "holds", "does not hold")
    given[3] = given[3]._replace(name="scalar (partial)")
    verdict, level = verdict_text(given, 0.97, 0.05, ["metric", "scalar", "scalar"], df=48)
    assert level == "metric"
    assert "Metric (equal loadings but for 1 release): holds" in verdict
    assert "Scalar (equal intercepts but for 2 releases): does not hold" in verdict
    assert "1 parameter differs between groups" in verdict


def test_own_names_of_steps_get_a_conclusion_too():
    given = [
        StepInWords("configural", "configural", "not tested", "", ()),
        StepInWords("weak", "weak", "holds", "because", ("loadings",)),
    ]
    verdict, level = verdict_text(given, 0.97, 0.05, [], df=48)
    assert level == "weak"
    assert "Conclusion: the weak step holds." in verdict
