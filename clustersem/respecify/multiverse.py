"""What a user calls to see a conclusion under every defensible model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.fit.hypotheses import Hypotheses
from clustersem.fit.result import Fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clustersem.respecify.multiverse_result import Multiverse
    from clustersem.respecify.multiverse_worlds import Deletions, Estimators, Samples
    from clustersem.respecify.policy import RespecificationPolicy
    from clustersem.survey import ScreeningPolicy, Survey


def multiverse(
    fit: Fit,
    policy: RespecificationPolicy | None,
    hypotheses: Hypotheses,
    *,
    max_models: int = 1000,
    estimators: Estimators = (),
    deletions: Deletions = (),
    samples: Samples | None = None,
    alpha: float = 0.05,
    seed: int = 1,
    n_jobs: int | None = 1,
    progress: bool | None = None,
) -> Multiverse:
    """Test hypotheses in every model that a policy of respecification allows.

    A model is the initial one with a set of the allowed parameters freed. Where there are at most
    `max_models` sets (none larger than ``policy.max_steps``), all are looked at. Where there are
    more, they are drawn at random without replacement from the parameters whose modification index
    in the initial model is ``policy.minimum_mi`` or more: as many sets of each size as there are or
    as there is room for, up to ``policy.max_steps``, else up to what the policy's own search frees
    (three at least), each parameter of a set with a chance in proportion to its index, as analysts
    led by indices would choose it. The initial model and those on the way of the policy, which are
    the given steps one after the other or what its search passes, are always among them.

    A model that is not identified, does not converge, or has a solution that is inadmissible where
    the initial model's is not, is left out, counted and named; ``policy.inadmissible="keep"`` keeps
    the last kind, and given steps are kept as :func:`respecify` keeps them.

    Parameters
    ----------
    fit : Fit
        The initial model: a converged fit of one group.
    policy : RespecificationPolicy or None
        What may be freed; None: residual covariances of items of the same construct.
    hypotheses : str, sequence or DataFrame
        As for :func:`test_hypotheses`; about parameters of the initial model.
    max_models : int
        How many models to fit, all samples, estimators and deletions together (a few more where the
        way of the policy needs them).
    estimators : sequence of str, or mapping
        Other estimators to cross with the sets, ``["MLR", "GLS"]``; or what to say to
        :func:`sem` under a name of your own: ``{"ordinal": {"estimator": "WLSMV", "ordered":
        True}}``. The fit's own is always one of them.
    deletions : "each", or sequence
        Items to leave out: ``"each"`` one after the other, as long as its construct keeps two; or
        ``["C1", ("C2", "C7")]``, the last two together. The model with all items is always one of
        them. Where the first item of a construct is left out, the next one sets its scale.
    samples : mapping of str to DataFrame or Survey, optional
        Other samples with the same variables; see :func:`screenings`. That of the fit is always
        one of them.
    alpha : float
        Level of the tests, between 0 and 1.
    seed : int
        Of the random choice of sets.
    n_jobs, progress
        How many processes share the work, and whether a line on stderr counts it; the result is the
        same for every number of processes.

    Returns
    -------
    Multiverse
        ``.table``, ``.models``, ``.estimates``, ``.left_out``; print it to read it, draw it with
        :func:`specification_curve`. A policy that allows nothing gives the initial model alone.

    Raises
    ------
    ModelError, ModelSyntaxError
        Where a hypothesis is not about the initial model or cannot be read, the policy or a
        deletion speaks of what the model does not have, or max_models is no number of models.
    EstimationError
        Where the fit did not converge.
    UnsupportedError
        Where the fit has several groups, or other estimators, items or samples need answers and
        there is but a covariance matrix.

    Notes
    -----
    The shares describe the models that were looked at, each counted once. They are no
    probabilities: the models are not equally plausible, and their results are not independent
    (Steegen et al., 2016). ``.among(target)`` looks at those with a good fit alone.

    References
    ----------
    Simonsohn, U., Simmons, J. P., & Nelson, L. D. (2020). Specification curve analysis. Nature
    Human Behaviour, 4, 1208-1214. doi:10.1038/s41562-020-0912-z
    Steegen, S., Tuerlinckx, F., Gelman, A., & Vanpaemel, W. (2016). Increasing transparency through
    a multiverse analysis. Perspectives on Psychological Science, 11, 702-712.
    doi:10.1177/1745691616658637

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> names = ["a", "b", "c", "d", "y"]
    >>> s = pd.DataFrame(0.4 + 0.6 * np.eye(5), index=names, columns=names)
    >>> s.loc["a", "b"] = s.loc["b", "a"] = 0.6
    >>> fit = cs.sem("f =~ a + b + c + d; y ~ f", cov=s, n_obs=300)
    >>> policy = cs.RespecificationPolicy(max_steps=1)
    >>> found = multiverse(fit, policy, "H1: y ~ f, +")
    >>> found.table[["id", "n_models", "share_supported", "survives"]].to_dict("records")
    [{'id': 'H1', 'n_models': 7, 'share_supported': 1.0, 'survives': 'in all'}]
    """
    from clustersem.respecify.multiverse_run import run

    return run(
        fit,
        policy,
        hypotheses,
        max_models=max_models,
        estimators=estimators,
        deletions=deletions,
        samples={} if samples is None else samples,
        alpha=alpha,
        seed=seed,
        n_jobs=n_jobs,
        progress=progress,
    )


def screenings(
    survey: Survey, policies: Sequence[ScreeningPolicy] | Mapping[str, ScreeningPolicy]
) -> dict[str, Survey]:
    """Screen the same returned questionnaires by several policies, for a multiverse.

    Parameters
    ----------
    survey : Survey
        Any survey of the questionnaires; who it excludes does not matter.
    policies : sequence or mapping of ScreeningPolicy
        The policies; a mapping names them. Those of a sequence are named by what they change.

    Returns
    -------
    dict of str to Survey
        What ``samples=`` of :func:`multiverse` takes.

    Raises
    ------
    DataError
        Where a policy leaves nobody, or is none.

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> answers = pd.DataFrame({"a": [1, 2, 3, np.nan], "b": [2, 2, 5, 4], "c": [1, 3, 4, 4]})
    >>> survey = cs.read_survey(answers)
    >>> found = screenings(survey, [cs.ScreeningPolicy(max_missing=0.0), cs.NO_SCREENING])
    >>> {name: len(each.answers) for name, each in found.items()}
    {'max_missing=0.0': 3, 'no screening': 4}
    """
    from clustersem.respecify.multiverse_screening import screenings as screened

    return screened(survey, policies)
