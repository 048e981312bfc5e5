"""The sample sizes that hypotheses need, as a table and as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clustersem.errors import EstimationError
from clustersem.fit.summary_text import in_digits
from clustersem.resample.power.claims import Claim, FitClaim
from clustersem.resample.power.prepared import Prepared
from clustersem.resample.power.result import Method, Power, label_of, rate_text
from clustersem.resample.power.rmsea import smallest_n
from clustersem.resample.power.search import Counts, search
from clustersem.resample.power.simulation import Replications

#: Sizes at which a curve is computed, where that costs nothing.
CURVE = 25


@dataclass(frozen=True, eq=False, repr=False)
class SampleSize:
    """How many respondents a wanted power takes. Made by :func:`clustersem.sample_size`.

    Attributes
    ----------
    table : DataFrame
        A row a target: ``id path expect group population std_all`` as in :class:`Power`; ``n``, the
        smallest number of respondents, of all groups, whose power is at least the wanted one; by
        simulation its 95 % Monte Carlo interval ``n_ci_lower n_ci_upper``.
    wanted : float
        The power wanted.
    power : Power
        The powers that this was read from: by simulation those of all sizes that were simulated,
        else those of the sizes of the table and of others around them.
    notes : tuple of str
        What to know before reading the numbers.
    """

    table: pd.DataFrame
    wanted: float
    power: Power
    notes: tuple[str, ...]

    @property
    def method(self) -> Method:
        """``"simulation"`` or ``"analytic"``."""
        return self.power.method

    @property
    def n(self) -> int:
        """Respondents that all targets together take: the largest of the table."""
        return int(self.table["n"].max())

    def summary(self) -> str:
        """Return the sizes as text, one line a target."""
        rows = self.table.to_dict("records")
        labels = [label_of(row) for row in rows]
        width = max(24, *(len(label) for label in labels)) + 2
        simulated = self.method == "simulation"
        lines = [
            f"Respondents for a power of {self.wanted:g}, "
            + (f"by simulation, seed {self.power.seed}" if simulated else "without simulation"),
            f"alpha = {self.power.alpha:g}, two-sided; a hypothesis with a sign is supported where"
            " it is significant and has that sign",
            "",
            f"{'':<{width}}{'population':>10}{'std':>8}{'n':>9}"
            + (f"{'95 %':>18}" if simulated else ""),
        ]
        for label, row in zip(labels, rows, strict=True):
            line = f"{label:<{width}}{in_digits(row['population']):>10}"
            line += f"{rate_text(row['std_all']):>8}{row['n']:>9}"
            if simulated and not np.isnan(row["n_ci_lower"]):
                interval = f"[{row['n_ci_lower']:.0f}, {row['n_ci_upper']:.0f}]"
                line += f"{interval:>18}"
            lines.append(line)
        for note in self.notes:
            lines += ["", f"Note: {note}"]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"<SampleSize: {self.n} respondents for a power of {self.wanted:g}>"


def analytic_sizes(prepared: Prepared, wanted: float) -> SampleSize:
    """Return the sizes by noncentral distributions."""
    sizes = _guesses(prepared, prepared.claims, wanted)
    rows = [
        {**claim.noncentral_row(n), "n": n} for claim, n in zip(prepared.claims, sizes, strict=True)
    ]
    columns = ["id", "path", "expect", "group", "population", "std_all", "n"]
    table = pd.DataFrame(rows)[columns]
    power = prepared.analytic(_around(sizes, prepared.plan.least))
    return SampleSize(table, wanted, power, power.notes)


def _around(sizes: Sequence[int], least: int) -> list[int]:
    """Return the sizes with others around them, for curves."""
    low, high = max(least, min(sizes) // 3), max(sizes) * 4 // 3
    return sorted({*sizes, *np.geomspace(low, high, CURVE).round().astype(int).tolist()})


def simulated_sizes(
    prepared: Prepared,
    wanted: float,
    precision: float,
    simulate: Callable[[tuple[int, ...]], tuple[tuple[Replications, ...], str]],
    seed: int,
) -> SampleSize:
    """Return the sizes by simulation.

    Parameters
    ----------
    prepared : Prepared
        The plan.
    wanted, precision : float
        As in :func:`clustersem.sample_size`.
    simulate : callable
        From sizes to their replications, and why they are fewer than asked for.
    seed : int
        To be reported.
    """
    # A test of fit whose hypothesis is true in the population has nothing to find.
    claims = tuple(
        claim for claim in prepared.claims if not isinstance(claim, FitClaim) or claim.is_true
    )
    guesses = _guesses(prepared, claims, wanted)
    found: dict[int, Replications] = {}
    stopped: list[str] = []

    def add(ns: Sequence[int]) -> bool:
        replications, why = simulate(tuple(ns))
        found.update({one.n: one for one in replications})
        stopped.extend([why] * bool(why))
        return not why

    def counts(k: int) -> Counts:
        each = [found[n] for n in sorted(found)]
        return Counts(
            np.array([float(one.n) for one in each]),
            np.array([float(claims[k].supported(one).sum()) for one in each]),
            np.array([float(len(one.code)) for one in each]),
        )

    least = prepared.plan.least
    crossings = search(add, counts, guesses, wanted=wanted, precision=precision, least=least)
    power = prepared.simulated(tuple(found[n] for n in sorted(found)), seed, "".join(stopped))
    rows: list[dict[str, object]] = []
    notes = list(power.notes)
    for k, (claim, crossing) in enumerate(zip(claims, crossings, strict=True)):
        low, high = crossing.interval
        own, n = counts(k), crossing.n
        if np.isnan(n) or not crossing.inside:
            enough = own.n[own.hits / own.trials >= wanted]
            if not len(enough):
                raise EstimationError(_not_found(claim, own, wanted, stopped=bool(stopped)))
            n = float(enough.min())
            low = high = np.nan
            notes.append(
                f"{claim.about['id']}: of the sizes that were simulated the smallest with that"
                f" power is {n:.0f}; how much smaller it may be was not found out."
            )
        elif not crossing.is_precise(precision):
            notes.append(f"{claim.about['id']}: the interval is wider than was asked for.")
        rows.append(
            {
                **claim.about,
                "n": int(np.ceil(n - 1e-9)),
                "n_ci_lower": low,
                "n_ci_upper": high,
            }
        )
    return SampleSize(pd.DataFrame(rows), wanted, power, tuple(notes))


def _guesses(prepared: Prepared, claims: Sequence[Claim], wanted: float) -> list[int]:
    for claim in claims:
        claim.refuse_hopeless()
    return [smallest_n(claim.power_at, wanted, least=prepared.plan.least) for claim in claims]


def _not_found(claim: Claim, own: Counts, wanted: float, *, stopped: bool) -> str:
    powers = ", ".join(
        f"{hits / trials:.3f} at n = {n:.0f}"
        for n, hits, trials in zip(own.n, own.hits, own.trials, strict=True)
    )
    return (
        f"no size with a power of {wanted:g} was found for {claim.about['id']}. Powers so far:"
        f" {powers or 'none'}."
        + (" The search was interrupted." if stopped else "")
        + " Ask cs.power for sizes of your own choice."
    )
