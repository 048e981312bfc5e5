"""Every rule on printed fit indices: it holds, it fails, and what is at its edge."""

import math

import numpy as np
import pytest
from helpers.printed_fits import as_printed, one

from clustersem.audit.finding import Finding, Held
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedModel, PrintedSample, Published
from clustersem.audit.rules import absolute, chisquare, drawn, incremental, information, nested
from clustersem.engine.noncentral import sf
from clustersem.fit import indices
from clustersem.spec import build_spec, options_for

FAMILIES = (chisquare, incremental, absolute, information, nested, drawn)
RULES = {rule.name: rule for family in FAMILIES for rule in family.RULES}
SPEC = build_spec(
    "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9", options_for("cfa")
)


def told(rule, paper):
    return list(RULES[rule].check(paper))


def only(rule, paper):
    (outcome,) = told(rule, paper)
    return outcome


def drawn_as(spec, n=301, *, n_groups=1, scaled=False, **printed):
    model = PrintedModel(
        "model", "Table 1", as_printed(printed), n_groups=n_groups, scaled=scaled, spec=spec
    )
    return Published(sample=PrintedSample(n=Printed.count(n)), models=(model,))


def two(first, second, freed=(("x1", "~~", "x2"),), specs=(None, None), n=301, **options):
    models = (
        PrintedModel("small", "T1", as_printed(first), nested_in="large", spec=specs[0], **options),
        PrintedModel("large", "T2", as_printed(second), freed=freed, spec=specs[1], **options),
    )
    return Published(sample=PrintedSample(n=Printed.count(n)), models=models)


def test_every_rule_says_what_it_needs_and_where_it_is_from():
    assert len(RULES) == sum(len(family.RULES) for family in FAMILIES)
    for rule in RULES.values():
        assert rule.statement.endswith(".")
        assert "doi:10." in rule.reference
        assert rule.needs
        assert told(rule.name, Published()) == []
        assert told(rule.name, one()) == []


