"""Models, answers and arguments that nobody planned for: a sentence, or the right number."""

import pickle
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustersem as cs
from clustersem.errors import ClusterSemError, ClusterSemWarning, CodebookError, ModelError
from clustersem.study import Study

MODEL = "F =~ a1 + a2 + a3 + a4\nG =~ b1 + b2 + b3 + b4\nG ~ F"
HYPOTHESIS = "H1: G ~ F, +"
POPULATION = """
    F =~ 0.7*a1 + 0.7*a2 + 0.7*a3 + 0.6*a4
    G =~ 0.7*b1 + 0.7*b2 + 0.6*b3 + 0.6*b4
    G ~ 0.4*F
    a1 ~~ 0.3*a2
    b1 ~~ 0.2*b4
"""


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return cs.simulate(POPULATION, n=300, seed=1, standardized=True)


@pytest.fixture(scope="module")
def fit(answers: pd.DataFrame) -> cs.Fit:
    return cs.sem(MODEL, answers)


@pytest.fixture(scope="module")
def result(fit: cs.Fit) -> cs.Respecification:
    return cs.respecify(fit, cs.RespecificationPolicy(max_steps=2))


def is_narrow(text: str) -> bool:
    return all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize(
    "wrong",
    [
        {"allow": 3}, {"allow": None}, {"allow": [3]}, {"forbid": 3}, {"steps": 5}, {"steps": [5]},
        {"reasons": 3}, {"search": ["forward"]}, {"search": 3}, {"criterion": ["mi"]},
        {"minimum_mi": "x"}, {"minimum_mi": None}, {"minimum_mi": float("nan")}, {"alpha": "x"},
        {"alpha": float("nan")}, {"relevant": "x"}, {"relevant": {"~~": "x"}}, {"max_steps": 1.5},
        {"max_steps": "2"}, {"max_steps": True}, {"max_steps": float("nan")}, {"target": 3},
        {"target": {"cfi": 3}}, {"target": {3: "> 1"}}, {"target": ["cfi"]},
        {"target": {"cfi": ("<",)}}, {"max_models": True}, {"breadth": "x"}, {"seed": True},
    ],
)  # fmt: skip
def test_a_policy_of_what_is_no_policy(wrong: dict[str, object]) -> None:
    with pytest.raises(ClusterSemError) as caught:
        cs.RespecificationPolicy(**wrong)  # type: ignore[arg-type]
    assert "write" in str(caught.value) or "there are" in str(caught.value)


def test_a_reason_may_be_missing() -> None:
    policy = cs.RespecificationPolicy(steps={"a1 ~~ a2": None})  # type: ignore[dict-item]
    assert policy.given[0].reason == ""


