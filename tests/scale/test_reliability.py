"""Alpha, omega and item statistics."""

import warnings

import numpy as np
import pandas as pd
import pytest

from clustersem.errors import AdmissibilityWarning, DataError, DataWarning
from clustersem.scale import item_statistics, reliability
from clustersem.scale.reliability import alpha_interval

CASES = {
    "bfi_N": ["N1", "N2", "N3", "N4", "N5"],
    "bfi_A": ["A1", "A2", "A3", "A4", "A5"],
    "cb_B1": ["C1", "C2", "C3", "C4"],
    "hs_visual": ["x1", "x2", "x3"],
}


@pytest.fixture
def answers(bfi, clusters, holzinger):
    recoded = bfi.assign(A1=7 - bfi["A1"])
    return {"bfi_N": bfi, "bfi_A": recoded, "cb_B1": clusters, "hs_visual": holzinger}


@pytest.mark.parametrize("case", CASES)
def test_reference(case, answers, reference):
    expected = reference("reliability")[case]
    row = reliability(answers[case], {case: CASES[case]}).loc[case]
    assert row["n_items"] == len(CASES[case])
    assert row["n"] == expected["n_complete"]
    # Direct formulas agree to the printed 12 digits.
    assert row["alpha"] == pytest.approx(expected["raw_alpha_listwise"], abs=1e-11)
    assert row["std_alpha"] == pytest.approx(expected["std_alpha_listwise"], abs=1e-11)
    assert row["lambda6"] == pytest.approx(expected["lambda6"], abs=1e-11)
    # lavaan's optimiser stops at a relative change of 1e-10: the loadings err by some 1e-6.
    assert row["omega"] == pytest.approx(expected["omega_congeneric"], abs=2e-6)
    assert row["omega_model"] == "congeneric"
    assert row["reversed_items"] == ""

    items = item_statistics(answers[case], {case: CASES[case]}).set_index("item")
    assert items["alpha_if_deleted"].to_dict() == pytest.approx(
        expected["alpha_if_dropped"], abs=1e-11
    )
    assert items["corrected_item_total"].to_dict() == pytest.approx(
        expected["corrected_item_total"], abs=1e-11
    )


def test_the_interval_is_pingouins_before_rounding(clusters):
    import pingouin

    data = clusters[CASES["cb_B1"]]
    alpha, (lower, upper) = pingouin.cronbach_alpha(data=data)
    found = alpha_interval(alpha, len(data), 4, 0.95)
    assert np.round(found, 3).tolist() == [lower, upper]
    wide = alpha_interval(alpha, len(data), 4, 0.99)
    assert wide[0] < found[0] < alpha < found[1] < wide[1]


def test_definitions(clusters):
    data = clusters[["C1", "C2", "C3", "C4"]]
    row = reliability(data, {"B1": list(data)}).loc["B1"]
    covariance = data.cov().to_numpy()
    assert row["alpha"] == pytest.approx(
        4 / 3 * (1 - np.trace(covariance) / covariance.sum()), rel=1e-12
    )
    r = data.corr().to_numpy()
    assert row["mean_inter_item_r"] == pytest.approx(r[np.triu_indices(4, 1)].mean(), rel=1e-12)
    items = item_statistics(data, {"B1": list(data)})
    rest = data.drop(columns="C2").sum(axis=1)
    assert items.loc[1, "corrected_item_total"] == pytest.approx(data["C2"].corr(rest), rel=1e-12)
    design = np.column_stack([np.ones(len(data)), data.drop(columns="C2")])
    fitted = design @ np.linalg.lstsq(design, data["C2"].to_numpy(), rcond=None)[0]
    assert items.loc[1, "squared_multiple_r"] == pytest.approx(
        fitted.var() / data["C2"].to_numpy().var(), rel=1e-10
    )
    assert items.loc[1, "sd"] == pytest.approx(data["C2"].std(), rel=1e-12)


def test_omega_of_one_factor_is_exact():
    # Sample covariances that are exactly those of one factor: omega is the population's.
    rng = np.random.default_rng(0)
    loadings, unique = np.array([1.0, 2.0, 0.5, 1.5]), np.array([1.0, 1.0, 2.0, 0.5])
    raw = rng.normal(size=(200, 4))
    raw -= raw.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(raw, rowvar=False)), raw.T).T
    sigma = np.outer(loadings, loadings) + np.diag(unique)
    data = pd.DataFrame(white @ np.linalg.cholesky(sigma).T, columns=list("abcd"))
    row = reliability(data, {"A": list("abcd")}).loc["A"]
    expected = 25.0 / (25.0 + 4.5)
    assert row["omega"] == pytest.approx(expected, abs=1e-9)
    assert row["omega_implied"] == pytest.approx(expected, abs=1e-9)
    # Alpha is a lower bound when loadings differ.
    assert row["alpha"] < row["omega"]


