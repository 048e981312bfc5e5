"""A stand-in for a fit, made of the estimates that lavaan prints (tests/reference)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

REFERENCE = Path(__file__).parent.parent / "reference"


@dataclass(frozen=True)
class StandInFit:
    """What the report reads off a fit."""

    estimates: pd.DataFrame
    measures: dict[str, float]
    r_squared: pd.Series


def reference_fit(name: str) -> StandInFit:
    record = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
    estimates = pd.DataFrame(record["estimates"]).rename(columns={"pvalue": "p_value"})
    for column in ("z", "p_value"):
        estimates[column] = estimates[column].astype(float)
    return StandInFit(estimates, record["measures"], pd.Series(record.get("r2", {}), dtype=float))
