"""KMO, Bartlett, Mardia and parallel analysis."""

import numpy as np
import pandas as pd
import pytest

from clustersem.errors import DataError
from clustersem.scale import bartlett, kmo, mardia, parallel_analysis

NAMES = ["efa_holzinger", "efa_cb_cluster", "efa_bfi"]

# Direct formulas: what is left is the 12 printed digits of the reference.
DIGITS = {"rel": 1e-10, "abs": 1e-11}


@pytest.mark.parametrize("name", NAMES)
def test_kmo_and_bartlett_are_those_of_psych(name, efa_data, reference):
    expected = reference(name)
    measure, test = kmo(efa_data[name]), bartlett(efa_data[name])
    assert measure.overall == pytest.approx(expected["kmo"], **DIGITS)
    assert measure.per_item.to_dict() == pytest.approx(expected["kmo_items"], **DIGITS)
    assert test.chi2 == pytest.approx(expected["bartlett"]["chisq"], **DIGITS)
    assert test.df == expected["bartlett"]["df"]
    # psych prints 0 where the p value underflows; relative to chi2 / 2 = 452 digits are lost.
    assert test.p_value == pytest.approx(expected["bartlett"]["p"], rel=1e-8)
    assert measure.n == test.n == expected["n"]


@pytest.mark.parametrize("name", NAMES)
def test_mardia_is_that_of_psych(name, efa_data, reference):
    expected, found = reference(name)["mardia"], mardia(efa_data[name])
    assert found.skewness == pytest.approx(expected["b1p"], **DIGITS)
    assert found.kurtosis == pytest.approx(expected["b2p"], **DIGITS)
    assert found.skewness_chi2 == pytest.approx(expected["skew"], **DIGITS)
    # The difference b2p - p (p + 2) loses a digit or two.
    assert found.kurtosis_z == pytest.approx(expected["kurtosis"], rel=1e-9)


def test_mardia_by_its_definition(holzinger):
    x = holzinger.to_numpy() - holzinger.to_numpy().mean(axis=0)
    n = len(x)
    distances = x @ np.linalg.solve(x.T @ x / n, x.T)
    found = mardia(holzinger, divisor="n")
    assert found.skewness == pytest.approx(np.sum(distances**3) / n**2, rel=1e-10)
    assert found.kurtosis == pytest.approx(np.mean(np.diag(distances) ** 2), rel=1e-10)
    ratio = (n - 1) / n
    other = mardia(holzinger)
    assert other.kurtosis == pytest.approx(found.kurtosis * ratio**2, rel=1e-12)
    assert other.skewness == pytest.approx(found.skewness * ratio**3, rel=1e-12)
    with pytest.raises(DataError, match="divisor must be"):
        mardia(holzinger, divisor="N")


def test_mardia_of_one_variable_is_skewness_and_kurtosis():
    from scipy.stats import kurtosis, skew

    data = pd.DataFrame({"a": np.random.default_rng(0).gamma(2.0, size=400)})
    found = mardia(data, divisor="n")
    assert found.skewness == pytest.approx(skew(data["a"]) ** 2, rel=1e-12)
    assert found.kurtosis == pytest.approx(kurtosis(data["a"], fisher=False), rel=1e-12)


@pytest.mark.parametrize("analyse", [kmo, bartlett, mardia])
def test_nothing_depends_on_units_or_order(analyse, holzinger):
    def numbers(result):
        values = dict(vars(result))
        values.pop("divisor", None)
        values.pop("verdict", None)
        if "per_item" in values:
            values |= values.pop("per_item").to_dict()
        return values

    base = numbers(analyse(holzinger))
    for other in (
        holzinger * 1000.0,
        holzinger / 1000.0,
        holzinger.sample(frac=1.0, random_state=1),
        holzinger[list(reversed(holzinger.columns))],
    ):
        assert numbers(analyse(other)) == pytest.approx(base, rel=1e-9)


