"""The trail of a search, with the evidence for each of its steps."""

from __future__ import annotations

import numpy as np

from clustersem.errors import ModelError
from clustersem.fit.hypotheses import Path
from clustersem.fit.result import Fit
from clustersem.progress import progress_bar
from clustersem.respecify.candidates import candidate_table
from clustersem.respecify.eligible import evidence_of
from clustersem.respecify.evidence import cautions, index_of, p_of_drop, tied_with
from clustersem.respecify.policy import RespecificationPolicy
from clustersem.respecify.result import NO_REASON, Respecification, Step
from clustersem.respecify.rules import key_of
from clustersem.respecify.search import search
from clustersem.respecify.space import ModelSpace, check_fit
from clustersem.respecify.trail import NOT_ADMISSIBLE, Move, Walk, in_words
from clustersem.respecify.trial import newly_offending
from clustersem.respecify.visited import visited_table


def respecified(
    fit: Fit, policy: RespecificationPolicy | None, progress: bool | None
) -> Respecification:
    """Do what :func:`clustersem.respecify` says."""
    check_fit(fit, "respecify")
    if not isinstance(policy, RespecificationPolicy | None):
        raise ModelError(
            f"policy: expected a RespecificationPolicy, got {policy!r}. Write, say,"
            " policy=clustersem.RespecificationPolicy(allow='residual_covariances')."
        )
    policy = policy or RespecificationPolicy()
    with progress_bar("respecification", None, unit="models", wanted=progress) as advance:
        space = ModelSpace.of(fit, policy, advance=advance)
        trail = search(space)
        steps = tuple(_step(space, move, n) for n, move in enumerate(trail.moves, start=1))
        end = space.trial(trail.model).fit
        assert end is not None, "a search ends at a model that can be fitted"
        skipped = {key_of(move.row): in_words(space, move) for move in trail.moves if move.why}
        return Respecification(
            initial=fit,
            fit=end,
            steps=steps,
            candidates=candidate_table(space, trail, skipped),
            stopped=trail.stopped,
            visited=visited_table(space, trail),
            space=space,
        )


def _step(space: ModelSpace, move: Move, number: int) -> Step:
    row = move.row
    before, trial = space.trial(move.before), space.trial(move.after)
    assert before.fit is not None
    assert trial.fit is not None
    old, new = before.fit, trial.fit
    index = index_of(old, row)
    table = old.modification_indices()
    tied = tied_with(table, row, index.mi)
    evidence = evidence_of(Walk(space, move.before))
    among = dict(zip(map(key_of, space.allowed), range(len(space.allowed)), strict=True))
    place = among.get(key_of(row))
    notes: list[str] = []
    est = se = std_all = drop = p_value = float("nan")
    if move.status == "freed":
        notes = cautions(space, move, index.mi, tied)
        bad = newly_offending(before, trial)
        if bad:
            notes.append(f"{NOT_ADMISSIBLE}: {bad}")
        rows = zip(new.estimates["lhs"], new.estimates["op"], new.estimates["rhs"], strict=True)
        key = [key_of(other) == key_of(row) for other in rows]
        est, se, std_all = (
            float(new.estimates.loc[key, name].iloc[0]) for name in ("est", "se", "std_all")
        )
    if move.status != "skipped":
        drop = old.measures["chisq"] - new.measures["chisq"]
        p_value = p_of_drop(*((old, new) if new.df < old.df else (new, old)))
    reason = dict(space.policy.given).get(row, "") or space.policy.reason(row, space.roles)
    return Step(
        number=number,
        lhs=row[0],
        op=row[1],
        rhs=row[2],
        source=move.source,
        status=move.status,
        reason=reason or NO_REASON,
        why=in_words(space, move),
        warnings=tuple(notes),
        tied=tuple(str(Path(*other)) for other in tied),
        mi=index.mi,
        epc=index.epc,
        sepc_all=index.sepc_all,
        p_adjusted=np.nan if place is None else float(evidence.p_adjusted[place]),
        n_candidates=int(np.isfinite(evidence.mi).sum()),
        power=np.nan if place is None else float(evidence.power[place]),
        decision="" if place is None else evidence.decision[place],
        est=est,
        se=se,
        std_all=std_all,
        drop=drop,
        df=old.df - new.df,
        p_value=p_value,
        before=old.measures,
        after=new.measures,
        fit=new,
    )