# (rule, n, what holds, what does not hold, the required value as printed); Holzinger-Swineford.
CASES = [
    ("chi2/df", 301, {"chisq": "85.306", "df": 24, "cmin_df": "3.554"}, {"cmin_df": "3.564"},
     "3.554"),
    ("p of chi2", 301, {"chisq": "34.5", "df": 24, "pvalue": ".076"}, {"pvalue": ".067"},
     "0.075 to 0.077"),
    ("p of chi2", 301, {"chisq": "85.306", "df": 24, "pvalue": "<.001"}, {"pvalue": ".052"},
     "0.000"),
    ("rmsea", 301, {"chisq": "85.306", "df": 24, "rmsea": ".092"}, {"rmsea": ".082"}, "0.092"),
    ("rmsea", 301, {"cmin_df": "3.554", "rmsea": ".092"}, {"rmsea": ".093"}, "0.092"),
    ("rmsea", 301, {"cmin_df": "0.812", "rmsea": ".000"}, {"rmsea": ".012"}, "0.000"),
    ("rmsea interval", 301, {"chisq": "85.306", "df": 24, "rmsea_ci_lower": ".071"},
     {"rmsea_ci_lower": ".061"}, "0.071 to 0.072"),
    ("rmsea interval", 301, {"chisq": "85.306", "df": 24, "rmsea_ci_upper": ".114"},
     {"rmsea_ci_upper": ".124"}, "0.114"),
    ("rmsea interval", 301, {"rmsea": ".092", "df": 24, "rmsea_ci_upper": ".114"},
     {"rmsea_ci_upper": ".124"}, "0.113 to 0.114"),
    ("close fit", 301, {"chisq": "34.5", "df": 24, "rmsea_pvalue": ".742"},
     {"rmsea_pvalue": ".472"}, None),
    ("rmsea in its interval", 301, {"rmsea": ".092", "rmsea_ci_upper": ".114"},
     {"rmsea": ".192"}, "at most 0.115"),
    ("critical n", 301, {"chisq": "85.306", "df": 24, "cn_05": "129"}, {"cn_05": "139"}, None),
    ("minimum", 301, {"chisq": "85.306", "fmin": "0.142", "aic": "7517.49"}, {"fmin": "0.412"},
     None),
    ("minimum", 301, {"chisq": "85.306", "fmin": "0.284", "aic": "7517.49"}, {"fmin": "0.412"},
     "0.283 to 0.284"),
    ("incremental fit", None, {"chisq": "85.306", "df": 24, "baseline_chisq": "918.852",
     "baseline_df": 36, "cfi": ".931"}, {"cfi": ".913"}, "0.931"),
    ("incremental fit", None, {"cfi": ".931", "tli": ".896", "df": 24, "baseline_df": 36},
     {"tli": ".986"}, "0.896 to 0.897"),
    ("incremental fit", None, {"nfi": ".907", "pnfi": ".605", "df": 24, "baseline_df": 36},
     {"pnfi": ".650"}, "0.604 to 0.605"),
    ("incremental fit", 301, {"nfi": ".907", "rmsea": ".092", "cfi": ".931", "df": 24,
     "baseline_df": 36}, {"cfi": ".961"}, "0.930 to 0.931"),
    ("incremental fit", None, {"chisq": "85.306", "baseline_chisq": "918.852", "nfi": ".907"},
     {"nfi": ".970"}, "0.907"),
    ("bounds of indices", None, {"cfi": "1.000"}, {"cfi": "1.01"}, "0.00 to 1.00"),
    ("bounds of indices", None, {"rmsea": ".000"}, {"rmsea": "-.012"}, "at least 0.000"),
    ("parsimony", None, {"gfi": ".943", "agfi": ".893", "pgfi": ".503"}, {"agfi": ".932"},
     "0.892 to 0.894"),
    ("parsimony", None, {"gfi": ".943", "pgfi": ".503"}, {"pgfi": ".953"}, "0.000 to 0.944"),
    ("number of parameters", 301, {"aic": "7517.490", "bic": "7595.339"}, {"bic": "7597.339"},
     "21.54 to 21.56"),
    ("number of parameters", 301, {"aic": "7517.490", "logl": "-3737.745", "npar": 21},
     {"npar": 23}, "21.00"),
    ("number of parameters", 301, {"chisq": "85.306", "ecvi": "0.423", "npar": 21},
     {"npar": 24}, None),
    ("log-likelihood", 301, {"logl": "-3737.745", "npar": 21, "aic": "7517.490"},
     {"aic": "7571.490"}, "7517.489 to 7517.491"),
    ("log-likelihood", 301, {"logl": "-3737.745", "npar": 21, "bic": "7595.339"},
     {"bic": "7559.339"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "n", "right", "wrong", "required"), CASES)
def test_a_rule_holds_and_fails(rule, n, right, wrong, required):
    held = told(rule, one(n, **right))
    assert held
    assert all(isinstance(outcome, Held) for outcome in held), held
    found = [f for f in told(rule, one(n, **{**right, **wrong})) if isinstance(f, Finding)]
    assert len(found) == 1
    assert str(next(iter(wrong.values()))) in found[0].printed
    assert found[0].rule == rule
    assert found[0].concerns == ("fit",)
    assert found[0].printed in found[0].sentence
    if required is not None:
        assert found[0].required_text == required


@pytest.mark.parametrize("rule", [name for name, *_ in CASES])
def test_a_rule_says_nothing_where_a_part_is_not_printed(rule):
    paper = one(None, df=24)
    assert told(rule, paper) == []


def test_rmsea_may_be_by_n_or_by_n_less_one():
    # sqrt(61 / (24 * 31)) = 0.2863, sqrt(61 / (24 * 30)) = 0.2911
    for printed, outcome in ((".286", Held), (".291", Held), (".285", Finding), (".292", Finding)):
        assert isinstance(only("rmsea", one(31, chisq="85.0", df=24, rmsea=printed)), outcome)


def test_rmsea_of_two_groups_may_be_times_the_root_of_two():
    for printed, outcome in ((".092", Held), (".130", Held), (".111", Finding)):
        paper = drawn_as(None, 301, n_groups=2, chisq="85.306", df=24, rmsea=printed)
        assert isinstance(only("rmsea", paper), outcome)


def test_severity_is_decisive_only_where_the_standard_is_crossed():
    assert only("rmsea", one(301, cmin_df="3.554", rmsea=".060")).severity == "decisive"
    assert only("rmsea", one(301, cmin_df="3.554", rmsea=".085")).severity == "serious"
    paper = one(301, cmin_df="3.554", rmsea=".085")
    model = PrintedModel("m", "T", paper.models[0].indices, {"rmsea": Printed.read("<.09")})
    paper = Published(sample=paper.sample, models=(model,))
    assert only("rmsea", paper).severity == "decisive"


def test_close_fit_is_the_tail_of_a_noncentral_chi_square():
    p = sf(34.5, 24, 24 * 301 * 0.0025)
    assert p == pytest.approx(0.742, abs=1e-3)


def test_a_scaled_chi2_says_nothing_of_indices_beside_it():
    printed = {"chisq": "60.0", "df": 24, "rmsea": ".092", "rmsea_ci_upper": ".114"}
    assert isinstance(only("rmsea", drawn_as(None, **printed)), Finding)
    scaled = drawn_as(None, scaled=True, **printed, cfi=".931", nfi=".5", baseline_chisq="900")
    for rule in ("rmsea", "rmsea interval", "close fit", "critical n"):
        assert told(rule, scaled) == []
    assert not [f for f in told("incremental fit", scaled) if isinstance(f, Finding)]


def test_a_scaled_chi2_still_has_its_p_and_its_ratio():
    paper = drawn_as(None, scaled=True, chisq="60.0", df=24, pvalue=".200", cmin_df="3.50")
    assert only("p of chi2", paper).required_text == "0.000"
    assert only("chi2/df", paper).required_text == "2.50"


def test_scaled_indices_follow_from_the_scaled_chi2():
    right = {"chisq_scaled": "60.0", "df_scaled": 24, "rmsea_scaled": ".071"}
    assert isinstance(only("rmsea", one(301, **right)), Held)
    assert only("rmsea", one(301, **{**right, "rmsea_scaled": ".092"})).required_text == "0.071"
    assert told("rmsea", one(301, chisq_scaled="60.0", df_scaled=24, rmsea_robust=".092")) == []


def test_robust_indices_agree_with_each_other_only():
    right = {"df": 24, "baseline_df": 36, "cfi_robust": ".930", "tli_robust": ".895"}
    paper = one(301, chisq="85.306", baseline_chisq="918.852", **right)
    assert only("incremental fit", paper) == Held("incremental fit", "Table 1")
    found = only("incremental fit", one(301, **{**right, "tli_robust": ".950"}))
    assert found.quantity == "robust TLI"


def test_cfi_is_below_nfi_only_for_a_bad_model():
    assert isinstance(
        only("incremental fit", one(None, nfi=".953", cfi=".948", df=272, baseline_df=325)), Finding
    )
    assert isinstance(
        only("incremental fit", one(None, nfi=".120", cfi=".110", df=272, baseline_df=325)), Held
    )


def test_indices_that_only_unrelated_items_could_reconcile_are_implausible():
    found = only("incremental fit", one(None, cfi=".948", ifi=".998", df=272, baseline_df=325))
    assert found.certainty == "implausible"
    assert "items that hardly correlate" in found.sentence


def test_the_smallest_conflict_is_named():
    printed = {"nfi": ".907", "cfi": ".931", "rfi": ".861", "df": 24, "baseline_df": 36}
    found = only("incremental fit", one(None, **printed, pcfi=".651"))
    assert found.quantity == "PCFI"
    assert found.sentence.endswith("CFI .931 and PCFI .651 exclude each other already.")
    found = only("incremental fit", one(None, **printed, pcfi=".721"))
    assert found.sentence.endswith("PCFI .721 cannot be with these degrees of freedom.")


def test_no_eigenvalues_give_a_lower_gfi():
    p, f = 9, 1.3
    lowest = absolute.lowest_gfi(f * 300, 300.0, p)
    generator = np.random.default_rng(4)
    direction = generator.standard_normal((3000, p)) * generator.choice([0.05, 1.0, 3.0], (3000, p))
    low, high = np.zeros(3000), np.full(3000, 200.0)
    for _ in range(80):
        t = 0.5 * (low + high)
        log_v = t[:, None] * direction
        log_v += math.log(p) - np.logaddexp.reduce(log_v, axis=1)[:, None]  # they add up to p
        above = -log_v.sum(axis=1) > f
        low, high = np.where(above, low, t), np.where(above, t, high)
    assert -log_v.sum(axis=1) == pytest.approx(f, abs=1e-9)
    reached = p / (np.exp(log_v) ** 2).sum(axis=1)
    assert reached.min() >= lowest - 1e-9
    assert reached.min() < lowest + 0.05  # and some come near it


def test_gfi_beside_chi2():
    fine = drawn_as(SPEC, chisq="85.306", df=24, gfi=".943")
    assert isinstance(only("gfi and chi2", fine), Held)
    found = only("gfi and chi2", drawn_as(SPEC, chisq="85.306", df=24, gfi=".743"))
    assert (found.certainty, found.severity) == ("implausible", "decisive")
    means = build_spec("f =~ x1 + x2 + x3 + x4", options_for("cfa", meanstructure=True))
    assert told("gfi and chi2", drawn_as(means, chisq="85.306", df=2, gfi=".1")) == []


def test_pgfi_tells_the_degrees_of_freedom():
    assert isinstance(only("parsimony", drawn_as(SPEC, gfi=".943", pgfi=".503")), Held)
    found = only("parsimony", drawn_as(SPEC, gfi=".943", pgfi=".553"))
    assert found.required_text == "0.503"
    assert "of 45" in found.sentence.replace("/", "of") or "/ 45" in found.sentence
    # With the nine means among the moments.
    assert isinstance(only("parsimony", drawn_as(SPEC, gfi=".943", pgfi=".419")), Held)


def test_criteria_of_chi2_less_df_tell_df():
    # EQS: AIC = chi2 - 2 df, CAIC = chi2 - (ln n + 1) df
    aic, caic = 85.306 - 48, 85.306 - 24 * (math.log(301) + 1)
    right = {"aic": f"{aic:.3f}", "caic": f"{caic:.3f}", "df": 24, "npar": 21}
    assert isinstance(only("number of parameters", one(301, **right)), Held)
    found = only("number of parameters", one(301, **{**right, "df": 25}))
    assert (found.quantity, found.required_text) == ("df", "24.00 to 24.02")


def test_df_is_that_of_the_model_as_drawn_or_of_one_without_added_covariances():
    for df, outcome in ((24, Held), (27, Held), (25, Finding), (23, Finding)):
        assert isinstance(only("df of the model", drawn_as(SPEC, df=df)), outcome)
    assert isinstance(only("df of the model", drawn_as(SPEC, df="19.95", scaled=True)), Held)


def test_the_null_model_and_the_moments_are_counted():
    assert isinstance(only("df of the null model", drawn_as(SPEC, baseline_df=36)), Held)
    found = only("df of the null model", drawn_as(SPEC, baseline_df=38))
    assert found.required_text == "36"
    for npar, outcome in ((21, Held), (30, Held), (22, Finding)):
        assert isinstance(only("moments counted", drawn_as(SPEC, df=24, npar=npar)), outcome)


def test_likelihoods_tell_chi2():
    right = {"logl": "-3737.745", "unrestricted_logl": "-3695.092", "chisq": "85.306"}
    assert isinstance(only("chi2 of likelihoods", drawn_as(SPEC, **right)), Held)
    found = only("chi2 of likelihoods", drawn_as(SPEC, **{**right, "chisq": "58.306"}))
    assert found.required.upper == pytest.approx(85.306, abs=3e-3)


def test_a_smaller_model_fits_no_better():
    worse, better = {"chisq": "85.306", "df": 24}, {"chisq": "80.1", "df": 23}
    assert isinstance(only("nested chi2", two(worse, better)), Held)
    found = only("nested chi2", two(worse, {"chisq": "85.4", "df": 23}))
    assert found.place == "T2"
    assert told("nested chi2", two(worse, {"chisq": "85.4", "df": 23}, scaled=True)) == []


def test_every_freed_parameter_costs_a_degree_of_freedom():
    small = {"df": 24}
    assert isinstance(only("df freed", two(small, {"df": 23})), Held)
    assert only("df freed", two(small, {"df": 22})).required_text == "23"
    assert isinstance(only("df freed", two(small, {"df": 20}, freed=())), Held)
    assert isinstance(only("df freed", two(small, {"df": 24}, freed=())), Finding)
    assert isinstance(only("df freed", two(small, {"df": 22}, n_groups=2)), Held)


def test_two_models_have_one_null_model():
    def printed(chisq, df, baseline=918.852):
        against = (chisq, df, baseline, 36)
        return {
            "chisq": f"{chisq:.3f}",
            "df": df,
            "baseline_df": 36,
            "nfi": f"{indices.nfi(chisq, baseline):.3f}",
            "tli": f"{indices.tli(*against):.3f}",
        }

    small = printed(85.306, 24)
    assert isinstance(only("one null model", two(small, printed(60.0, 23))), Held)
    found = only("one null model", two(small, printed(60.0, 23, 1300.0)))
    assert found.place == "T2"
    assert "by the small model's indices" in found.sentence
    other = two(small, printed(60.0, 23, 1300.0), scaled=True)
    assert told("one null model", other) == []


def test_models_of_the_same_variables_have_one_null_model_too():
    spec = SPEC.with_parameter("x1", "~~", "x4")
    first = PrintedModel("a", "T", as_printed({"cmin_df": "3.554", "nfi": ".907"}), spec=SPEC)
    second = PrintedModel("b", "T", as_printed({"cmin_df": "2.609", "nfi": ".979"}), spec=spec)
    paper = Published(sample=PrintedSample(n=Printed.count(301)), models=(first, second))
    assert isinstance(only("one null model", paper), Finding)


def test_pgfi_over_gfi_falls_by_what_was_freed():
    specs = (SPEC, SPEC.with_parameter("x1", "~~", "x4"))
    small = {"gfi": ".943", "pgfi": ".503"}
    rule = "parsimony of two models"
    right = two(small, {"gfi": ".960", "pgfi": ".491"}, specs=specs)
    assert isinstance(only(rule, right), Held)
    found = only(rule, two(small, {"gfi": ".960", "pgfi": ".533"}, specs=specs))
    assert found.quantity == "PGFI"
    assert found.required.upper < 0.492


def test_a_difference_test_is_that_of_the_two_chi2():
    small, large = {"chisq": "85.306", "df": 24}, {"chisq": "80.100", "df": 23}
    right = {"chisq_diff": "5.206", "df_diff": 1, "pvalue_diff": ".023"}
    assert all(isinstance(x, Held) for x in told("difference test", two({**small, **right}, large)))
    wrong = told("difference test", two({**small, **right, "chisq_diff": "6.206"}, large))
    assert [isinstance(x, Finding) for x in wrong] == [True, True]
