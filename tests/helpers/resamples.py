"""Models of every kind, fitted, for tests of resampling."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import clustersem as cs
from helpers.reference import data

TWO = "f =~ x1 + x2 + x3; g =~ x4 + x5 + x6; g ~ b*f"
PLAIN = "f =~ x1 + x2 + x3; g =~ x4 + x5 + x6"
CUTS = "f =~ o1 + o2 + o3; g =~ o4 + o5 + o6; g ~ f"
#: In standard errors how far apart two searches end: each leaves a decrement of F of 1e-16 at most,
#: and N / 2 times that, of 400 observations, is the square of 1.4e-7.
CLOSE = 3e-7


def school() -> pd.DataFrame:
    """Return Holzinger and Swineford's data with a design."""
    return data("hs_design")


def gaps() -> pd.DataFrame:
    """Return the same with missing answers."""
    return data("hs_design_missing")


@cache
def ordinal() -> pd.DataFrame:
    """Return ordinal answers of many, so that no category of a resample is empty."""
    rng = np.random.default_rng(12)
    f = rng.standard_normal(400)
    g = 0.6 * f + 0.8 * rng.standard_normal(400)
    latent = 0.75 * np.column_stack([f, f, f, g, g, g]) + 0.66 * rng.standard_normal((400, 6))
    answers = 1 + (latent > -0.5).astype(int) + (latent > 0.6)
    frame = pd.DataFrame(answers, columns=[f"o{i}" for i in range(1, 7)])
    return frame.assign(x=f + rng.standard_normal(400), group=np.where(rng.random(400) < 0.5, 1, 2))


@cache
def paths() -> pd.DataFrame:
    """Return variables that act on each other."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.standard_normal((150, 3)), columns=["x", "z", "w"])
    frame["y"] = 0.5 * frame["x"] + rng.standard_normal(150)
    frame["m"] = 0.4 * frame["y"] + 0.3 * frame["w"] + rng.standard_normal(150)
    return frame


#: name -> (model, data, options): fits that are resampled in batches.
BATCHED: dict[str, tuple[str, Callable[[], pd.DataFrame], dict[str, Any]]] = {
    "cfa": (PLAIN, school, {}),
    "structural": (TWO + "; x2 ~~ x5", school, {}),
    "equal labels": ("f =~ x1 + a*x2 + a*x3; g =~ x4 + a*x5 + x6", school, {}),
    "defined": (TWO + "; double := 2*b; odd := sqrt(double)", school, {}),
    "means": ("f =~ x4 + x5 + x6; x4 ~ c*1; x6 ~ c*1", school, {"meanstructure": True}),
    "growth": (
        "i =~ 1*t1 + 1*t2 + 1*t3 + 1*t4; s =~ 0*t1 + 1*t2 + 2*t3 + 3*t4; i ~ x1; s ~ x1",
        lambda: data("demo_growth"),
        {"fun": "growth"},
    ),
    "groups": (TWO, school, {"group": "school", "group_equal": ["loadings"]}),
    "covariates": ("f =~ x1 + x2 + x3; f ~ ageyr + x9; x3 ~ ageyr", school, {}),
    "covariates, means": ("f =~ x1 + x2 + x3; f ~ ageyr", school, {"meanstructure": True}),
    "random covariates": ("f =~ x4 + x5 + x6; f ~ ageyr + x9", school, {"fixed_x": False}),
    "nonrecursive": ("y ~ m + x; m ~ y + w + z; y ~~ m", paths, {}),
    "path": ("y ~ a*x + z; m ~ b*y + w; ab := a*b", paths, {}),
    "any order": ("x2 ~~ x5; g ~ f; g =~ x4 + x5 + x6; f =~ x1 + x2 + x3", school, {}),
    "wishart": (TWO, school, {"likelihood": "wishart", "group": "school"}),
    "MLR": (TWO, school, {"estimator": "MLR"}),
    "MLM": (TWO, school, {"estimator": "MLM"}),
    "MLMV": (TWO, school, {"estimator": "MLMV"}),
    "MLF": (TWO, school, {"estimator": "MLF"}),
    "weights": (TWO, school, {"sampling_weights": "weight"}),
    "clusters": (TWO, school, {"cluster": "cluster"}),
}

#: The same of fits that are resampled one after the other.
ONE_BY_ONE: dict[str, tuple[str, Callable[[], pd.DataFrame], dict[str, Any]]] = {
    "GLS": (TWO, school, {"estimator": "GLS"}),
    "ULS": (TWO, school, {"estimator": "ULS"}),
    "WLS": (TWO, school, {"estimator": "WLS"}),
    "DWLS": (CUTS, ordinal, {"estimator": "DWLS", "ordered": True}),
    "WLSMV": (CUTS, ordinal, {"estimator": "WLSMV", "ordered": True}),
    "ULSMV": (CUTS, ordinal, {"estimator": "ULSMV", "ordered": True}),
    "given x": ("f =~ o1 + o2 + o3; f ~ x", ordinal, {"ordered": ["o1", "o2", "o3"]}),
    "theta": (CUTS, ordinal, {"ordered": True, "parameterization": "theta"}),
    "FIML": (TWO, gaps, {"missing": "fiml"}),
    "FIML, groups": (TWO, gaps, {"missing": "fiml", "group": "school"}),
    "constraint": (TWO + "; f ~~ v*f; v > 0.1; b == 2*v", school, {}),
    "bounds": (TWO, school, {"bounds": "standard"}),
}
ALL = BATCHED | ONE_BY_ONE


def frame_of(name: str) -> pd.DataFrame:
    """Return the data of a case."""
    return ALL[name][1]()


def refitted(name: str, frame: pd.DataFrame) -> cs.Fit:
    """Return a case's model fitted to other data."""
    model, _, options = ALL[name]
    options = dict(options)
    with warnings.catch_warnings():
        # Small and unusual samples have much to say; what is tested is the numbers.
        warnings.simplefilter("ignore")
        return getattr(cs, options.pop("fun", "sem"))(model, frame, **options)


@cache
def fitted(name: str) -> cs.Fit:
    """Return a case fitted to its data."""
    return refitted(name, frame_of(name))


def rows_by_group(fit: cs.Fit, frame: pd.DataFrame, group: str | None) -> list[np.ndarray]:
    """Return the rows of the frame that each group of the fit has, in its order."""
    if group is None:
        return [np.arange(len(frame))]
    labels = frame[group].astype(str).to_numpy()
    return [np.flatnonzero(labels == label) for label in fit.groups]


def draw(name: str, seed: int) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Return the rows of a resample within groups, and the resample as data."""
    fit, frame = fitted(name), frame_of(name)
    rng = np.random.default_rng(seed)
    group = ALL[name][2].get("group")
    whole = rows_by_group(fit, frame, group)
    drawn = [rng.integers(0, len(rows), len(rows)) for rows in whole]
    chosen = np.concatenate([rows[own] for rows, own in zip(whole, drawn, strict=True)])
    return drawn, frame.iloc[chosen].reset_index(drop=True)
