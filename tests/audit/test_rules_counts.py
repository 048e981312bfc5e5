"""Rules of questionnaires, percentages, means and standard deviations."""

from itertools import product

import numpy as np
import pytest

from clustersem.audit.finding import Finding, Held
from clustersem.audit.interval import Interval
from clustersem.audit.printed import Printed
from clustersem.audit.published import (
    PrintedConstruct,
    PrintedItem,
    PrintedSample,
    PrintedShare,
    Published,
)
from clustersem.audit.rules import counts
from clustersem.audit.whole_numbers import sd_exists, sd_range, sums


def bad(outcomes):
    return [one for one in outcomes if isinstance(one, Finding)]


def only(outcomes):
    (one,) = outcomes
    return one


def sample(**fields):
    return Published(sample=PrintedSample(**fields))


def item(mean, sd=None, *, n=None, scale=(1, 5), complete=False, everybody=None):
    return Published(
        sample=PrintedSample(
            scale=scale, complete=complete,
            n=Printed.count(everybody) if everybody else None,
        ),
        items=(
            PrintedItem(
                "x1", "Table 1, x1", Printed.read(mean), Printed.read(sd) if sd else None,
                Printed.count(n) if n else None,
            ),
        ),
    )  # fmt: skip


def test_every_rule_names_its_reference():
    for rule in counts.RULES:
        assert "doi:10." in rule.reference


@pytest.mark.parametrize(("distributed", "returned", "n", "wrong"), [
    ("532", "503", "481", []), ("503", "503", "503", []), ("500", "503", "481", ["returned"]),
    ("532", None, "533", ["analysed"]), (None, "400", "481", ["analysed"]),
])  # fmt: skip
def test_questionnaires(distributed, returned, n, wrong):
    given = {"distributed": distributed, "returned": returned, "n": n}
    paper = sample(**{key: Printed.read(text) for key, text in given.items() if text})
    found = bad(counts.questionnaires(paper))
    assert [one.quantity for one in found] == [f"questionnaires {word}" for word in wrong]


def test_one_n():
    places = (Printed.read("481", "abstract"), Printed.read("418", "Table 1"))
    found = only(bad(counts.counts_of_one_sample(sample(n=Printed.count(481), counts=places))))
    assert (found.place, found.printed, found.required_text) == ("Table 1", "418", "481")
    assert len(list(counts.counts_of_one_sample(sample(counts=places)))) == 1


@pytest.mark.parametrize(("percent", "count", "of", "wrong"), [
    ("90.41", "481", "532", False), ("90.4%", "481", "532", False), ("90.14", "481", "532", True),
    ("33.3", None, "30", False), ("33.3", None, "31", True), ("32", None, "31", False),
    ("50.0", "250", None, False), ("57.9", "250", None, True),
])  # fmt: skip
def test_percentages(percent, count, of, wrong):
    share = PrintedShare(
        "women", "Table 1", Printed.read(percent),
        Printed.read(count) if count else None, Printed.read(of) if of else None,
    )  # fmt: skip
    paper = sample(n=Printed.count(500), returned=Printed.count(503), shares=(share,))
    found = only(counts.percentages(paper))
    assert isinstance(found, Finding) is wrong
    if wrong:
        assert found.certainty == ("impossible" if of else "implausible")


def test_every_share_of_a_small_sample_holds():
    for n in (7, 23, 311):
        for count, decimals in product(range(0, n + 1, 3), (0, 1, 2, 3)):
            text = f"{100 * count / n:.{decimals}f}"
            for given in (Printed.count(count), None):
                share = PrintedShare("s", "T", Printed.read(text), given, Printed.count(n))
                assert bad(counts.percentages(sample(shares=(share,)))) == []


@pytest.mark.parametrize(("percents", "numbers", "wrong"), [
    (("33.3", "33.3", "33.3"), None, []), (("33.4", "33.3", "33.2"), None, []),
    (("43.3", "33.3", "33.3"), None, ["% of age"]), (("50", "50"), ("15", "16"), ["counts of age"]),
    (("50", "50"), ("15", "15"), []),
])  # fmt: skip
def test_a_list_sums_to_all(percents, numbers, wrong):
    shares = tuple(
        PrintedShare(
            f"group {i}", "Table 1", Printed.read(text),
            Printed.read(numbers[i]) if numbers else None, Printed.count(30), group="age",
        )
        for i, text in enumerate(percents)
    )  # fmt: skip
    found = bad(counts.shares_of_a_list(sample(shares=shares)))
    assert [one.quantity for one in found] == wrong


def test_a_mean_of_whole_numbers():
    # Brown and Heathers' example: no 28 answers have a mean of 5.19.
    found = only(counts.whole_sums(item("5.19", n=28, scale=(1, 7))))
    assert found.required_text == "5.18 or 5.21"
    assert found.certainty == "impossible"
    assert isinstance(only(counts.whole_sums(item("5.18", n=28, scale=(1, 7)))), Held)
    assert list(counts.whole_sums(item("5.19", n=101, scale=(1, 7)))) == []  # every mean occurs


