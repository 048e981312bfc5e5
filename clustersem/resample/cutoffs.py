"""Cutoffs of fit indices for one model and one sample size."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pandas as pd

from clustersem.errors import EstimationError, ModelError, UnsupportedError
from clustersem.fit import Fit
from clustersem.fit.in_words import estimator_in_words
from clustersem.fit.preferred import index_suffix
from clustersem.resample.batches import Finished, run_batches
from clustersem.resample.cutoff_data import Truths, generators_of, truths_of, why_not_drawn
from clustersem.resample.cutoff_replications import (
    INDICES,
    CutoffWork,
    FitIndexer,
    Indexer,
    MomentIndexer,
    Replications,
)
from clustersem.resample.cutoff_rules import (
    LARGER_IS_WORSE,
    Cutoff,
    cutoff_between,
    cutoff_of_correct,
    passes,
    sensitivity,
)
from clustersem.resample.cutoffs_result import Cutoffs
from clustersem.resample.equivalence import Equivalence, equivalence_test
from clustersem.resample.measurement import measurement_of
from clustersem.resample.misspecified import Levels, levels_of
from clustersem.resample.numbers import is_number
from clustersem.resample.refits import CONVERGED, NO_MOMENTS, NOT_CONVERGED
from clustersem.resample.streams import seed_of, sizes

#: Share of failed replications beyond which it is said.
MANY_FAILED = 0.05

#: Fewer replications have none beyond the 5 % that may be.
FEWEST = 20


def cutoffs(
    fit: Fit,
    *,
    n: int = 500,
    seed: int | None = None,
    answers: Literal["normal", "likert"] | None = None,
    alpha: float = 0.05,
    n_jobs: int | None = 1,
    progress: bool | None = None,
    device: str | None = None,
) -> Cutoffs:
    """Find cutoffs of SRMR, RMSEA and CFI for this model and this sample size.

    Fixed cutoffs come from a simulation of one model with one sample size, and say little of
    others. These come from yours, in two ways:

    * *Dynamic cutoffs*: data are drawn from the fitted model, and from the same model with
      something added that it leaves out, in levels of growing severity; the model is fitted to all
      of them. A cutoff tells the misspecified from the correct: at least 95 % of the one kind lie
      beyond it, at most 5 % of the other.
    * *Equivalence tests*: the largest RMSEA and the smallest CFI that chi2 does not reject.

    Parameters
    ----------
    fit : Fit
        A fit of one group, with degrees of freedom.
    n : int
        Replications of every level.
    seed : int, optional
        Of the random numbers; drawn, and reported in the result, if left out.
    answers : str, optional
        How answers are drawn that were fitted as continuous. ``"normal"``: from a normal
        distribution. ``"likert"``: in categories, as often as in the sample, and correlated as the
        model says. None: ``"likert"`` where all items have 2 to 9 different answers, and
        ``"normal"`` otherwise. Items fitted as ordered are always drawn through their thresholds.
    alpha : float
        Level of the equivalence tests, between 0 and 1/2. The words of the published cutoffs are
        for .05.
    n_jobs : int, optional
        How many processes share the work; -1 takes all cores.
    progress : bool, optional
        Show a progress bar; None: where it takes long.
    device : str, optional
        Where batches are computed (``"torch"``, ``"torch:cuda"``, ``"cupy"``); NumPy by default.

    Returns
    -------
    Cutoffs
        ``print`` it, or see ``.table``, ``.levels`` and ``.equivalence``.

    Raises
    ------
    EstimationError
        Where the fit did not converge.
    ModelError
        Where the model has no degrees of freedom: then nothing can be misfit.
    UnsupportedError
        With several groups, and for options that are none.
    DataError
        Where answers cannot be drawn as asked.

    Notes
    -----
    Levels for several factors: level i adds i cross-loadings, each of the weakest item of a factor
    on the most reliable other factor, as large as its own loading as far as its variance allows.
    Items that load on several factors or share a residual covariance are passed over. With one
    factor residual correlations of .3 are added to a third, two thirds and all of the items, in
    pairs. Paths among factors stay as they were fitted: the cutoffs of a structural model speak of
    misfit in its measurement. Signs of what is added follow the keying of items and the direction
    of factors, so that neither changes a cutoff.

    Plain maximum likelihood takes seconds. With ordered items, incomplete answers or a corrected
    test every replication is a fit of its own and takes what a fit takes; the indices are then the
    robust or scaled ones that the report reads.

    References
    ----------
    McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for confirmatory factor analysis
    models. Psychological Methods, 28, 61-88. doi:10.1037/met0000425
    McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for one-factor models. Behavior
    Research Methods, 55, 1157-1174. doi:10.3758/s13428-022-01847-y
    McNeish, D. (2023). Dynamic fit index cutoffs for categorical factor analysis with Likert-type,
    ordinal, or binary responses. American Psychologist, 78, 1061-1075. doi:10.1037/amp0001213
    Yuan, K.-H., Chan, W., Marcoulides, G. A., & Bentler, P. M. (2016). Assessing structural
    equation models by equivalence testing with adjusted fit indexes. Structural Equation Modeling,
    23, 319-330. doi:10.1080/10705511.2015.1065414

    Examples
    --------
    >>> import clustersem as cs
    >>> import numpy as np
    >>> import pandas as pd
    >>> loadings = np.array([0.8, 0.4, 0.6, 0.5, 0.7, 0.6])
    >>> s = np.outer(loadings, loadings) * np.kron([[1, 0.5], [0.5, 1]], np.ones((3, 3)))
    >>> np.fill_diagonal(s, 1.0)
    >>> s = pd.DataFrame(s, list("abcdef"), list("abcdef"))
    >>> fit = cs.cfa("F =~ a + b + c; G =~ d + e + f", cov=s, n_obs=400)
    >>> found = cs.cutoffs(fit, n=200, seed=1)
    >>> found.levels["added"].tolist()
    ['', 'G =~ b (0.400)']
    >>> found.best_level("rmsea")  # the covariances are those that the model implies
    0
    """
    _check(fit, n, alpha, answers)
    seed = seed_of(seed)
    equivalence, notes = _equivalence(fit, alpha)
    why_not = why_not_drawn(fit)
    levels = Levels(why_none=why_not) if why_not else levels_of(measurement_of(fit))
    truths, drawn = Truths((), ()), "none"
    finished: Finished[Replications] | None = None
    if levels.why_none:
        notes.append(f"No dynamic cutoffs: {levels.why_none}.")
    else:
        truths = truths_of(fit, levels.added)
        drawn, generators, said = generators_of(fit, truths, answers)
        work = CutoffWork(generators, _indexers(fit, truths, device), n, seed)
        finished = run_batches(
            work, work.n_batches, n_jobs=n_jobs, progress=progress, label="Cutoffs"
        )
        notes += [*truths.notes, *said, *([finished.stopped] if finished.stopped else [])]
    replications, levels_table = _collected(finished, truths, n)
    notes += [*_failures(levels_table), *_too_few(n)] if finished is not None else []
    values = _values(fit)
    return Cutoffs(
        values=values,
        table=_table(replications, values),
        levels=levels_table,
        replications=replications.drop(columns="code"),
        equivalence=equivalence,
        n=n,
        n_obs=fit.n_obs,
        df=fit.df,
        seed=seed,
        answers=drawn,
        method=estimator_in_words(fit.options),
        notes=tuple(notes),
    )


def _check(fit: Fit, n: int, alpha: float, answers: str | None) -> None:
    if not isinstance(fit, Fit):
        raise UnsupportedError(
            f"cutoffs() takes a fit, not a {type(fit).__name__}: fit the model first, with"
            " clustersem.sem or clustersem.cfa."
        )
    if len(fit.samples) > 1:
        raise UnsupportedError(
            f"cutoffs are for one group, and the fit has {len(fit.samples)}:"
            f" {', '.join(fit.groups)}. The levels of misspecification are not defined for several"
            " groups. Fit each group alone and ask for its cutoffs."
        )
    if not fit.converged:
        raise EstimationError(
            f"the fit did not converge ({fit.status.code}), so it has no indices to judge, and no"
            " population to draw from. Look at fit.status."
        )
    if fit.df == 0:
        raise ModelError(
            "the model has no degrees of freedom: it reproduces every covariance, whether it is"
            " right or wrong, and no index can tell. Cutoffs need a model that restricts something."
        )
    if not is_number(alpha) or not 0.0 < alpha < 0.5:
        raise UnsupportedError(f"alpha={alpha!r}: write a level between 0 and 0.5, 0.05 say.")
    if answers not in (None, "normal", "likert"):
        raise UnsupportedError(f"answers={answers!r}: write 'normal' or 'likert', or leave it out.")
    sizes(n)


def _equivalence(fit: Fit, alpha: float) -> tuple[Equivalence | None, list[str]]:
    """Return the equivalence tests, where chi2 has the distribution that they need."""
    options, measures = fit.options, fit.measures
    if not options.is_likelihood:
        return None, [
            "No equivalence tests: they rest on the chi2 of maximum likelihood, and the model was"
            f" fitted by {options.estimator}."
        ]
    if options.test in ("mean.var.adjusted", "scaled.shifted"):
        return None, [
            "No equivalence tests: a chi2 with adjusted variance has no noncentrality that could be"
            " compared with that of the independence model. Ask for MLM or MLR."
        ]
    notes = []
    suffix = "_scaled" if "chisq_scaled" in measures else ""
    if suffix:
        notes.append(
            "Equivalence tests of a scaled chi2 are approximate; they are exact for normal answers."
        )
    test = (f"chisq{suffix}", f"df{suffix}", f"baseline_chisq{suffix}", f"baseline_df{suffix}")
    chisq, df, baseline, df_baseline = (float(measures.get(name, math.nan)) for name in test)
    if not all(map(math.isfinite, (chisq, df, baseline, df_baseline))) or df_baseline <= 0:
        return None, [
            "No equivalence tests: the scaled chi2 of the model or of the independence"
            " model is not defined."
        ]
    found = equivalence_test(
        chisq, df, baseline, df_baseline, fit.multiplier, n_obs=fit.n_obs, alpha=alpha
    )
    if not found.rmsea_cutoffs:
        notes.append(
            "T-sizes come without words: the adjusted cutoffs of Yuan et al. (2016) are"
            + (
                " for alpha = .05."
                if alpha != 0.05
                else f" regression equations that do not reach to {df:.0f} degrees of freedom with"
                f" {fit.n_obs} observations."
            )
        )
    return found, notes


def _indexers(fit: Fit, truths: Truths, device: str | None) -> tuple[Indexer, ...]:
    """Return what fits replications: in batches where covariances say all, else one by one."""
    options = fit.options
    plain = options.discrepancy == "ML" and options.test == "standard"
    if plain and options.missing == "listwise" and not fit.spec.options.ordered:
        return tuple(MomentIndexer.of(fit, truth, device) for truth in truths.populations)
    return (FitIndexer(fit, index_suffix(fit.measures)),) * len(truths.populations)


def _values(fit: Fit) -> dict[str, float]:
    """Return the fit's own indices, in the variant that is read."""
    suffix = index_suffix(fit.measures)
    names = {"srmr": "srmr", "rmsea": f"rmsea{suffix}", "cfi": f"cfi{suffix}"}
    return {index: float(fit.measures[name]) for index, name in names.items()}


