"""The course of an invariance study: fit a step, test it, release what does not hold."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import pandas as pd

from clustersem.errors import ClusterSemWarning, EstimationError, IdentificationError
from clustersem.fit.comparison import difference_test
from clustersem.fit.difference import DifferenceMethod, DifferenceTest
from clustersem.fit.invariance_models import Family, Release
from clustersem.fit.invariance_result import Invariance, Released, Step
from clustersem.fit.invariance_rules import Change, Criterion, finding, reason
from clustersem.fit.invariance_scores import ReleaseScore, release_scores
from clustersem.fit.invariance_text import StepInWords, findings_in_words, verdict_text
from clustersem.fit.nested import refitted
from clustersem.fit.result import Fit

# Chen's (2007) narrower limits are for samples up to this size.
SMALL_SAMPLE = 300


@dataclass
class Study:
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
            df=self.configural.df,
        )
        if self.family.n_thresholds and self.criterion != "chisq":
            self.notes.append(
                "The limits of CFI, RMSEA and SRMR were found with continuous items; with ordinal"
                " ones they miss real differences more often (Sass, Schmitt & Marsh, 2014,"
                ' doi:10.1080/10705511.2014.882658). criterion="chisq" decides by the test.'
            )
        columns = list(Released.__dataclass_fields__)
        return Invariance(
            _table(self.steps, findings_in_words(words), self.suffix),
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


def _table(steps: Sequence[Step], findings: Sequence[str], suffix: str) -> pd.DataFrame:
    rows = []
    for step, found in zip(steps, findings, strict=True):
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
                "finding": found,
            }
        )
    return pd.DataFrame(rows, index=pd.Index([step.name for step in steps], name="step"))
