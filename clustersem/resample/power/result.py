"""The powers of a plan, as a table and as text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.fit.summary_text import in_digits
from clustersem.resample.power.simulation import Replications

Method = Literal["simulation", "analytic"]


@dataclass(frozen=True, eq=False, repr=False)
class Power:
    """How likely a study finds what is there. Made by :func:`clustersem.power`.

    Attributes
    ----------
    table : DataFrame
        A row a target and sample size: ``id path expect group``; ``population``, the value of the
        target there, raw (of a test of fit the RMSEA), and ``std_all``, standardised on all
        variables; ``n``, respondents of all groups; ``power``, the share of studies in which the
        hypothesis is supported: significant, and with the sign expected.

        By simulation: ``power_se``, the Monte Carlo standard error of `power`, and its 95 %
        interval (Wilson) ``power_ci_lower power_ci_upper``. Replications that did not converge
        count as not supported: a study that ends so supports nothing; ``power_converged`` is the
        share among the converged ones. ``n_replications n_converged``; ``contradicted``, the share
        significant with the other sign. Among converged ones ``mean_est``, ``bias``, ``rel_bias``
        (bias over population), ``sd_est``, the standard deviation of the estimates, ``mean_se``,
        the mean standard error, which should be close to it, and ``coverage``, the share of
        intervals of level 1 - alpha that hold the population's value.

        Without simulation: ``noncentrality`` of the test and which ``test`` it is, ``"chi2
        difference"`` (Satorra & Saris), ``"z"`` (delta method) or ``"chi2"`` (RMSEA).
    convergence : DataFrame
        A row a sample size: ``n n_replications converged not_converged no_moments``; ``improper``,
        converged ones with a negative variance, which are counted like the others. Empty without
        simulation.
    method : str
        ``"simulation"`` or ``"analytic"``.
    alpha : float
        Level of the tests.
    seed : int or None
        Repeats the simulation.
    notes : tuple of str
        What to know before reading the numbers.
    replications : tuple of Replications
        Estimates, standard errors, p-values and tests of fit of every replication, by sample size;
        columns in the order of the targets.
    """

    table: pd.DataFrame
    convergence: pd.DataFrame
    method: Method
    alpha: float
    seed: int | None
    notes: tuple[str, ...]
    replications: tuple[Replications, ...] = field(default=())

    @property
    def curves(self) -> pd.DataFrame:
        """Powers as a matrix: targets x sample sizes."""
        order = self.table["id"].drop_duplicates()
        return self.table.pivot(index="id", columns="n", values="power").loc[order]

    def summary(self) -> str:
        """Return the powers as text, one line a target, one column a sample size."""
        return summary_text(self)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        ns = sorted(self.table["n"].unique().tolist())
        return (
            f"<Power of {self.table['id'].nunique()} targets at n ="
            f" {', '.join(map(str, ns))}, {_how(self)}>"
        )


def _how(power: Power) -> str:
    if power.method == "analytic":
        return "by noncentral distributions"
    most = int(power.convergence["n_replications"].max())
    return f"by simulation of {most} samples of each size, seed {power.seed}"


def convergence_table(replications: Sequence[Replications]) -> pd.DataFrame:
    """Return how many replications ended how."""
    rows = [
        {
            "n": found.n,
            "n_replications": len(found.code),
            "converged": int((found.code == 0).sum()),
            "not_converged": int((found.code == 1).sum()),
            "no_moments": int((found.code == 2).sum()),
            "improper": int((found.improper & found.converged).sum()),
        }
        for found in replications
    ]
    columns = ["n", "n_replications", "converged", "not_converged", "no_moments", "improper"]
    return pd.DataFrame(rows, columns=columns)


def summary_text(power: Power) -> str:
    """Return a power as text."""
    table = power.table
    ns = sorted(table["n"].unique().tolist())
    first = table.drop_duplicates("id")
    labels = [label_of(row) for row in first.to_dict("records")]
    width = max(24, *(len(label) for label in labels)) + 2
    lines = [
        f"Power, {_how(power)}",
        f"alpha = {power.alpha:g}, two-sided; a hypothesis with a sign is supported where it is"
        " significant and has that sign",
        "",
        f"{'':<{width}}{'population':>10}{'std':>8}" + "".join(f"{f'n={n}':>9}" for n in ns),
    ]
    curves = power.curves
    for label, row in zip(labels, first.to_dict("records"), strict=True):
        values = "".join(f"{rate_text(curves.loc[row['id'], n]):>9}" for n in ns)
        lines.append(
            f"{label:<{width}}{in_digits(row['population']):>10}{rate_text(row['std_all']):>8}"
            f"{values}"
        )
    if power.method == "simulation":
        worst = float(table["power_se"].max())
        if worst == 0.0:
            # All or none of few samples is no certainty; Wilson's interval knows.
            spread = table["power_ci_upper"] - table["power_ci_lower"]
            worst = float(spread.max()) / 3.92
        lines += ["", f"Monte Carlo standard errors are at most {worst:.3f}."]
    for note in power.notes:
        lines += ["", f"Note: {note}"]
    return "\n".join(lines)


def label_of(row: Mapping[Hashable, object]) -> str:
    """Return what stands at the left of a target's line."""
    named = str(row["path"]) if row["id"] == row["path"] else f"{row['id']}: {row['path']}"
    return named if row["expect"] in ("!=0", "rejected") else f"{named}, {row['expect']}"


def rate_text(value: float) -> str:
    """Return a number to three digits; nothing where there is none."""
    return "" if np.isnan(value) else f"{value:.3f}"
