from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from helpers.reference import case, data

import clustersem as cs

THREE_FACTORS = case("hs_cfa_ml")["model"]


@pytest.fixture(scope="session")
def holzinger() -> pd.DataFrame:
    return data("holzinger1939")


@pytest.fixture(scope="session")
def fit(holzinger) -> cs.Fit:
    return cs.cfa(THREE_FACTORS, holzinger)


@pytest.fixture(scope="session")
def small() -> pd.DataFrame:
    """40 respondents with labels that are no row numbers, two groups, weights and gaps."""
    rng = np.random.default_rng(11)
    n = 40
    f = rng.standard_normal(n)
    g = 0.6 * f + 0.8 * rng.standard_normal(n)
    frame = pd.DataFrame(
        {
            **{f"x{k}": 3 + f + 0.7 * rng.standard_normal(n) for k in range(3)},
            **{f"y{k}": 2 + g + 0.7 * rng.standard_normal(n) for k in range(3)},
            "group": np.where(np.arange(n) % 5 < 3, "north", "south"),
            "weight": rng.uniform(0.5, 2.0, n),
        },
        index=[f"r{k}" for k in range(n)],
    )
    assert frame.index.is_unique
    return frame
