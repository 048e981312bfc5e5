"""Rules of alpha, composite reliability, AVE and what they are compared with."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from helpers.printed_papers import read

from clustersem.audit.finding import Finding, Held
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedClaim,
    PrintedCoefficient,
    PrintedConstruct,
    PrintedCorrelation,
    PrintedModel,
    PrintedSample,
    Published,
)
from clustersem.audit.rules import alpha, discriminant, reliability


def only(outcomes):
    (one,) = outcomes
    return one


def bad(outcomes):
    return [one for one in outcomes if isinstance(one, Finding)]


def paper(loadings, *, est=None, n=300, indices=(), residual=None, **printed):
    """One construct F with items x1, x2, ... and what is printed of it."""
    items = tuple(f"x{i + 1}" for i in range(len(loadings)))
    rows = tuple(
        PrintedCoefficient(
            "F", "=~", item, f"Table 1, {item}", std=Printed.read(text),
            est=Printed.read(est[i]) if est else None,
        )
        for i, (item, text) in enumerate(zip(items, loadings, strict=True))
    )  # fmt: skip
    if residual:
        rows += (PrintedCoefficient(*residual, "Table 1", std=read(0.3)),)
    numbers = {name: Printed.read(text) for name, text in printed.items()}
    return Published(
        sample=PrintedSample(n=Printed.count(n)),
        models=(
            PrintedModel(
                "final", "Table 3",
                MappingProxyType({k: Printed.read(v) for k, v in indices}),
            ),
        ),
        coefficients=rows,
        constructs=(PrintedConstruct("F", "Table 2, F", items=items, **numbers),),
    )  # fmt: skip


FOUR = (".70", ".75", ".80", ".65")
# (2.90)^2 / (2.90^2 + 4 - 2.115) = .8169, 2.115 / 4 = .52875, root .7271


def test_every_rule_names_its_reference():
    for rule in (*reliability.RULES, *alpha.RULES, *discriminant.RULES):
        assert "doi:10." in rule.reference


@pytest.mark.parametrize(("text", "wrong"), [(".82", False), (".81", False), (".817", False),
                                             (".37", True), (".99", True)])  # fmt: skip
def test_composite_reliability_follows_from_loadings(text, wrong):
    found = only(reliability.composite_reliabilities(paper(FOUR, composite_reliability=text)))
    assert isinstance(found, Finding) is wrong
    if wrong:
        assert found.required.lower == pytest.approx(0.8169, abs=0.006)
        assert "3-fold" in found.sentence
        assert found.certainty == "implausible"


@pytest.mark.parametrize(("text", "wrong"), [(".53", False), (".529", False), (".93", True),
                                             (".13", True)])  # fmt: skip
def test_average_variance_follows_from_loadings(text, wrong):
    found = only(reliability.average_variances(paper(FOUR, ave=text)))
    assert isinstance(found, Finding) is wrong


def test_unequal_items_weigh_the_loadings_if_est_is_printed():
    loadings = (".90", ".50")
    # Standard deviations 1 to 3: AVE (.81 + 9 * .25) / 10 = .306, against .53 of equal ones.
    est = ("0.900", "1.500")
    weighed = paper(loadings, est=est, ave=".306")
    assert bad(reliability.average_variances(weighed)) == []
    assert bad(reliability.average_variances(paper(loadings, est=est, ave=".530"))) == []
    equal = ("0.900", "0.500")
    found = only(bad(reliability.average_variances(paper(loadings, est=equal, ave=".306"))))
    assert "weighed by the variances that est gives" in found.sentence
    # Without est they might differ so much.
    assert bad(reliability.average_variances(paper(loadings, ave=".306"))) == []


def test_likelihood_reproduces_variances_and_leaves_less_room():
    odd = {"est": ("0.700", "0.750", "0.800", "0.650"), "ave": ".580"}
    assert bad(reliability.average_variances(paper(FOUR, **odd))) == []
    told = paper(FOUR, indices=[("aic", "5321.4")], **odd)
    assert len(bad(reliability.average_variances(told))) == 1


def test_a_residual_covariance_is_part_of_composite_reliability():
    tied = paper(FOUR, composite_reliability=".37", residual=("x1", "~~", "x2"))
    assert list(reliability.composite_reliabilities(tied)) == []
    assert len(bad(reliability.average_variances(replace(tied, constructs=(
        replace(tied.constructs[0], ave=Printed.read(".93")),))))) == 1  # fmt: skip


def test_one_formula_a_column():
    base = paper(FOUR, composite_reliability=".817")
    rows, constructs = [], []
    for name, text in (("F", ".817"), ("G", ".817"), ("H", ".817"), ("I", ".847")):
        rows += [
            replace(row, lhs=name, rhs=f"{name}{row.rhs}", place="T") for row in base.coefficients
        ]
        constructs.append(
            replace(
                base.constructs[0], name=name, composite_reliability=Printed.read(text),
                items=tuple(f"{name}{item}" for item in base.constructs[0].items),
            )
        )  # fmt: skip
    four = replace(base, coefficients=tuple(rows), constructs=tuple(constructs))
    found = only(bad(reliability.composite_reliabilities(four)))
    assert "the other constructs" in found.sentence
    three = replace(four, constructs=four.constructs[1:])
    assert bad(reliability.composite_reliabilities(three)) == []


def test_the_root_of_ave():
    both = {"ave": ".529", "sqrt_ave": ".727"}
    assert bad(reliability.average_and_its_root(paper(FOUR, **both))) == []
    off = paper(FOUR, ave=".529", sqrt_ave=".721")
    found = only(bad(reliability.average_and_its_root(off)))
    assert found.required.text(3) == "0.727 to 0.728"
    # Without loadings AVE may weigh items otherwise, but not by so much.
    alone = replace(off, coefficients=())
    assert bad(reliability.average_and_its_root(alone)) == []
    assert len(bad(reliability.average_and_its_root(replace(
        paper(FOUR, ave=".529", sqrt_ave=".927"), coefficients=())))) == 1  # fmt: skip
    assert len(bad(reliability.roots_of_average_variances(paper(FOUR, sqrt_ave=".921")))) == 1


@pytest.mark.parametrize(("cr", "ave", "wrong"), [
    (".82", ".53", False), (".53", ".53", False), (".91", ".53", False), (".30", ".53", True),
    (".995", ".53", True),
])  # fmt: skip
def test_composite_reliability_lies_between_ave_and_a_bound(cr, ave, wrong):
    # AVE may be up to 1.3 times for other variances than the model's: A = .696, and with it
    # 1.1 * 4 A / (1 + 3 A) = .991.
    without = replace(paper(FOUR, composite_reliability=cr, ave=ave), coefficients=())
    found = only(reliability.reliability_and_average(without))
    assert isinstance(found, Finding) is wrong


def test_likelihood_narrows_the_bound_of_composite_reliability():
    # A = .562, 1.1 * 4 A / (1 + 3 A) = .920
    wide = replace(paper(FOUR, composite_reliability=".93", ave=".53"), coefficients=())
    assert bad(reliability.reliability_and_average(wide)) == []
    told = paper(FOUR, composite_reliability=".93", ave=".53", indices=[("bic", "5000.1")])
    told = replace(told, coefficients=())
    assert len(bad(reliability.reliability_and_average(told))) == 1


@pytest.mark.parametrize(("name", "text", "certainty"), [
    ("alpha", "1.02", "impossible"), ("ave", "1.10", "implausible"),
    ("composite_reliability", "-.20", "implausible"), ("alpha", "1.00", None), ("ave", ".99", None),
    ("alpha", "-.40", None),
])  # fmt: skip
def test_bounds(name, text, certainty):
    found = only(reliability.within_bounds(paper(FOUR, **{name: text})))
    assert getattr(found, "certainty", None) == certainty


def test_alpha_that_the_whole_model_cannot_pay_for_is_impossible():
    pair = {"loadings": (".71", ".71"), "alpha": ".90", "n": 500}
    fits = [("chisq", "35.1"), ("df", "20"), ("aic", "5000.0")]
    found = only(alpha.alphas_and_loadings(paper(**pair, indices=fits)))
    assert found.certainty == "impossible"
    assert "which is 35 for the whole model" in found.sentence
    more = only(
        alpha.alphas_and_loadings(paper(**pair, indices=[("chisq", "935.1"), ("df", "20")]))
    )
    assert more.certainty == "implausible"
    few = only(alpha.alphas_and_loadings(paper(**{**pair, "n": 40})))
    assert isinstance(few, Held)


def test_alpha_of_several_items():
    fits = [("chisq", "60.0"), ("df", "50")]
    assert isinstance(only(alpha.alphas_and_loadings(paper(FOUR, alpha=".81", indices=fits))), Held)
    found = only(alpha.alphas_and_loadings(paper(FOUR, alpha=".94", indices=fits)))
    assert found.certainty == "implausible"  # another estimator has another chi2
    likely = [*fits, ("aic", "9000.0")]
    found = only(alpha.alphas_and_loadings(paper(FOUR, alpha=".94", indices=likely, est=FOUR)))
    assert found.certainty == "impossible"
    # Answers in few categories have a lower alpha than the responses behind them.
    low = {"alpha": ".61", "est": FOUR}
    assert isinstance(only(alpha.alphas_and_loadings(paper(FOUR, **low, indices=fits))), Held)
    assert isinstance(only(alpha.alphas_and_loadings(paper(FOUR, **low, indices=likely))), Finding)


def test_alpha_is_left_alone_where_items_run_both_ways_or_chi2_is_scaled():
    mixed = paper((".70", "-.75", ".80"), alpha=".10")
    assert list(alpha.alphas_and_loadings(mixed)) == []
    scaled = paper(FOUR, alpha=".30")
    scaled = replace(scaled, models=(replace(scaled.models[0], scaled=True),))
    assert list(alpha.alphas_and_loadings(scaled)) == []


def pairs(*cells):
    return tuple(
        PrintedCorrelation(a, b, f"Table 4, {a} {b}", Printed.read(text), "latent", "Table 4")
        for a, b, text in cells
    )


def test_discriminant_validity_is_checked_where_it_is_claimed():
    constructs = tuple(
        PrintedConstruct(name, "Table 4", sqrt_ave=Printed.read(text))
        for name, text in (("A", ".70"), ("B", ".80"))
    )
    silent = Published(constructs=constructs, correlations=pairs(("A", "B", ".75")))
    assert list(discriminant.roots_above_correlations(silent)) == []
    claim = PrintedClaim("discriminant", "section 4", words="discriminant validity is given")
    found = only(bad(discriminant.roots_above_correlations(replace(silent, claims=(claim,)))))
    assert found.severity == "decisive"
    assert found.certainty == "impossible"
    assert '"discriminant validity is given"' in found.sentence
    edge = replace(silent, claims=(claim,), correlations=pairs(("A", "B", ".70")))
    assert bad(discriminant.roots_above_correlations(edge)) == []


@pytest.mark.parametrize(("msv", "asv", "wrong"), [
    (".36", ".26", []), (".49", ".26", ["MSV"]), (".36", ".36", ["ASV"]),
])  # fmt: skip
def test_squared_correlations(msv, asv, wrong):
    cells = pairs(("A", "B", ".60"), ("A", "C", "-.40"), ("B", "C", ".10"))
    constructs = [PrintedConstruct("A", "T", msv=Printed.read(msv), asv=Printed.read(asv))]
    constructs += [
        PrintedConstruct("B", "T", msv=Printed.read(".36"), asv=Printed.read(".185")),
        PrintedConstruct("C", "T", msv=Printed.read(".16"), asv=Printed.read(".085")),
    ]
    outcomes = discriminant.squared_correlations(Published(constructs=tuple(constructs),
                                                           correlations=cells))  # fmt: skip
    assert [one.quantity for one in bad(outcomes)] == wrong
