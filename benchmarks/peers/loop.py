"""The bootstrap of an engine that has none: what a user would write around its fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


def bootstrap(data: pd.DataFrame, count: int, refit: Callable[[pd.DataFrame], object]) -> None:
    """Refit to `count` resamples of the rows."""
    generator = np.random.default_rng(1)
    for _ in range(count):
        refit(data.iloc[generator.integers(len(data), size=len(data))])
