"""What speaks for and against a step: its index, its ties, its information."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from clustersem.engine.ram import Array
from clustersem.engine.restricted import restricted_inverse
from clustersem.errors import ClusterSemError
from clustersem.fit.comparison import default_method, difference_test
from clustersem.fit.hypotheses import Path
from clustersem.fit.information import OWN_INFORMATION, own_information
from clustersem.fit.result import Fit
from clustersem.respecify.eligible import TIE
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.space import ModelSpace
from clustersem.respecify.trail import Move

# Chi2 of two equivalent models agrees to the optimiser's accuracy.
SAME_CHI2 = 1e-5
# Below this an index is rounding error, and so are its ties.
NO_INDEX = 1e-8
# A drop of chi2 outside these multiples of the index says that the quadratic approximation failed.
FAR_FROM_PREDICTED = (0.5, 2.0)


class Index(NamedTuple):
    """Modification index, expected change, and the change standardised on all variables."""

    mi: float
    epc: float
    sepc_all: float


def index_of(fit: Fit, row: Row) -> Index:
    """Return the modification index of any parameter; NaN where freeing it is not identified."""
    table = fit.index_of(*row)
    if table.empty:
        return Index(np.nan, np.nan, np.nan)
    return Index(*(float(table[name].iloc[0]) for name in Index._fields))


def tied_with(indices: pd.DataFrame, row: Row, mi: float) -> tuple[Row, ...]:
    """Return the other parameters with the same modification index."""
    if not mi > NO_INDEX:
        return ()
    same = indices[(indices["mi"] - mi).abs() <= TIE * mi]
    rows = [(str(r.lhs), str(r.op), str(r.rhs)) for r in same.itertuples()]
    return tuple(sorted(other for other in rows if key_of(other) != key_of(row)))


def cautions(space: ModelSpace, move: Move, mi: float, tied: tuple[Row, ...]) -> list[str]:
    """Return what a reader should know before believing a freed parameter."""
    before, after = space.trial(move.before).fit, space.trial(move.after).fit
    assert before is not None
    assert after is not None
    # Indices speak of N F, which is chi2 unless its weights are far from optimal.
    drop = before.multiplier * before.state.f - after.multiplier * after.state.f
    return [
        *_ties_in_words(space, move, after, tied),
        *_weak_information(before, after, move.row),
        *_poor_prediction(mi, drop),
    ]


def p_of_drop(before: Fit, after: Fit) -> float:
    """Return the p-value of the difference test of two models, one parameter apart.

    It is scaled where the test of the models is or chi2 has no known distribution (ULS, DWLS); NaN
    where it cannot be computed, as when the answers themselves are not known.
    """
    try:
        test = difference_test(before, after, default_method([after, before]))
    except ClusterSemError:
        return float("nan")
    return test.p_value


def _ties_in_words(space: ModelSpace, move: Move, after: Fit, tied: tuple[Row, ...]) -> list[str]:
    chi2 = after.measures["chisq"]
    same: list[str] = []
    near: list[str] = []
    for other in tied:
        rival = space.trial(move.before | {key_of(other)}).fit
        if rival is None:
            continue
        equal = abs(rival.measures["chisq"] - chi2) <= SAME_CHI2 * max(1.0, chi2)
        (same if equal else near).append(str(Path(*other)))
    words = []
    if same:
        words.append(f"tied with {', '.join(same)}: the data cannot tell them apart")
    if near:
        words.append(f"tied with {', '.join(near)}: the index cannot tell them apart")
    return words


def _weak_information(before: Fit, after: Fit, row: Row) -> list[str]:
    place = place_of(after, row)
    # By the information, whatever the standard errors of the fit: those of robust ones speak of the
    # answers' distribution, too.
    variances = _inverse(after).diagonal()
    share = own_information(after)[place]
    if share >= OWN_INFORMATION:
        return []
    names = after.vcov.index
    old = pd.Series(_inverse(before).diagonal(), index=before.vcov.index).reindex(names)
    growth = np.sqrt(variances / old.to_numpy())
    worst = int(np.nanargmax(growth))
    return [
        f"nearly unidentified: only {100 * share:.1f} % of its information is its own, and the"
        f" standard error of {names[worst]} grew {growth[worst]:.1f}-fold"
    ]


def _inverse(fit: Fit) -> Array:
    """Return the inverse of the Hessian of F, under the restrictions of the model."""
    return restricted_inverse(fit.hessian, fit.held.jacobian)[0]


def place_of(fit: Fit, row: Row) -> int:
    """Return the place of a free parameter among theta."""
    free = [p for p in fit.spec.parameters if p.free]
    parameter = fit.spec.find(*row)
    assert parameter is not None
    return int(fit.layout.parameter[free.index(parameter)])


def _poor_prediction(mi: float, drop: float) -> list[str]:
    low, high = FAR_FROM_PREDICTED
    if np.isnan(mi) or max(mi, drop) < 1.0 or low * mi <= drop <= high * mi:
        return []
    return [f"the index predicted a drop of chi2 by {mi:.2f}, it dropped by {drop:.2f}"]
