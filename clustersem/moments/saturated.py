"""Maximum likelihood means and covariances of incomplete normal data, with no model.

EM steps (Dempster, Laird, & Rubin, 1977) converge at the rate of the missing information; Anderson
mixing of the last steps makes that a few dozen at any rate. A mixed step that lowers the likelihood
gives way to the plain one.

References
----------
Walker, H. F., & Ni, P. (2011). Anderson acceleration for fixed-point iterations. SIAM Journal on
Numerical Analysis, 49, 1715-1735. doi:10.1137/10078356X
Little, R. J. A., & Rubin, D. B. (2019). Statistical analysis with missing data (3rd ed.). Wiley.
doi:10.1002/9781119482260
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersem.moments.incomplete import Completion, Incomplete, arrange
from clustersem.moments.order import Array, Index
from clustersem.moments.patterns import MissingPatterns, missing_patterns

# Length of an EM step in the metric of the complete data's information (of one case), at which the
# estimates have converged. It means the same in any units and after any rotation of the variables.
SMALLEST_STEP = 1e-10
# How many steps are mixed.
MEMORY = 8
# Share of a variable's variance that the others leave unexplained, below which the covariance
# matrix counts as singular: the likelihood then grows without limit.
SINGULAR = 1e-9
ROUNDING = 1e-15


@dataclass(frozen=True, eq=False)
class SaturatedEstimates:
    """Maximum likelihood estimates of the unrestricted normal model.

    Attributes
    ----------
    cov : ndarray of shape (p, p)
        Covariance matrix (maximum likelihood, the counterpart of divisor n).
    mean : ndarray of shape (p,)
        Means.
    log_likelihood : float
        Of the observed values at the estimates, weighted where there are weights.
    iterations : int
        Evaluations of the likelihood.
    converged : bool
        Whether EM steps have become smaller than any digit that matters.
    singular : bool
        Whether the iterations ended because the covariance matrix became singular: a variable
        follows from others in the rows that hold them all, or there are too few rows.
    """

    cov: Array
    mean: Array
    log_likelihood: float
    iterations: int
    converged: bool
    singular: bool


def saturated_estimates(
    data: Array,
    *,
    patterns: MissingPatterns | None = None,
    weights: Array | None = None,
    max_iterations: int = 1000,
) -> SaturatedEstimates:
    """Return the maximum likelihood mean and covariance matrix of incomplete normal data.

    Parameters
    ----------
    data : ndarray of shape (n, p)
        Observations, NaN where missing. Every row has an answer, every variable varies.
    patterns : MissingPatterns, optional
        Patterns of the data, where they are known.
    weights : ndarray of shape (n,), optional
        Sampling weights, positive.
    max_iterations : int
        Evaluations of the likelihood after which to stop.

    Returns
    -------
    SaturatedEstimates
        With `converged` False where the likelihood has no maximum or was not reached.

    Examples
    --------
    >>> data = np.array([[1.0, 2.0], [2.0, 4.0], [4.0, 3.0], [3.0, np.nan]])
    >>> estimates = saturated_estimates(data)
    >>> estimates.converged, estimates.mean.round(4).tolist()
    (True, [2.5, 3.0357])
    """
    known = missing_patterns(data) if patterns is None else patterns
    return maximise(arrange(data, known, weights), max_iterations=max_iterations)


def maximise(data: Incomplete, *, max_iterations: int = 1000) -> SaturatedEstimates:
    """Return the estimates from data that are already arranged."""
    mean, cov = _start(data)
    at = data.complete(mean, cov)
    if at is None:  # as where a variable does not vary
        return SaturatedEstimates(cov, mean, -np.inf, 1, False, True)
    lower = np.tril_indices(len(mean))
    sd = np.sqrt(cov.diagonal())
    scale = np.concatenate([sd, (sd[:, None] * sd)[lower]])
    here = np.concatenate([mean, cov[lower]]) / scale
    steps: list[Array] = []
    images: list[Array] = []
    iterations = 1
    while True:
        image = np.concatenate([at.mean + at.shift, at.cov[lower]]) / scale
        step = image - here
        spread = cov.diagonal()
        unexplained = 1.0 / float((at.precision.diagonal() * spread).max())
        # A step cannot become smaller than the rounding error of what it is added to.
        far = float(np.abs(at.mean / np.sqrt(spread)).max())
        reach = ROUNDING * (1.0 / unexplained + far / np.sqrt(unexplained))
        converged = _length(at, cov) < max(SMALLEST_STEP, reach)
        singular = unexplained < SINGULAR
        if converged or singular or iterations >= max_iterations:
            break
        steps.append(step)
        images.append(image)
        del steps[: -MEMORY - 1], images[: -MEMORY - 1]
        if len(steps) > 1:
            proposal = _mixed(steps, images)
            mean, cov = _unpacked(proposal * scale, lower)
            trial = data.complete(mean, cov)
            iterations += 1
        else:
            trial = None
        if trial is None or trial.log_likelihood < at.log_likelihood - _rounding(at):
            del steps[:-1], images[:-1]
            proposal = image
            mean, cov = _unpacked(proposal * scale, lower)
            trial = data.complete(mean, cov)
            iterations += 1
            if trial is None:
                singular = True
                break
        at, here = trial, proposal
    mean, cov = _unpacked(here * scale, lower)
    return SaturatedEstimates(
        cov, mean, at.log_likelihood, iterations, converged and not singular, singular
    )


def _length(at: Completion, cov: Array) -> float:
    """Return the root of d' P d + tr(P D P D) / 2, with d and D the EM step of mean and cov."""
    p, d = at.precision, at.shift
    change = p @ (at.cov - cov)
    return float(np.sqrt(d @ p @ d + 0.5 * max(float(np.vdot(change, change.T)), 0.0)))


def _start(data: Incomplete) -> tuple[Array, Array]:
    """Return means and covariances of what is observed, or the variances alone."""
    counts = data.exposure.T @ data.exposure
    n = counts.diagonal()
    mean = (data.root @ data.values) / n
    centred = data.values - data.exposure * mean
    sums = centred.T @ centred
    variances = sums.diagonal() / n
    with np.errstate(divide="ignore", invalid="ignore"):
        cov = np.where(counts > 0.0, sums / counts, 0.0)
    np.fill_diagonal(cov, variances)
    sd = np.sqrt(variances)
    if not (sd > 0.0).all() or np.linalg.eigvalsh(cov / np.outer(sd, sd))[0] < 0.01:
        cov = np.diag(variances)
    return mean, cov


def _mixed(steps: list[Array], images: list[Array]) -> Array:
    """Return the combination of images whose steps, so combined, come nearest to none."""
    d_steps = np.diff(np.array(steps), axis=0)
    d_images = np.diff(np.array(images), axis=0)
    weights = np.linalg.lstsq(d_steps.T, steps[-1], rcond=1e-10)[0]
    proposal: Array = images[-1] - weights @ d_images
    return proposal


def _unpacked(moments: Array, lower: tuple[Index, Index]) -> tuple[Array, Array]:
    """Return the mean and the covariance matrix from one vector."""
    p = int(lower[0][-1]) + 1
    cov = np.empty((p, p))
    cov[lower] = cov.T[lower] = moments[p:]
    return moments[:p].copy(), cov


def _rounding(at: Completion) -> float:
    """Return by how much the log-likelihood may fall for no reason but rounding."""
    return 1e-12 * (abs(at.log_likelihood) + at.data.n_values)
