"""No rule on fit finds anything in what lavaan and this library print, whatever part of it."""

import random
import warnings

import pytest
from helpers.lavaan_cases import invariance_tables, load, names
from helpers.printed_fits import rounded
from helpers.reference import data

import clustersem as cs
from clustersem.audit.finding import Finding
from clustersem.audit.printed import Printed
from clustersem.audit.published import PrintedModel, PrintedSample, Published
from clustersem.audit.rules import absolute, chisquare, drawn, incremental, information, nested
from clustersem.errors import ClusterSemWarning
from clustersem.spec import build_spec, options_for

RULES = [
    rule
    for family in (chisquare, incremental, absolute, information, nested, drawn)
    for rule in family.RULES
]
SPEC_OPTIONS = (
    "meanstructure",
    "std_lv",
    "orthogonal",
    "fixed_x",
    "group_equal",
    "group_partial",
)
CORRECTED = ("_scaled", "_robust")
OF_NONCENTRALITY = ("cfi", "tli", "nnfi", "rni", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
                    "rmsea_pvalue")  # fmt: skip


def findings(paper):
    return [out for rule in RULES for out in rule.check(paper) if isinstance(out, Finding)]


def n_checked(paper):
    return sum(1 for rule in RULES for _ in rule.check(paper))


def as_table(measures, rng, *, spec=None, n_groups=1):
    """Return a table with a random part of the measures, as one of the ways to print them."""
    scaled = "chisq_scaled" in measures and rng.random() < 0.4
    told = dict(measures)
    if scaled:
        # The scaled test, and either the scaled or the robust indices beside it, unnamed.
        suffix = rng.choice(CORRECTED)
        plain = {k: v for k, v in measures.items() if not k.endswith(CORRECTED)}
        test = {k: measures.get(f"{k}_scaled") for k in ("chisq", "df", "pvalue")}
        test["cmin_df"] = test["chisq"] / test["df"] if test["df"] else None
        told = {**plain, **test, **{k: measures.get(k + suffix) for k in OF_NONCENTRALITY}}
    elif rng.random() < 0.5:
        told = {k: v for k, v in told.items() if not k.endswith(CORRECTED)}
    share = rng.choice((0.2, 0.5, 0.8, 1.0))
    part = {k: v for k, v in told.items() if rng.random() < share}
    return PrintedModel(
        "model",
        "Table 1",
        rounded(part, rng.choice((2, 3, 4))),
        n_groups=n_groups,
        scaled=scaled,
        spec=spec if rng.random() < 0.7 else None,
    )


def paper_of(n, *models):
    return Published(sample=PrintedSample(n=Printed.count(n)), models=models)


def measures_of(case):
    told = dict(case.measures)
    if told.get("df"):
        told["cmin_df"] = told["chisq"] / told["df"]
    if told.get("baseline_df") and "cfi" in told:
        told["pcfi"] = told["cfi"] * told["df"] / told["baseline_df"]
    return told


def spec_of(case):
    """Return the model as its reader would draw it: means only where the text has them."""
    if "ordered" in case.options:
        return None
    options = {k: v for k, v in case.options.items() if k in SPEC_OPTIONS}
    return build_spec(case.model, options_for(case.fun, n_groups=len(case.groups), **options))


WHOLE = [
    name
    for name in names()
    if not load(name).unsupported and float(load(name).measures.get("ntotal", 1)).is_integer()
    and name != "hs_groups_blocks"
]  # fmt: skip


@pytest.mark.parametrize("part", range(8))
def test_on_what_lavaan_prints(part):
    wrong, checked = [], 0
    for name in WHOLE[part::8]:
        case, rng = load(name), random.Random(name)
        n = int(case.measures.get("ntotal", sum(case.n_obs)))
        model = as_table(measures_of(case), rng, spec=spec_of(case), n_groups=len(case.groups))
        paper = paper_of(n, model)
        wrong += [(name, finding.sentence) for finding in findings(paper)]
        checked += n_checked(paper)
    assert wrong == []
    assert checked > 10 * len(WHOLE[part::8])


