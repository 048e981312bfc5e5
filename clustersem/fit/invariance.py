"""Measurement invariance across groups: the steps, their tests, and what they allow to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clustersem.errors import EstimationError, ModelError
from clustersem.fit.comparison import default_method
from clustersem.fit.entry_points import cfa
from clustersem.fit.intake import Data
from clustersem.fit.invariance_models import Family, Parameterization
from clustersem.fit.invariance_result import Invariance, Step
from clustersem.fit.invariance_rules import Criterion
from clustersem.fit.invariance_study import Study
from clustersem.fit.options import Likelihood
from clustersem.fit.preferred import index_suffix
from clustersem.fit.result import Fit
from clustersem.spec import ModelSpec
from clustersem.spec.table import EQUALITIES


def invariance(
    model: str | ModelSpec,
    data: Data,
    *,
    group: str,
    group_labels: Sequence[object] | None = None,
    ordered: Sequence[str] | str | bool | None = None,
    estimator: str | None = None,
    missing: str = "listwise",
    parameterization: Parameterization = "theta",
    std_lv: bool = True,
    orthogonal: bool = False,
    fixed_x: bool = True,
    auxiliary: Sequence[str] = (),
    likelihood: Likelihood = "normal",
    se: str | None = None,
    test: str | None = None,
    sampling_weights: str | None = None,
    cluster: str | None = None,
    steps: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    partial: bool = False,
    max_releases: int = 3,
    criterion: Criterion = "cfi",
    alpha: float = 0.05,
    method: str | None = None,
) -> Invariance:
    """Test step by step whether items measure the same in several groups.

    Continuous items: configural (the same structure), metric (+ equal loadings), scalar (+ equal
    intercepts), strict (+ equal residual variances). Ordinal items: configural, thresholds, metric
    (+ loadings), scalar (+ intercepts), strict, identified as Wu and Estabrook (2016) show, so that
    the result does not depend on how the configural model was identified. Each step is compared
    with the one before it.

    Parameters
    ----------
    model : str or ModelSpec
        The measurement model; regressions among the latent variables may be in it.
    data : DataFrame or Survey
        Answers, with a column that says the group.
    group : str
        That column.
    group_labels : sequence, optional
        Which groups, in which order; the first sets the scales. By default all, in the order of
        their first appearance.
    ordered : sequence of str or bool, optional
        Items with ordered categories; True for all.
    estimator, missing, orthogonal, fixed_x, auxiliary, likelihood, se, test, sampling_weights,
    cluster
        As in :func:`clustersem.cfa`.
    parameterization : str
        Of ordinal items. ``"theta"``, or ``"delta"``, which has no strict step; the others fit
        alike.
    std_lv : bool
        Latent variances of one in the first group set the scales, so that every loading is tested.
        With False the first loadings do, which are then equal without a test.
    steps : sequence of str or mapping, optional
        Which of the steps; or names of your own with what is equal in each, in the names of
        ``group_equal``, the first with nothing: ``{"configural": (), "metric": ("loadings",)}``.
    partial : bool
        Where a step does not hold, release the restriction with the largest score test, one after
        the other, until it does. A released loading takes the item's intercept with it.
    max_releases : int
        How many at most, in one step.
    criterion : str
        When a step does not hold. ``"cfi"``: the CFI falls by more than .01 (Cheung & Rensvold,
        2002). ``"chen"``: the RMSEA or SRMR must change as well (Chen, 2007). ``"chisq"``: the
        difference test is significant; with thousands of respondents it rejects differences that
        do not matter.
    alpha : float
        Significance level.
    method : str, optional
        The difference test, as in :func:`clustersem.compare`.

    Returns
    -------
    Invariance
        ``print()`` shows the table and the verdict.

    Raises
    ------
    ModelError
        Where the model has no latent variable or an unknown step is asked for.
    DataError
        Where the data do not have two groups or an item lacks a category in one of them.
    EstimationError
        Where the configural model cannot be fitted.

    References
    ----------
    Wu, H., & Estabrook, R. (2016). Psychometrika, 81, 1014-1045. doi:10.1007/s11336-016-9506-0
    Cheung, G. W., & Rensvold, R. B. (2002). Structural Equation Modeling, 9, 233-255.
    doi:10.1207/S15328007SEM0902_5
    Chen, F. F. (2007). Structural Equation Modeling, 14, 464-504. doi:10.1080/10705510701301834
    Byrne, B. M., Shavelson, R. J., & Muthen, B. (1989). Testing for the equivalence of factor
    covariance and mean structures: The issue of partial measurement invariance. Psychological
    Bulletin, 105, 456-466. doi:10.1037/0033-2909.105.3.456

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> draw = np.random.default_rng(1).standard_normal
    >>> latent = draw((400, 1))
    >>> answers = latent * [0.8, 0.7, 0.9, 0.6] + 0.5 * draw((400, 4))
    >>> frame = pd.DataFrame(answers, columns=list("abcd"))
    >>> frame["region"] = ["north", "south"] * 200
    >>> frame.loc[frame["region"] == "south", "c"] += 1.0
    >>> study = invariance("f =~ a + b + c + d", frame, group="region", partial=True)
    >>> study.partial[["step", "parameter", "group"]].values.tolist()
    [['scalar', 'c ~1', 'south']]
    >>> study.level
    'strict'
    """
    configural = cfa(
        model,
        data,
        group=group,
        group_labels=group_labels,
        ordered=ordered,
        estimator=estimator,
        missing=missing,
        parameterization=parameterization,
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=fixed_x,
        auxiliary=auxiliary,
        likelihood=likelihood,
        se=se,
        test=test,
        sampling_weights=sampling_weights,
        cluster=cluster,
        meanstructure=True,
    )
    return invariance_of(
        configural,
        steps=steps,
        partial=partial,
        max_releases=max_releases,
        criterion=criterion,
        alpha=alpha,
        method=method,
    )


def invariance_of(
    configural: Fit,
    *,
    steps: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    partial: bool = False,
    max_releases: int = 3,
    criterion: Criterion = "cfi",
    alpha: float = 0.05,
    method: str | None = None,
) -> Invariance:
    """Study invariance from a configural model that is fitted already.

    Parameters
    ----------
    configural : Fit
        A fit with several groups and a mean structure, in which nothing is equal across groups.
    steps, partial, max_releases, criterion, alpha, method
        As in :func:`invariance`.
    """
    _check_configural(configural, alpha, max_releases)
    family = Family(configural.spec, configural.options.parameterization)
    chosen = _steps(family, steps)
    ordinal = bool(family.n_thresholds)
    if criterion not in ("cfi", "chen", "chisq"):
        raise ModelError(f'criterion= is "cfi", "chen" or "chisq", not {criterion!r}.')
    study = Study(
        family,
        configural,
        criterion,
        alpha,
        default_method([configural], method),
        _suffix(configural, ordinal=ordinal),
    )
    names = list(chosen)
    study.steps.append(Step(names[0], (), configural))
    study.notes += configural.warnings
    for name in names[1:]:
        if not study.take(name, chosen[name], partial=partial, max_releases=max_releases):
            break
    return study.result()


def _check_configural(configural: Fit, alpha: float, max_releases: int) -> None:
    if len(configural.samples) < 2:
        raise ModelError("invariance needs at least two groups: name their column, group=.")
    if not configural.converged:
        raise EstimationError(
            f"the configural model did not converge: {configural.status.message} Nothing can be"
            " compared before it does."
        )
    if not configural.spec.options.meanstructure:
        raise ModelError("invariance needs means: fit the groups with meanstructure=True.")
    if configural.spec.options.group_equal:
        equal = ", ".join(configural.spec.options.group_equal)
        raise ModelError(
            f"the first model has group_equal ({equal}); leave that out, the steps will add it."
        )
    if not 0.0 < alpha < 1.0:
        raise ModelError(f"alpha= is a probability, as 0.05, not {alpha}.")
    if max_releases < 1:
        raise ModelError(f"max_releases= is 1 or more, not {max_releases}.")


def _steps(
    family: Family, steps: Sequence[str] | Mapping[str, Sequence[str]] | None
) -> dict[str, tuple[str, ...]]:
    if not any(row.op == "=~" for row in family.configural.parameters):
        raise ModelError(
            "the model measures nothing (no =~), so there is no measurement to compare. Compare"
            " paths with labels: y ~ c(a1, a2)*x."
        )
    known = family.steps
    if steps is None:
        return known
    if isinstance(steps, Mapping):
        chosen = {name: tuple(k.replace(".", "_") for k in kinds) for name, kinds in steps.items()}
    else:
        unknown = [name for name in steps if name not in known]
        if unknown:
            hint = ""
            if "strict" in unknown and family.parameterization == "delta":
                hint = ' (strict needs parameterization="theta")'
            raise ModelError(f"steps= are {', '.join(known)}{hint}, not {', '.join(unknown)}.")
        chosen = {name: known[name] for name in known if name in steps}
    wrong = {kind for kinds in chosen.values() for kind in kinds} - set(EQUALITIES)
    if wrong:
        raise ModelError(f"steps= has no {', '.join(sorted(wrong))}; {', '.join(EQUALITIES)}.")
    if len(chosen) < 2 or next(iter(chosen.values())):
        raise ModelError(
            "steps= begins with the configural model, in which nothing is equal, and needs a second"
            ' one: ("configural", "metric").'
        )
    return chosen


def _suffix(configural: Fit, *, ordinal: bool) -> str:
    """Return which indices the study reads; robust ones of ordinal fits exist for some models."""
    suffix = index_suffix(configural.measures)
    if ordinal and suffix == "_robust":
        return "_scaled"
    return suffix
