"""Measurement invariance across groups: the steps, their tests, and what they allow to compare."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import pandas as pd

from clustersem.errors import (
    ClusterSemWarning,
    EstimationError,
    IdentificationError,
    ModelError,
)
from clustersem.fit.comparison import default_method, difference_test, index_suffix
from clustersem.fit.difference import DifferenceMethod, DifferenceTest
from clustersem.fit.entry_points import cfa
from clustersem.fit.intake import Data
from clustersem.fit.invariance_models import Family, Parameterization, Release
from clustersem.fit.invariance_result import Invariance, Released, Step
from clustersem.fit.invariance_rules import Change, Criterion, finding, reason
from clustersem.fit.invariance_text import StepInWords, verdict_text
from clustersem.fit.nested import refitted
from clustersem.fit.releases import ReleaseScore, release_scores
from clustersem.fit.result import Fit
from clustersem.spec.table import EQUALITIES

# Chen's (2007) narrower limits are for samples up to this size.
SMALL_SAMPLE = 300


def invariance(
    model: str,
    data: Data,
    *,
    group: str,
    ordered: Sequence[str] | bool | None = None,
    estimator: str | None = None,
    missing: str = "listwise",
    parameterization: Parameterization = "theta",
    std_lv: bool = True,
    orthogonal: bool = False,
    fixed_x: bool = True,
    auxiliary: Sequence[str] = (),
    test: str | None = None,
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
    model : str
        The measurement model; regressions among the latent variables may be in it.
    data : DataFrame or Survey
        Answers, with a column that says the group.
    group : str
        That column.
    ordered : sequence of str or bool, optional
        Items with ordered categories; True for all.
    estimator, missing, orthogonal, fixed_x, auxiliary, test
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
    """
    configural = cfa(
        model,
        data,
        group=group,
        ordered=ordered,
        estimator=estimator,
        missing=missing,
        parameterization=parameterization,
        std_lv=std_lv,
        orthogonal=orthogonal,
        fixed_x=fixed_x,
        auxiliary=auxiliary,
        test=test,
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
    study = _Study(
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


@dataclass
class _Study:
    """The study as it goes."""

    family: Family
    configural: Fit
    criterion: Criterion
    alpha: float
    method: DifferenceMethod
    suffix: str
    steps: list[Step] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    free: set[Release] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def take(self, name: str, equal: tuple[str, ...], *, partial: bool, max_releases: int) -> bool:
        """Fit one more step, and release restrictions where it does not hold; False at the end."""
        before = self.steps[-1]
        step = self._assessed(name, equal, before)
        if step is None:
            return False
        self.steps.append(step)
        if step.finding != "does not hold" or not partial:
            return True
        added = tuple(kind for kind in equal if kind not in before.equal)
        for _ in range(max_releases):
            after = self._one_less(name, equal, added, before)
            if after is None:
                break
            if self.steps[-1].name != name:
                self.steps.pop()
            self.steps.append(after)
            if after.finding != "does not hold":
                break
        return True

    def _assessed(self, name: str, equal: tuple[str, ...], before: Step) -> Step | None:
        try:
            fit = self.fitted(equal)
        except (EstimationError, IdentificationError) as error:
            self.notes.append(f"The {name} model cannot be fitted, so the study ends here: {error}")
            return None
        if not fit.converged:
            self.notes.append(
                f"The {name} model did not converge, so the study ends before it:"
                f" {fit.status.message}"
            )
            return None
        told = {sentence for step in self.steps for sentence in step.fit.warnings}
        self.notes += [f"{name}: {sentence}" for sentence in fit.warnings if sentence not in told]
        test = self._test(name, fit, before.fit)
        m, of = fit.measures, before.fit.measures
        change = Change(
            m[f"cfi{self.suffix}"] - of[f"cfi{self.suffix}"],
            m[f"rmsea{self.suffix}"] - of[f"rmsea{self.suffix}"],
            m["srmr"] - of["srmr"],
            math.nan if test is None else test.p_value,
            fit.df - before.fit.df,
            loadings="loadings" in equal and "loadings" not in before.equal,
            small=fit.n_obs <= SMALL_SAMPLE,
        )
        found = finding(change, self.criterion, self.alpha)
        return Step(name, equal, fit, before.name, test, change, found, reason(change))

    def _test(self, name: str, small: Fit, large: Fit) -> DifferenceTest | None:
        if small.df == large.df:
            return None
        try:
            return difference_test(small, large, self.method)
        except EstimationError as error:
            if self.method != "satorra.bentler.2001":
                raise
            self.notes.append(
                f"{name}: {error} Satorra and Bentler's (2010) test is reported for this step."
            )
            return difference_test(small, large, "satorra.bentler.2010")

    def _one_less(
        self, name: str, equal: tuple[str, ...], added: tuple[str, ...], before: Step
    ) -> Step | None:
        """Release the worst restriction of a step; None where none stands out."""
        fit = self.steps[-1].fit
        candidates = [r for r in self.family.restrictions(added) if r not in self.free]
        scores = [s for s in release_scores(fit, candidates) if math.isfinite(s.statistic)]
        worst = max(scores, key=lambda score: score.statistic, default=None)
        if worst is None or worst.p_value * len(scores) >= self.alpha:
            self.notes.append(
                f"{name}: no single restriction stands out"
                + ("" if worst is None else f" (the largest score test is {worst.statistic:.2f})")
                + ", so none was released; the difference is spread over the items."
            )
            return None
        release = worst.release
        follows = _following(release, equal, self.family)
        self.free |= {release, *follows}
        step = self._assessed(f"{name} (partial)", equal, before)
        if step is None:
            return None
        self.released.append(self._evidence(name, worst, len(scores), follows, step))
        return step

    def _evidence(
        self, name: str, score: ReleaseScore, among: int, follows: Sequence[Release], step: Step
    ) -> Released:
        m = step.fit.measures
        return Released(
            name,
            score.release.parameter,
            self.configural.groups[score.release.group - 1],
            ", ".join(release.parameter for release in follows),
            score.statistic,
            min(1.0, score.p_value * among),
            among,
            score.epc,
            m.get("chisq_scaled", m["chisq"]),
            m[f"cfi{self.suffix}"],
            step.finding != "does not hold",
        )

    def fitted(self, equal: Sequence[str]) -> Fit:
        """Fit the model of a step to the moments that are there."""
        with warnings.catch_warnings():
            # What a step's fit warns of is among the notes of the study.
            warnings.simplefilter("ignore", ClusterSemWarning)
            return refitted(self.configural, self.family.at(equal, self.free))

    def result(self) -> Invariance:
        """Return what was found."""
        words = [StepInWords(s.level, s.name, s.finding, s.reason, s.equal) for s in self.steps]
        m = self.configural.measures
        verdict, level = verdict_text(
            words,
            m[f"cfi{self.suffix}"],
            m[f"rmsea{self.suffix}"],
            [released.step for released in self.released],
        )
        if self.family.n_thresholds and self.criterion != "chisq":
            self.notes.append(
                "The limits of CFI, RMSEA and SRMR were found with continuous items; with ordinal"
                " ones they miss real differences more often (Sass, Schmitt & Marsh, 2014,"
                ' doi:10.1080/10705511.2014.882658). criterion="chisq" decides by the test.'
            )
        columns = list(Released.__dataclass_fields__)
        return Invariance(
            _table(self.steps, self.suffix),
            tuple(self.steps),
            pd.DataFrame([asdict(r) for r in self.released], columns=columns),
            level,
            verdict,
            self.suffix[1:] or "plain",
            self.method,
            tuple(self.notes),
        )


def _following(release: Release, equal: Sequence[str], family: Family) -> tuple[Release, ...]:
    """Return what is freed with a loading: an intercept has no meaning beside another slope."""
    latent = release.rhs in family.variables.latent
    if release.op != "=~" or latent:
        return ()
    return (Release(release.rhs, "~1", "", release.group),)


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
    suffix = index_suffix([configural])
    if ordinal and suffix == "_robust":
        return "_scaled"
    return suffix


def _table(steps: Sequence[Step], suffix: str) -> pd.DataFrame:
    rows = []
    for step in steps:
        m, test, change = step.fit.measures, step.test, step.change
        scaled = "_scaled" if "chisq_scaled" in m else ""
        rows.append(
            {
                "equal": " + ".join(step.equal),
                "against": step.against,
                "df": step.fit.df,
                "chisq": m[f"chisq{scaled}"],
                "p_value": m[f"pvalue{scaled}"],
                "cfi": m[f"cfi{suffix}"],
                "tli": m[f"tli{suffix}"],
                "rmsea": m[f"rmsea{suffix}"],
                "srmr": m["srmr"],
                "aic": m.get("aic", math.nan),
                "bic": m.get("bic", math.nan),
                "delta_chisq": math.nan if test is None else test.statistic,
                "delta_df": math.nan if test is None else test.df,
                "delta_p": math.nan if test is None else test.p_value,
                "delta_cfi": math.nan if change is None else change.cfi,
                "delta_rmsea": math.nan if change is None else change.rmsea,
                "delta_srmr": math.nan if change is None else change.srmr,
                "finding": step.finding if step.against else "",
            }
        )
    return pd.DataFrame(rows, index=pd.Index([step.name for step in steps], name="step"))
