"""Bootstrap, Monte Carlo power and cutoffs: what a replication costs, and whether it is the same.

Engines differ by two orders of magnitude, so each does as many replications as show its cost; what
is compared is the time of one. Which rows make a resample is lavaan's draw, and clustersem refits
the model to the very same rows, so that estimates can be compared resample by resample.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cases import Case, all_cases
from benchmarks.machine import load_average
from benchmarks.setting import Setting
from benchmarks.turns import Slot, Timing, take_turns
from benchmarks.worker import GaveUp, Worker

#: Respondents of the power study: the home study's 481 among them.
SIZES = (200, 300, 481, 700, 1000)
#: What lavaan's numbers and clustersem's may differ by on the same draws: absolute of estimates,
#: half of which must be nearer; relative of the rest, all of which must. The largest difference of
#: an estimate has no limit: in some resamples a parameter is hardly identified, and lavaan's
#: optimiser stops anywhere on flat ground. That chi2 agrees there shows that it is one minimum.
ALLOWED = {"est_median": 1e-5, "se": 1e-3, "chisq": 1e-6}


@dataclass(frozen=True)
class Task:
    """What is done, by whom, and how many replications each does in a run.

    A resample in which a parameter is hardly identified takes an engine ten times as long as
    another, so a few of them are no fair sample.

    Attributes
    ----------
    name, title : str
        For the records, and for the reader.
    case : str
        The model and its data.
    works : mapping
        Of every engine, the name of the work and how many replications.
    check : int
        How many replications are done by lavaan and clustersem on the same draws.
    """

    name: str
    title: str
    case: str
    works: Mapping[str, tuple[str, int]]
    check: int = 0


TASKS = (
    Task(
        "bootstrap",
        "Bootstrap, ML",
        "home_revised",
        {
            "clustersem": ("bootstrap", 1000),
            "lavaan": ("bootstrap", 100),
            "semopy": ("bootstrap", 5),
            "seminr": ("bootstrap", 8),
        },
        check=20,
    ),
    Task(
        "se_bootstrap",
        "Fit, bootstrap and percentile intervals",
        "home_revised",
        {"clustersem": ("se_bootstrap", 1000), "lavaan": ("se_bootstrap", 100)},
    ),
    Task(
        "bollen_stine",
        "Bollen-Stine test, 1000 resamples",
        "home_revised",
        {"clustersem": ("bollen_stine", 1000), "lavaan": ("bollen_stine", 50)},
        check=20,
    ),
    Task(
        "bootstrap_groups",
        "Bootstrap, two groups with equal loadings",
        "home_groups",
        {"clustersem": ("bootstrap", 300), "lavaan": ("bootstrap", 20)},
        check=10,
    ),
    Task(
        "bootstrap_fiml",
        "Bootstrap, FIML, 5 % missing",
        "home_fiml",
        {"clustersem": ("bootstrap", 100), "lavaan": ("bootstrap", 3)},
        check=3,
    ),
    Task(
        "bootstrap_wlsmv",
        "Bootstrap, WLSMV, all items ordered",
        "home_wlsmv",
        {"clustersem": ("bootstrap", 100), "lavaan": ("bootstrap", 5)},
        check=3,
    ),
    Task(
        "power",
        "Power of H1 to H16, five sample sizes, 1000 replications each",
        "home_revised",
        {"clustersem": ("power", 5000), "lavaan": ("power", 20)},
        check=5,
    ),
    Task(
        "cutoffs",
        "Cutoffs for this model and this n, 500 replications of 7 levels",
        "home_revised",
        {"clustersem": ("cutoffs", 3500), "lavaan": ("cutoffs", 20)},
    ),
)


@dataclass
class Found:
    """One engine at one task."""

    replications: int
    timing: Timing = field(default_factory=Timing)
    peak: float | None = None


@dataclass
class TaskResult:
    """Everything that was measured on one task."""

    name: str
    run: str
    title: str
    case: str
    load: float
    engines: dict[str, Found]
    same: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return asdict(self)


def measure_task(task: Task, setting: Setting) -> TaskResult:
    """Time a task, and compare what lavaan and clustersem make of the same draws."""
    load = load_average()
    (case,) = (case for case in all_cases() if case.name == task.case)
    found = {
        engine: Found(count)
        for engine, (_, count) in task.works.items()
        if engine in setting.engines
    }
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        write(case, folder)
        workers = {
            engine: stack.enter_context(
                Worker(setting.engines[engine], folder, setting.limits, case.name)
            )
            for engine in found
        }
        slots = [
            Slot(workers[engine], f"{task.works[engine][0]}/{count.replications}", count.timing)
            for engine, count in found.items()
        ]
        setting.say(task.title)
        take_turns(slots, setting)
        for engine, worker in workers.items():
            if found[engine].timing.wall:
                found[engine].peak = float(worker.ask("peak"))
        same = {}
        if task.check and "lavaan" in workers:
            setting.say(f"{task.title}: the same draws")
            same = _same(task, workers, folder)
    return TaskResult(task.name, setting.run, task.title, case.title, load, found, same)


def write(case: Case, folder: Path) -> None:
    """Write a case, and the sizes of the power study, where the peers read them."""
    case.write(folder)
    (folder / "sizes").write_text("".join(f"{size}\n" for size in SIZES), encoding="utf-8")


def _same(task: Task, workers: Mapping[str, Worker], folder: Path) -> dict[str, Any]:
    """Return the largest differences on lavaan's draws, by kind, where both converged."""
    tables = {}
    for engine in ("lavaan", "clustersem"):  # lavaan first: it draws
        work, _ = task.works[engine]
        try:
            workers[engine].ask("refits", work, task.check, f"{engine}.refits")
        except GaveUp as reason:
            return {"gave_up": f"{engine}: {reason}"}
        tables[engine] = _canonical(pd.read_csv(folder / f"{engine}.refits"))
    return compare(tables["clustersem"], tables["lavaan"])


