"""What a resample costs as resamples, rows or items become more."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cases import Case, all_cases
from benchmarks.scaling import ITEMS, ROWS, answers, model_of, with_gaps
from benchmarks.setting import Setting
from benchmarks.worker import GaveUp, Worker

#: Resamples in a run, by engine and estimator, of the curves along rows and items.
COUNTS = {
    "clustersem": {"ML": 300, "FIML": 20, "WLSMV": 20},
    "lavaan": {"ML": 5, "FIML": 1, "WLSMV": 1},
}
#: And along resamples, where lavaan's cost is the same from the first on.
RESAMPLES = {"clustersem": (30, 100, 300, 1000, 3000), "lavaan": (10, 30, 100)}
#: After a run that takes longer, an engine's curve ends.
ENOUGH = 4.0
OPTIONS = {"ML": {"estimator": "ML"}, "FIML": {"missing": "ml"}, "WLSMV": {"ordered": "TRUE"}}
ROW_POINTS = {
    "ML": (250, 1000, 4000, 16_000),
    "FIML": (250, 1000, 4000),
    "WLSMV": (250, 1000, 4000, 16_000),
}
ITEM_POINTS = {"ML": (8, 20, 40, 64), "FIML": (8, 20, 32), "WLSMV": (8, 20, 40)}


@dataclass(frozen=True)
class Point:
    """One place on a curve: what is refitted, and by whom how often."""

    axis: str
    estimator: str
    x: int
    case: Case
    counts: dict[str, int]


def measure_resampling(setting: Setting) -> list[dict[str, Any]]:
    """Return the processor seconds of a resample of every engine at every point.

    Every run stands for itself after one that warms up, and holds the fixed cost of the call.
    """
    found = []
    for points in _curves():
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            folder = Path(name)
            asked = {
                engine: stack.enter_context(Worker(setting.engines[engine], folder, setting.limits))
                for engine in COUNTS
                if engine in setting.engines
            }
            for point in points:
                setting.say(f"resamples of {point.estimator}, {point.x} {point.axis}")
                point.case.write(folder)
                record: dict[str, Any] = {
                    "axis": point.axis,
                    "estimator": point.estimator,
                    "x": point.x,
                }
                for engine, worker in list(asked.items()):
                    if engine not in point.counts:
                        continue
                    whole = _once(worker, point.case, point.counts[engine])
                    if whole == whole:
                        record[engine] = whole / point.counts[engine]
                    # What is done a thousand times may take its time, up to the limit.
                    if not whole < max(ENOUGH, ENOUGH * point.counts[engine] / 100):
                        del asked[engine]
                found.append(record)
    return found


def slope(points: list[dict[str, Any]], engine: str = "clustersem") -> tuple[float, float]:
    """Return the seconds of a further resample and of the call itself, by least squares.

    Parameters
    ----------
    points : list of dict
        Those along resamples.
    engine : str
        Whose.

    Returns
    -------
    tuple of float
        Slope and intercept; residuals are taken relative to the time, as timings vary.
    """
    along = [p for p in points if p["axis"] == "resamples" and p.get(engine)]
    count = np.array([p["x"] for p in along], dtype=float)
    whole = np.array([p[engine] for p in along]) * count
    design = np.column_stack([count, np.ones_like(count)]) / whole[:, None]
    each, fixed = np.linalg.lstsq(design, np.ones_like(count), rcond=None)[0]
    return float(each), max(float(fixed), 0.0)


def _curves() -> Iterator[list[Point]]:
    (home,) = (case for case in all_cases() if case.name == "home_revised")
    at = sorted({x for counts in RESAMPLES.values() for x in counts})
    yield [
        Point("resamples", "ML", x, home, {e: x for e in RESAMPLES if x in RESAMPLES[e]})
        for x in at
    ]
    for estimator in OPTIONS:
        gaps = with_gaps if estimator == "FIML" else _as_they_are
        yield [_point("rows", estimator, n, gaps(answers(n, ITEMS))) for n in ROW_POINTS[estimator]]
        yield [
            _point("items", estimator, p, gaps(answers(ROWS, p))) for p in ITEM_POINTS[estimator]
        ]


def _point(axis: str, estimator: str, x: int, data: pd.DataFrame) -> Point:
    n_items = data.shape[1]
    case = Case(f"{axis}{x}", "", model_of(n_items), data, n_items, OPTIONS[estimator])
    counts = {engine: of[estimator] for engine, of in COUNTS.items()}
    return Point(axis, estimator, x, case, counts)


def _as_they_are(data: pd.DataFrame) -> pd.DataFrame:
    return data


def _once(worker: Worker, case: Case, count: int) -> float:
    """Return the processor seconds of a run; NaN where there is none."""
    worker.load(case.name)
    try:
        worker.time(f"bootstrap/{max(count // 10, 1)}", 1)
        _, (seconds,) = worker.time(f"bootstrap/{count}", 1)
    except GaveUp:
        return float("nan")
    return seconds
