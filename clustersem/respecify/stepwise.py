"""Searches that free, or fix again, one parameter after the other.

References
----------
Chou, C.-P., & Bentler, P. M. (1990). Model modification in covariance structure modeling: A
comparison among likelihood ratio, Lagrange multiplier, and Wald tests. Multivariate Behavioral
Research, 25, 115-136. doi:10.1207/s15327906mbr2501_13
MacCallum, R. C. (1986). Specification searches in covariance structure modeling. Psychological
Bulletin, 100, 107-120. doi:10.1037/0033-2909.100.1.107
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import chdtrc

from clustersem.respecify.criteria import Criterion, criterion_of
from clustersem.respecify.eligible import eligible, evidence_of
from clustersem.respecify.evidence import place_of
from clustersem.respecify.multiplicity import adjusted
from clustersem.respecify.rules import Row, in_words, key_of
from clustersem.respecify.space import ModelSpace
from clustersem.respecify.trail import Trail, Walk


def given(space: ModelSpace) -> Trail:
    """Make the steps that the researcher gives, in their order."""
    walk = Walk(space)
    steps = space.policy.given
    for row, _ in steps:
        walk.free(row, "given")
    if not walk.skipped:
        return walk.ended(
            "The one given step was made."
            if len(steps) == 1
            else f"All {len(steps)} given steps were made."
        )
    made = len(walk.model)
    return walk.ended(f"{made} of {len(steps)} given steps were made, {len(walk.skipped)} skipped.")


def forward(space: ModelSpace) -> Trail:
    """Free the best parameter again and again."""
    return _forward(space, lambda walk: None)


def stepwise(space: ModelSpace) -> Trail:
    """Go forward, and after each step fix again what has become superfluous."""
    return _forward(space, _fix_superfluous)


def backward(space: ModelSpace) -> Trail:
    """Free whatever can be freed, then fix again what is superfluous."""
    walk = Walk(space)
    while len(walk.model) < _limit(space):
        evidence = evidence_of(walk)
        open_rows = [
            (mi, row)
            for mi, row in zip(evidence.mi, space.allowed, strict=True)
            if np.isfinite(mi) and key_of(row) not in walk.skipped
        ]
        if not open_rows:
            break
        # The first of the largest: the order of the model, where rounding might tell otherwise.
        walk.free(max(open_rows, key=lambda pair: pair[0])[1])
    freed = len(walk.model)
    if not freed:
        return walk.ended(nothing_left(walk))
    _fix_superfluous(walk)
    kept = len(walk.model)
    return walk.ended(
        f"Of {freed} parameters that could be freed at once, {kept} are not superfluous."
    )


def _forward(space: ModelSpace, tidy: Callable[[Walk], None]) -> Trail:
    policy = space.policy
    criterion = None if policy.judge == "mi" else criterion_of(space)
    walk = Walk(space)
    unmet = policy.unmet(space.initial.measures) if policy.goals else ()
    while True:
        if policy.goals and not unmet:
            return walk.ended(_target_met(walk))
        left = f" The target is not met: {', '.join(unmet)}." if unmet else ""
        if policy.max_steps is not None and len(walk.model) >= policy.max_steps:
            steps = "one step" if policy.max_steps == 1 else f"{policy.max_steps} steps"
            return walk.ended(f"The limit of {steps} is reached.{left}")
        rows = eligible(walk, evidence_of(walk))
        if not rows:
            return walk.ended(nothing_left(walk) + left)
        row = rows[0] if criterion is None else _best(walk, rows, criterion)
        if row is None:
            return walk.ended(f"No allowed step makes {policy.judge.upper()} smaller.{left}")
        if walk.free(row):
            tidy(walk)
        unmet = policy.unmet(walk.fit.measures) if policy.goals else ()


def _best(walk: Walk, rows: list[Row], criterion: Criterion) -> Row | None:
    """Return the step to the best model, of those with the largest indices; None if none helps.

    A step that would be skipped is best too, so that it is tried and the reason noted.
    """
    tried = rows[: walk.space.policy.breadth]
    scores = [criterion(walk.model | {key_of(row)}) for row in tried]
    best = int(np.argmin(scores))
    return tried[best] if scores[best] < criterion(walk.model) else None


def _fix_superfluous(walk: Walk) -> None:
    """Fix freed parameters again, the least needed first, while some are superfluous."""
    policy = walk.space.policy
    criterion = None if policy.judge == "mi" else criterion_of(walk.space)
    while walk.model:
        rows = walk.space.ordered(walk.model)
        wald = np.array([wald_statistic(walk, row) for row in rows])
        if criterion is not None:
            scores = [criterion(walk.model - {key_of(row)}) for row in rows]
            least = int(np.argmin(scores))
            if not scores[least] < criterion(walk.model):
                return
            why = f"{policy.judge.upper()} is smaller without it"
        else:
            least = int(np.argmin(wald))
            p = chdtrc(1.0, wald)
            needed = wald[least] >= policy.minimum_mi
            if policy.alpha is not None:
                needed = needed and adjusted(p, policy.adjust)[least] <= policy.alpha
            if needed:
                return
            why = f"superfluous by its Wald test: {wald[least]:.2f}, p = {p[least]:.3f}"
        if walk.space.trial(walk.model - {key_of(rows[least])}).fit is None:
            return
        walk.fix(rows[least], why)


def wald_statistic(walk: Walk, row: Row) -> float:
    """Return the Wald statistic of a freed parameter having the value that it was fixed at."""
    fit, before = walk.fit, walk.space.initial.spec.find(*row)
    place = place_of(fit, row)
    change = float(fit.theta[place]) - (
        0.0 if before is None or before.value is None else before.value
    )
    variance = float(fit.vcov_theta[place, place])
    return change**2 / variance if variance > 0 else 0.0


def _limit(space: ModelSpace) -> int:
    most = space.policy.max_steps
    return len(space.allowed) if most is None else most


def _target_met(walk: Walk) -> str:
    reached = ", ".join(
        f"{name} {value:.3f} {sign} {wanted:g}"
        for name, value, sign, wanted in walk.space.policy.judged(walk.fit.measures)
    )
    if not walk.moves:
        return f"The initial model meets the target already ({reached}), so nothing was freed."
    return f"The target is met ({reached})."


def nothing_left(walk: Walk) -> str:
    """Say why no step can be made."""
    space, policy = walk.space, walk.space.policy
    n_any = len(space.initial.modification_indices())
    if not n_any:
        return "The data determine no parameter that is not free already."
    if not space.allowed:
        return (
            f"The policy allows nothing here: it allows {in_words(policy.allowed)}{_except(space)},"
            f" and none of the {n_any} parameters that could be freed is among these. Widen allow,"
            " for instance to 'residual_covariances' or 'cross_loadings'."
        )
    evidence = evidence_of(walk)
    left = [
        place
        for place in np.flatnonzero(np.isfinite(evidence.mi))
        if key_of(space.allowed[place]) not in walk.skipped
    ]
    if not left:
        return "Nothing else that the policy allows is left to free."
    best = max(left, key=lambda place: evidence.mi[place])
    name, mi = " ".join(space.allowed[best]), evidence.mi[best]
    if mi < policy.minimum_mi:
        return (
            f"No allowed parameter has an index of {policy.minimum_mi:g} or more; the largest"
            f" is {name} with {mi:.2f}."
        )
    if policy.alpha is not None and not (evidence.p_adjusted[left] <= policy.alpha).any():
        return (
            f"No allowed parameter has an adjusted p-value of {policy.alpha:g} or less; the largest"
            f" index, {name} with {mi:.2f}, has {evidence.p_adjusted[best]:.3f}."
        )
    return (
        f"No allowed parameter is misspecified by a change that matters; the largest index, {name}"
        f" with {mi:.2f}, is judged: {evidence.decision[best] or 'nothing'}."
    )


def _except(space: ModelSpace) -> str:
    forbidden = space.policy.forbidden
    return f" and forbids {in_words(forbidden)}" if forbidden else ""
