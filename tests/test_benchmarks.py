"""The pure parts of the benchmark suite: what it says of measurements must follow from them."""

import importlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def suite(monkeypatch):
    """Import modules of the suite, which is not installed with the package."""
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


def test_every_record_says_of_which_run_it_is(suite):
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    records = [*results["cases"], results["import"], results["scaling"]]
    records += results.get("resampling", {}).get("tasks", [])
    assert all(record["run"] in results["runs"] for record in records)
    assert set(suite("provenance").runs_in(results)) == set(results["runs"])


def test_runs_are_lettered_by_age_and_forgotten_with_their_last_record(suite):
    provenance = suite("provenance")
    results = {
        "runs": {"2026-02": {}, "2026-01": {}, "2025-12": {}},
        "cases": [{"run": "2026-02", "wall": [1.0]}],
        "part": {"points": [{"run": "2026-01"}]},
    }
    provenance.forget_unused(results)
    assert set(results["runs"]) == {"2026-01", "2026-02"}
    assert provenance.runs_in(results) == {"2026-01": "a", "2026-02": "b"}


def test_a_page_keeps_what_is_outside_its_regions(suite, tmp_path):
    page = suite("page")
    path = tmp_path / "page.md"
    path.write_text("before\n<!-- x: start -->\nold\n<!-- x: end -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        page.fill(path, {"x": [page.Table("Title", ["a", "b"], [["1", "2"]])]})
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- x: start -->")
    assert text.endswith("<!-- x: end -->\nafter\n")
    assert text.count("| 1 | 2 |") == 1
    assert "old" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00002, "20 us"),
        (0.0034, "3.4 ms"),
        (0.34, "340 ms"),
        (3.4, "3.4 s"),
        (600.0, "10.0 min"),
        (36000.0, "10.0 h"),
        (float("nan"), "no result"),
    ],
)
def test_durations_are_written_with_their_unit(suite, value, text):
    assert suite("page").seconds(value) == text


def test_the_slope_is_that_of_the_times(suite):
    count = np.array([100, 1000, 10_000])
    points = [
        {"axis": "resamples", "x": int(n), "clustersem": (0.5 + 0.002 * n) / n} for n in count
    ]
    each, fixed = suite("resampling_curves").slope([*points, {"axis": "rows", "x": 5}])
    assert each == pytest.approx(0.002, rel=1e-9)
    assert fixed == pytest.approx(0.5, rel=1e-9)


def test_estimates_are_compared_where_both_converged(suite):
    ours = pd.DataFrame(
        {
            "est|a|~~|b|1": [1.0, 2.0, np.nan],
            "se|a|~~|b|1": [0.25, 0.25, 0.25],
            "chisq": [10.0, 20.0, np.nan],
        }
    )
    theirs = pd.DataFrame({"est|a|~~|b|1": [1.5, np.nan, 3.0], "chisq": [11.0, np.nan, 9.0]})
    found = suite("resampling").compare(ours, theirs)
    wanted = {"est_median": 0.5, "est": 2.0, "chisq": 0.1}  # the second in standard errors
    assert found["difference"] == pytest.approx(wanted)
    assert found["both"] == 1
    assert found["not_converged"] == {"clustersem": 1, "lavaan": 1}


def test_more_cores_help_until_the_driver_is_busy(suite):
    load = suite("cost_page").Load("work", 1000, 2.0, 10, 0.0)
    assert load.wall(1, trip=1.0) == 2000.0  # nobody hands out
    assert load.wall(4, trip=1.0) == 500.0
    assert load.wall(50, trip=1.0) == 100.0  # 100 batches, a second each
    assert load.wall(10**6, trip=0.0) == 20.0  # no more cores than batches