def test_long_questionnaires_do_not_underflow():
    # det R of 450 items is far below the smallest double, and below 1e-7 already for 20 of them.
    rng = np.random.default_rng(0)
    common = 2.0 * rng.normal(size=(900, 1))
    data = pd.DataFrame(common + rng.normal(size=(900, 450))).rename(columns=str)
    test, measure = bartlett(data), kmo(data)
    assert np.linalg.det(data.corr()) == 0.0
    assert np.isfinite(test.chi2)
    correlation = data.corr().to_numpy()
    assert test.chi2 == pytest.approx(
        -(899 - 905 / 6) * np.linalg.slogdet(correlation)[1], rel=1e-10
    )
    inverse = np.linalg.inv(correlation)
    partial = inverse / np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    off = ~np.eye(450, dtype=bool)
    r2, q2 = np.sum(correlation[off] ** 2), np.sum(partial[off] ** 2)
    assert measure.overall == pytest.approx(r2 / (r2 + q2), rel=1e-9)


def test_kmo_of_two_items_is_one_half(traits):
    # With two items the partial correlation is the correlation itself.
    assert kmo(traits[["a", "b"]]).overall == pytest.approx(0.5, abs=1e-12)


def test_kaisers_words(efa_data, traits):
    assert kmo(efa_data["efa_holzinger"]).verdict == "middling"
    assert kmo(efa_data["efa_bfi"]).verdict == "meritorious"
    assert kmo(traits[["a", "b"]]).verdict in ("miserable", "unacceptable")


@pytest.mark.parametrize("analyse", [kmo, bartlett, mardia])
def test_collinear_items_are_named(analyse, traits):
    copied = traits.assign(total=traits["b"] + traits["e"])
    with pytest.raises(DataError, match="'b', 'e', 'total' determine each other exactly"):
        analyse(copied)
    with pytest.raises(DataError, match="5 respondents and 6 items"):
        analyse(traits.head(5))


def test_missing_answers_are_counted(bfi):
    assert (kmo(bfi).n, kmo(bfi).n_deleted) == (2436, 364)


class TestParallelAnalysis:
    def test_finds_the_factors(self, efa_data):
        assert parallel_analysis(efa_data["efa_holzinger"], seed=1).n_factors == 3
        assert parallel_analysis(efa_data["efa_bfi"], seed=1, n_simulations=200).n_factors == 5
        found = parallel_analysis(efa_data["efa_holzinger"], seed=1, model="factors")
        assert found.n_factors == 3
        assert found.eigenvalues["retained"].sum() == 3

    def test_noise_has_no_factor(self):
        rng = np.random.default_rng(11)
        data = pd.DataFrame(rng.normal(size=(300, 8))).rename(columns=str)
        assert parallel_analysis(data, seed=1, quantile=0.99).n_factors == 0

    def test_same_seed_same_answer(self, traits):
        first, second = (parallel_analysis(traits, seed=5) for _ in range(2))
        pd.testing.assert_frame_equal(first.eigenvalues, second.eigenvalues)
        other = parallel_analysis(traits, seed=6)
        assert not other.eigenvalues.equals(first.eigenvalues)

    @pytest.mark.parametrize("model", ["components", "factors"])
    def test_three_ways_to_simulate_agree(self, model, holzinger):
        # 4000 draws: the mean of an eigenvalue has a standard error below 0.04 / sqrt(4000).
        options = {"seed": 2, "model": model, "n_simulations": 4000}
        decomposed = parallel_analysis(holzinger, **options).eigenvalues["simulated_mean"]
        permuted = parallel_analysis(holzinger, null="permuted", **options).eigenvalues
        np.testing.assert_allclose(decomposed, permuted["simulated_mean"], atol=0.006)
        if model == "components":
            rng = np.random.default_rng(3)
            plain = np.mean(
                [
                    np.linalg.eigvalsh(np.corrcoef(rng.normal(size=(301, 9)), rowvar=False))[::-1]
                    for _ in range(2000)
                ],
                axis=0,
            )
            np.testing.assert_allclose(decomposed, plain, atol=0.006)

    def test_bad_options_are_named(self, traits):
        with pytest.raises(DataError, match="model must be"):
            parallel_analysis(traits, model="pca")
        with pytest.raises(DataError, match="quantile must lie"):
            parallel_analysis(traits, quantile=95)
        with pytest.raises(DataError, match="4 respondents and 6 items"):
            parallel_analysis(traits.head(4))
