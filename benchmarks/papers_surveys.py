"""Random surveys for simulated papers: a population, a model for it, and answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

SEED = 2022
_LETTERS = "abcdef"


@dataclass(frozen=True)
class Survey:
    """Answers and how they are to be analysed.

    Attributes
    ----------
    number : int
        Which of the simulated surveys.
    constructs : dict of str to list of str
        Their items.
    initial : str
        The model without what was freed, in lavaan's syntax.
    freed : list of str
        Covariances and loadings that were added to it; may be empty.
    options : dict
        Keywords of ``cs.sem``.
    chains : list of list of str
        The indirect effects, each as the variables that it passes.
    scale : list of int or None
        Lowest and highest answer; None for answers that are no whole numbers.
    answers : DataFrame
        Negative items as they were answered.
    """

    number: int
    constructs: dict[str, list[str]]
    initial: str
    freed: list[str]
    options: dict[str, Any]
    chains: list[list[str]]
    scale: list[int] | None
    answers: Any = field(repr=False)

    @property
    def model(self) -> str:
        return "\n".join([self.initial, *self.freed])

    def as_job(self, data: str) -> dict[str, Any]:
        """Return what another program needs, but for the answers."""
        return {
            "number": self.number,
            "initial": self.initial,
            "freed": self.freed,
            "options": self.options,
            "data": data,
        }


def survey(number: int) -> Survey:
    """Draw a survey; the same number gives the same one."""
    for attempt in range(50):
        rng = np.random.default_rng([SEED, number, attempt])
        try:
            return _draw(rng, number)
        except _Rejected:
            continue
    raise RuntimeError(f"no population in 50 attempts at survey {number}")


class _Rejected(Exception):
    """A population that is none, as its covariances are of no variables."""


def _draw(rng: np.random.Generator, number: int) -> Survey:
    import clustersem as cs
    from clustersem.errors import ClusterSemError

    estimator = str(rng.choice(
        ["ML", "MLR", "MLM", "GLS", "WLSMV", "FIML", "FIML MLR"],
        p=[0.36, 0.16, 0.10, 0.10, 0.10, 0.11, 0.07],
    ))  # fmt: skip
    ordinal = estimator == "WLSMV"
    n_constructs = int(rng.integers(2, 5 if ordinal else 7))
    n = int(np.exp(rng.uniform(np.log(200 if ordinal else 60), np.log(1500))))
    sizes = rng.integers(2, 5 if ordinal else 7, size=n_constructs)
    if estimator == "MLM" or n < 150:
        sizes = np.minimum(sizes, 4)
    constructs = {
        f"F{k + 1}": [f"{_LETTERS[k]}{i + 1}" for i in range(size)] for k, size in enumerate(sizes)
    }
    structure, paths, chains = _structure(rng, list(constructs))
    values, freed, extra = _measurement(rng, constructs)
    population = "\n".join([*values, *structure, *extra])
    likert = ordinal or bool(rng.random() < 0.6)
    keywords: dict[str, Any] = {}
    scale = None
    if likert:
        top = int(rng.choice([3, 4, 5] if ordinal else [5, 5, 7]))
        scale = [1, top]
        keywords["categories"] = top
        if rng.random() < 0.6:
            shape = rng.dirichlet(np.full(top, 3.0), size=int(sizes.sum()))
            items = [item for each in constructs.values() for item in each]
            shape = np.clip(shape, 0.04, None)
            shape /= shape.sum(axis=1, keepdims=True)
            keywords["marginals"] = {i: s.tolist() for i, s in zip(items, shape, strict=True)}
            del keywords["categories"]
    if estimator.startswith("FIML"):
        keywords["missing"] = float(rng.choice([0.02, 0.05, 0.15]))
    groups = not estimator.startswith(("FIML", "WLSMV")) and n > 250 and rng.random() < 0.12
    seed = int(rng.integers(2**31))
    try:
        answers = cs.simulate(population, n, seed=seed, standardized=True, **keywords)
    except ClusterSemError as error:
        raise _Rejected from error
    if not likert:
        # Sums, minutes, euros: the standard deviations differ up to fourfold.
        spread = np.exp(rng.uniform(0.0, np.log(4.0), size=answers.shape[1]))
        unit = float(rng.choice([0.3, 1.0, 1.0, 10.0]))
        answers = (answers * spread * unit + rng.normal(3.0, 1.0, answers.shape[1])).round(6)
    options = _options(rng, estimator, constructs)
    if groups:
        answers["group"] = np.where(np.arange(n) < n * float(rng.uniform(0.35, 0.65)), "f", "m")
        options["group"] = "group"
        if rng.random() < 0.5:
            options["group_equal"] = ["loadings"]
    if bool(rng.random() < 0.5):
        freed = []  # misfit that the authors leave
    initial = "\n".join([*(f"{c} =~ {' + '.join(each)}" for c, each in constructs.items()), *paths])
    return Survey(number, constructs, initial, freed, options, chains, scale, answers)


def _structure(
    rng: np.random.Generator, names: list[str]
) -> tuple[list[str], list[str], list[list[str]]]:
    """Return the structural part of the population, of the model, and its indirect effects."""
    kind = str(rng.choice(["cfa", "sem", "mediation"], p=[0.3, 0.35, 0.35]))
    if kind == "mediation" and len(names) < 3:
        kind = "sem"
    n_causes = len(names) if kind == "cfa" else int(rng.integers(1, len(names)))
    if kind == "mediation":
        n_causes = min(n_causes, len(names) - 2)
    share = rng.uniform(0.3, 0.85, size=len(names))
    values = [
        f"{a} ~~ {share[i] * share[j]:.3f}*{b}"
        for (i, a), (j, b) in combinations(enumerate(names[:n_causes]), 2)
    ]
    paths: list[str] = []
    causes_of: dict[str, list[str]] = {}
    for k in range(n_causes, len(names)):
        before = names[:k] if kind == "mediation" else names[:n_causes]
        causes = [one for one in before if rng.random() < 0.6] or [before[-1]]
        if kind == "mediation" and k > n_causes and names[k - 1] not in causes:
            causes.append(names[k - 1])
        causes_of[names[k]] = causes
        betas = rng.uniform(0.1, 0.6, size=len(causes)) * rng.choice([1, 1, 1, -1])
        betas *= min(1.0, 0.85 / np.abs(betas).sum())
        values += [f"{names[k]} ~ {b:.3f}*{c}" for b, c in zip(betas, causes, strict=True)]
        paths.append(f"{names[k]} ~ {' + '.join(causes)}")
    chains = [
        [cause, middle, outcome]
        for outcome, middles in causes_of.items()
        for middle in middles
        for cause in causes_of.get(middle, ())
    ]
    return values, paths, chains


def _measurement(
    rng: np.random.Generator, constructs: dict[str, list[str]]
) -> tuple[list[str], list[str], list[str]]:
    """Return loadings, what may be freed beside them, and its values in the population."""
    reverse = rng.random() < 0.25
    values = []
    for name, items in constructs.items():
        loadings = rng.uniform(0.5, 0.92, size=len(items))
        if reverse and len(items) > 2:
            loadings[1:] *= rng.choice([1.0, 1.0, -1.0], size=len(items) - 1)
        values.append(
            f"{name} =~ " + " + ".join(f"{v:.3f}*{i}" for v, i in zip(loadings, items, strict=True))
        )
    freed, extra = [], []
    large = [items for items in constructs.values() if len(items) > 3]
    for items in large[: int(rng.integers(0, 4))]:
        a, b = (str(one) for one in rng.choice(items, size=2, replace=False))
        freed.append(f"{a} ~~ {b}")
        extra.append(f"{a} ~~ {rng.uniform(0.05, 0.2):.3f}*{b}")
    wide = [name for name, items in constructs.items() if len(items) > 2]
    if wide and len(constructs) > 2 and rng.random() < 0.2:
        owner, other = wide[0], next(one for one in constructs if one != wide[0])
        item = constructs[owner][-1]
        freed.append(f"{other} =~ {item}")
        extra.append(f"{other} =~ {rng.uniform(0.1, 0.25):.3f}*{item}")
    return values, freed, extra


def _options(
    rng: np.random.Generator, estimator: str, constructs: dict[str, list[str]]
) -> dict[str, Any]:
    options: dict[str, Any] = {"estimator": estimator.removeprefix("FIML ")}
    if estimator.startswith("FIML"):
        options = {"estimator": "MLR" if "MLR" in estimator else "ML", "missing": "fiml"}
    if estimator == "WLSMV":
        options["ordered"] = [item for each in constructs.values() for item in each]
    if estimator == "ML" and rng.random() < 0.25:
        options["likelihood"] = "wishart"
    if rng.random() < 0.3:
        options["std_lv"] = True
    return options
