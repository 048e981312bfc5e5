"""What a trail looks like in print."""

from clustersem.respecify import RespecificationPolicy, respecify

TEXT = """\
Respecification: 2 parameters freed, 1 skipped (n = 301)

                        MI     EPC     drop      p      chi2   df  chi2/df    CFI  RMSEA   SRMR
    initial model                                     85.306   24    3.554  0.931  0.092  0.065
  1 x7 ~~ x8         34.15   0.536    32.03  <.001    53.272   23    2.316  0.966  0.066  0.047
      given: both are counted against the clock
      evidence: p < .001 adjusted for 9 allowed; judged misspecified (power 0.10)
  2 x8 ~~ x9          4.81  -0.293     5.27  0.022    48.006   22    2.182  0.971  0.063  0.048
      given: no substantive reason was given
      evidence: p = .170 adjusted for 8 allowed; judged misspecified (power 0.05)
      caution: tied with x7 ~~ x9: the data cannot tell them apart
      caution: nearly unidentified: only 0.3 % of its information is its own, and the standard
        error of speed =~ x8 grew 10.9-fold
      caution: the solution is not admissible: negative error variances: x9 ~~ x9 = -1.016
  3 x7 ~~ x9             -       -       not freed
      given: no substantive reason was given
      skipped: the model is not identified: no data could tell these parameters apart: x7 ~~ x8,
        x7 ~~ x9, x8 ~~ x9, x7 ~~ x7, x8 ~~ x8, x9 ~~ x9, speed ~~ speed. Fix one of them (1*x
        sets a factor's scale), make some equal with a label, or remove one.

Stopped: 2 of 3 given steps were made, 1 skipped.
p is adjusted by Holm's method for all that the policy allows. The judgement is of index,
expected change and power together (Saris, Satorra & van der Veld, 2009); what matters is a
standardised change of 0.4 in loadings, 0.1 in paths and 0.1 in covariances.
1 of the 2 freed parameters has no substantive reason.
Steps chosen on the data that they are tested on capitalise on chance: p-values and fit are too
good, and only new data can confirm them (MacCallum, Roznowski & Necowitz, 1992).
"""


def test_the_trail_in_print(ability):
    steps = [("x7", "~~", "x8", "both are counted against the clock"), "x8 ~~ x9", "x7 ~~ x9"]
    result = respecify(ability, RespecificationPolicy(steps=steps))
    assert f"{result}\n" == TEXT
    assert repr(result) == "<Respecification: 2 freed, 1 skipped, chi2 85.306 -> 48.006>"


def test_no_line_is_wider_than_a_page(democracy, cross_border):
    for fit in (democracy, cross_border):
        assert max(len(line) for line in str(respecify(fit)).splitlines()) <= 96


def test_the_table_has_one_row_a_step(ability):
    steps = {"x7 ~~ x8": "both are counted against the clock", "x4 ~~ x5": ""}
    result = respecify(ability, RespecificationPolicy(steps=steps))
    table = result.table
    assert table["number"].tolist() == [1, 2]
    assert table["reason"].tolist() == [
        "both are counted against the clock",
        "no substantive reason was given",
    ]
    assert table["chisq"].iloc[-1] == result.fit.measures["chisq"]
    assert table["mi"].tolist() == [step.predicted_drop for step in result.steps]
