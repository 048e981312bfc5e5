"""What a bootstrap found."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from clustersem.engine.arrays import Array
from clustersem.errors import DataWarning, EstimationError, UnsupportedError
from clustersem.fit.result import Fit
from clustersem.fit.summary_text import LONG, SHORT, line, number, p_text
from clustersem.resample.acceleration import acceleration, from_jackknife
from clustersem.resample.batches import Finished, run_batches
from clustersem.resample.bollen_stine import FitTest, fit_test
from clustersem.resample.intervals import Kind, intervals
from clustersem.resample.leave_out import LeaveOut
from clustersem.resample.p_values import two_sided_p
from clustersem.resample.quantiles import mean_and_sd
from clustersem.resample.refits import CONVERGED, NO_MOMENTS, NOT_CONVERGED, Refits
from clustersem.resample.statistics import Of, Reader, Statistics, check_quantity
from clustersem.resample.streams import BATCH


@dataclass(frozen=True, eq=False)
class BatchResult:
    """One batch: its refits, and the standard errors of all quantities where these were wanted.

    `multiplier` is N of chi2 = N F in each resample: with clusters of unequal sizes it is not that
    of the sample.
    """

    refits: Refits
    multiplier: Array
    errors: dict[Of, Array] | None = None


def _freeze(*arrays: np.ndarray) -> None:
    for array in arrays:
        array.flags.writeable = False


def together(parts: Sequence[BatchResult]) -> BatchResult:
    """Return several batches as one."""
    refits = Refits(
        *(
            np.concatenate([getattr(part.refits, name) for part in parts])
            for name in ("theta", "f", "code", "sampled")
        )
    )
    multiplier = np.concatenate([part.multiplier for part in parts])
    each = [part.errors for part in parts if part.errors is not None]
    if len(each) < len(parts):
        return BatchResult(refits, multiplier)
    return BatchResult(
        refits, multiplier, {of: np.concatenate([one[of] for one in each]) for of in each[0]}
    )


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Resamples of a fit; made by :func:`clustersem.bootstrap`.

    Attributes
    ----------
    fit : Fit
        The fit.
    type : str
        ``"ordinary"`` or ``"bollen-stine"``.
    n : int
        Number of resamples that were asked for.
    seed : int
        The seed, also where none was given.
    finished : Finished
        The batches as they came.
    reader : Reader
        What reads quantities off resamples.
    jackknife : callable
        The work that accelerations need: the fits of `left_out`, by batch.
    left_out : LeaveOut
        What is left out in turn.
    key : str
        What tells it from others of the same seed and number of resamples.
    """

    fit: Fit
    type: str
    n: int
    seed: int
    finished: Finished[BatchResult]
    reader: Reader
    jackknife: Callable[[int], BatchResult]
    left_out: LeaveOut
    key: str

    @cached_property
    def _all(self) -> BatchResult:
        if not self.finished.results:
            raise EstimationError(f"no batch of resamples was finished. {self.stopped}")
        found = together([result for _, result in self.finished.results])
        _freeze(found.multiplier, *vars(found.refits).values())
        return found

    @property
    def stopped(self) -> str:
        """Why not all resamples were done; empty if all were."""
        return self.finished.stopped

    @property
    def studentized(self) -> bool:
        """Whether the standard errors of every resample were kept."""
        return self._all.errors is not None

    @property
    def theta(self) -> Array:
        """Free parameters of every resample (B x q), NaN where it gave none."""
        return self._all.refits.theta

    @property
    def chisq(self) -> Array:
        """Chi-square statistic of every resample, uncorrected: its own N times its discrepancy."""
        found: Array = self._all.multiplier * self._all.refits.f
        return found

    @cached_property
    def statistics(self) -> Statistics:
        """All quantities in every resample."""
        found = self.reader.read(self._all.refits)
        _freeze(found.admissible, *found.values.values())
        return found

    @property
    def counts(self) -> pd.Series:
        """How many resamples were asked for and done, and how they ended.

        ``no_moments``: an item was constant, a category empty, or the covariance matrix singular.
        ``inadmissible`` ones (a negative variance, linearly dependent latent variables) are among
        those that converged.
        """
        code = self._all.refits.code
        counts = {
            "asked": self.n,
            "done": len(code),
            "converged": int((code == CONVERGED).sum()),
            "not_converged": int((code == NOT_CONVERGED).sum()),
            "no_moments": int((code == NO_MOMENTS).sum()),
            "inadmissible": int((self._all.refits.converged & ~self.statistics.admissible).sum()),
        }
        return pd.Series(counts, name="resamples")

    def resamples(self, of: Of = "est") -> pd.DataFrame:
        """Return a quantity in every resample, one column a parameter; NaN where it has none.

        Parameters
        ----------
        of : str
            ``"est"``, ``"std_lv"``, ``"std_all"``, ``"effects"`` or ``"std_effects"``.

        Returns
        -------
        DataFrame
            One row a resample that was done, in their order; raw or standardised as `of` says.

        Raises
        ------
        ModelError
            For an unknown quantity.
        """
        of = check_quantity(of)
        return pd.DataFrame(
            self.statistics.values[of].copy(), columns=_names(self.reader.labels(of))
        )

    def intervals(
        self,
        kind: Kind = "percentile",
        *,
        of: Of = "est",
        level: float = 0.95,
        admissible_only: bool = False,
    ) -> pd.DataFrame:
        """Return bootstrap standard errors and confidence intervals.

        Parameters
        ----------
        kind : str
            ``"percentile"``, ``"basic"``, ``"normal"``, ``"bc"`` (bias-corrected), ``"bca"``
            (bias-corrected and accelerated) or ``"studentized"``.
        of : str
            ``"est"``: raw estimates and defined parameters. ``"std_all"``, ``"std_lv"``:
            standardised ones. ``"effects"``, ``"std_effects"``: direct, indirect, total and
            specific effects.
        level : float
            Confidence level.
        admissible_only : bool
            Leave out resamples with an inadmissible solution. By default they count, as they do in
            the sampling distribution of the estimates.

        Returns
        -------
        DataFrame
            What it is (``lhs op rhs group label``, or ``from to kind path group``), ``est``, ``se``
            (standard deviation over resamples, divisor B - 1), ``bias`` (mean over resamples less
            the estimate), ``p_value`` (two-sided, of the interval that just reaches zero; of
            percentile ones but for ``"bc"`` and ``"bca"``), ``ci_lower``, ``ci_upper``, and
            ``n_used``, the resamples behind it. Fixed parameters have a standard error of 0.

        Raises
        ------
        ModelError
            For an unknown kind, quantity or level.
        UnsupportedError
            For ``"studentized"`` where standard errors were not kept.

        Warns
        -----
        DataWarning
            Where there are too few resamples for the level.

        References
        ----------
        Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American
        Statistical Association, 82, 171-185. doi:10.1080/01621459.1987.10478410
        """
        of = check_quantity(of)
        if self.type != "ordinary":
            raise UnsupportedError(
                "Bollen-Stine resamples are of answers in which the model holds: they are for the"
                " test of fit (.fit_test), not for intervals. Use type='ordinary' for these."
            )
        values = self._values(of, admissible_only=admissible_only)
        est = self.reader.at_estimates()[of]
        errors: dict[str, Array] = {}
        if kind == "studentized":
            errors = self._errors(of, admissible_only=admissible_only)
        accelerated = self._acceleration(of) if kind == "bca" else None
        found = intervals(est, values, kind=kind, level=level, acceleration=accelerated, **errors)
        p_value = two_sided_p(
            est, values, bias_corrected=kind in ("bc", "bca"), acceleration=accelerated
        )
        mean, sd = mean_and_sd(values)
        table = self.reader.labels(of).assign(
            est=est,
            se=sd,
            bias=mean - est,
            p_value=p_value,
            ci_lower=found.lower,
            ci_upper=found.upper,
            n_used=found.n_used,
        )
        for sentence in found.remarks(_names(table)):
            warnings.warn(sentence, DataWarning, stacklevel=2)
        return table

    def vcov(self) -> pd.DataFrame:
        """Return the covariance matrix of the free parameters over converged resamples.

        Raises
        ------
        EstimationError
            Where fewer than two resamples converged.
        """
        names = self.fit.vcov.index
        theta = self.theta[self._all.refits.converged]
        if len(theta) < 2:
            raise EstimationError(
                f"{len(theta)} of {self.counts['done']} resamples converged: a covariance matrix"
                " takes two at least. Look at .counts, and ask for more resamples."
            )
        return pd.DataFrame(np.cov(theta, rowvar=False).reshape(len(names), -1), names, names)

    @property
    def fit_test(self) -> FitTest:
        """The Bollen-Stine test of fit.

        Raises
        ------
        UnsupportedError
            For an ordinary bootstrap.
        """
        if self.type != "bollen-stine":
            raise UnsupportedError(
                "ordinary resamples say nothing of the test of fit: in them the model misfits as it"
                " does in the sample. Use cs.bootstrap(fit, type='bollen-stine')."
            )
        return fit_test(self.fit.multiplier * self.fit.state.f, self.chisq)

    def _values(self, of: Of, *, admissible_only: bool) -> Array:
        values = self.statistics.values[of]
        if not admissible_only:
            return values
        return np.where(self.statistics.admissible[:, None], values, np.nan)

    def _errors(self, of: Of, *, admissible_only: bool) -> dict[str, Array]:
        found = self._all.errors
        if found is None:
            raise UnsupportedError(
                "a studentized interval needs the standard errors of every resample, which were not"
                " kept. Use cs.bootstrap(fit, ..., studentized=True), or intervals('bca')."
            )
        errors = found[of]
        if admissible_only:
            errors = np.where(self.statistics.admissible[:, None], errors, np.nan)
        return {"se": self.reader.errors_of_fit()[of], "resampled_se": errors}

    @cached_property
    def _left_out(self) -> Statistics:
        """All quantities without every unit in turn."""
        n_batches = -(-len(self.left_out) // BATCH)
        done = run_batches(self.jackknife, n_batches, label="jackknife of BCa intervals")
        if not done.complete:
            raise EstimationError(f"the jackknife was not finished. {done.stopped}")
        return self.reader.read(together([result for _, result in done.results]).refits)

    def _acceleration(self, of: Of) -> Array:
        left_out = self._left_out.values[of]
        # A unit without which there is no solution says nothing of the others.
        usable = np.isfinite(left_out).any(axis=1)
        strata = np.unique(self.left_out.strata[usable], return_inverse=True)[1]
        with np.errstate(invalid="ignore"):
            found = acceleration(from_jackknife(left_out[usable], strata.ravel()))
        return np.where(np.isfinite(found), found, 0.0)

    def __repr__(self) -> str:
        if not self.finished.results:
            return f"<Bootstrap ({self.type}): none of {self.n} resamples done, seed {self.seed}>"
        counts = self.counts
        asked = "" if counts["asked"] == counts["done"] else f", {counts['asked']} asked for"
        return (
            f"<Bootstrap ({self.type}): {counts['converged']} of {counts['done']} resamples"
            f" converged{asked}, seed {self.seed}>"
        )

    def __str__(self) -> str:
        return self.summary()

    def summary(self, kind: Kind = "percentile", *, level: float = 0.95) -> str:
        """Return how the resamples ended, and intervals of all free and defined parameters."""
        lines = [f"Bootstrap ({self.type}), seed {self.seed}", ""]
        if not self.finished.results:
            return "\n".join([*lines, f"Note: {self.stopped}"])
        lines += [*self._count_lines(), ""]
        if self.type == "ordinary":
            lines += _table_lines(self.intervals(kind, level=level), kind, level)
        else:
            is_chisq = math.isclose(
                self.fit_test.statistic, self.fit.measures["chisq"], rel_tol=1e-6, abs_tol=1e-6
            )
            name = "Chi-square" if is_chisq else "N times discrepancy"
            lines += self.fit_test.lines(name)
        if self.stopped:
            lines += ["", f"Note: {self.stopped}"]
        return "\n".join(lines)

    def _count_lines(self) -> Iterator[str]:
        counts = self.counts
        asked = "" if counts["asked"] == counts["done"] else f" of {counts['asked']}"
        yield line("Resamples", f"{counts['done']}{asked}")
        yield line("  converged", f"{counts['converged']}")
        for name, text in _ENDINGS.items():
            if counts[name]:
                yield line(f"  {text}", f"{counts[name]}")


_ENDINGS = {
    "not_converged": "not converged",
    "no_moments": "nothing to fit",
    "inadmissible": "inadmissible",
}


def _names(labels: pd.DataFrame) -> list[str]:
    """Return one name for every row of a table of parameters or effects."""
    several = labels["group"].max() > 1
    names = []
    for row in labels.to_dict("records"):
        if "lhs" in row:
            name = row["lhs"] if row["op"] == ":=" else f"{row['lhs']} {row['op']} {row['rhs']}"
        else:
            name = f"{row['kind']}: {row['path'] or row['from'] + ' -> ' + row['to']}"
        # What is defined belongs to no group.
        in_group = several and row["group"] > 0
        names.append(f"{name.strip()} [group {row['group']}]" if in_group else name.strip())
    return names


def _table_lines(table: pd.DataFrame, kind: str, level: float) -> Iterator[str]:
    names = _names(table)
    width = max(24, *(len(name) + 2 for name in names))
    yield f"{kind} intervals, {100 * level:g} %"
    columns = ["est", "se", "ci_lower", "ci_upper"]
    sizes = table.loc[table["se"] > 0, columns].abs()
    # Where scales differ so much that three decimals show nothing, or do not fit, digits count.
    extreme = bool((sizes.to_numpy() >= LONG).any() or (sizes["se"] < SHORT).any())
    wide = 11 if extreme else 9
    heads = f"{'est':>{wide}}{'se':>{wide}}{'p':>8}{'lower':>{wide}}{'upper':>{wide}}"
    yield f"{'':<{width}}{heads}"
    for name, row in zip(names, table.to_dict("records"), strict=True):
        if row["se"] == 0:
            continue  # fixed
        cells = [_in_its_row(row, c) if extreme else number(row[c]) for c in columns]
        numbers, limits = ("".join(f"{x:>{wide}}" for x in two) for two in (cells[:2], cells[2:]))
        yield f"  {name:<{width - 2}}{numbers}{p_text(row['p_value']):>8}{limits}"


def _in_its_row(row: Mapping[Hashable, float], column: str) -> str:
    """Return a number to three decimals, or three digits where its row is too large or small."""
    fits = row["se"] >= SHORT and max(abs(row[c]) for c in ("est", "ci_lower", "ci_upper")) < LONG
    value = row[column]
    return number(value) if fits or math.isnan(value) else f"{value:.2e}"
