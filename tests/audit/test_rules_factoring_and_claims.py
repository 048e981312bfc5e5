"""Rules of factor analyses and of what the text says of the tables."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from helpers.printed_papers import read

from clustersem.audit.finding import Finding, Held
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedClaim,
    PrintedCoefficient,
    PrintedConstruct,
    PrintedItem,
    PrintedModel,
    Published,
    VarianceExplained,
)
from clustersem.audit.rules import claims, factoring


def bad(outcomes):
    return [one for one in outcomes if isinstance(one, Finding)]


def only(outcomes):
    (one,) = outcomes
    return one


def test_every_rule_names_its_reference():
    for rule in (*factoring.RULES, *claims.RULES):
        assert "doi:10." in rule.reference


def factored(percent, alphas, *, k=3, n_components=None, method="components", loadings=None):
    constructs = tuple(
        PrintedConstruct(
            f"F{i}", "T", items=tuple(f"x{i}_{j}" for j in range(k)), subsystem="s",
            alpha=Printed.read(text) if text else None,
        )
        for i, text in enumerate(alphas)
    )  # fmt: skip
    items = ()
    if loadings:
        names = [item for one in constructs for item in one.items]
        items = tuple(PrintedItem(name, "T", loading=Printed.read(loadings)) for name in names)
    row = VarianceExplained("s", "Table 3", Printed.read(percent),
                            n_components or len(alphas), method)  # fmt: skip
    return Published(constructs=constructs, variance=(row,), items=items)


@pytest.mark.parametrize(
    ("percent", "wrong"),
    [("62.5", True), ("67.6", True), ("67.7", False), ("99.0", False), ("100.6", True)],
)
def test_alphas_bound_the_explained_variance(percent, wrong):
    # Sums of three items with alphas of .7995 and .7195: 3 / (3 - 2 a) each, of six in all.
    least = 100 * (3 / (3 - 2 * 0.7995) + 3 / (3 - 2 * 0.7195)) / 6
    found = only(factoring.explained_by_alphas(factored(percent, ["0.800", "0.720"])))
    assert isinstance(found, Finding) is wrong
    if wrong:
        assert found.required.lower == pytest.approx(least, abs=1e-4)
        assert found.certainty == "impossible"


def test_factors_and_fewer_components_explain_less():
    low = factored("50.0", ["0.90", "0.90"], method="factors")
    assert list(factoring.explained_by_alphas(low)) == []
    assert len(bad(factoring.explained_by_alphas(factored("50.0", ["0.90", "0.90"])))) == 1
    one = factored("50.0", ["0.90", "0.90"], n_components=1)
    assert bad(factoring.explained_by_alphas(one)) == []


@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_components_of_answers_are_never_refused(decimals):
    rng = np.random.default_rng(decimals)
    for _ in range(40):
        sizes = rng.integers(1, 6, size=rng.integers(1, 5))
        p = int(sizes.sum())
        x = rng.normal(size=(50, p + 1)) @ rng.normal(size=(p + 1, p)) * rng.uniform(0.3, 3, p)
        x += 2 * rng.normal(size=(50, 1))
        eigenvalues, vectors = np.linalg.eigh(np.atleast_2d(np.corrcoef(x, rowvar=False)))
        m = len(sizes)
        percent = 100 * eigenvalues[-m:].sum() / p
        largest = np.abs(vectors[:, -m:] * np.sqrt(eigenvalues[-m:])).max(axis=1)
        constructs, at = [], 0
        for f, k in enumerate(sizes):
            columns = list(range(at, at + k))
            at += k
            covariance = np.atleast_2d(np.cov(x[:, columns], rowvar=False))
            alpha = None
            if k > 1:
                alpha = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())
            constructs.append(
                PrintedConstruct(
                    f"F{f}", "T", items=tuple(f"x{j}" for j in columns), subsystem="s",
                    alpha=None if alpha is None else read(alpha, decimals=decimals),
                )
            )  # fmt: skip
        paper = Published(
            constructs=tuple(constructs),
            items=tuple(
                PrintedItem(f"x{j}", "T", loading=read(value, decimals=decimals))
                for j, value in enumerate(largest)
            ),
            variance=(VarianceExplained("s", "T", read(percent, decimals=decimals), m),),
        )
        outcomes = [one for rule in factoring.RULES for one in rule.check(paper)]
        assert bad(outcomes) == []
        assert len(outcomes) == 2 + p


def test_loadings_bound_the_explained_variance():
    assert bad(factoring.loadings_and_explained_variance(
        factored("64.1", [None, None], loadings=".80"))) == []  # fmt: skip
    found = only(factoring.loadings_and_explained_variance(
        factored("60.1", [None, None], loadings=".80")))  # fmt: skip
    assert found.required.lower == pytest.approx(100 * 0.795**2, abs=1e-3)
    assert "oblique" in found.sentence


def test_a_loading_beyond_one():
    paper = factored("64.1", [None], loadings="1.02")
    assert len(bad(factoring.loadings_within_bounds(paper))) == 3
    edge = factored("64.1", [None], loadings="1.00")
    assert bad(factoring.loadings_within_bounds(edge)) == []


ROWS = tuple(
    PrintedCoefficient(lhs, op, rhs, f"Table 1, {lhs} {op} {rhs}", std=Printed.read(std),
                       p=Printed.read(p))
    for lhs, op, rhs, std, p in (
        ("F", "=~", "x1", ".72", "<.001"), ("F", "=~", "x2", ".81", "<.001"),
        ("F", "~~", "G", ".45", ".012"), ("x1", "~~", "x2", "-.90", ".3"),
        ("H", "~", "F", ".30", ".04"), ("G", "=~", "x3", ".66", "<.001"),
    )
)  # fmt: skip
CONSTRUCTS = (
    PrintedConstruct("F", "T", alpha=Printed.read(".70"), ave=Printed.read(".49")),
    PrintedConstruct("G", "T", alpha=Printed.read(".91")),
)


def said(about, lower=None, upper=None, words=""):
    claim = PrintedClaim(
        about, "section 4", Printed.read(lower) if lower else None,
        Printed.read(upper) if upper else None, words,
    )  # fmt: skip
    return Published(coefficients=ROWS, constructs=CONSTRUCTS, claims=(claim,))


@pytest.mark.parametrize(("about", "lower", "upper", "wrong"), [
    ("correlations", ".4", ".5", []), ("correlations", ".50", ".60", [".45"]),
    ("loadings", "0.7", None, [".66"]), ("loadings", ">0.6", None, []),
    ("alpha", ">0.7", None, []), ("alpha", ">0.75", None, [".70"]),
    ("alpha", None, "<0.9", [".91"]), ("ave", ">=.5", None, [".49"]),
    ("composite_reliability", ">0.7", None, None),
    ("kmo", ">0.7", None, None), ("p", None, "<.05", [".3"]),
    ("standardised", ">.25", None, ["-.90"]), ("standardised", ">0.95", None, [".81"]),
])  # fmt: skip
def test_what_the_text_says(about, lower, upper, wrong):
    outcomes = list(claims.ranges(said(about, lower, upper)))
    if wrong is None:
        assert outcomes == []
    else:
        assert [one.printed for one in bad(outcomes)] == wrong
        assert len(outcomes) == max(len(wrong), 1)


def test_the_words_of_the_paper_are_quoted():
    found = only(claims.ranges(said("alpha", ">0.9", None, "all are excellent")))
    assert 'The text says that "all are excellent"; the table prints .70 for F' in found.sentence


def test_a_claim_about_loadings_may_be_about_either_table():
    paper = said("loadings", "0.7")
    items = (PrintedItem("x1", "T", loading=Printed.read(".75")),)
    assert bad(claims.ranges(replace(paper, items=items))) == []


@pytest.mark.parametrize(("value", "reached", "wrong"), [
    ("0.912", ("cfi",), False), ("0.912", (), True), ("0.891", ("cfi",), True),
    ("0.891", (), False), ("0.900", ("cfi",), False), ("0.900", (), False),
])  # fmt: skip
def test_standards(value, reached, wrong):
    model = PrintedModel(
        "m", "Table 2", MappingProxyType({"cfi": Printed.read(value)}),
        MappingProxyType({"cfi": Printed.read(">0.9")}), reached,
    )  # fmt: skip
    assert isinstance(only(claims.reached_standards(Published(models=(model,)))), Finding) is wrong
    silent = replace(model, reached=None)
    assert list(claims.reached_standards(Published(models=(silent,)))) == []


def test_a_standard_that_models_do_not_share_is_nobodys():
    first = PrintedModel("a", "T", standards=MappingProxyType({"cfi": Printed.read(">0.9")}))
    second = replace(first, name="b", standards=MappingProxyType({"cfi": Printed.read(">0.95")}))
    third = PrintedModel("c", "T", MappingProxyType({"cfi": Printed.read("0.93")}), reached=())
    assert list(claims.reached_standards(Published(models=(first, second, third)))) == []
    outcome = only(claims.reached_standards(Published(models=(first, third))))
    assert not isinstance(outcome, Held)
