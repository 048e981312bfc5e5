"""How many respondents does a study need? Asked before there are any.

The model is written with the values that are expected: standardised loadings and paths, from
earlier studies or as the smallest that would matter. Everything below follows from it.
"""

from clustersem.resample.likert import likert

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
plan = {"target": hypotheses, "standardized": True}

# A first answer costs nothing: noncentral distributions.
size = cs.sample_size(population, wanted=0.8, method="analytic", **plan)
print(size)

# Then by simulation, which does not need large samples to be right.
power = cs.power(population, n=[100, 200, 300, 400], n_replications=500, seed=1, **plan)
print(f"\n{power}")
columns = ["id", "n", "power", "bias", "sd_est", "mean_se", "coverage"]
print(f"\n{power.table[power.table['n'] == 200][columns].round(3).to_string(index=False)}")
print(f"\nCurves: {cs.power_figure(power, 'power.svg').name}")


# What is lost when answers are five-point and most people agree.
def skewed(population):
    return likert(population, marginals=[0.03, 0.06, 0.14, 0.32, 0.45])


answers = cs.power(
    population, n=[200, 400], n_replications=500, seed=1, generator=skewed, **plan
)
both = power.curves[[200, 400]].join(answers.curves[[200, 400]], rsuffix=" (five-point)")
print(f"\n{both.round(2).to_string()}")
