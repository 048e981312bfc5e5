import pandas as pd
import pytest
from respecify_models import ABILITY, CROSS_BORDER, DATA, DEMOCRACY

import clustersem as cs


@pytest.fixture(scope="session")
def cross_border_data():
    return pd.read_csv(DATA / "cross_border_simulated.csv")


@pytest.fixture(scope="session")
def cross_border(cross_border_data):
    return cs.sem(CROSS_BORDER, cross_border_data)


@pytest.fixture(scope="session")
def democracy():
    return cs.sem(DEMOCRACY, pd.read_csv(DATA / "political_democracy.csv"))


@pytest.fixture(scope="session")
def ability():
    return cs.cfa(ABILITY, pd.read_csv(DATA / "holzinger1939.csv"))
