"""A model fitted to a printed covariance matrix, when the answers are not at hand.

The matrix is that of six of the Holzinger-Swineford tests (301 pupils), rounded as a table in an
article would print it. Printed covariances have the divisor n - 1, and that is what cov= expects.
"""

import numpy as np
import pandas as pd

import clustersem as cs

names = ["x1", "x2", "x3", "x4", "x5", "x6"]
printed = """
    1.363
    0.409 1.386
    0.582 0.453 1.279
    0.507 0.210 0.209 1.355
    0.442 0.212 0.113 1.101 1.665
    0.456 0.248 0.245 0.899 1.018 1.200
"""
lower = [[float(value) for value in line.split()] for line in printed.strip().splitlines()]
matrix = np.zeros((6, 6))
for i, row in enumerate(lower):
    matrix[i, : i + 1] = row
    matrix[: i + 1, i] = row
cov = pd.DataFrame(matrix, index=names, columns=names)

model = """
    visual  =~ x1 + x2 + x3
    textual =~ x4 + x5 + x6
"""
fit = cs.cfa(model, cov=cov, n_obs=301)
print(fit.summary())

# With correlations and standard deviations instead, make the covariances first.
sd = np.sqrt(np.diag(cov))
correlations = cov / np.outer(sd, sd)
again = cs.cfa(model, cov=correlations * np.outer(sd, sd), n_obs=301)
difference = np.abs(again.estimates["est"] - fit.estimates["est"]).max()
print(f"\nFrom correlations and standard deviations: the same to {max(difference, 1e-12):.0e}.")
