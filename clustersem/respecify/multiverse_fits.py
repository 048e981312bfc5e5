"""One model of a multiverse: fitted, judged, and what the hypotheses need read off its arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from clustersem.engine.ram import Array
from clustersem.fit.admissible import negative_variances, smallest_eigenvalue
from clustersem.fit.hypotheses import Hypothesis, Path, parse_path
from clustersem.fit.preferred import preferred
from clustersem.fit.result import Fit
from clustersem.fit.standardized import standardized_jacobian
from clustersem.fit.tables import parameter_values
from clustersem.respecify.multiverse_worlds import World
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.space import Freed
from clustersem.respecify.trial import Trial, local_minimum, newly_improper
from clustersem.survey.names import listed

#: Measures of every model, by the names of ``fit.measures``; the variant that is reported.
MEASURES = (
    "chisq",
    "df",
    "pvalue",
    "cmin_df",
    "cfi",
    "tli",
    "rmsea",
    "srmr",
    "aic",
    "bic",
)
#: What is read for every hypothesis.
READ = ("est", "se", "p_value", "std_all", "std_ci_lower", "std_ci_upper")

FITTED = "fitted"
UNIDENTIFIED = "not identified"
NO_SOLUTION = "without a solution"
LOCAL = "in a local minimum"
INADMISSIBLE = "not admissible"

# Models that a worker fits at a time.
PIECE = 16


class Reading(NamedTuple):
    """What came of one model.

    Attributes
    ----------
    status : str
        ``"fitted"``, or why the model is left out, in a few words.
    why : str
        The same at length.
    measures : ndarray
        Those of :data:`MEASURES`.
    values : ndarray of shape (hypotheses, quantities)
        Those of :data:`READ`; NaN for a hypothesis about an item that is left out.
    """

    status: str
    why: str
    measures: Array
    values: Array


class Task(NamedTuple):
    """One model: a world's number, and what is freed in it, in the model's order."""

    world: int
    rows: tuple[Row, ...]
    keep: bool


@dataclass(frozen=True, eq=False)
class Pieces:
    """Fits the models of a multiverse, a piece of them at a time.

    Attributes
    ----------
    worlds : tuple of World
        In which the models are fitted.
    tasks : tuple of Task
        The models.
    hypotheses : tuple of Hypothesis
        What to read.
    alpha : float
        Level of the tests; intervals have 1 - alpha.
    """

    worlds: tuple[World, ...]
    tasks: tuple[Task, ...]
    hypotheses: tuple[Hypothesis, ...]
    alpha: float

    def __len__(self) -> int:
        """Return the number of pieces."""
        return -(-len(self.tasks) // PIECE)

    def __call__(self, piece: int) -> list[Reading]:
        """Return what came of the models of a piece."""
        paths = [parse_path(hypothesis.path) for hypothesis in self.hypotheses]
        half = float(ndtri(1.0 - self.alpha / 2.0))
        initial: dict[int, Trial] = {}
        found = []
        for number, rows, keep in self.tasks[piece * PIECE : (piece + 1) * PIECE]:
            world = self.worlds[number]
            if number not in initial:
                initial[number] = world.trial(())
            before = initial[number]
            after = world.trial(rows) if rows else before
            found.append(_reading(before, after, paths, half, keep=keep))
        return found


def _reading(
    before: Trial, after: Trial, paths: Sequence[Path], half: float, *, keep: bool
) -> Reading:
    nothing = np.full(len(MEASURES), np.nan), np.full((len(paths), len(READ)), np.nan)
    if before.fit is None:
        why = f"the initial model has no solution here: {before.failure}"
        return Reading(NO_SOLUTION, why, *nothing)
    fit = after.fit
    if fit is None:
        status = NO_SOLUTION if after.identified else UNIDENTIFIED
        return Reading(status, after.failure, *nothing)
    worse = local_minimum(before.fit, fit)
    if worse:
        return Reading(LOCAL, worse, *nothing)
    why = improper(fit) if newly_improper(before, after) else ""
    if why and not keep:
        return Reading(INADMISSIBLE, why, *nothing)
    measures = fit.measures
    found = [measures.get(preferred(measures, name), math.nan) for name in MEASURES]
    return Reading(FITTED, why, np.array(found), values(fit, paths, half))


def improper(fit: Fit) -> str:
    """Say what is inadmissible in a solution, shorter and sooner than ``fit.diagnose()`` does."""
    point = fit.point
    p = len(point.uv)
    negative = [fit.layout.names[i] for i in negative_variances(point)]
    found = [f"negative variance of {listed(negative)}"] if negative else []
    used = np.flatnonzero(point.s.diagonal() != 0)
    matrices = {
        "latent variables": point.covariance[p:, p:],
        "residuals": point.s[np.ix_(used, used)],
    }
    wrong = [
        what
        for what, matrix in matrices.items()
        if matrix.size and not smallest_eigenvalue(matrix) > 0
    ]
    if wrong:
        found.append(f"covariances of {' and '.join(wrong)} that no variables can have")
    return f"{'; '.join(found)}."


def values(fit: Fit, paths: Sequence[Path], half: float) -> Array:
    """Return what :func:`clustersem.test_hypotheses` reads, off the arrays of a fit of one group.

    Parameters
    ----------
    fit : Fit
        A converged fit.
    paths : sequence of Path
        Parameters.
    half : float
        Half the width of a confidence interval, in standard errors.

    Returns
    -------
    ndarray of shape (paths, quantities)
        Those of :data:`READ`; NaN for a parameter that the model does not have.
    """
    table = {key_of((p.lhs, p.op, p.rhs)): i for i, p in enumerate(fit.spec.parameters)}
    places = np.array(
        [table.get(key_of((path.lhs, path.op, path.rhs)), -1) for path in paths], dtype=np.intp
    )
    known = np.flatnonzero(places >= 0)
    rows = places[known]
    layout, (own,) = fit.layout, fit.layout.groups
    est, _, std_all = (each[rows] for each in parameter_values(layout, fit.points))
    errors = np.zeros(len(layout.free))
    with np.errstate(invalid="ignore", divide="ignore"):
        errors[layout.free] = np.sqrt(fit.vcov_theta.diagonal())[layout.parameter]
        se = errors[rows]
        p_value = 2.0 * ndtr(-np.abs(np.where(se > 0, est / se, np.nan)))
        of_cells = fit.model.parameter
        jacobian = standardized_jacobian(
            own.cells.take(rows), est, fit.model, fit.point, observed=True
        )
        vcov = fit.vcov_theta[np.ix_(of_cells, of_cells)]
        std_half = half * np.sqrt(np.einsum("ij,ij->i", jacobian @ vcov, jacobian))
    result = np.full((len(paths), len(READ)), np.nan)
    result[known] = np.column_stack(
        [est, se, p_value, std_all, std_all - std_half, std_all + std_half]
    )
    for i, path in enumerate(paths):
        if path.op == ":=":
            result[i] = _defined(fit, path)
    return result


def _defined(fit: Fit, path: Path) -> Array:
    table = fit.estimates
    row = table[(table["op"] == ":=") & (table["lhs"] == path.lhs)].iloc[0]
    read = [row["est"], row["se"], row["p_value"], row["std_all"], np.nan, np.nan]
    return np.array(read, dtype=float)


def tasks_of(
    worlds: Sequence[World], sets: Sequence[tuple[Freed, tuple[Row, ...]]], *, keep: set[Freed]
) -> tuple[Task, ...]:
    """Return the models: every set in every world, those that are the same in a world once.

    Parameters
    ----------
    worlds : sequence of World
        The worlds.
    sets : sequence of (frozenset, tuple)
        Every set, and its parameters in the order of the model.
    keep : set of frozenset
        Sets that are kept though their solution is inadmissible.
    """
    tasks: list[Task] = []
    for number, world in enumerate(worlds):
        seen: dict[Freed, Task] = {}
        for rows, ordered in sets:
            within = world.within(rows)
            own = tuple(row for row in ordered if key_of(row) in within)
            if within not in seen:
                seen[within] = Task(number, own, rows in keep)
        tasks += seen.values()
    return tuple(tasks)
