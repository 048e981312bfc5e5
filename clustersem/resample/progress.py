"""A progress bar for work that takes longer than a moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 2.0
"""Seconds after which a bar is shown, unless it was asked for."""


@contextmanager
def progress_bar(
    label: str, total: int, done: int, *, wanted: bool | None
) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr while batches finish.

    Parameters
    ----------
    label : str
        What is being done.
    total, done : int
        Batches in all, and those that are finished already.
    wanted : bool or None
        True shows it at once, wherever stderr leads; False never; None where stderr is a terminal,
        once the work has taken longer than `PATIENCE`.

    Yields
    ------
    callable
        To be called whenever a batch is finished.
    """
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield lambda: None
        return
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
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("batches"),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    task = bar.add_task(label, total=total, completed=done)
    timer = threading.Timer(0.0 if wanted else PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda: bar.advance(task)
    finally:
        timer.cancel()
        timer.join()
        if bar.live.is_started:
            bar.stop()
