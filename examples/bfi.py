"""A real survey, from file to report: 2800 respondents, 25 personality items, missing answers.

    python bfi.py [folder for the report]

Copy this file and bfi_study.toml, and put your own items and hypotheses in the place of these.
"""

import sys
from pathlib import Path

import clustersem as cs

HERE = Path(__file__).resolve().parent
STUDY = HERE / "bfi_study.toml"
REPORT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("bfi-report")


def show(title, text):
    print(f"\n== {title}\n{text}", flush=True)


def table(frame, digits=3):
    return frame.to_string(float_format=lambda x: f"{x:.{digits}f}")


# 1. Read and screen. The codebook is the study file's: items, wordings, which run backwards.
#    Reverse-keyed items come back turned, so that a high answer always means more of the trait.
study = cs.Study.from_file(STUDY)
survey = cs.read_survey(study.data, study.codebook, screening=study.screening)
show("Who is in the sample", survey.flow)
show("Why the others are not", survey.excluded[["row", "reasons"]].to_string(index=False))
print(f"Reverse-keyed items, turned: {', '.join(survey.codebook.reversed_items)}")

# 2. Can the items be factored, and into how many factors?
adequacy, sphericity = cs.kmo(survey), cs.bartlett(survey)
parallel = cs.parallel_analysis(survey, seed=1)
show(
    "Adequacy",
    f"KMO {adequacy.overall:.3f} ({adequacy.verdict}); Bartlett's chi2({sphericity.df}) ="
    f" {sphericity.chi2:.1f}, p {'< .001' if sphericity.p_value < 0.001 else 'not below .001'}\n"
    f"{adequacy.n} complete respondents, {adequacy.n_deleted} with a missing answer left out\n"
    f"Parallel analysis retains {parallel.n_factors} factors",
)
solution = cs.efa(survey, n_factors=5)
show("Principal components, varimax", table(solution.loadings, 2))

# 3. Purify: one item at a time, factoring anew after every deletion.
purified = cs.purify(survey, survey.constructs, cutoff=0.5, minimum_items=3)
show("Purification", purified.log)

# 4. Reliability of what is left.
reliable = cs.reliability(survey, purified.constructs)
show(
    "Reliability",
    table(reliable[["n_items", "n", "alpha", "alpha_ci_lower", "alpha_ci_upper", "omega"]]),
)

# 5. The measurement model.
measurement = "\n".join(
    f"{trait} =~ {' + '.join(items)}" for trait, items in purified.constructs.items()
)
fit = cs.cfa(measurement, survey)
chosen = ["chisq", "df", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr"]
show("Measurement model", f"{measurement}\n\n{fit!r}")
print("  ".join(f"{name} {fit.measures[name]:.3f}" for name in chosen))
show("What it leaves unexplained", table(fit.modification_indices(100).drop(columns="group"), 2))

# 6. Respecify, within what a policy allows. Two items of one trait may share more than the trait;
#    an item of one trait on another is not allowed. Every step is shown with its price.
policy = cs.RespecificationPolicy(
    allow="within_construct",
    max_steps=3,
    reasons={"N1 ~~ N2": "anger and irritation are worded almost alike"},
)
respecified = cs.respecify(fit, policy)
show("Respecification", respecified)

# 7. Do the items of a trait converge, and do the traits differ?
validity = cs.validity(respecified.fit)
show("Validity", table(validity.table[["cr_standardized", "ave_standardized", "msv", "max_r"]]))
show("HTMT", table(validity.htmt))
failed = [verdict.detail for verdict in validity.verdicts if not verdict.passed]
show("Criteria that are not met", "\n".join(failed) or "none")

# 8. Hypotheses. All traits were asked at one time, so a path says what predicts, not what causes.
freed = [f"{step.lhs} ~~ {step.rhs}" for step in respecified.freed]
structural = "Neurotic ~ Conscientious + Extraverted + Agreeable + Open"
model = "\n".join([measurement, structural, *freed])
final = cs.sem(model, survey)
verdicts = cs.test_hypotheses(
    final,
    """
    H1: Neurotic ~ Conscientious, -
    H2: Neurotic ~ Extraverted, -
    H3: Neurotic ~ Agreeable, -
    H4: Neurotic ~ Open, !=0
    H5: Extraverted ~~ Open, +
    """,
)
show("Hypotheses", table(verdicts[["id", "path", "expect", "std_all", "z", "p_value", "verdict"]]))
show("Is the solution sound?", final.diagnose())

# 9. All of it at once, from the study file, with tables, figures and provenance.
result = study.run()
report = result.report(REPORT)
cs.path_diagram(result.fit, REPORT / "path-diagram.png")
show("Report", report.resolve())
