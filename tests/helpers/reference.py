"""The committed results of lavaan and their data (see tests/reference/README.md)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import clustersem as cs

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
ENTRY = {"sem": cs.sem, "cfa": cs.cfa, "growth": cs.growth}


@cache
def data(name: str) -> pd.DataFrame:
    """Return a data set; callers must not change it."""
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


@cache
def case(name: str) -> dict[str, Any]:
    """Return what lavaan said."""
    return json.loads((REFERENCE / f"{name}.json").read_text())


@cache
def fitted(name: str) -> cs.Fit:
    """Return our fit of a reference case."""
    told = case(name)
    options = {key.replace(".", "_"): value for key, value in dict(told["options"] or {}).items()}
    return ENTRY[told["fun"]](told["model"], data(told["data"]), **options)
