"""A confirmatory factor analysis in fifteen lines, and why its chi2 differs between programs."""

from pathlib import Path

import pandas as pd

import clustersem as cs

answers = pd.read_csv(Path(__file__).resolve().parent / "data" / "holzinger1939.csv")
model = """
    visual  =~ x1 + x2 + x3
    textual =~ x4 + x5 + x6
    speed   =~ x7 + x8 + x9
"""

fit = cs.cfa(model, answers)
print(fit.summary())

# The same model as AMOS, EQS and LISREL count: S with divisor n - 1, chi2 = (n - 1) F.
wishart = cs.cfa(model, answers, likelihood="wishart")
print("\n              lavaan, Mplus   AMOS, EQS, LISREL")
for name in ("chisq", "rmsea", "cfi", "gfi", "srmr"):
    print(f"{name:<10}{fit.measures[name]:>17.6f}{wishart.measures[name]:>20.6f}")
