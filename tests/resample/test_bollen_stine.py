"""Data in which the model holds, and the test that resamples them."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.reference import data, fitted

import clustersem as cs
from clustersem.errors import EstimationError, UnsupportedError
from clustersem.resample.bollen_stine import fit_test, null_data, symmetric_root


def implied(fit):
    """Return implied covariances and means by group, in the order of the samples' variables."""
    names = [list(sample.names) for sample in fit.samples]
    cov, mean = fit.implied_cov, fit.implied_mean
    if len(names) == 1:
        cov, mean = {"": cov}, {"": mean}
    labels = [sample.label for sample in fit.samples]
    covs = [cov[g].loc[n, n].to_numpy() for g, n in zip(labels, names, strict=True)]
    if fit.point.nu is None or mean[labels[0]] is None:
        return covs, None
    return covs, [mean[g].loc[n].to_numpy() for g, n in zip(labels, names, strict=True)]