def test_a_mean_is_only_compared_with_an_exact_n():
    assert list(counts.whole_sums(item("3.19", everybody=28))) == []
    assert len(bad(counts.whole_sums(item("3.19", everybody=28, complete=True)))) == 1


def test_the_mean_of_a_construct_has_more_sums():
    paper = Published(
        sample=PrintedSample(n=Printed.count(10), scale=(1, 5), complete=True),
        constructs=(PrintedConstruct("F", "T", items=("a", "b", "c"), mean=Printed.read("3.335")),),
    )
    assert len(bad(counts.whole_sums(paper))) == 1  # 3.333 and 3.367 are the nearest


@pytest.mark.parametrize(("mean", "wrong"), [("5.01", True), ("5.00", False), ("0.99", True)])
def test_a_mean_lies_on_the_scale(mean, wrong):
    assert isinstance(only(counts.means_on_the_scale(item(mean))), Finding) is wrong


def test_the_sum_of_items_is_no_mean_beyond_the_scale():
    for text, wrong in (("12.4", False), ("16.1", True), ("3.2", False)):
        paper = Published(
            sample=PrintedSample(scale=(1, 5)),
            constructs=(
                PrintedConstruct("F", "T", items=("a", "b", "c"), mean=Printed.read(text)),
            ),
        )
        assert isinstance(only(counts.means_on_the_scale(paper)), Finding) is wrong


@pytest.mark.parametrize(("mean", "sd", "n", "wrong"), [
    ("1.50", "1.60", 400, True), ("1.50", "1.32", 400, False), ("3.50", "0.40", 400, True),
    ("3.50", "0.50", 400, False), ("3.00", "0.00", 400, False), ("3.44", "1.47", 18, True),
    ("3.44", "1.46", 18, False),
])  # fmt: skip
def test_standard_deviations(mean, sd, n, wrong):
    assert isinstance(only(counts.deviations(item(mean, sd, n=n))), Finding) is wrong


def all_answers(n, scale):
    low, high = scale
    return np.array(list(product(range(low, high + 1), repeat=n)), dtype=float)


@pytest.mark.parametrize("decimals", [1, 2, 3])
def test_every_set_of_answers_has_its_mean_and_deviation(decimals):
    scale = (1, 4)
    for n in (2, 3, 5):
        every = all_answers(n, scale)
        for ddof in (0, 1):
            pairs = {
                (f"{m:.{decimals}f}", f"{s:.{decimals}f}")
                for m, s in zip(every.mean(axis=1), every.std(axis=1, ddof=ddof), strict=True)
            }
            for mean, sd in pairs:
                m, s = Printed.read(mean).interval, Printed.read(sd).interval
                assert len(sums(m, n)) > 0
                assert sd_range(m, scale, n=n, step=1.0).overlaps(s)
                assert sd_exists(m, s, scale, n)


def test_most_deviations_that_no_answers_have_are_found():
    scale, n = (1, 4), 5
    every = all_answers(n, scale)
    deviations = {
        (round(m * n), f"{s:.3f}")
        for ddof in (0, 1)
        for m, s in zip(every.mean(axis=1), every.std(axis=1, ddof=ddof), strict=True)
    }
    said = {
        (total, f"{k / 1000:.3f}")
        for total in range(n, 4 * n + 1)
        for k in range(1800)
        if sd_exists(Interval.exact(total / n), Interval.printed(k / 1000, decimals=3), scale, n)
    }
    assert deviations <= said
    # The sums of squares between the extremes with the right parity are few; nearly all occur.
    assert len(said - deviations) <= 0.3 * len(deviations)


@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_tables_of_answers_are_never_refused(decimals):
    rng = np.random.default_rng(decimals)
    for _ in range(60):
        n = int(rng.integers(4, 400))
        answers = np.clip(
            np.round(rng.normal(rng.uniform(1, 5), rng.uniform(0.2, 2), (n, 3))), 1, 5
        )
        ddof = int(rng.integers(2))
        items = tuple(
            PrintedItem(
                f"x{j}", "T", Printed.read(f"{column.mean():.{decimals}f}"),
                Printed.read(f"{column.std(ddof=ddof):.{decimals}f}"),
            )
            for j, column in enumerate(answers.T)
        )  # fmt: skip
        score = answers.mean(axis=1)
        construct = PrintedConstruct(
            "F", "T", items=("x0", "x1", "x2"), mean=Printed.read(f"{score.mean():.{decimals}f}"),
            sd=Printed.read(f"{score.std(ddof=ddof):.{decimals}f}"),
        )  # fmt: skip
        paper = Published(
            sample=PrintedSample(n=Printed.count(n), scale=(1, 5), complete=True),
            items=items,
            constructs=(construct,),
        )
        assert [one.sentence for rule in counts.RULES for one in bad(rule.check(paper))] == []
