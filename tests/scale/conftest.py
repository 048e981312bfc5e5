"""Data and reference results of the scale tests."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"
OWN_REFERENCE = Path(__file__).parent / "reference"


def read_data(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


@pytest.fixture(scope="session")
def holzinger():
    return read_data("holzinger1939")[[f"x{i}" for i in range(1, 10)]]


@pytest.fixture(scope="session")
def clusters():
    return read_data("cross_border_simulated")


@pytest.fixture(scope="session")
def bfi():
    return read_data("bfi").iloc[:, :25]


@pytest.fixture(scope="session")
def efa_data(holzinger, clusters, bfi):
    return {
        "efa_holzinger": holzinger,
        "efa_cb_cluster": clusters[[f"C{i}" for i in range(1, 13)]],
        "efa_bfi": bfi,
    }


@pytest.fixture(scope="session")
def reference():
    def read(name):
        place = REFERENCE if (REFERENCE / f"{name}.json").exists() else OWN_REFERENCE
        return json.loads((place / f"{name}.json").read_text(encoding="utf-8"))

    return read


@pytest.fixture(scope="session")
def aligned():
    """Bring our factors into the order and sign of reference loadings; phi moves along."""
    from scipy.optimize import linear_sum_assignment

    def align(loadings, phi, target):
        ours, target = np.asarray(loadings), np.asarray(target)
        _, order = linear_sum_assignment(np.abs(target.T @ ours), maximize=True)
        ours = ours[:, order]
        sign = np.sign(np.sum(ours * target, axis=0))
        return ours * sign, np.asarray(phi)[np.ix_(order, order)] * np.outer(sign, sign)

    return align


def two_traits(n=400, seed=1, noise=1.0):
    """Six items, three on each of two independent traits."""
    rng = np.random.default_rng(seed)
    traits = np.repeat(rng.normal(size=(n, 2)), 3, axis=1)
    return pd.DataFrame(traits + noise * rng.normal(size=(n, 6)), columns=list("abcdef"))


@pytest.fixture
def traits():
    return two_traits()
