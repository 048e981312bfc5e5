"""Engines that take turns in short blocks, so that whatever the machine does meets them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.setting import Setting
from benchmarks.worker import GaveUp, Worker

BLOCK_SECONDS = 0.1
LARGEST_BLOCK = 20
#: A run that takes longer needs no warming up, and counts itself.
SLOW = 5.0


@dataclass
class Timing:
    """The runs of one engine at one work, in seconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    gave_up: str = ""
    reduced: str = ""


def take_turns(slots: Sequence[Slot], setting: Setting) -> None:
    """Let engines and works take turns, in another order each round; fill in their timings."""
    ready = []
    for slot in slots:
        setting.say(f"warming up: {slot.word}")
        try:
            slot.plan(setting.budget, setting.rounds)
        except GaveUp as reason:
            slot.timing.gave_up = str(reason)
        else:
            ready.append(slot)
    for turn in range(max((slot.rounds for slot in ready), default=0)):
        setting.say(f"round {turn + 1}")
        for slot in ready[turn % len(ready) :] + ready[: turn % len(ready)]:
            if turn < slot.rounds:
                slot.run()


@dataclass
class Slot:
    """One engine at one work: how many runs make a block, and how many blocks there are."""

    worker: Worker
    word: str
    timing: Timing
    block: int = 1
    rounds: int = 1

    def plan(self, budget: float, rounds: int) -> None:
        """Run once to warm up, and see how often the budget allows to repeat that."""
        wall, cpu = self.worker.time(self.word, 1)
        self.block = min(max(1, round(BLOCK_SECONDS / wall[0])), LARGEST_BLOCK)
        self.rounds = min(rounds, max(1, int(budget / wall[0])))
        if wall[0] > SLOW:
            self.timing.wall += wall
            self.timing.cpu += cpu
            self.rounds -= 1

    def run(self) -> None:
        """Run one block."""
        wall, cpu = self.worker.time(self.word, self.block)
        self.timing.wall += wall
        self.timing.cpu += cpu