def _collected(
    finished: Finished[Replications] | None, truths: Truths, n: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row a replication, and one a level."""
    per_level = len(sizes(n))
    parts = []
    for number, found in finished.results if finished is not None else ():
        part = pd.DataFrame(found.indices, columns=list(INDICES))
        part.insert(0, "level", number // per_level)
        parts.append(part.assign(code=found.code))
    empty = pd.DataFrame({name: np.empty(0) for name in ("level", *INDICES, "code")})
    replications = pd.concat(parts, ignore_index=True) if parts else empty
    rows = []
    for level in range(len(truths.populations)):
        added = " and ".join(map(str, truths.added[level - 1])) if level else ""
        code = replications.loc[replications["level"] == level, "code"]
        counts = [int((code == kind).sum()) for kind in (CONVERGED, NOT_CONVERGED, NO_MOMENTS)]
        rows.append((level, added, *counts))
    names = ["level", "added", "used", "not_converged", "unusable"]
    return replications, pd.DataFrame(rows, columns=names)


def _failures(levels: pd.DataFrame) -> list[str]:
    """Say where so many replications failed that the rest may be no fair sample."""
    failed = levels["not_converged"] + levels["unusable"]
    share = failed / (levels["used"] + failed).clip(lower=1)
    many = levels.loc[share > MANY_FAILED, "level"]
    if many.empty:
        return []
    which = ", ".join(f"{level} ({100 * share[level]:.0f} %)" for level in many)
    return [
        f"Many replications gave no result, of level {which}. Cutoffs rest on the others, which"
        " may fit better than those that failed would have."
    ]


def _too_few(n: int) -> list[str]:
    """Say where so few replications were asked for that none is the one in twenty."""
    if n >= FEWEST:
        return []
    return [
        f"{n} replications of a level cannot tell 95 % from 5 %: these cutoffs mean nothing yet."
        f" Take {FEWEST} at least, 500 for a cutoff that comes out alike with another seed."
    ]


def _table(replications: pd.DataFrame, values: dict[str, float]) -> pd.DataFrame:
    """Return the cutoffs, one row a level and index."""
    used = replications[replications["code"] == CONVERGED]
    rows = []
    for level in sorted(set(replications["level"])):
        for index, larger_is_worse in LARGER_IS_WORSE.items():
            correct, own = (
                used.loc[used["level"] == wanted, index].to_numpy() for wanted in (0, level)
            )
            rule = {"larger_is_worse": larger_is_worse}
            limit = cutoff_of_correct(correct, **rule)
            found: Cutoff = limit if level == 0 else cutoff_between(correct, own, **rule)
            value = values[index]
            better = passes(value, found.value, **rule)
            verdict = "no cutoff" if found.rule == "none" else "better" if better else "not better"
            share = sensitivity(own, limit.value, **rule) if level else math.nan
            rows.append((int(level), index, *found, value, verdict, share))
    names = ["level", "measure", "cutoff", "rule", "value", "verdict", "sensitivity"]
    return pd.DataFrame(rows, columns=names)
