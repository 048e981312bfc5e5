"""Take the times of one case: cold in fresh processes, then warm in interleaved blocks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.agreement import Agreement, compare, read_answers
from benchmarks.cases import Case
from benchmarks.worker import GaveUp, Limits, Worker

#: What is timed, and which engines have it.
WORKS = {
    "full": "full fit",
    "new": "full fit, new model text",
    "fit": "fit alone",
    "indices": "all indices",
}
#: What stands in for the full fit of an engine that cannot do it within the limits.
REDUCED = {"lavaan": "observed information, no fit measures"}
ONLY = {"new": ("clustersem",), "indices": ("clustersem", "lavaan")}

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
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        case.write(folder)
        cold: dict[str, Cold] = {}
        workers: dict[str, Worker] = {}
        for engine, command in engines.items():
            say(f"{case.title}: first fit of {engine}")
            cold[engine] = _cold(case, command, folder, limits)
            workers[engine] = stack.enter_context(Worker(command, folder, limits, case.name))
        answers = {}
        for engine, worker in workers.items():
            say(f"{case.title}: answers of {engine}")
            path = f"{case.name}.{engine}.answers"
            try:
                worker.ask("answers", path)
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
        for work in WORKS:
            say(f"{case.title}: {WORKS[work]}")
            for engine in engines:
                if engine in ONLY.get(work, tuple(engines)):
                    # What failed in a fresh process need not fail again.
                    failed = cold[engine].gave_up if work == "full" else ""
                    reduced = REDUCED.get(engine, "") if failed else ""
                    warm[engine][work] = Timing(gave_up=failed, reduced=reduced)
            timings = {engine: done[work] for engine, done in warm.items() if work in done}
            _interleaved(workers, work, budget, timings)
    return CaseResult(case.name, case.title, case.n_items, warm, cold, agreement)


def _cold(case: Case, command: list[str], folder: Path, limits: Limits) -> Cold:
    cold = Cold()
    for _ in range(5):
        with Worker(command, folder, limits, case.name) as worker:
            try:
                cold.idle = float(worker.ask("peak"))
                cold.wall += worker.time("full", 1)[0]
                cold.peak = float(worker.ask("peak"))
            except GaveUp as reason:
                cold.gave_up = str(reason)
                break
        if cold.wall[-1] > SLOW:
            break
    return cold


def _interleaved(
    workers: dict[str, Worker], work: str, budget: float, timings: dict[str, Timing]
) -> None:
    """Let the engines take turns, in another order each round."""
    words: dict[str, str] = {}
    block: dict[str, int] = {}
    rounds: dict[str, int] = {}
    for engine, timing in timings.items():
        if timing.gave_up and not timing.reduced:
            continue
        words[engine] = "reduced" if timing.reduced else work
        try:
            wall, cpu = workers[engine].time(words[engine], 1)
        except GaveUp as reason:
            timing.gave_up = str(reason)
            continue
        block[engine] = min(max(1, round(BLOCK_SECONDS / wall[0])), LARGEST_BLOCK)
        rounds[engine] = min(ROUNDS, max(1, int(budget / wall[0])))
        if wall[0] > SLOW:  # long enough that nothing is left to warm up
            timing.wall += wall
            timing.cpu += cpu
            rounds[engine] -= 1
    order = list(rounds)
    for turn in range(ROUNDS):
        for engine in order:
            if turn < rounds[engine]:
                wall, cpu = workers[engine].time(words[engine], block[engine])
                timings[engine].wall += wall
                timings[engine].cpu += cpu
        order = order[1:] + order[:1]
