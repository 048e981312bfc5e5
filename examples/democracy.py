"""Bollen's model of political democracy: a full model, its weak spots, and a second opinion."""

from pathlib import Path

import pandas as pd

import clustersem as cs

data = pd.read_csv(Path(__file__).resolve().parent / "data" / "political_democracy.csv")

# What each latent variable is measured by, and what depends on what.
core = """
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + y2 + y3 + y4
    dem65 =~ y5 + y6 + y7 + y8
    dem60 ~ a*ind60
    dem65 ~ b*ind60 + c*dem60
    through_1960 := a*c
"""
# The same question asked in 1960 and 1965, and the same source asked twice, share their errors.
errors = """
    y1 ~~ y5
    y2 ~~ y4 + y6
    y3 ~~ y7
    y4 ~~ y8
    y6 ~~ y8
"""

simple = cs.sem(core, data)
print("Without correlated errors:", simple)
print("\nThe largest modification indices")
print(simple.modification_indices(5).drop(columns="group").to_string(index=False))

fit = cs.sem(core + errors, data)
print("\nWith the errors that Bollen's design implies:", fit)
print(fit.summary())

print("\nHypotheses")
verdicts = cs.test_hypotheses(
    fit,
    """
    H1: dem60 ~ ind60, +
    H2: dem65 ~ ind60, +
    H3: dem65 ~ dem60, +
    H4: through_1960, +
    """,
)
print(
    verdicts[["id", "path", "std_all", "z", "p_value", "verdict"]].round(3).to_string(index=False)
)

# One loading comes close to one: x2 measures industrialisation almost without error.
print("\nIs the solution sound?")
print(fit.diagnose())

# semopy is another implementation, by other people: where both agree, neither has slipped.
print("\nA second opinion")
print(fit.second_opinion().verdict)
