"""A progress bar for work that takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 2.0
"""Seconds after which a bar is shown, unless it was asked for."""


class Advance(Protocol):
    """Counts steps that are done."""

    def __call__(self, steps: int = 1) -> None:
        """Count so many steps."""


@contextmanager
def progress_bar(
    label: str,
    total: int | None,
    done: int = 0,
    *,
    unit: str = "batches",
    wanted: bool | None,
) -> Iterator[Advance]:
    """Show a bar on stderr while steps are finished.

    Parameters
    ----------
    label : str
        What is being done.
    total, done : int
        Steps in all (None where nobody knows), and those that are finished already.
    unit : str
        What steps are called.
    wanted : bool or None
        True shows it at once, wherever stderr leads; False never; None where stderr is a terminal,
        once the work has taken longer than `PATIENCE`.

    Yields
    ------
    callable
        To be called whenever a step, or as many as it is told, are finished.
    """
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield in_silence
        return
    bar = _Bar(label, total, done, unit)
    timer = threading.Timer(0.0 if wanted else PATIENCE, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.advance
    finally:
        timer.cancel()
        timer.join()
        bar.close()


def in_silence(steps: int = 1) -> None:
    """Count nothing."""


class _Bar:
    """What is done, and the bar that shows it once it is opened."""

    def __init__(self, label: str, total: int | None, done: int, unit: str) -> None:
        self._label, self._total, self._done, self._unit = label, total, done, unit
        self._shown: tuple[Progress, TaskID] | None = None

    def advance(self, steps: int = 1) -> None:
        """Count steps."""
        self._done += steps
        if self._shown is not None:
            shown, task = self._shown
            shown.update(task, completed=self._done)

    def show(self) -> None:
        """Open the bar; rich is only loaded here, for work that takes its time."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        shown = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(self._unit, markup=False),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        task = shown.add_task(self._label, total=self._total, completed=self._done)
        shown.start()
        self._shown = shown, task
        self.advance(0)

    def close(self) -> None:
        """Leave the bar as it is at the end."""
        if self._shown is not None:
            self._shown[0].stop()
