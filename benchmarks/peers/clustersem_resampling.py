"""clustersem's resampling: what is timed, and refits to draws that lavaan made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

import clustersem as cs
from benchmarks.resampling import SIZES

SEED = 2022
MEASURES = ("cfi", "tli", "rmsea", "srmr")


def works(
    fit: Callable[[], cs.Fit], refit: Callable[[], cs.Fit]
) -> dict[str, Callable[[int], object]]:
    """Return what is timed; each is told how many replications."""
    return {
        "bootstrap": lambda count: cs.bootstrap(fit(), n=count, seed=SEED),
        "se_bootstrap": lambda count: cs.bootstrap(refit(), n=count, seed=SEED),
        "bollen_stine": lambda count: cs.bootstrap(fit(), n=count, seed=SEED, type="bollen-stine"),
        "power": lambda count: cs.power(
            fit(), n=SIZES, replications=count // len(SIZES), seed=SEED
        ),
        "cutoffs": lambda count: cs.cutoffs(fit(), n=count, seed=SEED),
    }


def refits(fit: cs.Fit, work: str, count: int, folder: Path) -> pd.DataFrame:
    """Return a row a replication of the draws that lavaan left in the folder."""
    raise NotImplementedError
