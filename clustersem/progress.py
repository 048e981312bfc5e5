"""A progress bar for what takes longer than a researcher cares to wait in silence."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

# Seconds of silence: what is done by then shows no bar.
PATIENCE = 2.0


class Progress:
    """A bar on standard error that appears once two seconds have passed, and goes at the end.

    Parameters
    ----------
    label : str
        What is being done, ``"bootstrap"`` say.
    total : int, optional
        How many steps there are; None where nobody knows.
    show : bool, optional
        Whether to show a bar. None: on a terminal only.

    Examples
    --------
    >>> with Progress("reading", 3) as progress:
    ...     for _ in range(3):
    ...         progress.advance()
    """

    def __init__(self, label: str, total: int | None = None, *, show: bool | None = None) -> None:
        self._label, self._total = label, total
        self._show = sys.stderr.isatty() if show is None else show
        self._since = time.monotonic()
        self._done = 0
        self._bar: tuple[Bar, TaskID] | None = None

    def advance(self, steps: int = 1) -> None:
        """Count steps that are done."""
        self._done += steps
        if not self._show or time.monotonic() - self._since < PATIENCE:
            return
        if self._bar is None:
            self._bar = self._opened()
        bar, task = self._bar
        bar.update(task, completed=self._done)

    def _opened(self) -> tuple[Bar, TaskID]:
        # rich is not worth loading for what is done in a moment.
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        bar.start()
        return bar, bar.add_task(self._label, total=self._total)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar[0].stop()