@pytest.mark.parametrize("wrong", [None, 3, "fit", pd.DataFrame()])
def test_what_is_no_fit(wrong: object) -> None:
    calls: list[Callable[[], object]] = [
        lambda: cs.respecify(wrong),  # type: ignore[arg-type]
        lambda: cs.multiverse(wrong, None, HYPOTHESIS),  # type: ignore[arg-type]
        lambda: cs.equivalent_models(wrong),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(ModelError, match="takes a fit, not a"):
            call()


@pytest.mark.parametrize(
    "wrong", [{"estimators": 3}, {"deletions": 3}, {"deletions": [3]}, {"alpha": "x"}]
)
def test_a_multiverse_of_nothing(fit: cs.Fit, wrong: dict[str, object]) -> None:
    with pytest.raises(ModelError):
        cs.multiverse(fit, None, HYPOTHESIS, **wrong)  # type: ignore[arg-type]


def test_names_of_fits_may_be_numbers(fit: cs.Fit, result: cs.Respecification) -> None:
    found = cs.nesting({1: fit, 2: result.fit})  # type: ignore[dict-item]
    assert repr(found) == "<Nesting of 1, 2>"


def test_a_growth_curve_has_means_among_its_candidates() -> None:
    rng = np.random.default_rng(3)
    level, slope = rng.normal(size=(2, 200))
    data = pd.DataFrame({f"t{k}": level + 0.5 * k * slope + rng.normal(size=200) for k in range(4)})
    text = "i =~ 1*t0 + 1*t1 + 1*t2 + 1*t3; s =~ 0*t0 + 1*t1 + 2*t2 + 3*t3"
    policy = cs.RespecificationPolicy(allow="residual_covariances", max_steps=1, minimum_mi=0)
    found = cs.respecify(cs.growth(text, data), policy)
    means = found.candidates[found.candidates["op"] == "~1"]
    assert len(means)
    assert set(means["decision"]) == {""}
    assert means["power"].isna().all()


def test_cross_validation_of_a_growth_curve_reckons_with_its_means() -> None:
    # The intercepts of its items are zero by default, in the saturated model they are not: with
    # them fixed there, cv_ecvi came out below zero.
    rng = np.random.default_rng(3)
    level, slope = rng.normal(size=(2, 200))
    data = pd.DataFrame({f"t{k}": level + 0.5 * k * slope + rng.normal(size=200) for k in range(4)})
    data["t2"] += 0.5
    text = "i =~ 1*t0 + 1*t1 + 1*t2 + 1*t3; s =~ 0*t0 + 1*t1 + 2*t2 + 3*t3"
    policy = cs.RespecificationPolicy(allow=lambda lhs, op, rhs: (lhs, op) == ("t2", "~1"))
    found = cs.respecify(cs.growth(text, data), policy)
    assert [step.name for step in found.freed] == ["t2 ~1"]
    table = cs.price(found, n=4, repeats=2, seed=1).validation
    # Both estimate the same; over two times five folds they differ by little.
    assert table["cv_ecvi"].tolist() == pytest.approx(table["ecvi"].tolist(), abs=0.05)


@pytest.mark.parametrize(
    "text",
    [
        "F =~ a1 + a2 + a3 + a4",
        "F =~ NA*a1 + a2 + a3 + a4; F ~~ 1*F",
        "F =~ NA*a1 + 1*a2 + a3 + a4",
    ],
)
@pytest.mark.parametrize("item", ["a1", "a2"])
def test_a_deleted_item_takes_no_scale_with_it(answers: pd.DataFrame, text: str, item: str) -> None:
    rest = "G =~ b1 + b2 + b3 + b4\nG ~ F"
    nothing = cs.RespecificationPolicy(allow=())
    worlds = cs.multiverse(
        cs.sem(f"{text}\n{rest}", answers), nothing, HYPOTHESIS, deletions=[item]
    )
    items = " + ".join(name for name in ("a1", "a2", "a3", "a4") if name != item)
    direct = cs.sem(f"F =~ {items}\n{rest}", answers)
    want = direct.estimates.query("lhs == 'G' and op == '~'")["std_all"].item()
    assert worlds.estimates["std_all"].iloc[1] == pytest.approx(want, abs=1e-6)
    assert worlds.models["chisq"].iloc[1] == pytest.approx(direct.measures["chisq"], abs=1e-5)


def test_gaps_in_a_model_that_nothing_can_be_freed_in(answers: pd.DataFrame) -> None:
    gaps = answers.mask(np.random.default_rng(2).random(answers.shape) < 0.1)
    one = cs.cfa("F =~ a1 + a2 + a3", gaps, missing="fiml")
    assert one.modification_indices().empty
    nothing = cs.RespecificationPolicy(allow=())
    two = cs.sem(MODEL, gaps, missing="fiml")
    assert len(cs.multiverse(two, nothing, HYPOTHESIS).models) == 1


@pytest.mark.parametrize("scale", [1e8, 1e-8])
def test_numbers_of_any_size_do_not_touch(answers: pd.DataFrame, scale: float) -> None:
    large = cs.sem(MODEL, answers * scale)
    found = cs.respecify(large, cs.RespecificationPolicy(max_steps=1))
    line = next(line for line in str(found).splitlines() if "b1 ~~ b4" in line)
    index, change = line.split()[4:6]
    assert float(index) == pytest.approx(35.45, abs=0.01)  # no unit enters an index
    assert float(change) == pytest.approx(0.5437 * scale**2, rel=0.03)  # two digits are printed
    price = cs.price(found, n=4, repeats=1, seed=1)
    equivalent = cs.equivalent_models(large, HYPOTHESIS, depth=1)
    assert is_narrow(f"{found}\n{price}\n{equivalent}")
    row = next(line for line in str(equivalent).splitlines() if "F ~~ G" in line)
    assert float(row.split()[-4]) == pytest.approx(0.137 * scale**2, rel=0.03)


def test_long_names_stay_on_the_page(answers: pd.DataFrame) -> None:
    new = {name: f"{name}_{'信任' * 10}_of_the_platform" for name in answers}
    text = MODEL
    for old, name in new.items():
        text = text.replace(old, name)
    long = cs.sem(text, answers.rename(columns=new))
    policy = cs.RespecificationPolicy(max_steps=2)
    found = cs.respecify(long, policy)
    price = cs.price(found, n=4, repeats=1, seed=1)
    worlds = cs.multiverse(long, policy, HYPOTHESIS + "\nH2: F =~ " + new["a2"] + ", +")
    assert is_narrow(f"{found}\n{price}\n{worlds}")
    assert str(found).count(new["b1"]) >= 1


def test_exhaustive_search_is_what_comparing_all_models_gives(answers: pd.DataFrame) -> None:
    policy = cs.RespecificationPolicy(search="exhaustive", max_steps=2, inadmissible="keep")
    found = cs.respecify(cs.sem(MODEL, answers), policy)
    rows = [f"{f}{i} ~~ {f}{j}" for f in "ab" for i, j in combinations(range(1, 5), 2)]
    sets = [chosen for size in range(3) for chosen in combinations(rows, size)]
    assert len(found.visited) == len(sets)
    best = {}
    for chosen in sets:
        try:
            other = cs.sem("\n".join([MODEL, *chosen]), answers)
        except (ClusterSemError, ClusterSemWarning):
            continue
        best[frozenset(chosen)] = other.measures["bic"]
    least = min(best, key=lambda key: best[key])
    assert {step.name for step in found.freed} == least
    assert found.fit.measures["bic"] == pytest.approx(best[least], abs=1e-4)


def test_weights_that_are_all_the_same_change_no_price(answers: pd.DataFrame) -> None:
    policy = cs.RespecificationPolicy(max_steps=1)
    prices = []
    for data, weights in ((answers, None), (answers.assign(w=2.0), "w")):
        robust = cs.sem(MODEL, data, estimator="MLR", sampling_weights=weights)
        prices.append(cs.price(cs.respecify(robust, policy), n=4, repeats=1, seed=1))
    for name in ("fit_table", "validation"):
        one, other = (getattr(price, name).astype(float) for price in prices)
        # Both come from the same draws; what differs is the order of summation.
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)


