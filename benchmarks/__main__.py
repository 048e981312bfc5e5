"""Time clustersem beside the engines that are installed: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.agreement import TOLERANCE
from benchmarks.cases import all_cases
from benchmarks.imports import import_seconds
from benchmarks.machine import machine, slow_blas, versions
from benchmarks.measure import measure
from benchmarks.plot import plot
from benchmarks.report import show, write_docs
from benchmarks.scaling import measure_curves
from benchmarks.scaling_plot import plot_phases, plot_scaling
from benchmarks.worker import HERE, Limits, commands

DOCS = HERE.parent / "docs"
RESULTS = HERE / "results.json"


def main() -> int:
    """Run the suite; return 1 where engines give different answers to the same model."""
    cases = all_cases()
    names = [case.name for case in cases]
    options = _options(names)
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if options.redraw:
        results = kept
    else:
        new = _run([case for case in cases if case.name in options.cases], options)
        results = kept | new
        measured = {case["name"]: case for case in results.get("cases", [])}
        earlier = {case["name"]: case for case in kept.get("cases", [])}
        both = earlier | measured
        results["cases"] = [both[name] for name in names if name in both]
    show(results)
    if options.write_docs or options.redraw:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_docs(results, DOCS / "benchmarks.md")
        plot(results, DOCS / "benchmarks.svg")
        if "scaling" in results:
            plot_scaling(results["scaling"], DOCS / "benchmarks-scaling.svg")
            plot_phases(results["scaling"], DOCS / "benchmarks-phases.svg")
        print(f"Written: {DOCS / 'benchmarks.md'} with its figures, {RESULTS}")
    return 0 if _all_agree(results) else 1


def _options(names: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--cases",
        nargs="+",
        choices=names,
        default=names,
        help="only these; the others keep their last results",
    )
    parser.add_argument(
        "--only", choices=["cases", "scaling"], help="keep the last results of the other part"
    )
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for one command")
    parser.add_argument("--memory", type=float, default=8.0, help="gigabytes for one engine")
    parser.add_argument(
        "--budget", type=float, default=120.0, help="seconds for all runs of one engine at one work"
    )
    parser.add_argument("--write-docs", action="store_true", help="fill docs/benchmarks.md")
    parser.add_argument(
        "--redraw", action="store_true", help="fill docs/benchmarks.md from the last results"
    )
    return parser.parse_args()


def _run(cases: list, options: argparse.Namespace) -> dict:
    limits = Limits(options.limit, options.memory)
    engines = commands()
    for peer in ("lavaan", "semopy"):
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

    about = machine()
    of_both = {"machine": about, "versions": found, "limits": asdict(limits)}
    if options.only == "scaling":
        return of_both | {"scaling": measure_curves(engines, limits, say)}
    measured = [measure(case, engines, limits, options.budget, say).as_dict() for case in cases]
    results = of_both | {"cases": measured}
    if len(cases) == len(all_cases()):
        say("import time")
        results["import"] = import_seconds()
    if options.only == "cases":
        return results
    return results | {"scaling": measure_curves(engines, limits, say)}


def _all_agree(results: dict) -> bool:
    return all(
        value <= TOLERANCE[engine][kind]
        for case in results["cases"]
        for engine, found in case["agreement"].items()
        for kind, value in found["difference"].items()
    )


if __name__ == "__main__":
    raise SystemExit(main())
