"""What every part of the suite is told: who takes part, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.worker import Limits


@dataclass(frozen=True)
class Setting:
    """A run's terms.

    Attributes
    ----------
    engines : mapping
        How each engine is started.
    limits : Limits
        What one command may take.
    budget : float
        Seconds after which the runs of one engine at one work are not repeated further.
    rounds : int
        How often everyone's turn comes, at most.
    run : str
        The run's name.
    say : callable
        Told what is being done.
    """

    engines: Mapping[str, list[str]]
    limits: Limits
    budget: float
    rounds: int
    run: str
    say: Callable[[str], None]
