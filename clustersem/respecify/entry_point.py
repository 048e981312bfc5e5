"""What a user calls to make a model better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.fit.result import Fit

if TYPE_CHECKING:
    from clustersem.respecify.policy import RespecificationPolicy
    from clustersem.respecify.result import Respecification


def respecify(
    fit: Fit, policy: RespecificationPolicy | None = None, *, progress: bool | None = None
) -> Respecification:
    """Free parameters one at a time, and keep the evidence for each.

    With `policy.steps` these are made, in their order. Without, the allowed parameter with the
    largest modification index is freed, the model is fitted again, and so on until the target is
    met, `max_steps` is reached, or no allowed index is `minimum_mi` or more; `policy.search` and
    `policy.criterion` name other ways to look for a model. Every other parameter stays as it was,
    so each step costs one degree of freedom. A step to a model that is not identified or does not
    converge is skipped, with the reason, and not tried again.

    Modification indices are computed on the data that the respecified model is then tested on, so
    the result capitalises on chance: in samples of a few hundred, searches seldom end at the true
    model, and the gain in fit shrinks in new data (MacCallum et al., 1992). Prefer steps that
    theory names, state the reason, and confirm them on other respondents.

    Where the estimator corrects its test (MLR, WLSMV, ...), modification indices, chi2 and its drop
    are those of the plain statistic, which the indices approximate; a step's p-value is that of the
    scaled difference test, and targets and reported measures of fit (chi2/df, CFI, RMSEA) are the
    robust ones, or the scaled ones where there are no robust ones.

    Parameters
    ----------
    fit : Fit
        A converged fit. It is not changed.
    policy : RespecificationPolicy, optional
        What may be freed, and when to stop; by default residual covariances of items of the same
        construct, while an index is 3.84 or more.
    progress : bool, optional
        A line on stderr that counts the fitted models: True at once, False never, None where
        stderr is a terminal and it takes longer than two seconds.

    Returns
    -------
    Respecification
        ``.steps``, ``.fit``, ``.candidates``, ``.stopped``, ``.table``, and of searches that
        compare models ``.visited``; print it to read it. A policy that allows nothing gives a
        result without steps, whose ``.stopped`` says so.

    Raises
    ------
    EstimationError
        Where the fit did not converge.
    UnsupportedError
        Where the fit has several groups.
    ModelError
        Where a given step is free already, is forbidden by the same policy, or names a variable
        that the model does not have; where the target names no measure; where there are more sets
        than an exhaustive search may compare.

    References
    ----------
    MacCallum, R. C., Roznowski, M., & Necowitz, L. B. (1992). Model modifications in covariance
    structure analysis: The problem of capitalization on chance. Psychological Bulletin, 111,
    490-504. doi:10.1037/0033-2909.111.3.490
    Soerbom, D. (1989). Model modification. Psychometrika, 54, 371-384. doi:10.1007/BF02294623

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> s = pd.DataFrame(0.4 + 0.6 * np.eye(5), index=list("abcde"), columns=list("abcde"))
    >>> s.loc["a", "b"] = s.loc["b", "a"] = 0.6
    >>> fit = cs.cfa("f =~ a + b + c + d + e", cov=s, n_obs=300)
    >>> result = cs.respecify(fit, cs.RespecificationPolicy(target={"rmsea": "< .05"}))
    >>> [step.name for step in result.steps], result.fit.df
    (['a ~~ b'], 4)
    """
    from clustersem.respecify.respecified import respecified

    return respecified(fit, policy, progress)
