"""Take the times of one case: cold in fresh processes, then warm in interleaved blocks."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.agreement import Agreement, compare, read_answers
from benchmarks.cases import Case
from benchmarks.machine import load_average
from benchmarks.setting import Setting
from benchmarks.turns import SLOW, Slot, Timing, take_turns
from benchmarks.worker import GaveUp, Limits, Worker

#: What is timed, and which engines have it.
WORKS = {
    "full": "full fit",
    "new": "full fit, new model text",
    "fit": "fit alone",
    "indices": "all indices",
    "invariance": "invariance table",
}
#: What stands in for the full fit of an engine that cannot do it within the limits.
REDUCED = {"lavaan": "observed information, no fit measures"}
ONLY = {"new": ("clustersem",), "indices": ("clustersem", "lavaan")}
REPEATED_COLD = 3


@dataclass
class Cold:
    """The first full fit of a process: seconds, and megabytes before it and at its peak.

    Of clustersem also the peak after all indices of another fit followed.
    """

    wall: list[float] = field(default_factory=list)
    idle: float | None = None
    peak: float | None = None
    peak_indices: float | None = None
    gave_up: str = ""


@dataclass
class CaseResult:
    """Everything that was measured on one case."""

    name: str
    run: str
    title: str
    n_items: int
    options: dict[str, str]
    load: float
    warm: dict[str, dict[str, Timing]]
    cold: dict[str, Cold]
    agreement: dict[str, Agreement]

    def as_dict(self) -> dict[str, object]:
        """Return it as what JSON can hold."""
        return asdict(self)


def measure(case: Case, setting: Setting) -> CaseResult:
    """Time every work of every engine on a case."""
    limits, say = setting.limits, setting.say
    load = load_average()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        case.write(folder)
        engines = {
            name: command for name, command in setting.engines.items() if name in case.engines
        }
        first = case.works[0]
        cold: dict[str, Cold] = {}
        workers: dict[str, Worker] = {}
        for engine, command in engines.items():
            say(f"{case.title}: first fit of {engine}")
            with_indices = engine == "clustersem" and "indices" in case.works
            cold[engine] = _cold(case, command, folder, limits, with_indices=with_indices)
            workers[engine] = stack.enter_context(Worker(command, folder, limits, case.name))
        answers = {}
        for engine, worker in workers.items():
            say(f"{case.title}: answers of {engine}")
            path = f"{case.name}.{engine}.answers"
            try:
                worker.ask("answers", first, path)
                answers[engine] = read_answers(folder / path)
            except GaveUp as reason:
                say(f"{case.title}: {engine} gave no answers: {reason}")
        ours = answers["clustersem"]
        agreement = {
            engine: compare(ours, theirs)
            for engine, theirs in answers.items()
            if engine != "clustersem"
        }
        warm: dict[str, dict[str, Timing]] = {engine: {} for engine in engines}
        for work in case.works:
            for engine in engines:
                if engine in ONLY.get(work, tuple(engines)):
                    # What failed in a fresh process is not tried again, but the other works are.
                    failed = cold[engine].gave_up if work == first else ""
                    reduced = REDUCED.get(engine, "") if failed else ""
                    warm[engine][work] = Timing(gave_up=failed, reduced=reduced)
        take_turns(_slots(workers, warm), setting)
    about = case.name, setting.run, case.title, case.n_items, dict(case.options)
    return CaseResult(*about, load, warm, cold, agreement)


def _cold(
    case: Case, command: list[str], folder: Path, limits: Limits, *, with_indices: bool
) -> Cold:
    cold = Cold()
    # The first calls of the plain cases are shown, the others only show whether it can be done.
    for _ in range(1 if case.options else REPEATED_COLD):
        with Worker(command, folder, limits, case.name) as worker:
            try:
                cold.idle = float(worker.ask("peak"))
                cold.wall += worker.time(case.works[0], 1)[0]
                cold.peak = float(worker.ask("peak"))
                if with_indices and cold.peak_indices is None:
                    worker.time("indices", 1)
                    cold.peak_indices = float(worker.ask("peak"))
            except GaveUp as reason:
                cold.gave_up = str(reason)
                break
        if cold.wall[-1] > SLOW:
            break
    return cold


def _slots(workers: dict[str, Worker], warm: dict[str, dict[str, Timing]]) -> list[Slot]:
    """Return who takes turns at what."""
    return [
        Slot(workers[engine], "reduced" if timing.reduced else work, timing)
        for work in warm["clustersem"]
        for engine, timings in warm.items()
        if (timing := timings.get(work)) is not None and (timing.reduced or not timing.gave_up)
    ]
