"""Take the times of one case: cold in fresh processes, then warm in interleaved blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.agreement import Agreement, compare, read_answers
from benchmarks.cases import Case
from benchmarks.machine import load_average
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
REPEATED_COLD = 5

ROUNDS = 9
BLOCK_SECONDS = 0.1
LARGEST_BLOCK = 20
# A run that takes longer than this is repeated less often.
SLOW = 5.0

Say = Callable[[str], None]


@dataclass
class Timing:
    """The runs of one engine at one work, in seconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    gave_up: str = ""
    reduced: str = ""


@dataclass
class Cold:
    """The first full fit of a process: seconds, and megabytes before it and at its peak."""

    wall: list[float] = field(default_factory=list)
    idle: float = float("nan")
    peak: float = float("nan")
    gave_up: str = ""


@dataclass
class CaseResult:
    """Everything that was measured on one case."""

    name: str
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


def measure(
    case: Case, engines: dict[str, list[str]], limits: Limits, budget: float, say: Say
) -> CaseResult:
    """Time every work of every engine on a case.

    Parameters
    ----------
    case : Case
        The model and its data.
    engines : dict
        How each engine is started.
    limits : Limits
        What one command may take.
    budget : float
        Seconds after which the runs of one engine at one work are not repeated further.
    say : callable
        Told what is being done.
    """
    load = load_average()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        case.write(folder)
        engines = {name: command for name, command in engines.items() if name in case.engines}
        first = case.works[0]
        cold: dict[str, Cold] = {}
        workers: dict[str, Worker] = {}
        for engine, command in engines.items():
            say(f"{case.title}: first fit of {engine}")
            cold[engine] = _cold(case, first, command, folder, limits)
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
        _interleaved(workers, warm, budget, say)
    return CaseResult(
        case.name, case.title, case.n_items, dict(case.options), load, warm, cold, agreement
    )


def _cold(case: Case, work: str, command: list[str], folder: Path, limits: Limits) -> Cold:
    cold = Cold()
    for _ in range(REPEATED_COLD):
        with Worker(command, folder, limits, case.name) as worker:
            try:
                cold.idle = float(worker.ask("peak"))
                cold.wall += worker.time(work, 1)[0]
                cold.peak = float(worker.ask("peak"))
            except GaveUp as reason:
                cold.gave_up = str(reason)
                break
        if cold.wall[-1] > SLOW:
            break
    return cold


def _interleaved(
    workers: dict[str, Worker], warm: dict[str, dict[str, Timing]], budget: float, say: Say
) -> None:
    """Let engines and works take turns, in another order each round."""
    slots: list[_Slot] = []
    for work in warm["clustersem"]:
        say(f"warming up: {WORKS[work]}")
        for engine, timings in warm.items():
            timing = timings.get(work)
            if timing is None or (timing.gave_up and not timing.reduced):
                continue
            slot = _Slot(workers[engine], "reduced" if timing.reduced else work, timing)
            try:
                slot.plan(budget)
            except GaveUp as reason:
                timing.gave_up = str(reason)
            else:
                slots.append(slot)
    for turn in range(ROUNDS):
        say(f"round {turn + 1} of {ROUNDS}")
        for slot in slots[turn % len(slots) :] + slots[: turn % len(slots)]:
            if turn < slot.rounds:
                slot.run()


@dataclass
class _Slot:
    """One engine at one work: how many runs make a block, and how many blocks there are."""

    worker: Worker
    word: str
    timing: Timing
    block: int = 1
    rounds: int = ROUNDS

    def plan(self, budget: float) -> None:
        """Run once to warm up, and see how often the budget allows to repeat that."""
        wall, cpu = self.worker.time(self.word, 1)
        self.block = min(max(1, round(BLOCK_SECONDS / wall[0])), LARGEST_BLOCK)
        self.rounds = min(ROUNDS, max(1, int(budget / wall[0])))
        if wall[0] > SLOW:  # long enough that nothing is left to warm up
            self.timing.wall += wall
            self.timing.cpu += cpu
            self.rounds -= 1

    def run(self) -> None:
        """Run one block."""
        wall, cpu = self.worker.time(self.word, self.block)
        self.timing.wall += wall
        self.timing.cpu += cpu
