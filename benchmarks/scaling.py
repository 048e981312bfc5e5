"""What a full fit costs as rows, items or patterns of missing answers become more.

The answers are five-point ones to constructs of four items each. One thing grows at a time; an
engine that takes too long at one point is not asked for the next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cases import Case
from benchmarks.setting import Setting
from benchmarks.worker import GaveUp, Worker

PER_CONSTRUCT = 4
#: Shares of the five categories.
SHARES = (0.05, 0.10, 0.25, 0.35, 0.25)
ITEMS, ROWS, PATTERN_ROWS = 20, 1000, 4000
MISSING = 0.05
#: After a run that takes longer, an engine's curve ends.
ENOUGH = 6.0
REPEATS = 3
#: What takes longer is not repeated.
QUICK = 1.0
#: What is told apart: engines do these in turn, each holding the one before.
PHASES = {"clustersem": ("moments", "fit", "full"), "lavaan": ("full",)}


@dataclass(frozen=True)
class Curve:
    """One estimator along one axis."""

    axis: str
    estimator: str
    options: Mapping[str, str]
    data: Callable[[int], pd.DataFrame]
    points: tuple[int, ...]

    def cases(self) -> Iterator[tuple[int, Case]]:
        """Yield the place on the axis and what is fitted there."""
        for x in self.points:
            data = self.data(x)
            n_items = data.shape[1]
            yield x, Case(f"point{x}", str(x), model_of(n_items), data, n_items, self.options)


def curves() -> list[Curve]:
    """Return what is measured."""
    rows = (250, 500, 1000, 2000, 4000, 8000, 16000, 32000)
    items = (8, 12, 20, 32, 48, 64)
    patterns = (2, 5, 15, 50, 150, 400, 1000)
    found = []
    for name, options in {
        "ML": {"estimator": "ML"},
        "MLR": {"estimator": "MLR"},
        "WLSMV": {"ordered": "TRUE"},
    }.items():
        found.append(Curve("rows", name, options, lambda n: answers(n, ITEMS), rows))
        found.append(Curve("items", name, options, lambda p: answers(ROWS, p), items))
    fiml = {"missing": "ml"}
    found += [
        Curve("rows", "FIML", fiml, lambda n: with_gaps(answers(n, ITEMS)), rows),
        Curve("items", "FIML", fiml, lambda p: with_gaps(answers(ROWS, p)), items),
        Curve("patterns", "FIML", fiml, with_patterns, patterns),
    ]
    return found


def answers(n: int, n_items: int) -> pd.DataFrame:
    """Draw answers; the same numbers whenever the size is the same."""
    generator = np.random.default_rng([n, n_items])
    n_constructs = n_items // PER_CONSTRUCT
    general = generator.standard_normal((n, 1))
    own = generator.standard_normal((n, n_constructs))
    constructs = np.sqrt(0.4) * general + np.sqrt(0.6) * own
    loading = generator.uniform(0.6, 0.8, n_items)
    unique = np.sqrt(1.0 - loading**2) * generator.standard_normal((n, n_items))
    latent = np.repeat(constructs, PER_CONSTRUCT, axis=1) * loading + unique
    # Cut where the sample has the shares, so that no category is ever empty.
    places = latent.argsort(axis=0).argsort(axis=0)
    cuts = np.cumsum(SHARES)[:-1]
    values = 1 + np.searchsorted(cuts, (places + 0.5) / n)
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(1, n_items + 1)])


def with_gaps(data: pd.DataFrame) -> pd.DataFrame:
    """Return the data with answers missing anywhere."""
    generator = np.random.default_rng(len(data))
    return data.mask(generator.random(data.shape) < MISSING)


def with_patterns(n_patterns: int) -> pd.DataFrame:
    """Return answers in so many patterns: complete ones, and others that lack three items each."""
    generator = np.random.default_rng(0)
    triples = np.array(list(combinations(range(ITEMS), 3)))
    assert n_patterns <= len(triples)
    missing = np.zeros((n_patterns, ITEMS), dtype=np.bool_)
    chosen = generator.permutation(triples)[: n_patterns - 1]
    np.put_along_axis(missing[1:], chosen, values=True, axis=1)
    return answers(PATTERN_ROWS, ITEMS).mask(missing[np.arange(PATTERN_ROWS) % n_patterns])


def measure_curves(setting: Setting) -> list[dict[str, Any]]:
    """Return the median processor seconds of every engine at every point.

    Not wall time: with one thread they are the same on a quiet machine, and a busy one hardly
    changes them.
    """
    found = []
    for curve in curves():
        with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
            folder = Path(name)
            asked = {
                engine: stack.enter_context(Worker(setting.engines[engine], folder, setting.limits))
                for engine in PHASES
                if engine in setting.engines
            }
            for x, case in curve.cases():
                setting.say(f"{curve.estimator}, {x} {curve.axis}")
                case.write(folder)
                point: dict[str, Any] = {"axis": curve.axis, "estimator": curve.estimator, "x": x}
                for engine, worker in list(asked.items()):
                    worker.load(case.name)
                    point[engine] = _times(worker, PHASES[engine])
                    if not point[engine] or point[engine]["full"] > ENOUGH:
                        del asked[engine]
                found.append(point)
    return found


def _times(worker: Worker, phases: tuple[str, ...]) -> dict[str, float]:
    seconds = {}
    for work in phases:
        try:
            _, (first,) = worker.time(work, 1)
            again = worker.time(work, REPEATS)[1] if first < QUICK else [first]
            seconds[work] = median(again)
        except GaveUp:
            return {}
    return seconds


def model_of(n_items: int) -> str:
    """Return the model of so many items."""
    items = [f"x{i}" for i in range(1, n_items + 1)]
    blocks = [items[i : i + PER_CONSTRUCT] for i in range(0, n_items, PER_CONSTRUCT)]
    return "\n".join(f"F{f} =~ {' + '.join(block)}" for f, block in enumerate(blocks, 1))
