"""What a researcher should know before reading the numbers of a fit, in plain sentences."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from clustersem.engine.optimiser import Optimum
from clustersem.engine.ram import Array, Index, Point
from clustersem.errors import (
    AdmissibilityWarning,
    ClusterSemWarning,
    ConvergenceWarning,
    DataWarning,
    IdentificationWarning,
)
from clustersem.fit.admissible import DEPENDENT, negative_variances, smallest_eigenvalue
from clustersem.fit.assemble import Layout
from clustersem.fit.sample_notes import sample_notes
from clustersem.fit.status import status_of
from clustersem.fit.tables import parameter_names
from clustersem.moments import SampleMoments
from clustersem.spec import ModelSpec


def notes_on(
    spec: ModelSpec,
    layout: Layout,
    samples: tuple[SampleMoments, ...],
    optimum: Optimum,
    involved: Index,
) -> list[tuple[type[ClusterSemWarning] | None, str]]:
    """Return what the researcher should know, with the warning to give where it is serious."""
    assert optimum.at is not None
    notes: list[tuple[type[ClusterSemWarning] | None, str]] = [(None, n) for n in spec.notes]
    notes += [(DataWarning, sentence) for sentence in _single_items(spec)]
    notes += sample_notes(samples, layout.n_free)
    notes += [(None, sentence) for sentence in _auxiliary(spec, samples)]
    if optimum.code != "converged":
        sentence = str(status_of(optimum.code, 0, 0.0))
        if len(involved):
            names = parameter_names(spec, layout)
            least = ", ".join(names[i] for i in involved)
            sentence += f" The data hardly determine {least}."
        notes.append((ConvergenceWarning, sentence))
        return notes
    notes += [(None, sentence) for sentence in _undefined(spec, layout, optimum.theta)]
    if len(involved):
        names = parameter_names(spec, layout)
        notes.append(
            (
                IdentificationWarning,
                "at these estimates the data cannot tell apart "
                + ", ".join(names[i] for i in involved)
                + "; they have no standard errors. Simplify the model around them.",
            )
        )
    for sample, at in zip(samples, optimum.at.groups, strict=True):
        where = f" in group {sample.label}" if sample.label else ""
        notes += [(AdmissibilityWarning, x) for x in _inadmissible(layout, at.point, where)]
    return notes


def _inadmissible(layout: Layout, point: Point, where: str) -> list[str]:
    """Return what is inadmissible in one group's solution."""
    negative = [layout.names[i] for i in negative_variances(point)]
    if negative:
        return [
            f"negative variance (Heywood case) of {', '.join(negative)}{where}: the solution is"
            " not admissible. Look for a weak or redundant item, a two-item factor, or too small a"
            " sample."
        ]
    p = len(point.uv)
    total = point.covariance[p:, p:]
    if total.size:
        smallest = smallest_eigenvalue(total)
        if smallest < DEPENDENT:
            return [
                f"the covariance matrix of the latent variables{where} is not positive definite"
                f" (smallest eigenvalue of their correlations {smallest:.2g}): two of them may"
                " be one, or one a sum of others."
            ]
    return []


def _undefined(spec: ModelSpec, layout: Layout, theta: Array) -> list[str]:
    """Return a sentence for every defined parameter that the estimates do not define."""
    known = {
        row.label: float(theta[place]) if place >= 0 else row.value or 0.0
        for row, place in zip(spec.parameters, layout.places, strict=True)
        if row.label
    }
    sentences = []
    for constraint in spec.constraints:
        if constraint.op == ":=":
            value = known[constraint.lhs] = constraint.rhs.evaluate(known)
            if not np.isfinite(value):
                sentences.append(
                    f"{constraint} cannot be computed from these estimates: it divides by zero, or"
                    " takes a root or logarithm of a negative number."
                )
    return sentences


def _auxiliary(spec: ModelSpec, samples: tuple[SampleMoments, ...]) -> list[str]:
    """Return what the auxiliary variables did; nothing where there are none."""
    names = spec.options.auxiliary
    if not names:
        return []
    said = f"the auxiliary variable{'s' if len(names) > 1 else ''} {', '.join(names)}"
    own = len(spec.target)
    if not any(s.data is not None and np.isnan(s.data[:, :own]).any() for s in samples):
        return [
            f"no answer to a variable of the model is missing, so that {said} cannot help:"
            " estimates are the same without. Leave auxiliary= out."
        ]
    return [
        f"{said[0].upper()}{said[1:]} covary with all others; degrees of freedom and indices of fit"
        " are those of the model without. Compare AIC and BIC only with fits that have the same"
        " auxiliary variables."
    ]


@lru_cache(maxsize=256)
def _single_items(spec: ModelSpec) -> list[str]:
    """Return a sentence for every construct whose one item is taken as free of error by default."""
    sentences = []
    for latent in spec.latent:
        items = spec.indicators(latent)
        error = spec.find(items[0], "~~", items[0]) if len(items) == 1 else None
        if error is not None and not (error.free or error.user) and not error.value:
            sentences.append(
                f"{latent} is measured by one item, {items[0]}, whose error variance is therefore"
                f" fixed at zero: {latent} is that item. Add items, or fix the error variance at"
                f" (1 - reliability) x variance: {items[0]} ~~ 0.3*{items[0]}."
            )
    return sentences
