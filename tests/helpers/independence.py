"""The independence model in the engine's terms, without a fit."""

from __future__ import annotations

import numpy as np

from clustersem.engine.ram import COVARIANCE, INTERCEPT, Array, Cells, Index, Ram


def independence_model(
    cov: Array, mean: Array, covariates: Index, *, has_means: bool, fixed_x: bool
) -> tuple[Ram, Array]:
    """Return the model in which only exogenous covariates covary, and its parameters.

    Its maximum likelihood estimates are the sample's own moments, so there is nothing to fit.

    Parameters
    ----------
    cov : ndarray of shape (p, p)
        Sample covariance matrix, in the divisor of the likelihood.
    mean : ndarray of shape (p,)
        Sample means.
    covariates : ndarray of int
        Places of exogenous covariates.
    has_means : bool
        Whether means are part of the model.
    fixed_x : bool
        Whether the covariates' moments are fixed at the sample's instead of being estimated.

    Returns
    -------
    model : Ram
        Without latent variables.
    theta : ndarray
        Its estimates.
    """
    p = len(cov)
    others = np.setdiff1d(np.arange(p), covariates)
    rows, cols = np.tril_indices(len(covariates))
    block = (covariates[rows], covariates[cols])
    s0, m0 = np.zeros((p, p)), np.zeros(p)
    estimated = np.zeros(0, dtype=np.intp)
    row, col, with_mean = others, others, others
    if fixed_x:
        s0[np.ix_(covariates, covariates)] = cov[np.ix_(covariates, covariates)]
        if has_means:
            m0[covariates] = mean[covariates]
    else:
        row, col = np.concatenate([row, block[0]]), np.concatenate([col, block[1]])
        with_mean = np.arange(p)
    if has_means:
        estimated = with_mean
    kind = np.repeat([COVARIANCE, INTERCEPT], [len(row), len(estimated)])
    cells = Cells(
        kind, np.concatenate([row, estimated]), np.concatenate([col, estimated]), n_variables=p
    )
    theta = np.concatenate([cov[row, col], mean[estimated]])
    q = len(theta)
    return Ram(p, q, cells, np.arange(q), np.zeros((p, p)), s0, m0, has_means), theta
