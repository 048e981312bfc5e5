"""clustersem's resampling: what is timed, and refits to draws that lavaan made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import clustersem as cs
from benchmarks.resampling import SIZES

SEED = 2022
#: The home study's correct model and six levels of misfit, each of which is simulated.
LEVELS = 7
#: H1 to H16 of the home study.
PATHS = [f"A1 ~ {b}" for b in ("B1", "B2", "B3")] + [f"A2 ~ {b}" for b in ("B4", "B5", "B6")]
HYPOTHESES = [
    *PATHS,
    "A1 ~~ A2",
    *(f"{a} ~~ {b}" for a in ("B1", "B2", "B3") for b in ("B4", "B5", "B6")),
]


def works(
    fit: Callable[[], cs.Fit], refit: Callable[[], cs.Fit]
) -> dict[str, Callable[[int], object]]:
    """Return what is timed; each is told how many replications."""
    return {
        "bootstrap": lambda count: cs.bootstrap(fit(), count, seed=SEED).theta,
        "se_bootstrap": lambda count: cs.bootstrap(refit(), count, seed=SEED).intervals(
            "percentile"
        ),
        "bollen_stine": lambda count: (
            cs.bootstrap(fit(), count, type="bollen-stine", seed=SEED).fit_test
        ),
        "power": lambda count: cs.power(
            fit(), HYPOTHESES, n=SIZES, n_replications=count // len(SIZES), seed=SEED
        ),
        "cutoffs": lambda count: cs.cutoffs(fit(), n=count // LEVELS, seed=SEED),
    }


def refits(fit: cs.Fit, work: str, count: int, folder: Path) -> pd.DataFrame:
    """Return a row a replication of the draws that lavaan left in the folder."""
    if work == "power":
        return _of_samples(fit, [pd.read_csv(folder / f"sample{i + 1}") for i in range(count)])
    n_groups = len(fit.samples)
    draws = [pd.read_csv(folder / f"draws{g + 1}").to_numpy() for g in range(n_groups)]
    kind = "bollen-stine" if work == "bollen_stine" else "ordinary"
    done = cs.bootstrap(fit, indices=draws, type=kind)
    if work == "bollen_stine":
        return pd.DataFrame({"chisq": done.chisq})
    se = np.broadcast_to(_errors(fit), done.theta.shape)
    return _named(fit, est=done.theta, se=se).assign(chisq=done.chisq)


def _of_samples(fit: cs.Fit, samples: list[pd.DataFrame]) -> pd.DataFrame:
    """Refit to samples as power does, and with all that a fit prints."""
    from clustersem.resample.refit import Refitter
    from clustersem.resample.refits import moments_of

    refitter = Refitter.of(fit)
    names = list(fit.spec.observed)
    moments = (moments_of(np.stack([sample[names].to_numpy() for sample in samples])),)
    done = refitter.from_moments(moments)
    rows = _named(fit, est=done.theta, se=refitter.standard_errors(done.theta, moments))
    return rows.assign(chisq=refitter.n_total(part.n_obs for part in moments) * done.f)


def _errors(fit: cs.Fit) -> np.ndarray:
    """Return the fit's own standard errors (q)."""
    return np.sqrt(np.diag(fit.vcov))


def _named(fit: cs.Fit, **numbers: np.ndarray) -> pd.DataFrame:
    """Return parameters (replications x q) by the rows of the parameter table."""
    places = fit.layout.places
    free = places >= 0
    cells = fit.estimates.loc[free, ["lhs", "op", "rhs", "group"]].astype(str).agg("|".join, axis=1)
    tables = [
        pd.DataFrame(of[:, places[free]], columns=f"{kind}|" + cells)
        for kind, of in numbers.items()
    ]
    return pd.concat(tables, axis=1)
