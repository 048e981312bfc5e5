"""What the project wants of its speed, beside what was measured."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.case_tables import speedup
from benchmarks.measure import WORKS
from benchmarks.page import Table, seconds, verdict
from benchmarks.provenance import runs_in
from benchmarks.resampling_tables import resample_speedup, whole_seconds

#: lavaan's time over clustersem's that is wanted, by work.
WANTED = {"full": 20.0, "indices": 30.0}
WANTED_OF = {
    "home_mlr": {"full": 20.0},
    "home_wlsmv": {"full": 20.0},
    "home_fiml": {"full": 50.0},
    "bfi_fiml": {"full": 20.0},
}
LARGEST_PEAK = 500.0
#: Of the full fit and all indices of the largest case.
LARGEST_SECONDS, LARGEST_PEAK_INDICES = 1.0, 1000.0
LARGEST_IMPORT = 0.2
#: lavaan's time for a resample over clustersem's: what is wanted, and what is aimed at.
RESAMPLE, RESAMPLE_AIM = 60.0, 100.0
#: Seconds for the whole of a task.
WHOLE = {"bollen_stine": 2.0, "power": 60.0, "cutoffs": 10.0}


def targets(results: dict[str, Any]) -> Table:
    """Return every target, and whether it is reached."""
    letters = runs_in(results)
    rows = [
        [*row, letters[case["run"]]] for case in results.get("cases", []) for row in _of_case(case)
    ]
    rows += [
        [*row, letters[task["run"]]]
        for task in results.get("resampling", {}).get("tasks", [])
        for row in _of_task(task)
    ]
    if "import" in results:
        found = results["import"]
        more = found["clustersem"] - found["base"]
        what = f"import clustersem, beyond pandas and scipy.linalg ({seconds(found['base'])})"
        rows.append([*_below(what, more, LARGEST_IMPORT, seconds), letters[found["run"]]])
    return Table("Beside what is wanted", ["what", "wanted", "measured", "", "run"], rows)


def _of_case(case: dict[str, Any]) -> list[list[str]]:
    rows = []
    for work, wanted in _wanted(case).items():
        found = speedup(case, work, "lavaan")
        if found == found:
            what = f"{case['title']}: {WORKS[work]}, lavaan / clustersem"
            rows.append(_above(what, found, wanted))
    if case["name"] == "items_200":
        cold, warm = case["cold"]["clustersem"], case["warm"]["clustersem"]
        title = case["title"]
        rows.append(
            _below(f"{title}: full fit, MB at the peak", cold["peak"], LARGEST_PEAK, _whole)
        )
        both = median(warm["full"]["wall"]) + median(warm["indices"]["wall"])
        what = f"{title}: full fit and all indices"
        rows.append(_below(what, both, LARGEST_SECONDS, seconds))
        if cold.get("peak_indices"):
            what += ", MB at the peak"
            rows.append(_below(what, cold["peak_indices"], LARGEST_PEAK_INDICES, _whole))
    return rows


def _of_task(task: dict[str, Any]) -> list[list[str]]:
    rows = []
    if task["name"] == "bootstrap":
        found = resample_speedup(task, "lavaan")
        what = f"{task['title']}: a resample, lavaan / clustersem (aim: {RESAMPLE_AIM:g})"
        rows.append(_above(what, found, RESAMPLE))
    if task["name"] in WHOLE:
        found = whole_seconds(task)
        rows.append(_below(task["title"], found, WHOLE[task["name"]], seconds))
    return rows


def _wanted(case: dict[str, Any]) -> dict[str, float]:
    """Return the ratios wanted of a case, by work."""
    if case["options"]:
        return WANTED_OF.get(case["name"], {})
    return WANTED if case["name"].startswith(("home", "items_200")) else {}


def _above(what: str, found: float, wanted: float) -> list[str]:
    return [what, f">= {wanted:g}", f"{found:.1f}", verdict(reached=found >= wanted)]


def _below(what: str, found: float, wanted: float, written: Any) -> list[str]:
    return [what, f"< {written(wanted)}", written(found), verdict(reached=found < wanted)]


def _whole(number: float) -> str:
    return f"{number:.0f}"