def compare(ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, Any]:
    """Return the largest difference of every kind of number, and over how many replications.

    Parameters
    ----------
    ours, theirs : DataFrame
        A row a replication, a column a number, NaN where there is no result. Ours holds standard
        errors, if only those of the fit, as the unit of differences between estimates.
    """
    done = {
        engine: table["chisq"].notna().to_numpy()
        for engine, table in (("clustersem", ours), ("lavaan", theirs))
    }
    both = done["clustersem"] & done["lavaan"]
    found: dict[str, float] = {}

    def gaps(kind: str) -> pd.DataFrame:
        columns = [name for name in theirs if name in ours and name.split("|")[0] == kind]
        return (ours.loc[both, columns] - theirs.loc[both, columns]).abs()

    estimates = gaps("est")
    if estimates.size:
        units = ours.loc[both, [f"se{name[3:]}" for name in estimates]].to_numpy()
        found["est_median"] = float(np.median(estimates))
        found["est"] = float(np.max(estimates.to_numpy() / units))
    for kind in ("se", "chisq"):
        of_kind = gaps(kind)
        if of_kind.size:
            found[kind] = float(np.max((of_kind / ours.loc[both, of_kind.columns]).to_numpy()))
    return {
        "difference": found,
        "replications": len(theirs),
        "both": int(both.sum()),
        "numbers": int(estimates.shape[1]) + 1,
        "not_converged": {engine: int((~of).sum()) for engine, of in done.items()},
    }


def _canonical(table: pd.DataFrame) -> pd.DataFrame:
    """Give a covariance one of its two names."""

    def name(column: str) -> str:
        parts = column.split("|")
        if len(parts) == 5 and parts[2] == "~~":
            parts[1], parts[3] = sorted((parts[1], parts[3]))
        return "|".join(parts)

    return table.rename(columns=name)
