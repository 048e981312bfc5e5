"""clustersem, in a process of its own."""

from __future__ import annotations

import functools
import gc
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

import clustersem as cs
from benchmarks.peers.serve import serve


class Clustersem:
    """The engine of this project."""

    model: str
    data: pd.DataFrame

    def load(self, model: str, data: pd.DataFrame) -> None:
        self.model, self.data = model, data
        self.fit = None

    def works(self) -> dict[str, Callable[[], object]]:
        return {
            "full": self._full,
            "new": self._full,
            "fit": self._fit,
            "indices": lambda: self.fit.modification_indices(),
        }

    def before(self, work: str) -> None:
        if work == "new":
            _forget_models()
        if work == "indices":
            # A fit keeps its table of indices, so every run needs a fit that has none yet.
            self.fit = cs.sem(self.model, self.data)

    def answers(self) -> dict[str, float]:
        fit = cs.sem(self.model, self.data)
        answers = {
            name: float(fit.measures[name]) for name in ("chisq", "df", "cfi", "rmsea", "srmr")
        }
        for row in fit.estimates.itertuples():
            cell = f"{row.lhs}|{row.op}|{row.rhs}"
            answers |= {f"est|{cell}": row.est, f"se|{cell}": row.se, f"std|{cell}": row.std_all}
        for row in fit.modification_indices().itertuples():
            answers[f"mi|{row.lhs}|{row.op}|{row.rhs}"] = row.mi
        return answers

    def versions(self) -> str:
        return (
            f"clustersem {cs.__version__}, Python {platform.python_version()},"
            f" numpy {np.__version__}, scipy {scipy.__version__}, pandas {pd.__version__}"
        )

    def _full(self) -> object:
        fit = cs.sem(self.model, self.data)
        return fit.estimates, fit.measures, fit.r_squared

    def _fit(self) -> object:
        fit = cs.sem(self.model, self.data)
        return fit.theta, fit.multiplier * fit.state.f


@functools.cache
def _caches() -> list[functools._lru_cache_wrapper]:
    return [
        found
        for found in gc.get_objects()
        if isinstance(found, functools._lru_cache_wrapper)
        and found.__module__.startswith("clustersem")
    ]


def _forget_models() -> None:
    """Empty every cache, so that the next fit reads its model as one never seen."""
    for cache in _caches():
        cache.cache_clear()


if __name__ == "__main__":
    serve(Clustersem(), Path(sys.argv[1]))
