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
from benchmarks.peers import clustersem_resampling
from benchmarks.peers.serve import serve
from clustersem.moments import samples_from_data

TABLE = ("chisq", "df", "cfi", "rmsea", "srmr", "delta_chisq")
WITH_NAMES = ("chisq", "df", "chisq_scaled", "cfi")
#: What is compared besides. lavaan 0.6-14's robust indices of incomplete and of ordered
#: answers rest on a numerical optimum of their own and are left out.
MEASURES = ("tli", "rmsea", "srmr", "cfi_scaled", "tli_scaled", "rmsea_scaled")


class Clustersem:
    """The engine of this project."""

    model: str
    data: pd.DataFrame

    def load(self, model: str, data: pd.DataFrame, options: dict[str, str]) -> None:
        self.model, self.data = model, data
        self.options = {name: value == "TRUE" or value for name, value in options.items()}
        self.fit = None

    def works(self) -> dict[str, Callable[..., object]]:
        return {
            "full": self._full,
            "new": self._full,
            "fit": self._fit,
            "indices": lambda: self.fit.modification_indices(),
            "invariance": self._invariance,
            "moments": self._moments,
            **clustersem_resampling.works(lambda: self.fit, self._sem),
        }

    def before(self, work: str) -> None:
        if work == "new":
            _forget_models()
        if work == "indices":
            # A fit keeps its table of indices, so every run needs a fit that has none yet.
            self.fit = self._sem()
        if self.fit is None:
            self.fit = self._sem()

    def refits(self, work: str, count: int, folder: Path) -> pd.DataFrame:
        return clustersem_resampling.refits(self._sem(), work, count, folder)

    def answers(self, work: str) -> dict[str, float]:
        if work == "invariance":
            steps = self._invariance().itertuples()
            return {
                f"table|{step.Index}|{name}": float(getattr(step, name))
                for step in steps
                for name in TABLE
            }
        fit = self._sem()
        measures = fit.measures
        answers = {name: float(measures[name]) for name in WITH_NAMES if name in measures}
        answers |= {
            f"measure|{name}": float(measures[name]) for name in MEASURES if name in measures
        }
        for row in fit.estimates.itertuples():
            cell = f"{row.lhs}|{row.op}|{row.rhs}|{row.group}"
            answers |= {f"est|{cell}": row.est, f"se|{cell}": row.se, f"std|{cell}": row.std_all}
        for row in fit.modification_indices().itertuples():
            answers[f"mi|{row.lhs}|{row.op}|{row.rhs}|{row.group}"] = row.mi
        return answers

    def versions(self) -> str:
        return (
            f"clustersem {cs.__version__}, Python {platform.python_version()},"
            f" numpy {np.__version__}, scipy {scipy.__version__}, pandas {pd.__version__}"
        )

    def _sem(self) -> cs.Fit:
        return cs.sem(self.model, self.data, **self.options)

    def _full(self) -> object:
        fit = self._sem()
        return fit.estimates, fit.measures, fit.r_squared

    def _fit(self) -> object:
        fit = self._sem()
        return fit.theta, fit.multiplier * fit.state.f

    def _moments(self) -> object:
        """Do what a fit does before it knows the model: the answers into sufficient statistics."""
        names = list(self.data.columns)
        ordered = names if self.options.get("ordered") else ()
        missing = self.options.get("missing", "listwise")
        return samples_from_data(self.data, names, ordered=ordered, missing=missing)

    def _invariance(self) -> pd.DataFrame:
        return cs.invariance(self.model, self.data, **self.options).table


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
