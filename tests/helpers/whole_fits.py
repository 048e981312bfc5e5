"""Fits of several groups and of ordinal items, made of the parts that the entry points use."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

import clustersem as cs
from clustersem.fit.estimation import fit_samples
from clustersem.fit.options import FitOptions
from clustersem.moments import MomentOrder, SampleMoments
from clustersem.moments.sample import OrdinalStatistics
from clustersem.moments.sources import moments_from_data
from clustersem.spec.defaults import options_for
from clustersem.spec.model import build_spec
from helpers.reference import REFERENCE, data

ORDINAL = json.loads((REFERENCE / "ordinal_scores.json").read_text())["cases"]


def two_schools(model: str, **options: object) -> cs.Fit:
    """Return a fit of a model to the two schools of Holzinger and Swineford."""
    answers = data("holzinger1939")
    spec = build_spec(model, options_for("sem", n_groups=2, **options))
    samples = tuple(
        dataclasses.replace(
            moments_from_data(some, spec.observed, source="the data"), label=str(school)
        )
        for school, some in answers.groupby("school", sort=False)
    )
    return fit_samples(spec, samples, FitOptions())


def ordinal_fit(name: str, rows: slice = slice(None)) -> cs.Fit:
    """Return a fit to the moments that lavaan's estimates imply, so its estimates are lavaan's."""
    told = ORDINAL[name]
    items = tuple(told["items"])
    cuts = [np.array(told["thresholds"].get(item, [])) for item in items]
    spec = build_spec(
        told["model"],
        dataclasses.replace(
            options_for("sem", ordered=told["ordered"]),
            thresholds=tuple((i, len(c)) for i, c in zip(items, cuts, strict=True) if len(c)),
        ),
    )
    assert spec.observed == items
    loadings, phi = np.array(told["lambda"]), np.array(told["latent_cov"])
    sigma = loadings @ phi @ loadings.T + np.array(told["theta"])
    order = MomentOrder(tuple(len(c) for c in cuts), True)
    values = np.empty(order.n_moments)
    values[order.thresholds] = np.concatenate(cuts)
    values[order.means] = np.array(told["intercepts"], dtype=float)[order.continuous]
    values[order.variances] = sigma.diagonal()[order.continuous]
    values[order.covariances] = sigma[order.rows, order.cols]
    answers = np.array(told["answers"], dtype=float)[rows]
    categories = tuple(np.arange(1.0, len(c) + 2) if len(c) else np.empty(0) for c in cuts)
    sample = SampleMoments(
        items,
        sigma,
        np.array(told["intercepts"], dtype=float),
        600,
        600,
        data=answers,
        ordinal=OrdinalStatistics(order, values, np.eye(len(values)), categories),
    )
    return fit_samples(spec, (sample,), FitOptions(estimator="ULSMV", discrepancy="ULS"))
