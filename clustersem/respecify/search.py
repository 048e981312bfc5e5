"""Step by step from a fit to a better one, by given steps or by the largest allowed index."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from clustersem.errors import EstimationError, ModelError, UnsupportedError
from clustersem.fit.hypotheses import Path
from clustersem.fit.result import Fit
from clustersem.respecify.candidates import candidate_table
from clustersem.respecify.evidence import Index, cautions, index_of, p_of_drop, tied_with
from clustersem.respecify.policy import RespecificationPolicy
from clustersem.respecify.result import NO_REASON, Respecification, Step
from clustersem.respecify.rules import Roles, Row, check_row, in_words, key_of, matching, roles_of
from clustersem.respecify.trial import not_freeable, try_freeing
from clustersem.survey.names import listed


def respecified(fit: Fit, policy: RespecificationPolicy | None) -> Respecification:
    """Do what :func:`clustersem.respecify` says."""
    if not isinstance(policy, RespecificationPolicy | None):
        raise ModelError(
            f"policy: expected a RespecificationPolicy, got {policy!r}. Write, say,"
            " policy=clustersem.RespecificationPolicy(allow='residual_covariances')."
        )
    policy = policy or RespecificationPolicy()
    if len(fit.groups) > 1:
        raise UnsupportedError(
            f"a model of several groups ({listed(fit.groups)}) cannot be respecified: a parameter"
            " could be freed in one of them or in all. Respecify the model of all respondents"
            " together, without group=, or that of one group; which equalities between groups do"
            " not hold, fit.release_tests() and cs.invariance(...) say."
        )
    if not fit.converged:
        raise EstimationError(f"a fit that did not converge cannot be respecified. {fit.status}")
    _check_rows(fit, policy)
    unmet = policy.unmet(fit.measures)
    trail = _Trail(fit, policy, roles_of(fit.spec))
    stopped = _make_given(trail) if policy.given else _search(trail, unmet)
    return Respecification(
        initial=fit,
        fit=trail.fit,
        steps=tuple(trail.steps),
        candidates=trail.candidates(),
        stopped=stopped,
    )


@dataclass
class _Trail:
    """The steps so far; the only thing here that changes, and only while `respecify` runs."""

    fit: Fit
    policy: RespecificationPolicy
    roles: Roles
    steps: list[Step] = field(default_factory=list)
    skipped: dict[Row, str] = field(default_factory=dict)

    @property
    def n_freed(self) -> int:
        return len(self.steps) - len(self.skipped)

    def candidates(self) -> pd.DataFrame:
        return candidate_table(self.fit, self.policy, self.roles, self.skipped)

    def take(self, row: Row, source: Literal["found", "given"], reason: str) -> None:
        """Try a step, and add it to the trail as freed or as skipped."""
        before = self.fit
        index = index_of(before, row)
        tied = tied_with(before.modification_indices(), row, index.mi)
        trial = try_freeing(before, row)
        keep = self.policy.keeps_inadmissible(given=source == "given")
        why = trial.failure
        notes: list[str] = []
        if trial.inadmissible and not keep:
            why = f"the solution is not admissible: {trial.inadmissible}"
        elif trial.inadmissible:
            notes.append(f"the solution is not admissible: {trial.inadmissible}")
        if trial.fit is None or why:
            self.skipped[key_of(row)] = why
        else:
            self.fit = trial.fit
            notes = [*cautions(before, trial.fit, row, index.mi, tied), *notes]
        names = tuple(str(Path(*other)) for other in tied)
        number = len(self.steps) + 1
        self.steps.append(
            _step(number, row, source, reason, why, notes, names, index, before, self.fit)
        )


def _step(
    number: int,
    row: Row,
    source: Literal["found", "given"],
    reason: str,
    why: str,
    notes: list[str],
    tied: tuple[str, ...],
    index: Index,
    before: Fit,
    after: Fit,
) -> Step:
    est = se = std_all = drop = p_value = float("nan")
    df = before.df - after.df
    if not why:
        drop = before.measures["chisq"] - after.measures["chisq"]
        p_value = p_of_drop(before, after)
        table = after.estimates
        rows = zip(table["lhs"], table["op"], table["rhs"], strict=True)
        key = [key_of(other) == key_of(row) for other in rows]
        est, se, std_all = (
            float(table.loc[key, name].iloc[0]) for name in ("est", "se", "std_all")
        )
    return Step(
        number=number,
        lhs=row[0],
        op=row[1],
        rhs=row[2],
        source=source,
        status="skipped" if why else "freed",
        reason=reason or NO_REASON,
        why=why,
        warnings=tuple(notes),
        tied=tied,
        mi=index.mi,
        epc=index.epc,
        sepc_all=index.sepc_all,
        est=est,
        se=se,
        std_all=std_all,
        drop=drop,
        df=df,
        p_value=p_value,
        before=before.measures,
        after=after.measures,
        fit=after,
    )


def _check_rows(fit: Fit, policy: RespecificationPolicy) -> None:
    """Refuse rules and steps about what the model does not have, before anything is fitted."""
    for what, rules in (
        ("the allowed parameter", policy.allowed),
        ("the forbidden", policy.forbidden),
    ):
        for rule in rules:
            if isinstance(rule, tuple):
                check_row(fit.spec, rule, what)
    for row in policy.stated:
        check_row(fit.spec, row, "the reason for")
    roles = roles_of(fit.spec)
    for number, (row, _) in enumerate(policy.given, start=1):
        check_row(fit.spec, row, f"step {number},")
        problem = not_freeable(fit.spec, row)
        if problem:
            raise ModelError(f"step {number} cannot be made: {problem}")
        if matching(policy.forbidden, roles, row):
            raise ModelError(
                f"step {number}, {Path(*row)}, is given and forbidden by the same policy; take it"
                " out of one of the two."
            )


def _make_given(trail: _Trail) -> str:
    given = trail.policy.given
    for row, reason in given:
        trail.take(row, "given", reason)
    n_skipped = len(trail.skipped)
    if not n_skipped:
        return (
            "The one given step was made."
            if len(given) == 1
            else (f"All {len(given)} given steps were made.")
        )
    return f"{trail.n_freed} of {len(given)} given steps were made, {n_skipped} skipped."


def _search(trail: _Trail, unmet: tuple[str, ...]) -> str:
    """Free the largest allowed index again and again; return why that ended."""
    policy = trail.policy
    while True:
        if policy.goals and not unmet:
            return _target_met(trail)
        left = f" The target is not met: {', '.join(unmet)}." if unmet else ""
        table = trail.candidates()
        allowed = table[table["allowed"]]
        if policy.max_steps is not None and trail.n_freed >= policy.max_steps:
            steps = "one step" if policy.max_steps == 1 else f"{policy.max_steps} steps"
            return f"The limit of {steps} is reached.{left}"
        if allowed.empty or not allowed["mi"].iloc[0] >= policy.minimum_mi:
            return _nothing_left(trail, table, allowed) + left
        best = allowed.iloc[0]
        row = (str(best["lhs"]), str(best["op"]), str(best["rhs"]))
        trail.take(row, "found", policy.reason(row))
        unmet = policy.unmet(trail.fit.measures)


def _target_met(trail: _Trail) -> str:
    reached = ", ".join(
        f"{name} {value:.3f} {sign} {wanted:g}"
        for name, value, sign, wanted in trail.policy.judged(trail.fit.measures)
    )
    if not trail.steps:
        return f"The initial model meets the target already ({reached}), so nothing was freed."
    return f"The target is met ({reached})."


def _nothing_left(trail: _Trail, table: pd.DataFrame, allowed: pd.DataFrame) -> str:
    if table.empty:
        return "The data determine no parameter that is not free already."
    if not allowed.empty:
        best = allowed.iloc[0]
        return (
            f"No allowed parameter has an index of {trail.policy.minimum_mi:g} or more; the largest"
            f" is {best['lhs']} {best['op']} {best['rhs']} with {best['mi']:.2f}."
        )
    if not trail.steps:
        return (
            f"The policy allows nothing here: it allows {in_words(trail.policy.allowed)}"
            f"{_except(trail.policy)}, and none of the {len(table)} parameters that could be freed"
            " is among these. Widen allow, for instance to 'residual_covariances' or"
            " 'cross_loadings'."
        )
    return "Nothing else that the policy allows is left to free."


def _except(policy: RespecificationPolicy) -> str:
    return f" and forbids {in_words(policy.forbidden)}" if policy.forbidden else ""
