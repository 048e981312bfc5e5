"""Whether the data determine every parameter, and how well."""

from __future__ import annotations

import numpy as np

from clustersem.certify.check import Check, names_of, rounded
from clustersem.certify.stationary import named
from clustersem.engine.identification import RANK
from clustersem.fit.information import OWN_INFORMATION, own_information
from clustersem.fit.result import Fit
from clustersem.survey.names import listed

# Half of the sixteen digits of a double are lost at such a condition number.
CONDITION = 1e8
# So many parameters are named in a sentence.
NAMED = 5


def information(fit: Fit) -> Check:
    """Check the rank and the condition of the information."""
    names = names_of(fit)
    basis = fit.held.basis(fit.hessian)
    if basis is None:
        scale = np.sqrt(np.maximum(fit.hessian.diagonal(), 0.0))
        basis = np.diag(1.0 / np.where(scale == 0, 1.0, scale))
    values, vectors = np.linalg.eigh(basis.T @ fit.hessian @ basis)
    rank = int((values > RANK).sum())
    condition = float(values[-1] / max(values[0], 1e-300)) if len(values) else 1.0
    involved = fit.held.unidentified(fit.hessian)
    lost = len(involved) > 0
    poor = condition > CONDITION
    if lost:
        found = (
            "The data cannot tell these parameters apart:"
            f" {listed((names[i] for i in involved), limit=8)}. Fix one of them or make some equal."
        )
    else:
        weakest = basis @ vectors[:, 0] * np.sqrt(np.maximum(fit.hessian.diagonal(), 0.0))
        found = (
            f"All {rank} parameters are determined; condition number {rounded(condition)}. The"
            f" data say least about {named(names, weakest)} together."
        )
        if poor:
            found += " Of sixteen digits fewer than eight are left: measure in other units or drop"
            found += " one of these parameters."
    return Check(
        "information",
        "failed" if lost else "doubtful" if poor else "passed",
        found,
        f"full rank, eigenvalues above {RANK:g}, condition below {CONDITION:g} (half of a double's"
        " digits); of the information scaled to a unit diagonal, so that units have no say",
        (
            ("rank", float(rank)),
            ("parameters", float(len(values))),
            ("condition", condition),
        ),
    )


def nearly_unidentified(fit: Fit) -> Check:
    """Check how much of every parameter's information is its own."""
    names = names_of(fit)
    share = own_information(fit)
    order = np.argsort(np.where(np.isnan(share), np.inf, share), kind="stable")
    weak = [int(i) for i in order if share[i] < OWN_INFORMATION]
    least = int(order[0])
    if not np.isfinite(share[least]):
        found = "No parameter has a standard error to judge."
        return Check("single parameters", "not applicable", found)
    if weak:
        said = (f"{names[i]} ({100 * share[i]:.1f} %)" for i in weak)
        found = (
            f"Nearly unidentified: {listed(said, limit=NAMED)}: only so much of their information"
            " is their own. Small changes of the data or the model move them far; fix one of them,"
            " or say so beside the result."
        )
    else:
        found = (
            f"Every parameter has information of its own; {names[least]} has the least,"
            f" {100 * share[least]:.0f} %."
        )
    return Check(
        "single parameters",
        "doubtful" if weak else "passed",
        found,
        f"{100 * OWN_INFORMATION:.0f} % of a parameter's information is its own: else its standard"
        " error is more than 4.5 times what it would be if the others were known",
        (("smallest_share", float(share[least])), ("nearly_unidentified", float(len(weak)))),
    )
