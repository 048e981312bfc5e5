"""A survey that has not been held yet: pretend answers to try the analysis on.

Before anyone is asked anything, write down what you expect as numbers. Answers drawn from that show
whether the questionnaire can find it: how wide the intervals will be, what skewed items and missing
answers cost, and whether the fit would notice a model that is a little wrong. The file that this
writes is one to build the whole analysis on, before the real one arrives.
"""

import clustersem as cs

# What is expected, standardised: loadings of seven items and two paths.
expected = """
    trust =~ 0.75*t1 + 0.70*t2 + 0.65*t3
    ease  =~ 0.80*e1 + 0.70*e2
    use   =~ 0.75*u1 + 0.70*u2
    trust ~~ 0.40*ease
    use   ~ 0.35*trust + 0.20*ease
"""
# The same model as it will be fitted.
model = """
    trust =~ t1 + t2 + t3
    ease  =~ e1 + e2
    use   =~ u1 + u2
    use   ~ trust + ease
"""
# Most people agree: the probabilities of the answers 1 to 5.
agreeing = [0.04, 0.08, 0.20, 0.43, 0.25]


def paths(answers, **options):
    """Fit the model and print its paths, standardised."""
    table = cs.sem(model, answers, **options).standardized()
    for row in table[table["op"] == "~"].itertuples():
        interval = f"[{row.ci_lower:5.2f}, {row.ci_upper:5.2f}]"
        print(f"  {row.lhs} ~ {row.rhs:<6} {row.est:5.2f}  95 % interval {interval}")


answers = cs.simulate(expected, 300, standardized=True, marginals=agreeing, seed=2022)
print("300 pretend respondents, five answers, most of them agreeing; as continuous (MLR):")
paths(answers, estimator="MLR")
print("the same answers as ordered categories (WLSMV):")
paths(answers, ordered=True)

# Who trusts least drops out before the end: missing at random, given t1.
gaps = cs.simulate(
    expected,
    300,
    standardized=True,
    marginals=agreeing,
    missing=cs.MAR({"e1": 0.2, "e2": 0.2, "u1": 0.2, "u2": 0.3}, depends_on="t1", slope=-1.0),
    seed=2022,
)
print(f"with gaps ({gaps.isna().to_numpy().mean():.0%} of the answers), full information:")
paths(gaps, estimator="MLR", missing="ml")

# Would the fit notice? Continuous answers from a population that it misfits by RMSEA 0.08.
wrong = cs.simulate(expected, 300, standardized=True, rmsea=0.08, analysis=model, seed=2022)
measures = cs.sem(model, wrong).measures
print(
    f"a model that is wrong by RMSEA 0.08: chi2({measures['df']:.0f}) = {measures['chisq']:.1f},"
    f" p = {measures['pvalue']:.3f}, RMSEA {measures['rmsea']:.3f}"
    f" [{measures['rmsea_ci_lower']:.3f}, {measures['rmsea_ci_upper']:.3f}]"
)

gaps.to_csv("pretend_answers.csv", index=False)
print("written: pretend_answers.csv (synthetic: nobody gave these answers)")