def test_results_go_to_another_process(fit: cs.Fit, result: cs.Respecification) -> None:
    price = cs.price(result, n=4, repeats=1, seed=1)
    worlds = cs.multiverse(fit, cs.RespecificationPolicy(max_steps=1), HYPOTHESIS)
    for one in (result, price, worlds, cs.equivalent_models(fit, HYPOTHESIS, depth=1)):
        assert str(pickle.loads(pickle.dumps(one))) == str(one)
        assert is_narrow(repr(one))


def test_a_price_where_nothing_is_picked_is_drawn(fit: cs.Fit) -> None:
    nothing = cs.respecify(fit, cs.RespecificationPolicy(allow=()))
    price = cs.price(nothing, n=4, repeats=1, seed=1)
    assert "1 different model in" in " ".join(str(price).split())
    texts = [text.get_text() for text in cs.price_figure(price).axes[0].texts]
    assert texts == ["none in any resample"]


STUDY = """
[data]
file = "answers.csv"
answers = [1, 5]
[constructs]
F = ["a1", "a2", "a3", "a4"]
G = ["b1", "b2", "b3", "b4"]
[[hypotheses]]
id = "H1"
path = "G ~ F"
expect = "+"
[scale]
purify = false
parallel = false
"""


@pytest.fixture
def folder(tmp_path: Path, answers: pd.DataFrame) -> Path:
    likert = answers.mul(1.2).add(3).round().clip(1, 5).astype(int)
    likert.to_csv(tmp_path / "answers.csv", index=False)
    return tmp_path


def study(folder: Path, more: str) -> Study:
    path = folder / "study.toml"
    path.write_text(STUDY + more, encoding="utf-8")
    return Study.from_file(path)


def test_a_study_whose_policy_allows_nothing_is_reported(folder: Path) -> None:
    # Was lost as a whole, because the figure of the price had nothing to show.
    more = "[respecification]\nallow = []\n[price]\nn = 4\nrepeats = 1\n[multiverse]\n"
    found = study(folder, more).run()
    found.report(folder / "out")
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "The policy allows nothing here" in page


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[[respecification]]\nsearch = 'tabu'", "with one pair of brackets"),
        ("[respecification]\nrelevant = 'x'", "write a standardised change"),
        ("[respecification]\ntarget = 3", "write a table of indices"),
        ("[respecification]\nminimum_mi = nan", "write a number"),
        ("[multiverse]\nestimators = ['zz']", "estimator='ZZ' is not among"),
        ("[multiverse]\ndeletions = 'all'", 'write "each", or a list'),
        ("[model]\nengine = 'semopy'\n[equivalent_models]", "more digits than semopy"),
    ],
)
def test_a_study_file_is_refused_before_anything_is_done(
    folder: Path, more: str, said: str
) -> None:
    with pytest.raises(CodebookError) as caught:
        study(folder, more)
    assert said in str(caught.value)
    assert "study.toml" in str(caught.value)