def test_two_items_are_taken_as_tau_equivalent(clusters):
    row = reliability(clusters, {"A1": ["C26", "C27"]}).loc["A1"]
    assert row["omega_model"] == "tau-equivalent"
    assert row["omega"] == pytest.approx(row["alpha"], rel=1e-12)
    r = clusters["C26"].corr(clusters["C27"])
    assert row["std_alpha"] == pytest.approx(2 * r / (1 + r), rel=1e-12)
    items = item_statistics(clusters, {"A1": ["C26", "C27"]})
    assert items["alpha_if_deleted"].isna().all()


def test_nothing_depends_on_units_or_order(bfi):
    items = CASES["bfi_N"]
    base = reliability(bfi, {"N": items}).loc["N"]
    for data in (bfi * 1000.0, bfi * 1e-6 + 3.0, bfi.sample(frac=1.0, random_state=1)):
        other = reliability(data, {"N": list(reversed(items))}).loc["N"]
        for column in ("alpha", "alpha_ci_lower", "omega", "std_alpha", "lambda6"):
            assert other[column] == pytest.approx(base[column], rel=1e-9)


@pytest.mark.parametrize(
    ("construct", "reversed_items"), [("A", ["A1"]), ("C", ["C4", "C5"]), ("E", ["E1", "E2"])]
)
def test_reverse_keyed_items_are_named(construct, reversed_items, bfi):
    items = [f"{construct}{i}" for i in range(1, 6)]
    with pytest.warns(DataWarning, match=", ".join(repr(i) for i in reversed_items)):
        row = reliability(bfi, {construct: items}).loc[construct]
    assert row["reversed_items"] == ", ".join(reversed_items)
    table = item_statistics(bfi, {construct: items})
    assert table.loc[table["reversed"], "item"].tolist() == reversed_items
    recoded = bfi.assign(**{item: 7 - bfi[item] for item in reversed_items})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        better = reliability(recoded, {construct: items}).loc[construct]
    assert better["reversed_items"] == ""
    assert better["alpha"] > row["alpha"] + 0.2


def test_one_of_two_items_that_disagree_is_named(clusters):
    data = clusters.assign(C27=6 - clusters["C27"])
    with pytest.warns(DataWarning, match="'C27' run"):
        row = reliability(data, {"A1": ["C26", "C27"]}).loc["A1"]
    assert row["alpha"] < 0


def test_each_construct_uses_its_own_complete_rows(bfi):
    table = reliability(bfi.assign(A1=7 - bfi["A1"]), {k: CASES[f"bfi_{k}"] for k in "NA"})
    assert table["n"].to_dict() == {"N": 2694, "A": 2709}
    assert table["n_deleted"].to_dict() == {"N": 106, "A": 91}
    assert table.index.name == "construct"


def test_a_heywood_case_is_said():
    rng = np.random.default_rng(7)
    common = rng.normal(size=300)
    data = pd.DataFrame({f"i{j}": common + rng.normal(size=300) for j in range(4)})
    data["i0"] = common + 0.01 * rng.normal(size=300)
    with pytest.warns(AdmissibilityWarning, match="Heywood case at 'i0'"):
        reliability(data, {"A": list(data)})


@pytest.mark.parametrize(
    ("change", "constructs", "message"),
    [
        (lambda d: d, {"A": ["C1"]}, r"construct 'A' has one item \('C1'\)"),
        (lambda d: d, {"A": ["C1", "c2"]}, "item 'c2' is not in the data; did you mean 'C2'"),
        (lambda d: d.assign(C1=2), {"A": ["C1", "C2"]}, "same answer to 'C1'"),
        (lambda d: d.assign(C2=-d["C1"]), {"A": ["C1", "C2"]}, "the same for everybody"),
        (
            lambda d: d.assign(C2=d["C1"]),
            {"A": ["C1", "C2", "C3"]},
            "omega is not defined.*'C1', 'C2' determine each other",
        ),
    ],
)
def test_bad_input_is_named(change, constructs, message, clusters):
    with pytest.raises(DataError, match=message):
        reliability(change(clusters), constructs)


def test_confidence_is_checked(clusters):
    with pytest.raises(DataError, match="confidence must lie between 0 and 1, got 95"):
        reliability(clusters, {"A1": ["C26", "C27"]}, confidence=95)
