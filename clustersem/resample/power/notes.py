"""What a planner should know before reading the numbers, in plain sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clustersem.resample.power.plan import Plan

OWN_ESTIMATES = (
    "the population is that of a fit's own estimates. These powers plan the next study; of the one"
    " that was fitted they say nothing that its p-values do not say (Hoenig & Heisey, 2001)."
    " Estimates are uncertain, and those picked because they are significant too large on average:"
    " plan for smaller ones too."
)
#: A larger share of samples with a negative variance is worth a sentence.
IMPROPER = 0.01


def plan_notes(plan: Plan, *, joint: bool) -> list[str]:
    """Return what is true of a plan, however its power is computed."""
    notes: list[str] = []
    if plan.source is not None:
        notes.append(OWN_ESTIMATES)
        sample = plan.source.samples[0]
        if sample.cluster is not None or sample.weights is not None:
            notes.append(
                "samples are simple random ones. The clusters or sampling weights of the fit make"
                " estimates less accurate than that, and powers smaller."
            )
    if plan.misfit:
        notes.append(
            f"the model does not hold in the population (RMSEA {plan.rmsea:.3f}). Values of the"
            " population are those that it estimates there."
        )
    if not plan.exact:
        notes.append(
            "answers are categories. Values of the population are those of one sample of 100,000"
            " respondents, fitted in the same way."
        )
    if joint:
        notes.append("a chain is supported where each of its paths is significant (joint test).")
    return notes


def convergence_notes(convergence: pd.DataFrame) -> list[str]:
    """Return how many samples could not be fitted, or ended with a negative variance."""
    notes: list[str] = []
    n, asked, converged, improper = (
        convergence[name].to_numpy(int) for name in ("n", "n_replications", "converged", "improper")
    )
    lost = np.flatnonzero(converged < asked)
    if len(lost):
        counts = ", ".join(f"{asked[i] - converged[i]} of {asked[i]} at n = {n[i]}" for i in lost)
        empty = int(convergence["no_moments"].sum())
        why = (
            "did not converge"
            if not empty
            else f"did not converge, or had nothing to fit ({empty} of them: an item was constant,"
            " a category empty, or too few answers were complete)"
        )
        notes.append(
            f"not every sample could be fitted: {counts} {why}. They count as not"
            " supported; power_converged in the table is the share without them."
        )
    many = np.flatnonzero(improper > IMPROPER * asked)
    if len(many):
        counts = ", ".join(f"{improper[i]} at n = {n[i]}" for i in many)
        notes.append(
            "solutions with a negative variance (Heywood cases), counted like the others:"
            f" {counts}."
        )
    return notes
