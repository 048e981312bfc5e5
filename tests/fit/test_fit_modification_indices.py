"""Tables of modification indices against lavaan's, and against what freeing a parameter does."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from helpers.reference import ENTRY, REFERENCE, case, data, fitted

import clustersem as cs

TABLES = json.loads((REFERENCE / "modification_indices.json").read_text())
TABLES["cases"]["mimic"] = TABLES["mimic"]["table"]
N_ROWS = {
    "hs_cfa_ml": 54,
    "hs_cfa_ml_meanstructure": 54,
    "hs_second_order": 63,
    "hs_bifactor": 43,
    "democracy_sem_ml": 71,
    "democracy_sem_nocov": 77,
    "democracy_equal_defined": 73,
    "path_observed_random_x": 11,
    "cross_border_initial": 537,
    "cross_border_revised": 531,
    "bfi_cfa_ml": 400,
    "hs_cfa_ml_wishart": 54,
    "growth_linear": 66,
    "path_observed": 5,
    "mimic": 24,
}


def fit_of(name):
    if name == "mimic":
        return cs.sem(TABLES["mimic"]["model"], data(TABLES["mimic"]["data"]))
    return fitted(name)


def key(row):
    lhs, op, rhs = row
    return (*sorted((lhs, rhs)), op) if op == "~~" else row


@pytest.mark.parametrize("name", list(N_ROWS))
def test_the_whole_table_is_lavaans(name):
    fit, theirs = fit_of(name), TABLES["cases"][name]
    ours = fit.modification_indices()
    assert len(ours) == N_ROWS[name]
    place = {
        key(row): i for i, row in enumerate(ours[["lhs", "op", "rhs"]].itertuples(False, None))
    }
    covariates = set(fit.spec.exogenous_observed)
    fixed_x = any(row.from_sample for row in fit.spec.parameters)
    for i, row in enumerate(zip(theirs["lhs"], theirs["op"], theirs["rhs"], strict=True)):
        if fixed_x and row[0] in covariates:
            # lavaan lists paths into covariates, and their own moments with an index of zero.
            # The moments
            # of a covariate are fixed at the sample's: the model has nothing to explain in them.
            assert key(row) not in place, row
            continue
        at = place.pop(key(row))
        # lavaan's score test uses n where its Wishart chi2 uses n - 1; ours use n - 1 in both,
        # so an
        # index is the expected drop of the chi2 that is printed.
        ratio = 300 / 301 if name == "hs_cfa_ml_wishart" else 1.0
        assert ours["mi"][at] == pytest.approx(ratio * theirs["mi"][i], rel=1e-8, abs=1e-8), row
        for column in ("epc", "sepc_lv", "sepc_all"):
            value = theirs[column][i]
            assert ours[column][at] == pytest.approx(value, rel=1e-8, abs=1e-8), (row, column)
    # lavaan 0.6-14 leaves covariances among the outcomes of a path model out; 0.7 lists t4 ~~ t3
    # (its
    # file holds the value that is compared in test_fit_reference).
    left = {("t3", "t4", "~~")} if name.startswith("path") else set()
    assert set(place) == left


def test_a_table_is_sorted_and_cut():
    fit = fitted("hs_cfa_ml")
    table = fit.modification_indices()
    assert table["mi"].is_monotonic_decreasing
    cut = fit.modification_indices(minimum=10.0)
    assert (cut["mi"] >= 10).all()
    assert len(cut) == (table["mi"] >= 10).sum() > 0


@pytest.mark.parametrize(
    ("name", "lhs", "op", "rhs"),
    [
        ("hs_cfa_ml", "visual", "=~", "x9"),
        ("hs_cfa_ml", "x7", "~~", "x8"),
        ("hs_cfa_ml", "x4", "~~", "x6"),
        ("democracy_sem_nocov", "y4", "~~", "y8"),
        ("democracy_sem_nocov", "y2", "~~", "y6"),
        ("democracy_sem_ml", "ind60", "=~", "y4"),
        ("cross_border_initial", "C3", "~~", "C2"),
        ("bfi_cfa_ml", "N1", "~~", "N2"),
    ],
)
def test_an_index_is_close_to_the_drop_of_chi2_and_the_epc_to_the_estimate(name, lhs, op, rhs):
    fit, told = fitted(name), case(name)
    table = fit.modification_indices().set_index(["lhs", "op", "rhs"])
    row = table.loc[(lhs, op, rhs)]
    freed = ENTRY[told["fun"]](told["model"] + f"\n{lhs} {op} {rhs}\n", data(told["data"]))
    drop = fit.measures["chisq"] - freed.measures["chisq"]
    # A score test is the drop in the limit of small misfit only; the largest ones here are 36
    # and 419.
    # The one-step estimate that comes with it is less exact still.
    assert row["mi"] == pytest.approx(drop, rel=0.25)
    est = freed.estimates.set_index(["lhs", "op", "rhs"]).loc[(lhs, op, rhs)]
    assert np.sign(row["epc"]) == np.sign(est["est"])
    assert row["epc"] == pytest.approx(est["est"], rel=0.6)


def test_an_index_is_the_drop_of_chi2_in_the_limit_of_small_misfit():
    # A population with a residual covariance that shrinks: the relative error shrinks with it.
    loadings, items = np.array([0.8, 0.7, 0.6, 0.75, 0.65]), [f"y{i}" for i in range(1, 6)]
    model = "f =~ y1 + y2 + y3 + y4 + y5"
    errors = []
    for size in (0.1, 0.01, 0.001):
        cov = np.outer(loadings, loadings)
        np.fill_diagonal(cov, 1.0)
        cov[0, 1] = cov[1, 0] = cov[0, 1] + size
        frame = pd.DataFrame(cov, index=items, columns=items)
        tied, freed = (
            cs.cfa(text, cov=frame, n_obs=100_000) for text in (model, model + "\ny1 ~~ y2")
        )
        drop = tied.measures["chisq"] - freed.measures["chisq"]
        row = tied.modification_indices().set_index(["lhs", "op", "rhs"]).loc[("y1", "~~", "y2")]
        errors.append(abs(row["mi"] / drop - 1.0))
        assert row["epc"] == pytest.approx(size, rel=5 * size)
    assert errors[0] < 0.3
    assert errors[1] < 0.2 * errors[0]
    assert errors[2] < 0.2 * errors[1]


def test_what_would_not_be_identified_is_not_offered():
    table = cs.cfa("f =~ x1 + x2 + x3", data("holzinger1939")).modification_indices()
    assert table.empty
    table = fitted("hs_cfa_ml").modification_indices()
    own = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"])]
    assert own.empty
