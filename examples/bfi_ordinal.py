"""Likert items as what they are: ordinal, incomplete, from two groups. 2800 respondents.

    python bfi_ordinal.py

One measurement model by four estimators, then invariance between men and women.
"""

from pathlib import Path

import pandas as pd

import clustersem as cs

DATA = Path(__file__).resolve().parent / "data" / "bfi.csv"
REVERSED = ["A1", "C4", "C5"]
MODEL = """
    Agreeable     =~ A1 + A2 + A3 + A4 + A5
    Conscientious =~ C1 + C2 + C3 + C4 + C5
    Neurotic      =~ N1 + N2 + N3 + N4 + N5
    N1 ~~ N2
"""

answers = pd.read_csv(DATA)
answers[REVERSED] = 7 - answers[REVERSED]
answers["gender"] = answers["gender"].map({1: "men", 2: "women"})


def show(title, text):
    print(f"\n== {title}\n{text}", flush=True)


# 1. The same model four ways. Ordinal: correlations of latent responses, all pairs of answers.
#    MLR: answers as numbers, with everything that was answered (full information).
fits = {
    "ML": cs.cfa(MODEL, answers),
    "MLR": cs.cfa(MODEL, answers, estimator="MLR"),
    "MLR, full information": cs.cfa(MODEL, answers, estimator="MLR", missing="ml"),
    "WLSMV": cs.cfa(MODEL, answers, ordered=True, missing="pairwise"),
}
for name, fit in fits.items():
    show(name, "\n".join(fit.warnings))

# 2. Which numbers to report of each: the corrected test, the robust indices.
report = {}
for name, fit in fits.items():
    m = fit.measures
    report[name] = {
        "n": fit.n_obs,
        "chi2": m.get("chisq_scaled", m["chisq"]),
        "CFI": m.get("cfi_robust", m["cfi"]),
        "RMSEA": m.get("rmsea_robust", m["rmsea"]),
        "SRMR": m["srmr"],
    }
show("Fit", pd.DataFrame(report).T.round(3).to_string())

# 3. Loadings: answers as numbers are less correlated than what is behind them.
loadings = pd.DataFrame(
    {
        name: fit.estimates.query("op == '=~'").set_index("rhs")["std_all"]
        for name, fit in fits.items()
    }
)
show("Standardised loadings", loadings.round(2).rename_axis(None).to_string())

# 4. May men and women be compared? Thresholds, loadings, intercepts, residual variances in turn;
#    where a step does not hold, the restriction that the score test points at is released.
study = cs.invariance(MODEL, answers, group="gender", ordered=True, partial=True)
show("Men and women, ordinal", study)

# 5. The same question of the answers as numbers, with everything that was answered.
numbers = cs.invariance(MODEL, answers, group="gender", estimator="MLR", missing="ml")
show("Men and women, as numbers", numbers.table[["df", "chisq", "cfi", "rmsea", "finding"]])

# 6. Differences of latent means, in standard deviations of the first group.
means = study.steps[-1].fit.estimates.query("op == '~1' and group == 2 and se > 0")
latent = means[means["lhs"].isin(["Agreeable", "Conscientious", "Neurotic"])]
who = study.steps[-1].fit.groups
show(
    f"Latent means of {who[1]} less those of {who[0]}",
    latent[["lhs", "est", "se", "z", "p_value"]].round(3).to_string(index=False),
)

# 7. Scores for further analyses carry the index of the answers that they were asked for.
scores = fits["WLSMV"].factor_scores(answers)
show("Scores", answers[["gender"]].join(scores).groupby("gender").mean().round(3))
