"""The bootstrap of a fit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from clustersem.engine.arrays import Array
from clustersem.errors import DataError, UnsupportedError
from clustersem.fit.result import Fit
from clustersem.resample.batches import run_batches
from clustersem.resample.bollen_stine import null_data
from clustersem.resample.bootstrap_result import BatchResult, Bootstrap, together
from clustersem.resample.leave_out import LeaveOut, leave_out
from clustersem.resample.plans import (
    Draws,
    Given,
    Ordinary,
    Plan,
    Units,
    given,
    ordinary,
    strata_of,
)
from clustersem.resample.refit import Refitter
from clustersem.resample.resampled_moments import Rows
from clustersem.resample.statistics import Reader
from clustersem.resample.streams import BATCH, is_whole, seed_of, stream

Type = Literal["ordinary", "bollen-stine"]
TYPES = ("ordinary", "bollen-stine")
# Bytes of a table of what was drawn.
LARGEST = 1 << 27


@dataclass(frozen=True, eq=False)
class Resampling:
    """The work of one bootstrap: a batch's number in, its refits and standard errors out.

    Attributes
    ----------
    refitter : Refitter
        What fits resamples.
    rows : tuple of Rows
        What is drawn from, in every group.
    plan : Plan
        How it is drawn.
    seed : int
        Of the random numbers.
    n : int
        Number of resamples.
    reader : Reader or None
        What reads the standard errors of every resample; None where they are not wanted.
    """

    refitter: Refitter
    rows: tuple[Rows, ...]
    plan: Plan
    seed: int
    n: int
    reader: Reader | None = None

    def __call__(self, batch: int) -> BatchResult:
        """Return the refits of a batch, and standard errors if these are wanted."""
        first = BATCH * batch
        size = min(BATCH, self.n - first)
        rng = stream(self.seed, batch)
        parts = []
        # Tables of what is drawn must fit in memory; drawing in parts draws the same.
        at_a_time = max(1, LARGEST // (8 * sum(len(rows.data) for rows in self.rows)))
        for start in range(first, first + size, at_a_time):
            most = min(at_a_time, first + size - start)
            parts.append(self._refits(self.plan.draw(rng, most, first=start)))
        return together(parts)

    def _refits(self, draws: tuple[Draws, ...]) -> BatchResult:
        equal = all(len(np.unique(own.totals)) == 1 for own in draws)
        from_moments = self.refitter.in_batches and equal
        less = 1.0 if self.refitter.options.unbiased else 0.0
        multiplier = np.sum([own.totals - less for own in draws], axis=0)
        if self.reader is not None and self.refitter.options.se != "standard":
            from_moments = False
        if from_moments:
            moments = [r.moments(own.counts) for r, own in zip(self.rows, draws, strict=True)]
            refits = self.refitter.from_moments(moments)
            if self.reader is None:
                return BatchResult(refits, multiplier)
            covariances = self.refitter.covariances(refits.theta, moments)
            return BatchResult(refits, multiplier, self.reader.errors(refits, covariances))
        drawn = [self._of_resample(draws, b) for b in range(len(draws[0].drawn))]
        if self.reader is None:
            return BatchResult(self.refitter.from_rows(drawn), multiplier)
        refits, covariances = self.refitter.with_covariances(drawn)
        return BatchResult(refits, multiplier, self.reader.errors(refits, covariances))

    def _of_resample(
        self, draws: tuple[Draws, ...], b: int
    ) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """Return rows and clusters of one resample, for every group."""
        result: list[tuple[np.ndarray, np.ndarray | None]] = []
        for own in draws:
            one = Draws(own.units, own.drawn[b : b + 1])
            rows = one.indices[0]
            used = rows >= 0
            clusters = None if own.units.single else one.clusters[0][used]
            result.append((rows[used], clusters))
        return result


def bootstrap(
    fit: Fit,
    n: int = 5000,
    *,
    type: Type = "ordinary",
    seed: int | None = None,
    n_jobs: int | None = 1,
    strata: pd.Series | None = None,
    cluster: bool | None = None,
    indices: ArrayLike | Sequence[ArrayLike] | None = None,
    studentized: bool = False,
    device: str | None = None,
    progress: bool | None = None,
    resume: Bootstrap | None = None,
) -> Bootstrap:
    """Fit a model again to resamples of its answers.

    Parameters
    ----------
    fit : Fit
        A fit to answers (a covariance matrix cannot be resampled), by any estimator.
    n : int
        Number of resamples. 5000 for published intervals; they are worked off in batches, so
        memory does not limit their number.
    type : str
        ``"ordinary"``: resamples of the answers as they are, for standard errors and intervals.
        ``"bollen-stine"``: of answers changed so that the model holds in them, for the test of
        fit (``.fit_test``).
    seed : int, optional
        The same seed gives the same resamples, whatever `n_jobs`. None: one is drawn, and kept as
        ``.seed``.
    n_jobs : int or None
        Processes; -1 for all cores. Within ``joblib.parallel_config("dask")`` the workers of a
        cluster.
    strata : Series, optional
        A stratum for every row of the data, by its row label; rows are drawn within strata.
        Several groups are drawn from separately in any case.
    cluster : bool, optional
        Draw whole clusters. None: where the fit has ``cluster=``.
    indices : array of int, shape (n, rows), optional
        Rows of every resample, counted from 0, in place of random ones: to compare with other
        programs. With several groups one array for each.
    studentized : bool
        Keep the standard errors of every resample, too, which ``intervals("studentized")`` needs.
        Takes longer.
    device : str, optional
        Where batches are computed: ``"torch"``, ``"torch:cuda"``, ``"cupy"``. None: NumPy.
    progress : bool, optional
        Show a progress bar. None: on a terminal, after two seconds.
    resume : Bootstrap, optional
        One that was interrupted; only what it lacks is done. Everything else must be as it was.

    Returns
    -------
    Bootstrap
        All resamples, also those without a solution. After an interrupt (Ctrl-C) those that were
        done; ``.stopped`` says so.

    Raises
    ------
    EstimationError
        Where the fit did not converge or is not identified.
    DataError
        Where there are no answers, or `n`, `strata` or `indices` do not go with them.
    UnsupportedError
        For a combination that is not served.

    See Also
    --------
    simulate : samples from a population, not from the answers.
    power : how likely the next study finds an effect.
    cutoffs : what fit indices are if the model is right, and if it is wrong.

    References
    ----------
    Bollen, K. A., & Stine, R. A. (1992). Bootstrapping goodness-of-fit measures in structural
    equation models. Sociological Methods & Research, 21, 205-229. doi:10.1177/0049124192021002004
    Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application. Cambridge
    University Press. doi:10.1017/CBO9780511802843
    Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical
    Association, 82, 171-185. doi:10.1080/01621459.1987.10478410

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=200)
    >>> m = 0.5 * x + rng.normal(size=200)
    >>> data = pd.DataFrame({"x": x, "m": m, "y": 0.4 * m + rng.normal(size=200)})
    >>> fit = cs.sem("m ~ a*x; y ~ b*m; ab := a*b", data)
    >>> boot = cs.bootstrap(fit, 500, seed=7)
    >>> row = boot.intervals("bca").set_index("lhs").loc["ab"]
    >>> bool(row["ci_lower"] < row["est"] < row["ci_upper"])
    True
    """
    if not isinstance(fit, Fit):
        raise UnsupportedError(
            f"bootstrap() takes a fit, not a {fit.__class__.__name__}: fit the model first, with"
            " clustersem.sem or clustersem.cfa."
        )
    refitter = Refitter.of(fit, device=device)
    if type not in TYPES:
        raise UnsupportedError(f"type={type!r}: a bootstrap is 'ordinary' or 'bollen-stine'.")
    if any(sample.data is None for sample in fit.samples):
        one_pass = any(sample.drawn is not None for sample in fit.samples)
        given_to_it = "moments read in one pass" if one_pass else "a covariance matrix"
        raise DataError(
            f"there are no answers to resample: the model was fitted to {given_to_it}. Fit it"
            " to the answers, or use cs.simulate(fit, n) to draw from what it implies."
        )
    if type == "bollen-stine" and fit.df == 0:
        raise UnsupportedError(
            "the model has no degrees of freedom: it fits all data, and there is no test of fit to"
            " resample. type='ordinary' gives standard errors and intervals."
        )
    if cluster is not None and not isinstance(cluster, (bool, np.bool_)):
        raise UnsupportedError(
            f"cluster={cluster!r}: write True or False. Which column says who was sampled together"
            " the fit knows: cs.sem(..., cluster='region')."
        )
    if cluster is None:
        cluster = any(sample.cluster is not None for sample in fit.samples)
    plan: Ordinary | Given
    if indices is None:
        by_group = None if strata is None else strata_of(fit.samples, strata)
        plan = ordinary(fit.samples, cluster=cluster, strata=by_group)
    elif strata is not None:
        raise DataError("indices= says which rows resamples have; leave strata= out.")
    else:
        plan, n = given(fit.samples, indices)
    if not is_whole(n) or n < 1:
        raise DataError(f"n={n!r}: the number of resamples is a whole number, 1 or more.")
    work_key = key_of(fit, type, plan, studentized=studentized)
    if resume is not None:
        if not isinstance(resume, Bootstrap):
            raise UnsupportedError(
                f"resume= takes the bootstrap that was interrupted, not a"
                f" {resume.__class__.__name__}."
            )
        seed = resume.seed if seed is None else seed
        _check_resumed(resume, type, seed, n, work_key)
    seed = seed_of(seed)
    data = null_data(fit) if type == "bollen-stine" else None
    if data is not None:
        samples = tuple(
            replace(sample, data=own) for sample, own in zip(fit.samples, data, strict=True)
        )
        refitter = replace(refitter, samples=samples)
    rows = tuple(Rows(_data(sample.data), sample.weights) for sample in refitter.samples)
    reader = Reader.of(fit, refitter)
    work = Resampling(refitter, rows, plan, seed, n, reader if studentized else None)
    done = run_batches(
        work,
        -(-n // BATCH),
        n_jobs=n_jobs,
        progress=progress,
        label="bootstrap",
        done=None if resume is None else resume.finished,
    )
    jackknife, left_out = _jackknife(work)
    return Bootstrap(fit, type, n, seed, done, reader, jackknife, left_out, work_key)


def _data(data: Array | None) -> Array:
    assert data is not None, "it was checked that there are answers"
    return data


def _jackknife(work: Resampling) -> tuple[Resampling, LeaveOut]:
    """Return the work of leaving units out in turn, which accelerations need."""
    plan = work.plan
    if not isinstance(plan, Ordinary):
        strata = tuple(np.zeros(len(rows.data), dtype=np.intp) for rows in work.rows)
        plan = Ordinary(tuple(Units(np.arange(len(rows.data))) for rows in work.rows), strata)
    without = leave_out(plan, stream(work.seed, 0, 1))
    return replace(work, plan=without, n=len(without), reader=None), without


def key_of(fit: Fit, type: str, plan: Ordinary | Given, *, studentized: bool) -> str:
    """Return what tells one bootstrap from others but for its seed and its number of resamples.

    It is the same on all machines: of the estimates, whose last digits are not, nothing enters.
    """
    found = hashlib.sha256(f"{type} {studentized} {fit.options} {fit.spec.to_text()}".encode())
    for sample in fit.samples:
        arrays = (sample.data, sample.weights, sample.cluster)
        for array in arrays:
            found.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    for units in plan.groups:
        found.update(np.ascontiguousarray(units.of_row).tobytes())
    for drawn in plan.strata if isinstance(plan, Ordinary) else plan.indices:
        found.update(np.ascontiguousarray(drawn).tobytes())
    return found.hexdigest()


def _check_resumed(resume: Bootstrap, type: str, seed: int, n: int, work_key: str) -> None:
    now = {"type": type, "seed": seed, "n": n}
    before = {"type": resume.type, "seed": resume.seed, "n": resume.n}
    for name, value in now.items():
        if value != before[name]:
            raise DataError(
                f"resume= goes on with a bootstrap of {name}={before[name]!r}, and this one has"
                f" {value!r}. Ask for the same, or leave resume= out."
            )
    if resume.key != work_key:
        raise DataError(
            "resume= goes on with another bootstrap: of another model or other answers, or with"
            " other strata=, cluster=, indices= or studentized=. Resamples of both together would"
            " belong to neither. Ask for the same, or leave resume= out."
        )
