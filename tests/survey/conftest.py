"""A small questionnaire: two constructs, a reverse-keyed item, missing answers, a group."""

import numpy as np
import pandas as pd
import pytest

ITEMS = ("t1", "t2", "t3", "u1", "u2")


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "respondent": ["p1", "p2", "p3", "p4", "p5", "p6"],
            "t1": [1.0, 2, 4, 5, np.nan, 3],
            "t2": [2.0, 1, 5, 4, 3, 3],
            "t3": [5.0, 4, 2, 1, 2, 3],
            "u1": [3.0, 3, 4, 2, 5, 1],
            "u2": [2.0, 4, np.nan, 1, 5, 2],
            "group": ["north", "south", "north", "south", "north", "south"],
            "age": [31.0, 44, 28, 61, 37, 50],
        }
    )


@pytest.fixture
def book():
    return {
        "data": {"answers": [1, 5], "missing": [9], "id": "respondent", "distributed": 8},
        "constructs": {
            "Trust": {"label": "Trust in trade", "items": ["t1", "t2", "t3"]},
            "Use": ["u1", "u2"],
        },
        "items": {"t1": "I trust it", "t3": {"text": "I fear it", "reverse": True}},
    }


@pytest.fixture
def write_csv(tmp_path):
    def write(text, name="answers.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write
