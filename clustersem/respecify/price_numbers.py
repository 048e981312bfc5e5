"""What the records of a price say: fit on new respondents, frequencies, shrinkage.

References
----------
Browne, M. W., & Cudeck, R. (1989). Single sample cross-validation indices for covariance
structures. Multivariate Behavioral Research, 24, 445-455. doi:10.1207/s15327906mbr2404_4
Cudeck, R., & Browne, M. W. (1983). Cross-validation of covariance structures. Multivariate
Behavioral Research, 18, 147-167. doi:10.1207/s15327906mbr1802_2
Efron, B. (1986). How biased is the apparent error rate of a prediction rule? Journal of the
American Statistical Association, 81, 461-470. doi:10.1080/01621459.1986.10478291
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clustersem.fit import indices
from clustersem.fit.hypotheses import Path
from clustersem.fit.preferred import index_suffix, preferred
from clustersem.fit.result import Fit
from clustersem.respecify.price_work import Judged, Record
from clustersem.respecify.rules import Row, key_of
from clustersem.respecify.space import Freed, ModelSpace

#: Models of the validation table: before the steps, with them, and whatever the search finds.
MODELS = ("initial", "revised", "searched")
#: Robust indices are corrected where this exact their formula gives what is printed.
SAME = 1e-8


@dataclass(frozen=True)
class Mean:
    """A mean over replications, and its standard error."""

    value: float
    se: float


def mean_of(values: Iterable[float]) -> Mean:
    """Return mean and standard error of independent replications."""
    x = np.array([v for v in values if math.isfinite(v)])
    if not len(x):
        return Mean(math.nan, math.nan)
    return Mean(float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x))) if len(x) > 1 else np.nan)


def optimism_of(records: Sequence[Record]) -> tuple[Mean, Mean]:
    """Return by how much a search makes chi2, and the square of the SRMR, too small.

    The two halves of a parting count as one replication; a parting of which one half failed does
    not count, because what is random about the halves cancels only between them.
    """
    pairs: dict[int, list[Record]] = {}
    for record in records:
        if record.job.kind == "halves":
            pairs.setdefault(record.job.number, []).append(record)
    contests = [[r.contest for r in pair if r.contest is not None] for pair in pairs.values()]
    both = [pair for pair in contests if len(pair) == 2]
    return (
        mean_of(sum(c.optimism for c in pair) / 2 for pair in both),
        mean_of(sum(c.optimism_srmr for c in pair) / 2 for pair in both),
    )


def fit_table(initial: Fit, final: Fit, chisq: Mean, srmr: Mean) -> pd.DataFrame:
    """Return the indices before the steps, after them, and on new respondents.

    Returns
    -------
    DataFrame
        By index, under the names of ``fit.measures``: ``initial``, ``plain``, ``corrected``,
        ``optimism`` (corrected less plain), and ``mc_se``, the simulation's error of the latter.
    """
    old, new = initial.measures, final.measures
    better = corrected(final, chisq.value, srmr.value)
    # The error of a function of the optimism is what one standard error of that makes of it.
    moved = corrected(final, chisq.value + chisq.se, srmr.value + srmr.se)
    rows = [
        {
            "index": name,
            "initial": old.get(name, math.nan),
            "plain": new[name],
            "corrected": value,
            "optimism": value - new[name],
            "mc_se": abs(moved[name] - value),
        }
        for name, value in better.items()
    ]
    return pd.DataFrame(rows).set_index("index")


def corrected(fit: Fit, optimism: float, optimism_srmr: float) -> dict[str, float]:
    """Return the reported indices of a fit whose chi2 were larger by the optimism.

    Those that are reported where the test is corrected are scaled ones, and the robust CFI and
    RMSEA of continuous answers.
    """
    m, n = fit.measures, fit.multiplier
    names = {name: preferred(m, name) for name in ("chisq", "cmin_df")}
    tests = "_scaled" if names["chisq"].endswith("_scaled") else ""
    df = m[f"df{tests}"]
    larger = m[names["chisq"]] + optimism / (m["chisq_scaling_factor"] if tests else 1.0)
    found = {names["chisq"]: larger}
    if df:
        found[names["cmin_df"]] = larger / df
    found |= _noncentral(m, larger, df, n, optimism, tests)
    found["srmr"] = math.sqrt(max(m["srmr"] ** 2 + optimism_srmr, 0.0))
    if fit.options.is_likelihood:
        found["ecvi"] = indices.ecvi(m["chisq"] + optimism, fit.n_free, n)
    return found


def _noncentral(
    m: Mapping[str, float], chisq: float, df: float, n: float, optimism: float, tests: str
) -> dict[str, float]:
    """Return RMSEA and CFI with the larger chi2, robust ones where their formula is at hand."""
    if tests and index_suffix(m) == "_robust":
        plain, more = _robust(m, n, 0.0), _robust(m, n, optimism)
        if all(abs(plain[name] - m[name]) <= SAME for name in plain):
            return more
    against = m[f"baseline_chisq{tests}"], m[f"baseline_df{tests}"]
    return {
        f"rmsea{tests}": indices.rmsea(chisq, df, n),
        f"cfi{tests}": indices.cfi(chisq, df, *against),
    }


def _robust(m: Mapping[str, float], n: float, optimism: float) -> dict[str, float]:
    """Return robust RMSEA and CFI of complete, continuous answers with a mean-scaled test."""
    df = m["df"]
    excess = m["chisq"] + optimism - m["chisq_scaling_factor"] * df
    worst = m["baseline_chisq"] - m["baseline_chisq_scaling_factor"] * m["baseline_df"]
    best, worst = max(excess, 0.0), max(worst, excess, 0.0)
    return {
        "rmsea_robust": math.sqrt(best / (df * n)) if df else 0.0,
        "cfi_robust": 1.0 if best == 0.0 else 1.0 - best / worst,
    }


def validation_table(initial: Fit, final: Fit, records: Sequence[Record]) -> pd.DataFrame:
    """Return plain and cross-validated chi2 and ECVI of each of `MODELS`.

    Returns
    -------
    DataFrame
        By model: ``chisq ecvi`` of the sample, and of cross-validation in folds (``cv_``) and of
        halves (``holdout_``) ``chisq chisq_se ecvi ecvi_se``.
    """
    rows = []
    free = {"initial": initial.n_free, "revised": final.n_free}
    for model in MODELS:
        fit = initial if model == "initial" else final
        row: dict[str, object] = {
            "model": model,
            "chisq": fit.measures["chisq"],
            "ecvi": fit.measures["ecvi"] if fit.options.is_likelihood else math.nan,
        }
        for start, kind in (("cv", "folds"), ("holdout", "halves")):
            parts = [(r.job.number, r.judged) for r in records if r.job.kind == kind and r.judged]
            f, penalty = _validated(parts, model, free.get(model), fit.multiplier)
            row[f"{start}_ecvi"], row[f"{start}_ecvi_se"] = f.value, f.se
            likely = fit.options.is_likelihood
            chisq = fit.multiplier * f.value - penalty if likely else math.nan
            row[f"{start}_chisq"] = chisq
            row[f"{start}_chisq_se"] = fit.multiplier * f.se if likely else math.nan
        rows.append(row)
    return pd.DataFrame(rows).set_index("model")


def _validated(
    parts: Sequence[tuple[int, Judged]], model: str, free: int | None, multiplier: float
) -> tuple[Mean, float]:
    """Return the discrepancy of new respondents, as many as the sample has, and chi2's penalty.

    The discrepancy of a part's moments from a model is larger the fewer respondents the part has.
    Less that of the part's moments from those of the whole sample, it is as of so many respondents
    as the sample has, whatever the estimator.
    """
    if not parts:
        return Mean(math.nan, math.nan), math.nan
    name = {"initial": "initial", "revised": "final", "searched": "searched"}[model]
    values = np.array([getattr(j, name) - j.saturated for _, j in parts])
    weights = np.array([j.n for _, j in parts], dtype=float)
    repeat = np.array([number for number, _ in parts])
    squares = []
    for one in np.unique(repeat):
        own = values[repeat == one]
        if len(own) > 1:
            squares.append(float(own.var(ddof=1)) / len(own))
    se = math.sqrt(float(np.mean(squares))) if squares else math.nan
    q = [(j.free if free is None else free) * (1.0 + multiplier / j.trained_on) for _, j in parts]
    return Mean(float(np.average(values, weights=weights)), se), float(
        np.average(q, weights=weights)
    )


def picks(records: Sequence[Record], kind: str) -> tuple[Counter[Row], int]:
    """Return how many models found have each parameter, and how many were found."""
    models = [r.model for r in records if r.job.kind == kind and r.model is not None]
    return Counter(key_of(row) for model in models for row in model), len(models)


def sets_table(space: ModelSpace, records: Sequence[Record], final: Freed) -> pd.DataFrame:
    """Return the distinct models that resamples led to, the most frequent first.

    Returns
    -------
    DataFrame
        ``freed`` in words, ``n_freed``, ``times``, ``share``, and whether it ``is_final``.
    """
    counts = Counter(
        frozenset(map(key_of, r.model))
        for r in records
        if r.job.kind == "resample" and r.model is not None
    )
    total = sum(counts.values())
    rows = [
        {
            "freed": ", ".join(str(Path(*row)) for row in space.ordered(model)),
            "n_freed": len(model),
            "times": times,
            "share": times / total,
            "is_final": model == final,
        }
        for model, times in counts.items()
    ]
    table = pd.DataFrame(rows, columns=["freed", "n_freed", "times", "share", "is_final"])
    table = table.astype({"is_final": bool})
    return table.sort_values(
        ["times", "n_freed", "freed"], ascending=[False, True, True], ignore_index=True
    )


def candidates_table(space: ModelSpace, records: Sequence[Record], final: Freed) -> pd.DataFrame:
    """Return every parameter that was ever picked, the most frequent first.

    Returns
    -------
    DataFrame
        ``lhs op rhs``, ``picked`` and ``picked_halves`` (shares of resamples and of halves), and
        whether it is ``in_final``.
    """
    resamples, n_resamples = picks(records, "resample")
    halves, n_halves = picks(records, "halves")
    rows = []
    for lhs, op, rhs in space.ordered(set(resamples) | set(halves) | final):
        key = key_of((lhs, op, rhs))
        rows.append(
            {
                "lhs": lhs,
                "op": op,
                "rhs": rhs,
                "picked": resamples[key] / n_resamples if n_resamples else math.nan,
                "picked_halves": halves[key] / n_halves if n_halves else math.nan,
                "in_final": key in final,
            }
        )
    columns = ["lhs", "op", "rhs", "picked", "picked_halves", "in_final"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"picked": float, "picked_halves": float, "in_final": bool}
    )
    return table.sort_values("picked", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Shrinkage:
    """A parameter in the halves that it was found in, and in the others.

    Attributes
    ----------
    n : int
        In how many halves it was found.
    epc, est, est_new : float
        Means of the expected change and the estimate where it was found, and of the estimate
        elsewhere.
    """

    n: int
    epc: float
    est: float
    est_new: float

    @property
    def ratio(self) -> float:
        """``est_new / est``."""
        return self.est_new / self.est if self.est else math.nan

    @property
    def epc_ratio(self) -> float:
        """``est_new / epc``."""
        return self.est_new / self.epc if self.epc else math.nan


def shrinkage_of(records: Sequence[Record], key: Row) -> Shrinkage:
    """Return what became of a parameter elsewhere."""
    found = [
        r.contest.estimated[key]
        for r in records
        if r.contest is not None and key in r.contest.estimated
    ]
    if not found:
        return Shrinkage(0, math.nan, math.nan, math.nan)
    epc, est, new = np.array([(e.epc, e.est, e.est_new) for e in found]).mean(axis=0)
    return Shrinkage(len(found), float(epc), float(est), float(new))


def failures_table(records: Sequence[Record]) -> pd.DataFrame:
    """Return what failed: ``what``, ``failure``, ``times``, and the words of the first."""
    names = {"resample": "resample", "halves": "half", "folds": "fold"}
    rows: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.failure:
            rows.setdefault((names[record.job.kind], record.failure), []).append(record)
    return pd.DataFrame(
        [(*key, len(own), own[0].detail) for key, own in rows.items()],
        columns=["what", "failure", "times", "example"],
    )
