"""Whether any data could determine the parameters of a model."""

from __future__ import annotations

import numpy as np

from clustersem.engine.identification import null_space
from clustersem.engine.likelihood import Sample, discrepancy, hessian
from clustersem.engine.ram import Array, Index, Ram
from clustersem.errors import IdentificationError, ModelError
from clustersem.fit.assemble import Layout
from clustersem.fit.tables import parameter_names
from clustersem.spec import ModelSpec


def check_counts(spec: ModelSpec, layout: Layout, model: Ram) -> None:
    """Raise where there are more free parameters than moments, or none at all."""
    if layout.n_free == 0:
        raise ModelError("the model has no free parameter, so there is nothing to estimate.")
    p = model.n_observed
    n_moments = p * (p + 1) // 2 + (p if model.has_means else 0)
    n_moments -= sum(row.from_sample for row in spec.parameters)
    if layout.n_free > n_moments:
        raise IdentificationError(
            f"the model has {layout.n_free} free parameters, but {p} observed variables give only"
            f" {n_moments} {'means, ' if model.has_means else ''}variances and covariances to"
            f" determine them. Fix or remove at least {layout.n_free - n_moments}"
            + (
                ": a factor alone needs three items, and two items need equal loadings"
                " (f =~ a*x1 + a*x2) or a second, correlated factor."
                if spec.latent
                else "."
            ),
            tuple(parameter_names(spec, layout)),
        )


def refuse_unidentified(
    spec: ModelSpec,
    layout: Layout,
    model: Ram,
    sample: Sample,
    start: Array,
    involved: Index,
) -> None:
    """Raise where the information is singular not only at the estimates but everywhere.

    Estimates that run off to infinity, or happen to be zero where they must not be, make it
    singular in models that are identified. So ranks are taken at random points around the starting
    values, which are in the middle of the parameter space; a rank that is full anywhere is full
    almost everywhere.
    """
    first = discrepancy(model, sample, start)
    if first is None:
        return
    spread = np.sqrt(2.0 / np.maximum(hessian(model, first).diagonal(), 1e-300))
    size = np.minimum(spread, 1.0 + np.abs(start))
    generator = np.random.default_rng(20220318)
    names = parameter_names(spec, layout)
    lasting = set(involved.tolist())
    seen = 0
    for _ in range(24):
        away = 0.1 * size * generator.standard_normal(len(size))
        there = discrepancy(model, sample, start + away)
        if there is not None:
            seen += 1
            lasting &= set(null_space(hessian(model, there)).tolist())
        if seen == 6 or not lasting:
            break
    if seen and lasting:
        listed = tuple(names[i] for i in sorted(lasting))
        raise IdentificationError(
            "the model is not identified: no data could tell these parameters apart: "
            + ", ".join(listed)
            + ". Fix one of them (1*x sets a factor's scale), make some equal with a label, or"
            " remove one.",
            listed,
        )
