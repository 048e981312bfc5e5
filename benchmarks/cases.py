"""What is fitted: two published models and two simulated ones, written where every peer reads them.

Origins: ``holzinger1939.csv`` (Holzinger & Swineford, 1939) as lavaan distributes it;
``cross_border_simulated.csv``, 481 simulated answers to the 26 items of Wang et al. (2022), made
for this project's tests. The 60 and 200 items are simulated here from fixed seeds.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent.parent / "tests" / "reference"


@dataclass(frozen=True)
class Case:
    """A model and the answers it is fitted to."""

    name: str
    title: str
    model: str
    data: pd.DataFrame
    n_items: int

    def write(self, folder: Path) -> None:
        """Write the model and the data where the peers read them."""
        (folder / f"{self.name}.txt").write_text(self.model, encoding="utf-8")
        self.data.to_csv(folder / f"{self.name}.csv", index=False)


def all_cases() -> list[Case]:
    """Return the cases, smallest first."""
    return [
        _published("holzinger", "Holzinger-Swineford CFA", "hs_cfa_ml", "holzinger1939"),
        _published("home_initial", "Home study, initial", "cross_border_initial"),
        _published("home_revised", "Home study, revised", "cross_border_revised"),
        _simulated("items_60", n_factors=6, n=500, seed=60),
        _simulated("items_200", n_factors=20, n=1000, seed=200),
    ]


def _published(name: str, title: str, reference: str, data: str = "cross_border_simulated") -> Case:
    model = json.loads((REFERENCE / f"{reference}.json").read_text(encoding="utf-8"))["model"]
    frame = pd.read_csv(REFERENCE / "data" / f"{data}.csv")
    words = set(re.findall(r"\w+", model))
    items = [column for column in frame.columns if column in words]
    return Case(name, f"{title} ({len(frame)} x {len(items)})", model, frame[items], len(items))


def _simulated(name: str, *, n_factors: int, n: int, seed: int, per_factor: int = 10) -> Case:
    """Draw normal answers to `per_factor` items of each of `n_factors` correlated constructs."""
    generator = np.random.default_rng(seed)
    p = n_factors * per_factor
    weight = generator.uniform(0.4, 0.7, n_factors)
    correlation = np.outer(weight, weight)
    np.fill_diagonal(correlation, 1.0)
    factors = generator.standard_normal((n, n_factors)) @ np.linalg.cholesky(correlation).T
    loading = generator.uniform(0.5, 0.85, p)
    unique = generator.standard_normal((n, p)) * np.sqrt(1.0 - loading**2)
    answers = np.repeat(factors, per_factor, axis=1) * loading + unique
    names = [f"x{i}" for i in range(1, p + 1)]
    lines = [
        f"F{f + 1} =~ " + " + ".join(names[f * per_factor : (f + 1) * per_factor])
        for f in range(n_factors)
    ]
    frame = pd.DataFrame(answers.round(6), columns=names)
    title = f"{p} items, {n_factors} constructs ({n} x {p})"
    return Case(name, title, "\n".join(lines), frame, p)
