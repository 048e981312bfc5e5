"""False alarms and detection of the audit: ``python -m benchmarks.papers``.

Simulated surveys are fitted by this library and by lavaan, and what they say is printed as papers
print it: rounded, a random part of it, in any form that the audit reads. Whatever the audit finds
there is a false alarm. Then one digit of each paper is changed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.papers_digits import change_a_digit, place_of_change
from benchmarks.papers_files import forms_of, write
from benchmarks.papers_layout import Mapping, lay_out
from benchmarks.papers_numbers import Numbers, by_lavaan, by_library
from benchmarks.papers_page import HERE, PAGE, RESULTS, tables
from benchmarks.papers_surveys import SEED, survey
from benchmarks.region import show, write_region
from benchmarks.simulation import spawn
from benchmarks.worker import ONE_THREAD

DECIMALS = (2, 3, 4)
SCRIPT = HERE / "papers.R"


def main() -> int:
    """Run the study, or lay out the page from the last results."""
    options = _options()
    results = json.loads(RESULTS.read_text()) if options.redraw else _run(options)
    show(tables(results))
    for alarm in (*results["alarms"], *results["crashes"]):
        print(alarm)
    if options.write_docs or options.redraw:
        RESULTS.write_text(json.dumps(results, separators=(",", ":")) + "\n", encoding="utf-8")
        write_region(PAGE, "rates", tables(results))
        print(f"Written: {PAGE}, {RESULTS}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.papers", description=__doc__)
    parser.add_argument("--surveys", type=int, default=400)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument(
        "--lavaan",
        type=Path,
        help="folder for what lavaan says, which is kept and used again; a temporary one where "
        "omitted",
    )
    parser.add_argument("--write-docs", action="store_true", help="fill docs/audit-rates.md")
    parser.add_argument("--redraw", action="store_true", help="fill it from the last results")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> dict[str, Any]:
    os.environ.update(ONE_THREAD)  # the processes start with it
    about, started = machine(), time.monotonic()
    told: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.lavaan or Path(scratch) / "lavaan"
        _ask_lavaan(options, Path(scratch), folder)
        with ProcessPoolExecutor(options.processes, mp_context=spawn()) as pool:
            numbers = range(options.surveys)
            for one in pool.map(_papers_of, numbers, [folder] * len(numbers), chunksize=5):
                told += one
                alarms = sum(len(paper.get("findings", ())) for paper in told if paper["proper"])
                for sentence in _alarms([paper for paper in one if paper["proper"]]):
                    print(sentence, file=sys.stderr)
                passed = time.monotonic() - started
                print(f"[{passed:5.0f} s] {len(told)} papers, {alarms} alarms", file=sys.stderr)
    return {
        "machine": about,
        "seconds": time.monotonic() - started,
        "processes": options.processes,
        "surveys": options.surveys,
        "seed": SEED,
        **_summary(told),
    }


def _ask_lavaan(options: argparse.Namespace, scratch: Path, folder: Path) -> None:
    """Have R fit all surveys that the folder has no results of."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = []
    for number in range(options.surveys):
        if not (folder / f"{number:04d}.json").exists():
            one, path = survey(number), scratch / f"{number:04d}.csv"
            one.answers.to_csv(path, index=False)
            jobs.append(one.as_job(str(path)))
    if not jobs:
        return
    if shutil.which("Rscript") is None:
        raise SystemExit("Rscript was not found; the study needs R with lavaan and semTools.")
    (scratch / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    command = ["Rscript", str(SCRIPT), str(scratch / "jobs.json"), str(folder)]
    subprocess.run(command, check=True)


# -- the papers of one survey --------------------------------------------------------------------


def _papers_of(number: int, folder: Path) -> list[dict[str, Any]]:
    """Print one survey by both programs with all digits, and audit what is printed."""
    one = survey(number)
    said = json.loads((folder / f"{number:04d}.json").read_text(encoding="utf-8"))
    told = []
    for program, numbers in (("this library", by_library(one)), ("lavaan", by_lavaan(one, said))):
        for decimals in DECIMALS:
            about = {"program": program, "number": number, "decimals": decimals}
            if numbers is None:
                told.append({**about, "proper": False, "fit": False})
                continue
            rng = np.random.default_rng([SEED, number, decimals, len(program)])
            told.append(
                {**about, "fit": True, "proper": numbers["proper"], "version": numbers["program"],
                 **audited(numbers, rng, decimals)}
            )  # fmt: skip
    return told


def audited(
    numbers: Numbers, rng: np.random.Generator, decimals: int, *, change: bool = True
) -> dict[str, Any]:
    """Audit what is printed of a fit, then on request the same with a digit changed.

    Returns
    -------
    dict
        The form of the paper, ``checked`` by rule, ``findings`` as sentences, and ``change``.
    """
    import clustersem as cs

    paper = lay_out(numbers, rng, decimals)
    forms = forms_of(paper)
    form = str(rng.choice(forms))
    if form == "mapping":
        found = cs.audit(paper)
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = cs.audit(write(paper, Path(folder), form, rng))
    checked = Counter(one.rule for one in (*found.held, *found.findings))
    findings = [f"{one.rule}: {one.place}: {one.sentence}" for one in found.findings]
    told: dict[str, Any] = {"form": form, "checked": dict(checked), "findings": findings}
    if change and numbers["proper"] and not findings:
        told["change"] = changed(paper, rng, decimals)
    return told


def changed(paper: Mapping, rng: np.random.Generator, decimals: int) -> dict[str, Any] | None:
    """Change a digit of a paper and say whether the audit finds it, and names the number."""
    import clustersem as cs
    from clustersem.errors import DataError

    made = change_a_digit(paper, rng)
    if made is None:
        return None
    other, change = made
    told = {"kind": change.kind, "position": change.position, "decimals": decimals}
    before = cs.audit(paper)
    if before.findings:  # in a form that says more than tables do
        return None
    try:
        after = cs.audit(other)
    except DataError:
        return {**told, "found": True, "named": True}  # the reader refuses the number
    except Exception as error:
        return {**told, "crash": f"{change}: {error!r}"}
    place = place_of_change(before.published, after.published)
    quoted = re.compile(rf"(?<![\d.]){re.escape(change.after.lstrip('<-'))}(?!\d)")
    named = any(
        (place and one.place == place) or quoted.search(one.sentence) for one in after.findings
    )
    return {**told, "found": bool(after.findings), "named": bool(named)}


# -- the summary ---------------------------------------------------------------------------------


def _summary(told: list[dict[str, Any]]) -> dict[str, Any]:
    proper = [one for one in told if one["proper"]]
    improper = [one for one in told if one["fit"] and not one["proper"]]
    unaltered: dict[str, dict[str, Any]] = {}
    forms: dict[str, dict[str, int]] = {}
    rules: Counter[str] = Counter()
    for one in proper:
        n_checked = sum(one["checked"].values())
        of_program = unaltered.setdefault(one["program"], {})
        cell = of_program.setdefault(
            str(one["decimals"]), {"papers": 0, "checked": 0, "findings": 0}
        )
        form = forms.setdefault(one["form"], {"papers": 0, "checked": 0})
        for each in (cell, form):
            each["papers"] += 1
            each["checked"] += n_checked
        cell["findings"] += len(one["findings"])
        rules.update(one["checked"])
    return {
        "unaltered": unaltered,
        "forms": forms,
        "rules": dict(rules),
        "alarms": list(_alarms(proper)),
        "no fit": sum(not one["fit"] for one in told) // len(DECIMALS),
        "improper": {
            "papers": len(improper),
            "with findings": sum(bool(one["findings"]) for one in improper),
        },
        "lavaan": next((one["version"] for one in told if one.get("program") == "lavaan"
                        and "version" in one), ""),
        "crashes": [
            f"survey {one['number']}, {one['program']}, {one['decimals']}: {one['change']['crash']}"
            for one in proper
            if "crash" in (one.get("change") or {})
        ],
        "changes": [
            one["change"] for one in proper if one.get("change") and "crash" not in one["change"]
        ],
    }  # fmt: skip


def _alarms(proper: list[dict[str, Any]]) -> Iterator[str]:
    for one in proper:
        for sentence in one["findings"]:
            yield (
                f"survey {one['number']}, {one['program']}, {one['decimals']} decimals, "
                f"{one['form']}: {sentence}"
            )


if __name__ == "__main__":
    raise SystemExit(main())
