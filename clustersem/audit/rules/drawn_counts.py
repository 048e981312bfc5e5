"""Moments and parameters of a model as drawn, counted as the library counts them."""

from __future__ import annotations

from clustersem.fit.assemble import layout_of
from clustersem.moments.order import MomentOrder
from clustersem.spec import ModelSpec


def n_parameters(spec: ModelSpec) -> int | None:
    """Return the number of free parameters, equal ones once; None where constraints change it."""
    if any(constraint.op in ("==", "<", ">") for constraint in spec.constraints):
        return None
    return layout_of(spec).n_free


def n_moments(spec: ModelSpec, *, means: bool | None = None) -> int | None:
    """Return the moments of all groups, those of fixed covariates too.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    means : bool, optional
        Whether means are counted; as in the model where left out.

    Returns
    -------
    int or None
        None for ordinal items whose categories are not known, or that have covariates.
    """
    thresholds = layout_of(spec).n_thresholds
    if spec.options.ordered and (not any(thresholds) or spec.exogenous_observed):
        return None
    if any(thresholds):
        means = True
    elif means is None:
        means = spec.options.meanstructure
    return spec.n_groups * MomentOrder(thresholds, means).n_moments


def degrees_of_freedom(spec: ModelSpec) -> int | None:
    """Return the moments less the parameters.

    Examples
    --------
    >>> from clustersem.spec import build_spec, options_for
    >>> degrees_of_freedom(build_spec("f =~ x1 + x2 + x3 + x4", options_for("cfa")))
    2
    """
    moments, parameters = n_moments(spec), n_parameters(spec)
    if moments is None or parameters is None:
        return None
    return moments - sum(row.from_sample for row in spec.parameters) - parameters


def baseline_df(spec: ModelSpec) -> int | None:
    """Return the covariances of the null model's variables; None with exogenous covariates.

    Programs differ in whether covariates covary in the null model.
    """
    if spec.exogenous_observed or spec.options.auxiliary:
        return None
    p = len(spec.observed)
    return spec.n_groups * p * (p - 1) // 2


def counts_of_moments(spec: ModelSpec) -> tuple[int, ...]:
    """Return the numbers of moments that programs count, the plainest first.

    Means count where they are modelled, which some programs do unasked (full information, robust
    maximum likelihood); moments of exogenous covariates count or do not. Empty for ordinal items.
    """
    covariances, all_moments = (n_moments(spec, means=means) for means in (False, True))
    if covariances is None or all_moments is None or spec.options.ordered:
        return ()
    x = len(spec.exogenous_observed)
    among, own = spec.n_groups * x * (x + 1) // 2, spec.n_groups * x
    counts = (
        covariances,
        covariances - among,
        all_moments,
        all_moments - among,
        all_moments - among - own,
    )
    return tuple(dict.fromkeys(counts))
