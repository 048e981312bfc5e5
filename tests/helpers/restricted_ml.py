"""Maximum likelihood fits under restrictions, put together from the engine's parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from clustersem.engine.constrained import ConstrainedOptimum, minimise_constrained
from clustersem.engine.likelihood import (
    Evaluation,
    Sample,
    cholesky,
    discrepancy,
    gradient,
    hessian,
    log_det,
)
from clustersem.engine.observed import observed_hessian
from clustersem.engine.ram import Ram
from clustersem.engine.starts import starting_values
from clustersem.fit.assemble import Layout, layout_of, ram_of
from clustersem.fit.restrictions import ModelRestrictions, restrictions_of
from clustersem.spec import ModelSpec, build_spec, options_for


@dataclass(frozen=True)
class MaximumLikelihood:
    """The normal-theory discrepancy of one group as an objective."""

    model: Ram
    sample: Sample

    @property
    def n_free(self) -> int:
        return self.model.n_free

    def at(self, theta: np.ndarray) -> Evaluation | None:
        return discrepancy(self.model, self.sample, theta)

    def gradient(self, state: Evaluation) -> np.ndarray:
        return gradient(self.model, self.sample, state)

    def expected(self, state: Evaluation) -> np.ndarray:
        return hessian(self.model, state)

    def exact(self, state: Evaluation) -> np.ndarray:
        return observed_hessian(self.model, self.sample, state)


@dataclass(frozen=True)
class RestrictedFit:
    spec: ModelSpec
    layout: Layout
    model: Ram
    sample: Sample
    restrictions: ModelRestrictions
    optimum: ConstrainedOptimum
    n: int

    @property
    def places(self) -> list[int]:
        return places_of(self.spec, self.layout)


def places_of(spec: ModelSpec, layout: Layout) -> list[int]:
    places = np.full(len(spec.parameters), -1)
    places[layout.free] = layout.parameter
    return places.tolist()


def bare(spec: ModelSpec) -> ModelSpec:
    """Return the same parameters without what restricts them."""
    return replace(spec, constraints=(), bounds=())


def fit_restricted(
    text: str,
    data: pd.DataFrame,
    *,
    bounds: str | bool | None = None,
    start: np.ndarray | None = None,
    **options: object,
) -> RestrictedFit:
    """Fit a model with its constraints by maximum likelihood."""
    spec = build_spec(text, options_for("sem", **options))
    frame = data[list(spec.observed)].dropna()
    cov, mean = np.cov(frame.T.to_numpy(), bias=True), frame.mean().to_numpy()
    layout = layout_of(bare(spec))
    model = ram_of(spec, layout, cov, mean)
    factor = cholesky(cov)
    assert factor is not None
    sample = Sample(cov, mean, log_det(factor))
    restrictions = restrictions_of(
        spec, places_of(spec, layout), bounds=bounds, variances=[cov.diagonal()]
    )
    if start is None:
        start = starting_values(model, cov, mean, layout.given)
    optimum = minimise_constrained(MaximumLikelihood(model, sample), start, restrictions.numbers)
    return RestrictedFit(spec, layout, model, sample, restrictions, optimum, len(frame))
