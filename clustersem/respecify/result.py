"""The trail of a respecification: its steps, and where it ended."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from clustersem.fit.hypotheses import Path
from clustersem.fit.preferred import SUFFIXES, index_suffix, preferred
from clustersem.fit.result import Fit
from clustersem.respecify.columns import name_width, named, number, raw_number
from clustersem.respecify.rules import key_of
from clustersem.respecify.space import ModelSpace

NO_REASON = "no substantive reason was given"
CHANCE = (
    "Steps chosen on the data that they are tested on capitalise on chance: p-values and fit are"
    " too good, and only new data can confirm them (MacCallum, Roznowski & Necowitz, 1992)."
)

_COLUMNS = (
    "number",
    "lhs",
    "op",
    "rhs",
    "source",
    "status",
    "mi",
    "epc",
    "sepc_all",
    "p_adjusted",
    "n_candidates",
    "power",
    "decision",
    "est",
    "se",
    "std_all",
    "drop",
    "df",
    "p_value",
)
ADJUSTED_BY = {
    "holm": "Holm's method",
    "bonferroni": "Bonferroni's method",
    "bh": "Benjamini and Hochberg's method",
}
# A longer name would push the numbers beyond 100 columns.
_MOST = 18
_MEASURES = ("cmin_df", "cfi", "gfi", "rmsea", "srmr")


@dataclass(frozen=True, eq=False)
class Step:
    """One parameter that was freed, or that was tried and left as it was.

    Attributes
    ----------
    number : int
        Place in the trail, from 1.
    lhs, op, rhs : str
        The parameter.
    source : str
        ``"found"`` by its modification index, or ``"given"`` by the researcher.
    status : str
        ``"freed"``, ``"skipped"``, or ``"fixed"`` again after it had been freed.
    reason : str
        Why theory wants it, or that no substantive reason was given.
    why : str
        Why it was skipped or fixed again; empty when freed.
    warnings : tuple of str
        What to know before believing it: ties, weak information, inadmissible values.
    tied : tuple of str
        Other parameters with the same modification index.
    mi, epc, sepc_all : float
        Modification index, expected parameter change raw and standardised on all variables, in the
        model before the step. NaN where no index is defined.
    p_adjusted : float
        Of the index, adjusted for the `n_candidates` allowed parameters from which it could have
        been chosen; NaN for a given step that the policy would not allow.
    n_candidates : int
        How many allowed parameters could have been freed.
    power : float
        The chance of a significant index if the parameter were misspecified by what matters.
    decision : str
        What index, expected change and power say together (Saris, Satorra & van der Veld, 2009).
    est, se, std_all : float
        The freed parameter's estimate, its standard error, and the standardised estimate; NaN
        unless freed.
    drop : float
        By how much chi2 fell; NaN when skipped, negative when fixed again.
    df : int
        By how much the degrees of freedom fell; 0 when skipped, -1 when fixed again.
    p_value : float
        Of the chi2 difference test of this step, as if it had been named in advance; a scaled test
        where the fit's is (MLR, WLSMV, ...) or chi2 has no known distribution (ULS, DWLS). NaN when
        skipped, and where the scaled test has no value.
    before, after : mapping
        ``fit.measures`` before and after the step; the same when skipped.
    fit : Fit
        The model after the step.
    """

    number: int
    lhs: str
    op: str
    rhs: str
    source: Literal["found", "given"]
    status: Literal["freed", "skipped", "fixed"]
    reason: str
    why: str
    warnings: tuple[str, ...]
    tied: tuple[str, ...]
    mi: float
    epc: float
    sepc_all: float
    p_adjusted: float
    n_candidates: int
    power: float
    decision: str
    est: float
    se: float
    std_all: float
    drop: float
    df: int
    p_value: float
    before: Mapping[str, float]
    after: Mapping[str, float]
    fit: Fit

    @property
    def name(self) -> str:
        """``"lhs op rhs"``."""
        return str(Path(self.lhs, self.op, self.rhs))

    @property
    def predicted_drop(self) -> float:
        """The drop of chi2 that the modification index predicted."""
        return self.mi


@dataclass(frozen=True, eq=False)
class Respecification:
    """What :func:`clustersem.respecify` did, and why.

    Attributes
    ----------
    initial : Fit
        The model before any step.
    fit : Fit
        The model after the last step.
    steps : tuple of Step
        The trail, skipped steps too.
    candidates : DataFrame
        What could be freed next: ``lhs op rhs mi epc sepc_all p_value p_adjusted power decision``,
        ``allowed`` by the policy, and ``why`` not (or why it was left).
    stopped : str
        Why the trail ends, in a sentence.
    visited : DataFrame
        The models that a search of sets compared, the best first: ``freed n_freed chisq df
        criterion why``.
    space : ModelSpace
        The models between the initial one and all that the policy allows, those that were fitted
        with their fits.
    """

    initial: Fit
    fit: Fit
    steps: tuple[Step, ...]
    candidates: pd.DataFrame
    stopped: str
    visited: pd.DataFrame
    space: ModelSpace

    @property
    def freed(self) -> tuple[Step, ...]:
        """The steps that were made and not taken back."""
        last = {key_of((s.lhs, s.op, s.rhs)): s for s in self.steps if s.status != "skipped"}
        return tuple(step for step in last.values() if step.status == "freed")

    @property
    def skipped(self) -> tuple[Step, ...]:
        """The steps that were tried and left."""
        return tuple(step for step in self.steps if step.status == "skipped")

    @property
    def table(self) -> pd.DataFrame:
        """One row a step; ``chisq`` to ``srmr`` are those after the step.

        ``chisq`` is the plain statistic, as ``mi`` and ``drop`` are; ``cmin_df``, ``cfi`` and
        ``rmsea`` are scaled or robust where the estimator corrects its test.
        """
        rows = []
        for step in self.steps:
            row: dict[str, object] = {name: getattr(step, name) for name in _COLUMNS}
            row["model_df"] = int(step.after["df"])
            row["chisq"] = float(step.after["chisq"])
            row |= {name: float(step.after[preferred(step.after, name)]) for name in _MEASURES}
            row |= {"reason": step.reason, "why": step.why, "warnings": "; ".join(step.warnings)}
            rows.append(row)
        extra = ["model_df", "chisq", *_MEASURES, "reason", "why", "warnings"]
        return pd.DataFrame(rows, columns=[*_COLUMNS, *extra])

    def __str__(self) -> str:
        return "\n".join([*_header(self), *_body(self), *_footer(self)])

    def __repr__(self) -> str:
        return (
            f"<Respecification: {len(self.freed)} freed, {len(self.skipped)} skipped,"
            f" chi2 {self.initial.measures['chisq']:.3f} -> {self.fit.measures['chisq']:.3f}>"
        )


def _header(result: Respecification) -> list[str]:
    freed, skipped = len(result.freed), len(result.skipped)
    return [
        f"Respecification: {freed} parameter{'' if freed == 1 else 's'} freed, {skipped} skipped"
        f" (n = {result.fit.n_obs})",
        "",
    ]


def _body(result: Respecification) -> list[str]:
    width = name_width((step.name for step in result.steps), "initial model", _MOST)
    head = (
        f"{'':>4}{'':<{width}}{'MI':>9}{'EPC':>8}{'drop':>9}{'p':>7}"
        f"{'chi2':>10}{'df':>5}{'chi2/df':>9}{'CFI':>7}{'RMSEA':>7}{'SRMR':>7}"
    )
    lines = [head, f"{'':>4}{'initial model':<{width}}{'':>33}{_fit_text(result.initial.measures)}"]
    for step in result.steps:
        lines += named(step.name, width, _step_numbers(step), f"{step.number:>3} ")
        remarks: list[tuple[str, str]] = [(step.source, step.reason)]
        remarks += [("evidence", _evidence(step))] if step.decision else []
        remarks += [(step.status, step.why)] if step.why else []
        remarks += [("caution", text) for text in step.warnings]
        for kind, text in remarks:
            lines += _wrapped(f"{kind}: {text}", "      ", "        ")
    return lines


def _step_numbers(step: Step) -> str:
    start = f"{number(step.mi, 9, 2)}{raw_number(step.epc, 8)}"
    if step.status == "skipped":
        return f"{start}{'not freed':>16}"
    p = f"{'<.001':>7}" if step.p_value < 0.001 else number(step.p_value, 7, 3)
    return f"{start}{number(step.drop, 9, 2)}{p}{_fit_text(step.after)}"


def _evidence(step: Step) -> str:
    """Say what the index is worth among all that could have been chosen."""
    p = "< .001" if step.p_adjusted < 0.001 else f"= {step.p_adjusted:.3f}".replace("0.", ".", 1)
    return (
        f"p {p} adjusted for {step.n_candidates} allowed; judged {step.decision} (power"
        f" {step.power:.2f})"
    )


def _fit_text(measures: Mapping[str, float]) -> str:
    ratio = number(measures[preferred(measures, "cmin_df")], 9, 3)
    names = [preferred(measures, name) for name in ("cfi", "rmsea", "srmr")]
    indices = "".join(number(measures[name], 7, 3) for name in names)
    return f"{measures['chisq']:>10.3f}{int(measures['df']):>5}{ratio}{indices}"


def _footer(result: Respecification) -> list[str]:
    lines = ["", *_wrapped(f"Stopped: {result.stopped}")]
    suffix = index_suffix(result.initial.measures)
    if suffix:
        corrected = "chisq_scaled" in result.initial.measures
        ratio = " and chi2/df the scaled one" if corrected else ""
        which = "a scaled" if corrected else "the"
        lines += _wrapped(
            f"CFI and RMSEA are the {SUFFIXES[suffix]} ones{ratio}. Modification indices, chi2 and"
            f" its drop are without correction; p is that of {which} difference test."
        )
    if any(step.decision for step in result.steps):
        relevant = result.space.policy.relevance
        lines += _wrapped(
            f"p is adjusted by {ADJUSTED_BY[result.space.policy.adjust]} for all that the policy"
            " allows. The judgement is of index, expected change and power together (Saris,"
            " Satorra & van der Veld, 2009); what matters is a standardised change of"
            f" {relevant['=~']:g} in loadings, {relevant['~']:g} in paths and {relevant['~~']:g} in"
            " covariances."
        )
    if result.freed:
        bare = sum(step.reason == NO_REASON for step in result.freed)
        if bare:
            lines.append(
                f"{bare} of the {len(result.freed)} freed parameters"
                f" {'has' if bare == 1 else 'have'} no substantive reason."
            )
        lines += _wrapped(CHANCE)
    return lines


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(text, 96, initial_indent=first, subsequent_indent=rest)
