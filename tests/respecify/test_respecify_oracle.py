"""Power, decisions, adjusted p-values and Wald tests against lavaan and R."""

import json

import numpy as np
import pandas as pd
import pytest
from respecify_models import ABILITY, DATA

import clustersem as cs
from clustersem.respecify.misspecification import decisions
from clustersem.respecify.multiplicity import adjusted
from clustersem.respecify.space import ModelSpace
from clustersem.respecify.stepwise import wald_statistic
from clustersem.respecify.trail import Walk

# Origin: lavaan 0.6-14 and R's p.adjust, by tests/reference/respecify/decisions.R.
ORACLE = json.loads((DATA.parent / "respecify" / "decisions.json").read_text())
# lavaan's names of the four outcomes with an index.
WORDS = {"(m)": "misspecified", "(nm)": "well specified", "(i)": "inconclusive"}


@pytest.fixture(scope="module")
def fit():
    return cs.cfa(ABILITY, pd.read_csv(DATA / "holzinger1939.csv"))


def test_power_and_decisions_are_those_of_lavaan(fit):
    table = fit.modification_indices()
    rows = list(zip(table["lhs"], table["op"], table["rhs"], strict=True))
    names = [" ".join(row) for row in rows]
    # lavaan's delta is in the metric of the expected change.
    ours = decisions(
        rows, table["mi"].to_numpy(), table["epc"].to_numpy(), dict.fromkeys(("=~", "~", "~~"), 0.1)
    )
    theirs = {name: i for i, name in enumerate(ORACLE["row"])}
    assert set(names) == set(theirs)
    for name, power, word in zip(names, ours.power, ours.decision, strict=True):
        i = theirs[name]
        # The index agrees to 1e-6, and the power is a smooth function of it.
        assert power == pytest.approx(ORACLE["power"][i], rel=1e-5)
        said = ORACLE["decision"][i].strip("*")
        if said in WORDS:
            assert word == WORDS[said]
        else:
            assert word == ("large change" if abs(ORACLE["epc"][i]) >= 0.1 else "trifle")


@pytest.mark.parametrize(
    ("ours", "theirs"), [("holm", "holm"), ("bonferroni", "bonferroni"), ("bh", "BH")]
)
def test_adjusted_p_values_are_those_of_r(fit, ours, theirs):
    from scipy.stats import chi2

    # The printed indices have 12 digits and the smallest p is 2e-9.
    p = chi2.sf(ORACLE["mi"], 1)
    np.testing.assert_allclose(adjusted(p, ours), ORACLE[theirs], rtol=1e-8)


def test_wald_statistics_are_those_of_lavaan(fit):
    rows = [("x7", "~~", "x8"), ("x2", "~~", "x7"), ("visual", "=~", "x9")]
    policy = cs.RespecificationPolicy(allow=["residual_covariances", "cross_loadings"])
    space = ModelSpace.of(fit, policy)
    walk = Walk(space, frozenset(rows))
    found = [wald_statistic(walk, row) for row in rows]
    # lavaan stops where its gradient is 1e-6 or so; standard errors agree to 1e-5.
    np.testing.assert_allclose(found, ORACLE["wald"], rtol=2e-5)
