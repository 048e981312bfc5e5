"""What a researcher should know of the samples: who was used, who not, and whether they suffice.

References
----------
Cameron, A. C., & Miller, D. L. (2015). A practitioner's guide to cluster-robust inference. Journal
of Human Resources, 50, 317-372. doi:10.3368/jhr.50.2.317
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from clustersem.errors import ClusterSemWarning, DataWarning
from clustersem.moments import SampleMoments, check_polychoric
from clustersem.moments.sources import INCOMPLETE
from clustersem.survey.names import listed


def rows_used(samples: Sequence[SampleMoments]) -> str:
    """Return a sentence on how many rows and patterns of missing answers were used.

    Parameters
    ----------
    samples : sequence of SampleMoments
        One a group.
    """
    used = sum(sample.n_obs for sample in samples)
    rows = sum(sample.n_rows for sample in samples)
    ungrouped = samples[0].ungrouped
    dropped: Counter[str] = Counter()
    for sample in samples:
        dropped.update(dict(sample.dropped))
    if ungrouped == 0 and set(dropped) == {INCOMPLETE}:
        sentence = (
            f"{rows - used} of {rows} respondents have a missing answer and were left out"
            f" (listwise deletion); {used} were used"
        )
    elif dropped or ungrouped:
        why = [f"{count} with {reason}" for reason, count in dropped.items()]
        if ungrouped:
            why.append(f"{ungrouped} in none of the groups")
        sentence = f"{used} of {rows + ungrouped} respondents were used; left out: {listed(why)}"
    else:
        sentence = f"all {rows} respondents were used"
    if len(samples) > 1:
        sentence += f" ({listed((f'{s.label}: {s.n_obs}' for s in samples), limit=12)})"
    return f"{sentence}.{_gaps(samples)}"


def sample_notes(
    samples: Sequence[SampleMoments], n_free: int
) -> list[tuple[type[ClusterSemWarning] | None, str]]:
    """Return what the researcher should know, with the warning to give where it is serious.

    Parameters
    ----------
    samples : sequence of SampleMoments
        One a group.
    n_free : int
        Number of free parameters of the model.
    """
    notes: list[tuple[type[ClusterSemWarning] | None, str]] = []
    n_groups = len(samples)
    if any(s.n_rows != s.n_obs or s.ungrouped or _has_gaps(s) for s in samples):
        notes.append((None, rows_used(samples)))
    small = [s for s in samples if n_groups > 1 and s.n_obs * n_groups < n_free]
    if small:
        said = listed(f"{sample.label!r} ({sample.n_obs})" for sample in small)
        notes.append(
            (
                DataWarning,
                f"there are fewer respondents in group {said} than the model has parameters in a"
                f" group (about {n_free / n_groups:.0f}): what is estimated from them hardly says"
                " anything of others. Join groups, or set parameters equal with group_equal=.",
            )
        )
    for sample in samples:
        wrong = None if sample.ordinal is None else check_polychoric(sample.cov, sample.names)
        if wrong is not None:
            where = f"group {sample.label!r}: " if sample.label else ""
            notes.append((DataWarning, where + wrong))
    clusters = [s.cluster for s in samples if s.cluster is not None]
    if clusters:
        count = sum(int(codes.max()) + 1 for codes in clusters)
        if count < n_free:
            notes.append(
                (
                    DataWarning,
                    f"{count} clusters are fewer than the {n_free} free parameters: cluster-robust"
                    " standard errors come out too small and their covariance matrix is singular."
                    " Some 40 clusters or more are wanted (Cameron & Miller, 2015); use a smaller"
                    " model, or report standard errors as a lower bound.",
                )
            )
    return notes


def _has_gaps(sample: SampleMoments) -> bool:
    return sample.data is not None and bool(np.isnan(sample.data.sum()))


def _gaps(samples: Sequence[SampleMoments]) -> str:
    """Return what is missing of the answers used; empty where none is."""
    tables = [sample.data for sample in samples if sample.data is not None]
    missing = sum(int(np.isnan(table).sum()) for table in tables)
    if not missing:
        return ""
    share = 100.0 * missing / sum(table.size for table in tables)
    patterns = [sample.patterns for sample in samples if sample.patterns is not None]
    if patterns:
        number = sum(len(found.rows) for found in patterns)
        how = f"full information uses the others, in {number} patterns"
    else:
        how = "every pair of variables uses the respondents who answered both"
    return f" {missing} of their answers ({share:.1f} %) are missing; {how}."
