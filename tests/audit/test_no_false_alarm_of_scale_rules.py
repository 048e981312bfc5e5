"""Tables of fits and answers, rounded as papers round them, never contradict themselves."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from helpers.printed_papers import paper_of_fit
from helpers.reference import case, data, fitted

import clustersem as cs
from clustersem.audit.finding import Finding, Held
from clustersem.audit.printed import Printed
from clustersem.audit.rules import (
    alpha,
    claims,
    counts,
    discriminant,
    factoring,
    matrices,
    reliability,
)

RULES = tuple(
    rule
    for family in (matrices, reliability, alpha, discriminant, counts, factoring, claims)
    for rule in family.RULES
)
# What this library, AMOS users and semTools print as composite reliability and AVE.
COLUMNS = (
    ("cr_standardized", "ave_standardized"),
    ("cr", "ave"),
    ("omega", "ave"),
    ("cr_standardized", "ave"),
)


def sentences(paper):
    return [one.sentence for rule in RULES for one in rule.check(paper) if isinstance(one, Finding)]


@pytest.mark.parametrize(
    "name",
    [
        "cross_border_revised",
        "bfi_cfa_ml",
        "bfi_cfa_dwls",
        "hs_cfa_gls",
        "democracy_sem_ml",
    ],
)
@pytest.mark.filterwarnings("ignore::clustersem.errors.ClusterSemWarning")
def test_tables_of_the_reference_fits(name):
    fit = fitted(name)
    answers = data(case(name)["data"])
    for decimals, (at, columns) in product((2, 4), enumerate(COLUMNS)):
        est = at % 2 == 0
        paper = paper_of_fit(
            fit, answers, decimals=decimals, columns=columns, est=est, drawn=not est
        )
        assert sentences(paper) == [], (decimals, columns, est)
    assert sum(isinstance(one, Held) for rule in RULES for one in rule.check(paper)) > 10


def likert_survey(rng):
    """Answers of a population in which up to three residual covariances were left out."""
    sizes = rng.integers(2, 6, size=rng.integers(2, 5))
    f, p = len(sizes), int(sizes.sum())
    factor = rng.normal(size=(f, f + 1)) + 0.8
    between = factor @ factor.T
    sd = np.sqrt(np.diag(between))
    between = 0.8 * between / np.outer(sd, sd) + 0.2 * np.eye(f)
    loadings = np.zeros((p, f))
    owner = np.repeat(np.arange(f), sizes)
    loadings[np.arange(p), owner] = rng.uniform(0.5, 0.9, p)
    sigma = loadings @ between @ loadings.T
    residual = 1.0 - np.diag(sigma)
    np.fill_diagonal(sigma, 1.0)
    for _ in range(rng.integers(0, 4)):
        i, j = rng.choice(p, 2, replace=False)
        extra = rng.uniform(-0.4, 0.6) * np.sqrt(residual[i] * residual[j])
        sigma[i, j] += extra
        sigma[j, i] += extra
    least = np.linalg.eigvalsh(sigma)[0]
    sigma += max(0.05 - least, 0.0) * np.eye(p)
    n = int(rng.choice([200, 500, 1500]))
    normal = rng.multivariate_normal(np.zeros(p), sigma, size=n)
    answers = np.clip(np.round(normal * rng.uniform(0.6, 1.2, p) + rng.uniform(2.5, 4.5, p)), 1, 6)
    items = [f"x{c}_{i}" for i, c in enumerate(owner)]
    model = "\n".join(
        f"F{c} =~ {' + '.join(item for item, o in zip(items, owner, strict=True) if o == c)}"
        for c in range(f)
    )
    if f > 2:
        model += f"\nF0 ~ {' + '.join(f'F{c}' for c in range(1, f))}"
    return model, pd.DataFrame(answers, columns=items)


def admissible(fit):
    loadings = fit.estimates.loc[fit.estimates["op"] == "=~", "std_all"].to_numpy()
    correlation = fit.latent_cor.to_numpy()
    if not (np.all(np.isfinite(loadings)) and np.all(np.isfinite(correlation))):
        return False
    return bool(np.abs(loadings).max() < 1.0 and np.linalg.eigvalsh(correlation)[0] > 0.0)


@pytest.mark.filterwarnings("ignore::clustersem.errors.ClusterSemWarning")
def test_papers_of_simulated_surveys():
    rng = np.random.default_rng(20221122)
    seen = 0
    while seen < 12:
        model, answers = likert_survey(rng)
        estimator = str(rng.choice(["ML", "ML", "GLS", "ULS"]))
        fit = cs.sem(model, answers, estimator=estimator)
        if not fit.converged or not admissible(fit):
            continue  # what is printed of such a solution is said to be inadmissible
        seen += 1
        paper = paper_of_fit(
            fit,
            answers,
            decimals=int(rng.choice([2, 3, 4])),
            columns=COLUMNS[rng.integers(len(COLUMNS))],
            est=bool(rng.integers(2)),
            drawn=bool(rng.integers(2)),
        )
        assert sentences(paper) == []


@pytest.mark.filterwarnings("ignore::clustersem.errors.ClusterSemWarning")
def test_a_changed_first_digit_is_found_more_often_than_not():
    rng = np.random.default_rng(3)
    paper = paper_of_fit(fitted("cross_border_initial"), data("cross_border_simulated"), decimals=3)
    found = dict.fromkeys(("composite_reliability", "ave", "sqrt_ave", "msv", "alpha"), 0)
    for field in found:
        for at, construct in enumerate(paper.constructs):
            printed = getattr(construct, field)
            digit = printed.text[2]
            other = str(rng.choice([d for d in "0123456789" if d != digit]))
            changed = replace(
                construct, **{field: Printed.read(f"0.{other}{printed.text[3:]}", printed.place)}
            )
            constructs = (*paper.constructs[:at], changed, *paper.constructs[at + 1 :])
            found[field] += bool(sentences(replace(paper, constructs=constructs)))
    # Of eight constructs each.
    assert found["msv"] == 8
    assert found["sqrt_ave"] == 8
    assert found["composite_reliability"] >= 6
    assert found["ave"] >= 5
    assert found["alpha"] >= 1
