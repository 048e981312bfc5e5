"""Time clustersem beside the engines that are installed: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import agreement, resampling
from benchmarks.case_tables import case_tables
from benchmarks.cases import all_cases
from benchmarks.cost import cost_seconds
from benchmarks.cost_page import is_measured, write_cost_page
from benchmarks.imports import import_seconds
from benchmarks.large_survey import large_survey, large_tables
from benchmarks.machine import slow_blas, versions
from benchmarks.measure import measure
from benchmarks.page import Table, fill, show, write
from benchmarks.plot import plot
from benchmarks.provenance import Run, forget_unused
from benchmarks.resampling_curves import measure_resampling
from benchmarks.resampling_tables import resampling_tables
from benchmarks.run_tables import run_table
from benchmarks.scaling import measure_curves
from benchmarks.scaling_plot import plot_phases, plot_resampling, plot_scaling
from benchmarks.setting import Setting
from benchmarks.targets import targets
from benchmarks.worker import HERE, Limits, commands

DOCS = HERE.parent / "docs"
RESULTS = HERE / "results.json"
PEERS = ("lavaan", "semopy", "seminr")

Results = dict[str, Any]


def main() -> int:
    """Run the suite; return 1 where engines give different answers to the same work."""
    options = _options()
    results: Results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if not options.redraw:
        _measure(results, options)
    forget_unused(results)
    show([table for tables in _regions(results).values() for table in tables])
    if options.write_docs or options.redraw:
        write(RESULTS, json.dumps(results, indent=1) + "\n")
        _draw(results)
        print(f"Written: {DOCS / 'benchmarks.md'} with its figures, {RESULTS}")
    return 0 if _all_agree(results) else 1


def _options() -> argparse.Namespace:
    cases = [case.name for case in all_cases()]
    tasks = [task.name for task in resampling.TASKS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), help="the other parts keep theirs"
    )
    parser.add_argument(
        "--cases", nargs="+", choices=cases, help="only these; the others keep their last results"
    )
    parser.add_argument("--tasks", nargs="+", choices=tasks, help="likewise of the resampling")
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="respondents of the large survey"
    )
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one command")
    parser.add_argument("--memory", type=float, default=8.0, help="gigabytes for one engine")
    parser.add_argument(
        "--budget", type=float, default=10.0, help="seconds for all runs of one engine at one work"
    )
    parser.add_argument("--rounds", type=int, default=9, help="turns of everyone, at most")
    parser.add_argument(
        "--quick", action="store_true", help="a first look: two rounds, and a second for each"
    )
    parser.add_argument("--write-docs", action="store_true", help="fill docs/benchmarks.md")
    parser.add_argument(
        "--redraw", action="store_true", help="fill docs/benchmarks.md from the last results"
    )
    options = parser.parse_args()
    if options.quick and options.write_docs:
        parser.error("--quick is too quick for the page: leave out one of --quick, --write-docs")
    if options.quick:
        options.rounds, options.budget = 2, 1.0
    return options


def _measure(results: Results, options: argparse.Namespace) -> None:
    """Measure what was asked for, and put it into the results."""
    limits = Limits(options.limit, options.memory)
    engines = commands()
    for peer in PEERS:
        if peer not in engines:
            print(f"{peer} is not installed here and is left out.", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        found = versions(engines, Path(folder), limits)
    if "lavaan" in found and slow_blas(found["lavaan"]):
        print(
            "R runs on the reference BLAS here, so ratios against lavaan are flattering. Install"
            " libopenblas0-pthread (Debian) or another fast BLAS for R first.",
            file=sys.stderr,
        )
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {what}", file=sys.stderr, flush=True)

    run = Run.now(found, limits)
    results.setdefault("runs", {})[run.name] = run.about
    setting = Setting(engines, limits, options.budget, options.rounds, run.name, say)
    for part in options.only:
        PARTS[part](results, setting, options)
    say("done")


def _cases(results: Results, setting: Setting, options: argparse.Namespace) -> None:
    cases = all_cases()
    kept = {case["name"]: case for case in results.get("cases", [])}
    for case in cases:
        if options.cases is None or case.name in options.cases:
            kept[case.name] = measure(case, setting).as_dict()
    results["cases"] = [kept[case.name] for case in cases if case.name in kept]


def _import(results: Results, setting: Setting, _: argparse.Namespace) -> None:
    setting.say("import time")
    results["import"] = {"run": setting.run, **import_seconds()}


def _scaling(results: Results, setting: Setting, _: argparse.Namespace) -> None:
    results["scaling"] = {"run": setting.run, "points": measure_curves(setting)}


def _resampling(results: Results, setting: Setting, options: argparse.Namespace) -> None:
    part = results.setdefault("resampling", {})
    kept = {task["name"]: task for task in part.get("tasks", [])}
    for task in resampling.TASKS:
        if options.tasks is None or task.name in options.tasks:
            kept[task.name] = resampling.measure_task(task, setting).as_dict()
    part["tasks"] = [kept[task.name] for task in resampling.TASKS if task.name in kept]


def _curves(results: Results, setting: Setting, _: argparse.Namespace) -> None:
    part = results.setdefault("resampling", {})
    part["curves"] = {"run": setting.run, "points": measure_resampling(setting)}


def _large(results: Results, setting: Setting, options: argparse.Namespace) -> None:
    setting.say(f"a survey of {options.rows:,} respondents")
    results["large"] = {"run": setting.run, **large_survey(options.rows)}


def _cost(results: Results, setting: Setting, _: argparse.Namespace) -> None:
    setting.say("what a cluster adds")
    results["cost"] = {"run": setting.run, **cost_seconds()}


PARTS: dict[str, Callable[[Results, Setting, argparse.Namespace], None]] = {
    "cases": _cases,
    "import": _import,
    "scaling": _scaling,
    "resampling": _resampling,
    "curves": _curves,
    "large": _large,
    "cost": _cost,
}


def _regions(results: Results) -> dict[str, list[Table]]:
    """Return what stands in the marked regions of the page."""
    return {
        "targets": [targets(results)],
        "fits": case_tables(results) if results.get("cases") else [],
        "resampling": resampling_tables(results),
        "large": large_tables(results),
        "runs": [run_table(results)],
    }


def _draw(results: Results) -> None:
    fill(DOCS / "benchmarks.md", _regions(results))
    if results.get("cases"):
        plot(results, DOCS / "benchmarks.svg")
    if "scaling" in results:
        plot_scaling(results["scaling"]["points"], DOCS / "benchmarks-scaling.svg")
        plot_phases(results["scaling"]["points"], DOCS / "benchmarks-phases.svg")
    if "curves" in results.get("resampling", {}):
        points = results["resampling"]["curves"]["points"]
        plot_resampling(points, DOCS / "benchmarks-resampling.svg")
    if is_measured(results):
        write_cost_page(results, DOCS / "cost-model.md")


def _all_agree(results: Results) -> bool:
    fits = (
        value <= agreement.TOLERANCE[engine][kind]
        for case in results.get("cases", [])
        for engine, found in case["agreement"].items()
        for kind, value in found["difference"].items()
    )
    draws = (
        value <= resampling.ALLOWED.get(kind, float("inf"))
        for task in results.get("resampling", {}).get("tasks", [])
        for kind, value in task["same"].get("difference", {}).items()
    )
    return all(fits) and all(draws)


if __name__ == "__main__":
    raise SystemExit(main())
