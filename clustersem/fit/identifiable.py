"""Whether any data could determine the parameters of a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clustersem.engine.inference import parameter_covariance
from clustersem.engine.objective import Objective
from clustersem.engine.ram import Array, Index
from clustersem.engine.restrictions import Restrictions
from clustersem.errors import IdentificationError, ModelError
from clustersem.fit.assemble import Layout
from clustersem.fit.discrepancies import moment_order
from clustersem.fit.tables import parameter_names
from clustersem.moments import SampleMoments
from clustersem.spec import ModelSpec


def n_moments(spec: ModelSpec, samples: Sequence[SampleMoments]) -> int:
    """Return how many sample moments the model explains, in all groups."""
    total = 0
    for number, sample in enumerate(samples, start=1):
        order = moment_order(sample, has_means=spec.options.meanstructure)
        given = {sample.names[place] for place in order.covariates}
        fixed = [p for p in spec.parameters if p.from_sample and p.group == number]
        total += order.n_moments - sum(p.lhs not in given for p in fixed)
    return total


def check_counts(
    spec: ModelSpec, layout: Layout, samples: Sequence[SampleMoments], n_equalities: int
) -> None:
    """Raise where there are more free parameters than moments, or none at all."""
    if layout.n_free == 0:
        raise ModelError("the model has no free parameter, so there is nothing to estimate.")
    p, known = len(spec.observed), n_moments(spec, samples)
    n_free = layout.n_free - n_equalities
    if n_free > known:
        raise IdentificationError(
            f"the model has {n_free} free parameters, but {p} observed variables give only"
            f" {known} {'means, ' if spec.options.meanstructure else ''}variances and covariances"
            f" to determine them. Fix or remove at least {n_free - known}"
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
    objective: Objective,
    start: Array,
    involved: Index,
    restrictions: Restrictions,
) -> None:
    """Raise where the information is singular not only at the estimates but everywhere.

    Estimates that run off to infinity, or happen to be zero where they must not be, make it
    singular in models that are identified. So ranks are taken at random points around the starting
    values, which are in the middle of the parameter space; a rank that is full anywhere is full
    almost everywhere.
    """
    first = objective.at(start)
    if first is None:
        return
    spread = np.sqrt(2.0 / np.maximum(objective.expected(first).diagonal(), 1e-300))
    size = np.minimum(spread, 1.0 + np.abs(start))
    generator = np.random.default_rng(20220318)
    names = parameter_names(spec, layout)
    lasting = set(involved.tolist())
    seen = 0
    for _ in range(24):
        away = 0.1 * size * generator.standard_normal(len(size))
        theta = restrictions.near(start + away, 1.0 / size)
        there = objective.at(theta)
        if there is not None:
            seen += 1
            hessian, rows = objective.expected(there), restrictions.equal(theta).jacobian
            lasting &= set(parameter_covariance(hessian, 1.0, rows)[1].tolist())
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