def test_on_invariance_tables_of_lavaan():
    wrong, checked = [], 0
    for table in invariance_tables():
        rng = random.Random(table.name)
        strictest_first = list(reversed(table.steps.items()))
        larger = [*(step for step, _ in strictest_first[1:]), ""]
        side = strictest_first[0][1]
        n_groups = side.data[side.options["group"]].nunique()
        models = []
        for (step, side), nested_in in zip(strictest_first, larger, strict=True):
            told = side.told["measures"].items()
            part = {k: v for k, v in told if isinstance(v, int | float) and rng.random() < 0.8}
            indices = rounded(part, rng.choice((2, 3, 4)))
            model = PrintedModel(step, step, indices, n_groups=n_groups, nested_in=nested_in)
            models.append(model)
        n = len(side.data[[*side.options.get("ordered", ()), side.options["group"]]].dropna())
        paper = paper_of(n, *models)
        wrong += [(table.name, finding.rule, finding.sentence) for finding in findings(paper)]
        checked += n_checked(paper)
    assert wrong == []
    assert checked > 100


HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
GROWTH = "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4\ns =~ 0*t1 + 1*t2 + 2*t3 + 3*t4"
FITS = {
    "ml": (cs.cfa, HS, "holzinger1939", {}),
    "std_lv": (cs.cfa, HS, "holzinger1939", {"std_lv": True}),
    "wishart": (cs.cfa, HS, "holzinger1939", {"likelihood": "wishart"}),
    "mlr": (cs.cfa, HS, "holzinger1939", {"estimator": "MLR"}),
    "gls": (cs.cfa, HS, "holzinger1939", {"estimator": "GLS"}),
    "uls": (cs.cfa, HS, "holzinger1939", {"estimator": "ULS"}),
    "groups": (cs.cfa, HS, "holzinger1939", {"group": "school"}),
    "groups wishart": (
        cs.cfa,
        HS,
        "holzinger1939",
        {"group": "school", "likelihood": "wishart", "group_equal": ("loadings",)},
    ),
    "growth": (cs.growth, GROWTH, "demo_growth", {}),
    "wlsmv": (
        cs.cfa,
        HS.replace("x", "o"),
        "hs_ordinal",
        {"estimator": "WLSMV", "ordered": [f"o{k}" for k in range(1, 10)]},
    ),
    "fiml": (cs.cfa, HS, "holzinger1939_missing", {"missing": "fiml"}),
    "mediation": (cs.sem, "x4 ~ x1 + x2\nx7 ~ x4 + x1", "holzinger1939", {}),
    "omitted": (cs.cfa, "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9", "holzinger1939", {}),
}


@pytest.mark.parametrize("name", FITS)
def test_on_what_this_library_prints(name):
    function, model, source, options = FITS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterSemWarning)
        fit = function(model, data(source), **options)
    rng = random.Random(name)
    n_groups = len(fit.n_obs) if isinstance(fit.n_obs, tuple | list) else 2 * ("group" in options)
    checked = 0
    for _ in range(12):
        printed = as_table(fit.measures, rng, spec=fit.spec, n_groups=max(n_groups, 1))
        paper = paper_of(int(fit.measures["ntotal"]), printed)
        assert findings(paper) == []
        checked += n_checked(paper)
    assert checked > 60


@pytest.mark.parametrize("program", ["lavaan", "Mplus", "AMOS", "EQS", "LISREL"])
@pytest.mark.parametrize("group", [None, "school"])
def test_on_every_programs_conventions(program, group):
    fit = cs.cfa(HS, data("holzinger1939"), group=group)
    table = fit.conventions().table[program].dropna().to_dict()
    if program == "LISREL" and table:
        # Indices follow from the second of its two chi2, which is the one to print beside them.
        table["chisq"], table["pvalue"] = table["chisq_nt"], table["pvalue_nt"]
    rng = random.Random(program)
    for _ in range(12):
        printed = as_table(table, rng, spec=fit.spec, n_groups=2 if group else 1)
        assert findings(paper_of(301, printed)) == []
