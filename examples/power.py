"""How many respondents does a study need? Asked before there are any.

The model is written with the values that are expected: standardised loadings and paths, from
earlier studies, or as small as would still matter. Everything below follows from it.
"""

import pandas as pd

import clustersem as cs

population = """
    Trust =~ 0.8*t1 + 0.7*t2 + 0.7*t3
    Ease  =~ 0.8*e1 + 0.8*e2 + 0.6*e3
    Use   =~ 0.7*u1 + 0.7*u2 + 0.7*u3
    Trust ~ 0.4*Ease
    Use   ~ 0.3*Trust + 0.2*Ease
"""
hypotheses = """
    H1: Trust ~ Ease, +
    H2: Use ~ Trust, +
    H3: Use ~ Ease, +
    H4: indirect: Ease -> Trust -> Use, +
"""

# A first answer costs nothing: noncentral distributions.
size = cs.sample_size(population, hypotheses, wanted=0.8, method="analytic", standardized=True)
print(size)

# Simulation does not need large samples to be right, and says how far off the theory is.
power = cs.power(
    population, hypotheses, n=[100, 200, 300, 400], n_replications=500, seed=1, standardized=True
)
print(f"\n{power}")
columns = ["id", "n", "power", "bias", "sd_est", "mean_se", "coverage"]
at_200 = power.table[power.table["n"] == 200]
print(f"\n{at_200[columns].round(3).to_string(index=False)}")
print(f"\nCurves: {cs.power_figure(power, 'power.svg').name}")

# What is lost when answers are five-point, most people agree, and maximum likelihood takes the
# category numbers for measurements.
answers = cs.power(
    population,
    hypotheses,
    n=[200, 400],
    n_replications=500,
    seed=1,
    standardized=True,
    simulate={"marginals": [0.03, 0.06, 0.14, 0.32, 0.45]},
)
both = pd.concat([power.curves[[200, 400]], answers.curves], axis=1, keys=["normal", "answers"])
print(f"\n{both.round(2).to_string()}")
