"""A structure and its parameters from the rows of lavaan's parameter table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clustersem.engine.complete_group import CompleteGroup
from clustersem.engine.likelihood import MaximumLikelihood, NormalEvaluation
from clustersem.engine.ram import COVARIANCE, INTERCEPT, PATH, Cells, Ram
from clustersem.moments.order import MomentOrder
from helpers.independence import independence_model


@dataclass(frozen=True)
class Structure:
    """All groups' structures in one theta, at lavaan's estimates."""

    rams: list[Ram]
    observed: list[str]
    theta: np.ndarray
    se: np.ndarray


def structure(columns: dict[str, list[Any]], shared: tuple[str, ...] = ()) -> Structure:
    """Return the structure; parameters whose operators are in `shared` are equal across groups.

    Of intercepts only those of observed variables are shared.
    """
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    latent = list(dict.fromkeys(r["lhs"] for r in rows if r["op"] == "=~"))
    named = (name for r in rows for name in (r["lhs"], r["rhs"]))
    observed = [name for name in dict.fromkeys(named) if name and name not in latent]
    names = observed + latent
    place: dict[tuple[str, str, str, int], int] = {}
    theta: list[float] = []
    se: list[float] = []
    parts = []
    for group in sorted({r["group"] for r in rows}):
        m = len(names)
        fixed = (np.zeros((m, m)), np.zeros((m, m)), np.zeros(m))
        cells = []
        for r in (r for r in rows if r["group"] == group):
            left = names.index(r["lhs"])
            right = names.index(r["rhs"]) if r["rhs"] else left
            kind = {"=~": PATH, "~": PATH, "~~": COVARIANCE, "~1": INTERCEPT}[r["op"]]
            i, j = (right, left) if r["op"] == "=~" else (left, right)
            if r["free"]:
                equal = r["op"] in shared and not (kind == INTERCEPT and r["lhs"] in latent)
                key = (r["lhs"], r["op"], r["rhs"], 0 if equal else group)
                if key not in place:
                    place[key] = len(theta)
                    theta.append(r["est"])
                    se.append(r["se"])
                cells.append((kind, i, j, place[key]))
            elif kind == INTERCEPT:
                fixed[2][i] = r["est"]
            else:
                fixed[kind][i, j] = r["est"]
                if kind == COVARIANCE:
                    fixed[1][j, i] = r["est"]
        parts.append((cells, fixed))
    means = any(r["op"] == "~1" for r in rows)
    rams = []
    for cells, fixed in parts:
        kind, i, j, at = (np.array(column, dtype=np.intp) for column in zip(*cells, strict=True))
        of = Cells(kind, i, j, len(names))
        rams.append(Ram(len(observed), len(theta), of, at, *fixed, means))
    return Structure(rams, observed, np.array(theta), np.array(se))


def complete_group(
    model: Ram,
    theta: np.ndarray,
    data: np.ndarray,
    *,
    share: float = 1.0,
    weights: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    fixed: np.ndarray | None = None,
) -> tuple[CompleteGroup, NormalEvaluation, MaximumLikelihood]:
    """Return the cases of one group at a model."""
    w = np.ones(len(data)) if weights is None else weights
    mean = w @ data / len(data)
    centred = data - mean
    cov = centred.T @ (centred * w[:, None]) / len(data)
    sample = MaximumLikelihood(cov, mean, float(np.linalg.slogdet(cov)[1]))
    at = sample.at(model, theta)
    assert at is not None
    group = CompleteGroup(
        model=model,
        point=at.point,
        precision=at.precision,
        data=data,
        cov=cov,
        mean=mean,
        share=share,
        weights=weights,
        cluster=cluster,
        fixed=fixed,
    )
    return group, at, sample


def observed_information(model: Ram, sample: MaximumLikelihood, at: NormalEvaluation) -> np.ndarray:
    """Return half the exact Hessian of F by parameters."""
    by_cell = 0.5 * sample.exact(at, model.cells)
    k = model.collapse
    return by_cell if k is None else k.T @ by_cell @ k


def moment_vector(cov: np.ndarray, mean: np.ndarray, order: MomentOrder) -> np.ndarray:
    """Return means, variances and covariances of continuous variables in their order."""
    means = [mean] if order.has_means else []
    return np.concatenate([*means, cov.diagonal(), cov[order.rows, order.cols]])


@dataclass(frozen=True)
class Corrected:
    """All groups of a case, under its model and under the independence model."""

    given: Structure
    groups: list[CompleteGroup]
    baseline: list[CompleteGroup]
    observed: np.ndarray
    observed_baseline: list[np.ndarray]
    chisq: float
    n_obs: int

    def total(self, name: str) -> np.ndarray:
        """Return the sum over groups of one of their matrices, by shares."""
        parts = [group.share * getattr(group, name) for group in self.groups]
        return np.sum(parts, axis=0)


def corrected(
    given: Structure,
    frames: list[pd.DataFrame],
    *,
    weights: np.ndarray | None = None,
    cluster: np.ndarray | None = None,
    covariates: tuple[str, ...] = (),
    fixed_x: bool = False,
) -> Corrected:
    """Return a case at lavaan's estimates."""
    n = sum(len(frame) for frame in frames)
    places = np.array([given.observed.index(name) for name in covariates], dtype=np.intp)
    options = {"weights": weights, "cluster": cluster, "fixed": places if fixed_x else None}
    groups, baseline, base_hessians = [], [], []
    observed = np.zeros((len(given.theta),) * 2)
    chisq = 0.0
    for model, frame in zip(given.rams, frames, strict=True):
        data = frame[given.observed].to_numpy(float)
        share = len(data) / n
        group, at, sample = complete_group(model, given.theta, data, share=share, **options)
        observed += share * observed_information(model, sample, at)
        chisq += len(data) * at.f
        groups.append(group)
        null, start = independence_model(
            sample.cov,
            sample.mean,
            places,
            has_means=model.has_means,
            fixed_x=fixed_x,
        )
        base, base_at, _ = complete_group(null, start, data, share=1.0, **options)
        baseline.append(base)
        base_hessians.append(observed_information(null, sample, base_at))
    return Corrected(given, groups, baseline, observed, base_hessians, chisq, n)
